// Events leave after EVENTS_KEEP_MONTHS: their daily counts stay, and everything that looks at people goes on, beside
// a running server.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Scene } from '../lib/scene.mjs';

const DAY_MS = 86_400_000;

/** A server that keeps two months, months after Ann came and Bob paid; everything old has left. */
async function monthsLater(t, env = {}) {
    const scene = await Scene.open(t, { env: { DECISIONS_KEPT_DAYS: '0', EVENTS_KEEP_MONTHS: '2', ...env } });
    const ann = await scene.newcomer({ first_name: 'Ann' });
    const joined = await counts(scene);
    assert.ok(joined.events > 3);
    for (let month = 0; month < 5; month++) {
        await scene.later('31d');
    }
    const first = new Date(scene.home.now);
    const kept = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() - 2, 1);
    return { scene, ann, joined, kept };
}

async function counts(scene) {
    const [row] = await scene.home.sql(
        `select (select count(*) from events) as events, (select coalesce(sum(count), 0) from event_counts) as counted,
                (select cast(first_id >> 21 as text) from event_edge) as edge`);
    return { events: Number(row.events), counted: Number(row.counted), edge_ms: Number(row.edge) };
}

const older = async (scene, ms) => Number((await scene.home.sql(
    `select count(*) as n from events where id < ${BigInt(ms) << 21n}`))[0].n);

describe('events that are old', () => {
    test('leave, and who was there goes on', async (t) => {
        const { scene, ann, joined, kept } = await monthsLater(t);
        await scene.home.until('the old ones to go', async () => (await older(scene, kept)) === 0);
        const now = await counts(scene);
        assert.ok(now.counted >= joined.events, `${now.counted} of ${joined.events} were counted`);
        assert.ok(now.edge_ms > 0 && now.edge_ms <= kept);
        const days = await scene.home.sql(`select cast(day as text) as day, type, count from event_counts
                                           where type = 'user_joined'`);
        assert.deepEqual(days.map((row) => [Number(row.day), Number(row.count)]),
            [[Math.floor((await joinedAt(scene, ann)) / DAY_MS), 1]]);

        await ann.send('/progress');
        await ann.receive();
        await scene.settled();
        const who = `telegram:${ann.id}`;
        const shown = await scene.home.run('users', 'show', who);
        assert.equal(shown.code, 0, shown.stderr);
        const exported = JSON.parse((await scene.home.run('users', 'export', who)).stdout);
        assert.equal(exported.events.filter((event) => event.type === 'user_joined').length, 0);
        assert.ok(exported.events.some((event) => event.type === 'command_used'));
        const metrics = await scene.home.json('metrics');
        assert.ok(metrics);
        const answers = await scene.home.run('funnel', 'command_used > any');
        assert.equal(answers.code, 0, answers.stderr);
        const erased = await scene.home.run('users', 'erase', who, '--yes');
        assert.equal(erased.code, 0, erased.stderr);
        assert.equal((await scene.home.sql('select count(*) as n from events'))[0].n, 0);
        assert.ok((await counts(scene)).counted >= joined.events);
    });

    test('stay while decisions about them are kept', async (t) => {
        const { scene, joined } = await monthsLater(t, { DECISIONS_KEPT_DAYS: '400' });
        await scene.later('35m');
        const now = await counts(scene);
        assert.equal(now.counted, 0);
        assert.ok(now.events >= joined.events);
    });
});

async function joinedAt(scene, person) {
    return Number((await scene.user(person)).joined_at_ms);
}
