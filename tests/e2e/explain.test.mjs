// Why somebody did or did not get a message: `nudge users explain`, beside a running server. Every
// decision is made again by the same rules, and by a build in which one rule is another.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Scene } from '../lib/scene.mjs';
import { Visitor } from '../lib/visitor.mjs';

const FIRST = /30 seconds/;

/** A program in which quiet hours end ten minutes later (tests/changed). */
function changedBuild(home, ...args) {
    const program = join(process.env.NUDGE_BUILD, 'tests/changed/nudge-changed');
    return new Promise((resolve) => {
        execFile(program, args, { cwd: home.folder, env: home.env, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
            resolve({ code: error ? error.code : 0, stdout, stderr }));
    });
}

/** Someone whose second step comes due in quiet hours, is held, goes out and is answered. */
async function heldOverNight(scene, facts) {
    const person = scene.person(facts);
    await person.send('/start');
    const hello = await person.receive(FIRST);
    await scene.settled();
    await scene.later('12h'); // 21:00, the recovery came before
    await hello.tap(/Done/);
    await person.receive(/first win/);
    await scene.settled();
    await scene.later('2h'); // 23:00: quiet
    await scene.later('9h15m'); // 8:15
    await person.receive(/how do you want to feel today/);
    await person.send('Calm');
    await person.receive(/Good choice/);
    await scene.settled();
    return person;
}

const isHeld = (decision) => decision.gates?.some((gate) => gate.reason === 'quiet_hours');

describe('explain', () => {
    test('lists every decision in order, and each message has one that explains it', async (t) => {
        const scene = await Scene.open(t);
        const ann = await heldOverNight(scene, { first_name: 'Ann' });
        const who = `telegram:${ann.id}`;
        const { decisions, totals } = await scene.home.json('users', 'explain', who);
        assert.ok(decisions.length >= 8, `${decisions.length} decisions`);
        assert.deepEqual(totals, { decisions: decisions.length, same: decisions.length, different: 0, unknown: 0 });
        for (let i = 1; i < decisions.length; i++) {
            assert.ok(BigInt(decisions[i - 1].id) < BigInt(decisions[i].id));
            assert.ok(decisions[i - 1].at_ms <= decisions[i].at_ms);
        }
        assert.equal(decisions[0].what, 'the person wrote "/start"');
        const deliveries = await scene.deliveries(ann);
        assert.ok(deliveries.length >= 5);
        for (const delivery of deliveries) {
            const makers = decisions.filter((decision) =>
                decision.messages.some((message) => message.is_new && message.id === delivery.id));
            assert.equal(makers.length, 1, `message ${delivery.id} was made by ${makers.length} decisions`);
            assert.ok(makers[0].sentences.length > 0);
        }
        const [held] = decisions.filter(isHeld);
        assert.match(held.what, /time of a journey's next step came/);
        assert.match(held.sentences[0],
            /^superior_onboarding\/\w+ \(step\) waits until 2026-01-16 08:\d\d UTC: quiet hours from 22:00 to 08:00 in UTC$/);
        assert.ok(held.definitions.some((definition) => definition.journey === 'superior_onboarding'));
        const events = await scene.events(ann);
        const recorded = decisions.flatMap((decision) => decision.rules.map((rule) => rule.event));
        assert.deepEqual(recorded, events.map((event) => event.type));

        const text = await scene.home.run('users', 'explain', who);
        assert.equal(text.code, 0, text.stderr);
        assert.match(text.stdout, /waits until 2026-01-16 08:\d\d UTC: quiet hours from 22:00 to 08:00 in UTC/);
        assert.match(text.stdout, new RegExp(`${decisions.length} decisions; times in UTC`));
        const message = held.messages[0].id;
        const about = await scene.home.json('users', 'explain', who, '--message', message);
        assert.ok(about.decisions.length >= 2 && about.decisions.length < decisions.length);
        const late = await scene.home.json('users', 'explain', who, '--since', '1h');
        assert.ok(late.decisions.length >= 1 && late.decisions.every((decision) => decision.at_ms >= scene.home.now - 3_600_000));
        for (const wrong of [['--since', 'lately'], ['--message', 'x']]) {
            assert.equal((await scene.home.run('users', 'explain', who, ...wrong)).code, 2);
        }
    });

    test('a limit that is used up is named', async (t) => {
        const scene = await Scene.open(t, { env: { NUDGE_PER_DAY: '1', NUDGE_MIN_GAP: '0s' } });
        const ann = await scene.regular();
        for (const text of ['one', 'two']) {
            const sent = await scene.home.json('broadcast', '--text', text, '--send');
            assert.ok(sent.recipients >= 1);
            await scene.settled();
        }
        const { decisions } = await scene.home.json('users', 'explain', `telegram:${ann.id}`);
        const sentences = decisions.flatMap((decision) => decision.sentences);
        assert.ok(sentences.some((sentence) =>
            /^broadcast waits until .*: 1 of 1 nudges a day already used$/.test(sentence)), sentences.join('\n'));
    });

    test('the same build finds no difference; one with another rule finds exactly its decisions', async (t) => {
        const scene = await Scene.open(t);
        const ann = await heldOverNight(scene, {});
        const bob = await scene.regular({ language_code: 'de' });
        const who = `telegram:${ann.id}`;
        for (const person of [ann, bob]) {
            const verified = await scene.home.run('users', 'explain', `telegram:${person.id}`, '--verify');
            assert.equal(verified.code, 0, verified.stdout + verified.stderr);
            assert.match(verified.stdout, /0 differently, 0 cannot be made again/);
        }
        const { decisions } = await scene.home.json('users', 'explain', who);
        const expected = decisions.filter(isHeld).map((decision) => decision.id);
        assert.ok(expected.length >= 1);
        const changed = await changedBuild(scene.home, 'users', 'explain', who, '--verify', '--json');
        assert.equal(changed.code, 1, changed.stderr);
        const now = JSON.parse(changed.stdout);
        const different = now.decisions.filter((decision) => decision.verdict === 'different');
        assert.deepEqual(different.map((decision) => decision.id), expected);
        assert.equal(now.totals.different, expected.length);
        const [, then, changedTo] = different[0].differences[0].match(/then: .* 08:(\d\d) UTC.*; now: .* 08:(\d\d) UTC/);
        assert.equal(Number(changedTo), Number(then) + 10);
        const untouched = await changedBuild(scene.home, 'users', 'explain', `telegram:${bob.id}`, '--verify');
        assert.equal(untouched.code, 0, untouched.stdout + untouched.stderr);
        const text = await changedBuild(scene.home, 'users', 'explain', who, '--verify');
        assert.match(text.stdout, /COMES OUT DIFFERENTLY NOW/);
    });

    test('two rows that were joined have one history, with the joining in its place', async (t) => {
        const scene = await Scene.open(t, { env: { WEBCHAT_ENABLED: 'on' } });
        const web = await Visitor.open(scene);
        await web.send('/start');
        await web.press(/Done/);
        const start = new URL(await web.url()).searchParams.get('start');
        const ann = scene.person({ first_name: 'Ann' });
        await ann.send(`/start ${start}`);
        await (await ann.receive(/Was that you/)).tap('Yes, connect');
        await ann.send('hello');
        await ann.receive();
        await scene.settled();
        const who = `telegram:${ann.id}`;
        const { decisions, totals } = await scene.home.json('users', 'explain', who);
        const at = decisions.findIndex((decision) => decision.verdict === 'joined');
        assert.match(decisions[at].what, new RegExp(`what was ${decisions[at].alias}'s is theirs`));
        const told = decisions.map((decision) => decision.what);
        assert.ok(told.slice(0, at).includes('the person wrote "/start"'), told.join('\n'));
        assert.ok(told.slice(at).includes('the person wrote "hello"'), told.join('\n'));
        assert.deepEqual(totals, { decisions: decisions.length - 1, same: decisions.length - 1, different: 0, unknown: 0 });
        const text = await scene.home.run('users', 'explain', who);
        assert.match(text.stdout, /two rows of this person were joined/);
        const verified = await scene.home.run('users', 'explain', who, '--verify');
        assert.equal(verified.code, 0, verified.stdout + verified.stderr);
        assert.doesNotMatch(verified.stdout, /joined/);
    });

    test('an export has the decisions, an erasure leaves none', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await ann.send('my secret words');
        await ann.receive();
        await scene.settled();
        const who = `telegram:${ann.id}`;
        const exported = await scene.home.json('users', 'export', who);
        assert.ok(exported.decisions.some((decision) => decision.input.text === 'my secret words'));
        const user = await scene.user(ann);
        await scene.home.json('users', 'erase', who, '--yes');
        await scene.settled();
        const holds = scene.home.postgres ? "position('my secret words'::bytea in record) > 0"
            : "instr(record, cast('my secret words' as blob)) > 0";
        const [left] = await scene.home.sql(
            `select count(*) as n from decisions where user_id = ${user.id} or ${holds}`);
        assert.equal(left.n, 0);
        assert.deepEqual((await scene.home.json('users', 'explain', user.id)).decisions, []);
        assert.equal((await scene.home.run('users', 'explain', '77')).code, 1); // nobody
    });

    test('none are kept when none are wanted, and old ones go', async (t) => {
        const scene = await Scene.open(t, { env: { DECISIONS_KEPT_DAYS: '1' } });
        const ann = await scene.regular();
        const count = async () => (await scene.home.sql('select count(*) as n from decisions'))[0].n;
        const before = await count();
        assert.ok(before > 0);
        await scene.later('25h');
        await scene.home.until('the old ones to go', async () => {
            const [oldest] = await scene.home.sql(`select count(*) as n from decisions where id < ${scene.home.now - 86_400_000} << 21`);
            return oldest.n === 0;
        });
        await scene.home.stop();
        scene.home.env.DECISIONS_KEPT_DAYS = '0';
        await scene.home.serve();
        await scene.later('35m'); // they are looked for every half hour
        await ann.send('hello');
        await ann.receive();
        await scene.settled();
        await scene.home.until('all to go', async () => (await count()) === 0);
        assert.equal((await scene.home.json('users', 'explain', `telegram:${ann.id}`)).decisions.length, 0);
    });
});
