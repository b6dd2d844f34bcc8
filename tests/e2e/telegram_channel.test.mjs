// The Telegram channel from outside: polling and webhook, every kind of failure, kills at bad moments.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Installation } from '../lib/nudge.mjs';
import { FakeTelegram } from '../lib/telegram.mjs';

let fake;

before(async () => {
    fake = await FakeTelegram.start();
});

after(() => fake.stop());

/** A bot, an installation and a person who has said hello; ended with the test. */
async function scene(t, { env = {}, serve = true } = {}) {
    const tg = await fake.bot();
    const home = await Installation.make({ env: { ...tg.env(), TELEGRAM_PACING: 'off', ...env } });
    t.after(() => home.remove());
    const ann = tg.user({ first_name: 'Ann', language_code: 'en' });
    if (serve) {
        await home.serve();
        await ann.send('/start');
        await ann.receive(/Welcome/);
    }
    return { tg, home, ann };
}

/** Waits until nothing is under way, then moves time on. */
const later = async (home, by) => {
    const drained = await home.run('deliveries', 'process');
    assert.equal(drained.code, 0, drained.stderr);
    home.advance(by);
};

const logged = async (home, pattern) => {
    const deadline = Date.now() + 30_000;
    while (!home.log.some((line) => pattern.test(line))) {
        assert.ok(Date.now() < deadline, `not logged: ${pattern}\n${home.log.join('\n')}`);
        await new Promise((resolve) => setImmediate(resolve));
    }
};

test('commands are registered in each language, and a failure there is only a warning', async (t) => {
    const tg = await fake.bot();
    await tg.fail('setMyCommands', 'server', { count: 9 });
    const home = await Installation.make({ env: tg.env() });
    t.after(() => home.remove());
    await home.serve();
    const languages = new Set([
        (await tg.waitFor('setMyCommands', (call) => call.params.language_code === '')).params.language_code,
        (await tg.waitFor('setMyCommands', (call) => call.params.language_code === 'de')).params.language_code,
    ]);
    assert.deepEqual(languages, new Set(['', 'de']));
    await logged(home, /level=warn.*commands could not be registered/);
    const ann = tg.user({ first_name: 'Ann' });
    await ann.send('/help');
    await ann.receive(/commit/);
});

test('no update is lost by kill -9, and none is taken twice', async (t) => {
    const { tg, home, ann } = await scene(t);
    const words = [];
    for (let round = 0; round < 3; round += 1) {
        for (let n = 0; n < 4; n += 1) {
            words.push(`thing ${round}-${n}`);
            await ann.send(`/commit thing ${round}-${n}`);
        }
        await home.stop('SIGKILL');
        await home.serve();
    }
    await ann.send('/commit the end');
    await ann.receive(/the end/);
    // What was under way when the process died is uncertain by now, and sent once more.
    await later(home, '3m');
    await later(home, '3m');
    await later(home, '3m');
    const said = (await tg.calls({ method: 'sendMessage', chat_id: ann.id })).map((call) => call.text);
    for (const word of words) {
        assert.ok(said.some((text) => text.includes(word)), `no answer to ${word}`);
    }
    await ann.send('/list');
    await ann.receive(/13 open commitments/);
});

test('an answer that is lost is sent once more, since a person waits', async (t) => {
    const { tg, home, ann } = await scene(t);
    await tg.fault({ kind: 'lost', method: 'sendMessage', count: 1 });
    await ann.send('/help');
    await ann.receive(/commit/);
    await later(home, '1m');
    await ann.receive(/commit/);
    await ann.send('/list');
    await ann.receive(/open/);
    const listed = await home.json('deliveries', 'list');
    assert.deepEqual(listed.deliveries.map((one) => one.uncertain).sort(), [0, 0, 1]);
});

test('a server error is tried again later', async (t) => {
    const { tg, home, ann } = await scene(t);
    const mark = await tg.mark();
    await tg.fail('sendMessage', 'server', { count: 1 });
    await ann.send('/help');
    await tg.waitFor('sendMessage', (call) => call.code === 500, { since: mark });
    await later(home, '1m');
    await ann.receive(/commit/);
});

test('too many requests pause one chat, and a second chat the whole bot, until Telegram says', async (t) => {
    const { tg, home, ann } = await scene(t);
    const bob = tg.user({ first_name: 'Bob' });
    await bob.send('/start');
    await bob.receive(/Welcome/);
    const mark = await tg.mark();
    await tg.tooMany('sendMessage', 30, { chat: ann, count: 1 });
    await ann.send('/help');
    await tg.waitFor('sendMessage', (call) => call.code === 429, { since: mark });
    await bob.send('/help');
    await bob.receive(/commit/);
    await later(home, '10s');
    await home.stop(); // the pause is remembered
    await home.serve();
    await later(home, '25s');
    await ann.receive(/commit/);
});

