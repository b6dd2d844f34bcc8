// Over HTTP: targets and verdicts, the day's report, the rollout's plan. They tell what the commands tell, and act as
// these do.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Api } from '../lib/api.mjs';
import { Scene } from '../lib/scene.mjs';

const KEYS = { ADMIN_API_KEY: 'the-full-key', VIEWER_API_KEY: 'the-reading-key' };

/** A plan of two days, in a folder of its own. */
async function folder(t) {
    const path = await mkdtemp(join(tmpdir(), 'nudge-plans-'));
    t.after(() => rm(path, { recursive: true }));
    await mkdir(join(path, 'rollout'));
    await writeFile(join(path, 'rollout', 'quick.yaml'),
        'name: quick\nstages:\n  - {name: few, day: 1, share: 100}\n' +
        '  - {name: all, day: 2, share: 100, gates: [{metric: total_users, at_least: 1000}]}\n');
    return path;
}

async function open(t) {
    const scene = await Scene.open(t, { share: null, env: { ...KEYS, JOURNEYS_DIR: await folder(t) } });
    return { scene, api: new Api(scene.home, KEYS.ADMIN_API_KEY) };
}

describe('what was planned, over HTTP', () => {
    test('is what the commands tell, before the rollout and after', async (t) => {
        const { scene, api } = await open(t);
        assert.deepEqual(await api.told('/api/kpis', undefined, KEYS.VIEWER_API_KEY), { started_at: null });
        assert.equal((await api.told('/api/rollout/plan')).plan, null);
        await api.told('/api/rollout/plan/start', { plan: 'quick', automatic: false, reason: 'we are ready' });
        await scene.newcomer();
        await scene.regular();
        const kpis = await api.told('/api/kpis');
        assert.equal(kpis.treated_people, 2);
        assert.deepEqual(kpis, await scene.home.json('metrics', '--verdicts'));
        const plan = await api.told('/api/rollout/plan');
        assert.deepEqual([plan.plan.name, plan.plan.stage, plan.plan.next.stage], ['quick', 'few', 'all']);
        assert.deepEqual(plan, await scene.home.json('rollout', 'status'));
        const report = await api.told('/api/report');
        assert.deepEqual({ ...report, at: '' }, { ...(await scene.home.json('report')), at: '' });
    });

    test('a plan is held, resumed and advanced, and who may only read does nothing', async (t) => {
        const { scene, api } = await open(t);
        const start = '/api/rollout/plan/start';
        assert.equal((await api.ask('/api/rollout/plan/hold', {})).status, 404, 'none runs');
        const unknown = await api.ask(start, { plan: 'monthly' });
        assert.equal(unknown.status, 404);
        assert.match(unknown.json.detail, /there is no plan "monthly"; there are gradual, checklist/);
        assert.equal((await api.ask(start, { plan: 'quick' }, KEYS.VIEWER_API_KEY)).status, 403);
        assert.equal((await api.ask(start, {})).status, 404);
        await api.told(start, { plan: 'quick' });
        assert.equal((await api.ask(start, { plan: 'quick' })).status, 409);
        await api.told('/api/rollout/plan/hold', { reason: 'questions' });
        const held = await scene.home.json('rollout', 'status');
        assert.deepEqual([held.plan.held, held.plan.reason], [true, 'questions']);
        await api.told('/api/rollout/plan/resume', {});
        const moved = await api.told('/api/rollout/plan/advance', { reason: 'by hand' });
        assert.equal(moved.at, 1);
        const status = await scene.home.json('rollout', 'status');
        assert.deepEqual([status.plan.stage, status.plan.held], ['all', false]);
        assert.ok(status.history.every((move) => move.actor === 'api:admin'), JSON.stringify(status.history));
    });
});
