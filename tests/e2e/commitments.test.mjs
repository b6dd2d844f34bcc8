// Commitments from outside: making, changing and finishing them, what follows up on them, and the
// rules of pressure.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Scene } from '../lib/scene.mjs';

const CHECK_IN = /How is it going with/;
const PUSH = /A good moment for/;
const MISSED = /did not happen this time/;
const at = (day, hour, minute = 0) => Date.UTC(2026, 0, day, hour, minute);

/** What the person made last. */
const newest = async (scene, person) => (await scene.commitments(person)).at(-1);

async function commit(scene, person, text) {
    await person.send(`/commit ${text}`);
    const said = await person.receive(/Noted|Planned/);
    await scene.settled();
    return said;
}

/** Presses a button and waits until the message shows what came of it. */
async function press(message, button, shows) {
    await message.tap(button);
    return message.edited(shows);
}

describe('making', () => {
    test('with and without a time', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        const cases = [
            ['read 10 pages in 20 minutes', 'read 10 pages', at(15, 9, 20)],
            ['call mum by 18:00', 'call mum', at(15, 18)],
            ['stretch tomorrow morning', 'stretch', at(16, 9)],
            ['water the plants', 'water the plants', 0],
            ['laufen gehen um halb 8', 'laufen gehen', at(15, 19, 30)],
        ];
        for (const [words, text, planned_at_ms] of cases) {
            const said = await commit(scene, ann, words);
            assert.match(said.text, planned_at_ms === 0 ? /^Noted: / : /^Planned: .*\nI will remind you then/s);
            const made = await newest(scene, ann);
            assert.deepEqual([made.text, made.planned_at_ms, made.source], [text, planned_at_ms, 'chat'], words);
            assert.equal(made.due_at_ms, planned_at_ms || scene.home.now + 24 * 3_600_000);
            await ann.send('/done');
            await press(await ann.receive(/Which one/), text, /Done: /);
            await scene.settled();
        }
    });

    test('asks for the text when it is missing, and can be told never mind', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await ann.send('/commit');
        await ann.receive(/What small thing do you want to do\? Something of about/);
        await ann.send('sweep the floor at 17:00');
        await ann.receive(/Planned: sweep the floor/);
        await scene.settled();
        assert.equal((await newest(scene, ann)).planned_at_ms, at(15, 17));
        await ann.send('/commit');
        const ask = await ann.receive(/What small thing/);
        await press(ask, 'Never mind', /All right, never mind/);
        await ann.send('just talking');
        await ann.receive(/Thanks for writing/);
        await scene.settled();
        assert.equal((await scene.commitments(ann)).length, 2);
    });

    test('every day: the next one is made when this one is done', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        const said = await commit(scene, ann, 'meditate every day at 17:00');
        assert.match(said.text, /every day/);
        await scene.later('8h');
        const reminder = await ann.receive(/It is time for "meditate"/);
        await reminder.tap(/Done/);
        await ann.receive(/Done as planned/);
        await scene.settled();
        const [, first, second] = await scene.commitments(ann);
        assert.deepEqual([first.state, second.state], ['completed', 'active']);
        assert.deepEqual([second.text, second.planned_at_ms, second.repeat], ['meditate', at(16, 17), 1]);
        await scene.later('24h');
        await ann.receive(/It is time for "meditate"/);
    });
});

