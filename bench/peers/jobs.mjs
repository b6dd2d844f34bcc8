// A peer of the due-deliveries row: graphile-worker with its local queue (5-6 times its default),
// each job one sendMessage, or nothing (send.mjs). `node jobs.mjs fill` puts COUNT due jobs in; `node jobs.mjs work` does
// them and prints the seconds and the CPU seconds it took.
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';

import { CONCURRENT, send } from './send.mjs';

const { DATABASE_URL, COUNT } = process.env;
const count = Number(COUNT);
const PART = 10_000;

async function fill() {
    const utils = await makeWorkerUtils({ connectionString: DATABASE_URL });
    await utils.migrate();
    await utils.release();
    const client = new pg.Client({ connectionString: DATABASE_URL });
    await client.connect();
    for (let first = 1; first <= count; first += PART) {
        await client.query(
            `select count(*) from graphile_worker.add_jobs(array(
                select row('send', json_build_object('id', n), null, now(), 25, null, 0, null)::graphile_worker.job_spec
                from generate_series($1::int, $2::int) n))`,
            [first, Math.min(first + PART - 1, count)]);
    }
    await client.end();
}

async function work() {
    const quiet = new Logger(() => () => {});
    let left = count;
    let finish;
    const all = new Promise((resolve) => (finish = resolve));
    const cpu = process.cpuUsage();
    const began = performance.now();
    const runner = await run({
        preset: {
            worker: {
                connectionString: DATABASE_URL,
                concurrentJobs: CONCURRENT,
                maxPoolSize: 10,
                pollInterval: 1000,
                localQueue: { size: 500 },
                completeJobBatchDelay: 0,
                failJobBatchDelay: 0,
            },
        },
        noHandleSignals: true,
        logger: quiet,
        parsedCronItems: [],
        taskList: {
            send: async ({ id }) => {
                await send(id);
                left -= 1;
                if (left === 0) {
                    finish();
                }
            },
        },
    });
    await all;
    await runner.stop();
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify({ seconds, cpu_s: (user + system) / 1e6 }));
    process.exit(0);
}

await (process.argv[2] === 'fill' ? fill() : work());
