// The fake Telegram server itself: getUpdates and webhooks, rule by rule. Time passes only when the
// test moves the bot's clock.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Receiver } from '../lib/receiver.mjs';
import { FakeTelegram } from '../lib/telegram.mjs';

const CONFLICT_POLL =
    'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running';
const CONFLICT_WEBHOOK =
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

let server;
before(async () => {
    server = await FakeTelegram.start();
});
after(() => server.stop());

/** A bot whose clock stands still, a person who has written, and that many updates waiting. */
async function botWithMessages(count, options) {
    const tg = await server.bot(options);
    await tg.clock.freeze();
    const ann = tg.user({ first_name: 'Ann' });
    for (let i = 0; i < count; i++) {
        await ann.send(`message ${i}`);
    }
    return { tg, ann };
}

const texts = (answer) => answer.result.map((update) => update.message.text);
const range = (from, to) => Array.from({ length: to - from }, (_, i) => `message ${from + i}`);

/** Waits until the server holds a getUpdates of this bot. */
async function polling(tg) {
    const deadline = Date.now() + 30_000;
    while (!(await tg.state()).polling) {
        assert.ok(Date.now() < deadline, 'nobody polls');
    }
}

describe('getUpdates', () => {
    test('update_id is positive and grows by one', async () => {
        const { tg } = await botWithMessages(3);
        const ids = (await tg.call('getUpdates')).result.map((update) => update.update_id);
        assert.ok(ids[0] > 0);
        assert.deepEqual(ids, [ids[0], ids[0] + 1, ids[0] + 2]);
    });

    test('what is not confirmed comes again', async () => {
        const { tg } = await botWithMessages(2);
        assert.deepEqual(texts(await tg.call('getUpdates', { timeout: 0 })), range(0, 2));
        await tg.clock.advance('5s');
        assert.deepEqual(texts(await tg.call('getUpdates', { timeout: 0 })), range(0, 2));
    });

    test('an offset forgets everything below it, for good', async () => {
        const { tg } = await botWithMessages(3);
        const [first] = (await tg.call('getUpdates')).result;
        assert.deepEqual(texts(await tg.call('getUpdates', { offset: first.update_id + 2 })), range(2, 3));
        assert.equal((await tg.pendingUpdates()).length, 1);
        assert.deepEqual(texts(await tg.call('getUpdates', { offset: 1 })), range(2, 3));
    });

    test('a negative offset keeps only the latest', async () => {
        const { tg } = await botWithMessages(5);
        assert.deepEqual(texts(await tg.call('getUpdates', { offset: -2 })), range(3, 5));
        assert.equal((await tg.pendingUpdates()).length, 2);
    });

    test('a negative offset beyond the number waiting keeps all', async () => {
        const { tg } = await botWithMessages(2);
        assert.deepEqual(texts(await tg.call('getUpdates', { offset: -9 })), range(0, 2));
    });

    test('limit is kept, and clamped to 1..100', async () => {
        const { tg } = await botWithMessages(105);
        assert.deepEqual(texts(await tg.call('getUpdates', { offset: 1, limit: 2 })), range(0, 2));
        assert.equal((await tg.call('getUpdates', { offset: 2, limit: 500 })).result.length, 100);
        assert.equal((await tg.call('getUpdates', { offset: 3 })).result.length, 100);
        assert.equal((await tg.call('getUpdates', { offset: 4, limit: 0 })).result.length, 1);
        assert.equal((await tg.call('getUpdates', { offset: 5, limit: -3 })).result.length, 1);
    });

    test('parameters may be text', async () => {
        const { tg } = await botWithMessages(3);
        assert.deepEqual(texts(await tg.call('getUpdates', { offset: '1', limit: '2' })), range(0, 2));
    });

    test('a long poll waits until there is an update', async () => {
        const { tg, ann } = await botWithMessages(0);
        const poll = tg.call('getUpdates', { timeout: 30 });
        await polling(tg);
        await ann.send('now');
        assert.deepEqual(texts(await poll), ['now']);
    });

    test('a long poll ends empty after its timeout, not before', async () => {
        const { tg } = await botWithMessages(0);
        const poll = tg.call('getUpdates', { timeout: 30 });
        await polling(tg);
        await tg.clock.advance('29s');
        assert.equal((await tg.state()).polling, true);
        await tg.clock.advance('1s');
        assert.deepEqual((await poll).result, []);
    });

    test('the timeout is at most 50 seconds', async () => {
        const { tg } = await botWithMessages(0);
        const poll = tg.call('getUpdates', { timeout: 9999 });
        await polling(tg);
        await tg.clock.advance('49s');
        assert.equal((await tg.state()).polling, true);
        await tg.clock.advance('1s');
        assert.deepEqual((await poll).result, []);
    });

    test('by the running clock a poll really waits', async () => {
        const tg = await server.bot();
        const began = Date.now();
        assert.deepEqual((await tg.call('getUpdates', { timeout: 1 })).result, []);
        assert.ok(Date.now() - began >= 990);
    });

    test('repeating an empty short poll within 3 s is stretched to 3 s', async () => {
        const { tg } = await botWithMessages(0);
        assert.deepEqual((await tg.call('getUpdates', { offset: 7 })).result, []);
        await tg.clock.advance('2s');
        const second = tg.call('getUpdates', { offset: 7 });
        await polling(tg);
        await tg.clock.advance('2999ms');
        assert.equal((await tg.state()).polling, true);
        await tg.clock.advance('1ms');
        assert.deepEqual((await second).result, []);
    });

    test('another offset, or the same after 3 s, is not stretched', async () => {
        const { tg } = await botWithMessages(0);
        await tg.call('getUpdates', { offset: 7 });
        assert.deepEqual((await tg.call('getUpdates', { offset: 8 })).result, []);
        await tg.clock.advance('3s');
        assert.deepEqual((await tg.call('getUpdates', { offset: 8 })).result, []);
    });

    test('the same offset within half a second gets one update', async () => {
        const { tg } = await botWithMessages(3);
        assert.equal((await tg.call('getUpdates')).result.length, 3);
        assert.equal((await tg.call('getUpdates')).result.length, 1);
        await tg.clock.advance('500ms');
        assert.equal((await tg.call('getUpdates')).result.length, 3);
    });

    test('allowed_updates: not given keeps, [] resets, kinds outside are not made', async () => {
        const { tg, ann } = await botWithMessages(0);
        await tg.call('getUpdates', { offset: 1, allowed_updates: ['callback_query', 'chat_member'] });
        assert.equal((await ann.send('unwanted')).update_id, 0);
        await tg.call('getUpdates', { offset: 2 });
        assert.equal((await ann.send('still unwanted')).update_id, 0);
        await tg.call('getUpdates', { offset: 3, allowed_updates: '[]' });
        assert.notEqual((await ann.send('wanted')).update_id, 0);
        const chat_member = { chat: { id: ann.id, type: 'private' } };
        assert.equal((await tg.pushUpdate({ chat_member })).update_id, 0);
        assert.deepEqual((await tg.call('getWebhookInfo')).result.allowed_updates, undefined);
    });

    test('allowed_updates is not retroactive', async () => {
        const { tg } = await botWithMessages(1);
        const answer = await tg.call('getUpdates', { allowed_updates: ['callback_query'] });
        assert.deepEqual(texts(answer), range(0, 1));
    });

    test('of two pollers the old one is told 409, the new one goes on', async () => {
        const { tg, ann } = await botWithMessages(0);
        const old = tg.call('getUpdates', { timeout: 50 });
        await polling(tg);
        const young = tg.call('getUpdates', { timeout: 50 });
        const refused = await old;
        assert.equal(refused.status, 409);
        assert.equal(refused.error_code, 409);
        assert.equal(refused.ok, false);
        assert.equal(refused.description, CONFLICT_POLL);
        await polling(tg);
        await ann.send('for the new one');
        assert.deepEqual(texts(await young), ['for the new one']);
    });

    test('a second conflict within 3 s is told only after 3 s', async () => {
        const { tg } = await botWithMessages(0);
        const polls = [1, 2, 3].map(async (timeout) => {
            const answer = await tg.call('getUpdates', { timeout: 40 + timeout });
            return answer.status;
        });
        await tg.waitFor('getUpdates', (entry) => entry.n >= 3);
        const ended = Promise.all(polls);
        // One conflict was told at once, the other waits; the third poll waits for updates.
        await tg.clock.advance('3s');
        await tg.clock.advance('50s');
        assert.deepEqual((await ended).sort(), [200, 409, 409]);
    });

    test('with a webhook set there is 409', async () => {
        const { tg } = await botWithMessages(0);
        await tg.call('setWebhook', { url: 'http://127.0.0.1:9/' });
        const answer = await tg.call('getUpdates');
        assert.equal(answer.status, 409);
        assert.equal(answer.description, CONFLICT_WEBHOOK);
    });

    test('setWebhook ends a poll with 409', async () => {
        const { tg } = await botWithMessages(0);
        const poll = tg.call('getUpdates', { timeout: 50 });
        await polling(tg);
        await tg.call('setWebhook', { url: 'http://127.0.0.1:9/' });
        const answer = await poll;
        assert.equal(answer.status, 409);
        assert.equal(answer.description, 'Conflict: terminated by setWebhook request');
    });

    test('messages are kept for 24 hours', async () => {
        const { tg } = await botWithMessages(2);
        await tg.clock.advance(86_400_000 - 1);
        assert.equal((await tg.pendingUpdates()).length, 2);
        await tg.clock.advance(1);
        assert.equal((await tg.pendingUpdates()).length, 0);
    });

    test('a button press is kept for 150 seconds, a block for 24 hours', async () => {
        const { tg, ann } = await botWithMessages(1);
        await tg.call('sendMessage', {
            chat_id: ann.id,
            text: 'press',
            reply_markup: { inline_keyboard: [[{ text: 'Yes', callback_data: 'y' }]] },
        });
        await ann.tap('Yes');
        await ann.block();
        await tg.clock.advance('149s');
        assert.equal((await tg.pendingUpdates()).length, 3);
        await tg.clock.advance('1s');
        const kinds = (await tg.pendingUpdates()).map((update) => Object.keys(update)[1]);
        assert.deepEqual(kinds, ['message', 'my_chat_member']);
        await tg.clock.advance('24h');
        assert.equal((await tg.pendingUpdates()).length, 0);
    });

    test('an answer that was lost confirms nothing', async () => {
        const { tg } = await botWithMessages(2);
        await tg.fault({ kind: 'lost', method: 'getUpdates' });
        await assert.rejects(tg.call('getUpdates', { timeout: 30 }), /socket hang up|ECONNRESET/);
        await tg.clock.advance('1s');
        assert.deepEqual(texts(await tg.call('getUpdates', { timeout: 30 })), range(0, 2));
        await tg.fault({ kind: 'malformed', method: 'getUpdates' });
        await assert.rejects(tg.call('getUpdates', { offset: -1, timeout: 30 }), SyntaxError);
        assert.equal((await tg.pendingUpdates()).length, 1);
    });

    test('an empty answer can be lost too: a poll under a fault does not wait', async () => {
        const { tg } = await botWithMessages(0);
        await tg.fault({ kind: 'lost', method: 'getUpdates' });
        await assert.rejects(tg.call('getUpdates', { timeout: 30 }), /socket hang up|ECONNRESET/);
        assert.equal((await tg.state()).polling, false);
    });

    test('bots do not see each other', async () => {
        const one = await botWithMessages(1);
        const two = await botWithMessages(0);
        assert.equal((await two.tg.call('getUpdates', { offset: 1 })).result.length, 0);
        await two.tg.clock.advance('48h');
        assert.equal((await one.tg.pendingUpdates()).length, 1);
        const answer = await two.tg.call('sendMessage', { chat_id: one.ann.id, text: 'hi' });
        assert.equal(answer.description, 'Bad Request: chat not found');
    });
});

