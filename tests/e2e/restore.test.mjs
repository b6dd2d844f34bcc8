// A backup is put back: what it held is there again, whole, and nothing that stood there is lost unasked.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, openSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Installation, nudgePath } from '../lib/nudge.mjs';

const people = (path) => Number(execFileSync('sqlite3', ['-readonly', path, 'SELECT count(*) FROM users']).toString());

/** An installation in a file with the 18 people of the demonstration, and its backup. */
async function inhabited() {
    const home = await Installation.make();
    home.postgres = undefined;
    home.env.DATABASE_URL = `sqlite:${home.database}`;
    assert.equal((await home.run('demo', '--no-serve')).code, 0);
    home.backup = join(home.folder, 'backup.db');
    await home.json('backup', home.backup);
    return home;
}

const keptIn = (home) => readdirSync(home.folder).filter((name) => /^nudge\.sqlite\.before-\d{4}-\d\d-\d\dT[0-9:.]+Z$/.test(name));

test('a backup is put where nothing stands, and over people only by force, which keeps them', async () => {
    const home = await inhabited();
    const other = join(home.folder, 'other.db');
    const fresh = await home.json('restore', home.backup, '--database', `sqlite:${other}`);
    assert.deepEqual(fresh, { file: home.backup, people: 18, pending: 0, kept: '' });
    assert.equal(statSync(other).mode & 0o777, 0o600);
    assert.equal((await home.run('doctor', '--database', `sqlite:${other}`)).code, 0);

    execFileSync('sqlite3', [home.database, "PRAGMA journal_mode = WAL; UPDATE users SET first_name = 'Later'"]);
    const refused = await home.run('restore', home.backup);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /holds 18 people; with --force it is kept beside/);
    assert.deepEqual(keptIn(home), []);
    const forced = await home.json('restore', home.backup, '--force');
    assert.deepEqual([forced.people, `${home.folder}/${keptIn(home)[0]}`], [18, forced.kept]);
    const names = (path) => execFileSync('sqlite3', ['-readonly', path, "SELECT count(*) FROM users WHERE first_name = 'Later'"]).toString().trim();
    assert.deepEqual([names(forced.kept), names(home.database)], ['18', '0']);
    await home.serve();
    assert.equal(await home.stop(), 0);
    await home.remove();
});

test('a store without people is replaced; a server at work is not', async () => {
    const home = await inhabited();
    const empty = `sqlite:${join(home.folder, 'empty.db')}`;
    await home.json('migrate', '--database', empty);
    assert.equal((await home.json('restore', home.backup, '--database', empty)).people, 18);
    await home.serve();
    for (const force of [[], ['--force']]) {
        const { code, stderr } = await home.run('restore', home.backup, ...force);
        assert.deepEqual([code, /a server works on .*; stop it/.test(stderr)], [1, true], stderr);
    }
    assert.equal(await home.stop(), 0);
    assert.equal((await home.json('metrics')).conversion_rate_n, 18);
    await home.remove();
});

test('what is damaged, newer or no backup is refused, and what stands there stays', async () => {
    const home = await inhabited();
    const inside = () => execFileSync('sqlite3', ['-readonly', home.database, '.dump users', '.dump events']).toString();
    const before = inside();
    const refused = async (file, pattern, code = 3) => {
        const got = await home.run('restore', file, '--force');
        assert.equal(got.code, code, got.stderr);
        assert.match(got.stderr, pattern);
        assert.equal(inside(), before);
        assert.ok(!existsSync(`${home.database}.restoring`));
        assert.deepEqual(keptIn(home), []);
    };
    const named = (name) => join(home.folder, name);
    await refused(named('none.db'), /there is no database at/, 1);
    writeFileSync(named('text.db'), 'this is no database, but long enough to be looked at\n'.repeat(100));
    await refused(named('text.db'), /damaged/);
    copyFileSync(home.backup, named('torn.db'));
    const torn = openSync(named('torn.db'), 'r+');
    for (let page = 2; page < 40; page++) {
        writeSync(torn, Buffer.alloc(2000, 0xa5), 0, 2000, page * 4096 + 1000);
    }
    await refused(named('torn.db'), /damaged/);
    copyFileSync(home.backup, named('newer.db'));
    execFileSync('sqlite3', [named('newer.db'), "INSERT INTO schema_migrations VALUES ('9999_x.sql', 'x', 0)"]);
    await refused(named('newer.db'), /newer than this program/);
    execFileSync('sqlite3', [named('foreign.db'), 'CREATE TABLE t (x)']);
    await refused(named('foreign.db'), /something else/);
    writeFileSync(named('nothing.db'), '');
    await refused(named('nothing.db'), /it holds no store/);
    assert.equal((await home.run('restore')).code, 2);
    const server = await home.run('restore', home.backup, '--database', 'postgres://127.0.0.1:1/none');
    assert.deepEqual([server.code, /pg_restore/.test(server.stderr)], [3, true], server.stderr);
    await home.remove();
});

test('a damaged store is replaced by force, and kept as it is', async () => {
    const home = await inhabited();
    const garbage = 'the disk wrote something else here\n'.repeat(2000);
    writeFileSync(home.database, garbage);
    const refused = await home.run('restore', home.backup);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /is no store .*--force/);
    const { kept } = await home.json('restore', home.backup, '--force');
    assert.equal(readFileSync(kept, 'utf8'), garbage);
    assert.equal(people(home.database), 18);
    await home.remove();
});

test('killed at any place, one or the other stands there, and it can be done again', async () => {
    const home = await inhabited();
    for (let round = 0; round < 12; round++) {
        const restore = spawn(nudgePath(), ['restore', home.backup, '--force'], {
            cwd: home.folder,
            env: home.env,
            stdio: 'ignore',
        });
        const ended = new Promise((resolve) => restore.on('exit', resolve));
        const seen = home.until('the copy is begun, or all is over', () =>
            restore.exitCode !== null || restore.signalCode !== null ||
            existsSync(`${home.database}.restoring.partial`) || existsSync(`${home.database}.restoring`));
        if (round % 2 === 0) {
            await seen;
        }
        restore.kill('SIGKILL');
        await ended;
        await seen;
        assert.equal(people(home.database), 18);
        assert.equal((await home.run('doctor')).code, 0);
    }
    home.advance('1h'); // a name of its own for what is kept
    assert.equal((await home.json('restore', home.backup, '--force')).people, 18);
    assert.ok(!existsSync(`${home.database}.restoring`));
    await home.serve();
    assert.equal(await home.stop(), 0);
    await home.remove();
});
