// Two `nudge serve --standby` on one database, and what Telegram was given beside what the store says.
import assert from 'node:assert/strict';
import { Installation } from './nudge.mjs';
import { Scene } from './scene.mjs';

const STANDBY = ['--standby'];
export const DEADLINE_MS = 120_000;

/** One that serves and one that stands by: `one` and `two`, with one clock and one database. `door`: where the
 *  latter takes webhooks meanwhile, and serves later. `wire`: between `one` and the database. */
export async function pair(t, { env = {}, wire } = {}) {
    const frozen = [];
    t.after(() => wire?.be(false));
    t.after(() => frozen.forEach((server) => server.kill('SIGCONT'))); // first of all: they could not end
    const scene = await Scene.open(t, { serve: false, env });
    const one = scene.home;
    const two = await Installation.make({ env: { ...one.env } });
    two.env = one.env;
    two.postgres = one.postgres;
    t.after(() => two.remove({ doctor: false })); // the other one's is of the same database
    const wired = wire && { DATABASE_URL: one.postgres.replace(wire.server, wire.folder) };
    await one.serve(STANDBY, { env: wired });
    await one.json('rollout', 'set', 'superior_onboarding', '100');
    two.serving = two.serve(STANDBY, { deadlineMs: DEADLINE_MS });
    two.serving.catch(() => {}); // told to end before it ever served
    const port = () => two.log.map((line) => /standing by.* port=(\d+)/.exec(line)?.[1]).find(Boolean);
    const door = `http://127.0.0.1:${await one.until('two stand by', port)}`;
    return { scene, one, two, door, frozen };
}

export const states = async (home) =>
    Object.fromEntries((await home.json('nodes')).nodes.map((node) => [node.pid, node.state]));

/** Every message that Telegram has was recorded, but those of which the store says that their answer was lost. */
export async function audit({ scene, one }) {
    const given = (await scene.tg.calls({ executed: true }))
        .filter((call) => /^send(Message|Photo)$/.test(call.method))
        .map((call) => String(call.message_id));
    const rows = await one.sql('select provider_id, state, uncertain from deliveries where channel = 1');
    const known = rows.filter((row) => row.provider_id !== '').map((row) => row.provider_id);
    assert.deepEqual(rows.filter((row) => row.state <= 1 && row.next_at_ms === 0), []);
    assert.equal(new Set(known).size, known.length, 'one message is one message');
    assert.deepEqual(known.filter((id) => !given.includes(id)), [], 'what was recorded was sent');
    const unknown = given.filter((id) => !known.includes(id));
    const lost = rows.reduce((sum, row) => sum + row.uncertain, 0);
    assert.ok(unknown.length <= lost, `${unknown.length} messages are not known, ${lost} answers were lost`);
    return { given: given.length, lost };
}
