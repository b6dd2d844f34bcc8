// The peer of the due-deliveries row: graphile-worker with its local queue (5-6 times its default),
// each job one sendMessage. `node jobs.mjs fill` puts COUNT due jobs in; `node jobs.mjs work` does
// them and prints the seconds and the CPU seconds it took.
import http from 'node:http';

import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';

const { DATABASE_URL, COUNT, API_URL, BOT_TOKEN } = process.env;
const count = Number(COUNT);
const CONCURRENT = 50;
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

const agent = new http.Agent({ keepAlive: true, maxSockets: CONCURRENT });

function sendMessage(chat_id) {
    const body = JSON.stringify({ chat_id, text: 'Reminder: your commitment is due today' });
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
        const url = `${API_URL}/bot${BOT_TOKEN}/sendMessage`;
        const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
            response.resume();
            response.on('end', () =>
                response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`)));
        });
        request.on('error', reject);
        request.end(body);
    });
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
                await sendMessage(id);
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
