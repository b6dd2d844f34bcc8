// A PostgreSQL of the test's own, to be stopped, killed, frozen and started again. It answers on a
// socket in its temporary folder and nowhere else; as root it runs as the user postgres.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const DEADLINE_MS = 120_000;
const ROOT = '/usr/lib/postgresql';

function programs() {
    const versions = existsSync(ROOT) ? readdirSync(ROOT).sort((a, b) => Number(b) - Number(a)) : [];
    return versions.map((version) => join(ROOT, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
}

function otherUser() {
    if (process.getuid() !== 0) {
        return {};
    }
    const id = (flag) => Number(execFileSync('id', [flag, 'postgres']));
    return { uid: id('-u'), gid: id('-g') };
}

export class Cluster {
    /** Why there can be none here; undefined when there can. */
    static missing() {
        return programs() ? undefined : 'PostgreSQL is not installed';
    }

    static async start() {
        const cluster = new Cluster();
        cluster.bin = programs();
        cluster.user = otherUser();
        cluster.folder = mkdtempSync(join(tmpdir(), 'nudge-pg-'));
        cluster.data = join(cluster.folder, 'data');
        mkdirSync(cluster.data, { mode: 0o700 });
        if (cluster.user.uid !== undefined) {
            chownSync(cluster.folder, cluster.user.uid, cluster.user.gid);
            chownSync(cluster.data, cluster.user.uid, cluster.user.gid);
        }
        const init = ['-D', cluster.data, '-U', 'nudge', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
        execFileSync(join(cluster.bin, 'initdb'), init, { ...cluster.user, cwd: cluster.folder, stdio: 'ignore' });
        await cluster.up();
        return cluster;
    }

    get url() {
        return `postgres://nudge@/postgres?host=${this.folder}`;
    }

    /** Starts the server, also when one that was killed has not quite gone yet. */
    async up() {
        const settings = ['listen_addresses=', `unix_socket_directories=${this.folder}`, 'shared_buffers=32MB'];
        const end = Date.now() + DEADLINE_MS;
        while (Date.now() < end) {
            if (!this.server || this.server.exitCode !== null || this.server.signalCode !== null) {
                this.server = spawn(join(this.bin, 'postgres'),
                    ['-D', this.data, ...settings.flatMap((setting) => ['-c', setting])],
                    { ...this.user, cwd: this.folder, stdio: 'ignore' });
                this.gone = new Promise((resolve) => this.server.on('exit', resolve));
            }
            if (this.answers()) {
                return;
            }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error('PostgreSQL did not start');
    }

    /** SIGINT ends it in order, SIGQUIT at once and without a checkpoint, SIGKILL as a crash. */
    async stop(signal = 'SIGQUIT') {
        this.server?.kill(signal);
        await this.gone;
    }

    async remove() {
        await this.stop();
        rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }

    sql(text) {
        return execFileSync('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text, this.url], {
            encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'],
        }).trim();
    }

    /** Who may connect, as pg_hba.conf says it. */
    rules() {
        return readFileSync(join(this.data, 'pg_hba.conf'), 'utf8');
    }

    /** Has these rules say who may connect from now on; waits until `works` of a connection is so. */
    async admit(rules, works) {
        writeFileSync(join(this.data, 'pg_hba.conf'), `${rules}\n`);
        this.server.kill('SIGHUP');
        const end = Date.now() + DEADLINE_MS;
        while (this.answers() !== works) {
            if (Date.now() > end) {
                throw new Error(`PostgreSQL still ${works ? 'refuses' : 'takes'} connections`);
            }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    }

    answers() {
        try {
            this.sql('select 1');
            return true;
        } catch {
            return false;
        }
    }

    /** Process ids of the program's connections. */
    backends() {
        const rows = this.sql("select pid from pg_stat_activity where application_name = 'nudge'");
        return rows.split('\n').filter(Boolean).map(Number);
    }
}
