// Go or no-go from outside: an installation of which everything is in order, then each thing broken by itself.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { Api } from '../lib/api.mjs';
import { Receiver } from '../lib/receiver.mjs';
import { Scene } from '../lib/scene.mjs';

const JOURNEYS = join(fileURLToPath(import.meta.url), '..', '..', '..', 'journeys');
const OPERATOR = 900900;

/** The lines, by name; and whether it is a go. On PostgreSQL the server's clock cannot stand still as ours does. */
async function look(home, env = {}) {
    const other = Object.assign(Object.create(Object.getPrototypeOf(home)), home, { env: { ...home.env, ...env } });
    const { code, stdout, stderr } = await other.run('preflight', '--json');
    assert.ok(code === 0 || code === 1, stderr);
    const { go, checks } = JSON.parse(stdout);
    assert.equal(code, go ? 0 : 1);
    const lines = Object.fromEntries(checks.map((line) => [line.name, line]));
    const failed = checks.filter((line) => line.state === 'fail' && !(home.postgres && line.name === 'clock'));
    return { go, lines, failed: failed.map((line) => line.name) };
}

/** A test person answers all four steps. */
async function onboard(scene) {
    const ann = scene.person({ first_name: 'Ann', started: true });
    await ann.ready();
    const begun = await scene.home.run('onboarding', 'test', `telegram:${ann.id}`, '--journey', 'superior_onboarding');
    assert.equal(begun.code, 0, begun.stderr);
    await (await ann.receive(/30 seconds/)).tap(/Done/);
    await ann.receive(/first win/);
    await scene.later('2h');
    await ann.receive(/how do you want to feel/);
    await ann.send('Calm');
    await ann.receive(/Good choice/);
    await scene.later('4h');
    await (await ann.receive(/five minutes or less/)).tap(/Walked/);
    await ann.receive(/third win/);
    await scene.later('6h');
    await ann.receive(/Last little step/);
    await ann.send('stretch at 7:30');
    await (await ann.receive(/was this start helpful/)).tap(/Yes/);
    await scene.settled();
    return ann;
}

/** Resend, which answers what it is told; then that the sender's domain is verified. */
async function domains(t) {
    const resend = await Receiver.start();
    t.after(() => resend.stop());
    const say = (status, body) => resend.answer({ status, headers: { 'content-type': 'application/json' }, body });
    return { say, resend, verified: () => say(200, { data: [{ name: 'example.org', status: 'verified' }] }) };
}