describe('setWebhook and its kin', () => {
    test('set, ask, delete', async () => {
        const { tg } = await botWithMessages(0);
        const url = 'http://127.0.0.1:9/hook';
        const set = await tg.call('setWebhook', { url, max_connections: 7, allowed_updates: ['message'] });
        assert.equal(set.result, true);
        assert.equal(set.description, 'Webhook was set');
        const { result: info } = await tg.call('getWebhookInfo');
        assert.equal(info.url, url);
        assert.equal(info.has_custom_certificate, false);
        assert.equal(info.pending_update_count, 0);
        assert.equal(info.max_connections, 7);
        assert.deepEqual(info.allowed_updates, ['message']);
        assert.equal((await tg.call('deleteWebhook')).description, 'Webhook was deleted');
        assert.equal((await tg.call('deleteWebhook')).description, 'Webhook is already deleted');
        assert.equal((await tg.call('getWebhookInfo')).result.url, '');
    });

    test('the same again is already set; more than one a second is 429', async () => {
        const { tg } = await botWithMessages(0);
        const url = 'http://127.0.0.1:9/hook';
        await tg.call('setWebhook', { url });
        const soon = await tg.call('setWebhook', { url });
        assert.equal(soon.status, 429);
        assert.equal(soon.parameters.retry_after, 1);
        assert.equal(soon.headers['retry-after'], '1');
        await tg.clock.advance('1s');
        assert.equal((await tg.call('setWebhook', { url })).description, 'Webhook is already set');
    });

    test('an empty url removes it; max_connections is clamped', async () => {
        const { tg } = await botWithMessages(0);
        await tg.call('setWebhook', { url: 'http://127.0.0.1:9/', max_connections: 5000 });
        assert.equal((await tg.call('getWebhookInfo')).result.max_connections, 100);
        assert.equal((await tg.call('setWebhook', { url: '' })).description, 'Webhook was deleted');
    });

    test('bad secrets and addresses are refused', async () => {
        const { tg } = await botWithMessages(0, { https_only: true });
        const refused = async (params) => {
            await tg.clock.advance('1s');
            const answer = await tg.call('setWebhook', params);
            assert.equal(answer.status, 400);
            return answer.description;
        };
        const url = 'https://example.org/hook';
        assert.equal(await refused({ url, secret_token: 'a'.repeat(257) }), 'Bad Request: secret token is too long');
        assert.equal(
            await refused({ url, secret_token: 'no spaces' }),
            'Bad Request: secret token contains unallowed characters');
        assert.equal(await refused({ url: 'ftp://example.org/' }), 'Bad Request: invalid webhook URL specified');
        assert.match(await refused({ url: 'http://example.org/' }), /^Bad Request: bad webhook: An HTTPS URL/);
        assert.match(await refused({ url: 'https://example.org:8080/' }), /only on ports 80, 88, 443 or 8443$/);
        await tg.clock.advance('1s');
        const good = { url: 'https://example.org:8443/', secret_token: 'Az_-9'.repeat(51) };
        assert.equal((await tg.call('setWebhook', good)).ok, true);
    });

    test('drop_pending_updates drops what waits', async () => {
        const { tg, ann } = await botWithMessages(3);
        await tg.call('deleteWebhook', { drop_pending_updates: true });
        assert.equal((await tg.pendingUpdates()).length, 0);
        await ann.send('new');
        await tg.call('setWebhook', { url: 'http://127.0.0.1:9/', drop_pending_updates: 'True' });
        assert.equal((await tg.call('getWebhookInfo')).result.pending_update_count, 0);
    });
});

