// The peers: a grammY bot and graphile-worker, both on PostgreSQL, which is started here in a
// temporary folder with its durability untouched. Whatever is missing is said by name.
import { chownSync, existsSync, mkdirSync, openSync, readdirSync, appendFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { BOT_TOKEN, SECRET } from './fake.mjs';
import * as processes from './processes.mjs';

const BENCH = join(dirname(fileURLToPath(import.meta.url)), '..');
const POOL = 10;

/** PostgreSQL refuses to run as root: as root its own user runs it. */
function postgresUser() {
    if (process.getuid() !== 0) {
        return { uid: {} };
    }
    try {
        const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }));
        return { uid: { uid: id('-u'), gid: id('-g') } };
    } catch {
        return { missing: 'the user postgres' };
    }
}

function postgresPrograms() {
    const root = '/usr/lib/postgresql';
    const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
    const found = versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
    return found ?? (processes.available('initdb') ? '' : undefined);
}

/** Why PostgreSQL cannot run here, or undefined when it can. */
export function whyNoServer() {
    if (postgresPrograms() === undefined) {
        return 'PostgreSQL is not installed (Debian package postgresql-15)';
    }
    return postgresUser().missing && `${postgresUser().missing} is missing (Debian package postgresql-15)`;
}

/** Why the peers cannot run here, or undefined when they can. Installs their npm packages. */
export async function whyNot() {
    return whyNoServer() || whyNoPackages();
}

/** The same for peers that need no server. */
export async function whyNoPackages() {
    if (!existsSync(join(BENCH, 'node_modules/.package-lock.json'))) {
        try {
            await processes.output('npm', ['ci', '--no-audit', '--no-fund', '--prefix', BENCH]);
        } catch {
            return 'their npm packages could not be installed (npm ci in bench/)';
        }
    }
    return undefined;
}

export class Postgres {
    static async start(folder) {
        const postgres = new Postgres();
        const bin = postgresPrograms();
        postgres.bin = (name) => (bin ? join(bin, name) : name);
        postgres.uid = postgresUser().uid;
        postgres.port = await processes.freePort();
        const home = join(folder, 'postgres');
        mkdirSync(home, { recursive: true });
        if (postgres.uid.uid !== undefined) {
            chownSync(home, postgres.uid.uid, postgres.uid.gid);
        }
        const data = join(home, 'data');
        const init = ['-D', data, '-A', 'trust', '-U', 'bench', '-E', 'UTF8', '--locale=C'];
        await processes.output(postgres.bin('initdb'), init, { uid: { ...postgres.uid, cwd: home } });
        appendFileSync(join(data, 'postgresql.conf'), [
            `port = ${postgres.port}`,
            "listen_addresses = '127.0.0.1'",
            `unix_socket_directories = '${home}'`,
            // Room to work in, as an administrator would give it; durability stays as it is delivered.
            'shared_buffers = 1GB',
            'max_wal_size = 8GB',
            'checkpoint_timeout = 15min',
            'wal_compression = on',
            'max_connections = 100',
            '',
        ].join('\n'));
        const log = openSync(join(home, 'log'), 'a');
        postgres.child = processes.start(postgres.bin('postgres'), ['-D', data], {
            uid: postgres.uid,
            cwd: home,
            log,
        });
        await processes.until(() => postgres.#answers(), postgres.child);
        await postgres.sql('postgres', 'create database bench');
        postgres.version = (await postgres.sql('bench', 'show server_version')).trim();
        return postgres;
    }

    async #answers() {
        return this.sql('postgres', 'select 1').then(() => true, () => false);
    }

    get url() {
        return `postgres://bench@127.0.0.1:${this.port}/bench`;
    }

    sql(database, text) {
        const where = ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'bench', '-d', database];
        const args = ['-qAtX', '-v', 'ON_ERROR_STOP=1', ...where];
        return processes.output(this.bin('psql'), args, { input: text });
    }

    cpu() {
        return processes.familyCpuSeconds(this.child.pid);
    }

    stop() {
        return processes.stop(this.child, 'SIGINT');
    }
}

