// Experiments on the messages of a step: started, judged, stopped and shipped in the terminal, beside
// a running server; people see their variant, and nothing about it changes while it runs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { Api } from '../lib/api.mjs';
import { changed } from '../lib/journeys.mjs';
import { bounds } from '../lib/looking.mjs';
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

    test('is shown over time as it would have been shown at each look', async (t) => {
        const scene = await Scene.open(t, { env: { VIEWER_API_KEY: 'the-reading-key' } });
        const api = new Api(scene.home, 'the-reading-key');
        const path = `/api/experiments/${NAME}/over-time`;
        assert.equal((await api.ask(path)).status, 404);
        await scene.home.json('experiment', 'start', NAME, '--min-people', '200', '--min-days', '1');
        const begun = scene.home.now;
        const people = [];
        for (let day = 0; day < 3; day++) {
            for (let i = 0; i < 45; i++) {
                const person = scene.person();
                await person.send('/start');
                const hello = await person.receive(/30 seconds/);
                const arm = /smile/.test(hello.text) ? 1 : 0;
                const hit = i % 3 < 1 + arm; // two of three who smile, one of three who breathe
                if (hit) {
                    await hello.tap(/Done/);
                    await person.receive(/first win/);
                }
                people.push({ arm, hit, at: scene.home.now });
            }
            await scene.settled();
            await scene.later('24h');
        }
        const { json: shown } = await api.ask(path);
        await api.fits('OverTime', shown);
        assert.deepEqual(shown, await scene.home.json('experiment', 'show', NAME, '--over-time'));
        assert.equal(shown.step_ms, 2 * 3_600_000);
        assert.equal(shown.looks.length, 36);
        let bounded = 0;
        shown.looks.forEach((look, index) => {
            assert.equal(look.at_ms, index === 35 ? scene.home.now : begun + (index + 1) * shown.step_ms);
            const arms = [0, 1].map((arm) => {
                const of = people.filter((one) => one.arm === arm);
                const judged = of.filter(({ at }) => at + 6 * 3_600_000 <= look.at_ms);
                assert.equal(look.variants[arm].exposed, of.filter(({ at }) => at <= look.at_ms).length);
                assert.equal(look.variants[arm].people, judged.length);
                return { people: judged.length, hits: judged.filter(({ hit }) => hit).length };
            });
            const expected = bounds(arms[0], arms[1], 200);
            const { effect } = look.variants[1];
            assert.equal(effect.low === null, expected === null);
            for (const bound of expected ? ['difference', 'low', 'high'] : []) {
                assert.ok(Math.abs(effect[bound] - expected[bound]) < 1e-9, `${bound} of look ${index}`);
            }
            bounded += expected ? 1 : 0;
        });
        assert.ok(bounded >= 6 && bounded < 36, `${bounded} looks have bounds`);
        const now = await scene.home.json('experiment', 'show', NAME);
        for (const bound of ['difference', 'low', 'high', 'e_value']) {
            assert.equal(shown.looks.at(-1).variants[1].effect[bound], arm(now, 'smile').effect[bound]);
        }
        const { stdout } = await scene.home.run('experiment', 'show', NAME, '--over-time');
        assert.match(stdout, /^at +variant +judged +breathing +outcome +against first +best/);
        assert.match(stdout, /smile +135 +[\d.]+ % +[\d.]+ % +[+-][\d.]+ \[[-\d.]+, [-\d.]+\]/);
    });

    test('whose weights follow what was seen moves to what works, and logs how likely each was', async (t) => {
        const scene = await Scene.open(t, { env: { ADMIN_API_KEY: 'the-full-key' } });
        const api = new Api(scene.home, 'the-full-key');
        const plan = { allocation: 'thompson', floor: 0.2, min_people: 100, min_ms: 0 };
        const { status, json: started } = await api.ask(`/api/experiments/${NAME}/start`, plan);
        assert.equal(status, 200, JSON.stringify(started));
        await api.fits('ExperimentChanged', started);
        assert.deepEqual([started.allocation, started.floor, started.phase], ['thompson', 0.2, 1]);
        const first = scene.person();
        await first.send('/start');
        await first.receive(/30 seconds/);
        for (let round = 0; round < 110; round++) {
            const person = scene.person();
            await person.send('/start');
            const hello = await person.receive(/30 seconds/);
            if (/smile/.test(hello.text)) {
                await hello.tap(/Done/);
                await person.receive(/first win/);
            }
        }
        await scene.settled();
        await scene.later('7h');
        const next = await scene.home.until('the next phase', async () => {
            const now = await scene.home.json('experiment', 'show', NAME);
            return now.phase === 2 && now;
        });
        assert.deepEqual(next.variants.map(({ weight }) => weight), [0.2, 0.8]); // smile is the best for sure
        const late = [];
        for (let i = 0; i < 30; i++) {
            const person = scene.person();
            await person.send('/start');
            await person.receive(/30 seconds/);
            late.push(person);
        }
        await scene.settled();
        const [{ data: before }] = await scene.events(first, 'experiment_exposed');
        assert.equal(before.propensity, 0.5);
        const seen = { breathing: 0, smile: 0 };
        for (const person of late) {
            const [{ data }] = await scene.events(person, 'experiment_exposed');
            assert.equal(data.propensity, data.variant === 'smile' ? 0.8 : 0.2);
            seen[data.variant]++;
        }
        assert.ok(seen.smile > 12, JSON.stringify(seen)); // of 30, where 24 are expected: one run of 500,000 has fewer
        const { json: shown } = await api.ask(`/api/experiments/${NAME}`);
        await api.fits('Analysis', shown);
        assert.equal(shown.verdict, 'better');
        assert.match((await scene.home.run('experiment', 'show', NAME)).stdout, /Weights follow what was seen, none below 0\.2: phase 2/);
        const { audit } = await scene.home.json('audit');
        const [moved] = audit.filter(({ actor }) => actor === 'allocation');
        assert.equal(moved.action, 'experiment');
        assert.match(JSON.stringify(moved.after), /0\.8/);
        assert.equal(await scene.home.comesOutDifferently(), '');

        // Without its propensity nobody can be accounted for.
        const forget = `update events set data = replace(data, ',"propensity":0.2000', '') where type = 'experiment_exposed'`;
        if (scene.home.postgres) {
            const [server, schema] = scene.home.postgres.split('&schema=');
            execFileSync('psql', ['-qX', '-v', 'ON_ERROR_STOP=1', '-c', `set search_path = ${schema}; ${forget}`, server]);
        } else {
            execFileSync('sqlite3', ['-cmd', '.timeout 5000', scene.home.database, forget]);
        }
        const blind = await scene.home.json('experiment', 'show', NAME);
        assert.equal(blind.verdict, 'no_propensities');
        assert.equal(blind.variants[1].effect.low, null);
        assert.match(blind.text, /^No verdict: of \d+ people it is not known/);
    });

    test('mistakes name their field, and nothing is started', async (t) => {
        const scene = await Scene.open(t, { serve: false });
        const wrong = [
            [['start', NAME, '--weights', 'breathing=0.5,smile=0.6'], /"variants": the weights add up to 1.1/],
            [['start', NAME, '--weights', 'breathing=nan,smile=0.5'], /--weights takes/],
            [['start', NAME, '--allocation', 'greedy'], /"allocation": expected fixed or thompson/],
            [['start', NAME, '--floor', '0.1'], /"floor": expected it only with/],
            [['start', NAME, '--allocation', 'thompson', '--floor', '0.6'], /"floor": expected a number from 0\.01 to 0\.5/],
            [['start', NAME, '--allocation', 'thompson', '--weights', 'breathing=0.95,smile=0.05'],
                /"variants\[1\]": its weight is below the floor of 0\.1/],
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

    test('by the API: as in the terminal; a viewer only reads; mistakes name their field', async (t) => {
        const scene = await Scene.open(t, { env: { ADMIN_API_KEY: 'the-full-key', VIEWER_API_KEY: 'the-reading-key' } });
        const api = new Api(scene.home, 'the-full-key');
        const ask = api.ask.bind(api);
        const all = async () => {
            const { json } = await ask('/api/experiments', undefined, 'the-reading-key');
            await api.fits('Experiments', json);
            assert.deepEqual(json, await scene.home.json('experiment', 'list'));
            return json;
        };
        assert.equal((await all()).experiments[0].state, 'not started');
        assert.equal((await ask(`/api/experiments/${NAME}`)).status, 404);
        assert.equal((await ask(`/api/experiments/${NAME}/start`, {}, 'the-reading-key')).status, 403);
        for (const [body, said] of [
            [{ metric: 'joy' }, /^"metric": expected/],
            [{ coverage: 'all' }, /^"coverage": expected/],
            [{ min_days: 7 }, /^"min_days" is no field of an experiment/],
            [{ variants: [{ id: 'smile', weight: 0.5 }, { id: 'breathing', weight: 0.5 }] }, /^"variants": expected the 2 variants/],
        ]) {
            const refused = await ask(`/api/experiments/${NAME}/start`, body);
            assert.equal(refused.status, 400, JSON.stringify(body));
            assert.match(refused.json.detail, said);
        }
        assert.equal((await ask('/api/experiments/nothing/start', {})).status, 404);
        assert.equal((await ask('/api/holdout', { percent: 51 })).status, 400);
        const held = await ask('/api/holdout', { percent: 0.5 });
        assert.deepEqual(held, { status: 200, json: { holdout: 0.5 } });
        const holdout = async () => {
            const { json } = await ask('/api/holdout', undefined, 'the-reading-key');
            await api.fits('HoldoutShown', json);
            assert.deepEqual(json, await scene.home.json('experiment', 'holdout'));
            return json;
        };
        const since = (await holdout()).since_ms;
        assert.match((await holdout()).text, /^Nothing can be said yet: 0 held out and 0 others are judged/);
        await scene.later('1h');
        await ask('/api/holdout', { percent: 0.5 }); // as it was
        assert.equal((await holdout()).since_ms, since);

        const plan = { min_people: 100, namespace: { id: 'texts', from: 0, to: 1 }, name: 'other', do: 'stop' };
        const started = await ask(`/api/experiments/${NAME}/start`, plan);
        assert.equal(started.status, 200, JSON.stringify(started.json));
        await api.fits('ExperimentChanged', started.json);
        assert.deepEqual([started.json.name, started.json.state, started.json.min_people], [NAME, 'running', 100]);
        assert.equal((await ask(`/api/experiments/${NAME}/start`, {})).status, 409);
        assert.equal((await ask('/api/holdout', { percent: 1 })).status, 409);
        await arrive(scene, 4);
        const { json: shown } = await ask(`/api/experiments/${NAME}`, undefined, 'the-reading-key');
        await api.fits('Analysis', shown);
        assert.deepEqual(shown, await scene.home.json('experiment', 'show', NAME));
        assert.equal(shown.verdict, 'too_early');
        assert.equal((await ask(`/api/experiments/${NAME}/stop`, {})).json.state, 'stopped');
        assert.equal((await ask(`/api/experiments/${NAME}/stop`, {})).status, 409);
        assert.equal((await ask(`/api/experiments/${NAME}/ship`, { variant: 'grin' })).status, 400);
        const shipped = await ask(`/api/experiments/${NAME}/ship`, { variant: 'smile' });
        await api.fits('ExperimentChanged', shipped.json);
        assert.equal(shipped.json.shipped, 'smile');
        assert.equal((await all()).experiments[0].state, 'shipped');
        await scene.later('7d');
        assert.equal((await holdout()).others + (await holdout()).held_out, 4);
        const terminal = await scene.home.run('experiment', 'holdout');
        assert.match(terminal.stdout, /^0\.5 % of all people .*, since .*\n\nNothing can be said yet: .*conversion +/s);
        assert.equal((await ask('/api/holdout', { percent: 0 })).status, 200);
        assert.equal((await holdout()).text, 'Nobody is held out.');
        const { audit } = await scene.home.json('audit');
        assert.deepEqual(audit.filter((row) => row.action === 'experiment').map((row) => row.actor), Array(6).fill('api:admin'));
    });
});