describe('webhook delivery', () => {
    let receiver;
    before(async () => {
        receiver = await Receiver.start();
    });
    after(() => receiver.stop());

    /** A bot whose webhook is a path of its own at the receiver, asserted to be its next request. */
    async function hooked(count = 0, params = {}) {
        const { tg, ann } = await botWithMessages(count);
        await tg.call('setWebhook', { url: `${receiver.url}/hook`, ...params });
        return { tg, ann };
    }

    /** Waits for the server's own note of a delivery attempt. */
    const attempt = (tg, number, status) =>
        tg.waitFor('(webhook)', (entry) => entry.params.attempt === number && entry.code === status);

    test('one POST for each update, with the secret, confirmed by 2xx', async () => {
        const { tg, ann } = await hooked(0, { secret_token: 'S3cret_-' });
        receiver.answer({ status: 204 });
        await ann.send('hello');
        const request = await receiver.next();
        assert.equal(request.method, 'POST');
        assert.equal(request.path, '/hook');
        assert.equal(request.headers['content-type'], 'application/json');
        assert.equal(request.headers['x-telegram-bot-api-secret-token'], 'S3cret_-');
        assert.equal(request.headers['accept-encoding'], 'gzip, deflate');
        assert.equal(request.json.message.text, 'hello');
        await attempt(tg, 1, 204);
        assert.equal((await tg.pendingUpdates()).length, 0);
    });

    test('no secret, no header; user:pass in the address becomes Basic', async () => {
        const { tg, ann } = await botWithMessages(0);
        await tg.call('setWebhook', { url: `${receiver.url.replace('//', '//tom:pw@')}/basic` });
        await ann.send('hello');
        const { headers } = await receiver.next();
        assert.equal(headers['x-telegram-bot-api-secret-token'], undefined);
        assert.equal(headers.authorization, `Basic ${Buffer.from('tom:pw').toString('base64')}`);
        await attempt(tg, 1, 200);
    });

    test('what waited before is delivered, in order within a chat', async () => {
        const { tg } = await hooked(5);
        const seen = [];
        for (let i = 0; i < 5; i++) {
            seen.push((await receiver.next()).json.message.text);
        }
        assert.deepEqual(seen, range(0, 5));
        await tg.waitFor('(webhook)', (entry) => entry.params.update.message.text === 'message 4');
    });

    test('a failure is retried at once, then after 2, 4, 8 s; then noted in getWebhookInfo', async () => {
        const { tg, ann } = await hooked();
        receiver.answer({ status: 500 }, { status: 502 }, { status: 503 }, { status: 404 }, { status: 200 });
        await ann.send('again and again');
        await receiver.next();
        await receiver.next(); // the first retry needs no time
        await attempt(tg, 2, 502);
        const { result: info } = await tg.call('getWebhookInfo');
        assert.equal(info.last_error_message, 'Wrong response from the webhook: 502 Bad Gateway');
        assert.ok(info.last_error_date > 0);
        assert.equal(info.pending_update_count, 1);
        await tg.clock.advance('1999ms');
        await tg.clock.advance('1ms');
        await receiver.next();
        await attempt(tg, 3, 503);
        await tg.clock.advance('4s');
        await receiver.next();
        await attempt(tg, 4, 404);
        await tg.clock.advance('8s');
        const last = await receiver.next();
        assert.equal(last.json.message.text, 'again and again');
        await attempt(tg, 5, 200);
        assert.equal((await tg.pendingUpdates()).length, 0);
        const times = (await tg.calls({ method: '(webhook)' })).map((entry) => entry.at_ms);
        assert.deepEqual(times.map((at_ms) => at_ms - times[0]), [0, 0, 2000, 6000, 14000]);
    });

    test('Retry-After says when', async () => {
        const { tg, ann } = await hooked();
        receiver.answer({ status: 429, headers: { 'Retry-After': '600' } });
        await ann.send('later');
        await receiver.next();
        const first = await attempt(tg, 1, 429);
        await tg.clock.advance('599s');
        await tg.clock.advance('1s');
        assert.equal((await receiver.next()).json.message.text, 'later');
        const second = await attempt(tg, 2, 200);
        assert.equal(second.at_ms - first.at_ms, 600_000);
    });

    test('a failing update blocks its own chat only', async () => {
        const { tg, ann } = await hooked();
        const bob = tg.user({ first_name: 'Bob' });
        receiver.answer({ status: 429, headers: { 'Retry-After': '60' } });
        await ann.send('ann 1');
        await receiver.next();
        await attempt(tg, 1, 429);
        await ann.send('ann 2');
        await bob.send('bob 1');
        assert.equal((await receiver.next()).json.message.text, 'bob 1');
        await tg.clock.advance('60s');
        assert.equal((await receiver.next()).json.message.text, 'ann 1');
        assert.equal((await receiver.next()).json.message.text, 'ann 2');
        await tg.waitFor('(webhook)', (entry) => entry.params.update.message.text === 'ann 2' && entry.ok);
    });

    test('chats go side by side up to max_connections, one chat one at a time', async () => {
        const { tg } = await hooked(0, { max_connections: 2 });
        const people = Array.from({ length: 6 }, () => tg.user());
        const busy = new Set();
        let most = 0;
        const check = (request, response) => {
            const from = request.json.message.from.id;
            assert.ok(!busy.has(from), 'two requests of one chat at a time');
            busy.add(from);
            most = Math.max(most, busy.size);
            held.push(() => {
                busy.delete(from);
                left.set(from, left.get(from) - 1);
                response.end();
            });
            // Answered only when another chat's request is there as well, unless none can come.
            const others = people.filter(({ id }) => id !== from && left.get(id) > 0);
            if (held.length === 2 || !others.length) {
                held.splice(0).forEach((release) => release());
            }
        };
        const held = [];
        const left = new Map(people.map(({ id }) => [id, 3]));
        receiver.answer(...Array.from({ length: 18 }, () => check));
        await Promise.all(people.map((person) => person.send('1')));
        await Promise.all(people.map((person) => person.send('2')));
        await Promise.all(people.map((person) => person.send('3')));
        const order = new Map(people.map((person) => [person.id, '']));
        for (let i = 0; i < 18; i++) {
            const { message } = (await receiver.next()).json;
            order.set(message.from.id, order.get(message.from.id) + message.text);
        }
        assert.equal(most, 2);
        assert.deepEqual([...order.values()], Array(6).fill('123'));
        await tg.waitFor('(webhook)', () => true, { since: 18 });
    });

    test('an update is dropped when its retry would come after its end', async () => {
        const { tg, ann } = await botWithMessages(1);
        await tg.call('sendMessage', {
            chat_id: ann.id,
            text: 'press',
            reply_markup: { inline_keyboard: [[{ text: 'Yes', callback_data: 'y' }]] },
        });
        await tg.call('setWebhook', { url: `${receiver.url}/hook`, drop_pending_updates: true });
        receiver.answer({ status: 429, headers: { 'Retry-After': '150' } });
        await ann.tap('Yes');
        await receiver.next();
        await attempt(tg, 1, 429);
        assert.equal((await tg.pendingUpdates()).length, 1);
        receiver.answer({ status: 429, headers: { 'Retry-After': '151' } });
        await tg.clock.advance('1s');
        await tg.call('deleteWebhook', { drop_pending_updates: true });
        await tg.call('setWebhook', { url: `${receiver.url}/hook` });
        await ann.tap('Yes');
        await receiver.next();
        await tg.waitFor('(webhook)', (entry) => entry.n > 5 && entry.code === 429);
        assert.equal((await tg.pendingUpdates()).length, 0);
    });

    test('410 for 23 hours removes the webhook', async () => {
        const { tg, ann } = await hooked();
        const gone = { status: 410, headers: { 'Retry-After': '3600' } };
        receiver.answer(...Array.from({ length: 24 }, () => gone));
        await ann.send('gone');
        for (let hour = 1; hour <= 24; hour++) {
            await receiver.next();
            await attempt(tg, hour, 410);
            const { url } = (await tg.call('getWebhookInfo')).result;
            assert.equal(url === '', hour === 24);
            await tg.clock.advance('1h');
        }
    });

    test('a method in the response is executed, but not those that ask or change the webhook', async () => {
        const { tg, ann } = await hooked();
        const reply = { method: 'sendMessage', chat_id: ann.id, text: 'in the response' };
        receiver.answer({ body: reply }, { body: { method: 'deleteWebhook' } }, { body: { method: 'getMe' } });
        await ann.send('one');
        const message = await ann.receive('in the response');
        const [entry] = await tg.calls({ method: 'sendMessage' });
        assert.equal(entry.via, 'webhook');
        assert.equal(entry.message_id, message.message_id);
        await ann.send('two');
        await ann.send('three');
        await tg.waitFor('(webhook)', (call) => call.params.update.message.text === 'three' && call.ok);
        assert.notEqual((await tg.call('getWebhookInfo')).result.url, '');
        assert.deepEqual(await tg.calls({ method: 'getMe' }), []);
    });

    test('nobody listening is an error to read about', async () => {
        const { tg, ann } = await botWithMessages(0);
        await tg.call('setWebhook', { url: 'http://127.0.0.1:9/' });
        await ann.send('anyone?');
        await tg.waitFor('(webhook)', (entry) => entry.params.attempt === 2);
        assert.equal((await tg.call('getWebhookInfo')).result.last_error_message, 'Connection refused');
    });
});
