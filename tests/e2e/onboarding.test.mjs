// Onboarding from outside, step by step: what the person reads and presses, what the store keeps.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MORNING } from '../lib/nudge.mjs';
import { Scene } from '../lib/scene.mjs';

const FIRST = /30 seconds/;
const WORD = /how do you want to feel today/;
const ACTION = /five minutes or less/;
const PLAN = /Last little step/;

/** Answers step 1, then waits until the next is due, and so on up to (not including) step `until`. */
async function walk(scene, ann, until) {
    await (await ann.receive(FIRST)).tap(/Done/);
    await ann.receive(/first win/);
    await scene.later('2h');
    if (until === 2) {
        return;
    }
    await ann.receive(WORD);
    await ann.send('Calm, please');
    await ann.receive(/Good choice: Calm/);
    await scene.later('4h');
    if (until === 3) {
        return;
    }
    await (await ann.receive(ACTION)).tap(/Walked/);
    await ann.receive(/third win/);
    await scene.later('6h');
}

describe('the four steps', () => {
    test('answered promptly, they fit into one day and end in graduation and a rating', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person({ first_name: 'Ann' });
        await ann.send('/start');
        const hello = await ann.receive(FIRST);
        assert.match(hello.text, /^Hi Ann, lovely to meet you!/);
        assert.deepEqual(hello.buttons.map((button) => button.text), ['✅ Done', 'Too much right now']);
        assert.ok(hello.buttons.every((button) => Buffer.byteLength(button.callback_data) <= 64));
        await hello.tap(/Done/);
        await hello.edited(/→ ✅ Done/);
        assert.match((await ann.receive()).text, /first win/);

        await scene.later('1h59m');
        const [waiting] = await scene.runs(ann);
        assert.deepEqual([waiting.phase, waiting.step], ['due', 1]);
        await scene.later('1m');
        assert.match((await ann.receive()).text, WORD);
        await ann.send('Calm, please');
        assert.match((await ann.receive()).text, /Good choice: Calm\. I keep it/);

        await scene.later('4h');
        const action = await ann.receive();
        assert.match(action.text, /You wanted to feel Calm\..*five minutes or less/);
        assert.equal(action.buttons.length, 6);
        await action.tap(/Walked/);
        assert.match((await ann.receive()).text, /Walked for five minutes\. That is your third win today!/);

        await scene.later('6h');
        assert.match((await ann.receive()).text, PLAN);
        await ann.send('stretch at 7:30');
        assert.match((await ann.receive()).text, /It is set: stretch at 7:30/);
        assert.match((await ann.receive()).text, /You did it, Ann! Four small steps/);
        const rating = await ann.receive();
        assert.match(rating.text, /was this start helpful/);
        await rating.tap(/Yes/);
        await rating.edited(/Thank you, that helps me/);
        await scene.settled();

        const [run] = await scene.runs(ann, 'superior_onboarding');
        assert.deepEqual([run.outcome, run.phase, run.steps_assisted], ['completed', 'ended', 0]);
        assert.equal(run.steps.filter(([sent, done]) => sent > 0 && done >= sent).length, 4);
        assert.equal(run.answers.user_feeling_word, 'Calm');
        assert.equal(run.answers.chosen_action, 'Walked for five minutes');
        assert.equal(run.answers.what, 'stretch');
        assert.match(run.answers.when, /7:30/);
        assert.equal(run.answers.tomorrow_commitment, 'stretch at 7:30');
        const user = await scene.user(ann);
        assert.deepEqual(
            [user.onboarding_completed, user.onboarding_version, user.feeling_word, user.journey_set],
            [1, 'superior_v2.0', 'Calm', 1]);
        assert.equal(user.onboarding_completed_at_ms, scene.home.now);
        const [action_done, plan] = await scene.commitments(ann);
        assert.deepEqual(
            [action_done.text, action_done.state, action_done.source], ['Walked for five minutes', 'completed', 'onboarding']);
        assert.ok(action_done.size_s <= 300);
        assert.deepEqual([plan.text, plan.state, plan.source], ['stretch', 'active', 'onboarding']);
        assert.equal(plan.planned_at_ms, Date.UTC(2026, 0, 16, 7, 30));
        assert.equal((await scene.events(ann, 'graduated')).length, 1);
        assert.deepEqual((await scene.events(ann, 'rated')).map((event) => event.data.rating), [1]);
        const sequences = new Set((await scene.deliveries(ann)).map((row) => row.sequence));
        assert.ok(sequences.has('superior_onboarding_v2') && sequences.has('superior_onboarding_v2_celebration'));

        const metrics = await scene.home.json('metrics');
        assert.equal(metrics.conversion_rate, 100);
        assert.equal(metrics.conversion_rate_outside_onboarding, 0);
        assert.equal(metrics.completion_rate, 50);
        assert.equal(metrics.feedback_positive_share, 100);
    });

    test('step 3 on a later day does not speak of today', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('/start');
        await walk(scene, ann, 3);
        await ann.receive(ACTION);
        await scene.later('7h');
        await scene.later('10h');
        await ann.send('I swept the floor');
        const cheer = await ann.receive(/third win/);
        assert.match(cheer.text, /I swept the floor\. That is your third win!/);
        assert.doesNotMatch(cheer.text, /today/);
    });

    test('a step due in the quiet hours comes in the morning', async (t) => {
        const scene = await Scene.open(t, { now: MORNING });
        const ann = scene.person();
        await ann.send('/start');
        await walk(scene, ann, 4); // 10, 12, 16, 22 o'clock
        assert.deepEqual((await scene.deliveries(ann)).map((row) => row.state).filter((state) => state !== 'sent'), ['scheduled']);
        await scene.later('9h59m');
        const mark = await scene.tg.mark();
        assert.deepEqual((await scene.texts(ann, mark)), []);
        await scene.later('16m');
        const plan = await ann.receive(PLAN);
        assert.ok(plan.n > mark);
        const [sent] = (await scene.deliveries(ann)).slice(-1);
        assert.ok(sent.sent_at_ms >= Date.UTC(2026, 0, 16, 8) && sent.sent_at_ms <= Date.UTC(2026, 0, 16, 8, 15));
    });

    test('a plan in two messages: what first, then asked when', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('/start');
        await walk(scene, ann, 4);
        await ann.receive(PLAN);
        await ann.send('water the plants');
        assert.match((await ann.receive()).text, /Nice: water the plants\. And when tomorrow\?/);
        await ann.send('in the evening');
        assert.match((await ann.receive()).text, /It is set: water the plants/);
        await ann.receive(/Four small steps/);
        const plan = (await scene.commitments(ann)).at(-1);
        assert.deepEqual([plan.text, plan.state], ['water the plants', 'active']);
        assert.equal(new Date(plan.planned_at_ms).toISOString().slice(0, 10), '2026-01-16');
        const [run] = await scene.runs(ann, 'superior_onboarding');
        assert.equal(run.answers.what, 'water the plants');
        assert.match(run.answers.when, /evening/);
    });

    test('the plan is reminded of, missed, and made smaller', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('/start');
        await walk(scene, ann, 4);
        await ann.receive(PLAN);
        await ann.send('stretch at 10:00');
        await ann.receive(/was this start helpful/);
        await scene.settled();
        await scene.later('13h'); // 10:00 of the next day
        const reminder = await ann.receive(/It is time for "stretch"/);
        assert.match(reminder.text, /You planned it for .*10:00/);
        await scene.later('2h');
        await ann.receive(/How is it going with "stretch"/);
        await scene.later('2h');
        await ann.receive(/A good moment for "stretch"/);
        await scene.later('20h'); // 24 h past its time
        const missed = await ann.receive(/did not happen this time, and that is all right/);
        assert.equal((await scene.commitments(ann)).at(-1).state, 'missed');
        await missed.tap(/Make it smaller/);
        await ann.receive(/Then we make it smaller/);
        await scene.settled();
        const rows = await scene.commitments(ann);
        assert.deepEqual(rows.map((row) => row.state), ['completed', 'missed', 'active']);
        assert.ok(rows[2].size_s <= rows[1].size_s / 2);
        assert.equal(rows[2].text, 'stretch');
    });

    test('/start fifty times greets, but enters once and sends no step twice', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        for (let i = 0; i < 50; i++) {
            await ann.send('/start');
        }
        await scene.settled();
        assert.equal((await scene.runs(ann)).length, 1);
        assert.equal((await scene.events(ann, 'step_sent')).length, 1);
        const replies = (await scene.deliveries(ann)).filter((row) => row.kind === 'reply');
        assert.equal(replies.length, 49); // nobody is met with silence
        assert.equal((await scene.deliveries(ann)).filter((row) => row.kind === 'step').length, 1);
    });
});

