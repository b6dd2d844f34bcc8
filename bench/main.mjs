// The benchmark: nudge on one core beside a grammY bot on PostgreSQL on the same core, load and fake
// providers on the other. Runs are interleaved, medians are printed with their spread. Nothing here
// passes or fails by speed.
import { mkdtempSync, chmodSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { Fake } from './lib/fake.mjs';
import * as measure from './lib/measure.mjs';
import { Nudge } from './lib/nudge.mjs';
import { NudgePostgres } from './lib/nudge_postgres.mjs';
import { dueJobs, PeerBot, Postgres, whyNoServer, whyNot } from './lib/peer.mjs';
import * as processes from './lib/processes.mjs';
import { Table } from './lib/table.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const ROWS = ['load', 'taps', 'free', 'lone', 'start', 'due', 'events', 'million', 'grown', 'idle'];

const { values: options } = parseArgs({
    options: {
        quick: { type: 'boolean', default: false },
        runs: { type: 'string' },
        updates: { type: 'string' },
        only: { type: 'string', default: ROWS.join(',') },
        systems: { type: 'string', default: 'peer,nudge-postgres,nudge' },
        json: { type: 'string' },
        build: { type: 'string', default: join(ROOT, 'build') },
    },
});
const runs = Number(options.runs ?? (options.quick ? 1 : 5));
const updates = 2 * Math.ceil(Number(options.updates ?? (options.quick ? 4000 : 20_000)) / 2);
const dueCount = options.quick ? 2000 : 20_000;
const eventCount = options.quick ? 200_000 : 1_000_000;
const stored = options.quick ? 100_000 : 1_000_000;
const wanted = new Set(options.only.split(','));
for (const row of wanted) {
    if (!ROWS.includes(row)) {
        console.error(`bench: no row '${row}'; there are ${ROWS.join(', ')}`);
        process.exit(2);
    }
}

const folder = mkdtempSync(join(os.tmpdir(), 'nudge-bench-'));
chmodSync(folder, 0o755); // PostgreSQL runs as another user when this is root
const clean = () => {
    processes.stopAll();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
};
for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
        clean();
        process.exit(1);
    });
}

const say = (text) => console.error(`bench: ${text}`);
const table = new Table();
const people = (count) => count.toLocaleString('en');

/** The systems, each with a fake of its own, so that neither pays for the other's past. */
async function withSystem(kind, work, peer = {}) {
    const fake = await Fake.start(options.build, folder);
    const makers = {
        peer: () => new PeerBot(postgres, fake, peer),
        boss: () => new PeerBot(postgres, fake, peer),
        'nudge-postgres': () => new NudgePostgres(options.build, folder, fake, postgres),
        nudge: () => new Nudge(options.build, folder, fake),
    };
    const system = makers[kind]();
    try {
        return await work(system);
    } finally {
        await fake.stop();
    }
}

async function underLoad(kind, storedPeople, peer) {
    return withSystem(kind, async (system) => {
        await system.prepare(storedPeople);
        await system.start();
        const result = await measure.throughput(system, updates, { scatter: storedPeople > 0 });
        await system.stop();
        result.rows = await system.rows();
        return result;
    }, peer);
}

/** What is measured beside the peer with a file only. */
const withFile = () => kinds.filter((kind) => kind !== 'nudge-postgres');

/** Runs each system `runs` times, in turn; the results by system. A system that fails is named and
 *  left out of this row, the other goes on. */
async function interleaved(what, run, systems = kinds) {
    const results = {};
    const left = new Set(systems);
    for (let i = 0; i < runs; i++) {
        for (const kind of left) {
            say(`${what}: ${kind}, run ${i + 1} of ${runs}`);
            try {
                (results[kind] ??= []).push(await run(kind));
            } catch (error) {
                failed = true;
                left.delete(kind);
                delete results[kind];
                say(error.stack);
                table.note(`${what} could not be measured for ${kind}: ${error.message}`);
            }
        }
    }
    return results;
}

function addLoadRows(results, title) {
    table.group(title);
    table.row('updates a second, reply delivered', results, 'rate', { digits: 0, more: true });
    table.row('until answered, p50 (ms)', results, 'p50_ms', { digits: 2 });
    table.row('until answered, p99 (ms)', results, 'p99_ms', { digits: 2 });
    table.row('CPU seconds for 1,000 updates', results, 'cpu', { digits: 3 });
    table.row('  of that the database server', results, 'database_cpu', { digits: 3, noFactor: true });
    table.row('most resident memory of the program (MB)', results, 'most_mb', { digits: 0 });
    for (const [kind, [{ rows }]] of Object.entries(results)) {
        table.note(`${kind}: ${rows}`);
    }
}

