// The fake Telegram Bot API server as the other end of what is measured: no log, any chat accepted.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { CORES, output, start, stop } from './processes.mjs';

export const BOT_TOKEN = '42:bench-token';
export const SECRET = 'bench-secret';

export class Fake {
    /** `build`: the folder of the release build; `folder`: where to keep files. */
    static async start(build, folder) {
        const fake = new Fake();
        fake.folder = folder;
        fake.load = join(build, 'bench/bench-load');
        const args = ['--no-log', '--open', '--bot', BOT_TOKEN, '--exit-with-stdin'];
        fake.child = start(join(build, 'tests/fake/fake-telegram'), args, {
            core: CORES.load,
            log: 'pipe',
            stdin: 'pipe',
        });
        fake.port = await new Promise((resolve, reject) => {
            fake.child.on('error', reject);
            fake.child.on('exit', (code) => reject(new Error(`fake-telegram ended with ${code}`)));
            fake.child.stdout.on('data', (bytes) => {
                const match = /listening on [\d.]+:(\d+)/.exec(String(bytes));
                if (match) {
                    resolve(Number(match[1]));
                }
            });
        });
        fake.url = `http://127.0.0.1:${fake.port}`;
        return fake;
    }

    stop() {
        return stop(this.child);
    }

    async #get(path) {
        const response = await fetch(`${this.url}/control/${path}`);
        if (!response.ok) {
            throw new Error(`fake-telegram ${path}: ${await response.text()}`);
        }
        return response;
    }

    /** How many messages have arrived; waits for `at_least` of them. */
    async sent(at_least = 0, wait_ms = 0) {
        return (await (await this.#get(`sent?at_least=${at_least}&wait_ms=${wait_ms}`)).json()).sent;
    }

    /** How many arrived, once none came for a while. */
    async settled(quiet_ms = 500) {
        for (let sent = await this.sent(); ; ) {
            const later = await this.sent(sent + 1, quiet_ms);
            if (later === sent) {
                return sent;
            }
            sent = later;
        }
    }

    /** A file with what the people of [from, to) can press; a message without buttons gives "done". */
    async buttons(from, to) {
        const text = await (await this.#get('first-buttons')).text();
        const lines = text
            .trimEnd()
            .split('\n')
            .map((line) => line.split('\t'))
            .filter(([user]) => Number(user) >= from && Number(user) < to);
        const path = join(this.folder, 'buttons.tsv');
        writeFileSync(path, lines.map(([user, id, data]) => `${user}\t${id}\t${data || 'done'}\n`).join(''));
        return { path, count: lines.length, with_data: lines.filter(([, , data]) => data).length };
    }

    /** One wave of updates; see bench/load.c. */
    async wave(port, path, kind, options) {
        const args = ['--wave', kind, '--port', port, '--path', path, '--secret', SECRET];
        args.push('--fake-port', this.port, '--fake-token', BOT_TOKEN);
        for (const [name, value] of Object.entries(options)) {
            if (value !== false && value !== undefined) {
                args.push(`--${name}`, ...(value === true ? [] : [value]));
            }
        }
        const result = JSON.parse(await output(this.load, args.map(String), { core: CORES.load }));
        if (result.refused) {
            throw new Error(`${result.refused} of ${result.n} updates were refused`);
        }
        return result;
    }
}
