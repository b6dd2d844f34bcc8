// The figures of the reference dataset as the terminal prints them, as a table and as JSON.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from '../lib/nudge.mjs';

let home;

before(async () => {
    home = await Installation.make();
    const loaded = await home.run('demo', '--no-serve');
    assert.equal(loaded.code, 0, loaded.stderr);
});

after(() => home.remove());

const SIX = [
    ['conversion_rate', 500 / 18, '27.8 %', '5 of 18'],
    ['completion_rate', 48, '48.0 %', '36 of 75'],
    ['quick_completion_rate', 3400 / 36, '94.4 %', '34 of 36'],
    ['avg_completion_hours', 3.4, '3.4 h', ''],
    ['inactive_rate', 1300 / 18, '72.2 %', '13 of 18'],
    ['power_user_share', 300 / 18, '16.7 %', '3 of 18'],
    ['power_activity_share', 60, '60.0 %', '45 of 75'],
];

test('the table prints the six figures', async () => {
    const printed = await home.run('metrics');
    assert.equal(printed.code, 0, printed.stderr);
    for (const [name, , value, of] of SIX) {
        const line = printed.stdout.split('\n').find((each) => each.startsWith(`${name} `));
        assert.ok(line, name);
        assert.ok(line.includes(value) && line.includes(of), line);
    }
    assert.match(printed.stdout, /^conversion_rate .*target 65 .*1\.0 x/m);
    assert.match(printed.stdout, /few people/);
});

test('JSON has plain numbers under their names', async () => {
    const json = await home.json('metrics');
    for (const [name, value] of SIX) {
        assert.ok(Math.abs(json[name] - value) < 1e-9, `${name} is ${json[name]}`);
    }
    assert.equal(json.conversion_rate_n, 18);
    assert.ok(json.conversion_rate_low < json.conversion_rate);
    assert.equal(json.step_1_completion, null);
    assert.equal(json.funnel[0].people, 18);
    assert.equal(json.revenue_groups.by_cohort.reduce((sum, each) => sum + each.people, 0), 18);
    assert.ok(json.retention.every((cohort) => cohort.imported > 0));
});

test('a cohort leaves out the others', async () => {
    const all = await home.json('metrics', '--cohort', '..');
    assert.equal(all.total_users, 18);
    const nobody = await home.json('metrics', '--cohort', '2001-01-01..2002-01-01');
    assert.equal(nobody.total_users, 0);
    assert.equal(nobody.conversion_rate, null);
    const soon = await home.json('metrics', '--within', '1h');
    assert.ok(soon.conversion_rate < all.conversion_rate);
    const blog = await home.json('metrics', '--source', 'blog');
    assert.ok(blog.total_users > 0 && blog.total_users < 18);
});

test('wrong arguments are named', async () => {
    for (const wrong of [['--cohort', 'yesterday'], ['--cohort', '2026-02-01..2026-01-01'], ['--within', '48'], ['--variant', 'x'], ['x']]) {
        const refused = await home.run('metrics', ...wrong);
        assert.equal(refused.code, 2, wrong.join(' '));
        assert.match(refused.stderr, /nudge: /);
    }
});

test('the targets of steps are those of the journeys in force', async () => {
    const folder = join(home.folder, 'journeys');
    cpSync(new URL('../../journeys', import.meta.url), folder, { recursive: true });
    const file = join(folder, 'optimized', 'superior_onboarding.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('target: 95', 'target: 91'));
    assert.equal((await home.json('metrics')).targets.step_1_completion.target, 95);
    home.env.JOURNEYS_DIR = folder;
    assert.equal((await home.json('metrics')).targets.step_1_completion.target, 91);
    delete home.env.JOURNEYS_DIR;
});
