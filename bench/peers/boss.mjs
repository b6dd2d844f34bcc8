// The other peer of the due-deliveries row: pg-boss, one worker that fetches thousands of jobs at once (its fastest
// way) and does them 50 at a time. Used like jobs.mjs.
import PgBoss from 'pg-boss';

import { CONCURRENT, send } from './send.mjs';

const { DATABASE_URL, COUNT } = process.env;
const count = Number(COUNT);
const PART = 10_000;
const FETCHED = 5000;
const LOOK_MS = 100; // the least that it allows

async function begin() {
    const boss = new PgBoss({ connectionString: DATABASE_URL, noScheduling: true, noSupervisor: true, max: 10 });
    boss.on('error', (error) => {
        throw error;
    });
    await boss.start();
    return boss;
}

async function fill() {
    const boss = await begin();
    for (let first = 1; first <= count; first += PART) {
        const size = Math.min(PART, count - first + 1);
        await boss.insert(Array.from({ length: size }, (_, i) => ({ name: 'send', data: { id: first + i } })));
    }
    await boss.stop({ graceful: false });
    process.exit(0);
}

/** Ends when the last batch is marked as done in the database, too. */
async function work() {
    const boss = await begin();
    let left = count;
    const cpu = process.cpuUsage();
    const began = performance.now();
    await boss.work('send', { batchSize: FETCHED, newJobCheckInterval: LOOK_MS }, async (jobs) => {
        let next = 0;
        const lane = async () => {
            while (next < jobs.length) {
                const job = jobs[next++];
                await send(job.data.id);
                left -= 1;
            }
        };
        await Promise.all(Array.from({ length: CONCURRENT }, lane));
    });
    while (left > 0 || (await boss.getQueueSize('send', { before: 'completed' })) > 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify({ seconds, cpu_s: (user + system) / 1e6 }));
    process.exit(0);
}

await (process.argv[2] === 'fill' ? fill() : work());