async function load() {
    const results = await interleaved('load', (kind) => underLoad(kind, 0));
    addLoadRows(results, `${people(updates)} updates over 64 connections, empty database`);
}

/** What the Bot API asks of a bot and nudge does in each row: a tap is answered, and the message shows
 *  what was chosen. */
async function taps() {
    const results = await interleaved('taps', (kind) => underLoad(kind, 0, { answersTaps: true }));
    addLoadRows(results, 'the same, and the peer answers taps and edits the message as nudge does');
}

async function free() {
    const results = await processes.unpinned(() => interleaved('free', (kind) => underLoad(kind, 0)));
    addLoadRows(results, 'the first again, every program on any core');
}

async function million() {
    const results = await interleaved('million', (kind) => underLoad(kind, stored), withFile());
    addLoadRows(results, `the same with ${people(stored)} people stored, ids scattered among theirs`);
}

async function lone() {
    const results = await interleaved('lone', (kind) =>
        withSystem(kind, async (system) => {
            await system.prepare();
            await system.start();
            const result = await measure.lone(system, options.quick ? 300 : 2000);
            await system.stop();
            return result;
        }));
    table.group('one update at a time');
    table.row('until answered, p50 (ms)', results, 'answer_ms', { digits: 2 });
    table.row('until its reply was delivered, p50 (ms)', results, 'reply_ms', { digits: 2 });
}

async function start() {
    const results = await interleaved('start', (kind) =>
        withSystem(kind, async (system) => {
            await system.prepare();
            const { ready_ms, idle_mb } = await measure.startAndIdle(system, 3);
            return { ready_ms: processes.median(ready_ms), idle_mb: processes.median(idle_mb) };
        }));
    table.group('start');
    table.row('from start to ready (ms)', results, 'ready_ms', { digits: 0 });
    table.row('resident, idle (MB)', results, 'idle_mb', { digits: 1 });
}

/** What is done with each message, and the queues that do the same. */
const SINKS = {
    http: 'sent as fast as they go',
    empty: 'and nothing is sent: an empty handler, SENDING=dry-run',
};
const QUEUES = { peer: 'jobs', boss: 'boss' };

async function due() {
    for (const [sink, how] of Object.entries(SINKS)) {
        const results = await interleaved(`due, ${sink} sink`, (kind) =>
            withSystem(kind, (system) =>
                QUEUES[kind] ? dueJobs(QUEUES[kind], postgres, system.fake, dueCount, sink)
                    : measure.dueDeliveries(system, dueCount, sink)),
        kinds.flatMap((kind) => (kind === 'peer' ? Object.keys(QUEUES) : [kind])));
        for (const [peer, name] of [['peer', 'graphile-worker'], ['boss', 'pg-boss']]) {
            const beside = { ...results, peer: results[peer] };
            table.group(`${people(dueCount)} messages due at once, ${how} (peer: ${name})`);
            table.row('messages a second', beside, 'rate', { digits: 0, more: true });
            table.row('CPU seconds for 1,000 messages', beside, 'cpu_s_per_1000', { digits: 3 });
        }
    }
}

/** PostgreSQL's COPY takes the rows that the store appended, into the same table, in one transaction. */
async function copied() {
    const file = join(folder, 'postgres', 'events');
    await postgres.sql('bench', `copy (select * from nudge.events order by id) to '${file}'; truncate nudge.events; checkpoint`);
    const began = performance.now();
    await postgres.sql('bench', `copy nudge.events from '${file}'`);
    const seconds = (performance.now() - began) / 1000;
    const count = Number(await postgres.sql('bench', 'select count(*) from nudge.events'));
    if (count !== eventCount) {
        throw new Error(`${count} of ${eventCount} events were copied`);
    }
    return seconds;
}

