// The same program against an emulator of the Bot API that others wrote (telegram-test-api): by
// polling, and by webhook through a relay that adds the secret the emulator does not know.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { describe, test } from 'node:test';
import TelegramServer from 'telegram-test-api';
import { Installation } from '../lib/nudge.mjs';
import { NINE } from '../lib/scene.mjs';

const TOKEN = '123456789:emulated-bot-token';
const SECRET = 'known-to-the-relay';

async function freePort() {
    const server = net.createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

/** An emulator, an installation that knows it, and a person. */
async function open(t) {
    const emulator = new TelegramServer({ host: '127.0.0.1', port: await freePort() });
    await emulator.start();
    t.after(() => emulator.stop());
    const home = await Installation.make({
        now: NINE,
        env: {
            TELEGRAM_API_URL: emulator.config.apiURL,
            TELEGRAM_BOT_TOKEN: TOKEN,
            TELEGRAM_WEBHOOK_SECRET: SECRET,
            TELEGRAM_PACING: 'off',
        },
    });
    t.after(() => home.remove());
    const client = emulator.getClient(TOKEN, { userId: 77, chatId: 77, firstName: 'Ann' });
    let read = 0;
    /** The next message of the bot that fits. */
    const receive = (pattern) =>
        home.until(`a message ${pattern}`, () => {
            for (; read < emulator.storage.botMessages.length; read++) {
                const { message, messageId } = emulator.storage.botMessages[read];
                if (pattern.test(message.text)) {
                    read++;
                    return { ...message, messageId };
                }
            }
            return undefined;
        });
    const tap = (message, index) =>
        client.sendCallback(client.makeCallbackQuery(
            message.reply_markup.inline_keyboard.flat()[index].callback_data, { message: { message_id: message.messageId } }));
    return { emulator, home, client, receive, tap };
}

/** The four steps from the first word to graduation. */
async function onboard({ home, client, receive, tap }) {
    await client.sendCommand(client.makeCommand('/start'));
    const hello = await receive(/Hi Ann, lovely to meet you/);
    assert.equal(hello.parse_mode, 'HTML');
    assert.equal(String(hello.chat_id), '77');
    await tap(hello, 0);
    await receive(/first win/);
    home.advance('2h');
    await receive(/how do you want to feel/);
    await client.sendMessage(client.makeMessage('Calm'));
    await receive(/Good choice: Calm/);
    home.advance('4h');
    await tap(await receive(/five minutes or less/), 0);
    await receive(/third win/);
    home.advance('6h');
    await receive(/Last little step/);
    await client.sendMessage(client.makeMessage('stretch at 7:30'));
    await receive(/It is set: stretch at 7:30/);
    await receive(/Four small steps/);
    const [user] = await home.sql('select onboarding_version, first_name from users');
    assert.deepEqual(user, { onboarding_version: 'superior_v2.0', first_name: 'Ann' });
    const [steps] = await home.sql("select count(*) as n from events where type = 'step_completed'");
    assert.equal(steps.n, 4);
}

describe('the emulator', () => {
    test('by polling', async (t) => {
        const scene = await open(t);
        await scene.home.serve();
        await scene.home.json('rollout', 'set', 'superior_onboarding', '100');
        await onboard(scene);
    });

    test('by webhook', async (t) => {
        const scene = await open(t);
        const { home } = scene;
        const statuses = [];
        const relay = http.createServer((request, response) => {
            const pieces = [];
            request.on('data', (piece) => pieces.push(piece));
            request.on('end', async () => {
                const answer = await fetch(`${home.url}/telegram/webhook`, {
                    method: 'POST',
                    headers: { 'Content-Type': 'application/json', 'X-Telegram-Bot-Api-Secret-Token': SECRET },
                    body: Buffer.concat(pieces),
                });
                statuses.push(answer.status);
                response.writeHead(answer.status).end();
            });
        });
        await new Promise((resolve) => relay.listen(0, '127.0.0.1', resolve));
        t.after(() => {
            relay.closeAllConnections();
            relay.close();
        });
        const set = await home.run('telegram', 'webhook', 'set', `http://127.0.0.1:${relay.address().port}/hook`);
        assert.equal(set.code, 0, set.stderr);
        await home.serve();
        await home.json('rollout', 'set', 'superior_onboarding', '100');
        await onboard(scene);
        assert.ok(statuses.length >= 5);
        assert.deepEqual(statuses.filter((status) => status !== 200), []);
    });
});
