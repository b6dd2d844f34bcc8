// One message to many, as an operator sends, watches, pauses and cancels it from the terminal.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Scene } from '../lib/scene.mjs';

async function crowd(scene, count) {
    const people = [];
    for (let i = 0; i < count; i++) {
        people.push(await scene.newcomer({ first_name: `P${i}` }));
    }
    return people;
}

const listed = async (scene) => (await scene.home.json('broadcast', 'list')).broadcasts;
const news = async (person) => (await person.sent()).filter((message) => /^News/.test(message.text)).length;

describe('a broadcast', () => {
    test('is previewed, tried on one person, sent to whom the filter names, and listed', async (t) => {
        const scene = await Scene.open(t);
        const people = await crowd(scene, 3);
        const busy = await scene.regular({ first_name: 'Busy' });
        await scene.later('5h'); // away from other nudges
        const filter = ['--filter', 'commitments_total == 0'];
        const preview = await scene.home.json('broadcast', '--text', 'News for {{first_name|you}}', ...filter);
        assert.equal(preview.recipients, 3);
        assert.deepEqual(preview.examples.sort(), ['News for P0', 'News for P1', 'News for P2']);
        await scene.home.json('broadcast', '--text', 'News', '--test', `telegram:${busy.id}`);
        await busy.receive(/^News$/);
        assert.deepEqual(await listed(scene), []);

        const sent = await scene.home.json('broadcast', '--text', 'News for {{first_name|you}}', ...filter, '--send');
        assert.equal(sent.recipients, 3);
        for (const person of people) {
            await person.receive(new RegExp(`^News for ${person.first_name}$`));
        }
        await scene.settled();
        assert.equal(await news(busy), 1);
        const [row] = await listed(scene);
        assert.deepEqual(
            [row.broadcast_id, row.state, row.progress_percent, row.recipients, row.sent, row.waiting, row.failed],
            [sent.broadcast_id, 'done', 100, 3, 3, 0, 0]);
        const table = await scene.home.run('broadcast', 'list');
        assert.match(table.stdout, new RegExp(`${sent.broadcast_id} +done .* 100 % +3 +3 +0 +0 +0 +0 +0\n1 broadcasts`));
    });

    test('leaves out who stopped and who blocked the bot', async (t) => {
        const scene = await Scene.open(t);
        const [ann, bob, cem] = await crowd(scene, 3);
        await scene.later('5h');
        await bob.send('/stop');
        await bob.receive(/I will not write on my own/);
        await scene.settled();
        await cem.block();
        await scene.settled();
        const sent = await scene.home.json('broadcast', '--text', 'News', '--send');
        assert.equal(sent.recipients, 1); // neither who stopped nor who blocked the bot
        await ann.receive(/^News$/);
        await scene.settled();
        const [row] = await listed(scene);
        assert.deepEqual([row.recipients, row.sent, row.suppressed], [1, 1, 0]);
        assert.equal(await news(bob), 0);
    });

    test('begins at its instant, by the pace it was given', async (t) => {
        const scene = await Scene.open(t, { now: Date.UTC(2026, 0, 15, 9, 0, 0) });
        const people = await crowd(scene, 4);
        await scene.later('4h'); // 13:00
        const sent = await scene.home.json(
            'broadcast', '--text', 'News', '--at', '2026-01-15T14:00:00Z', '--per-second', '1', '--send');
        assert.equal(sent.recipients, 4);
        await scene.later('59m');
        assert.equal((await listed(scene))[0].state, 'scheduled');
        const total = async () => {
            await scene.settled();
            const counts = await Promise.all(people.map(news));
            return counts.reduce((sum, count) => sum + count, 0);
        };
        assert.equal(await total(), 0);
        scene.home.advance('1m');
        await scene.home.until('the first', async () => (await total()) === 1);
        scene.home.advance('2100ms');
        await scene.home.until('a second later', async () => (await total()) >= 2);
        assert.ok((await total()) <= 3);
        for (let i = 0; i < 4; i++) {
            scene.home.advance('1100ms');
            await scene.settled();
        }
        await scene.home.until('all', async () => {
            scene.home.advance('1s');
            return (await total()) === 4;
        });
        // That nobody is left is seen a second after the last one, too.
        await scene.home.until('it is done', async () => {
            scene.home.advance('1s');
            return (await listed(scene))[0].state === 'done';
        });
    });

    test('is paused, resumed and cancelled; at night cancelling takes back what waits', async (t) => {
        const scene = await Scene.open(t);
        const people = await crowd(scene, 3);
        await scene.later('5h');
        const first = await scene.home.json('broadcast', '--text', 'News', '--at', '2027-01-01T12:00:00Z', '--send');
        const paused = await scene.home.run('broadcast', 'pause', first.broadcast_id);
        assert.match(paused.stdout, /is paused \(was scheduled\)/);
        const again = await scene.home.run('broadcast', 'pause', first.broadcast_id);
        assert.equal(again.code, 1, again.stderr);
        assert.match(again.stderr, /it is paused/);
        await scene.home.json('broadcast', 'resume', first.broadcast_id);
        const gone = await scene.home.json('broadcast', 'cancel', first.broadcast_id);
        assert.deepEqual([gone.state_before, gone.state], ['scheduled', 'cancelled']);

        await scene.later('9h'); // 23:00
        await scene.home.json('broadcast', '--text', 'News', '--send');
        await scene.home.until('all wait', async () => (await listed(scene))[0].waiting === 3);
        const [night] = await listed(scene);
        const taken = await scene.home.run('broadcast', 'cancel', night.broadcast_id);
        assert.match(taken.stdout, /is cancelled \(was done\); 3 messages that wait are taken back/);
        await scene.home.until('taken back', async () => (await listed(scene))[0].suppressed === 3);
        await scene.later('10h');
        for (const person of people) {
            assert.equal(await news(person), 0);
        }
        const wrong = await scene.home.run('broadcast', 'cancel', '12');
        assert.equal(wrong.code, 1);
        assert.match(wrong.stderr, /no broadcast with that id/);
        assert.equal((await scene.home.run('broadcast', 'cancel', 'x')).code, 2);
        assert.equal((await scene.home.run('broadcast', 'explode')).code, 2);
    });

    test('goes on after the server was killed', async (t) => {
        const scene = await Scene.open(t);
        const people = await crowd(scene, 4);
        await scene.later('5h');
        await scene.home.json('broadcast', '--text', 'News', '--per-second', '1', '--send');
        await scene.settled();
        await scene.home.stop('SIGKILL');
        await scene.home.serve();
        await scene.home.until('everyone', async () => {
            scene.home.advance('1s');
            return (await Promise.all(people.map(news))).every((count) => count === 1);
        });
        await scene.home.until('their reports', async () => (await listed(scene))[0].sent === 4);
    });
});