async function events() {
    const results = await interleaved('events', (kind) =>
        withSystem(kind === 'peer' ? 'nudge-postgres' : kind, async (system) => {
            await system.prepare();
            const few = await measure.append(system, options.build, eventCount, 1000);
            const raw = kind === 'peer' ? await copied() : null;
            await system.prepare();
            const many = raw ?? await measure.append(system, options.build, eventCount, 4000);
            return { rate: eventCount / (raw ?? few), rate_of_many: eventCount / many };
        }), kinds.includes('nudge-postgres') ? ['peer', ...kinds.filter((kind) => kind !== 'peer')] : kinds.filter((kind) => kind !== 'peer'));
    table.group(`${people(eventCount)} events (peer: COPY of them all into the same table, in one transaction)`);
    table.row('events a second, 1,000 in a transaction', results, 'rate', { digits: 0, more: true });
    table.row('events a second, 4,000 in a transaction', results, 'rate_of_many', { digits: 0, more: true });
}

/** On PostgreSQL: whether it costs more with a hundred times the people, each with a history. */
async function grown() {
    if (!kinds.includes('nudge-postgres')) {
        return;
    }
    table.group('people stored in PostgreSQL, each with 5 commitments and 20 events');
    for (const count of [10_000, stored]) {
        say(`grown: ${people(count)} people`);
        const result = await withSystem('nudge-postgres', async (system) => {
            await system.prepare(count);
            return measure.atSize(system, count, options.quick ? 300 : 2000);
        });
        const results = { 'nudge-postgres': [result] };
        table.row(`${people(count)} people: a new one, answered (ms)`, results, 'update_ms', { digits: 2 });
        table.row(`${people(count)} people: /metrics, answered (ms)`, results, 'metrics_ms', { digits: 2 });
        table.row(`${people(count)} people: "deliveries process" (ms)`, results, 'tick_ms', { digits: 1 });
    }
}

async function idle() {
    if (!kinds.includes('nudge')) {
        return;
    }
    const counts = [options.quick ? 1000 : 10_000, stored];
    table.group('nothing due');
    for (const count of counts) {
        say(`idle: ${people(count)} people`);
        const result = await withSystem('nudge', async (system) => {
            await system.prepare(count);
            const { cost, idle_mb } = await measure.idleCost(system, options.quick ? 3 : 10);
            const tick_ms = await measure.emptyTick(system, 5);
            return { cost, idle_mb, tick_ms: processes.median(tick_ms) };
        });
        const results = { nudge: [result] };
        table.row(`${people(count)} people: CPU for a second of waiting (ms)`, results, 'cost', { digits: 2 });
        table.row(`${people(count)} people: one look, "deliveries process" (ms)`, results, 'tick_ms', { digits: 1 });
        table.row(`${people(count)} people: resident, idle (MB)`, results, 'idle_mb', { digits: 1 });
    }
}

/** Journal mode and synchronous of SQLite, or why they are not known. */
async function howDurable() {
    try {
        return await withSystem('nudge', async (system) => {
            await system.prepare();
            return system.durability(ROOT);
        });
    } catch (error) {
        failed = true;
        return `not measured (${error.message})`;
    }
}

let postgres;
const kinds = [];
let failed = false;
try {
    const facts = processes.machine();
    if (!processes.available('sqlite3') || !processes.available('taskset')) {
        throw new Error('the commands sqlite3 and taskset are needed (Debian packages sqlite3, util-linux)');
    }
    const systems = options.systems.split(',');
    const reason = systems.includes('peer') ? await whyNot() : 'left out on request';
    const noServer = whyNoServer();
    if (!noServer && (!reason || systems.includes('nudge-postgres'))) {
        postgres = await Postgres.start(folder);
    }
    if (!reason) {
        kinds.push('peer');
    }
    if (postgres && systems.includes('nudge-postgres')) {
        kinds.push('nudge-postgres');
    }
    if (systems.includes('nudge')) {
        kinds.push('nudge');
    }
    const measures = { load, taps, free, lone, start, due, events, million, grown, idle };
    for (const row of ROWS.filter((name) => wanted.has(name))) {
        try {
            await measures[row]();
        } catch (error) {
            failed = true;
            table.note(`${row} could not be measured: ${error.message}`);
            say(`${row} could not be measured: ${error.stack}`);
        }
    }
    const durability = kinds.includes('nudge') && (await howDurable());
    table.print({ facts, runs, durability, postgres: postgres?.version, peerReason: reason });
    if (options.json) {
        writeFileSync(options.json, `${JSON.stringify(table.json(facts), null, 2)}\n`);
    }
    await postgres?.stop();
} catch (error) {
    failed = true;
    say(error.stack);
} finally {
    clean();
}
process.exit(failed ? 1 : 0);
