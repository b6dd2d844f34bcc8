// Two widely used bot libraries run unchanged against the fake Telegram server, by long polling and
// by webhook: what they do with the real one they must be able to do with this.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import { Bot, InlineKeyboard, InputFile, webhookCallback } from 'grammy';
import { Markup, Telegraf } from 'telegraf';

import { FakeTelegram } from '../lib/telegram.mjs';

let server;
before(async () => {
    server = await FakeTelegram.start();
});
after(() => server.stop());

/** Listens on a free port; the address, and how to stop. */
async function listen(handler) {
    const web = http.createServer(handler);
    await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
    const stop = () => {
        web.closeAllConnections();
        return new Promise((resolve) => web.close(resolve));
    };
    return { url: `http://127.0.0.1:${web.address().port}`, stop };
}

/** The little bot both libraries implement. */
function grammyBot(tg) {
    const bot = new Bot(tg.token, { client: { apiRoot: tg.url } });
    bot.command('start', (ctx) =>
        ctx.reply(`<b>Hi ${ctx.from.first_name}</b>, a breath?`, {
            parse_mode: 'HTML',
            reply_markup: new InlineKeyboard().text('Done', 'done').text('Too much', 'over'),
        }));
    bot.callbackQuery('done', async (ctx) => {
        await ctx.answerCallbackQuery({ text: 'Well done' });
        await ctx.editMessageText('You did it');
    });
    bot.command('export', (ctx) => ctx.replyWithDocument(new InputFile(Buffer.from('{}'), 'me.json')));
    return bot;
}

function telegrafBot(tg) {
    const bot = new Telegraf(tg.token, { telegram: { apiRoot: tg.url, webhookReply: false } });
    bot.start((ctx) =>
        ctx.replyWithHTML(
            `<b>Hi ${ctx.from.first_name}</b>, a breath?`,
            Markup.inlineKeyboard([Markup.button.callback('Done', 'done'), Markup.button.callback('Too much', 'over')])));
    bot.action('done', async (ctx) => {
        await ctx.answerCbQuery('Well done');
        await ctx.editMessageText('You did it');
    });
    bot.command('export', (ctx) => ctx.replyWithDocument({ source: Buffer.from('{}'), filename: 'me.json' }));
    return bot;
}

/** What a person experiences with that bot. */
async function talk(tg) {
    const ann = tg.user({ first_name: 'Ann', language_code: 'en' });
    await ann.send('/start');
    const hello = await ann.receive('Hi Ann');
    assert.equal(hello.text, 'Hi Ann, a breath?');
    assert.deepEqual(hello.buttons.map(({ text }) => text), ['Done', 'Too much']);
    const press = await hello.tap('Done');
    assert.equal((await press.answered()).params.text, 'Well done');
    await hello.edited('You did it');
    await ann.send('/export');
    const { params } = await ann.receive();
    const file = Object.values(params).find((value) => value?.uploaded);
    assert.equal(file.uploaded, 'me.json');
    assert.equal(file.content, '{}');
}

describe('grammY', () => {
    test('by long polling', async () => {
        const tg = await server.bot();
        const bot = grammyBot(tg);
        const running = bot.start({ drop_pending_updates: true });
        await tg.waitFor('getUpdates');
        await talk(tg);
        await bot.stop();
        await running;
        assert.deepEqual(await tg.pendingUpdates(), []);
    });

    test('by webhook', async () => {
        const tg = await server.bot();
        const handle = webhookCallback(grammyBot(tg), 'http', { secretToken: 'S3cret' });
        const web = await listen(handle);
        await tg.call('setWebhook', { url: `${web.url}/hook`, secret_token: 'S3cret' });
        await talk(tg);
        await web.stop();
    });

    test('answers in the webhook response itself', async () => {
        const tg = await server.bot();
        const client = { apiRoot: tg.url, canUseWebhookReply: (method) => method === 'sendMessage' };
        const bot = new Bot(tg.token, { client });
        bot.command('start', (ctx) => ctx.reply('in the response'));
        const web = await listen(webhookCallback(bot, 'http'));
        await tg.call('setWebhook', { url: web.url });
        const ann = tg.user();
        await ann.send('/start');
        await ann.receive('in the response');
        const [entry] = await tg.calls({ method: 'sendMessage' });
        assert.equal(entry.via, 'webhook');
        await web.stop();
    });

    test('sees 409 when a second poller takes over, and 429 with its parameters', async () => {
        const tg = await server.bot();
        const bot = grammyBot(tg);
        const running = bot.start();
        const failed = assert.rejects(running, (error) => {
            assert.equal(error.error_code, 409);
            assert.match(error.description, /^Conflict: terminated by other getUpdates request/);
            return true;
        });
        await tg.waitFor('getUpdates');
        const other = tg.call('getUpdates', { timeout: 50 });
        await failed;
        await tg.user().send('for the other');
        assert.equal((await other).result.length, 1);
        const ann = tg.user({ started: true });
        await ann.ready();
        await tg.tooMany('sendMessage', 3);
        await assert.rejects(bot.api.sendMessage(ann.id, 'x'), (error) => {
            assert.equal(error.error_code, 429);
            assert.equal(error.parameters.retry_after, 3);
            return true;
        });
    });
});

describe('Telegraf', () => {
    test('by long polling', async () => {
        const tg = await server.bot();
        const bot = telegrafBot(tg);
        const running = bot.launch();
        await tg.waitFor('getUpdates');
        await talk(tg);
        bot.stop();
        await running;
    });

    test('by webhook', async () => {
        const tg = await server.bot();
        const bot = telegrafBot(tg);
        const web = await listen(await bot.createWebhook({ domain: '127.0.0.1', path: '/hook', secret_token: 'S3cret' }));
        await tg.clock.advance('1s');
        await tg.call('setWebhook', { url: `${web.url}/hook`, secret_token: 'S3cret' });
        await talk(tg);
        await web.stop();
    });

    test('answers in the webhook response itself', async () => {
        const tg = await server.bot();
        const bot = new Telegraf(tg.token, { telegram: { apiRoot: tg.url, webhookReply: true } });
        bot.start((ctx) => ctx.sendChatAction('typing'));
        bot.botInfo = (await tg.call('getMe')).result;
        const web = await listen(bot.webhookCallback('/hook'));
        await tg.call('setWebhook', { url: `${web.url}/hook` });
        const ann = tg.user();
        await ann.send('/start');
        const entry = await tg.waitFor('sendChatAction');
        assert.equal(entry.via, 'webhook');
        assert.equal(entry.chat_id, ann.id);
        await web.stop();
    });
});
