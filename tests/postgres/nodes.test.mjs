// Two `nudge serve --standby` on one database: one serves, the other takes over when it ends, is killed or stands
// still, also amid a transaction. What Telegram was given is compared with the store, message by message.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DEADLINE_MS, audit, pair, states } from '../lib/nodes.mjs';

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
    assert.equal(await two.stop(), 0);
    assert.deepEqual(await states(one), { [one.server.pid]: 'serving' });
});
