// The day's report: what it says, and that operators get it once a day, whatever happens.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Installation } from '../lib/nudge.mjs';
import { NINE, Scene } from '../lib/scene.mjs';

const HOUR = 3_600_000;
const reports = async (admin) => (await admin.sent()).filter((message) => /^nudge, 20/.test(message.text));

test('it tells the figures of the reference dataset and what to do next', async (t) => {
    const home = await Installation.make({});
    t.after(() => home.remove());
    await home.run('demo', '--no-serve');
    const shown = await home.run('report');
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /^\*\*nudge, 2/);
    assert.match(shown.stdout, /18 people, .* 27\.8 % made a commitment, 48\.0 % of the commitments were kept\./);
    assert.match(shown.stdout, /\*\*Rollout\*\*: 0 % of new people\n/);
    assert.match(shown.stdout, /\*\*Alerts\*\*: none/);
    assert.match(shown.stdout, /\*\*Next\*\*: Bring more people to their first commitment \(13 of 18 people never made one\)/);
    const report = await home.json('report');
    assert.equal(report.figures.total_users, 18);
    assert.equal(report.next.opportunity, 'onboarding_conversion');
    assert.equal(report.rollout.plan, null);
    const extra = await home.run('report', 'today');
    assert.equal(extra.code, 2);
});

test('operators get it at nine of their day, once, also when the process dies', async (t) => {
    const scene = await Scene.open(t, { env: { ADMIN_CHAT_IDS: '900900', ADMIN_TIME_ZONE: 'Asia/Bangkok' }, now: NINE });
    const admin = scene.person({ id: 900900, started: true });
    await admin.ready();
    const told = (count) => scene.home.until(`${count} reports`, async () => (await reports(admin)).length === count);
    const bangkok = (hours) => (hours - new Date(scene.home.now + 7 * HOUR).getUTCHours() + 24) % 24;
    // Until just before nine there, in steps that a server would see.
    await scene.later(`${bangkok(8) || 24}h`);
    const before = (await reports(admin)).length;
    await scene.later('1h');
    await told(before + 1);
    await scene.home.stop('SIGKILL');
    await scene.home.serve();
    await scene.later('1h');
    await scene.home.until('a look', async () => (await scene.home.json('alerts')).looked_at > new Date(scene.home.now - HOUR).toISOString());
    await scene.later('1h');
    assert.equal((await reports(admin)).length, before + 1);
    await scene.later('24h');
    await told(before + 2);
    const by_hand = await scene.home.run('report', '--send');
    assert.equal(by_hand.code, 0, by_hand.stderr);
    assert.match(by_hand.stdout, /Operators are told/);
    await told(before + 3);
    const [row] = await scene.home.sql(`select count(*) as n from operator_messages where kind = 'report'`);
    assert.equal(row.n, before + 3);
});
