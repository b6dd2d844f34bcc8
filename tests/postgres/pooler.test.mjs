// Everything through a pooler that gives each transaction another connection: Debian's PgBouncer, with the
// setting and without it (it is noticed). What others look at is read directly.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CONNECTIONS, Pooler } from '../lib/pooler.mjs';
import { Scene } from '../lib/scene.mjs';

const SOCKET = /host=([^&]+)/.exec(process.env.NUDGE_TEST_POSTGRES)[1];
const missing = Pooler.missing();
const schemaOf = (url) => new URLSearchParams(url.split('?')[1]).get('schema');

let pooler;
before(async () => {
    pooler = missing ? undefined : await Pooler.start(SOCKET);
});
after(() => pooler?.stop());

/** A scene whose program sees the database through the pooler alone, from an empty schema on. */
async function open(t, kind) {
    const scene = await Scene.open(t, { serve: false });
    const { home } = scene;
    scene.schema = schemaOf(home.postgres);
    scene.through = `${pooler.url}&schema=${scene.schema}${kind}`;
    home.env.DATABASE_URL = scene.through;
    await home.run('migrate', '--check'); // connects while there is a schema
    pooler.sql(`drop schema ${scene.schema} cascade`);
    return scene;
}

for (const [said, kind] of [['said', '&pooler=transaction'], ['noticed', '']]) {
    describe(`the pooler is ${said}`, { skip: missing }, () => {
        test('migrating, serving, commands and copying', async (t) => {
            const scene = await open(t, kind);
            const { home } = scene;
            const made = await home.run('migrate');
            assert.equal(made.code, 0, made.stderr);
            assert.equal((await home.run('migrate', '--check')).code, 0);
            await home.serve();
            await home.json('rollout', 'set', 'superior_onboarding', '100');

            const people = await Promise.all(['Ann', 'Bob', 'Cid'].map((first_name) => scene.newcomer({ first_name })));
            for (let i = 0; i < 6; i++) {
                await Promise.all(people.map((person) => person.send(`/commit read ${i} pages`)));
            }
            await Promise.all(people.map((person) => person.receive(/read 5 pages/)));
            await scene.later('3h');
            const second = await home.run('serve', '--listen', '127.0.0.1:0');
            assert.equal(second.code, 1, second.stderr);
            assert.match(second.stderr, /runs the engine on this database/);
            for (const person of people) {
                assert.equal((await scene.user(person)).commitments_total, 6);
            }
            assert.equal((await home.json('users', 'list')).users.length, 3);
            await home.json('metrics');
            assert.deepEqual((await home.json('doctor')).findings, []);

            assert.equal(await home.stop(), 0);
            const file = `sqlite:${home.folder}/copy.sqlite`;
            const there = await home.json('copy', '--from', scene.through, '--to', file);
            assert.ok(there.same, JSON.stringify(there));
            const other = `${pooler.url}&schema=${scene.schema}_back${kind}`;
            await home.json('migrate', '--database', other);
            const back = await home.json('copy', '--from', file, '--to', other);
            assert.ok(back.same, JSON.stringify(back));
            await home.serve();
            await people[0].send('/list');
            await people[0].receive(/read 5 pages/);
            await scene.settled();
        });

        test('nothing is left with the connections that others get', async (t) => {
            const scene = await open(t, kind);
            const { home } = scene;
            await home.json('migrate');
            await home.serve();
            await scene.newcomer();
            assert.equal((await home.run('users', 'list')).code, 0);
            assert.equal(await home.stop(), 0);
            const connections = new Set();
            for (let i = 0; i < 12; i++) { // one of them after the other
                const [pid, ...left] = pooler
                    .sql(`select pg_backend_pid(), current_setting('search_path'), current_setting('default_transaction_read_only'),
                        current_setting('enable_seqscan'), (select count(*) from pg_prepared_statements where name <> ''),
                        (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid())`)
                    .split('|');
                connections.add(pid);
                assert.deepEqual(left, ['"$user", public', 'off', 'on', '0', '0']);
            }
            assert.ok(connections.size >= CONNECTIONS, `${connections.size} connections`);
        });

        test('a server that was killed is followed when its lease has run out', async (t) => {
            const scene = await open(t, kind);
            const { home } = scene;
            await home.json('migrate');
            await home.serve();
            const ann = await scene.newcomer();
            assert.equal(await home.stop('SIGKILL'), 'SIGKILL');
            const lease = (until) => pooler.sql(`update ${scene.schema}.engine_lease set until_ms = ${until}`);
            lease('until_ms + 600000'); // as if it were renewed while the next one starts
            const early = await home.run('serve', '--listen', '127.0.0.1:0');
            assert.equal(early.code, 1, early.stderr);
            const standing = home.serve(['--standby']);
            await home.until('it stands by', () => home.log.some((line) => line.includes('standing by')));
            lease('1');
            await standing;
            await ann.send('/commit read ten pages');
            await ann.receive(/read ten pages/);
            await scene.settled();
        });
    });
}
