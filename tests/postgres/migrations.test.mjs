// The schema on PostgreSQL: `nudge migrate`, the script for an SQL editor and the files for Supabase's
// tools leave the same; the public roles see nothing of it; and the tables of the bot before us, in each
// of their shapes, stay as they are while others write to them.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Installation, nudgePath } from '../lib/nudge.mjs';

const run = promisify(execFile);
const ROOT = join(fileURLToPath(import.meta.url), '..', '..', '..');
const SCRIPT = join(ROOT, 'database_migrations.sql');
const FILES = readdirSync(join(ROOT, 'supabase', 'migrations')).sort();
const FIVE = [
    'superior_onboarding_states',
    'onboarding_message_deliveries',
    'user_engagement_summary',
    'message_deliveries',
    'delivery_analytics',
];
const socket = /host=([^&]+)/.exec(process.env.NUDGE_TEST_POSTGRES)[1];
const url = (database, user = 'app') => `postgres://${user}@/${database}?host=${socket}`;

const psql = async (database, ...args) =>
    (await run('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', ...args, url(database)], { maxBuffer: 64 << 20 })).stdout;
const sql = (database, text) => psql(database, '-c', text);
const asAdmin = (database, text) => run('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text, url(database, 'nudge')]);
// The line that keeps psql from running other commands holds a random word.
const dump = async (database, ...args) =>
    (await run('pg_dump', [...args, url(database, 'nudge')], { maxBuffer: 64 << 20 })).stdout.replace(
        /^\\(un)?restrict .*$/gm,
        '',
    );
const schemaOf = (database) => dump(database, '--schema=nudge', '--schema-only');
const outside = (database) => dump(database, '--exclude-schema=nudge');

const nudge = (database, ...args) => nudgeAt(url(database), ...args);
const nudgeAt = async (address, ...args) => {
    const env = { PATH: process.env.PATH, DATABASE_URL: address, ASAN_OPTIONS: process.env.ASAN_OPTIONS };
    try {
        const { stdout } = await run(nudgePath(), args, { env, cwd: ROOT });
        return { code: 0, stdout };
    } catch (error) {
        return { code: error.code, stdout: error.stdout, stderr: error.stderr };
    }
};

/** A database that belongs to `app`, who is no superuser, as `postgres` is none on Supabase. */
let databases = 0;
const database = async () => {
    const name = `d${++databases}`;
    await asAdmin('postgres', `CREATE DATABASE ${name} OWNER app`);
    await asAdmin(name, 'ALTER SCHEMA public OWNER TO app');
    return name;
};

const migrated = async () => {
    const name = await database();
    const done = await nudge(name, 'migrate');
    assert.equal(done.code, 0, done.stderr);
    return name;
};

const supabaseFile = (name, file) => psql(name, '-f', join(ROOT, 'supabase', 'migrations', file));
const record = (name) => sql(name, 'SELECT name, checksum FROM nudge.schema_migrations ORDER BY name');

before(() => asAdmin('postgres', 'CREATE ROLE app LOGIN NOSUPERUSER'));

test('the script, file by file or pasted as one query, leaves the schema of nudge migrate', async () => {
    const ours = await migrated();
    const wanted = await schemaOf(ours);
    assert.match(wanted, /CREATE TABLE nudge\.users/);

    const pasted = await database();
    const answer = await sql(pasted, readFileSync(SCRIPT, 'utf8'));
    assert.deepEqual(answer.trim().split('\n').slice(-5), FIVE.map((name) => `${name}|ok`));
    assert.equal(await schemaOf(pasted), wanted);

    const fed = await database();
    await psql(fed, '-f', SCRIPT);
    assert.equal(await schemaOf(fed), wanted);

    const supabase = await database();
    assert.equal(new Set(FILES.map((file) => file.slice(0, 14))).size, FILES.length, 'versions are keys there');
    for (const file of FILES) {
        assert.match(file, /^\d{14}_[a-z0-9_]+\.sql$/);
        await supabaseFile(supabase, file);
    }
    assert.equal(await schemaOf(supabase), wanted);

    for (const name of [pasted, fed, supabase]) {
        assert.equal(await record(name), await record(ours));
        assert.equal((await nudge(name, 'migrate', '--check')).code, 0);
        assert.equal((await nudge(name, 'doctor')).code, 0);
    }
});

test('the script may run again, after nudge migrate, and where only some are applied', async () => {
    const name = await migrated();
    const wanted = await dump(name, '--schema=nudge');
    await psql(name, '-f', SCRIPT);
    await sql(name, readFileSync(SCRIPT, 'utf8'));
    assert.equal(await dump(name, '--schema=nudge'), wanted);

    const partly = await database();
    await supabaseFile(partly, FILES[0]);
    const pending = await nudge(partly, 'migrate', '--plan', '--json');
    assert.equal(JSON.parse(pending.stdout).pending, FILES.length - 1);
    await psql(partly, '-f', SCRIPT);
    assert.equal(await schemaOf(partly), await schemaOf(name));
    assert.equal((await nudge(partly, 'migrate', '--check')).code, 0);
});

test('several migrate at the same time: each migration is applied once', async () => {
    const name = await database();
    const all = await Promise.all([1, 2, 3, 4].map(() => nudge(name, 'migrate', '--json')));
    assert.deepEqual(all.map(({ code, stderr }) => stderr ?? code), [0, 0, 0, 0]);
    const applied = all.flatMap(({ stdout }) => JSON.parse(stdout).applied_now);
    assert.deepEqual(applied.sort(), FILES.map((file) => file.replace(/^\d{10}(\d{4})_nudge/, '$1')));
    assert.equal((await nudge(name, 'doctor')).code, 0);
});

test('a schema of something else, another text and a wrong order are refused, and nothing is done', async () => {
    const other = await database();
    await sql(other, 'CREATE SCHEMA nudge; CREATE TABLE nudge.things (id int)');
    await assert.rejects(psql(other, '-f', SCRIPT), /one of something else/);
    assert.equal((await sql(other, "SELECT string_agg(relname, ',') FROM pg_class WHERE relnamespace = 'nudge'::regnamespace")).trim(), 'things');

    const changed = await migrated();
    await sql(changed, `UPDATE nudge.schema_migrations SET checksum = 'x' WHERE name LIKE '0001%'`);
    await assert.rejects(psql(changed, '-f', SCRIPT), /applied with another text/);

    const early = await database();
    await assert.rejects(supabaseFile(early, FILES[1]), /comes before/);
    assert.equal((await sql(early, "SELECT to_regnamespace('nudge') IS NULL")).trim(), 't');
});

/** What a role may do with each thing in the schema, tried, and as the catalogue says. */
async function reached(name, role) {
    const found = [];
    const things = (await sql(name, `SELECT relname || '|' || relkind::text FROM pg_class
        WHERE relnamespace = 'nudge'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S') ORDER BY 1`)).trim().split('\n');
    assert.ok(things.length > 20);
    const script = things.map((thing) => thing.split('|')).map(([relation, kind]) => `
        BEGIN
            ${kind === 'S' ? `PERFORM nextval('nudge.${relation}')` : `PERFORM FROM nudge.${relation}`};
            RAISE WARNING 'READ %', '${relation}';
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END;
        ${kind !== 'r' && kind !== 'p' ? '' : `
        BEGIN
            INSERT INTO nudge.${relation} DEFAULT VALUES;
            RAISE WARNING 'WROTE %', '${relation}';
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END;
        BEGIN
            DELETE FROM nudge.${relation};
            RAISE WARNING 'DELETED %', '${relation}';
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END;`}`).join('');
    const tried = await run('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', `SET ROLE ${role}`, '-c', `DO $$ BEGIN ${script} END $$`, url(name, 'nudge')]);
    found.push(...(tried.stderr.match(/(READ|WROTE|DELETED) \w+/g) ?? []));
    const granted = await sql(name, `SELECT relname FROM pg_class WHERE relnamespace = 'nudge'::regnamespace AND
        relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege('${role}', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')`);
    const callable = await sql(name, `SELECT proname FROM pg_proc WHERE pronamespace = 'nudge'::regnamespace
        AND has_function_privilege('${role}', oid, 'EXECUTE')`);
    return [...found, ...granted.split('\n'), ...callable.split('\n')].filter((line) => line !== '');
}

