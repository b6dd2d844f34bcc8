// Copying a store: into a file and, with NUDGE_TEST_POSTGRES, into PostgreSQL and back. What went over is
// compared from outside, by the databases' own tools.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Installation, nudgePath } from '../lib/nudge.mjs';
import { Scene } from '../lib/scene.mjs';

const SERVER = process.env.NUDGE_TEST_POSTGRES;
/** Has one row from the beginning, and never another. */
const ONE_ROW = 'event_edge';
const LEFT_OUT = ['engine_lease', 'nodes', 'schema_migrations'];
const ROWS = 1203; // several pages, the last not full

const sqlite = (path, query) => execFileSync('sqlite3', [path, query], { maxBuffer: 256 << 20 }).toString();
const list = (path, query) => JSON.parse(execFileSync('sqlite3', ['-json', path, query]).toString() || '[]');

let made = 0;
/** A store of the other kind where there is one, else a file; PostgreSQL's is migrated, and holds nothing. */
async function empty(home, kind = SERVER ? 'postgres' : 'sqlite') {
    const name = `copy${process.pid}_${++made}`;
    const url = kind === 'postgres' ? `${SERVER}&schema=${name}` : `sqlite:${join(home.folder, `${name}.sqlite`)}`;
    if (kind === 'postgres') {
        await home.json('migrate', '--database', url);
    }
    return url;
}

const pathOf = (url) => url.slice('sqlite:'.length);

/** An installation whose store is a file, whatever the others of this run are. */
async function fileHome() {
    const home = await Installation.make();
    home.postgres = undefined;
    home.env.DATABASE_URL = `sqlite:${home.database}`;
    await home.json('migrate');
    return home;
}

