// Who gets the optimized set, for good; and the way back. Commands of the terminal reach the server
// that runs by its inbox.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Scene } from '../lib/scene.mjs';

const SEED = 'superior_onboarding';

function fnv1a(text) {
    let hash = 0x811c9dc5;
    for (const byte of Buffer.from(text)) {
        hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    }
    return hash;
}

/** GrowthBook's hash, version 2: one of 0 … 0.9999. */
const bucket = (seed, value) => (fnv1a(String(fnv1a(seed + value))) % 10_000) / 10_000;

async function arrive(scene, count) {
    const people = Array.from({ length: count }, () => scene.person());
    for (const person of people) {
        await person.send('/start');
    }
    for (const person of people) {
        await person.receive();
    }
    await scene.settled();
    return Promise.all(people.map((person) => scene.user(person)));
}

/** Somebody with a commitment that is done. */
async function made(scene, name) {
    return keeps(scene, await scene.newcomer({ first_name: name }), 1);
}

/** Makes commitments and keeps them at once. */
async function keeps(scene, person, count) {
    for (let i = 0; i < count; i++) {
        await person.send(`/commit page ${i}`);
        await (await person.receive(/^Noted: /)).tap('Done');
        await scene.settled();
    }
    return person;
}

test('the first onboardings of a rollout are listed with their steps and errors', async (t) => {
    const scene = await Scene.open(t, { share: null });
    await arrive(scene, 1);
    const before = await scene.home.json('rollout', 'first');
    assert.deepEqual([before.started_at_ms, before.people], [0, []]);
    await scene.home.run('rollout', 'set', SEED, '100');
    await scene.later('1m');
    const ann = scene.person({ first_name: 'Ann' });
    await ann.send('/start');
    await (await ann.receive(/lovely to meet you/)).tap(/Done/);
    await scene.settled();
    await arrive(scene, 10);
    await ann.block();
    await scene.settled();
    const first = await scene.home.json('rollout', 'first');
    assert.ok(first.started_at_ms > 0);
    assert.equal(first.people.length, 10);
    assert.deepEqual([...first.people.map((each) => each.id)].sort(), first.people.map((each) => each.id));
    const [person] = first.people;
    assert.equal(person.id, (await scene.user(ann)).id);
    assert.equal(person.state, 'active');
    assert.deepEqual(person.errors.map(({ what }) => what), ['blocked']);
    assert.deepEqual(first.people[1].errors, []);
    assert.equal(person.steps[0].step, 'first_win');
    assert.ok(person.steps[0].sent_at_ms >= person.entered_at_ms);
    assert.ok(person.steps[0].completed_at_ms >= person.steps[0].sent_at_ms);
    assert.equal(first.people[1].steps[0].completed_at_ms, 0);
    const shown = await scene.home.run('rollout', 'first');
    assert.match(shown.stdout, /first_win/);
    assert.match(shown.stdout, /10 of the first 10 onboardings/);
});

describe('the share', () => {
    test('the hash itself, by published cases', () => {
        assert.equal(bucket('seed', 'a'), 0.0505);
        assert.equal(bucket('foo', 'def'), 0.2019);
    });

    test('decides by the hash of the id, is kept, and raising it moves nobody', async (t) => {
        const scene = await Scene.open(t, { share: null });
        const before = await scene.home.json('rollout', 'status');
        assert.equal(before.share, 0);
        const [early] = await arrive(scene, 1);
        assert.equal(early.journey_set, 0);

        const set = await scene.home.run('rollout', 'set', SEED, '25');
        assert.equal(set.code, 0, set.stderr);
        assert.match(set.stdout, /25 % of new people get the optimized set \(was 0 %\)/);
        const quarter = await arrive(scene, 60);
        for (const user of quarter) {
            assert.equal(user.journey_set, bucket(SEED, user.id) < 0.25 ? 1 : 0, `user ${user.id}`);
        }
        const optimized = quarter.filter((user) => user.journey_set === 1).length;
        assert.ok(optimized > 0 && optimized < 60, `${optimized} of 60`);

        await scene.home.json('rollout', 'set', SEED, '100');
        const [late] = await arrive(scene, 1);
        assert.equal(late.journey_set, 1);
        await scene.home.json('rollout', 'set', SEED, '0');
        const [latest] = await arrive(scene, 1);
        assert.equal(latest.journey_set, 0);
        const now = await scene.home.sql('select cast(id as text) as id, journey_set from users');
        const sets = new Map(now.map((user) => [user.id, user.journey_set]));
        for (const user of [...quarter, early, late, latest]) {
            assert.equal(sets.get(user.id), user.journey_set);
        }
        const status = await scene.home.json('rollout', 'status');
        assert.equal(status.people_optimized, optimized + 1);
        assert.equal(status.people_original, 60 - optimized + 2);
        const audit = await scene.home.sql("select action, after from audit_log where action = 'rollout_set' order by id");
        assert.deepEqual(audit.map((row) => JSON.parse(row.after).share), [25, 100, 0]);
    });

    test('what is no share, and what is no rollout', async (t) => {
        const scene = await Scene.open(t, { share: null });
        for (const share of ['101', '-1', 'half', '']) {
            const result = await scene.home.run('rollout', 'set', SEED, '--', share);
            assert.equal(result.code, 2, share);
            assert.match(result.stderr, /share from 0 to 100/);
        }
        const other = await scene.home.run('rollout', 'set', 'something', '5');
        assert.equal(other.code, 1);
        assert.match(other.stderr, /no rollout of that name/);
    });

    test('without a server the command does it by itself', async (t) => {
        const scene = await Scene.open(t, { serve: false });
        await scene.home.json('rollout', 'set', SEED, '100');
        await scene.home.serve();
        const [user] = await arrive(scene, 1);
        assert.equal(user.journey_set, 1);
    });
});

