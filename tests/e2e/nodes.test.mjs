// `nudge nodes`: who serves a database.
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { Installation } from '../lib/nudge.mjs';

const onFile = { skip: process.env.NUDGE_TEST_POSTGRES ? 'a file has one server' : false };

const nodes = async (home) => (await home.json('nodes')).nodes;

test('who serves is listed while it lives, and a day longer when it died', async (t) => {
    const home = await Installation.make();
    t.after(() => home.server?.kill('SIGKILL'));
    await home.json('migrate');
    assert.deepEqual(await nodes(home), []);

    await home.serve();
    const [node, ...others] = await nodes(home);
    assert.deepEqual(others, []);
    assert.equal(node.host, hostname());
    assert.equal(node.pid, home.server.pid);
    assert.equal(node.state, 'serving');
    assert.match(node.id, /^\d+$/);
    assert.match((await home.run('nodes')).stdout, new RegExp(`^host +process +state .*\n.*\n.* ${node.pid} +serving `));

    await home.json('sending', 'on'); // beside it: no node
    const beat = node.beat_at_ms;
    home.advance('4s'); // the lease is renewed: that is its sign of life
    await home.until('a sign of life', async () => (await nodes(home))[0].beat_at_ms > beat);

    assert.equal(await home.stop(), 0);
    assert.deepEqual(await nodes(home), [], 'it has gone in order');
    await home.json('sending', 'on'); // by an engine of its own: no node
    assert.deepEqual(await nodes(home), []);

    await home.serve();
    const { pid } = home.server;
    await home.stop('SIGKILL');
    assert.deepEqual((await nodes(home)).map((each) => each.pid), [pid]);
    await home.remove();
});

test('nobody stands by at a file', onFile, async () => {
    const home = await Installation.make();
    const refused = await home.run('serve', '--standby', '--listen', '127.0.0.1:0');
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /--standby is for PostgreSQL/);
    await home.remove({ doctor: false });
});
