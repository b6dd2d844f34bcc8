// nudge simulate --replay: what people of a store did happens again, under the definitions in force
// (then the same messages come of it as were sent) and under others.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { NINE, Scene } from '../lib/scene.mjs';

const FIRST = /30 seconds/;
const JOURNEYS = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../journeys');

/** Hour by hour, as time goes: a leap would be an outage, after which only the newest is sent. */
async function pass(scene, hours) {
    await scene.settled();
    for (let i = 0; i < hours; i++) {
        await scene.later('1h');
    }
}

/** Some days of four people: one goes on, one keeps promises, one is silent, one blocks. */
async function someDays(scene) {
    const ann = scene.person({ first_name: 'Ann' });
    await ann.send('/start');
    await (await ann.receive(FIRST)).tap(/Done/);
    await ann.receive(/first win/);
    await scene.settled();
    const ben = await scene.regular({ first_name: 'Ben' });
    const cleo = await scene.newcomer({ first_name: 'Cleo' });
    await pass(scene, 2);
    const mark = scene.home.now;
    await ann.send('Calm');
    await ann.receive(/Good choice/);
    await ben.send('/commit read ten pages');
    await ben.receive(/Noted/);
    await pass(scene, 2);
    await (await ben.receive(/How is it going with/)).tap(/Done/);
    await scene.settled();
    await pass(scene, 3);
    await ben.send('/commit walk at 19:00');
    await ben.receive(/Planned/);
    const dan = await scene.newcomer({ first_name: 'Dan' });
    await pass(scene, 20);
    await dan.block();
    await scene.settled();
    await ben.send('/list');
    await ben.receive(/walk/);
    await scene.settled();
    await pass(scene, 30);
    await ann.send('tidied my desk');
    await scene.settled();
    await pass(scene, 96);
    return { mark, ann, ben, cleo, dan };
}

const sum = (numbers) => Object.values(numbers).reduce((a, b) => a + b, 0);
const iso = (ms) => new Date(ms).toISOString();
const sentBy = ({ reply, onboarding, followup, nudge }) => ({ reply, onboarding, followup, nudge });

/** The journeys of the program in a folder, one file of them changed. */
function folderWith(scene, file, change) {
    const folder = join(scene.home.folder, 'mine');
    for (const set of ['both', 'original', 'optimized']) {
        mkdirSync(join(folder, set), { recursive: true });
        for (const name of readdirSync(join(JOURNEYS, set))) {
            copyFileSync(join(JOURNEYS, set, name), join(folder, set, name));
        }
    }
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    assert.notEqual(change(text), text);
    writeFileSync(path, change(text));
    return 'mine';
}

describe('replay', () => {
    test('by the definitions in force the same messages come of it as were sent', async (t) => {
        const scene = await Scene.open(t, { now: NINE });
        const { mark } = await someDays(scene);
        for (const at of [mark, mark + 26 * 3_600_000]) {
            const { replay, sides } = await scene.home.json('simulate', '--replay', '--at', iso(at));
            assert.deepEqual([replay.from_ms, replay.until_ms], [at, scene.home.now]);
            assert.equal(sides.length, 1);
            assert.equal(sides[0].name, 'in force');
            assert.ok(sum(replay.really_sent) >= 5, JSON.stringify(replay.really_sent));
            assert.deepEqual(sentBy(sides[0].messages), replay.really_sent);
            assert.equal(sides[0].replayed.left_out, 0);
            assert.equal(sides[0].replayed.deeds_without_counterpart, 0);
            assert.equal(sides[0].replayed.people, 4);
        }
    });

    test('another definition shows what it would have sent, and the store stays as it was', async (t) => {
        const scene = await Scene.open(t, { now: NINE });
        const { mark } = await someDays(scene);
        const state = () => scene.home.sql(
            `select (select count(*) from events) as events, (select count(*) from deliveries) as deliveries,
                    (select count(*) from decisions) as decisions, (select count(*) from runs) as runs,
                    (select sum(next_at_ms) from runs) as waits`);
        const before = await state();
        const folder = folderWith(scene, 'optimized/quick_execution_followup.yaml',
            (text) => text.replace(/  - id: push[\s\S]*$/, ''));
        const { code, stdout, stderr } = await scene.home.run('simulate', '--replay', '--at', iso(mark),
            '--journeys', folder, '--html', 'replay.html');
        assert.equal(code, 0, stderr);
        assert.match(stdout, /4 people of the store, from 2026-01-15 \d\d:00 UTC to 2026-01-/);
        assert.match(stdout, /Really sent in that time: \d+ replies/);
        assert.match(stdout, /what people did happens as it did.*no evidence/);
        assert.match(stdout, /steps, in force[\s\S]*quick_execution_followup\/push +[1-9][\s\S]*steps, mine/);
        assert.doesNotMatch(stdout.split('steps, mine')[1], /quick_execution_followup\/push/);
        const page = readFileSync(join(scene.home.folder, 'replay.html'), 'utf8');
        assert.match(page, /<h1>Replay: in force and mine<\/h1>/);
        assert.doesNotMatch(page, /https?:|<script|<link|<img|url\(/);
        const { sides } = await scene.home.json('simulate', '--replay', '--at', iso(mark), '--journeys', folder);
        assert.ok(sides[1].messages.followup < sides[0].messages.followup);
        assert.equal(sides[1].messages.nudge, sides[0].messages.nudge);
        assert.deepEqual(await state(), before);
    });

    test('from now on nobody does anything; what is not kept is said', async (t) => {
        const scene = await Scene.open(t, { now: NINE });
        await scene.newcomer();
        await scene.later('1m');
        const { replay, sides } = await scene.home.json('simulate', '--replay', '--at', 'now', '--days', '5');
        assert.equal(replay.until_ms - replay.from_ms, 5 * 86_400_000);
        assert.equal(sum(replay.really_sent), 0);
        assert.equal(sides[0].replayed.deeds, 0);
        assert.ok(sides[0].messages.onboarding >= 2); // the recovery and the last call
        const words = await scene.home.run('simulate', '--replay', '--at', 'now', '--days', '5');
        assert.match(words.stdout, /on nobody does anything: that is yet to come/);
        const refused = async (pattern, ...args) => {
            const { code, stdout, stderr } = await scene.home.run('simulate', ...args);
            assert.deepEqual([code, stdout], [2, ''], stderr);
            assert.match(stderr, pattern);
        };
        await refused(/must lie between 2026-01-15T09:00:\S+, from which on decisions are kept/, '--replay', '--at', '2026-01-01');
        await refused(/must lie between .* and now/, '--replay', '--at', '2027-01-01');
        await refused(/--at takes a day or an instant/, '--replay', '--at', 'yesterday');
        await refused(/without --users/, '--replay', '--users', '5');
        await refused(/without --users.*--compare/s, '--replay', '--compare', 'original,optimized');
        await refused(/--at belongs to --replay/, '--at', 'now');
    });
});
