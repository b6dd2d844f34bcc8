// The tables of a previous bot are followed while that bot works on them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { LiveDatabase } from '../lib/live.mjs';
import { MORNING } from '../lib/nudge.mjs';
import { Scene } from '../lib/scene.mjs';

const onServer = { skip: process.env.NUDGE_TEST_POSTGRES ? false : 'needs tools/with-postgres' };
const at = (hoursAgo) => new Date(MORNING - hoursAgo * 3_600_000).toISOString();
const PERSON = { A: 'telegram_user_id', B: 'telegram_user_id', C: 'telegram_id' };
const TEXT = { A: 'commitment', B: 'commitment', C: 'text' };
const OPEN = { A: 'active', B: 'active', C: 'pending' };

/** A server that follows a live database of the shape. */
async function following(t, shape, options = {}) {
    const live = await LiveDatabase.make(shape);
    t.after(() => live.remove());
    const opened = await Scene.open(t, { now: MORNING, ...options, env: { LIVE_DATABASE_URL: live.url } });
    opened.live = live;
    opened.join = (telegram, more = {}) =>
        live.insert('users', { [PERSON[shape]]: telegram, first_name: 'Ann', ...more }, 'id');
    opened.promise = (telegram, id, more = {}) =>
        live.insert('commitments', {
            user_id: id, ...(shape === 'B' ? {} : { [PERSON[shape]]: telegram }), [TEXT[shape]]: 'read 10 pages',
            status: OPEN[shape], created_at: at(1), ...more,
        }, 'id');
    opened.sees = (what, query, wanted) =>
        opened.home.until(what, async () => {
            const rows = await opened.home.sql(query);
            return JSON.stringify(rows.map((row) => Object.values(row).map(String).join(' '))) === JSON.stringify(wanted);
        });
    return opened;
}

const COMMITMENTS = "select external_id, state from commitments where source = 'import' order by created_at_ms, external_id";
const ACTIVE = 0, COMPLETED = 1;

for (const shape of ['A', 'B', 'C']) {
    test(`shape ${shape}: people, commitments and refusals arrive while the old bot works`, onServer, async (t) => {
        const opened = await following(t, shape);
        const { live } = opened;
        const ann = opened.person({ started: true });
        await ann.ready();
        const id = await opened.join(ann.id);
        await opened.sees('Ann', 'select first_name, is_held, stopped from users', ['Ann 1 0']);
        const first = await opened.promise(ann.id, id, { created_at: at(2) });
        await opened.sees('a commitment', COMMITMENTS, [`${first} ${ACTIVE}`]);
        const second = await opened.promise(ann.id, id);
        await live.run(`update commitments set status = 'completed', completed_at = '${at(1)}' where id = '${first}'`);
        await opened.sees('its end, and another', COMMITMENTS, [`${first} ${COMPLETED}`, `${second} ${ACTIVE}`]);
        // Of long ago, and by its id, where ids are numbers, long before.
        const late = await opened.promise(ann.id, id, { created_at: at(80), status: 'completed', completed_at: at(79) });
        await opened.sees('a late row', COMMITMENTS, [
            `${late} ${COMPLETED}`, `${first} ${COMPLETED}`, `${second} ${ACTIVE}`,
        ]);
        await live.run('drop table if exists user_email_preferences; create table user_email_preferences (user_id uuid, unsubscribed boolean)');
        await live.insert('user_email_preferences', { user_id: id, unsubscribed: true });
        await opened.sees('a refusal, in a table that was not there before', 'select stopped from users', ['1']);
        const status = await opened.home.json('bridge', 'status');
        assert.deepEqual(status.live, { new: 0, here_already: 0, changed: 0, unchanged: 1, left_out: 0 });
        assert.equal(status.followed.lag_ms, 0);
        assert.deepEqual(await ann.sent(), []);
    });
}

test('a row that is committed after later ones is not missed', onServer, async (t) => {
    const opened = await following(t, 'A');
    await opened.join(7_000_001);
    await opened.join(7_000_002);
    const slow = spawn('psql', ['-qAtX', opened.live.url], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => slow.on('exit', resolve));
    slow.stdin.write("begin; insert into commitments (telegram_user_id, commitment) values (7000001, 'early') returning id;\n");
    const early = String(await new Promise((resolve) => slow.stdout.once('data', resolve))).trim();
    const later = await opened.promise(7_000_002, null);
    await opened.sees('the later row', COMMITMENTS, [`${later} ${ACTIVE}`]);
    slow.stdin.end('commit;\n');
    await ended;
    await opened.sees('the earlier one', `select external_id from commitments where external_id = '${early}'`, [early]);
});