describe('silence', () => {
    test('recovery, abandonment, giving up, and rescue three days after that', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('/start');
        await ann.receive(FIRST);
        await scene.settled();
        await scene.later('6h'); // 15:00
        const hello = await ann.receive(/Just saying hello counts/);
        assert.deepEqual(hello.buttons.map((button) => button.text), ['👋 Hello!']);
        await scene.later('24h');
        await ann.receive(/One deep breath, or just "hi"/);
        assert.equal((await scene.runs(ann))[0].phase, 'abandoning');
        await scene.later('71h');
        assert.equal((await scene.runs(ann))[0].outcome, 'active');
        await scene.later('1h');
        assert.equal((await scene.runs(ann))[0].outcome, 'abandoned');
        assert.equal((await scene.user(ann)).onboarding_completed, 0);
        await scene.later('71h');
        assert.deepEqual(await scene.runs(ann, 'inactive_rescue'), []);
        await scene.later('1h');
        const rescue = await ann.receive(/A restart can be tiny/);
        assert.equal(rescue.buttons.length, 3);
        const [delivery] = (await scene.deliveries(ann)).slice(-1);
        assert.deepEqual([delivery.class, delivery.state], ['nudge', 'sent']);
        await rescue.tap(/glass of water/);
        await ann.receive(/It is on your list/);
        await scene.settled();
        const [made] = await scene.commitments(ann);
        assert.deepEqual([made.text, made.state], ['Drink a glass of water', 'active']);
        assert.deepEqual((await scene.runs(ann, 'inactive_rescue')).map((run) => run.outcome), ['left']);
    });

    test('any answer to the recovery completes the step, marked as assisted', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('/start');
        await ann.receive(FIRST);
        await scene.settled();
        await scene.later('6h');
        await ann.receive(/Just saying hello counts/);
        await ann.send('hey there');
        await ann.receive(/first win/);
        await scene.settled();
        const [run] = await scene.runs(ann);
        assert.deepEqual([run.outcome, run.phase, run.step, run.steps_assisted], ['active', 'due', 1, 1]);
        assert.equal((await scene.events(ann, 'step_completed'))[0].data.assisted, true);
    });

    test('after the abandonment message "hi" resumes at the step that waited', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('/start');
        await walk(scene, ann, 3);
        await ann.receive(ACTION);
        await scene.later('8h'); // 23:00, quiet
        await scene.later('9h15m'); // 08:15
        await ann.receive(/Five minutes can be a lot/);
        await scene.later('24h');
        await ann.receive(/One deep breath, or just "hi"/);
        await ann.send('hi');
        await ann.receive(ACTION);
        await scene.settled();
        const [run] = await scene.runs(ann);
        assert.deepEqual([run.outcome, run.phase, run.step], ['active', 'waiting', 2]);
        assert.deepEqual(await scene.commitments(ann), []);
    });

    test('silent at step 4 with three steps done: graduated, partial', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('/start');
        await walk(scene, ann, 4);
        await ann.receive(PLAN); // 21:00
        await scene.later('24h');
        await ann.receive(/One deep breath, or just "hi"/);
        const mark = await scene.tg.mark();
        await scene.later('72h');
        const [run] = await scene.runs(ann, 'superior_onboarding');
        assert.deepEqual([run.outcome, run.flags & 1], ['completed', 1]);
        assert.equal((await scene.user(ann)).onboarding_completed, 1);
        assert.deepEqual((await scene.texts(ann, mark)), []);
    });

    test('steps that nobody answers are counted by the metrics', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        const bob = scene.person();
        await ann.send('/start');
        await bob.send('/start');
        await bob.receive(FIRST);
        await (await ann.receive(FIRST)).tap(/Done/);
        await ann.receive(/first win/);
        await scene.settled();
        await scene.later('8h');
        const metrics = await scene.home.json('metrics');
        assert.equal(metrics.conversion_rate, 0);
        assert.deepEqual([metrics.step_1_completion, metrics.step_1_completion_n], [50, 2]);
    });
});