/** The webhook bot of bench/peers/bot.mjs. */
export class PeerBot {
    static name = 'grammY + PostgreSQL';

    constructor(postgres, fake, { answersTaps = false } = {}) {
        this.postgres = postgres;
        this.fake = fake;
        this.answersTaps = answersTaps;
        this.path = '/hook';
    }

    /** Empty tables, or with that many people who did all of it a while ago. */
    async prepare(people = 0) {
        await this.postgres.sql('bench', `
            drop table if exists users, onboarding, deliveries;
            create table users (tg_id bigint primary key, username text, first_name text,
                first_seen timestamptz default now(), last_seen timestamptz);
            create table onboarding (user_id bigint primary key, step text not null, updated_at timestamptz);
            create table deliveries (id bigserial primary key, user_id bigint not null, template text,
                status text not null, message_id bigint, created_at timestamptz, sent_at timestamptz);`);
        if (people) {
            await this.postgres.sql('bench', `
                insert into users select 1000000000 + 2 * n, 'user_' || n, 'User', now(), now()
                    from generate_series(0, ${people - 1}) n;
                insert into onboarding select tg_id, 'done', now() from users;
                insert into deliveries (user_id, template, status, message_id, created_at, sent_at)
                    select tg_id, 'welcome', 'sent', 1, now(), now() from users;
                analyze;`);
        }
        await this.postgres.sql('bench', 'checkpoint');
    }

    async start() {
        this.port = await processes.freePort();
        const began = performance.now();
        this.child = processes.start(process.execPath, [join(BENCH, 'peers/bot.mjs')], {
            core: processes.CORES.measured,
            log: 'inherit',
            env: {
                PORT: String(this.port),
                DATABASE_URL: this.postgres.url,
                POOL: String(POOL),
                BOT_TOKEN,
                SECRET,
                API_URL: this.fake.url,
                ANSWER_TAPS: this.answersTaps ? 'yes' : '',
            },
        });
        await processes.until(() => processes.accepts(this.port), this.child);
        return performance.now() - began;
    }

    get pid() {
        return this.child.pid;
    }

    /** CPU seconds so far: of the bot, and of its database. */
    cpu() {
        return { program_s: processes.cpuSeconds(this.pid), database_s: this.postgres.cpu() };
    }

    async rows() {
        const out = await this.postgres.sql('bench', `select (select count(*) from users) || ' users, ' ||
            (select count(*) from onboarding where step = 'done') || ' done, ' ||
            (select count(*) from deliveries where status = 'sent') || ' deliveries sent'`);
        return out.trim();
    }

    stop() {
        return processes.stop(this.child);
    }
}

/** A queue sending due messages, by `queue`.mjs of bench/peers; sink 'empty': doing nothing instead.
 *  {rate, cpu_s_per_1000}. */
export async function dueJobs(queue, postgres, fake, count, sink) {
    await postgres.sql('bench', `set client_min_messages = warning;
        drop schema if exists graphile_worker cascade; drop schema if exists pgboss cascade`);
    const env = {
        SINK: sink,
        DATABASE_URL: postgres.url,
        COUNT: String(count),
        API_URL: fake.url,
        BOT_TOKEN,
    };
    const script = join(BENCH, `peers/${queue}.mjs`);
    await processes.output(process.execPath, [script, 'fill'], { env });
    await postgres.sql('bench', 'vacuum analyze; checkpoint');
    const database_s = postgres.cpu();
    const text = await processes.output(process.execPath, [script, 'work'], { env, core: processes.CORES.measured });
    const result = JSON.parse(text.trim().split('\n').pop());
    const cpu_s = result.cpu_s + postgres.cpu() - database_s;
    return { rate: count / result.seconds, cpu_s_per_1000: (cpu_s / count) * 1000 };
}