test('what happened while nobody followed is taken over at the next start', onServer, async (t) => {
    const opened = await following(t, 'A');
    await opened.join(7_000_001);
    await opened.sees('a person', 'select count(*) as n from users', ['1']);
    await opened.home.stop('SIGKILL');
    const id = await opened.promise(7_000_001, null);
    await opened.join(7_000_002);
    await opened.home.serve();
    await opened.sees('both', 'select count(*) as n from users', ['2']);
    await opened.sees('the commitment', COMMITMENTS, [`${id} ${ACTIVE}`]);
});

test('one who is here for ever unchanged is taken over once, also without any instant', onServer, async (t) => {
    const opened = await following(t, 'A');
    await opened.join(7_000_001, { created_at: null });
    await opened.sees('a person', 'select count(*) as n from users', ['1']);
    for (let hour = 1; hour <= 3; hour++) { // with each the follower reads everybody again
        opened.home.advance('1h');
        await opened.sees(`hour ${hour}`, "select json from settings where name = 'bridge/followed'",
            [`{"seen_at_ms":${opened.home.now}}`]);
    }
    const taken = await opened.home.sql("select action from audit_log where action = 'bridge_import'");
    assert.equal(taken.length, 1);
});

test('a writer at work, servers killed in the middle: everything arrives once', onServer, async (t) => {
    const opened = await following(t, 'A');
    const { live, home } = opened;
    await live.run('create sequence step');
    const writing = spawn('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', live.url], { stdio: ['pipe', 'inherit', 'inherit'] });
    const ended = new Promise((resolve) => writing.on('exit', resolve));
    for (let n = 1; n <= 400; n++) {
        const person = 7_000_000 + (n % 40);
        writing.stdin.write(
            `insert into users (telegram_user_id, created_at) values (${person}, '${at(90)}') on conflict do nothing;
             insert into commitments (telegram_user_id, commitment, created_at) values (${person}, 'n${n}', '${at(20)}');
             update commitments set status = 'completed', completed_at = '${at(2)}'
                where id % 3 = 0 and status = 'active' and telegram_user_id <> ${person};
             select pg_sleep(0.01) \\g /dev/null\n`);
    }
    for (let death = 0; death < 3; death++) {
        const [before] = await home.sql('select count(*) as n from commitments');
        await home.until('more commitments', async () => {
            const [now] = await home.sql('select count(*) as n from commitments');
            return Number(now.n) > Number(before.n);
        });
        await home.stop('SIGKILL');
        await home.serve();
    }
    writing.stdin.end();
    assert.equal(await ended, 0);
    const there = await live.run("select string_agg(concat(id, ' ', (status = 'completed')::int), ',' order by id) from commitments");
    const here = async () =>
        (await home.sql("select external_id, state from commitments where source = 'import'"))
            .map((row) => [Number(row.external_id), row.state]).sort((a, b) => a[0] - b[0])
            .map(([id, state]) => `${id} ${state}`).join(',');
    await home.until('all of it', async () => (await here()) === there);
    const [events] = await home.sql("select count(*) as n from events where type = 'commitment_made'");
    assert.equal(Number(events.n), 400);
});

test('the server ends amid looking at everybody, and goes on with the next start', onServer, async (t) => {
    const opened = await following(t, 'A');
    const { live, home } = opened;
    await live.run(`insert into users (telegram_user_id, created_at) select 2000000 + n, '${at(500)}' from generate_series(1, 6000) as n`);
    const count = async () => Number((await home.sql('select count(*) as n from users'))[0].n);
    await home.until('a first part', async () => (await count()) > 0);
    assert.equal(await home.stop(), 0);
    assert.ok((await count()) < 6000, 'it took everybody over before it ended');
    await home.serve();
    await home.until('everybody', async () => (await count()) === 6000);
});

test('a live database that goes away is followed again when it is back', onServer, async (t) => {
    const opened = await following(t, 'A');
    const { live, home } = opened;
    await opened.join(7_000_001);
    await opened.sees('a person', 'select count(*) as n from users', ['1']);
    await live.run('alter table users rename to users_away');
    home.advance('10m');
    await home.until('a lag', async () => /nudge_bridge_lag_milliseconds 600000/.test(await (await fetch(`${home.url}/metrics`)).text()));
    await live.run('alter table users_away rename to users');
    await opened.join(7_000_002);
    await opened.sees('both', 'select count(*) as n from users', ['2']);
    await home.until('no lag', async () => /nudge_bridge_lag_milliseconds 0/.test(await (await fetch(`${home.url}/metrics`)).text()));
});

test('an address that is none of PostgreSQL is refused at the start', async (t) => {
    const opened = await Scene.open(t, { serve: false, env: { LIVE_DATABASE_URL: 'mysql://x' } });
    const serve = await opened.home.run('serve', '--listen', '127.0.0.1:0');
    assert.equal(serve.code, 3);
    assert.match(serve.stderr, /LIVE_DATABASE_URL is no address of PostgreSQL; expected postgres:/);
});
