// Alerts from outside: looked at, told, acknowledged, over; and what they do by themselves.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createHmac } from 'node:crypto';
import { Receiver } from '../lib/receiver.mjs';
import { FakeResend } from '../lib/resend.mjs';
import { Scene } from '../lib/scene.mjs';

const KEY = 'the-full-key';

/** A folder whose rules say this, beside a plan that goes on by itself. */
async function rulesIn(t) {
    const folder = await mkdtemp(join(tmpdir(), 'nudge-alerts-'));
    t.after(() => rm(folder, { recursive: true }));
    await mkdir(join(folder, 'alerts'));
    await mkdir(join(folder, 'rollout'));
    await writeFile(join(folder, 'rollout', 'quick.yaml'),
        'name: quick\nstages:\n  - {name: few, day: 1, share: 100}\n  - {name: all, day: 2, share: 100}\n');
    return {
        folder,
        say: (...rules) => writeFile(join(folder, 'alerts', 'rules.yaml'), `alerts:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`),
    };
}

const SECRET = `whsec_${Buffer.from('a key of at least sixteen bytes').toString('base64')}`;

/** What the header webhook-signature has to say. */
function signatureOf({ headers, body }) {
    const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
    const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
}

const crowd = (atLeast, more = '') =>
    `{name: crowd, metric: total_users, at_least: ${atLeast}, severity: critical, owner: product, advice: look${more}}`;

/** The program with these rules, an operator's chat, and a plan that runs. */
async function scene(t, rules, env = {}) {
    const scene = await Scene.open(t, { share: null, env: { ADMIN_CHAT_IDS: '900900', ADMIN_API_KEY: KEY, JOURNEYS_DIR: rules.folder, ...env } });
    scene.admin = scene.person({ id: 900900, started: true });
    await scene.admin.ready();
    assert.equal((await scene.home.run('rollout', 'start', 'quick', '--automatic')).code, 0);
    scene.alert = async () => (await scene.home.json('alerts')).alerts.find((alert) => alert.rule === 'crowd');
    return scene;
}

