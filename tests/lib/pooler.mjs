// Debian's PgBouncer before the PostgreSQL of a test, pooling transactions. It answers on a socket in its
// temporary folder; as root it runs as the user postgres. Each transaction goes to another connection than the
// one before it, and nothing is reset in between: what a client wrongly leaves there is met by others.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PROGRAM = '/usr/sbin/pgbouncer';
const DEADLINE_MS = 30_000;
export const CONNECTIONS = 3; // at least so many take turns
const PORT = 6432; // names the socket's file; nothing listens on a port

function otherUser() {
    if (process.getuid() !== 0) {
        return {};
    }
    const id = (flag) => Number(execFileSync('id', [flag, 'postgres']));
    return { uid: id('-u'), gid: id('-g') };
}

export class Pooler {
    /** Why there can be none here; undefined when there can. */
    static missing() {
        return existsSync(PROGRAM) ? undefined : 'PgBouncer is not installed';
    }

    /** `socket`: the folder of the server's. */
    static async start(socket, { mode = 'transaction' } = {}) {
        const pooler = new Pooler();
        pooler.folder = mkdtempSync(join(tmpdir(), 'nudge-pooler-'));
        const config = join(pooler.folder, 'pgbouncer.ini');
        const users = join(pooler.folder, 'users');
        writeFileSync(users, '"nudge" ""\n');
        writeFileSync(config, `[databases]
* = host=${socket}
[pgbouncer]
pool_mode = ${mode}
listen_addr =
listen_port = ${PORT}
unix_socket_dir = ${pooler.folder}
auth_type = trust
auth_file = ${users}
server_round_robin = 1
server_reset_query =
default_pool_size = 10
max_client_conn = 100
`);
        const user = otherUser();
        if (user.uid !== undefined) {
            [pooler.folder, config, users].forEach((path) => chownSync(path, user.uid, user.gid));
        }
        pooler.log = [];
        pooler.process = spawn(PROGRAM, [config], { ...user, cwd: pooler.folder, stdio: ['ignore', 'ignore', 'pipe'] });
        pooler.process.stderr.on('data', (text) => pooler.log.push(String(text)));
        pooler.gone = new Promise((resolve) => pooler.process.on('close', resolve));
        const end = Date.now() + DEADLINE_MS;
        for (;;) {
            try {
                if (await pooler.#connections() >= CONNECTIONS) {
                    return pooler;
                }
            } catch (error) {
                if (pooler.process.exitCode !== null || Date.now() > end) {
                    throw new Error(`PgBouncer did not start: ${error.stderr}\n${pooler.log.join('')}`);
                }
                await new Promise((resolve) => setTimeout(resolve, 20));
            }
        }
    }

    /** It opens another connection when all are in use: some transactions at once, until there are enough. */
    async #connections() {
        const text = 'select pg_sleep(0.1); select pg_backend_pid()';
        const pids = await Promise.all(Array.from({ length: 2 * CONNECTIONS }, () =>
            promisify(execFile)('psql', ['-qAtX', '-c', text, this.url])));
        return new Set(pids.map(({ stdout }) => stdout.trim())).size;
    }

    get url() {
        return `postgres://nudge@/postgres?host=${this.folder}&port=${PORT}`;
    }

    sql(text) {
        return execFileSync('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text, this.url], {
            encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'],
        }).trim();
    }

    async stop() {
        this.process.kill('SIGTERM');
        await this.gone;
        rmSync(this.folder, { recursive: true, force: true });
    }
}