test('go when everything is in order; what is broken is named, and what mends it', async (t) => {
    const { say, resend, verified } = await domains(t);
    const scene = await Scene.open(t, {
        env: {
            ADMIN_CHAT_IDS: String(OPERATOR),
            ADMIN_API_KEY: '5f0c1d8e7b6a49322f4e6d7c8b9a0f1e',
            RESEND_API_KEY: 're_test_key',
            RESEND_BASE_URL: resend.url,
            EMAIL_FROM: 'Nudge <hello@mail.example.org>',
            PUBLIC_URL: 'https://bot.example.org',
        },
    });
    const { home } = scene;
    const operator = scene.person({ id: OPERATOR, started: true });
    await operator.ready();

    verified();
    const fresh = await look(home);
    assert.equal(fresh.go, false);
    assert.deepEqual(fresh.failed, ['rollback drill', 'single-user test', 'team-briefed', 'tests-green']);
    assert.equal(fresh.lines['rollback drill'].mend, 'nudge rollback --drill');
    assert.equal(fresh.lines['team-briefed'].mend, 'nudge preflight confirm team-briefed --by NAME');
    assert.equal(fresh.lines.baseline.state, 'not checked', 'nobody is here');

    const before = await home.json('metrics');
    const drill = await home.json('rollback', '--drill');
    assert.deepEqual([drill.passed, drill.why], [true, '']);
    await onboard(scene);
    for (const item of ['team-briefed', 'tests-green']) {
        const signed = await home.run('preflight', 'confirm', item, '--by', 'Anna');
        assert.equal(signed.code, 0, signed.stderr);
    }
    assert.equal((await home.json('metrics')).total_users, before.total_users, 'drill and test person are in no figure');
    assert.equal((await home.json('rollout', 'status')).rolled_back_entries, false, 'the drill rolled nobody else back');
    const { audit } = await home.json('audit');
    assert.ok(audit.some((row) => row.action === 'setting_put' && /"by":"Anna"/.test(row.after)));

    verified();
    const ready = await look(home);
    assert.deepEqual(ready.failed, []);
    assert.equal(ready.go, !home.postgres, JSON.stringify(ready.lines));
    for (const name of ['database', 'schema', 'journeys', 'telegram', 'webhook', 'e-mail', 'admin key', 'alerts', 'backlog',
        'single-user test', 'team-briefed', 'tests-green']) {
        assert.equal(ready.lines[name].state, 'pass', `${name}: ${ready.lines[name].says}`);
    }

    assert.match(ready.lines['rollback drill'].says, /^\d+ ms/);

    await t.test('the table says the same', async () => {
        verified();
        const table = await home.run('preflight');
        assert.match(table.stdout, home.postgres ? /^NO-GO: /m : /^GO: \d+ passed, 0 failed, \d+ not checked$/m);
    });

    await t.test('the API says the same, and a viewer may look', async () => {
        const api = new Api(home, '5f0c1d8e7b6a49322f4e6d7c8b9a0f1e');
        verified();
        const { go, at_ms, checks } = (await api.ask('/api/preflight')).json;
        await api.fits('Preflight', { go, at_ms, checks });
        assert.equal(at_ms, home.now);
        verified();
        const { lines } = await look(home);
        for (const line of checks.filter(({ name }) => name !== 'clock')) { // which moves on PostgreSQL
            assert.deepEqual(line, lines[line.name]);
        }
        assert.equal(checks.length, Object.keys(lines).length);
    });

    const broken = (what, env, failed, says, prepare = verified) =>
        t.test(`broken: ${what}`, async () => {
            prepare();
            const seen = await look(home, env);
            assert.equal(seen.go, false);
            assert.deepEqual(seen.failed, failed);
            assert.match(seen.lines[failed[0]].says, says);
        });
    await broken('the database', { DATABASE_URL: `sqlite:${home.folder}/none.db` }, ['database'], /no database/);
    await broken("the bot's token", { TELEGRAM_BOT_TOKEN: '123:wrong-wrong-wrong-wrong-wrong-wrong' }, ['telegram', 'alerts'],
        /does not accept the token/);
    await broken("the bot's address", { TELEGRAM_API_URL: (await domains(t)).resend.url }, ['telegram', 'alerts'], /none of the Bot API/);
    await broken("the sender's domain", {}, ['e-mail'], /mail\.example\.org is pending/,
        () => say(200, { data: [{ name: 'example.org', status: 'verified' }, { name: 'mail.example.org', status: 'pending' }] }));
    await broken('the domain is another', {}, ['e-mail'], /not known/,
        () => say(200, { data: [{ name: 'ample.org', status: 'verified' }] }));
    await broken('the key for e-mail', {}, ['e-mail'], /does not accept the key/, () => say(403, { name: 'invalid_api_key' }));
    await broken('half of e-mail', { RESEND_API_KEY: '' }, ['e-mail'], /not all that e-mail needs/, () => {});
    await broken('the admin key', { ADMIN_API_KEY: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa' }, ['admin key'], /guessed/);
    await broken('no chat of operators', { ADMIN_CHAT_IDS: '' }, ['alerts'], /nobody is told/);
    await broken('a chat that the bot cannot reach', { ADMIN_CHAT_IDS: `${OPERATOR},424242` }, ['alerts'], /cannot write to 424242/);

    await t.test('operators may be told by mail alone', async () => {
        verified();
        const seen = await look(home, { ADMIN_CHAT_IDS: '', ADMIN_EMAILS: 'ops@example.org' });
        assert.deepEqual([seen.failed, /0 chats, by e-mail/.test(seen.lines.alerts.says)], [[], true]);
    });
    await broken('mails to operators', { ADMIN_EMAILS: 'ops@example.org', RESEND_API_KEY: '' }, ['e-mail', 'alerts'], /not all/, () => {});

    await t.test('a key that may only send is not checkable', async () => {
        say(401, { name: 'restricted_api_key' });
        const seen = await look(home);
        assert.deepEqual([seen.lines['e-mail'].state, seen.failed], ['not checked', []]);
    });

    await t.test('broken: a webhook that nobody set here', async () => {
        await home.stop(); // polling would end with it
        await scene.tg.call('setWebhook', { url: 'https://elsewhere.example.org/hook' });
        verified();
        const seen = await look(home);
        assert.deepEqual(seen.failed, ['webhook']);
        assert.match(seen.lines.webhook.says, /elsewhere/);
        assert.equal(seen.lines.webhook.mend, 'nudge telegram webhook delete');
        await scene.tg.call('deleteWebhook', {});
    });

    await t.test('broken: other journeys, or an unreadable plan', async () => {
        const folder = join(home.folder, 'other');
        mkdirSync(folder);
        cpSync(JOURNEYS, folder, { recursive: true });
        const file = join(folder, 'optimized', 'superior_onboarding.yaml');
        writeFileSync(file, `${readFileSync(file, 'utf8')}\n# another one\n`);
        verified();
        assert.deepEqual((await look(home, { JOURNEYS_DIR: folder })).failed, ['rollback drill', 'single-user test']);
        writeFileSync(join(folder, 'kpi', 'plan.yaml'), 'targets: 7\n');
        verified();
        const seen = await look(home, { JOURNEYS_DIR: folder });
        assert.ok(seen.failed.includes('baseline'), seen.failed.join());
    });

    await t.test('broken: signed for another build, and a migration is missing', { skip: home.postgres && 'a file is changed' }, async () => {
        const change = (sql) => execFileSync('sqlite3', [home.database, sql]);
        change("update settings set json = replace(json, '\"build\":\"', '\"build\":\"older ') where name = 'preflight/tests-green'");
        verified();
        const older = await look(home);
        assert.deepEqual(older.failed, ['tests-green']);
        assert.match(older.lines['tests-green'].says, /another build \(older /);
        const copy = join(home.folder, 'copy.db');
        assert.equal((await home.run('backup', copy)).code, 0);
        execFileSync('sqlite3', [copy, 'delete from schema_migrations where name = (select max(name) from schema_migrations)']);
        verified();
        const pending = await look(home, { DATABASE_URL: `sqlite:${copy}` });
        assert.deepEqual([pending.failed, pending.lines.schema.mend], [['schema'], 'nudge migrate']);
    });
});

test('broken: what was due is not done; what was tried is too old', async (t) => {
    const scene = await Scene.open(t, {});
    const { home } = scene;
    await scene.newcomer();
    assert.equal((await home.json('rollback', '--drill')).passed, true);
    await home.stop();
    home.advance('3d');
    const late = await look(home);
    assert.equal(late.lines.backlog.state, 'fail');
    assert.match(late.lines.backlog.says, /due at 2026-01-/);
    assert.notEqual(late.lines['rollback drill'].state, 'fail');
    assert.equal(late.lines.baseline.state, 'pass');
    home.advance('5d');
    assert.match((await look(home)).lines['rollback drill'].says, /older than 7 days/);
});

test('the forecast counts what waits by channel and priority', async (t) => {
    const scene = await Scene.open(t, { env: { ADMIN_API_KEY: 'the-full-key' } });
    const { home } = scene;
    await scene.newcomer();
    const quiet = await home.json('deliveries', 'forecast');
    assert.deepEqual(quiet.lines, []);
    assert.ok(quiet.decisions >= 1, 'the recovery of step 1');
    await home.run('sending', 'off');
    for (let i = 0; i < 3; i++) {
        const person = scene.person({ started: true });
        await person.ready();
        await home.run('onboarding', 'trigger', `telegram:${person.id}`);
    }
    const forecast = await home.json('deliveries', 'forecast');
    assert.deepEqual(await new Api(home, 'the-full-key').told('/api/forecast'), forecast);
    const { lines } = forecast;
    assert.deepEqual(lines.map((line) => [line.channel, line.priority, line.messages]), [['telegram', 'onboarding', 3]]);
    assert.ok(lines.every((line) => line.waits_most_s === 0 && line.out_after_s > 0));
    const table = await home.run('deliveries', 'forecast');
    assert.match(table.stdout, /telegram +onboarding +3 +0 min +\d+ min\n\n3 messages due within 24 h/);
    await home.run('sending', 'on');
    await scene.settled();
});

test('a drill that does not come back fails, and is recorded as failed', async (t) => {
    const scene = await Scene.open(t, {});
    const { home } = scene;
    await home.json('rollback', 'nurture');
    const drill = await home.run('rollback', '--drill');
    assert.equal(drill.code, 1);
    assert.match(drill.stderr, /the drill failed: the run of superior_onboarding is not rolled back/);
    assert.match((await look(home)).lines['rollback drill'].says, /^failed on/);
});

test('by the API: the drill is done and items are signed by whoever has the key; a second look waits', async (t) => {
    const { resend } = await domains(t);
    const scene = await Scene.open(t, {
        env: {
            ADMIN_API_KEY: 'the-full-key',
            VIEWER_API_KEY: 'the-reading-key',
            RESEND_API_KEY: 're_test_key',
            RESEND_BASE_URL: resend.url,
            EMAIL_FROM: 'Nudge <hello@example.org>',
            PUBLIC_URL: 'https://bot.example.org',
        },
    });
    const api = new Api(scene.home, 'the-full-key');
    const drill = await api.ask('/api/preflight/drill', {});
    assert.equal(drill.status, 200, JSON.stringify(drill.json));
    await api.fits('Drill', drill.json);
    assert.deepEqual([drill.json.passed, drill.json.why], [true, '']);
    const signed = await api.ask('/api/preflight/confirm', { item: 'team-briefed', by: 'Anna' });
    assert.deepEqual(signed, { status: 200, json: { item: 'team-briefed', by: 'Anna' } });
    for (const [body, status, said] of [
        [{ item: 'all-well', by: 'Anna' }, 404, /^"item": expected team-briefed or tests-green/],
        [{ item: 'tests-green' }, 400, /^"by": expected the name/],
        [{ item: 'tests-green', by: ' ' }, 400, /^"by": expected the name/],
        [{ item: 'tests-green', by: 'a'.repeat(65) }, 400, /^"by": expected the name/],
    ]) {
        const refused = await api.ask('/api/preflight/confirm', body);
        assert.equal(refused.status, status, JSON.stringify(body));
        assert.match(refused.json.detail, said);
    }
    for (const path of ['drill', 'confirm']) {
        const { status } = await api.ask(`/api/preflight/${path}`, { item: 'tests-green', by: 'Eve' }, 'the-reading-key');
        assert.equal(status, 403);
    }
    const nobody = await scene.home.run('preflight', 'confirm', 'tests-green');
    assert.equal(nobody.code, 2);
    assert.match(nobody.stderr, /confirm ITEM --by NAME: "by": expected the name of who signs/);
    const { audit } = await scene.home.json('audit');
    const settings = audit.filter((row) => row.action === 'setting_put');
    assert.deepEqual(settings.map((row) => row.actor), ['api:admin', 'api:admin']);

    let provider; // which keeps us waiting
    resend.answer((_, response) => (provider = response), (_, response) => (provider = response));
    const first = api.ask('/api/preflight', undefined, 'the-reading-key');
    await resend.next();
    const second = await api.ask('/api/preflight');
    assert.equal(second.status, 503);
    assert.match(second.json.detail, /another look or drill is under way/);
    assert.equal((await api.ask('/api/session')).status, 200, 'everything else is answered');
    provider.end('{}');
    const { json } = await first;
    const lines = Object.fromEntries(json.checks.map((line) => [line.name, line]));
    assert.equal(lines['rollback drill'].state, 'pass');
    assert.match(lines['team-briefed'].says, /^signed by Anna/);
    assert.deepEqual([json.go, lines['tests-green'].state], [false, 'fail']);

    const late = api.ask('/api/preflight');
    await resend.next();
    const stopped = scene.home.stop();
    assert.equal((await late).status, 503, 'who waits is told that the server stops');
    provider.end('{}');
    assert.equal(await stopped, 0);
});

test('a drill wants a store that is migrated, and says so', async (t) => {
    const scene = await Scene.open(t, { serve: false });
    const home = Object.assign(Object.create(Object.getPrototypeOf(scene.home)), scene.home);
    home.env = { ...scene.home.env, DATABASE_URL: `sqlite:${scene.home.folder}/other.db` };
    execFileSync('sqlite3', [`${scene.home.folder}/other.db`, 'create table theirs (id)']);
    const { code, stderr } = await home.run('rollback', '--drill');
    assert.equal(code, 3);
    assert.match(stderr, /the database is one of something else/);
});