test('refused markup is sent as plain text at once', async (t) => {
    const { tg, ann } = await scene(t);
    const mark = await tg.mark();
    await tg.fail('sendMessage', { code: 400, description: "Bad Request: can't parse entities: Unclosed start tag" },
                  { count: 1 });
    await ann.send('/help');
    await ann.receive(/commit/);
    const calls = await tg.calls({ since: mark, method: 'sendMessage' });
    assert.deepEqual(calls.map((call) => call.params.parse_mode), ['HTML', undefined]);
});

test('who blocked the bot is not written to until they come back', async (t) => {
    const { tg, home, ann } = await scene(t);
    await tg.fail('sendMessage', 'blocked', { count: 1 });
    const mark = await tg.mark();
    await ann.send('/help');
    await tg.waitFor('sendMessage', (call) => call.code === 403, { since: mark });
    await later(home, '30h');
    await later(home, '1h');
    const calls = await tg.calls({ since: mark, method: 'sendMessage' });
    assert.deepEqual(calls.map((call) => call.code), [403]);
    await ann.send('/list');
    await ann.receive(/open/);
});

test('a refused token stops everything and says so, and nothing is lost', async (t) => {
    const { tg, home, ann } = await scene(t);
    const mark = await tg.mark();
    await tg.fail('sendMessage', 'unauthorized', { count: 1 });
    await ann.send('/help');
    await tg.waitFor('sendMessage', (call) => call.code === 401, { since: mark });
    await logged(home, /level=error.*does not accept the bot's token/);
    await later(home, '2m');
    await ann.receive(/commit/);
});

test('polling outlives broken answers, conflicts and closed connections', async (t) => {
    const { tg, ann } = await scene(t);
    const faults = [
        { kind: 'malformed', method: 'getUpdates', count: 1, code: 502, body: '<html>bad gateway</html>' },
        { kind: 'close', method: 'getUpdates', count: 1 },
        { kind: 'error', method: 'getUpdates', count: 1, code: 409,
          description: 'Conflict: terminated by other getUpdates request' },
        { kind: 'error', method: 'getUpdates', count: 1, code: 429, description: 'Too Many Requests', retry_after: 1 },
    ];
    for (const [i, fault] of faults.entries()) {
        await tg.fault(fault);
        await ann.send(`/commit after fault ${i}`);
        await ann.receive(`after fault ${i}`);
    }
});

test('an update nobody can read is skipped, the rest goes on', async (t) => {
    const { tg, home, ann } = await scene(t);
    const deep = JSON.parse('['.repeat(60) + ']'.repeat(60));
    await tg.pushUpdate({ message: { message_id: 1, strange: deep } });
    await ann.send('/help');
    await ann.receive(/commit/);
    await logged(home, /level=error.*could not be read and is skipped/);
});

test('a thousand characters too many arrive cut, not refused', async (t) => {
    const { ann } = await scene(t);
    for (let i = 0; i < 12; i += 1) {
        await ann.send(`/commit ${'a long plan with many words '.repeat(17)}${i}`);
        await ann.receive(/Noted/);
    }
    await ann.send('/list');
    const list = await ann.receive(/open commitments/);
    assert.ok([...list.text].length <= 4096);
});

test('a webhook is set from the terminal, and updates come by it', async (t) => {
    const { tg, home, ann } = await scene(t, { serve: false });
    await home.serve();
    const url = `${home.url}/telegram/webhook`;
    const set = await home.run('telegram', 'webhook', 'set', url);
    assert.equal(set.code, 0, set.stderr);
    const mark = await tg.mark();
    await ann.send('/help');
    await ann.receive(/commit/);
    await tg.waitFor('(webhook)', (call) => call.ok, { since: mark });
    await ann.send('/commit water the plants');
    const press = await (await ann.receive(/water the plants/)).tap('Done');
    assert.equal((await press.answered()).via, 'webhook', 'the tap is answered in the response');
    const info = await home.json('telegram', 'webhook', 'info');
    assert.equal(info.url, url);
    const gone = await home.run('telegram', 'webhook', 'delete');
    assert.equal(gone.code, 0, gone.stderr);
    assert.equal((await home.json('telegram', 'webhook', 'info')).url, '');
});

test('a second server on the same database is refused', async (t) => {
    const { home } = await scene(t);
    const second = await home.run('serve', '--listen', '127.0.0.1:0');
    assert.notEqual(second.code, 0);
    assert.match(second.stderr, /process \d+ runs the engine/);
});
