// nudge journeys: what a person who writes definitions sees.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from '../lib/nudge.mjs';

let home;

before(async () => {
    home = await Installation.make();
});

after(() => home.remove());

const WALK = `journey: evening_walk
version: "1.0"
set: both
class: nudge
enter: {on: commitment_completed, when: local_hour < 20}
steps:
  - id: invitation
    message: {en: "A walk, {{first_name|friend}}?", de: "Spazieren, {{first_name|du}}?"}
    buttons:
      - {id: later, text: {en: Not today, de: Heute nicht}, do: leave}
`;

const folder = (name, files) => {
    for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(home.folder, name, path)), { recursive: true });
        writeFileSync(join(home.folder, name, path), text);
    }
    return name;
};

test('the definitions in the program are listed and have no mistakes', async () => {
    const list = await home.json('journeys');
    const names = list.map((journey) => journey.journey);
    for (const name of ['superior_onboarding', 'quick_execution_followup', 'onboarding', 'streak_celebration']) {
        assert.ok(names.includes(name), name);
    }
    const table = await home.run('journeys');
    assert.equal(table.code, 0);
    assert.equal(table.stdout.trim().split('\n').length, names.length + 2);
    assert.deepEqual(await home.json('journeys', 'validate'), { ok: true, journeys: names.length, mistakes: [] });
});

test('a folder of journeys alone is completed by the program', async () => {
    const path = folder('good', { 'both/evening_walk.yaml': WALK });
    const result = await home.run('journeys', 'validate', path);
    assert.equal(result.stdout, 'no mistakes: journeys 1, languages 2\n');
    assert.equal(result.code, 0);
});

test('every mistake has its place, and the status says no', async () => {
    const path = folder('bad', {
        'both/evening_walk.yaml': WALK.replace('local_hour', 'local_our').replace('first_name|du', 'first_nam|du'),
    });
    const result = await home.run('journeys', 'validate', path);
    assert.equal(result.code, 1);
    assert.deepEqual(result.stdout.trim().split('\n'), [
        'bad/both/evening_walk.yaml:5:41: there is no fact "local_our"; did you mean "local_hour"?',
        'bad/both/evening_walk.yaml:8:71: there is no fact "first_nam"; did you mean "first_name"?',
    ]);
    const json = await home.run('journeys', 'validate', path, '--json');
    assert.equal(json.code, 1);
    const { ok, mistakes } = JSON.parse(json.stdout);
    assert.equal(ok, false);
    assert.deepEqual(mistakes.map(({ line, column }) => [line, column]), [[5, 41], [8, 71]]);
});

test('a journey is shown in a language, and whole as JSON', async () => {
    const german = await home.run('journeys', 'show', 'superior_onboarding', '--language', 'de');
    assert.match(german.stdout, /drei langsame, tiefe Atemzüge/);
    assert.match(german.stdout, /no answer for 6h:/);
    const whole = await home.json('journeys', 'show', 'superior_onboarding');
    assert.equal(whole.steps.length, 4);
    assert.equal(whole.steps[0].variants.length, 2);
    assert.ok(whole.steps[1].message.en && whole.steps[1].message.de);
    const own = await home.run('journeys', 'show', 'evening_walk', '--folder', 'good');
    assert.match(own.stdout, /enters on commitment_completed, when local_hour < 20/);
});

test('a journey is drawn as text, for Graphviz and as JSON', async () => {
    const { edges } = await home.json('journeys', 'graph', 'quick_execution_followup');
    assert.ok(edges.some((edge) => edge.from === 'check_in' && edge.to === 'push'));
    assert.equal(edges.find((edge) => edge.to === 'push').label, 'sent, 2h later if commitment_open');
    const dot = await home.run('journeys', 'graph', 'quick_execution_followup', '--dot');
    assert.match(dot.stdout, /^digraph quick_execution_followup {\n/);
    assert.equal(dot.stdout.split(' -> ').length - 1, edges.length);
    const text = await home.run('journeys', 'graph', 'quick_execution_followup');
    assert.equal(text.stdout.split('→ ').length - 1, edges.length);
});

test('facts are listed', async () => {
    const facts = await home.json('journeys', 'facts');
    assert.ok(facts.some((fact) => fact.name === 'first_name' && fact.type === 'text'));
    const page = await home.run('journeys', 'facts');
    assert.match(page.stdout, /^# Facts\n/);
});

test('what cannot be done is said, with its own status', async () => {
    for (const [args, code, words] of [
        [['show', 'nobody'], 1, /there is no journey "nobody"/],
        [['graph'], 2, /expected validate, apply/],
        [['dance'], 2, /expected validate, apply/],
        [['validate', 'nowhere'], 3, /nowhere/],
        [['show', 'onboarding', '--language', 'xx'], 2, /no texts in "xx"/],
    ]) {
        const result = await home.run('journeys', ...args);
        assert.equal(result.code, code, args.join(' '));
        assert.match(result.stderr, words);
        assert.equal(result.stdout, '');
    }
});