describe('the list', () => {
    test('done, rename, drop and undo', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await commit(scene, ann, 'one');
        await commit(scene, ann, 'two');
        await ann.send('/list');
        const list = await ann.receive(/2 open commitments/);
        assert.deepEqual(
            list.buttons.map((button) => button.text),
            ['✓ Done 1', '✎ Rename 1', '✕ Drop 1', '✓ Done 2', '✎ Rename 2', '✕ Drop 2']);
        await list.tap('✎ Rename 2');
        await ann.receive(/What shall it say instead of two/);
        await ann.send('two and a half');
        await ann.receive(/Now it says: two and a half/);
        await ann.send('/list');
        const anew = await ann.receive(/2 open commitments/);
        await press(anew, '✓ Done 1', /Done: one.*One open commitment.*two and a half/s);
        await scene.settled();
        assert.deepEqual((await scene.commitments(ann)).map((row) => row.state), ['completed', 'completed', 'active']);
        await press(anew, 'Undo', /Back to where it was: one/);
        await scene.settled();
        assert.deepEqual((await scene.commitments(ann)).map((row) => row.state), ['completed', 'active', 'active']);
        assert.equal((await scene.user(ann)).commitments_completed, 1);

        await ann.send('/list');
        const again = await ann.receive(/2 open commitments/);
        await press(again, '✕ Drop 2', /Dropped: two and a half/);
        await scene.later('11m');
        const late = await again.tap('Undo');
        assert.match((await late.answered()).params.text, /Too late to undo/);
        await scene.settled();
        assert.deepEqual(
            (await scene.commitments(ann)).map((row) => row.state), ['completed', 'active', 'dropped']);
    });

    test('many: numbers to choose from, pages, and a limit', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        for (let i = 1; i <= 10; i++) {
            await commit(scene, ann, `thing ${i}`);
        }
        await ann.send('/list');
        const list = await ann.receive(/10 open commitments/);
        assert.match(list.text, /Pick a number/);
        assert.deepEqual(list.buttons.map((button) => button.text), ['1', '2', '3', '4', '5', '6', '7', '8', 'More']);
        await press(list, 'More', /thing 10/);
        await press(list, 'Back', /thing 1 /);
        await press(list, '3', /^thing 3/);
        await press(list, '✕ Drop', /Dropped: thing 3/);
        for (let i = 0; i < 45; i++) {
            await ann.send(`/commit more ${i}`);
        }
        await ann.receive(/You already have \d+ open ones/);
        await scene.settled();
        const open = (await scene.commitments(ann)).filter((row) => row.state === 'active').length;
        assert.ok(open <= 50, `${open} are open`);
        await ann.send('/list');
        await ann.receive(new RegExp(`${open} open commitments`));
    });

    test('/done: a button for each, by number, by a part of the text', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await ann.send('/done');
        await ann.receive(/Nothing is open/);
        await commit(scene, ann, 'read a book');
        await commit(scene, ann, 'read the paper');
        await commit(scene, ann, 'walk');
        await ann.send('/done read');
        const which = await ann.receive(/I am not sure which one/);
        assert.equal(which.buttons.length, 3);
        await ann.send('/done paper');
        await ann.receive(/Done: read the paper/);
        await ann.send('/done 1');
        await ann.receive(/Done: read a book/);
        await scene.later('90m');
        await ann.send('/done');
        await press(await ann.receive(/Which one/), 'walk', /Done: walk – it took you 1\.5 h/);
        await scene.settled();
        const user = await scene.user(ann);
        assert.deepEqual([user.commitments_total, user.commitments_completed], [4, 4]);
    });
});

