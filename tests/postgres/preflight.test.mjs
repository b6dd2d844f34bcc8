// Go or no-go on PostgreSQL: who else may read, and whether the clocks agree. The public roles are there.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Installation } from '../lib/nudge.mjs';

const run = promisify(execFile);

test('tables that public roles reach are named: ours fail, others are a note', async (t) => {
    const home = await Installation.make();
    t.after(() => home.remove());
    const [server, schema] = home.postgres.split('&schema=');
    const sql = (text) => run('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text, server]);
    const look = async () => {
        const { stdout, stderr } = await home.run('preflight', '--json');
        const { checks } = JSON.parse(stdout || stderr);
        return Object.fromEntries(checks.map((line) => [line.name, line]));
    };
    const role = (name) => `DO $$ BEGIN CREATE ROLE ${name}; EXCEPTION WHEN duplicate_object THEN NULL; END $$`;
    await sql(role('anon'));
    await sql(role('authenticated'));
    const closed = await look();
    assert.equal(closed['our tables closed'].state, 'pass', closed['our tables closed'].says);

    await sql(`GRANT SELECT ON ${schema}.feedback TO anon`);
    await sql(`ALTER TABLE ${schema}.events DISABLE ROW LEVEL SECURITY`);
    await sql(`GRANT SELECT ON ${schema}.users TO PUBLIC`);
    const other = `other_${schema}`;
    await sql(`CREATE SCHEMA ${other}; CREATE TABLE ${other}.commitments (id int); CREATE TABLE ${other}.guarded (id int);
        ALTER TABLE ${other}.guarded ENABLE ROW LEVEL SECURITY; GRANT USAGE ON SCHEMA ${other} TO anon;
        GRANT SELECT ON ALL TABLES IN SCHEMA ${other} TO anon`);
    t.after(() => sql(`DROP SCHEMA ${other} CASCADE`));
    const open = await look();
    assert.equal(open['our tables closed'].state, 'fail');
    assert.match(open['our tables closed'].says, /: events, feedback, users$/);
    assert.equal(open['other tables'].state, 'note');
    assert.ok(open['other tables'].says.includes(`${other}.commitments`), open['other tables'].says);
    assert.doesNotMatch(open['other tables'].says, /guarded/);
    await sql(`REVOKE ALL ON ${schema}.feedback FROM anon; REVOKE ALL ON ${schema}.users FROM PUBLIC;
        ALTER TABLE ${schema}.events ENABLE ROW LEVEL SECURITY`);
    assert.equal((await look())['our tables closed'].state, 'pass');
});

test("a clock that is not the server's is named", async (t) => {
    const home = await Installation.make();
    t.after(() => home.remove());
    const clock = async () => {
        const { checks } = JSON.parse((await home.run('preflight', '--json')).stdout);
        return checks.find((line) => line.name === 'clock');
    };
    assert.equal((await clock()).state, 'fail', 'ours stands at a morning long ago');
    delete home.env.NUDGE_CLOCK_FILE; // the machine's own, which is the server's, too
    assert.equal((await clock()).state, 'pass');
});
