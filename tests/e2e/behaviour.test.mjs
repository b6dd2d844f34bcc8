// Questions to the behaviour log at the terminal, on the reference dataset.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Installation } from '../lib/nudge.mjs';

let home;

before(async () => {
    home = await Installation.make();
    const loaded = await home.run('demo', '--no-serve');
    assert.equal(loaded.code, 0, loaded.stderr);
});

after(() => home.remove());

test('a funnel, as JSON and as a table', async () => {
    const steps = 'user_joined > commitment_made > commitment_completed';
    const json = await home.json('funnel', steps, '--by', 'source');
    const metrics = await home.json('metrics');
    assert.deepEqual(json.steps.map((step) => step.people), [18, 5, 3]);
    assert.ok(Math.abs(json.steps[1].of_first - metrics.conversion_rate) < 1e-9);
    assert.deepEqual(json.groups.map((group) => group.group), ['blog', 'friend', 'search']);
    assert.equal(json.groups.reduce((sum, group) => sum + group.steps[0].people, 0), 18);
    const printed = await home.run('funnel', steps, '--window', '1h', '--strict');
    assert.equal(printed.code, 0, printed.stderr);
    assert.match(printed.stdout, /commitment_completed +\d+ +\d+\.\d/);
});

test('retention without options is that of the metrics', async () => {
    const json = await home.json('retention');
    const metrics = await home.json('metrics');
    for (const cohort of metrics.retention) {
        const row = json.cohorts.find((each) => each.cohort === cohort.week.slice(0, 10));
        assert.ok(row, JSON.stringify(cohort));
        cohort.cells.forEach((cell, k) => {
            assert.deepEqual(row.cells[k], cell);
        });
    }
    const printed = await home.run('retention', '--start', 'commitment_made', '--calendar', '--period', 'month');
    assert.equal(printed.code, 0, printed.stderr);
    assert.match(printed.stdout, /month 1, %/);
    assert.match(printed.stdout, /this month is not over/);
});

test('paths and cohorts, as JSON and as tables', async () => {
    const metrics = await home.json('metrics');
    const power = await home.json('cohorts', 'power', '--what', 'commitment_made');
    assert.equal(power.events, metrics.total_commitments);
    assert.ok(Math.abs(power.gini - metrics.gini) < 1e-9);
    power.lorenz.forEach((share, i) => assert.ok(Math.abs(share - metrics.lorenz[i]) < 1e-9));
    const days = await home.json('cohorts', 'activity', '--period', 'day');
    const day = days.periods.at(-2);
    assert.equal(day.active, metrics.dau);
    const times = await home.json('cohorts', 'times', 'commitment_made > commitment_completed', '--by', 'source');
    assert.equal(times.started, metrics.total_commitments);
    assert.equal(times.groups.reduce((sum, group) => sum + group.started, 0), times.started);
    assert.equal(times.histogram.reduce((sum, bucket) => sum + bucket.count, 0), times.followed);
    const hours = await home.json('cohorts', 'hours', '--what', 'any', '--zone', 'Europe/Berlin');
    const paths = await home.json('paths', 'any', '--through', 'any', '--steps', '1');
    assert.equal(hours.week.flat().reduce((sum, count) => sum + count), paths.times);
    for (const words of [['paths', 'commitment_made', '--before'], ['cohorts', 'activity', '--by', 'source'],
        ['cohorts', 'power', '--by', 'language'], ['cohorts', 'hours'], ['cohorts', 'times', 'any > any', '--first']]) {
        const printed = await home.run(...words);
        assert.equal(printed.code, 0, printed.stderr);
        assert.match(printed.stdout, /─/);
    }
});

test('what cannot be answered is a usage mistake that names the field', async () => {
    const wrong = [
        [['funnel'], /the steps, in quotes/],
        [['funnel', 'user_joind'], /steps: no event is called "user_joind"; did you mean user_joined\?/],
        [['funnel', Array(40).fill('any').join('>')], /steps: 40 given, at most 16 are taken/],
        [['funnel', 'any', '--window', 'nan'], /window: takes a time/],
        [['funnel', 'any', '--by', 'username'], /by: there is no attribute "username"; there is source, /],
        [['funnel', 'any', '--where', 'language'], /where: expected = or !=/],
        [['funnel', 'any', '--from', '2026-02-01', '--to', '2026-01-01'], /from: must lie before to/],
        [['funnel', 'any', '--from', 'yesterday'], /from: takes a day or an instant/],
        [['retention', '--period', 'year'], /period: takes day, week or month/],
        [['retention', '--cells', '0'], /cells: takes a number/],
        [['retention', '--recurring'], /recurring: needs calendar/],
        [['retention', '--start', 'a > b'], /start: /],
        [['paths'], /the event that paths begin with/],
        [['paths', 'any', '--steps', '7'], /steps: takes a number from 1 to 6/],
        [['paths', 'any', '--count', '101'], /count: takes a number from 1 to 100/],
        [['paths', 'any', '--through', 'commitment_mad'], /through: no event is called "commitment_mad"; did you mean/],
        [['cohorts'], /expected one of activity, power, hours, times/],
        [['cohorts', 'wealth'], /expected one of activity, power, hours, times/],
        [['cohorts', 'power', 'x'], /no further argument/],
        [['cohorts', 'times', 'any'], /steps: expected two events/],
        [['cohorts', 'times', 'any > any > any'], /steps: 3 given, at most 2 are taken/],
        [['cohorts', 'hours', '--zone', 'Mars/Olympus'], /zone: "Mars\/Olympus" is no time zone/],
        [['cohorts', 'activity', '--week-starts', 'someday'], /week-starts: takes monday/],
        [['retention', 'x'], /no argument expected/],
    ];
    for (const [words, expected] of wrong) {
        const refused = await home.run(...words);
        assert.equal(refused.code, 2, `${words.join(' ')}: ${refused.stderr}`);
        assert.match(refused.stderr, expected);
        assert.equal(refused.stdout, '');
    }
});
