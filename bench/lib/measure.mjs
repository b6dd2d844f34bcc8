// What is measured, each as a function of one system (Nudge or PeerBot): start it, load it, stop it,
// give the numbers. Both systems go through exactly the same.
import { join } from 'node:path';

import * as processes from './processes.mjs';
import { FIRST_STORED_USER } from './nudge.mjs';

const WARM_UP = 1000;
const FIRST_NEW_USER = 5_000_000_000; // above whoever is stored
let nextUpdate = 1_000_000;
let nextUser = FIRST_NEW_USER;

/** Sends one wave and gives its result. Every update has an id of its own, as Telegram's have. */
async function wave(system, kind, count, options) {
    const first = nextUpdate;
    nextUpdate += count;
    return system.fake.wave(system.port, system.path, kind, { count, 'first-update': first, ...options });
}

function newPeople(count) {
    const first = nextUser;
    nextUser += 2 * count;
    return first;
}

/** How many messages one update of a kind causes: 1 for the peer, asked of both all the same. */
function whole(sent, count, what) {
    const replies = sent / count;
    if (!Number.isInteger(replies) || replies < 1) {
        throw new Error(`${what}: ${sent} messages for ${count} updates`);
    }
    return replies;
}

/** People press the first button they were shown; `replies` is what follows each wave's updates. */
export async function warmUp(system, count = WARM_UP) {
    const first = newPeople(count);
    let before = await system.fake.settled(100);
    await wave(system, 'start', count, { 'first-user': first });
    let after = await system.fake.settled();
    const start = whole(after - before, count, 'after /start');
    before = after;
    const { path, with_data } = await system.fake.buttons(first, first + count);
    await wave(system, 'tap', count, { buttons: path });
    after = await system.fake.settled();
    return { start, tap: whole(after - before, count, 'after a button'), with_data };
}

/** Half the updates are /start of new people, half their first button. */
export async function throughput(system, updates, { scatter = false } = {}) {
    const replies = await warmUp(system);
    const people = updates / 2;
    const first = scatter ? FIRST_STORED_USER : newPeople(people);
    const before = system.cpu();
    const start = await wave(system, 'start', people, { 'first-user': first, scatter, replies: replies.start });
    const middle = system.cpu();
    const { path, count } = await system.fake.buttons(first, scatter ? first + 2_100_000 : first + people);
    if (count !== people) {
        throw new Error(`${count} of ${people} people got a message`);
    }
    const resumed = system.cpu();
    const tap = await wave(system, 'tap', people, { buttons: path, replies: replies.tap });
    const after = system.cpu();
    const part = (name) => middle[name] - before[name] + after[name] - resumed[name];
    return {
        rate: updates / (start.done_s + tap.done_s),
        p50_ms: (start.p50_ms + tap.p50_ms) / 2,
        p99_ms: Math.max(start.p99_ms, tap.p99_ms),
        program_cpu: (part('program_s') / updates) * 1000,
        database_cpu: (part('database_s') / updates) * 1000,
        cpu: ((part('program_s') + part('database_s')) / updates) * 1000,
        most_mb: processes.memory(system.pid).most_mb,
    };
}

/** One update at a time. */
export async function lone(system, count) {
    const replies = await warmUp(system, 200);
    const options = { 'first-user': newPeople(count), lone: true, replies: replies.start };
    const result = await wave(system, 'start', count, options);
    return { answer_ms: result.p50_ms, reply_ms: result.reply_p50_ms };
}

/** With `stored` people in it: an update of somebody new, and one of theirs asking for their own figures. */
export async function atSize(system, stored, count) {
    await system.start();
    const { answer_ms } = await lone(system, count);
    const options = { command: '/metrics', among: stored, 'first-user': FIRST_STORED_USER, lone: true, replies: 1 };
    const { p50_ms } = await wave(system, 'start', count, options);
    await system.stop();
    return { update_ms: answer_ms, metrics_ms: p50_ms, tick_ms: processes.median(await emptyTick(system, 5)) };
}

