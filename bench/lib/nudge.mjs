// The program that is measured: `nudge serve` on SQLite, its updates by webhook, its pacing off.
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { BOT_TOKEN, SECRET } from './fake.mjs';
import * as processes from './processes.mjs';

export const DAY_MS = 86_400_000;
export const FIRST_STORED_USER = 1_000_000_000;

/** Telegram's id of the nth, in SQL. */
const TELEGRAM = `cast(${FIRST_STORED_USER} + 2 * n as text)`;

/** Columns of somebody stored who finished their onboarding, as expressions of n in SQL. */
export const storedUser = (id, joined, ended, more) => ({
    id,
    joined_at_ms: joined,
    first_name: "'User'",
    username: "'user_' || n",
    language: "'en'",
    telegram_address: TELEGRAM,
    telegram_reach: '1',
    channel: '1',
    journey_set: '1',
    set_assigned: '1',
    quiet_from_minute: '-1',
    quiet_to_minute: '-1',
    ladder_rung: '-1',
    activity_last_at_ms: ended,
    activity_day: `${ended} / 86400000`,
    activity_days: '1',
    onboarding_completed: '1',
    onboarding_completed_at_ms: ended,
    onboarding_ended_at_ms: ended,
    onboarding_version: "'superior_v2.0'",
    ...more,
});
export const storedIdentity = (id, joined) => ({
    kind: "'telegram'",
    value: TELEGRAM,
    user_id: id,
    created_at_ms: joined,
});

export class Nudge {
    static name = 'nudge + SQLite';

    constructor(build, folder, fake) {
        this.program = join(build, 'nudge');
        this.folder = join(folder, 'nudge');
        this.database = join(this.folder, 'nudge.sqlite');
        this.fake = fake;
        this.path = '/telegram/webhook';
        mkdirSync(this.folder, { recursive: true });
    }

    get env() {
        return {
            DATABASE_URL: `sqlite:${this.database}`,
            TELEGRAM_BOT_TOKEN: BOT_TOKEN,
            TELEGRAM_API_URL: this.fake.url,
            TELEGRAM_WEBHOOK_SECRET: SECRET,
            TELEGRAM_PACING: 'off',
            QUIET_HOURS: 'off',
            LOG_LEVEL: 'warn',
            PORT: String(this.port),
            ...this.more,
        };
    }

    command(...args) {
        return processes.output(this.program, args, { env: this.env });
    }

    sql(text) {
        return processes.output('sqlite3', ['-bail', '-batch', this.database], { input: text });
    }

    /** An empty database, everyone in the optimized set, updates by webhook; or one with that many
     *  people who finished their onboarding, made once and copied from then on. */
    async prepare(people = 0) {
        for (const ending of ['', '-wal', '-shm']) {
            rmSync(this.database + ending, { force: true });
        }
        this.port = await processes.freePort();
        const template = join(this.folder, `people-${people}.sqlite`);
        if (people && existsSync(template)) {
            copyFileSync(template, this.database);
        }
        await this.command('rollout', 'set', 'superior_onboarding', '100');
        await this.command('telegram', 'webhook', 'set', `http://127.0.0.1:${this.port}${this.path}`);
        if (people && !existsSync(template)) {
            await this.#fill(people);
            await this.sql('pragma wal_checkpoint(truncate);');
            copyFileSync(this.database, template);
        }
    }

    /** Inserts `people` rows; columns not named are empty text or 0. n counts from 0. */
    async #insert(table, people, values) {
        const columns = (await this.sql(`select name || '|' || type from pragma_table_info('${table}');`))
            .trim()
            .split('\n')
            .map((line) => line.split('|'));
        const expressions = columns.map(([name, type]) => values[name] ?? (type === 'TEXT' ? "''" : '0'));
        await this.sql(
            `pragma journal_mode = wal;
             insert into ${table} (${columns.map(([name]) => name).join(', ')})
             with recursive person(n) as (select 0 union all select n + 1 from person where n + 1 < ${people})
             select ${expressions.join(', ')} from person;`);
    }

    async #fill(people) {
        const from_ms = Date.now() - 90 * DAY_MS;
        const step_ms = Math.floor((80 * DAY_MS) / people);
        const joined = `(${from_ms} + n * ${step_ms})`;
        const id = `((${joined} << 21) | (n & 255))`; // milliseconds, then the slot
        const telegram = TELEGRAM;
        const ended = `(${joined} + 86400000)`;
        await this.#insert('users', people, storedUser(id, joined, ended, { delivery_last_id: `${id} + 512` }));
        await this.#insert('identities', people, storedIdentity(id, joined));
        await this.#insert('deliveries', people, {
            id: `${id} + 512`,
            user_id: id,
            journey: "'superior_onboarding'",
            sequence: "'superior_onboarding_v2'",
            step: "'first_win'",
            class: '1',
            channel: '1',
            address: telegram,
            language: "'en'",
            text: "'Take three deep breaths, right now. That is all.'",
            state: '3',
            created_at_ms: joined,
            sent_at_ms: joined,
            attempts: '1',
            provider_id: "'1'",
        });
    }

    /** Milliseconds until it says it is ready. */
    async start() {
        const began = performance.now();
        this.child = processes.start(this.program, ['serve'], {
            core: processes.CORES.measured,
            env: this.env,
            log: 'inherit',
        });
        await processes.until(() => this.#ready(), this.child);
        return performance.now() - began;
    }

    async #ready() {
        try {
            return (await fetch(`http://127.0.0.1:${this.port}/readyz`)).ok;
        } catch {
            return false;
        }
    }

    get pid() {
        return this.child.pid;
    }

    /** CPU seconds of a database server so far. */
    databaseCpu() {
        return 0;
    }

    cpu() {
        return { program_s: processes.cpuSeconds(this.pid), database_s: 0 };
    }

    async stop() {
        const status = await processes.stop(this.child);
        if (status !== 0) {
            throw new Error(`nudge serve ended with ${status}`);
        }
    }

    async rows() {
        const out = await this.sql(`select (select count(*) from users) || ' users, ' ||
            (select count(*) from runs) || ' runs, ' || (select count(*) from events) || ' events, ' ||
            (select count(*) from deliveries where state = 3) || ' deliveries sent';`);
        return out.trim();
    }

    /** Everything that waits for a later time becomes due now; how many rows that are. The server
     *  must be stopped. */
    async makeDue() {
        const at_ms = Date.now() - 1000;
        const out = await this.sql(`begin;
            delete from due where kind <> 2;
            update due set due_at_ms = ${at_ms};
            update runs set next_at_ms = ${at_ms} where next_at_ms > 0;
            commit;
            select count(*) from due;`);
        return Number(out.trim());
    }

    /** How the program keeps what it has promised: from the file, and from its source. */
    async durability(root) {
        const journal = (await this.sql('pragma journal_mode;')).trim();
        const store = join(root, 'src/store');
        const source = readdirSync(store, { recursive: false })
            .filter((name) => name.endsWith('.c') || name.endsWith('.sql'))
            .map((name) => readFileSync(join(store, name), 'utf8'))
            .join('\n');
        const synchronous = /synchronous\s*=\s*(\w+)/i.exec(source)?.[1] ?? "SQLite's default";
        const version = (await processes.output('sqlite3', ['--version'])).split(' ')[0];
        return `SQLite ${version}, journal_mode ${journal}, synchronous ${synchronous}`;
    }
}
