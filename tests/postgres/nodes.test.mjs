// Two `nudge serve --standby` on one database: one serves, the other takes over when it ends, is killed or stands
// still, also amid a transaction. What Telegram was given is compared with the store, message by message.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Installation } from '../lib/nudge.mjs';
import { Scene } from '../lib/scene.mjs';

const STANDBY = ['--standby'];
const DEADLINE_MS = 120_000;

/** One that serves and one that stands by: `one` and `two`, with one clock and one database. */
async function pair(t) {
    const frozen = [];
    t.after(() => frozen.forEach((server) => server.kill('SIGCONT'))); // first of all: they could not end
    const scene = await Scene.open(t, { serve: false });
    const one = scene.home;
    const two = await Installation.make({ env: { ...one.env } });
    two.env = one.env;
    two.postgres = one.postgres;
    t.after(() => two.remove({ doctor: false })); // the other one's is of the same database
    await one.serve(STANDBY);
    await one.json('rollout', 'set', 'superior_onboarding', '100');
    two.serving = two.serve(STANDBY, { deadlineMs: DEADLINE_MS });
    await one.until('two stand by', () => two.log.some((line) => line.includes('standing by')));
    return { scene, one, two, frozen };
}

const states = async (home) =>
    Object.fromEntries((await home.json('nodes')).nodes.map((node) => [node.pid, node.state]));

/** Every message that Telegram has was recorded, but those of which the store says that their answer was lost. */
async function audit({ scene, one }) {
    const given = (await scene.tg.calls({ executed: true }))
        .filter((call) => /^send(Message|Photo)$/.test(call.method))
        .map((call) => String(call.message_id));
    const rows = await one.sql('select provider_id, state, uncertain from deliveries where channel = 1');
    const known = rows.filter((row) => row.provider_id !== '').map((row) => row.provider_id);
    assert.deepEqual(rows.filter((row) => row.state <= 1 && row.next_at_ms === 0), []);
    assert.equal(new Set(known).size, known.length, 'one message is one message');
    assert.deepEqual(known.filter((id) => !given.includes(id)), [], 'what was recorded was sent');
    const unknown = given.filter((id) => !known.includes(id));
    const lost = rows.reduce((sum, row) => sum + row.uncertain, 0);
    assert.ok(unknown.length <= lost, `${unknown.length} messages are not known, ${lost} answers were lost`);
    return { given: given.length, lost };
}

test('who serves ends: the other one takes over at once', async (t) => {
    const { scene, one, two } = await pair(t);
    const ann = await scene.newcomer();
    await scene.settled();
    const pids = [one.server.pid, two.server.pid];
    assert.deepEqual(await states(one), { [pids[0]]: 'serving', [pids[1]]: 'standby' });
    const third = await one.run('serve', '--listen', '127.0.0.1:0');
    assert.equal(third.code, 1, 'without --standby it is refused');
    assert.equal(await one.stop(), 0);
    await two.serving;
    assert.deepEqual(await states(one), { [pids[1]]: 'serving' });
    await ann.send('/help');
    await ann.receive();
    await scene.settled();
    assert.equal((await audit({ scene, one })).lost, 0);
});

test('who serves is killed amid work: the other one takes over, and everybody is answered', async (t) => {
    const { scene, one, two } = await pair(t);
    const people = Array.from({ length: 30 }, () => scene.person());
    await Promise.all(people.map((person) => person.send('/start')));
    await scene.tg.sent(5);
    const dead = one.server.pid;
    await one.stop('SIGKILL');
    await two.serving;
    await one.until('all is read', async () => (await scene.tg.pendingUpdates()).length === 0);
    await scene.later('10m'); // by then, what was under way is lost
    await scene.later('10m'); // and sent once more
    await Promise.all(people.map((person) => person.receive()));
    assert.equal((await one.sql('select 1 from users')).length, people.length);
    assert.equal((await states(one))[two.server.pid], 'serving');
    assert.ok(['standby', 'silent'].includes((await states(one))[dead]), 'it did not say that it ends');
    await audit({ scene, one });
});

