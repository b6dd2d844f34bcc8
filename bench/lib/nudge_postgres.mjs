// The same program on PostgreSQL: the server that its peer uses, a schema of its own.
import { Nudge } from './nudge.mjs';
import * as processes from './processes.mjs';

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

    /** An empty schema; people stored before are the business of the file's rows. */
    async prepare(people = 0) {
        if (people) {
            throw new Error('stored people are measured with a file only');
        }
        await this.postgres.sql('bench', 'drop schema if exists nudge cascade');
        this.port = await processes.freePort();
        await this.command('migrate');
        await this.command('rollout', 'set', 'superior_onboarding', '100');
        await this.command('telegram', 'webhook', 'set', `http://127.0.0.1:${this.port}${this.path}`);
        await this.postgres.sql('bench', 'checkpoint');
    }

    cpu() {
        return { program_s: processes.cpuSeconds(this.pid), database_s: this.postgres.cpu() };
    }
}
