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
        [['retention', 'x'], /no argument expected/],
    ];
    for (const [words, expected] of wrong) {
        const refused = await home.run(...words);
        assert.equal(refused.code, 2, `${words.join(' ')}: ${refused.stderr}`);
        assert.match(refused.stderr, expected);
        assert.equal(refused.stdout, '');
    }
});
