// nudge email preview: a step's message as a mail, without a store and without sending.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from '../lib/nudge.mjs';

const WALK = `journey: evening_walk
version: "1.0"
set: both
class: nudge
enter: {on: commitment_completed}
steps:
  - id: invitation
    variants:
      experiment: walk
      of:
        - {id: long, weight: 0.5, message: {en: "A walk, {{first_name|friend}}? It is **warm** out.", de: "Spazieren, {{first_name|du}}?"}}
        - {id: brief, weight: 0.5, message: {en: "Walk {{commitment_text}}?", de: "Gehen?"}}
    buttons:
      - {id: later, text: {en: Not & never, de: Heute nicht}, do: leave}
`;

let home, folder;

before(async () => {
    home = await Installation.make({ env: { PUBLIC_URL: '' } });
    folder = join(home.folder, 'journeys');
    mkdirSync(folder);
    writeFileSync(join(folder, 'evening_walk.yaml'), WALK);
});

after(() => home.remove());

const preview = (...words) => home.run('email', 'preview', ...words, '--folder', folder);

test('a step becomes a mail, by its id or its number', async () => {
    const { stdout, stderr } = await preview('evening_walk', 'invitation');
    assert.match(stdout, /^<!doctype html><html lang="en">.*<title>A walk, Ann\?<\/title>/, stderr);
    assert.match(stdout, /<strong>warm<\/strong>/);
    assert.match(stdout, /<a class="button" href="https:\/\/nudge\.example\.org\/[^"]+">Not &amp; never<\/a>/);
    assert.match(stdout, /unsubscribe\?token=/);
    assert.equal((await preview('evening_walk', '1')).stdout, stdout);
});

test('in the language, the variant and the form that are asked for', async () => {
    assert.match((await preview('evening_walk', '1', '--language', 'de')).stdout, /lang="de">.*Spazieren, Ann\?/s);
    assert.match((await preview('evening_walk', '1', '--variant', 'brief', '--text')).stdout, /^Walk read 10 pages\?\n/);
    const parts = JSON.parse((await preview('evening_walk', '1', '--json')).stdout);
    assert.deepEqual(Object.keys(parts).sort(), ['html', 'subject', 'text']);
    assert.equal(parts.subject, 'A walk, Ann?');
});

test('into a file', async () => {
    const path = join(home.folder, 'mail.html');
    const written = await preview('evening_walk', '1', '--to', path);
    assert.deepEqual([written.code, written.stdout], [0, ''], written.stderr);
    assert.equal(readFileSync(path, 'utf8'), (await preview('evening_walk', '1')).stdout);
    assert.equal((await preview('evening_walk', '1', '--to', join(path, 'below'))).code, 3);
});

test('what is not there is named', async () => {
    for (const [words, what] of [
        [['nowhere', '1'], /no journey "nowhere"/], [['evening_walk', '2'], /no step "2"/],
        [['evening_walk', '1', '--variant', 'odd'], /no variant "odd"/],
    ]) {
        const { code, stderr } = await preview(...words);
        assert.equal(code, 1);
        assert.match(stderr, what);
    }
    assert.equal((await preview('evening_walk', '1', '--language', 'xx')).code, 2);
});

test('every step of the program\'s own journeys, in every language', async () => {
    for (const { journey, steps } of await home.json('journeys')) {
        for (let number = 1; number <= steps; number++) {
            for (const language of ['en', 'de']) {
                const { code, stderr } = await home.run('email', 'preview', journey, String(number), '--language', language);
                assert.equal(code, 0, `${journey} ${number} ${language}: ${stderr}`);
            }
        }
    }
});
