// The same people of a rehearsal on both databases: every figure is the same, whichever database reckons it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Installation } from '../lib/nudge.mjs';

const KEY = 'the-full-key';
const PATHS = [
    '/api/metrics',
    '/api/metrics?set=optimized&language=de',
    '/api/metrics?cohort=2025-12-25..2026-01-05&within=48h',
    '/api/funnel',
    '/api/funnel?variant=first_win_task=smile',
    '/api/onboarding/steps',
    '/api/onboarding/steps?set=optimized&language=en',
    '/api/onboarding/steps?source=nowhere',
    '/api/retention',
    '/api/kpis',
    '/api/next-actions',
    '/api/rollout',
    '/api/rollback',
    '/api/people?limit=20',
    '/api/people?limit=20&where=' + encodeURIComponent('commitments_completed >= 2 and language == "de"'),
    '/api/deliveries?state=suppressed&limit=20',
    '/api/feedback',
    '/api/behaviour/activity?period=day',
    '/api/behaviour/retention?cells=4',
    '/api/behaviour/funnel?steps=step_sent%3Estep_completed%3Ecommitment_made&window=7d&by=language',
    '/api/behaviour/times?steps=commitment_made%3Ecommitment_completed',
    '/api/behaviour/power?what=commitment_made',
    '/api/journeys',
    '/api/journeys/superior_onboarding',
    '/api/journeys/inactive_rescue',
];

async function lived(t) {
    const home = await Installation.make({ env: { ADMIN_API_KEY: KEY } });
    t.after(() => home.remove());
    const { code, stderr } = await home.run({ deadlineMs: 300_000 }, 'simulate', '--into', home.env.DATABASE_URL,
        '--users', '600', '--share', '50', '--seed', '3');
    assert.equal(code, 0, stderr);
    await home.serve();
    return home;
}

test('figures of the same people are the same on both databases', async (t) => {
    const server = process.env.NUDGE_TEST_POSTGRES;
    const there = await lived(t);
    assert.ok(there.postgres);
    delete process.env.NUDGE_TEST_POSTGRES;
    const here = await lived(t);
    process.env.NUDGE_TEST_POSTGRES = server;
    const ask = async (home, path) => {
        const answer = await fetch(home.url + path, { headers: { 'X-Admin-Key': KEY } });
        const text = await answer.text();
        assert.equal(answer.status, 200, `${path}: ${text}`);
        return JSON.parse(text);
    };
    for (const path of PATHS) {
        const expected = await ask(here, path);
        assert.ok(JSON.stringify(expected).length > 20, path);
        assert.deepEqual(await ask(there, path), expected, path);
    }
});