describe('following up', () => {
    test('check-in after two hours, push after four; done', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await commit(scene, ann, 'read');
        await scene.later('1h59m');
        assert.equal((await scene.runs(ann, 'quick_execution_followup')).at(-1).phase, 'due');
        await scene.later('1m');
        const checkIn = await ann.receive(CHECK_IN);
        assert.deepEqual(checkIn.buttons.map((button) => button.text), ['✅ Done', '💪 Working on it', '🐘 Too big']);
        await checkIn.tap(/Working/);
        await ann.receive(/Great, keep going/);
        await scene.later('2h');
        const push = await ann.receive(PUSH);
        await push.tap(/Done/);
        await ann.receive(/You said it and you did it/);
        await scene.settled();
        const done = await newest(scene, ann);
        assert.equal(done.state, 'completed');
        assert.equal(done.completed_at_ms - done.created_at_ms, 4 * 3_600_000);
        assert.equal(done.followups, 2);
        const run = (await scene.runs(ann, 'quick_execution_followup')).at(-1);
        assert.notEqual(run.outcome, 'active');
    });

    test('need more time: four hours later, one more check-in, then nothing', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await commit(scene, ann, 'read');
        await scene.later('2h');
        await ann.receive(CHECK_IN);
        await scene.later('2h');
        await (await ann.receive(PUSH)).tap(/more time/);
        await ann.receive(/four hours longer/);
        await scene.settled();
        assert.equal((await newest(scene, ann)).planned_at_ms, at(15, 17));
        await scene.later('6h'); // two hours after its time
        await ann.receive(CHECK_IN);
        const mark = await scene.tg.mark();
        await scene.later('4h');
        await scene.later('12h');
        assert.deepEqual((await scene.texts(ann, mark)).filter((text) => PUSH.test(text) || CHECK_IN.test(text)), []);
    });

    test('a daily one put off past midnight comes again the same evening', async (t) => {
        const scene = await Scene.open(t, { now: at(15, 18) });
        const ann = await scene.regular();
        await commit(scene, ann, 'stretch every day at 19:00');
        await scene.later('3h');
        await ann.receive(CHECK_IN);
        await scene.later('11h'); // the push waited for the morning
        await (await ann.receive(PUSH)).tap(/more time/);
        await ann.receive(/four hours longer/);
        await scene.settled();
        assert.equal((await newest(scene, ann)).planned_at_ms, at(16, 12));
        await ann.send('/done stretch');
        await ann.receive(/Done: stretch/);
        await scene.settled();
        const next = await newest(scene, ann);
        assert.deepEqual([next.state, next.planned_at_ms], ['active', at(16, 19)]);
    });

    test('after an outage only the newest message about a commitment goes out', async (t) => {
        const scene = await Scene.open(t); // nine o'clock
        const ann = await scene.regular();
        await commit(scene, ann, 'read at 11:00');
        await scene.home.stop();
        const mark = await scene.tg.mark();
        scene.home.advance('5h'); // over its time and the check-in's
        await scene.home.serve();
        await scene.settled();
        await ann.receive(CHECK_IN);
        await scene.later('10m');
        const texts = await scene.texts(ann, mark);
        assert.equal(texts.length, 1, texts.join('\n'));
        const skipped = await scene.events(ann, 'step_skipped');
        assert.deepEqual(
            skipped.map((event) => [event.journey, event.rule]), [['commitment_reminder', 'step.superseded']]);
    });

    test('too big: halved, and no push', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await commit(scene, ann, 'write an essay');
        const before = await newest(scene, ann);
        await scene.later('2h');
        await (await ann.receive(CHECK_IN)).tap(/Too big/);
        await ann.receive(/Then we make it smaller/);
        const mark = await scene.tg.mark();
        await scene.later('4h');
        assert.deepEqual(await scene.texts(ann, mark), []);
        const after = await newest(scene, ann);
        assert.equal(after.state, 'active');
        assert.ok(after.size_s > 0 && after.size_s <= before.size_s / 2, `${before.size_s} -> ${after.size_s}`);
    });

    test('done before the check-in: nothing is asked', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await press(await commit(scene, ann, 'read'), 'Done', /Done: read/);
        await scene.settled();
        const mark = await scene.tg.mark();
        await scene.later('12h');
        assert.deepEqual((await scene.texts(ann, mark)).filter((text) => CHECK_IN.test(text)), []);
    });

    test('missed: one gentle message; done after all, or let go', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await commit(scene, ann, 'read');
        await commit(scene, ann, 'write');
        await scene.later('24h');
        await scene.later('24h');
        const read = await ann.receive(/"read" did not happen/);
        const write = await ann.receive(/"write" did not happen/);
        assert.equal((await scene.user(ann)).commitments_missed, 2);
        await read.tap(/Done after all/);
        await ann.receive(/done is done/);
        await write.tap(/Let it go/);
        await ann.receive(/Room for something/);
        await scene.settled();
        assert.deepEqual((await scene.commitments(ann)).map((row) => row.state), ['completed', 'completed', 'dropped']);
        const user = await scene.user(ann);
        assert.deepEqual([user.commitments_completed, user.commitments_missed, user.commitments_dropped], [2, 0, 1]);
    });

    test('the original set asks after 6 and 28 hours', async (t) => {
        const scene = await Scene.open(t, { share: 0 });
        const ann = await scene.newcomer();
        await commit(scene, ann, 'read');
        await scene.later('5h');
        assert.deepEqual((await scene.deliveries(ann)).filter((row) => row.class === 'followup'), []);
        await scene.later('1h');
        await (await ann.receive(/How is "read" coming along/)).tap(/Not yet/);
        await ann.receive(/there is still time/);
        await scene.later('22h');
        const day = await ann.receive(/A new day, a fresh start: "read"/);
        await day.tap(/Let it go/);
        await ann.receive(/off your list/);
        await scene.settled();
        assert.equal((await newest(scene, ann)).state, 'dropped');
    });
});

