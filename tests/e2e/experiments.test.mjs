// Experiments on the messages of a step: started, judged, stopped and shipped in the terminal, beside
// a running server; people see their variant, and nothing about it changes while it runs.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changed } from '../lib/journeys.mjs';
import { Scene } from '../lib/scene.mjs';

const NAME = 'first_win_task';

/** People who get their first message; half of those who are asked to smile and none else answer. */
async function arrive(scene, count) {
    const seen = { breathing: 0, smile: 0 };
    for (let i = 0; i < count; i++) {
        const person = scene.person();
        await person.send('/start');
        const hello = await person.receive(/30 seconds/);
        const variant = /smile/.test(hello.text) ? 'smile' : 'breathing';
        seen[variant]++;
        if (variant === 'smile') {
            await hello.tap(/Done/);
            await person.receive(/first win/);
        }
    }
    await scene.settled();
    return seen;
}

const arm = (shown, id) => shown.variants.find((variant) => variant.id === id);

describe('an experiment', () => {
    test('is started, shown, stopped and shipped', async (t) => {
        const scene = await Scene.open(t);
        const { experiments } = await scene.home.json('experiment', 'list');
        assert.deepEqual(experiments.map(({ name, state, step }) => ({ name, state, step })),
            [{ name: NAME, state: 'not started', step: 'first_win' }]);
        const early = await arrive(scene, 2); // before it begins: not part of it
        await scene.later('1m');
        const started = await scene.home.json('experiment', 'start', NAME, '--min-people', '100', '--min-days', '1');
        assert.equal(started.metric, 'step_completion');
        const seen = await arrive(scene, 8);
        const young = await scene.home.json('experiment', 'show', NAME);
        assert.equal(young.verdict, 'too_early');
        for (const id of ['breathing', 'smile']) {
            assert.equal(arm(young, id).exposed, seen[id]);
            assert.equal(arm(young, id).people, 0); // their time is not over
        }
        await scene.later('7h');
        const shown = await scene.home.json('experiment', 'show', NAME);
        assert.equal(shown.people, 8);
        assert.equal(arm(shown, 'breathing').people, seen.breathing);
        assert.equal(arm(shown, 'smile').people, seen.smile);
        assert.equal(arm(shown, 'breathing').mean ?? 0, 0);
        assert.equal(arm(shown, 'smile').mean ?? 1, 1);
        assert.match(shown.text, /^No verdict yet: 8 of 100 people are judged/);
        assert.ok(early.smile + early.breathing === 2);

        const again = await scene.home.run('experiment', 'start', NAME, '--seed', 'other');
        assert.equal(again.code === 0, false);
        assert.match(again.stderr, /first_win_task is running; what it is cannot change/);

        assert.equal((await scene.home.run('experiment', 'stop', NAME)).code, 0);
        assert.deepEqual(await arrive(scene, 4), { breathing: 4, smile: 0 });
        assert.equal((await scene.home.run('experiment', 'ship', NAME, 'smile')).code, 0);
        assert.deepEqual(await arrive(scene, 4), { breathing: 0, smile: 4 });
        const ended = await scene.home.json('experiment', 'show', NAME);
        assert.equal(ended.state, 'shipped');
        assert.equal(ended.shipped, 'smile');
        assert.match((await scene.home.run('experiment', 'list')).stdout, /first_win_task +shipped: smile/);
        assert.equal(ended.people, 8);
        assert.equal(await scene.home.comesOutDifferently(), '');
    });

    test('mistakes name their field, and nothing is started', async (t) => {
        const scene = await Scene.open(t, { serve: false });
        const wrong = [
            [['start', NAME, '--weights', 'breathing=0.5,smile=0.6'], /"variants": the weights add up to 1.1/],
            [['start', NAME, '--weights', 'breathing=nan,smile=0.5'], /--weights takes/],
            [['start', NAME, '--coverage', 'nan'], /--coverage takes/],
            [['start', NAME, '--coverage', '120'], /"coverage": expected/],
            [['start', NAME, '--namespace', 'texts:0.5:0.2'], /"namespace": expected/],
            [['start', NAME, '--metric', 'joy'], /"metric": expected/],
            [['start', 'nothing'], /no step has variants/],
            [['show', NAME], /was started/],
            [['size', '98', '5'], /cannot change by 5 points/],
        ];
        for (const [args, said] of wrong) {
            const { code, stderr } = await scene.home.run('experiment', ...args);
            assert.notEqual(code, 0, args.join(' '));
            assert.match(stderr, said);
        }
        const { experiments } = await scene.home.json('experiment', 'list');
        assert.equal(experiments[0].state, 'not started');
    });

    test('journeys that would change its variants are refused while it runs', async (t) => {
        const scene = await Scene.open(t);
        await scene.home.run('experiment', 'start', NAME);
        const folder = changed(scene.home, 'mine', {
            'optimized/superior_onboarding.yaml': [['smile for three', 'grin for three']],
        });
        const refused = await scene.home.run('journeys', 'apply', folder);
        assert.notEqual(refused.code, 0);
        assert.match(refused.stderr, /variants of the running experiment first_win_task would change/);
        await scene.home.run('experiment', 'stop', NAME);
        const applied = await scene.home.run('journeys', 'apply', folder);
        assert.equal(applied.code, 0, applied.stderr);
    });
});
