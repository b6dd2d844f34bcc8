// A PostgreSQL of the test's own, to be stopped, killed, frozen and started again. It answers on a
// socket in its temporary folder and nowhere else; as root it runs as the user postgres. Where the system lets
// us, its data may be on a small disk in memory, which only its processes see, to be filled up.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
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

/** A disk in memory at `folder` for whoever is run by `inside`; gone with the holder and all of them. */
class Disk {
    static #apart() {
        return process.getuid() === 0 ? ['--mount'] : ['--map-current-user', '--keep-caps', '--mount'];
    }

    static missing() {
        const tried = spawnSync('unshare', [...Disk.#apart(), 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]);
        return tried.status === 0 ? undefined : 'no disk in memory can be mounted here';
    }

    static async mount(folder, room, user) {
        const disk = new Disk();
        const owner = user.uid === undefined ? '' : `,uid=${user.uid},gid=${user.gid}`;
        disk.ballast = join(folder, 'ballast');
        disk.holder = spawn('unshare', [...Disk.#apart(), 'sh', '-c',
            'mount -t tmpfs -o "size=$1,mode=0700$2" tmpfs "$0" && echo mounted && read -r line', folder, room, owner],
        { stdio: ['pipe', 'pipe', 'inherit'] });
        await new Promise((resolve, reject) => {
            disk.holder.stdout.once('data', resolve);
            disk.holder.once('exit', () => reject(new Error(`no disk was mounted at ${folder}`)));
        });
        const into = ['nsenter', '--target', String(disk.holder.pid), '--mount'];
        disk.inside = process.getuid() !== 0 ? [...into, '--user', '--preserve-credentials']
            : [...into, '--setgid', String(user.gid), '--setuid', String(user.uid)];
        return disk;
    }

    #run(...command) {
        return spawnSync(this.inside[0], [...this.inside.slice(1), ...command], { stdio: 'ignore' }).status;
    }

    fill() {
        this.#run('dd', 'if=/dev/zero', `of=${this.ballast}`, 'bs=4096', 'oflag=append', 'conv=notrunc'); // ends in an error: no room
    }

    empty() {
        this.#run('rm', this.ballast);
    }

    unmount() {
        this.holder.stdin.end();
    }
}

export class Cluster {
    /** Why there can be none here; undefined when there can. */
    static missing() {
        return programs() ? undefined : 'PostgreSQL is not installed';
    }

    /** Why its disk cannot be a small one here; undefined when it can. */
    static missingRoom() {
        return Disk.missing();
    }

    /** room: of its disk, as in mount's `size=400m`; without, the disk is that of all temporary folders. */
    static async start({ room } = {}) {
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
        cluster.disk = room ? await Disk.mount(cluster.data, room, cluster.user) : undefined;
        const init = ['-D', cluster.data, '-U', 'nudge', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', '--wal-segsize=4'];
        const [program, args, options] = cluster.#command('initdb', init);
        execFileSync(program, args, { ...options, stdio: 'ignore' });
        writeFileSync(cluster.#rulesFile, 'local all all trust\n');
        await cluster.up();
        return cluster;
    }

    get url() {
        return `postgres://nudge@/postgres?host=${this.folder}`;
    }

    get #rulesFile() {
        return join(this.folder, 'pg_hba.conf');
    }

    /** How a program of PostgreSQL is run as its user, where its disk is. */
    #command(name, args) {
        const program = join(this.bin, name);
        return this.disk ? [this.disk.inside[0], [...this.disk.inside.slice(1), program, ...args], {}]
            : [program, args, { ...this.user, cwd: this.folder }];
    }

    /** Starts the server, also when one that was killed has not quite gone yet. */
    async up() {
        const settings = ['listen_addresses=', `unix_socket_directories=${this.folder}`, `hba_file=${this.#rulesFile}`,
            'shared_buffers=32MB', 'min_wal_size=8MB', 'max_wal_size=64MB'];
        const end = Date.now() + DEADLINE_MS;
        while (Date.now() < end) {
            if (!this.server || this.server.exitCode !== null || this.server.signalCode !== null) {
                const [program, args, options] = this.#command('postgres',
                    ['-D', this.data, ...settings.flatMap((setting) => ['-c', setting])]);
                this.server = spawn(program, args, { ...options, stdio: 'ignore' });
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
        this.disk?.unmount();
        rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }

    sql(text) {
        return execFileSync('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text, this.url], {
            encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'],
        }).trim();
    }

    /** Who may connect, as pg_hba.conf says it. */
    rules() {
        return readFileSync(this.#rulesFile, 'utf8');
    }

    /** Has these rules say who may connect from now on; waits until `works` of a connection is so. */
    async admit(rules, works) {
        writeFileSync(this.#rulesFile, `${rules}\n`);
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