describe('growing', () => {
    test('who is quick is asked whether the next may be bigger, once a day', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.newcomer();
        await (await commit(scene, ann, 'read')).tap('Done');
        const praise = await ann.receive(/You are quick!/);
        assert.match(praise.text, /"read": done in/);
        const before = (await scene.user(ann)).ladder_rung;
        await praise.tap(/Level up/);
        await ann.receive(/From now on I suggest/);
        await scene.settled();
        const after = (await scene.user(ann)).ladder_rung;
        assert.ok(after > before, `${before} -> ${after}`);
        const mark = await scene.tg.mark();
        await press(await commit(scene, ann, 'write'), 'Done', /Done: write/);
        await scene.settled();
        assert.deepEqual((await scene.texts(ann, mark)).filter((text) => /You are quick/.test(text)), []);
        await scene.later('25h');
        await (await commit(scene, ann, 'sing')).tap('Done');
        await (await ann.receive(/You are quick!/)).tap(/Same size/);
        await ann.receive(/Same size it is/);
    });

    test('three days in a row are celebrated', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.newcomer();
        for (let day = 1; day <= 3; day++) {
            await press(await commit(scene, ann, `day ${day}`), 'Done', /Done: day/);
            await scene.settled();
            if (day < 3) {
                await scene.later('24h');
            }
        }
        await ann.receive(/3 days in a row/);
        await ann.send('/streaks');
        await ann.receive(/3 days in a row/);
        const user = await scene.user(ann);
        assert.deepEqual([user.streak_days, user.streak_best_days], [3, 3]);
        await scene.later('48h');
        await ann.send('/streaks');
        await ann.receive(/No streak at the moment.*Your longest so far: 3 days/s);
    });

    test('the tenth: their real figures, and the choice goes to the operators', async (t) => {
        const scene = await Scene.open(t, { env: { ADMIN_CHAT_IDS: '900900' } });
        const admin = scene.person({ id: 900900, started: true });
        await admin.ready();
        const ann = await scene.newcomer({ first_name: 'Ann' });
        for (let i = 1; i <= 10; i++) {
            assert.deepEqual(await scene.runs(ann, 'power_user_amplification'), []);
            await press(await commit(scene, ann, `thing ${i}`), 'Done', new RegExp(`Done: thing ${i} `));
            await scene.settled();
        }
        const amplify = await ann.receive(/10 of 10 commitments kept, that is 100 %.*Ann/);
        await amplify.tap(/Lead a group/);
        await ann.receive(/Somebody from the team gets in touch/);
        await admin.receive(/chose: lead_group/);
        await scene.settled();
        assert.equal((await scene.user(ann)).amplification_choice, 'lead_group');
        const metrics = await scene.home.json('metrics');
        assert.equal(metrics.power_users, 1);
        await press(await commit(scene, ann, 'thing 11'), 'Done', /Done: thing 11/);
        await scene.settled();
        assert.equal((await scene.runs(ann, 'power_user_amplification')).length, 1);
    });
});

