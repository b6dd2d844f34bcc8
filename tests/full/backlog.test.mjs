// The server was down for a day; hundreds of messages are due when it comes back. Telegram's limits are
// on at both ends: nothing may be refused, everything goes out once, and who writes is answered at once.
//
//   BACKLOG_PEOPLE=1000 node --test tests/full/backlog.test.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scene } from '../lib/scene.mjs';

const PEOPLE = Number(process.env.BACKLOG_PEOPLE ?? 300);
const STEP_MS = 250;
const SPEAKERS = 5;

/** Both clocks, ours and Telegram's, move together. */
async function tick(scene) {
    await scene.tg.clock.advance(STEP_MS);
    scene.home.advance(STEP_MS);
    await scene.settled();
}

test('a backlog goes out at the rate, and answers before it', async (t) => {
    const scene = await Scene.open(t);
    const people = Array.from({ length: PEOPLE }, () => scene.person());
    for (const person of people) {
        await person.send('/start');
    }
    await scene.settled();
    await scene.home.stop();
    scene.home.advance('25h');
    await scene.tg.clock.freeze();
    await scene.tg.limits();
    scene.home.env.TELEGRAM_PACING = 'on';
    const mark = await scene.tg.mark();
    await scene.home.serve();
    const began = await scene.tg.clock.now();

    for (let answered = 0; answered < SPEAKERS; answered++) {
        for (let i = 0; i < 4; i++) {
            await tick(scene);
        }
        const speaker = people[PEOPLE - 1 - answered]; // the last in the line
        const before = await scene.tg.mark();
        await speaker.send('/help');
        await scene.tg.waitFor('sendMessage', (call) => /\/commit/.test(call.params.text), { since: before, chat_id: speaker.id });
    }
    const sent = async () => (await scene.tg.calls({ since: mark, method: 'sendMessage' })).length;
    const waiting = async () => (await scene.home.sql('select count(*) as n from deliveries where state <= 1'))[0].n;
    while ((await waiting()) > 0) {
        const seconds = ((await scene.tg.clock.now()) - began) / 1000;
        assert.ok(seconds < PEOPLE / 30 + 30, `${await waiting()} still wait after ${seconds} s`);
        await tick(scene);
    }

    const { limits_refused } = await scene.tg.state();
    assert.equal(limits_refused, 0);
    assert.equal(await sent(), PEOPLE + SPEAKERS);
    const [{ attempts, twice }] = await scene.home.sql(
        `select max(attempts) as attempts, sum(uncertain) as twice from deliveries`);
    assert.deepEqual({ attempts, twice }, { attempts: 1, twice: 0 });
});