test('the public roles read and write nothing, however new tables are granted', async () => {
    await asAdmin('postgres', 'CREATE ROLE anon NOLOGIN; CREATE ROLE authenticated NOLOGIN');
    const regimes = {
        // Projects made before the change of 2026: whatever is made belongs to everybody.
        open: `ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT ALL ON TABLES TO anon, authenticated;
               ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT ALL ON SEQUENCES TO anon, authenticated;
               ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT ALL ON FUNCTIONS TO anon, authenticated;
               ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT USAGE ON SCHEMAS TO anon, authenticated`,
        closed: 'SELECT 1',
    };
    for (const [regime, grants] of Object.entries(regimes)) {
        for (const way of ['nudge', 'script']) {
            const name = await database();
            await asAdmin(name, grants);
            if (way === 'nudge') {
                assert.equal((await nudge(name, 'migrate')).code, 0);
            } else {
                await psql(name, '-f', SCRIPT);
            }
            // Months of events that are made later, too.
            const made = await sql(name, `SET search_path = nudge; SELECT event_months_make(${Date.now() + 400 * 24 * 3600e3})`);
            assert.ok(Number(made) >= 12);
            // Whoever exposes the schema by mistake exposes nothing in it.
            await asAdmin(name, 'GRANT USAGE ON SCHEMA nudge TO anon, authenticated');
            for (const role of ['anon', 'authenticated']) {
                assert.deepEqual(await reached(name, role), [], `${role}, ${regime}, ${way}`);
            }
            await asAdmin(name, 'GRANT SELECT ON nudge.users TO anon');
            assert.deepEqual(await reached(name, 'anon'), ['READ users', 'users'], 'the test sees what is open');
            await asAdmin(name, 'DROP OWNED BY anon, authenticated');
        }
    }
    await asAdmin('postgres', 'DROP ROLE anon; DROP ROLE authenticated');
    await migrated();
});

