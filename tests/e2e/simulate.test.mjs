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

test('people of a rehearsal are kept in an empty store, the same ones each time, and nobody can be written to', async () => {
    const kept = async () => {
        const own = await Installation.make({ env: { ADMIN_API_KEY: 'the-full-key' } });
        const { code, stderr, stdout } = await own.run('simulate', '--into', `sqlite:${own.database}`, '--users', '700', '--days', '12', '--share', '50');
        assert.equal(code, 0, stderr);
        assert.match(stdout, /without a next step \(must be none\) +0/);
        return own;
    };
    const [one, other] = [await kept(), await kept()];
    const all = async (own) => Promise.all(['users', 'runs', 'commitments', 'deliveries', 'events', 'feedback', 'due', 'definitions', 'settings']
        .map((table) => own.sql(`SELECT * FROM ${table}`)));
    assert.deepEqual(await all(one), await all(other));
    const [{ people, treated, first, last }] = await one.sql(`SELECT count(*) AS people, sum(journey_set) AS treated,
        min(joined_at_ms) AS first, max(joined_at_ms) AS last FROM users`);
    assert.equal(people, 700);
    assert.ok(treated > 280 && treated < 420, `${treated} have the optimized set`);
    assert.ok(first >= one.now - 12 * 86_400_000 && last < one.now, 'they join all along');
    for (const query of ['SELECT count(*) AS n FROM identities', "SELECT count(*) AS n FROM users WHERE telegram_address <> '' OR telegram_reach <> 0",
        "SELECT count(*) AS n FROM deliveries WHERE address <> ''"]) {
        assert.deepEqual(await one.sql(query), [{ n: 0 }], query);
    }
    const status = await one.json('rollout', 'status');
    assert.equal(status.share, 50);
    assert.equal(status.people_optimized, treated);

    // What is due goes on, and reaches nobody.
    await one.serve();
    one.advance('3d');
    await one.until('all that was due', async () => (await one.sql(`SELECT count(*) AS n FROM due WHERE due_at_ms <= ${one.now}`))[0].n === 0);
    assert.deepEqual(await one.sql(`SELECT count(*) AS n FROM deliveries WHERE sent_at_ms > ${status.started_at_ms + 12 * 86_400_000}`), [{ n: 0 }]);
    const taken = await one.run('simulate', '--into', `sqlite:${one.database}`);
    assert.equal(taken.code, 1);
    assert.match(taken.stderr, /process \d+ runs the engine on this database/);
    await one.stop();
    const full = await one.run('simulate', '--into', `sqlite:${one.database}`);
    assert.match(full.stderr, /there are 700 people in that store; made-up people need an empty one/);
    await one.remove();
    await other.remove();
});

test('what cannot be kept is refused', async () => {
    const refused = async (pattern, ...args) => {
        const { code, stderr } = await home.run('simulate', '--into', 'sqlite:into.sqlite', ...args);
        assert.equal(code, 2, stderr);
        assert.match(stderr, pattern);
    };
    await refused(/--into keeps the people of one side/, '--compare', 'original,optimized');
    await refused(/--into keeps the people of one side/, '--threads', '2');
    await refused(/--share takes a number from 0 to 100/, '--share', '101');
    await refused(/--into takes at most 262144 people/, '--users', '300000');
    await refused(/--replay takes the people of the store/, '--replay');
    const { code, stderr } = await home.run('simulate', '--share', '5');
    assert.equal(code, 2);
    assert.match(stderr, /--share belongs to --into/);
});