describe('the way back', () => {
    test('entries: new people get the original set, nobody else is touched', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.newcomer();
        const result = await scene.home.json('rollback', 'entries');
        assert.deepEqual([result.what, result.moved], ['entries', 0]);
        const bob = scene.person();
        await bob.send('/start');
        await bob.receive(/Here you make small commitments/);
        await scene.settled();
        assert.equal((await scene.user(bob)).journey_set, 0);
        assert.equal((await scene.user(ann)).journey_set, 1);
        assert.equal((await scene.runs(ann))[0].outcome, 'active');
        await ann.send('/commit read');
        await ann.receive(/You just made your own commitment/);
        await scene.settled();
        assert.equal((await scene.runs(ann, 'quick_execution_followup')).length, 1);
    });

    test('nurture: only the nurture journeys go back', async (t) => {
        const scene = await Scene.open(t);
        await scene.home.json('rollback', 'nurture');
        const ann = scene.person();
        await ann.send('/start');
        await ann.receive(/30 seconds/);
        await ann.send('/commit read');
        await ann.receive(/Noted/);
        await scene.settled();
        const journeys = (await scene.runs(ann)).map((run) => run.journey);
        assert.deepEqual(journeys.sort(), ['commitment_followup', 'superior_onboarding']);
    });

    test('all: people in the middle finish', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('/start');
        const hello = await ann.receive(/30 seconds/);
        await scene.settled();
        await scene.home.json('rollback');
        await hello.tap(/Done/);
        await ann.receive(/first win/);
        await scene.later('2h');
        await ann.receive(/how do you want to feel/);
        assert.equal((await scene.runs(ann))[0].outcome, 'active');
        const status = await scene.home.json('rollout', 'status');
        assert.equal(status.rolled_back_entries, true);
        assert.equal(status.rolled_back_nurture, true);
    });

    test('--move: their runs end, they enter the original journey as of joining', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('/start');
        await (await ann.receive(/30 seconds/)).tap(/Done/);
        await ann.receive(/first win/);
        await scene.later('2h');
        await ann.receive(/how do you want to feel/);
        const bob = await scene.regular();
        const mark = await scene.tg.mark();
        const result = await scene.home.json('rollback', 'all', '--move');
        assert.equal(result.moved, 2);
        await scene.home.until('the move', async () => (await scene.user(ann)).journey_set === 0);
        await scene.home.until('the move', async () => (await scene.user(bob)).journey_set === 0);
        await scene.settled();
        const [old, original] = await scene.runs(ann);
        assert.deepEqual([old.journey, old.outcome], ['superior_onboarding', 'rolled_back']);
        assert.deepEqual([original.journey, original.outcome, original.step], ['onboarding', 'active', 1]);
        assert.deepEqual(await scene.texts(ann, mark), []); // the welcome lies in the past
        await scene.later('22h'); // 24 h after joining, the welcome skipped
        await ann.receive(/Still looking for your first commitment/);
        const metrics = await scene.home.json('metrics');
        assert.equal(metrics.total_users, 2);
        await scene.home.json('rollout', 'set', SEED, '100'); // and forward again, for new people
        const cem = scene.person();
        await cem.send('/start');
        await cem.receive(/30 seconds/);
        await scene.settled();
        assert.equal((await scene.user(ann)).journey_set, 0);
    });
});