describe('alerts', () => {
    test('that nobody can look is told once, and that somebody looks again, also by the next process', async (t) => {
        const rules = await rulesIn(t);
        await rules.say(crowd(100, ', action: investigate'));
        const world = await scene(t, rules);
        const missed = async () => (await world.home.json('alerts')).alerts.find(({ rule }) => rule === 'evaluation_missed');
        await world.home.until('the first look', async () => (await world.home.json('alerts')).looked_at);
        await rules.say('{name: crowd}');
        await world.later('80m');
        await world.home.until('a look that failed', () => world.home.log.some((line) => /could not be looked at/.test(line)));
        await world.later('20m');
        const told = await world.admin.receive(/could not be looked at for 100 minutes: .*alerts\/rules\.yaml/);
        assert.match(told.text, /^Critical: evaluation_missed/);
        await world.later('10m');
        assert.equal((await world.home.run('alerts', 'ack', 'evaluation_missed')).code, 0);
        await rules.say(crowd(100, ', action: investigate'));
        await world.home.stop();
        await world.home.serve();
        await world.admin.receive(/^Over: evaluation_missed\s+the figures are looked at again/);
        await world.home.until('the next look', async () => !(await missed()));
        const { history } = await world.home.json('alerts', 'history');
        assert.deepEqual(history.filter(({ rule }) => rule === 'evaluation_missed').map(({ change }) => change).reverse(),
            ['fired', 'acknowledged', 'resolved']);
    });

    test('fires once, holds the plan, is taken on, and is over once', async (t) => {
        const rules = await rulesIn(t);
        await rules.say(crowd(2, ', action: hold, auto: true'));
        const world = await scene(t, rules);
        await world.newcomer();
        assert.equal((await world.home.run('alerts', 'evaluate')).code, 0);
        assert.equal((await world.alert()).phase, 'quiet');
        await world.newcomer();
        await world.home.run('alerts', 'evaluate');
        await world.home.run('alerts', 'evaluate');
        await world.admin.receive(/Critical: crowd.*total_users is 2, at least 2.*plan is held.*nudge alerts ack crowd/s);
        const fired = await world.alert();
        assert.deepEqual([fired.phase, fired.value, fired.owner, fired.auto], ['firing', 2, 'product', true]);
        const status = await world.home.json('rollout', 'status');
        assert.deepEqual([status.plan.held, status.plan.reason], [true, 'the alert crowd fired']);
        assert.equal(status.plan.next.firing_alerts, 1);
        const taken = await world.home.run('alerts', 'ack', 'crowd');
        assert.equal(taken.stdout, 'crowd: acknowledged\n', taken.stderr);
        const twice = await world.home.run('alerts', 'ack', 'crowd');
        assert.equal(twice.code, 1);
        assert.match(twice.stderr, /that alert is not firing/);
        await rules.say(crowd(1000, ', action: hold, auto: true'));
        await world.home.run('alerts', 'evaluate');
        await world.admin.receive(/Over: crowd.*total_users is 2, not at least 1000/s);
        const { history } = await world.home.json('alerts', 'history');
        assert.deepEqual(history.map((row) => [row.rule, row.change, row.done]),
            [['crowd', 'resolved', ''], ['crowd', 'acknowledged', ''], ['crowd', 'fired', "The rollout's plan is held."]]);
        assert.equal((await world.home.json('rollout', 'status')).plan.next.firing_alerts, 0);
        const told = await world.admin.sent();
        // The day's report names it, too.
        assert.equal(told.filter((message) => /^(Critical|Over): crowd/.test(message.text)).length, 2, 'told that it fires, and that it is over');
    });

    test('rolls back by itself, and the next newcomer gets the original set', async (t) => {
        const rules = await rulesIn(t);
        await rules.say(crowd(1, ', action: rollback, auto: true'));
        const world = await scene(t, rules);
        const ann = await world.newcomer();
        assert.equal((await world.user(ann)).journey_set, 1);
        await world.home.run('alerts', 'evaluate');
        await world.admin.receive(/Rolled back/);
        assert.equal((await world.home.json('rollout', 'status')).rolled_back_entries, true);
        const ben = await world.newcomer();
        assert.equal((await world.user(ben)).journey_set, 0);
        const { audit } = await world.home.json('audit');
        const did = audit.find((row) => row.action === 'alerts');
        assert.match(did.after, /"change":"fired".*Rolled back|Rolled back.*"change":"fired"/);
    });

    test('the server looks by itself, and tells louder when nobody takes it on', async (t) => {
        const rules = await rulesIn(t);
        await rules.say(crowd(1, ', action: investigate, for: 1h, escalate: 3h'));
        const world = await scene(t, rules);
        await world.newcomer();
        const phase = (wanted) => world.home.until(wanted, async () => (await world.alert())?.phase === wanted);
        for (const wanted of ['pending', 'firing']) {
            await world.later('1h');
            await phase(wanted);
        }
        await world.admin.receive(/^Critical: crowd/);
        for (let hours = 0; hours < 4; hours++) {
            const before = (await world.home.json('alerts')).looked_at;
            await world.later('1h');
            await world.home.until('a look', async () => (await world.home.json('alerts')).looked_at !== before);
        }
        await world.admin.receive(/Nobody has taken this on yet.*Critical: crowd/s);
        assert.equal((await world.admin.sent()).filter((message) => /crowd/.test(message.text)).length, 2);
    });

    test('by the API: read, taken on, silenced; a viewer only reads; bad words are named', async (t) => {
        const rules = await rulesIn(t);
        await rules.say(crowd(1, ', action: investigate'));
        const world = await scene(t, rules, { VIEWER_API_KEY: 'the-reading-key' });
        await world.newcomer();
        await world.home.run('alerts', 'evaluate');
        const ask = (path, body, key = KEY) => fetch(world.home.url + path, {
            method: body === undefined ? 'GET' : 'POST',
            headers: { 'X-Admin-Key': key, 'Content-Type': 'application/json' },
            body: body === undefined ? undefined : JSON.stringify(body),
        });
        const seen = await (await ask('/api/alerts', undefined, 'the-reading-key')).json();
        assert.deepEqual([seen.firing, seen.alerts[0].rule, seen.alerts[0].phase], [1, 'crowd', 'firing']);
        assert.equal((await ask('/api/alerts/crowd/acknowledge', {}, 'the-reading-key')).status, 403);
        assert.equal((await ask('/api/alerts/crowd/acknowledge', {})).status, 200);
        assert.equal((await ask('/api/alerts/crowd/acknowledge', {})).status, 409);
        assert.equal((await ask('/api/alerts/nobody/acknowledge', {})).status, 404);
        for (const wrong of [{}, { for: 'soon' }, { for: 6 }, { for: '91d' }]) {
            const refused = await ask('/api/alerts/crowd/silence', wrong);
            assert.equal(refused.status, 400, JSON.stringify(wrong));
            assert.match((await refused.json()).detail, /"for|for_ms/);
        }
        assert.equal((await ask('/api/alerts/crowd/silence', { for: '6h' })).status, 200);
        const { history } = await (await ask('/api/alerts/history?limit=1')).json();
        assert.deepEqual([history[0].change, history[0].actor], ['silenced', 'api:admin']);
        assert.notEqual((await world.alert()).silenced_until, null);
    });

    test('rules that make no sense are named with their place, and change nothing', async (t) => {
        const rules = await rulesIn(t);
        await rules.say('{name: crowd, metric: totl_users, above: 1, severity: critical, owner: o, action: hold, advice: a}');
        const world = await scene(t, rules);
        const refused = await world.home.run('alerts', 'evaluate');
        assert.equal(refused.code, 2);
        assert.match(refused.stderr, /alerts\/rules\.yaml:2:27: there is no figure or signal "totl_users"; did you mean "total_users"\?/);
        const silence = await world.home.run('alerts', 'silence', 'crowd', 'soon');
        assert.equal(silence.code, 2);
        assert.match(silence.stderr, /such as 6h/);
    });

    test('operators read of it in their chat, by mail and by a signed webhook, whatever fails at first', async (t) => {
        const rules = await rulesIn(t);
        await rules.say(crowd(1, ', action: investigate'));
        const resend = await FakeResend.start();
        const receiver = await Receiver.start();
        t.after(() => resend.stop());
        t.after(() => receiver.stop());
        const world = await scene(t, rules, {
            ...resend.env(), PUBLIC_URL: 'https://nudge.example.org', ADMIN_EMAILS: 'ann@example.org, ben@example.org',
            ADMIN_WEBHOOK_URL: `${receiver.url}/hook`, ADMIN_WEBHOOK_SECRET: SECRET,
        });
        resend.fail(500, 'internal_server_error');
        receiver.answer({ status: 503, headers: { 'retry-after': '1' } });
        await world.newcomer();
        await world.home.run('alerts', 'evaluate');
        await world.admin.receive(/^Critical: crowd/);
        for (const address of ['ann@example.org', 'ben@example.org']) {
            const mail = await resend.next(address);
            assert.match(mail.subject, /^Critical: crowd/);
            assert.equal(mail.headers, undefined, 'operators do not unsubscribe');
            assert.doesNotMatch(mail.text, /unsubscribe/i);
        }
        const [first, second] = [await receiver.next(), await receiver.next()];
        assert.equal(first.headers['webhook-id'], second.headers['webhook-id']);
        assert.equal(second.headers['webhook-signature'], signatureOf(second));
        assert.equal(second.json.type, 'notice');
        assert.match(second.json.data.text, /Critical: `crowd`/);
        await world.home.until('the mark', async () => {
            const [row] = await world.home.sql('select count(*) as n from operator_messages where sent_at_ms = 0');
            return row.n === 0;
        });
        assert.equal(resend.mails.filter((mail) => /crowd/.test(mail.subject)).length, 2);
        // The day's report, which names it too, may be there already.
        assert.equal((await world.admin.sent()).filter((message) => /^Critical: crowd/.test(message.text)).length, 1);
        assert.deepEqual(resend.refusals, []);
    });

    test('what was not told when the process died is told by the next one', async (t) => {
        const rules = await rulesIn(t);
        await rules.say(crowd(1, ', action: investigate'));
        const receiver = await Receiver.start();
        t.after(() => receiver.stop());
        receiver.answer({ status: 503, headers: { 'retry-after': '3600' } });
        const world = await scene(t, rules, { ADMIN_WEBHOOK_URL: receiver.url });
        await world.newcomer();
        await world.home.run('alerts', 'evaluate');
        const refused = await receiver.next();
        assert.equal(refused.headers['webhook-signature'], undefined);
        await world.home.stop('SIGKILL');
        await world.home.serve();
        const taken = await receiver.next();
        assert.equal(taken.body.replace(/"timestamp":"[^"]*"/, ''), refused.body.replace(/"timestamp":"[^"]*"/, ''));
        assert.equal(taken.headers['webhook-id'], refused.headers['webhook-id']);
    });

    test('settings of the ways to operators are checked at the start', async (t) => {
        const cases = [
            [{ ADMIN_EMAILS: 'ann@example.org' }, /ADMIN_EMAILS is set, but e-mail is off: set RESEND_API_KEY/],
            [{ ADMIN_EMAILS: 'ann' }, /ADMIN_EMAILS.*e-mail addresses with commas between/],
            [{ ADMIN_WEBHOOK_URL: 'http://127.0.0.1:9', ADMIN_WEBHOOK_SECRET: 'short' }, /ADMIN_WEBHOOK_SECRET is no secret/],
            [{ HEARTBEAT_URL: 'somewhere' }, /HEARTBEAT_URL.*begins with https/],
        ];
        const world = await Scene.open(t, { share: null, serve: false });
        const { env } = world.home;
        for (const [wrong, expected] of cases) {
            world.home.env = { ...env, ...wrong };
            const refused = await world.home.run('serve', '--listen', '127.0.0.1:0');
            assert.equal(refused.code, 3, refused.stderr);
            assert.match(refused.stderr, expected);
        }
        world.home.env = env;
    });

    test('a heartbeat follows each hourly look', async (t) => {
        const receiver = await Receiver.start();
        t.after(() => receiver.stop());
        const world = await Scene.open(t, { share: null, env: { HEARTBEAT_URL: `${receiver.url}/beat` } });
        assert.equal((await receiver.next()).path, '/beat');
        await world.later('1h');
        assert.equal((await receiver.next()).method, 'GET');
    });
});