/** Stops every thread where it stands. */
async function freeze({ one, frozen }) {
    const tasks = `/proc/${one.server.pid}/task`;
    const still = (task) => /\) T /.test(readFileSync(`${tasks}/${task}/stat`, 'utf8'));
    frozen.push(one.server);
    one.server.kill('SIGSTOP');
    await one.until('every thread stands still', () => readdirSync(tasks).every(still));
}

/** It goes on, finds that it was replaced, and ends; what it does meanwhile is for the test to look at. */
async function thaw({ one }) {
    one.server.kill('SIGCONT');
    await one.server.exited;
    one.server = undefined;
}

test('who serves stands still for longer than its lease: it sends nothing when it wakes', async (t) => {
    const nodes = await pair(t);
    const { scene, one, two } = nodes;
    const ann = await scene.newcomer();
    await scene.settled();
    const tries = async () => (await scene.tg.calls({ method: 'sendMessage', chat_id: ann.id })).length;
    let before;
    // The first answer hangs at the provider, the second one waits behind it in their chat.
    await one.until('a stop with one under way and one behind it', async () => {
        before = await tries();
        const halfway = async () =>
            (await tries()) === before + 1 && (await one.sql('select 1 from deliveries where state = 1')).length === 2;
        await scene.tg.fault({ kind: 'delay', method: 'sendMessage', chat_id: ann.id, count: 1, delay_ms: 8000 });
        await ann.send('/help');
        await ann.send('/help');
        await one.until('one under way, one behind it', halfway);
        await freeze(nodes);
        if (await halfway()) {
            return true;
        }
        one.server.kill('SIGCONT'); // this machine is slow today
        await scene.settled();
        return false;
    }, DEADLINE_MS);
    await two.serving; // the clock that the tests move stands still: it is the server's that counts
    assert.equal(await tries(), before + 1);
    await thaw(nodes);
    assert.equal(await tries(), before + 1, 'the second one was no longer its own to send');
    await scene.later('10m');
    const { lost } = await audit(nodes);
    assert.equal(lost, 2, 'of both the other one could only know that they had been begun');
});

/** Holds a table against all who write to it, until it is called. */
async function hold(t, home, table) {
    const [server, schema] = home.postgres.split('&schema=');
    const psql = spawn('psql', ['-qAtX', server], { stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(() => psql.kill());
    psql.stdin.write(`begin; lock table ${schema}.${table} in exclusive mode; select 'held';\n`);
    await once(psql.stdout, 'data');
    return async () => {
        psql.stdin.end();
        await once(psql, 'exit');
    };
}

test('who serves stands still amid a transaction: nothing of it is kept, and nobody waits', async (t) => {
    const nodes = await pair(t);
    const { scene, one, two } = nodes;
    const ann = await scene.newcomer();
    await scene.settled();
    const seen = async () => (await one.sql('select 1 from seen')).length;
    const before = await seen();
    const release = await hold(t, one, 'seen');
    await ann.send('/help');
    await one.until('it waits in its transaction', async () =>
        (await one.sql("select 1 from pg_stat_activity where application_name = 'nudge' and wait_event_type = 'Lock'"))
            .length > 0);
    await freeze(nodes);
    await release();
    await two.serving;
    await ann.receive();
    await scene.settled();
    assert.equal(await seen(), before + 1);
    const { given } = await audit(nodes);
    await thaw(nodes);
    await scene.settled();
    assert.equal(await seen(), before + 1);
    const after = await audit(nodes);
    assert.deepEqual(after, { given, lost: 0 });
});

test('told to end, one that stands by ends, and is listed no longer', async (t) => {
    const { one, two } = await pair(t);
    two.serving.catch(() => {});
    assert.equal(await two.stop(), 0);
    assert.deepEqual(await states(one), { [one.server.pid]: 'serving' });
});