describe('overwhelm and crisis', () => {
    test('by the button, then again: smaller, then nothing, any word still counts', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('/start');
        await (await ann.receive(FIRST)).tap(/Too much/);
        const tiny = await ann.receive(/Let us make it tiny: one breath/);
        assert.deepEqual(tiny.buttons.map((button) => button.text), ['One breath taken']);
        await ann.send('this is too much for me');
        await ann.receive(/Then let it be for now/);
        await scene.settled();
        const mark = await scene.tg.mark();
        await scene.later('8h');
        assert.deepEqual((await scene.texts(ann, mark)), []); // no recovery after that
        await ann.send('okay');
        await ann.receive(/first win/);
        await scene.settled();
        const [run] = await scene.runs(ann);
        assert.equal(run.flags & 4, 4);
        assert.equal(run.steps_assisted & 1, 1);
        assert.equal((await scene.events(ann, 'overwhelmed')).length, 2);
    });

    test('by free text, and its near-miss', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('/start');
        await walk(scene, ann, 2);
        await ann.receive(WORD);
        await ann.send("I can't do this");
        const words = await ann.receive(/Tap the one that feels least wrong/);
        assert.equal(words.buttons.length, 3);
        await words.tap('Rested');
        await ann.receive(/Good choice: rested/i);
        const bob = scene.person();
        await bob.send('/start');
        await walk(scene, bob, 2);
        await bob.receive(WORD);
        await bob.send("can't wait");
        await bob.receive(/Good choice/);
        assert.equal((await scene.events(bob, 'overwhelmed')).length, 0);
    });

    test('step 3: one push-up counts as the action; step 4: a ready-made plan', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('/start');
        await walk(scene, ann, 3);
        await (await ann.receive(ACTION)).tap(/Too much/);
        await (await ann.receive(/smallest thing/)).tap('One push-up');
        await ann.receive(/One push-up.*third win/);
        await scene.later('6h');
        await (await ann.receive(PLAN)).tap(/Too much/);
        await (await ann.receive(/three ready for you/)).tap(/13:00/);
        await ann.receive(/It is set/);
        await ann.receive(/Four small steps/);
        const [pushUp, plan] = await scene.commitments(ann);
        assert.deepEqual([pushUp.text, pushUp.state], ['One push-up', 'completed']);
        assert.equal(plan.planned_at_ms, Date.UTC(2026, 0, 16, 13));
        assert.equal((await scene.runs(ann, 'superior_onboarding'))[0].steps_assisted, 0b1100);
    });

    test('words of crisis: help lines, no task, everything held, operators told', async (t) => {
        const scene = await Scene.open(t, { env: { ADMIN_CHAT_IDS: '900900' } });
        const admin = scene.person({ id: 900900, started: true });
        await admin.ready();
        const ann = scene.person();
        await ann.send('/start');
        await walk(scene, ann, 2);
        await ann.receive(WORD);
        const mark = await scene.tg.mark();
        await ann.send('I want to die');
        const care = await ann.receive(/talk to a person now/);
        assert.match(care.text, /988/);
        assert.equal(care.buttons.length, 0);
        const told = await admin.receive(/wrote words of crisis/);
        assert.doesNotMatch(told.text, /want to die/);
        await scene.settled();
        assert.equal((await scene.user(ann)).crisis_hold, 1);
        for (let day = 0; day < 8; day++) {
            await scene.later('24h');
        }
        assert.deepEqual((await scene.texts(ann, mark)), [care.text]);
        await ann.send('/resume');
        await ann.receive(/Welcome back/);
        await scene.settled();
        assert.equal((await scene.user(ann)).crisis_hold, 0);
        assert.ok(!scene.home.log.join('\n').includes('want to die'));
    });

    test('in German the German words and lines', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person({ first_name: 'Änne', language_code: 'de' });
        await ann.send('/start');
        assert.match((await ann.receive()).text, /^Hallo Änne, schön, dich kennenzulernen!/);
        await ann.send('das ist mir zu viel');
        assert.match((await ann.receive()).text, /winzig/);
        await ann.send('ich will nicht mehr leben');
        assert.match((await ann.receive()).text, /TelefonSeelsorge.*0800 111 0 111/);
    });
});