describe('stages', () => {
    test('people who joined before the rollout are rescued once their stage is open', async (t) => {
        const scene = await Scene.open(t, { share: null });
        const ann = await scene.newcomer({ first_name: 'Ann' });
        await scene.later('1h');
        await scene.home.json('rollout', 'set', SEED, '100');
        await scene.later('23h');
        await ann.receive(/Still looking for your first commitment/);
        await scene.later('72h'); // the original onboarding is over
        await ann.send('hello again');
        await ann.receive(/Thanks for writing/);
        await scene.settled();
        assert.equal((await scene.user(ann)).journey_set, 0);
        const opened = await scene.home.json('rollout', 'stage', 'existing_rescue', 'open');
        assert.equal(opened.open, true);
        await scene.settled();
        await scene.later('1h');
        await ann.send('hello once more');
        const hello = await ann.receive(/Good to hear from you, Ann! Let us start fresh/);
        await hello.tap(/Done/);
        await ann.receive(/first win/);
        await scene.settled();
        const runs = await scene.runs(ann);
        assert.equal(runs.at(-1).journey, 'micro_onboarding');
        assert.equal((await scene.user(ann)).journey_set, 1);
        const wrong = await scene.home.run('rollout', 'stage', 'existing_everything', 'open');
        assert.equal(wrong.code, 2);
        assert.match(wrong.stderr, /existing_rescue, existing_amplification/);
    });

    test('the rescue is for the silent from before, once its stage is open', async (t) => {
        const scene = await Scene.open(t, { share: null });
        const silent = await made(scene, 'Sue');
        const active = await made(scene, 'Amy');
        await scene.later('1h');
        await scene.home.json('rollout', 'set', SEED, '100');
        const fresh = await scene.regular({ first_name: 'New' });
        for (let day = 1; day <= 8; day++) { // the original onboarding ends after four
            await scene.later('1d');
            await active.send('/list');
            await active.receive(/Nothing is open/);
            await scene.settled();
        }
        await fresh.receive(/Hi New! A restart can be tiny/); // new people need no stage
        for (const person of [silent, active]) {
            assert.deepEqual(await scene.runs(person, 'inactive_rescue'), []);
            assert.equal((await scene.user(person)).journey_set, 0);
        }
        const opened = await scene.home.json('rollout', 'stage', 'existing_rescue', 'open');
        assert.equal(opened.people, 1);
        await silent.receive(/Hi Sue! A restart can be tiny/);
        await scene.settled();
        assert.equal((await scene.user(silent)).journey_set, 1);
        assert.deepEqual(await scene.runs(active, 'inactive_rescue'), []);
        assert.equal((await scene.user(active)).journey_set, 0);
        await scene.later('2d23h');
        assert.deepEqual(await scene.runs(active, 'inactive_rescue'), []);
        await scene.later('1h'); // silent as well now, and the stage is still open
        await active.receive(/Hi Amy! A restart can be tiny/);
        await scene.settled();
        assert.equal((await scene.user(active)).journey_set, 1);
        assert.equal((await scene.runs(silent, 'inactive_rescue')).length, 1);
    });

    test('amplification is for power users from before, once its stage is open', async (t) => {
        const scene = await Scene.open(t, { share: null });
        const strong = await keeps(scene, await scene.newcomer({ first_name: 'Sam' }), 10);
        const nearly = await keeps(scene, await scene.newcomer({ first_name: 'Nel' }), 9);
        await scene.later('1h');
        await scene.home.json('rollout', 'set', SEED, '100');
        const fresh = await keeps(scene, await scene.newcomer({ first_name: 'New' }), 10);
        await fresh.receive(/10 of 10 commitments kept.*New/); // new people need no stage
        await scene.home.json('rollout', 'stage', 'existing_rescue', 'open');
        await keeps(scene, strong, 1);
        assert.deepEqual(await scene.runs(strong, 'power_user_amplification'), []);
        assert.equal((await scene.user(strong)).journey_set, 0);
        const opened = await scene.home.json('rollout', 'stage', 'existing_amplification', 'open');
        assert.equal(opened.people, 1);
        await strong.receive(/11 of 11 commitments kept.*Sam/);
        await scene.settled();
        assert.equal((await scene.user(strong)).journey_set, 1);
        assert.deepEqual(await scene.runs(nearly, 'power_user_amplification'), []);
        assert.equal((await scene.user(nearly)).journey_set, 0);
        await keeps(scene, nearly, 1);
        await nearly.receive(/10 of 10 commitments kept.*Nel/);
        await scene.settled();
        assert.equal((await scene.user(nearly)).journey_set, 1);
    });
});

