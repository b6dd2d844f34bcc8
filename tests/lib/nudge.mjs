// Runs the program under test: an installation of its own (folder, store, time), the server, and
// commands of the terminal.
//
//   const home = await Installation.make({ env: tg.env() });
//   await home.serve();
//   home.advance('2h');
//   const metrics = await home.json('metrics');
//   await home.remove();
//
// Time stands still unless a test moves it. Everything waits for an event with a generous deadline.
import { execFile, spawn } from 'node:child_process';
import {
    closeSync,
    existsSync,
    mkdtempSync,
    openSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { duration } from './telegram.mjs';

const DEADLINE_MS = 30_000;
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The program under test: NUDGE, else the newest build there is. */
export function nudgePath() {
    if (process.env.NUDGE) {
        return process.env.NUDGE;
    }
    const built = ['build-dev', 'build-asan', 'build']
        .map((folder) => join(ROOT, folder, 'nudge'))
        .filter((path) => existsSync(path))
        .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
    if (!built.length) {
        throw new Error('the program is not built: make build');
    }
    return built[0];
}

/**
 * Servers that a test which failed left running would keep the run of its file from ending. They are ended a
 * while after the last test: hooks of the file that stop their own come after this one.
 */
const LEFT_RUNNING_MS = 60_000;
const serving = new Set();
after(() => {
    setTimeout(() => serving.forEach((server) => server.kill('SIGKILL')), LEFT_RUNNING_MS).unref();
});

/** Thursday, 10:00 in UTC: an ordinary morning, far from any change of clocks. */
export const MORNING = Date.UTC(2026, 0, 15, 10, 0, 0);

export class Installation {
    static async make({ env = {}, now = MORNING } = {}) {
        const home = new Installation();
        home.folder = mkdtempSync(join(tmpdir(), 'nudge-test-'));
        home.database = join(home.folder, 'nudge.sqlite');
        home.postgres = serverUrl();
        home.clockFile = openSync(join(home.folder, 'clock'), 'w+');
        home.now = now;
        home.writeTime();
        home.env = {
            PATH: process.env.PATH,
            HOME: home.folder,
            TMPDIR: home.folder,
            DATABASE_URL: home.postgres ?? `sqlite:${home.database}`,
            DEFAULT_TIME_ZONE: 'UTC',
            NUDGE_CLOCK_FILE: join(home.folder, 'clock'),
            ...pick(process.env, ['ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'LSAN_OPTIONS']),
            ...env,
        };
        home.log = [];
        if (home.postgres) {
            await home.json('migrate');
        }
        return home;
    }

    writeTime() {
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64LE(BigInt(this.now));
        writeSync(this.clockFile, bytes, 0, 8, 0);
    }

    /** Moves time on by '2h', '3d', … or milliseconds. */
    advance(by) {
        this.now += duration(by);
        this.writeTime();
    }

    /** Starts the server and waits until it is ready. Answers its address. */
    async serve(args = [], { command = 'serve', env = {}, deadlineMs = DEADLINE_MS } = {}) {
        const listen = ['--listen', '127.0.0.1:0'];
        this.server = spawn(nudgePath(), [command, ...listen, ...args], {
            cwd: this.folder,
            env: { ...this.env, ...env },
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        const server = this.server;
        serving.add(server);
        server.exited = new Promise((resolve) => server.on('exit', (code, signal) => resolve({ code, signal })));
        void server.exited.then(() => serving.delete(server));
        const port = await new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`not ready:\n${this.log.join('\n')}`)), deadlineMs);
            const look = (line) => {
                this.log.push(line);
                const ready = /msg="?ready"? .*port=(\d+)|Open {2}http:\/\/127\.0\.0\.1:(\d+)\//.exec(line);
                if (ready) {
                    clearTimeout(timer);
                    resolve(ready[1] ?? ready[2]);
                }
            };
            createInterface({ input: server.stderr }).on('line', look);
            createInterface({ input: server.stdout }).on('line', look);
            // Not when it exits: its last lines may still be on their way then.
            server.on('close', (code, signal) => {
                clearTimeout(timer);
                reject(new Error(`the server ended (${code ?? signal}):\n${this.log.join('\n')}`));
            });
        });
        this.url = `http://127.0.0.1:${port}`;
        return this.url;
    }

    /** Stops the server where it stands, outside of a transaction: one would lock the store for everybody. */
    async freeze() {
        const tasks = `/proc/${this.server.pid}/task`;
        const stopped = () => readdirSync(tasks).every((task) => /\) T /.test(readFileSync(`${tasks}/${task}/stat`, 'utf8')));
        const free = () =>
            new Promise((resolve) =>
                execFile('sqlite3', [this.database, 'BEGIN IMMEDIATE; ROLLBACK;'], (error) => resolve(!error)));
        await this.until('a stop outside of a transaction', async () => {
            this.server.kill('SIGSTOP');
            await this.until('every thread stands still', stopped);
            if (await free()) {
                return true;
            }
            this.server.kill('SIGCONT');
            return false;
        });
    }

    /** Asks the server to end, as an operator would; answers its exit code, or the signal it died of. */
    async stop(signal = 'SIGTERM') {
        if (!this.server) {
            return undefined;
        }
        this.server.kill(signal);
        const end = await this.server.exited;
        this.server = undefined;
        return end.code ?? end.signal;
    }

    /** Runs a command of the terminal: { code, stdout, stderr }; before its words perhaps { deadlineMs }. */
    run(...words) {
        const { deadlineMs = DEADLINE_MS * 2 } = typeof words[0] === 'object' ? words[0] : {};
        const args = words.filter((word) => typeof word !== 'object');
        return new Promise((resolve) => {
            execFile(
                nudgePath(),
                args,
                { cwd: this.folder, env: this.env, timeout: deadlineMs, maxBuffer: 64 << 20 },
                (error, stdout, stderr) => resolve({ code: error ? (error.code ?? 'killed') : 0, stdout, stderr }),
            );
        });
    }

    /** Runs a command with --json and reads its result; throws unless it succeeds. */
    async json(...args) {
        const result = await this.run(...args, '--json');
        if (result.code !== 0) {
            throw new Error(`nudge ${args.join(' ')}: exit ${result.code}\n${result.stderr}`);
        }
        return JSON.parse(result.stdout);
    }

    /** Rows of a query on the store, seen from outside. */
    async sql(query) {
        if (this.postgres) {
            return psql(this.postgres, query);
        }
        return new Promise((resolve, reject) => {
            execFile('sqlite3', ['-readonly', '-json', this.database, query], { maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
                error ? reject(new Error(stderr)) : resolve(stdout.trim() === '' ? [] : JSON.parse(stdout)));
        });
    }

    /** Asks again until `ask` answers something true; throws with its last answer after the deadline. */
    async until(what, ask, deadlineMs = DEADLINE_MS) {
        const end = Date.now() + deadlineMs;
        let last;
        while (Date.now() < end) {
            last = await ask();
            if (last) {
                return last;
            }
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
        throw new Error(`${what} did not happen; last: ${JSON.stringify(last)}\n${this.log.slice(-20).join('\n')}`);
    }

    /** Makes the decisions about the newest people again; those that differ, '' none. */
    async comesOutDifferently() {
        const { code, stdout } = await this.run('users', 'list', '--json');
        for (const { id } of code === 0 ? JSON.parse(stdout).users.slice(0, 3) : []) {
            const verified = await this.run('users', 'explain', id, '--verify');
            if (verified.code !== 0) {
                return verified.stdout + verified.stderr;
            }
        }
        return '';
    }

    async remove({ doctor = true } = {}) {
        const code = await this.stop();
        const check = doctor && (this.postgres || existsSync(this.database)) ? await this.run('doctor') : { code: 0 };
        const other = check.code === 0 && doctor && existsSync(this.database) ? await this.comesOutDifferently() : '';
        closeSync(this.clockFile);
        rmSync(this.folder, { recursive: true, force: true });
        if (code !== undefined && code !== 0) {
            throw new Error(`the server ended with ${code}:\n${this.log.slice(-40).join('\n')}`);
        }
        if (other) {
            throw new Error(`decisions come out differently:\n${other}`);
        }
        if (check.code !== 0) {
            throw new Error(`doctor found:\n${check.stdout}${check.stderr}`);
        }
    }
}

/** A schema of its own in the PostgreSQL that tests run on, when NUDGE_TEST_POSTGRES names one. */
let schemas = 0;
function serverUrl() {
    const server = process.env.NUDGE_TEST_POSTGRES;
    return server && `${server}&schema=e${process.pid}_${++schemas}`;
}

function psql(url, query) {
    const [server, schema] = url.split('&schema=');
    const sql = `set search_path = ${schema}; select coalesce(json_agg(t), '[]') from (${query.replace(/;\s*$/, '')}) as t`;
    return new Promise((resolve, reject) => {
        execFile('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', sql, server], (error, stdout, stderr) =>
            error ? reject(new Error(stderr)) : resolve(JSON.parse(stdout)));
    });
}

const pick = (from, names) =>
    Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
