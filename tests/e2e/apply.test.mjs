// New definitions for a server at work: taken over without a restart, kept over one; who is in the
// middle of a journey finishes it as it was.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { changed } from '../lib/journeys.mjs';
import { Scene } from '../lib/scene.mjs';

const ONBOARDING = 'optimized/superior_onboarding.yaml';

const NEW_TEXTS = {
    [ONBOARDING]: [
        ['version: "2.0"', 'version: "2.1"'],
        ['lovely to meet you!', 'so good that you are here!'],
        ['how do you want to feel', 'which feeling are you after'],
    ],
};

test('a running server takes new definitions; runs keep theirs; a restart keeps all', async (t) => {
    const scene = await Scene.open(t);
    const ann = scene.person({ first_name: 'Ann' });
    await ann.send('/start');
    const old = await ann.receive(/lovely to meet you/);
    await scene.settled();

    const path = changed(scene.home, 'new', NEW_TEXTS);
    const check = await scene.home.json('journeys', 'apply', path, '--check');
    assert.equal(check.applied, false);
    assert.deepEqual(check.changes, [{
        change: 'changed', kind: 'journey', name: 'superior_onboarding', version: '2.1', version_before: '2.0',
    }]);
    const bob = scene.person({ first_name: 'Bob' });
    await bob.send('/start');
    await bob.receive(/lovely to meet you/); // a check changes nothing

    const applied = await scene.home.run('journeys', 'apply', path);
    assert.equal(applied.code, 0, applied.stderr);
    assert.match(applied.stdout, /changed journey superior_onboarding \(2\.0 to 2\.1\)/);
    const cem = scene.person({ first_name: 'Cem' });
    await cem.send('/start');
    const fresh = await cem.receive(/so good that you are here/);

    await old.tap(/Done/);
    await ann.receive(/first win/);
    await fresh.tap(/Done/);
    await cem.receive(/first win/);
    await scene.later('2h');
    await ann.receive(/how do you want to feel/); // as it was when she began
    await cem.receive(/which feeling are you after/);
    await scene.settled();

    await scene.home.stop();
    await scene.home.serve();
    await ann.send('calm');
    await cem.send('calm');
    const dan = scene.person({ first_name: 'Dan' });
    await dan.send('/start');
    await dan.receive(/so good that you are here/);
    await scene.settled();
    const [annRun] = await scene.runs(ann);
    const [cemRun] = await scene.runs(cem);
    assert.notEqual(annRun.definition, cemRun.definition);
    assert.deepEqual([annRun.answers.user_feeling_word, cemRun.answers.user_feeling_word], ['calm', 'calm']);

    const again = await scene.home.json('journeys', 'apply', path);
    assert.deepEqual([again.applied, again.changes], [false, []]);
    const back = await scene.home.json('journeys', 'apply', changed(scene.home, 'back', {}));
    assert.equal(back.applied, true);
    const eve = scene.person({ first_name: 'Eve' });
    await eve.send('/start');
    await eve.receive(/lovely to meet you/);
});