/** A folder with a plan of three days, without gates but for one that nobody meets. */
async function plans(t) {
    const folder = await mkdtemp(join(tmpdir(), 'nudge-plans-'));
    t.after(() => rm(folder, { recursive: true }));
    await mkdir(join(folder, 'rollout'));
    await writeFile(join(folder, 'rollout', 'quick.yaml'), `name: quick
stages:
  - {name: few, day: 1, share: 10}
  - {name: half, day: 2, share: 50}
  - {name: all, day: 3, share: 100, gates: [{metric: total_users, at_least: 1000}]}
`);
    return folder;
}

/** Starts the plan of that folder. */
async function start(scene, folder, ...options) {
    const { env } = scene.home;
    scene.home.env = { ...env, JOURNEYS_DIR: folder };
    const started = await scene.home.run('rollout', 'start', 'quick', ...options);
    scene.home.env = env;
    return started;
}

describe('a plan', () => {
    test('goes on by itself when the day has come, and waits for its gates', async (t) => {
        const scene = await Scene.open(t, { share: null });
        const started = await start(scene, await plans(t), '--automatic');
        assert.equal(started.stdout, 'plan quick is at stage 1 of 3, few\n', started.stderr);
        await scene.later('20h');
        assert.equal((await scene.home.json('rollout', 'status')).share, 10);
        await scene.later('5h');
        const status = await scene.home.until('the second stage', async () => {
            const now = await scene.home.json('rollout', 'status');
            return now.share === 50 && now;
        });
        assert.equal(status.plan.stage, 'half');
        assert.equal(status.plan.next.stage, 'all');
        assert.equal(status.plan.next.is_day, false);
        assert.equal(status.plan.next.gates[0].state, 'not met');
        assert.equal(status.history[0].actor, 'gates');
        assert.deepEqual(JSON.parse(status.history[0].after), {
            action: 'advance', plan: 'quick', reason: 'its day has come and its gates are open', stage: 'half',
        });
        await scene.later('25h');
        const waits = await scene.home.json('rollout', 'status');
        assert.deepEqual([waits.share, waits.plan.next.is_day, waits.plan.next.is_open], [50, true, false]);
        const text = (await scene.home.run('rollout', 'status')).stdout;
        assert.match(text, /plan quick: stage 2 of 3, half, .* goes on by itself/);
        assert.match(text, /total_users at least 1000 +0\.0 +not met/);
    });

    test('goes on by hand, is held, and stands still after a rollback', async (t) => {
        const scene = await Scene.open(t, { share: null });
        const folder = await plans(t);
        await start(scene, folder, '--automatic');
        const held = await scene.home.run('rollout', 'hold', '--reason', 'questions');
        assert.equal(held.stdout, 'plan quick is held at stage 1 of 3, few\n');
        await scene.later('25h');
        const status = await scene.home.json('rollout', 'status');
        assert.deepEqual([status.share, status.plan.held, status.plan.reason], [10, true, 'questions']);
        await scene.home.json('rollout', 'resume');
        await scene.home.json('rollout', 'advance', '--reason', 'looks good');
        await scene.home.json('rollback');
        await scene.later('25h');
        const back = await scene.home.json('rollout', 'status');
        assert.deepEqual([back.rolled_back_entries, back.plan.stage, back.plan.held], [true, 'half', true]);
        const again = await start(scene, folder); // what is held may be replaced
        assert.equal(again.code, 0, again.stderr);
        assert.equal((await scene.home.json('rollout', 'status')).rolled_back_entries, false);
        const nothing = await scene.home.run('rollout', 'start', 'monthly');
        assert.equal(nothing.code, 1);
        assert.match(nothing.stderr, /there is no plan "monthly"; there are gradual, checklist/);
    });

    test('whether it is where it should be is judged by targets and verdicts', async (t) => {
        const scene = await Scene.open(t, { share: null });
        assert.equal((await scene.home.json('metrics', '--verdicts')).started_at, null);
        await scene.home.json('rollout', 'start', 'gradual');
        await scene.newcomer();
        const report = await scene.home.json('metrics', '--verdicts');
        assert.equal(report.week, 1);
        assert.equal(report.treated_people + report.control_people, 1);
        assert.equal(report.targets[0].metric, 'conversion_rate');
        assert.deepEqual(report.verdicts.map(({ name }) => name), ['week_1', 'week_2', 'month_1']);
        assert.match((await scene.home.run('metrics', '--verdicts')).stdout, /week_1 .*not yet.*not enough data/);
    });
});