test('events that were written before are the first part of those by month, while others write', async () => {
    const name = await database();
    const months = FILES.findIndex((file) => file.endsWith('_event_months.sql'));
    for (const file of FILES.slice(0, months)) {
        await supabaseFile(name, file);
    }
    const event = (id) => `INSERT INTO nudge.events SELECT id, 1, id / 2097152, 'x', 0, '', '', 0, '', '', 0
        FROM (SELECT ${id} + g AS id FROM generate_series(1, 20000) AS g) AS n`;
    const now = '((extract(epoch FROM now()) * 1000)::bigint * 2097152)';
    const aYear = `(365 * 86400000::bigint * 2097152)`;
    await sql(name, `${event(`${now} - ${aYear}`)}; ${event(now)}`);
    await assert.rejects(sql(name, event(`${now} + ${aYear}`)), /events_bound/);
    const file = (await sql(name, `SELECT pg_relation_filenode('nudge.events')`)).trim();

    // Without the lock for long: who writes meanwhile is not refused.
    const other = writer(name, `INSERT INTO nudge.events SELECT ${now} + 100000::bigint * pg_backend_pid(), 2, 0, 'x', 0, '', '', 0, '', '', 0`);
    await other.more(2);
    assert.equal((await nudge(name, 'migrate')).code, 0);
    await other.more(2);
    const written = await other.stop();
    assert.equal((await sql(name, `SELECT tableoid::regclass, user_id, count(*) FROM nudge.events GROUP BY 1, 2 ORDER BY 2`)).trim(),
        `nudge.events_before|1|40000\nnudge.events_before|2|${written}`);
    assert.equal((await sql(name, `SELECT pg_relation_filenode('nudge.events_before')`)).trim(), file, 'nothing was rewritten');

    await sql(name, event(`${now} + ${aYear}`));
    const parts = (await sql(name, `SELECT tableoid::regclass FROM nudge.events GROUP BY 1 ORDER BY 1`)).trim().split('\n');
    assert.deepEqual(parts.sort(), ['nudge.events_before', 'nudge.events_rest']);
    const indexes = await sql(name, `SELECT string_agg(indexrelid::regclass::text, ' ' ORDER BY 1) FROM pg_index
        WHERE indrelid = 'nudge.events_before'::regclass AND indisvalid`);
    assert.match(indexes, /nudge\.events_before_pkey/);
    assert.match(indexes, /nudge\.events_before_revenue/);
    assert.equal((await nudge(name, 'migrate', '--check')).code, 0);
});

