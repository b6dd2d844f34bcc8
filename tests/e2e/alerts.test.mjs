// Alerts from outside: looked at, told, acknowledged, over; and what they do by themselves.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
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
        assert.equal(told.length, 2, 'told that it fires, and that it is over');
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
        assert.equal((await world.admin.sent()).length, 2);
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
});