describe('other ways through', () => {
    test('/commit in the middle graduates and completes only the steps sent', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('/start');
        await walk(scene, ann, 2);
        await ann.receive(WORD);
        await ann.send('/commit read two pages');
        await ann.receive(/You just made your own commitment.*read two pages/);
        await ann.receive(/was this start helpful/);
        await scene.settled();
        const [run] = await scene.runs(ann, 'superior_onboarding');
        assert.equal(run.outcome, 'completed');
        assert.equal((await scene.events(ann, 'step_completed')).filter((event) => event.journey === 'superior_onboarding').length, 2);
        assert.deepEqual(run.steps.map(([sent, done]) => sent > 0 && done > 0), run.steps.map((_, i) => i < 2));
        assert.equal((await scene.user(ann)).onboarding_completed, 1);
        assert.deepEqual((await scene.commitments(ann)).map((row) => row.source), ['chat']);
        const mark = await scene.tg.mark();
        await scene.later('2h');
        assert.deepEqual((await scene.texts(ann, mark)).filter((text) => ACTION.test(text) || WORD.test(text)), []);
    });

    test('who blocks the bot is written to no more, and comes back where they were', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('/start');
        await (await ann.receive(FIRST)).tap(/Done/);
        await ann.receive(/first win/);
        await scene.settled();
        await scene.tg.fail('sendMessage', 'blocked', { chat: ann, count: 1 });
        await scene.later('2h');
        const failed = (await scene.deliveries(ann)).at(-1);
        assert.deepEqual([failed.state, failed.reason], ['failed', 'blocked']);
        assert.equal((await scene.events(ann, 'blocked')).length, 1);
        assert.equal((await scene.user(ann)).telegram_reach, 2);
        await scene.later('12h');
        await scene.later('12h');
        const after = (await scene.deliveries(ann)).at(-1);
        assert.deepEqual([after.kind, after.state, after.reason], ['recovery', 'suppressed', 'blocked']);
        await ann.send('I am back');
        await ann.receive(WORD);
        await scene.settled();
        assert.equal((await scene.events(ann, 'unblocked')).length, 1);
        assert.equal((await scene.user(ann)).telegram_reach, 1);
        const [run] = await scene.runs(ann);
        assert.deepEqual([run.outcome, run.step], ['active', 1]);
    });

    test('my_chat_member says the same as a 403', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.newcomer();
        await ann.block();
        await scene.home.until('the block to be known', async () => (await scene.user(ann)).telegram_reach === 2);
        const mark = await scene.tg.mark();
        await scene.later('6h');
        const calls = await scene.tg.calls({ since: mark, method: 'sendMessage', chat_id: ann.id });
        assert.deepEqual(calls, []);
        await ann.unblock();
        await ann.send('/start');
        await ann.receive();
        await scene.settled();
        assert.equal((await scene.user(ann)).telegram_reach, 1);
    });

    for (const share of [0, 100]) {
        test(`by hand, in a chat that is not there, at a share of ${share}`, async (t) => {
            const scene = await Scene.open(t, { share });
            const ann = scene.person({ first_name: 'Ann' }); // never opened the chat
            const started = await scene.home.run('onboarding', 'test', `telegram:${ann.id}`);
            assert.equal(started.code, 0, started.stderr);
            await scene.settled();
            const [first] = await scene.deliveries(ann);
            assert.deepEqual([first.state, first.reason], ['failed', 'gone']);
            const again = await scene.home.run('onboarding', 'test', `telegram:${ann.id}`);
            assert.equal(again.code, 1);
            assert.match(again.stderr, /nothing was started for user \d+: no message reaches them/);
            if (share === 100) { // the first step waits for them
                await scene.later('30h');
                assert.equal((await scene.runs(ann))[0].step, 0);
                await ann.send('/start');
                await ann.receive(/30 seconds/);
                return;
            }
            for (const by of ['24h', '72h', '1h']) { // steps of the original set want no answer
                await scene.later(by);
            }
            const [run] = await scene.runs(ann);
            assert.deepEqual([run.journey, run.outcome], ['onboarding', 'expired']); // not completed
            assert.ok(run.steps.every(([sent]) => sent === 0));
        });
    }

    test('the original set when the share is 0', async (t) => {
        const scene = await Scene.open(t, { share: 0 });
        const ann = scene.person({ first_name: 'Ann' });
        await ann.send('/start');
        const welcome = await ann.receive();
        assert.match(welcome.text, /^Welcome, Ann! Here you make small commitments/);
        assert.equal(welcome.buttons.length, 0);
        await scene.settled();
        assert.deepEqual((await scene.runs(ann)).map((run) => run.journey), ['onboarding']);
        assert.equal((await scene.user(ann)).journey_set, 0);
        await scene.later('24h');
        await ann.receive(/Still looking for your first commitment/);
        await ann.send('/commit drink water');
        await ann.receive(/Noted/);
        await scene.settled();
        assert.deepEqual((await scene.runs(ann)).map((run) => run.journey), ['onboarding', 'commitment_followup']);
        await scene.later('72h');
        await ann.receive(/You have made 1 commitment so far/);
    });

    test('the first message may be anything, and the bot greets', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.send('hello?');
        await ann.receive(FIRST);
        const bob = scene.person();
        await bob.send(null, { extra: { sticker: { file_id: 'x', file_unique_id: 'y', type: 'regular', width: 1, height: 1, is_animated: false, is_video: false } } });
        await bob.receive(FIRST);
        const cem = scene.person();
        await cem.send('/start flyer_7');
        await cem.receive(FIRST);
        await scene.settled();
        assert.equal((await scene.user(cem)).source, 'flyer_7');
    });
});
