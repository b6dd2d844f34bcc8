// The same program on PostgreSQL: the server that its peer uses, a schema of its own.
import { DAY_MS, Nudge, storedIdentity, storedUser } from './nudge.mjs';
import * as processes from './processes.mjs';

const COMMITMENTS = 5;
const EVENTS = 20;

export class NudgePostgres extends Nudge {
    static name = 'nudge + PostgreSQL';

    constructor(build, folder, fake, postgres) {
        super(build, folder, fake);
        this.postgres = postgres;
    }

    get env() {
        return { ...super.env, DATABASE_URL: this.postgres.url };
    }

    sql(text) {
        return this.postgres.sql('bench', `set search_path = nudge; ${text}`);
    }

    /** An empty schema, or one with that many people, each with 5 commitments and 20 events. */
    async prepare(people = 0) {
        await this.postgres.sql('bench', 'drop schema if exists nudge cascade');
        this.port = await processes.freePort();
        await this.command('migrate');
        await this.command('rollout', 'set', 'superior_onboarding', '100');
        await this.command('telegram', 'webhook', 'set', `http://127.0.0.1:${this.port}${this.path}`);
        if (people) {
            await this.#fill(people);
        }
        await this.postgres.sql('bench', 'vacuum analyze; checkpoint');
    }

    /** `times` rows for each person; columns not named are empty or 0. n counts people, k the rows of one, from 0. */
    async #insert(table, people, times, values) {
        const columns = (await this.sql(`select attname || '|' || atttypid::regtype from pg_attribute
            where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped order by attnum`))
            .trim().split('\n').map((line) => line.split('|'));
        const expressions = columns.map(([name, type]) => values[name] ?? (type === 'text' ? "''" : '0'));
        await this.sql(`insert into ${table} (${columns.map(([name]) => `"${name}"`).join(', ')})
            select ${expressions.join(', ')}
            from generate_series(0, ${people - 1}::bigint) as n, generate_series(0, ${times - 1}::bigint) as k`);
    }

    async #fill(people) {
        const from_ms = Date.now() - 90 * DAY_MS;
        const joined = `(${from_ms} + n * ${Math.floor((80 * DAY_MS) / people)})`;
        const id = (place) => `(((${joined} + ${place}) << 21) | (n & 255))`; // milliseconds, then the slot
        const ended = `(${joined} + ${DAY_MS})`;
        await this.#insert('users', people, 1, storedUser(id(0), joined, ended, {
            event_last_id: id(EVENTS),
            commitments_total: String(COMMITMENTS),
            commitments_completed: String(COMMITMENTS),
            completion_ms_sum: String(COMMITMENTS * 3_600_000),
            first_commitment_at_ms: joined,
            first_completion_at_ms: ended,
        }));
        await this.#insert('identities', people, 1, storedIdentity(id(0), joined));
        await this.#insert('commitments', people, COMMITMENTS, {
            user_id: id(0),
            id: id('k + 1'),
            state: '1',
            text: "'Write one page'",
            source: "'bot'",
            created_at_ms: `${joined} + k + 1`,
            due_at_ms: ended,
            completed_at_ms: ended,
            ended_at_ms: ended,
        });
        await this.#insert('events', people, EVENTS, {
            id: id('k + 1'),
            user_id: id(0),
            at_ms: `${joined} + k + 1`,
            type: "case when k = 0 then 'user_joined' else 'message_received' end",
            previous_event_id: `case when k = 0 then 0 else ${id('k')} end`,
            data: `'{"text":"hello"}'`,
        });
    }

    databaseCpu() {
        return this.postgres.cpu();
    }

    cpu() {
        return { program_s: processes.cpuSeconds(this.pid), database_s: this.databaseCpu() };
    }
}