test('a table of events that somebody reads for long is migrated when they have ended', async () => {
    const name = await database();
    const months = FILES.findIndex((file) => file.endsWith('_event_months.sql'));
    for (const file of FILES.slice(0, months)) {
        await supabaseFile(name, file);
    }
    const reader = spawn('psql', ['-qAtX', url(name)], { stdio: ['pipe', 'pipe', 'inherit'] });
    reader.stdin.write(`BEGIN; SELECT count(*) FROM nudge.events;\n`);
    await once(reader.stdout, 'data');
    const refused = await nudge(name, 'migrate');
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /lock/);
    assert.equal((await sql(name, `SELECT relkind FROM pg_class WHERE oid = 'nudge.events'::regclass`)).trim(), 'r');
    reader.stdin.end('ROLLBACK;\n');
    await once(reader, 'close');
    assert.equal((await nudge(name, 'migrate')).code, 0);
    assert.equal((await sql(name, `SELECT relkind FROM pg_class WHERE oid = 'nudge.events'::regclass`)).trim(), 'p');
});

/** Somebody who works on the live tables until told to stop; `more` waits for that many further writes. */
function writer(name, statement) {
    let going = true;
    let count = 0;
    let waiting = [];
    const work = (async () => {
        while (going) {
            await sql(name, statement);
            count++;
            waiting = waiting.filter(({ wanted, resolve }) => count < wanted || resolve());
        }
    })();
    return {
        more: (n) => Promise.race([work, new Promise((resolve) => waiting.push({ wanted: count + n, resolve }))]),
        stop: async () => {
            going = false;
            await work;
            return count;
        },
    };
}

const WRITES = {
    a: `INSERT INTO commitments (telegram_user_id, commitment) VALUES (7002, 'one more');
        UPDATE message_deliveries SET metadata = '"{}"' WHERE message_content = 'old message 1'`,
    b: `INSERT INTO commitments (user_id, commitment) SELECT id, 'one more' FROM users WHERE telegram_user_id = 8002;
        UPDATE users SET last_activity_at = now()`,
    c: `INSERT INTO commitments (telegram_id, text) VALUES (9002, 'one more'); UPDATE users SET last_seen = now()`,
};

for (const shape of ['a', 'b', 'c']) {
    test(`beside live tables of shape ${shape} nothing of theirs changes`, async () => {
        const name = await database();
        await psql(name, '-f', join(ROOT, 'tests', 'data', 'live', `${shape}.sql`));
        const atRest = await outside(name);
        for (let i = 0; i < 2; i++) {
            assert.equal((await nudge(name, 'migrate')).code, 0);
            await psql(name, '-f', SCRIPT);
        }
        assert.equal(await outside(name), atRest);

        await asAdmin(name, 'DROP SCHEMA nudge CASCADE');
        const other = writer(name, WRITES[shape]);
        await other.more(2);
        await psql(name, '-f', SCRIPT);
        assert.equal((await nudge(name, 'migrate')).code, 0);
        await other.more(2);
        const written = await other.stop();
        const text = shape === 'c' ? 'text' : 'commitment';
        assert.equal((await sql(name, `SELECT count(*) FROM commitments WHERE ${text} = 'one more'`)).trim(), `${written}`);
        const schemaOnly = (text) => text.replace(/^COPY [\s\S]*?^\\\.$/gm, '').replace(/setval\([^)]*\)/g, '');
        assert.equal(schemaOnly(await outside(name)), schemaOnly(atRest));
        assert.equal((await nudge(name, 'doctor')).code, 0);
    });
}