const tablesOf = (path) =>
    list(path, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite#_%' ESCAPE '#' ORDER BY name")
        .map(({ name }) => name)
        .filter((name) => !LEFT_OUT.includes(name));

/** Rows in every column of every table there is, also of those that migrations add later. */
function fill(path) {
    const value = { INTEGER: (at) => `i * 100 + ${at}`, REAL: () => 'i / 7.0', BLOB: () => 'randomblob(i % 9)' };
    const text = (at) => `char(65 + i * 37 % 58) || 'ä''"😀' || i || '_${at}'`;
    for (const table of tablesOf(path).filter((name) => name !== ONE_ROW)) {
        const columns = list(path, `SELECT name, type FROM pragma_table_info('${table}')`);
        const values = columns.map(({ type }, at) => (value[type] ?? text)(at));
        sqlite(path, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
            INSERT INTO ${table} (${columns.map(({ name }) => `"${name}"`).join(', ')}) SELECT ${values.join(', ')} FROM n`);
    }
    sqlite(path, `UPDATE users SET activity_days = CASE id % 3 WHEN 0 THEN -9223372036854775808 WHEN 1 THEN 9223372036854775807
        ELSE 0 END, first_name = CASE id % 2 WHEN 0 THEN '' ELSE first_name END;
        UPDATE events SET revenue = CASE id % 5 WHEN 0 THEN -0.1 WHEN 1 THEN 1e300 WHEN 2 THEN 5e-324 ELSE revenue END;
        UPDATE ${ONE_ROW} SET first_id = 4711;
        UPDATE sqlite_sequence SET seq = 900000 WHERE name = 'inbox'`);
}

/** Everything in a file, in the order of all columns. */
function contents(path) {
    return tablesOf(path).map((table) => {
        const columns = list(path, `SELECT name FROM pragma_table_info('${table}') ORDER BY name`).map(({ name }) => `quote("${name}")`);
        return [table, sqlite(path, `SELECT ${columns.join(', ')} FROM ${table} ORDER BY ${columns.map((_, at) => at + 1).join(', ')}`)];
    });
}

const hashes = (proof) => proof.tables.map(({ table, target }) => [table, target.rows, target.hash]);

test('every column of every table goes over and comes back', async () => {
    const home = await fileHome();
    fill(home.database);
    const middle = await empty(home);
    const last = await empty(home, 'sqlite');
    const there = await home.json('copy', '--from', `sqlite:${home.database}`, '--to', middle);
    const back = await home.json('copy', '--from', middle, '--to', last);
    assert.ok(there.same && back.same);
    assert.deepEqual(there.tables.map(({ table }) => table), tablesOf(home.database));
    for (const { table, source, target } of there.tables) {
        const rows = table === ONE_ROW ? 1 : ROWS;
        assert.deepEqual([source.rows, target.rows], [rows, rows], table);
    }
    assert.deepEqual(hashes(there), hashes(back));
    assert.deepEqual(contents(pathOf(last)), contents(home.database));
    // Numbers that the database gives go on where they were.
    assert.deepEqual(list(pathOf(last), "SELECT seq FROM sqlite_sequence WHERE name = 'inbox'"), [{ seq: 900000 }]);
    await home.remove({ doctor: false });
});

test('a lived-in store is copied in the middle of everything, and goes on there', async (t) => {
    const scene = await Scene.open(t);
    const { home } = scene;
    const [ann, bob] = [scene.person({ first_name: 'Ann' }), scene.person({ first_name: 'Bob' })];
    await ann.send('/start');
    await (await ann.receive(/30 seconds/)).tap(/Done/);
    await ann.receive(/first win/);
    await bob.send('/start');
    await bob.receive(/30 seconds/);
    await bob.send('/commit read ten pages');
    await bob.receive(/read ten pages/);
    await scene.settled();
    assert.equal(await home.stop(), 0);

    const first = home.env.DATABASE_URL;
    const file = await empty(home, 'sqlite');
    const middle = await empty(home);
    const last = await empty(home, 'sqlite');
    const proofs = [];
    for (const [from, to] of [[first, file], [file, middle], [middle, last]]) {
        proofs.push(await home.json('copy', '--from', from, '--to', to));
        assert.deepEqual((await home.json('doctor', '--database', to)).findings, []);
    }
    assert.ok(proofs.every(({ same }) => same));
    assert.deepEqual(hashes(proofs[2]), proofs[0].tables.map(({ table, source }) => [table, source.rows, source.hash]));
    assert.deepEqual(contents(pathOf(last)), contents(pathOf(file)));

    const decided = await scene.user(ann);
    home.env.DATABASE_URL = SERVER ? middle : last;
    home.postgres = SERVER ? middle : undefined;
    home.database = SERVER ? home.database : pathOf(last);
    await home.serve();
    assert.equal((await scene.user(ann)).id, decided.id);
    await scene.later('2h');
    await ann.receive(/how do you want to feel today/);
    await ann.send('Calm');
    await ann.receive(/Good choice: Calm/);
    await scene.settled();
    const sent = (await scene.deliveries(ann)).filter(({ step_index, kind }) => step_index === 1 && kind === 'step');
    assert.equal(sent.length, 1);
    assert.deepEqual([sent[0].state, sent[0].attempts], ['sent', 1]);
});

describe('a copy that is killed', () => {
    test('is refused by everything else, and goes on when started again, also when the source went on', async () => {
        const home = await fileHome();
        fill(home.database);
        const to = await empty(home);
        const from = `sqlite:${home.database}`;
        const copy = spawn(nudgePath(), ['copy', '--from', from, '--to', to], {
            cwd: home.folder,
            env: home.env,
            stdio: ['ignore', 'ignore', 'pipe'],
        });
        const ended = new Promise((resolve) => copy.on('exit', (code, signal) => resolve(signal ?? code)));
        let told = '';
        copy.stderr.on('data', (bytes) => {
            told += bytes;
            if (/^copied /m.test(told)) {
                copy.kill('SIGKILL');
            }
        });
        const end = await ended;
        assert.match(told, /^copied audit_log: 1203 rows$/m);
        if (end === 'SIGKILL') { // else it was done before the signal came
            const metrics = await home.run('metrics', '--database', to);
            // It may have been done with all but telling.
            assert.ok(metrics.code === 0 || /a copy that was not finished; run the same nudge copy again/.test(metrics.stderr));
            if (metrics.code !== 0) {
                const serve = await home.run('serve', '--database', to);
                assert.equal(serve.code, 3);
                assert.match(serve.stderr, /not finished/);
                sqlite(home.database, `DELETE FROM users WHERE id % 3 = 0; UPDATE seen SET at_ms = at_ms + 1 WHERE at_ms % 7 = 0;
                    UPDATE audit_log SET actor = 'changed' WHERE id % 100 = 1 AND id > 60000; DELETE FROM broadcasts;
                    UPDATE commitments SET state = 1 - state WHERE state <= 1`);
                assert.ok((await home.json('copy', '--from', from, '--to', to)).same);
            }
        }
        if (!/not finished/.test((await home.run('metrics', '--database', to)).stderr)) {
            assert.equal((await home.run('copy', '--from', from, '--to', to)).code, 1);
        }
        await home.remove({ doctor: false });
    });

    test('goes on over a part that was written, changed and moved meanwhile', async () => {
        const home = await fileHome();
        fill(home.database);
        const to = await empty(home, 'sqlite');
        const from = `sqlite:${home.database}`;
        assert.ok((await home.json('copy', '--from', from, '--to', to)).same);
        // As it stands when a copy dies before its end; and what the source did since.
        sqlite(pathOf(to), `INSERT INTO schema_migrations VALUES ('copy', '', 0);
            DELETE FROM events WHERE id > 60000; DELETE FROM users; UPDATE runs SET step = step + 1 WHERE id % 2 = 0`);
        sqlite(home.database, `UPDATE commitments SET state = state + 1; DELETE FROM deliveries WHERE id % 1000 < 500;
            UPDATE settings SET json = '{}' WHERE name LIKE 'B%'; DELETE FROM feedback`);
        assert.match((await home.run('metrics', '--database', to)).stderr, /not finished/);
        assert.ok((await home.json('copy', '--from', from, '--to', to)).same);
        assert.deepEqual(contents(pathOf(to)), contents(home.database));
        await home.remove({ doctor: false });
    });
});

test('what differs after all is told, and nothing works on it', async () => {
    const home = await fileHome();
    fill(home.database);
    const to = await empty(home, 'sqlite');
    await home.json('migrate', '--database', to);
    sqlite(pathOf(to), 'CREATE TRIGGER t AFTER INSERT ON feedback WHEN new.id % 1000 = 200 BEGIN ' +
        'UPDATE feedback SET rating = rating + 1 WHERE id = new.id; END');
    const from = `sqlite:${home.database}`;
    const table = await home.run('copy', '--from', from, '--to', to);
    assert.equal(table.code, 1);
    assert.match(table.stdout, /^feedback +1203 +1203 +(?<one>[0-9a-f]{16}) +(?!\k<one>)[0-9a-f]{16} +DIFFERENT$/m);
    assert.match(table.stdout, /^users +1203 +1203 +(?<one>[0-9a-f]{16}) +\k<one> +same$/m);
    assert.match((await home.run('metrics', '--database', to)).stderr, /not finished/);
    sqlite(pathOf(to), 'DROP TRIGGER t');
    assert.ok((await home.json('copy', '--from', from, '--to', to)).same);
    await home.remove({ doctor: false });
});

test('what cannot be copied is refused, and why', async () => {
    const home = await fileHome();
    const from = `sqlite:${home.database}`;
    const to = await empty(home, 'sqlite');
    const refused = async (code, pattern, ...args) => {
        const { code: got, stderr, stdout } = await home.run('copy', ...args);
        assert.deepEqual([got, stdout], [code, ''], stderr);
        assert.match(stderr, pattern);
    };
    await refused(2, /expected --from URL and --to URL/, '--from', from);
    await refused(2, /the same store/, '--from', from, '--to', from);
    await refused(1, /source and target are the same store/, '--from', from, '--to', `sqlite:${home.folder}/./nudge.sqlite`);
    await refused(1, /the source: there is no database at/, '--from', `${from}.not`, '--to', to);
    await refused(3, /the source: cannot connect/, '--from', 'postgres://127.0.0.1:1/none', '--to', to);
    await refused(3, /the target: cannot connect/, '--from', from, '--to', 'postgres://127.0.0.1:1/none');
    await refused(3, /names no database/, '--from', from, '--to', 'nudge.db');
    if (SERVER) {
        const bare = `${SERVER}&schema=bare${process.pid}`;
        await refused(3, /the target: it lacks \d+ migrations; run: nudge migrate --database/, '--from', from, '--to', bare);
    }
    // People that no copy put there.
    const full = await empty(home, 'sqlite');
    home.env.DATABASE_URL = full;
    assert.equal((await home.run('demo', '--no-serve')).code, 0);
    await refused(1, /the target holds 18 people already/, '--from', from, '--to', full);
    // A server at work.
    const served = await empty(home, 'sqlite');
    home.env.DATABASE_URL = served;
    await home.serve();
    await refused(1, /the target: process \d+ runs the engine/, '--from', from, '--to', served);
    assert.ok((await home.json('copy', '--from', served, '--to', to)).same);
    assert.equal(await home.stop(), 0);
    // Another schema.
    sqlite(pathOf(served), "INSERT INTO schema_migrations VALUES ('9999_x.sql', 'x', 0)");
    await refused(3, /the source: the database is newer than this program/, '--from', served, '--to', await empty(home, 'sqlite'));
    await refused(3, /the target: the database is newer than this program/, '--from', from, '--to', served);
    sqlite(pathOf(served), "DELETE FROM schema_migrations WHERE name >= '0014'");
    await refused(3, /the target: it lacks \d+ migrations?;/, '--from', from, '--to', served);
    await home.remove({ doctor: false });
});