describe('pressure', () => {
    test('six followups a day', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        for (const text of ['one', 'two', 'three', 'four']) {
            await commit(scene, ann, text);
        }
        await scene.later('2h');
        await scene.later('2h');
        const sent = async (state) => (await scene.deliveries(ann)).filter((row) => row.class === 'followup' && row.state === state);
        assert.equal((await sent('sent')).length, 6);
        const held = await sent('scheduled');
        assert.equal(held.length, 2);
        assert.ok(held.every((row) => row.reason === 'cap'));
        assert.equal((await scene.user(ann)).followup_count, 6);
    });

    test('one nudge in four hours, three a day; a capped one waits', async (t) => {
        const scene = await Scene.open(t, { now: at(15, 8) });
        const ann = await scene.regular();
        for (let i = 1; i <= 4; i++) {
            await scene.home.json('broadcast', '--text', `news ${i}`, '--send');
        }
        await scene.settled();
        const states = async () => (await scene.deliveries(ann)).filter((row) => row.kind === 'broadcast').map((row) => row.state);
        assert.deepEqual(await states(), ['sent', 'scheduled', 'scheduled', 'scheduled']);
        await scene.later('3h59m');
        assert.deepEqual(await states(), ['sent', 'scheduled', 'scheduled', 'scheduled']);
        await scene.later('1m');
        assert.equal((await states()).filter((state) => state === 'sent').length, 2);
        await scene.later('4h');
        assert.equal((await states()).filter((state) => state === 'sent').length, 3);
        await scene.later('4h'); // 20:00: the three of the day are used up
        assert.equal((await states()).filter((state) => state === 'sent').length, 3);
        await scene.later('12h15m'); // 08:15
        assert.equal((await states()).filter((state) => state === 'sent').length, 4);
        assert.equal((await ann.sent()).filter((message) => /news/.test(message.text)).length, 4);
    });

    test('a reply is never held, a followup waits for the morning', async (t) => {
        const scene = await Scene.open(t, { now: at(15, 21, 30) });
        const ann = await scene.regular();
        await scene.later('1h');
        await commit(scene, ann, 'read'); // 22:30
        await scene.later('2h');
        const held = (await scene.deliveries(ann)).at(-1);
        assert.deepEqual([held.class, held.state, held.reason], ['followup', 'scheduled', 'quiet_hours']);
        assert.ok(held.next_at_ms >= at(16, 8) && held.next_at_ms < at(16, 8, 15));
        await scene.later('7h45m');
        await ann.receive(CHECK_IN);
    });

    test('quiet hours are those of the person', async (t) => {
        const scene = await Scene.open(t, { now: at(15, 9) });
        const ann = await scene.regular();
        await ann.send('/settings');
        await press(await ann.receive(/Your settings/), 'Time zone', /Where are you/);
        await ann.send('Tokyo');
        await ann.receive(/Your time zone is Asia\/Tokyo; it is 18:00 there now/);
        await commit(scene, ann, 'read');
        await scene.later('2h');
        await ann.receive(CHECK_IN); // 20:00 in Tokyo
        await scene.later('2h');
        assert.equal((await scene.deliveries(ann)).at(-1).reason, 'quiet_hours'); // 22:00
        await scene.later('10h15m');
        await ann.receive(PUSH); // 08:15
    });

    test('after an outage of two days only the newest message is sent', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await commit(scene, ann, 'read');
        const bob = await scene.newcomer();
        await scene.home.stop();
        const mark = await scene.tg.mark();
        scene.home.advance('48h30m');
        await scene.home.serve();
        await scene.settled();
        assert.deepEqual((await scene.texts(ann, mark)).map((text) => MISSED.test(text)), [true]);
        const toBob = await scene.texts(bob, mark);
        assert.equal(toBob.length, 1, JSON.stringify(toBob));
        assert.match(toBob[0], /One deep breath, or just "hi"/);
        const late = (await scene.deliveries(bob)).filter((row) => row.state === 'expired');
        assert.deepEqual(late.map((row) => row.kind), ['recovery']);
    });

    test('/pause holds, /resume lets go', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await commit(scene, ann, 'read');
        await ann.send('/pause 3');
        const said = await ann.receive(/I keep quiet for 3 days/);
        assert.equal((await scene.user(ann)).paused_until_ms, at(18, 9));
        const mark = await scene.tg.mark();
        await scene.later('2h');
        await scene.later('24h');
        assert.deepEqual(await scene.texts(ann, mark), []);
        await said.tap('Go on');
        await ann.receive(/Welcome back/);
        await scene.settled();
        assert.equal((await scene.user(ann)).paused_until_ms, 0);
        assert.equal((await scene.events(ann, 'paused')).length, 1);
        assert.equal((await scene.events(ann, 'resumed')).length, 1);
        await ann.send('/pause 400');
        await ann.receive(/From 1 to 365/);
    });

    test('a pause ends by itself', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.newcomer();
        await ann.send('/pause 2');
        await ann.receive(/I keep quiet for 2 days/);
        const mark = await scene.tg.mark();
        await scene.later('47h');
        assert.deepEqual(await scene.texts(ann, mark), []);
        await scene.later('1h');
        await ann.receive(/Just saying hello counts/);
    });

    test('/stop ends everything of our own, and answers go on', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await commit(scene, ann, 'read');
        await ann.send('/stop');
        await ann.receive(/I will not write on my own any more/);
        await scene.settled();
        assert.deepEqual((await scene.runs(ann)).filter((run) => run.outcome === 'active'), []);
        const mark = await scene.tg.mark();
        for (let day = 0; day < 10; day++) {
            await scene.later('24h');
        }
        assert.deepEqual(await scene.texts(ann, mark), []);
        await commit(scene, ann, 'write');
        await ann.send('/start');
        await (await ann.receive(/I keep quiet, as you asked/)).tap('Go on');
        await ann.receive(/Welcome back/);
        await commit(scene, ann, 'sing');
        await scene.later('2h');
        await ann.receive(CHECK_IN);
    });
});