test('a role whose name wants quotes closes its tables too', async () => {
    // The second name is what the first one would be without its quotes.
    await asAdmin('postgres', 'CREATE ROLE "Mixed-Case" LOGIN; CREATE ROLE "mixed-case"');
    for (const way of ['nudge', 'script']) {
        const name = `mixed_${way}`;
        await asAdmin('postgres', `CREATE DATABASE ${name} OWNER "Mixed-Case"`);
        const theirs = url(name, 'Mixed-Case');
        if (way === 'nudge') {
            const done = await nudgeAt(theirs, 'migrate');
            assert.equal(done.code, 0, done.stderr);
        } else {
            await run('psql', ['-qX', '-v', 'ON_ERROR_STOP=1', '-f', SCRIPT, theirs]);
        }
        assert.equal((await nudgeAt(theirs, 'doctor')).code, 0);
        const { stdout } = await asAdmin(name, `SELECT count(*), count(*) FILTER (WHERE relrowsecurity) FROM pg_class
            WHERE relnamespace = 'nudge'::regnamespace AND relkind IN ('r', 'p')`);
        const [tables, closed] = stdout.trim().split('|').map(Number);
        assert.ok(tables > 15);
        assert.equal(closed, tables);
    }
});

test('the script is for the schema that stands in DATABASE_URL', async () => {
    const name = await database();
    const other = `${url(name)}&schema=other_one`;
    const script = await nudgeAt(other, 'migrate', '--sql');
    assert.equal(script.code, 0, script.stderr);
    await sql(name, script.stdout);
    assert.equal((await nudgeAt(other, 'migrate', '--check')).code, 0);
    assert.equal((await sql(name, "SELECT to_regnamespace('nudge') IS NULL")).trim(), 't');
    const wrong = await nudgeAt(`${url(name)}&schema=a"b`, 'migrate', '--sql');
    assert.equal(wrong.code, 3);
    assert.equal(wrong.stdout, '');
    assert.match(wrong.stderr, /schema= takes small letters/);
});

test('a server starts on what the script made', async () => {
    const name = await database();
    const home = await Installation.make();
    home.env.DATABASE_URL = url(name);
    await assert.rejects(home.serve(), /nudge migrate/);
    await psql(name, '-f', SCRIPT);
    await home.serve();
    assert.equal(await home.stop(), 0);
    assert.equal((await nudge(name, 'doctor')).code, 0);
    await home.remove({ doctor: false });
});

test('a lock that another holds for long is asked for again', async () => {
    const name = await database();
    await supabaseFile(name, FILES[0]);
    const holder = spawn('psql', ['-qAtX', url(name)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(holder, 'exit');
    try {
        holder.stdin.write('BEGIN; LOCK TABLE nudge.users; SELECT 1;\n');
        await once(holder.stdout, 'data');
        const migrating = nudge(name, 'migrate');
        const attempt = async () => (await sql(name, `SELECT xact_start FROM pg_stat_activity WHERE datname = '${name}'
            AND wait_event_type = 'Lock'`)).trim();
        const until = async (good) => {
            const end = Date.now() + 60_000;
            let seen;
            do {
                assert.ok(Date.now() < end, 'the lock was not asked for again');
                seen = await attempt();
            } while (!good(seen));
            return seen;
        };
        const first = await until((seen) => seen !== '');
        await until((seen) => seen !== '' && seen !== first);
        holder.stdin.end('COMMIT;\n');
        const done = await migrating;
        assert.equal(done.code, 0, done.stderr);
    } finally {
        holder.stdin.end();
        await ended;
    }
    assert.equal((await nudge(name, 'migrate', '--check')).code, 0);
});
