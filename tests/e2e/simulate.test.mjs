// nudge simulate: what a product person types, sees, and gets wrong.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from '../lib/nudge.mjs';

let home;
const COMPARE = ['simulate', '--users', '300', '--seed', '7', '--compare', 'original,optimized'];

before(async () => {
    home = await Installation.make();
});

after(() => home.remove());

const withoutRun = ({ run, ...rest }) => {
    assert.ok(run.cpu_seconds > 0 && run.memory_bytes > 1e6 && run.decisions_per_cpu_second > 0);
    return rest;
};

test('two sides stand beside each other, the same with any number of threads', async () => {
    const one = withoutRun(await home.json(...COMPARE, '--threads', '1'));
    const two = withoutRun(await home.json(...COMPARE, '--threads', '2'));
    assert.equal(JSON.stringify(one), JSON.stringify(two));
    assert.match(one.note, /made-up people.*no evidence/);
    const [original, optimized] = one.sides;
    assert.deepEqual([original.name, optimized.name], ['original', 'optimized']);
    const rate = (side) => side.figures.conversion_rate;
    assert.ok(rate(original).low < rate(original).percent && rate(original).percent < rate(original).high);
    const { points, low, high } = one.difference.conversion_rate;
    assert.ok(Math.abs(points - (rate(optimized).percent - rate(original).percent)) < 1e-9);
    assert.ok(low < points && points < high);
    for (const side of one.sides) {
        assert.equal(side.standing.without_next_step, 0);
        assert.equal(side.standing.broken_invariants, 0);
        const { something_is_planned, unreachable, at_rest } = side.standing;
        assert.equal(something_is_planned + unreachable + at_rest, 300);
        const hours = side.load.messages_by_hour.reduce((sum, count) => sum + count, 0);
        const { reply, onboarding, followup, nudge } = side.messages;
        assert.equal(hours, reply + onboarding + followup + nudge);
    }
    const names = (side) => side.journeys.map((journey) => journey.journey);
    assert.ok(names(original).includes('re_engagement') && !names(original).includes('inactive_rescue'));
    assert.ok(names(optimized).includes('superior_onboarding') && !names(optimized).includes('onboarding'));
});

test('the table says what it is, and the page needs nothing else', async () => {
    const { code, stdout, stderr } = await home.run(...COMPARE, '--html', 'report.html');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /no evidence/);
    assert.match(stdout, /made a commitment +\d+\.\d % \(.*\) +\d+\.\d % .* [+-]\d+\.\d \(.*\) +65 %/);
    assert.match(stdout, /without a next step \(must be none\) +0 +0/);
    assert.match(stdout, /decisions in .* a CPU second/);
    assert.match(stderr, /the report is in report\.html/);
    const page = readFileSync(join(home.folder, 'report.html'), 'utf8');
    assert.match(page, /^<!doctype html>/);
    assert.match(page, /<svg .*role="img"/);
    assert.doesNotMatch(page, /https?:|<script|<link|<img|url\(/);
});

test('a side whose folder is not there is refused', async () => {
    const { code, stderr } = await home.run('simulate', '--compare', 'optimized,optimized@nowhere');
    assert.equal(code, 3);
    assert.match(stderr, /nowhere/);
});

test('who is forgotten is counted, and the status says so', async () => {
    writeFileSync(
        join(home.folder, 'onboarding.yaml'),
        'journey: onboarding\nversion: "1"\nset: original\nclass: onboarding\nonboarding: true\n' +
            'enter: {on: first_contact, again: never}\nsteps:\n  - id: welcome\n    class: reply\n' +
            '    message: {en: Hi, de: Hallo}\n',
    );
    const { code, stdout } = await home.run('simulate', '--set', 'original', '--users', '50', '--journeys', '.');
    assert.equal(code, 1);
    assert.match(stdout, /without a next step \(must be none\) +[1-9]/);
});

test('wrong arguments and broken people are refused with what was expected', async () => {
    const refused = async (status, pattern, ...args) => {
        const { code, stdout, stderr } = await home.run('simulate', ...args);
        assert.equal(code, status, stderr);
        assert.equal(stdout, '');
        assert.match(stderr, pattern);
    };
    await refused(2, /--users takes a number from 1 to 10000000/, '--users', '0');
    await refused(2, /--users takes a number from 1 to 10000000/, '--users', '99999999999999999999');
    await refused(2, /--users takes a number/, '--users=-5');
    await refused(2, /--days takes a number from 1 to 365/, '--days', '9999');
    await refused(2, /--threads takes a number from 1 to 64/, '--threads', '0');
    await refused(2, /no set "modern"; expected original or optimized/, '--set', 'modern');
    await refused(2, /--compare takes two sides/, '--compare', 'original');
    await refused(2, /--compare takes two sides.*without --set/, '--compare', 'original,optimized', '--set', 'original');
    await refused(2, /no argument expected: now/, 'now');
    await refused(3, /cannot read missing\.yaml/, '--people', 'missing.yaml');
    await refused(3, /cannot write \/nowhere\/r\.html/, '--users', '1', '--html', '/nowhere/r.html');
    writeFileSync(join(home.folder, 'people.yaml'), 'people: some\njoining: tomorrow\nwrote: 7\n');
    await refused(3, /people\.yaml:2:10: not a duration; .*\npeople\.yaml:3:1: .*did you mean "writes"\?\n/,
        '--people', 'people.yaml');
});