/** Starts it `times` times on a database it knows: milliseconds until ready, megabytes when idle. */
export async function startAndIdle(system, times) {
    const ready_ms = [];
    const idle_mb = [];
    for (let i = 0; i < times; i++) {
        ready_ms.push(await system.start());
        await processes.pause(2000);
        idle_mb.push(processes.memory(system.pid).now_mb);
        await system.stop();
    }
    return { ready_ms, idle_mb };
}

/** What it costs to have nothing to do: CPU milliseconds of each second. */
export async function idleCost(system, seconds) {
    await system.start();
    await processes.pause(2000);
    const before_s = system.cpu().program_s;
    await processes.pause(seconds * 1000);
    const cost = ((system.cpu().program_s - before_s) / seconds) * 1000;
    const idle_mb = processes.memory(system.pid).now_mb;
    await system.stop();
    return { cost, idle_mb };
}

/** Seconds from the first batch of messages that dry-run held back to the last. */
async function heldBack(nudge, due) {
    const held = "from events where type = 'message_suppressed' and rule = 'sending'";
    const end = performance.now() + 120_000;
    while (Number(await nudge.sql(`select count(*) ${held};`)) < due && performance.now() < end) {
        await processes.pause(50);
    }
    const [count, took_ms] = (await nudge.sql(`select count(*) || ' ' || (max(at_ms) - min(at_ms)) ${held};`))
        .trim().split('\n').pop().split(' ').map(Number);
    return { sent: count, seconds: took_ms / 1000 };
}

/** Seconds from the first message to arrive to the last. */
async function delivered(nudge, due, before) {
    await nudge.fake.sent(before + 1, 60_000);
    const began = performance.now();
    const sent = await nudge.fake.sent(before + due, 120_000);
    return { sent: sent - before, seconds: (performance.now() - began) / 1000 };
}

/** Messages that fell due while it was down; sink 'empty': all is done but the request. */
export async function dueDeliveries(nudge, people, sink) {
    await nudge.prepare();
    await nudge.start();
    const replies = await warmUp(nudge, 200);
    const first = newPeople(people);
    await wave(nudge, 'start', people, { 'first-user': first, replies: replies.start });
    const { path } = await nudge.fake.buttons(first, first + people);
    await wave(nudge, 'tap', people, { buttons: path, replies: replies.tap });
    await nudge.fake.settled();
    await nudge.stop();
    const due = await nudge.makeDue();
    if (due < people) {
        throw new Error(`${due} rows wait for ${people} people: their next step should`);
    }
    const before = await nudge.fake.sent();
    nudge.more = sink === 'empty' ? { SENDING: 'dry-run' } : {};
    const database_s = nudge.databaseCpu();
    await nudge.start();
    const { sent, seconds } = sink === 'empty' ? await heldBack(nudge, due) : await delivered(nudge, due, before);
    const cpu = nudge.cpu().program_s + nudge.databaseCpu() - database_s;
    await nudge.stop();
    if (sent < due) {
        throw new Error(`${sent} of ${due} due messages were sent`);
    }
    return { rate: due / seconds, cpu_s_per_1000: (cpu / due) * 1000 };
}

/** Appends that many events to an empty store; the seconds it took. */
export async function append(system, build, count, batch) {
    const args = [system.env.DATABASE_URL, String(count), String(batch)];
    return Number(await processes.output(join(build, 'bench/bench-append'), args, { core: processes.CORES.measured }));
}

/** One look at what is due, by the command, with nothing due. */
export async function emptyTick(nudge, times) {
    const took_ms = [];
    for (let i = 0; i < times; i++) {
        const began = performance.now();
        await nudge.command('deliveries', 'process');
        took_ms.push(performance.now() - began);
    }
    return took_ms;
}