test('people in the middle finish as they began, or go on by the new version', async (t) => {
    const scene = await Scene.open(t);
    const ann = scene.person({ first_name: 'Ann' });
    await ann.send('/start');
    const first = await ann.receive(/lovely to meet you/);
    await scene.settled();
    const renamed = changed(scene.home, 'renamed', {
        [ONBOARDING]: [...NEW_TEXTS[ONBOARDING], ['- id: first_win\n', '- id: early_win\n']],
    });

    const group = { journey: 'superior_onboarding', version: '2.0', step: 'first_win', people: 1 };
    const pinned = await scene.home.json('journeys', 'apply', renamed, '--preview');
    assert.equal(pinned.applied, false);
    assert.deepEqual(pinned.people, [{ ...group, fate: 'finish', step_after: '', why: '' }]);
    const follow = await scene.home.json('journeys', 'apply', renamed, '--policy', 'follow', '--preview');
    assert.deepEqual(follow.people,
        [{ ...group, fate: 'stay', step_after: '', why: 'the new version has no such step' }]);
    const map = ['--policy', 'migrate', '--map', 'first_win=early_win'];
    const shown = await scene.home.run('journeys', 'apply', renamed, ...map, '--preview');
    assert.match(shown.stdout, /1 person at first_win of superior_onboarding 2\.0 goes on at early_win/);
    assert.match(shown.stdout, /without --preview they are put into force/);

    const applied = await scene.home.json('journeys', 'apply', renamed, ...map);
    assert.equal(applied.applied, true);
    assert.deepEqual(applied.people, [{ ...group, fate: 'move', step_after: 'early_win', why: '' }]);
    await scene.settled();
    await first.tap(/Done/); // the message carries the old name
    await ann.receive(/first win/);
    await scene.later('2h');
    await ann.receive(/which feeling are you after/);
    const nobody = await scene.home.json('journeys', 'apply', renamed, ...map, '--preview');
    assert.deepEqual(nobody.people, []);
});

test('what is asked of moving people has to make sense', async (t) => {
    const scene = await Scene.open(t);
    const path = changed(scene.home, 'new', NEW_TEXTS);
    for (const [words, said] of [
        [['--policy', 'drift'], /expected pin, follow or migrate/],
        [['--map', 'a=b'], /goes with --policy migrate/],
        [['--policy', 'migrate', '--map', 'a'], /expected OLD=NEW/],
        [['--policy', 'migrate', '--map', 'first_win=nowhere'], /no journey has a step "nowhere"/],
    ]) {
        const refused = await scene.home.run('journeys', 'apply', path, ...words);
        assert.notEqual(refused.code, 0);
        assert.match(refused.stderr, said);
    }
});

test('texts of the bot change, too, and a journey that is gone takes nobody new', async (t) => {
    const scene = await Scene.open(t);
    const ann = await scene.regular({ first_name: 'Ann' });
    const path = changed(scene.home, 'new', {});
    rmSync(join(path, 'both', 'streak_celebration.yaml'));
    const commands = join(path, 'bot', 'commands.yaml');
    const texts = readFileSync(commands, 'utf8');
    writeFileSync(commands, texts.replace('Good to see you again', 'Fresh words'));
    assert.notEqual(readFileSync(commands, 'utf8'), texts);
    const result = await scene.home.json('journeys', 'apply', path);
    assert.deepEqual(result.changes.map(({ change, kind, name }) => [change, kind, name]), [
        ['removed', 'journey', 'streak_celebration'], ['changed', 'texts', 'bot/commands.yaml'],
    ]);
    for (const day of [1, 2, 3]) {
        await ann.send(`/commit walk ${day}`);
        await (await ann.receive(/Noted/)).tap('Done');
        await scene.settled();
        await scene.later('24h');
    }
    assert.ok((await scene.user(ann)).streak_days >= 3);
    assert.deepEqual(await scene.runs(ann, 'streak_celebration'), []);
    await ann.send('/start');
    await ann.receive(/Fresh words, Ann/);
    await ann.send('I want to die'); // words of crisis are those that were applied, too
    await ann.receive(/help/i);
});

test('what has mistakes is refused with their place, and nothing changes', async (t) => {
    const scene = await Scene.open(t);
    const path = changed(scene.home, 'bad', { [ONBOARDING]: [['commitments_total == 0', 'commitments_totl == 0']] });
    const refused = await scene.home.run('journeys', 'apply', path);
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /superior_onboarding\.yaml:\d+:\d+: /);
    const [row] = await scene.home.sql("select count(*) as n from settings where name = 'journeys/current'");
    assert.equal(row.n, 0);
    const missing = await scene.home.run('journeys', 'apply', join(scene.home.folder, 'nowhere'));
    assert.notEqual(missing.code, 0);
    const nothing = await scene.home.run('journeys', 'apply');
    assert.equal(nothing.code, 2);
});
