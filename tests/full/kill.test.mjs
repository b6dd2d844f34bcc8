// The program is killed two hundred times under load, at random instants. Afterwards the log of the
// fake Telegram and the store must tell the same story, id by id: no update that was acknowledged is
// lost, and nothing was sent twice but what is counted as uncertain.
//
//   KILLS=20 KILL_SEED=7 node --test tests/full/kill.test.mjs
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { Scene } from '../lib/scene.mjs';

const KILLS = Number(process.env.KILLS ?? 200);
const SEED = Number(process.env.KILL_SEED ?? 20260115);
const MESSAGES_A_ROUND = 30;
const LONGEST_LIFE_MS = 120;

/** Random numbers of [0, 1) that are the same for the same seed. */
function randomNumbers(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let z = Math.imul(state ^ (state >>> 15), state | 1);
        z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
        return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
    };
}

async function freePort() {
    const server = net.createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

/** Kills `kills` times; what was written, and by whom. */
async function killUnderLoad(scene, random, kills, args) {
    const people = [];
    const written = [];
    let number = 0;
    for (let round = 0; round < kills; round++) {
        if (round % 5 === 0) {
            const person = scene.person();
            people.push(person);
            await person.send('/start');
        }
        const { server } = scene.home;
        const dying = new Promise((resolve) => {
            setTimeout(() => {
                server.kill('SIGKILL');
                resolve(server.exited);
            }, Math.floor(random() * LONGEST_LIFE_MS));
        });
        for (let i = 0; i < MESSAGES_A_ROUND; i++) {
            const person = people[Math.floor(random() * people.length)];
            const text = `note ${++number}`;
            written.push({ person, text });
            await person.send(`/feedback ${text}`);
        }
        await dying;
        scene.home.server = undefined;
        scene.home.advance('1s');
        await scene.home.serve(args);
    }
    return { people, written };
}

/** Until everything has been delivered, also what failed deliveries to a webhook wait for. */
async function calmDown(scene) {
    await scene.home.until('all updates to be taken', async () => {
        await scene.tg.clock.advance('5m');
        return (await scene.tg.pendingUpdates()).length === 0;
    });
    for (let i = 0; i < 4; i++) {
        await scene.later('3m'); // messages without a report count as lost after two minutes
    }
}

async function compare(scene, { people, written }) {
    const kept = await scene.home.sql("select text, count(*) as n from feedback where text <> '' group by text");
    const counts = new Map(kept.map((row) => [row.text, row.n]));
    assert.deepEqual(written.filter(({ text }) => counts.get(text) !== 1).map(({ text }) => [text, counts.get(text)]), []);
    assert.equal(counts.size, written.length);

    let uncertain = 0;
    for (const person of people) {
        const rows = await scene.deliveries(person);
        const sent = await person.sent();
        const ids = new Set(sent.map((message) => String(message.message_id)));
        const known = rows.filter((row) => row.provider_id !== '');
        assert.equal(new Set(known.map((row) => row.provider_id)).size, known.length, 'one message for two deliveries');
        for (const row of known) {
            assert.ok(ids.has(row.provider_id), `delivery ${row.id} says it is message ${row.provider_id}, which was never sent`);
        }
        for (const row of rows) {
            assert.ok(['sent', 'uncertain'].includes(row.state), `delivery ${row.id} is ${row.state} (${row.reason})`);
        }
        const lost = rows.reduce((sum, row) => sum + row.uncertain, 0);
        assert.ok(sent.length - known.length <= lost, `${sent.length} messages, ${known.length} reported, ${lost} uncertain`);
        const steps = sent.filter((message) => /30 seconds/.test(message.text)).length;
        const step = rows.filter((row) => row.kind === 'step');
        assert.equal(step.length, 1);
        assert.ok(steps >= 1 && steps <= 1 + step[0].uncertain, `the step came ${steps} times`);
        assert.equal((await scene.runs(person, 'superior_onboarding')).length, 1);
        uncertain += lost;
    }
    return uncertain;
}

for (const [index, way] of ['polling', 'webhook'].entries()) {
    test(`killed ${KILLS / 2} times while updates come by ${way} (seed ${SEED})`, async (t) => {
        const random = randomNumbers(SEED + index);
        const scene = await Scene.open(t);
        let args = [];
        if (way === 'webhook') {
            const port = await freePort();
            args = ['--listen', `127.0.0.1:${port}`];
            const set = await scene.home.run('telegram', 'webhook', 'set', `http://127.0.0.1:${port}/telegram/webhook`);
            assert.equal(set.code, 0, set.stderr);
            await scene.home.stop();
            await scene.home.serve(args);
        }
        const load = await killUnderLoad(scene, random, KILLS / 2, args);
        await calmDown(scene);
        const uncertain = await compare(scene, load);
        t.diagnostic(`${load.written.length} messages of ${load.people.length} people, ${uncertain} answers were uncertain`);
    });
}
