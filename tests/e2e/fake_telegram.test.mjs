// The fake Telegram server itself: transport, methods, texts and buttons, errors, rate limits,
// scripted faults. What updates and webhooks do stands in fake_telegram_updates.test.mjs.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { FakeTelegram } from '../lib/telegram.mjs';

let server;
before(async () => {
    server = await FakeTelegram.start();
});
after(() => server.stop());

/** A bot whose clock stands still, and a person who has written to it. */
async function botAndAnn(options) {
    const tg = await server.bot(options);
    await tg.clock.freeze();
    const ann = tg.user({ first_name: 'Ann', last_name: 'Lee', username: 'annlee', language_code: 'en' });
    await ann.send('/start');
    return { tg, ann };
}

const keyboard = (...buttons) => ({ inline_keyboard: [buttons] });
const button = (text, callback_data) => ({ text, callback_data });

/** Asserts a refusal in Telegram's shape. */
function refused(answer, code, description) {
    assert.equal(answer.ok, false);
    assert.equal(answer.status, code);
    assert.equal(answer.error_code, code);
    if (description instanceof RegExp) {
        assert.match(answer.description, description);
    } else {
        assert.equal(answer.description, description);
    }
}

async function raw(tg, path, options) {
    const response = await fetch(tg.url + path, options);
    return { status: response.status, headers: response.headers, ...(await response.json()) };
}

describe('transport', () => {
    test('query, form, multipart and JSON mean the same', async () => {
        const { tg, ann } = await botAndAnn();
        const path = `/bot${tg.token}/sendMessage`;
        const markup = JSON.stringify(keyboard(button('Yes', 'y')));
        const fields = { chat_id: String(ann.id), text: 'päper & <b>', reply_markup: markup };
        const form = new FormData();
        Object.entries(fields).forEach(([name, value]) => form.set(name, value));
        const answers = [
            await raw(tg, `${path}?${new URLSearchParams(fields)}`),
            await raw(tg, path, { method: 'POST', body: new URLSearchParams(fields) }),
            await raw(tg, path, { method: 'POST', body: form }),
            await tg.call('sendMessage', { ...fields, reply_markup: JSON.parse(markup) }),
            await tg.call('sendMessage', { ...fields, chat_id: ann.id }),
        ];
        for (const answer of answers) {
            assert.equal(answer.status, 200);
            assert.equal(answer.result.text, 'päper & <b>');
            assert.deepEqual(answer.result.reply_markup, JSON.parse(markup));
        }
    });

    test('method names ignore case; a test path and a method parameter work too', async () => {
        const { tg } = await botAndAnn();
        assert.equal((await tg.call('GETME')).result.is_bot, true);
        assert.equal((await tg.call('test/getMe')).result.is_bot, true);
        assert.equal((await raw(tg, `/bot${tg.token}/?method=getme`)).result.is_bot, true);
    });

    test('unknown paths, tokens and methods', async () => {
        const { tg } = await botAndAnn();
        refused(await raw(tg, '/'), 404, 'Not Found');
        refused(await raw(tg, '/bot/getMe'), 404, 'Not Found');
        refused(await raw(tg, '/bot42/getMe'), 401, 'Unauthorized: invalid token specified');
        refused(await raw(tg, '/bot042:x/getMe'), 401, 'Unauthorized: invalid token specified');
        refused(await raw(tg, `/bot1:${'x'.repeat(90)}/getMe`), 401, 'Unauthorized: invalid token specified');
        refused(await raw(tg, '/bot42:nobody/getMe'), 401, 'Unauthorized');
        refused(await tg.call('noSuchMethod'), 404, 'Not Found: method not found');
        await tg.set({ revoked: true });
        refused(await tg.call('getMe'), 401, 'Unauthorized');
    });

    test('answers are JSON; broken JSON and text that is no UTF-8 are 400', async () => {
        const { tg } = await botAndAnn();
        const headers = { 'Content-Type': 'application/json' };
        const path = `/bot${tg.token}/sendMessage`;
        const broken = await raw(tg, path, { method: 'POST', headers, body: '{"chat_id":' });
        refused(broken, 400, /^Bad Request: can't parse JSON/);
        assert.equal(broken.headers.get('content-type'), 'application/json');
        const latin = Buffer.from([...Buffer.from('{"text":"'), 0xe9, ...Buffer.from('"}')]);
        refused(await raw(tg, path, { method: 'POST', headers, body: latin }), 400, /UTF-8/);
    });
});

describe('sending', () => {
    test('sendMessage gives the whole Message; ids grow over all private chats', async () => {
        const { tg, ann } = await botAndAnn({ username: 'nudge_bot', first_name: 'Nudge' });
        const bob = tg.user({ first_name: 'Bob', started: true });
        await bob.ready();
        const first = (await tg.call('sendMessage', { chat_id: ann.id, text: 'one' })).result;
        const second = (await tg.call('sendMessage', { chat_id: bob.id, text: 'two' })).result;
        assert.equal(second.message_id, first.message_id + 1);
        assert.deepEqual(first.from, { id: tg.id, is_bot: true, first_name: 'Nudge', username: 'nudge_bot' });
        assert.deepEqual(first.chat, {
            id: ann.id,
            first_name: 'Ann',
            last_name: 'Lee',
            username: 'annlee',
            type: 'private',
        });
        assert.equal(first.date, Math.floor((await tg.clock.now()) / 1000));
    });

    test('who cannot be written to', async () => {
        const { tg, ann } = await botAndAnn();
        const to = async (chat_id, code, description) =>
            refused(await tg.call('sendMessage', { chat_id, text: 'hi' }), code, description);
        await to(undefined, 400, 'Bad Request: chat_id is empty');
        await to(77, 400, 'Bad Request: chat not found');
        await to('@nobody', 400, 'Bad Request: chat not found');
        const stranger = tg.user();
        await stranger.ready();
        await to(stranger.id, 403, "Forbidden: bot can't initiate conversation with a user");
        await ann.block();
        await to(ann.id, 403, 'Forbidden: bot was blocked by the user');
        await ann.unblock();
        assert.equal((await tg.call('sendMessage', { chat_id: ann.id, text: 'back' })).ok, true);
        await ann.change({ deactivated: true });
        await to(ann.id, 403, 'Forbidden: user is deactivated');
        const robot = tg.user({ is_bot: true });
        await robot.ready();
        await to(robot.id, 403, "Forbidden: bot can't send messages to bots");
    });

    test('groups: kicked, left, deleted, upgraded', async () => {
        const { tg, ann } = await botAndAnn();
        const club = await tg.group({ title: 'Club' });
        const send = (chat_id) => tg.call('sendMessage', { chat_id, text: 'hi' });
        assert.equal((await send(club.id)).result.message_id, 1); // supergroups count for themselves
        await club.standing('kicked', ann);
        refused(await send(club.id), 403, 'Forbidden: bot was kicked from the supergroup chat');
        await club.standing('left', ann);
        refused(await send(club.id), 403, 'Forbidden: bot is not a member of the supergroup chat');
        const small = await tg.group({ type: 'group', title: 'Small' });
        const big = await small.migrate();
        const answer = await send(small.id);
        refused(answer, 400, 'Bad Request: group chat was upgraded to a supergroup chat');
        assert.equal(answer.parameters.migrate_to_chat_id, big.id);
        assert.equal((await send(big.id)).ok, true);
        await big.standing('deleted');
        refused(await send(big.id), 403, 'Forbidden: the group chat was deleted');
        const kinds = (await tg.pendingUpdates()).flatMap(({ message }) => message ? Object.keys(message) : []);
        assert.ok(kinds.includes('migrate_to_chat_id') && kinds.includes('migrate_from_chat_id'));
    });

    test('files: by id, by address, uploaded; captions have 1024 characters', async () => {
        const { tg, ann } = await botAndAnn();
        const photo = await tg.call('sendPhoto', { chat_id: ann.id, photo: 'https://example.org/a.png', caption: 'see' });
        assert.equal(photo.result.caption, 'see');
        assert.equal(photo.result.photo.length, 1);
        refused(await tg.call('sendPhoto', { chat_id: ann.id }), 400, 'Bad Request: there is no photo in the request');
        const long = { chat_id: ann.id, photo: 'id', caption: 'x'.repeat(1025) };
        refused(await tg.call('sendPhoto', long), 400, 'Bad Request: message caption is too long');
        const form = new FormData();
        form.set('chat_id', String(ann.id));
        form.set('document', new Blob(['{"mine":true}']), 'export.json');
        const sent = await raw(tg, `/bot${tg.token}/sendDocument`, { method: 'POST', body: form });
        assert.equal(sent.result.document.file_name, 'export.json');
        assert.equal(sent.result.document.file_size, 13);
        const [entry] = await tg.calls({ method: 'sendDocument' });
        assert.deepEqual(entry.params.document, { uploaded: 'export.json', bytes: 13, content: '{"mine":true}' });
        form.set('document', new Blob(['x'.repeat(8 * 1024 * 1024 + 1)]), 'long.txt');
        await raw(tg, `/bot${tg.token}/sendDocument`, { method: 'POST', body: form });
        const [, long_file] = await tg.calls({ method: 'sendDocument' });
        assert.deepEqual(long_file.params.document, { uploaded: 'long.txt', bytes: 8 * 1024 * 1024 + 1, content: null });
    });

    test('a reply needs its message, unless told not to', async () => {
        const { tg, ann } = await botAndAnn();
        const send = (reply_parameters) => tg.call('sendMessage', { chat_id: ann.id, text: 'x', reply_parameters });
        assert.equal((await send({ message_id: 101 })).ok, true);
        refused(await send({ message_id: 9999 }), 400, 'Bad Request: message to be replied not found');
        assert.equal((await send({ message_id: 9999, allow_sending_without_reply: true })).ok, true);
    });
});

describe('texts', () => {
    let tg;
    let ann;
    before(async () => {
        ({ tg, ann } = await botAndAnn());
    });
    const send = (text, parse_mode) => tg.call('sendMessage', { chat_id: ann.id, text, parse_mode });
    const html = (text) => send(text, 'HTML');

    test('1 to 4096 characters, counted after parsing, as code points', async () => {
        assert.equal((await send('x'.repeat(4096))).ok, true);
        refused(await send('x'.repeat(4097)), 400, 'Bad Request: message is too long');
        assert.equal((await send('😀'.repeat(4096))).ok, true);
        refused(await send('😀'.repeat(4097)), 400, 'Bad Request: message is too long');
        assert.equal((await html(`<b>${'&lt;'.repeat(4096)}</b>`)).ok, true);
        refused(await html('&amp;'.repeat(4097)), 400, 'Bad Request: message is too long');
        refused(await send('x'.repeat(32769)), 400, 'Bad Request: text is too long');
    });

    test('nothing to say', async () => {
        refused(await send(''), 400, 'Bad Request: message text is empty');
        refused(await send(undefined), 400, 'Bad Request: message text is empty');
        refused(await send(' \n\t '), 400, 'Bad Request: text must be non-empty');
        refused(await html('<b> </b>'), 400, 'Bad Request: text must be non-empty');
    });

    test('parse modes', async () => {
        assert.equal((await send('<b>x</b>', 'html')).result.text, 'x');
        assert.equal((await send('<b>x</b>', 'none')).result.text, '<b>x</b>');
        assert.equal((await send('<b>x</b>', '')).result.text, '<b>x</b>');
        refused(await send('x', 'bbcode'), 400, 'Bad Request: unsupported parse_mode');
    });

    test('entities count UTF-16 units', async () => {
        const { result } = await html('😀 <b>bold <i>both</i></b> <a href="https://example.org/?a=1&amp;b=2">link</a>');
        assert.equal(result.text, '😀 bold both link');
        assert.deepEqual(result.entities, [
            { offset: 3, length: 9, type: 'bold' },
            { offset: 8, length: 4, type: 'italic' },
            { offset: 13, length: 4, type: 'text_link', url: 'https://example.org/?a=1&b=2' },
        ]);
    });

    test('every supported tag', async () => {
        const tags = ['b', 'strong', 'i', 'em', 'u', 'ins', 's', 'strike', 'del', 'tg-spoiler', 'code', 'pre', 'blockquote'];
        for (const tag of tags) {
            assert.equal((await html(`<${tag}>x</${tag}>`)).result.text, 'x', tag);
        }
        const others = ['<span class="tg-spoiler">x</span>', '<pre><code class="language-c">x</code></pre>',
            '<blockquote expandable>x</blockquote>', '<tg-emoji emoji-id="5368324170671202286">x</tg-emoji>', '<B>x</b>'];
        for (const text of others) {
            assert.equal((await html(text)).result.text, 'x', text);
        }
    });

    test('only four named entities, and numbers', async () => {
        const { result } = await html('&lt;&gt;&amp;&quot;&nbsp;&#128512;&#x1F600; & &unknown;');
        assert.equal(result.text, '<>&"&nbsp;😀😀 & &unknown;');
    });

    test('what cannot be parsed is named with its byte offset', async () => {
        const wrong = [
            ['a<br>', 'Unsupported start tag "br" at byte offset 1'],
            ['ä<P class="x">', 'Unsupported start tag "p" at byte offset 2'],
            ['1 < 2', 'Unsupported start tag "" at byte offset 2'],
            ['x <b', 'Unclosed start tag at byte offset 2'],
            ['<a href="x', 'Unclosed start tag at byte offset 0'],
            ['<a href', 'Unclosed start tag "a" at byte offset 0'],
            ['<a =x>y</a>', 'Empty attribute name in the tag "a" at byte offset 0'],
            ['<a href=x/y>z</a>', 'Unexpected end of name token at byte offset 8'],
            ['<span>x</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
            ['x</b>', 'Unexpected end tag at byte offset 1'],
            ['<b>x</b', 'Unclosed end tag at byte offset 4'],
            ['<b>x</i>', 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'],
            ['<b>x<i>y</b></i>', 'Unmatched end tag at byte offset 8, expected "</i>", found "</b>"'],
            ['<b>x', 'Can\'t find end tag corresponding to start tag "b"'],
        ];
        for (const [text, error] of wrong) {
            refused(await html(text), 400, `Bad Request: can't parse entities: ${error}`);
        }
    });
});

describe('buttons', () => {
    let tg;
    let ann;
    before(async () => {
        ({ tg, ann } = await botAndAnn());
    });
    const send = (reply_markup) => tg.call('sendMessage', { chat_id: ann.id, text: 'x', reply_markup });

    test('callback_data has at most 64 bytes', async () => {
        assert.equal((await send(keyboard(button('a', 'x'.repeat(64))))).ok, true);
        assert.equal((await send(keyboard(button('a', 'é'.repeat(32))))).ok, true);
        refused(await send(keyboard(button('a', 'x'.repeat(65)))), 400, 'Bad Request: BUTTON_DATA_INVALID');
        refused(await send(keyboard(button('a', 'é'.repeat(33)))), 400, 'Bad Request: BUTTON_DATA_INVALID');
    });

    test('a button has a text and exactly one action', async () => {
        const prefix = "Bad Request: can't parse inline keyboard button: ";
        refused(await send(keyboard({ text: 'a' })), 400, `${prefix}Text buttons are unallowed in the inline keyboard`);
        refused(await send(keyboard(button('a', ''))), 400, `${prefix}Text buttons are unallowed in the inline keyboard`);
        refused(await send(keyboard({ callback_data: 'a' })), 400, `${prefix}Can't find field "text"`);
        refused(await send(keyboard({ text: 7, callback_data: 'a' })), 400, `${prefix}Field "text" must be of type String`);
        refused(await send(keyboard({ text: 'a', callback_data: 'a', url: 'https://example.org' })), 400, /exactly one action/);
        refused(await send(keyboard('a')), 400, `${prefix}InlineKeyboardButton must be an Object`);
    });

    test('addresses', async () => {
        const link = (url) => keyboard({ text: 'a', url });
        assert.equal((await send(link('https://example.org/x?y=1'))).ok, true);
        assert.equal((await send(link('tg://user?id=1'))).ok, true);
        refused(await send(link('ftp://example.org')), 400, /^Bad Request: inline keyboard button URL 'ftp:/);
        refused(await send(link('not an address')), 400, /Wrong HTTP URL$/);
        refused(await send(keyboard({ text: 'a', web_app: { url: 'http://example.org' } })), 400, /Only HTTPS links/);
    });

    test('the shape of reply_markup', async () => {
        refused(await send('{'), 400, "Bad Request: can't parse reply keyboard markup JSON object");
        refused(await send([1]), 400, 'Bad Request: object expected as reply markup');
        refused(await send({ inline_keyboard: 7 }), 400, 'Bad Request: field "inline_keyboard" must be of type Array');
        refused(await send({ inline_keyboard: [button('a', 'b')] }), 400, /must be an Array of Arrays$/);
        const many = Array.from({ length: 101 }, () => [button('a', 'b')]);
        refused(await send({ inline_keyboard: many }), 400, 'Bad Request: reply markup is too long');
        assert.equal((await send({ inline_keyboard: [] })).result.reply_markup, undefined);
        assert.equal((await send({ keyboard: [['Yes', { text: 'No' }]] })).ok, true);
        assert.equal((await send({ remove_keyboard: true })).ok, true);
    });

    test('a press carries the message and its data, and can be answered once, in time', async () => {
        const { result: sent } = await send({ inline_keyboard: [[button('Yes', 'y')], [button('No', 'n')]] });
        const press = await ann.tap(1);
        const { callback_query } = (await tg.pendingUpdates()).at(-1);
        assert.equal(callback_query.data, 'n');
        assert.equal(callback_query.from.id, ann.id);
        assert.equal(typeof callback_query.id, 'string');
        assert.equal(typeof callback_query.chat_instance, 'string');
        assert.deepEqual(callback_query.message, sent);
        const answer = () => tg.call('answerCallbackQuery', { callback_query_id: press.callback_query_id });
        assert.equal((await answer()).result, true);
        refused(await answer(), 400, /^Bad Request: query is too old and response timeout expired or query ID/);
        const late = await ann.tap('Yes');
        await tg.clock.advance('61s');
        refused(await tg.call('answerCallbackQuery', { callback_query_id: late.callback_query_id }), 400, /too old/);
        refused(await tg.call('answerCallbackQuery', { callback_query_id: '1' }), 400, /too old/);
        const long = await ann.tap('Yes');
        const text = { callback_query_id: long.callback_query_id, text: 'x'.repeat(201) };
        refused(await tg.call('answerCallbackQuery', text), 400, 'Bad Request: MESSAGE_TOO_LONG');
    });

    test('hostile presses: any data, a message no longer accessible', async () => {
        await send(keyboard(button('Yes', 'y')));
        const { message_id } = await ann.tap({ data: '<script>\u202e"' }, { inaccessible: true });
        const { callback_query } = (await tg.pendingUpdates()).at(-1);
        assert.equal(callback_query.data, '<script>\u202e"');
        assert.deepEqual(Object.keys(callback_query.message).sort(), ['chat', 'date', 'message_id']);
        assert.equal(callback_query.message.message_id, message_id);
        assert.equal(callback_query.message.date, 0);
    });
});

describe('editing', () => {
    async function sentMessage() {
        const { tg, ann } = await botAndAnn();
        const markup = keyboard(button('Yes', 'y'));
        const { result } = await tg.call('sendMessage', { chat_id: ann.id, text: 'old', reply_markup: markup });
        return { tg, ann, markup, ids: { chat_id: ann.id, message_id: result.message_id } };
    }

    test('text, buttons and date change; the chat shows the new state', async () => {
        const { tg, ann, ids } = await sentMessage();
        const { result } = await tg.call('editMessageText', { ...ids, text: 'new' });
        assert.equal(result.text, 'new');
        assert.equal(result.reply_markup, undefined);
        assert.ok(result.edit_date >= result.date);
        const markup = keyboard(button('No', 'n'));
        await tg.call('editMessageReplyMarkup', { ...ids, reply_markup: markup });
        const last = (await ann.messages()).at(-1);
        assert.equal(last.text, 'new');
        assert.deepEqual(last.reply_markup, markup);
    });

    test('the same again is not modified', async () => {
        const { tg, markup, ids } = await sentMessage();
        const same = await tg.call('editMessageText', { ...ids, text: 'old', reply_markup: markup });
        refused(same, 400, /^Bad Request: message is not modified: specified new message content and reply markup are exactly the same/);
        refused(await tg.call('editMessageReplyMarkup', { ...ids, reply_markup: markup }), 400, /not modified/);
    });

    test('a picture has a caption, not a text', async () => {
        const { tg, ann } = await botAndAnn();
        const markup = keyboard(button('Yes', 'y'));
        const { result } = await tg.call('sendPhoto', {
            chat_id: ann.id, photo: 'https://example.org/a.png', caption: 'old', reply_markup: markup });
        const ids = { chat_id: ann.id, message_id: result.message_id };
        refused(await tg.call('editMessageText', { ...ids, text: 'new' }), 400,
                'Bad Request: there is no text in the message to edit');
        refused(await tg.call('editMessageCaption', { ...ids, caption: 'x'.repeat(1025) }), 400,
                'Bad Request: message caption is too long');
        refused(await tg.call('editMessageCaption', { ...ids, caption: 'old', reply_markup: markup }), 400,
                /not modified/);
        assert.deepEqual((await ann.messages()).at(-1).reply_markup, markup);
        const edited = await tg.call('editMessageCaption', { ...ids, caption: '<b>new</b>', parse_mode: 'HTML' });
        assert.equal(edited.result.caption, 'new');
        assert.equal(edited.result.reply_markup, undefined);
        assert.equal(edited.result.text, undefined);
        assert.equal(edited.result.photo.length, 1);
        const marked = await tg.call('editMessageReplyMarkup', { ...ids, reply_markup: markup });
        assert.equal(marked.result.caption, 'new');
        assert.deepEqual(marked.result.reply_markup, markup);
        const text = await tg.call('sendMessage', { chat_id: ann.id, text: 'words' });
        refused(await tg.call('editMessageCaption', { ...ids, message_id: text.result.message_id, caption: 'x' }), 400,
                'Bad Request: there is no caption in the message to edit');
    });

    test('a preview belongs to the text it came with', async () => {
        const { tg, ann } = await botAndAnn();
        const link_preview_options = { url: 'https://example.org/a.png', show_above_text: true };
        const { result } = await tg.call('sendMessage', { chat_id: ann.id, text: 'x', link_preview_options });
        assert.deepEqual(result.link_preview_options, link_preview_options);
        const ids = { chat_id: ann.id, message_id: result.message_id };
        const marked = await tg.call('editMessageReplyMarkup', { ...ids, reply_markup: keyboard(button('Yes', 'y')) });
        assert.deepEqual(marked.result.link_preview_options, link_preview_options);
        const edited = await tg.call('editMessageText', { ...ids, text: 'y' });
        assert.equal(edited.result.link_preview_options, undefined);
    });

    test('what cannot be edited or deleted', async () => {
        const { tg, ids, ann } = await sentMessage();
        const edit = (params) => tg.call('editMessageText', { ...ids, text: 'x', ...params });
        refused(await edit({ message_id: 9999 }), 400, 'Bad Request: message to edit not found');
        refused(await edit({ message_id: 101 }), 400, "Bad Request: message can't be edited"); // hers
        refused(await edit({ text: '' }), 400, 'Bad Request: message text is empty');
        refused(await edit({ text: '<b>', parse_mode: 'HTML' }), 400, /can't parse entities/);
        assert.equal((await tg.call('deleteMessage', ids)).result, true);
        refused(await tg.call('deleteMessage', ids), 400, 'Bad Request: message to delete not found');
        refused(await edit({}), 400, 'Bad Request: message to edit not found');
        const { result } = await tg.call('sendMessage', { chat_id: ann.id, text: 'old one' });
        await tg.clock.advance('49h');
        const old = { chat_id: ann.id, message_id: result.message_id };
        refused(await tg.call('deleteMessage', old), 400, "Bad Request: message can't be deleted");
    });
});

describe('other methods', () => {
    test('getMe', async () => {
        const { tg } = await botAndAnn({ username: 'nudge_bot' });
        const { result } = await tg.call('getMe');
        assert.equal(result.id, tg.id);
        assert.equal(result.username, 'nudge_bot');
        assert.equal(result.can_join_groups, true);
        assert.equal(result.supports_inline_queries, false);
    });

    test('commands by scope and language', async () => {
        const { tg } = await botAndAnn();
        const commands = [{ command: 'start', description: 'Begin' }];
        const german = [{ command: 'start', description: 'Los' }];
        assert.equal((await tg.call('setMyCommands', { commands })).result, true);
        await tg.call('setMyCommands', { commands: german, language_code: 'de', scope: { type: 'all_private_chats' } });
        assert.deepEqual((await tg.call('getMyCommands')).result, commands);
        assert.deepEqual((await tg.state()).commands, { default: commands, 'all_private_chats/de': german });
        await tg.call('deleteMyCommands');
        assert.deepEqual((await tg.call('getMyCommands')).result, []);
        const set = (command, description) => tg.call('setMyCommands', { commands: [{ command, description }] });
        refused(await set('Start', 'x'), 400, 'Bad Request: BOT_COMMAND_INVALID');
        refused(await set('x'.repeat(33), 'x'), 400, 'Bad Request: BOT_COMMAND_INVALID');
        refused(await set('x', ' '), 400, 'Bad Request: command description must be non-empty');
        refused(await set('x', 'y'.repeat(257)), 400, 'Bad Request: BOT_COMMAND_DESCRIPTION_INVALID');
        const many = Array.from({ length: 101 }, (_, i) => ({ command: `c${i}`, description: 'x' }));
        refused(await tg.call('setMyCommands', { commands: many }), 400, 'Bad Request: BOT_COMMANDS_TOO_MUCH');
    });

    test('chat actions', async () => {
        const { tg, ann } = await botAndAnn();
        assert.equal((await tg.call('sendChatAction', { chat_id: ann.id, action: 'typing' })).result, true);
        refused(await tg.call('sendChatAction', { chat_id: ann.id, action: 'dancing' }), 400, /wrong parameter action/);
    });

    test('parameters a method does not have are named in the log', async () => {
        const { tg, ann } = await botAndAnn();
        await tg.call('sendMessage', { chat_id: ann.id, text: 'x', parsemode: 'HTML', silent: true });
        await tg.call('sendMessage', { chat_id: ann.id, text: 'x', disable_notification: true });
        const entries = await tg.calls({ method: 'sendMessage' });
        assert.deepEqual(entries.map((entry) => entry.unknown_params), ['parsemode silent', undefined]);
    });
});

describe('people', () => {
    test('commands are marked, edits and blocks become updates', async () => {
        const { tg, ann } = await botAndAnn();
        const { message_id } = await ann.send('say /help@nudge_bot');
        await ann.edit(message_id, 'never mind');
        await ann.block();
        await ann.unblock();
        const [start, help, edit, block, unblock] = await tg.pendingUpdates();
        assert.deepEqual(start.message.entities, [{ offset: 0, length: 6, type: 'bot_command' }]);
        assert.deepEqual(help.message.entities, [{ offset: 4, length: 15, type: 'bot_command' }]);
        assert.equal(edit.edited_message.text, 'never mind');
        assert.ok(edit.edited_message.edit_date > 0);
        assert.equal(block.my_chat_member.old_chat_member.status, 'member');
        assert.equal(block.my_chat_member.new_chat_member.status, 'kicked');
        assert.equal(block.my_chat_member.new_chat_member.until_date, 0);
        assert.equal(unblock.my_chat_member.new_chat_member.status, 'member');
    });

    test('any update can be pushed, also one seen before', async () => {
        const { tg } = await botAndAnn();
        const poll = { id: '1', question: '?' };
        const { update_id } = await tg.pushUpdate({ poll });
        await tg.pushUpdate({ update_id, poll });
        const updates = await tg.pendingUpdates();
        assert.deepEqual(updates.slice(1), [{ update_id, poll }, { update_id, poll }]);
    });
});

describe('rate limits', () => {
    test('off unless switched on', async () => {
        const { tg, ann } = await botAndAnn();
        for (let i = 0; i < 50; i++) {
            assert.equal((await tg.call('sendMessage', { chat_id: ann.id, text: String(i) })).ok, true);
        }
    });

    test('30 a second over all chats', async () => {
        const { tg } = await botAndAnn();
        await tg.limits();
        const people = Array.from({ length: 31 }, () => tg.user({ started: true }));
        await Promise.all(people.map((person) => person.ready()));
        const send = (person) => tg.call('sendMessage', { chat_id: person.id, text: 'x' });
        for (const person of people.slice(0, 30)) {
            assert.equal((await send(person)).ok, true);
        }
        const answer = await send(people[30]);
        refused(answer, 429, 'Too Many Requests: retry after 1');
        assert.deepEqual(answer.parameters, { retry_after: 1 });
        assert.equal(answer.headers['retry-after'], '1');
        await tg.clock.advance('34ms');
        assert.equal((await send(people[30])).ok, true);
    });

    test('one a second in one chat after a short burst; edits count', async () => {
        const { tg, ann } = await botAndAnn();
        await tg.limits();
        const send = () => tg.call('sendMessage', { chat_id: ann.id, text: 'x' });
        const { result } = await send();
        await send();
        const edit = (text) => tg.call('editMessageText', { chat_id: ann.id, message_id: result.message_id, text });
        assert.equal((await edit('y')).ok, true);
        refused(await send(), 429, 'Too Many Requests: retry after 1');
        refused(await edit('z'), 429, 'Too Many Requests: retry after 1');
        await tg.clock.advance('1s');
        assert.equal((await send()).ok, true);
        refused(await send(), 429, /retry after 1$/);
    });

    test('20 a minute in one group', async () => {
        const { tg } = await botAndAnn();
        await tg.limits();
        const club = await tg.group();
        const send = () => tg.call('sendMessage', { chat_id: club.id, text: 'x' });
        for (let i = 0; i < 20; i++) {
            assert.equal((await send()).ok, true);
        }
        const answer = await send();
        refused(answer, 429, 'Too Many Requests: retry after 3');
        await tg.clock.advance('3s');
        assert.equal((await send()).ok, true);
        assert.equal((await tg.state()).limits_refused, 1);
        await tg.limits(false);
        assert.equal((await send()).ok, true);
    });
});

describe('scripted faults', () => {
    test('errors: for the next calls of a method, in one chat', async () => {
        const { tg, ann } = await botAndAnn();
        const bob = tg.user({ started: true });
        await bob.ready();
        const send = (person) => tg.call('sendMessage', { chat_id: person.id, text: 'x' });
        await tg.tooMany('sendMessage', 7, { chat: ann, count: 2 });
        const answer = await send(ann);
        refused(answer, 429, 'Too Many Requests: retry after 7');
        assert.deepEqual(answer.parameters, { retry_after: 7 });
        assert.equal(answer.headers['retry-after'], '7');
        assert.equal((await send(bob)).ok, true);
        assert.equal((await tg.call('getMe')).ok, true);
        refused(await send(ann), 429, /retry after 7/);
        assert.equal((await send(ann)).ok, true);
        await tg.fail('sendMessage', 'blocked', { chat: bob });
        refused(await send(bob), 403, 'Forbidden: bot was blocked by the user');
        await tg.fail(undefined, 'server');
        refused(await tg.call('getMe'), 500, 'Internal Server Error: restart');
        await tg.fail('sendMessage', 'blocked', { count: 100 });
        await tg.clearFaults();
        assert.equal((await send(bob)).ok, true);
    });

    test('a refusal is in the log as not executed', async () => {
        const { tg, ann } = await botAndAnn();
        await tg.fail('sendMessage', 'notFound');
        await tg.call('sendMessage', { chat_id: ann.id, text: 'x' });
        const [entry] = await tg.calls({ method: 'sendMessage' });
        assert.equal(entry.executed, false);
        assert.equal(entry.ok, false);
        assert.equal(entry.fault, 'error');
        assert.equal(entry.code, 400);
        assert.deepEqual(await ann.sent(), []);
    });

    test('closed before anything happened; answer lost after it did', async () => {
        const { tg, ann } = await botAndAnn();
        const send = (text) => tg.call('sendMessage', { chat_id: ann.id, text });
        await tg.fault({ kind: 'close', method: 'sendMessage' });
        await assert.rejects(send('never sent'), /socket hang up|ECONNRESET/);
        await tg.fault({ kind: 'lost', method: 'sendMessage' });
        await assert.rejects(send('sent, but who knows'), /socket hang up|ECONNRESET/);
        assert.deepEqual((await ann.sent()).map((message) => message.text), ['sent, but who knows']);
        const entries = await tg.calls({ method: 'sendMessage' });
        assert.deepEqual(entries.map(({ fault, executed, ok }) => [fault, executed, ok]), [
            ['close', false, false],
            ['lost', true, false],
        ]);
    });

    test('answers that are no JSON', async () => {
        const { tg, ann } = await botAndAnn();
        const send = () => tg.call('sendMessage', { chat_id: ann.id, text: 'x' });
        await tg.fault({ kind: 'malformed', method: 'sendMessage' });
        await assert.rejects(send(), SyntaxError);
        await tg.fault({ kind: 'malformed', method: 'sendMessage', code: 502, body: '<html>Bad Gateway</html>' });
        const response = await fetch(`${tg.url}/bot${tg.token}/sendMessage?chat_id=${ann.id}&text=x`);
        assert.equal(response.status, 502);
        assert.equal(response.headers.get('content-type'), 'text/html');
        assert.equal(await response.text(), '<html>Bad Gateway</html>');
    });

    test('late answers and none at all', async () => {
        const { tg, ann } = await botAndAnn();
        await tg.fault({ kind: 'delay', method: 'sendMessage', delay_ms: 300 });
        const began = Date.now();
        const send = (text) => tg.call('sendMessage', { chat_id: ann.id, text });
        const answer = send('late');
        await ann.receive('late'); // executed at once
        assert.equal((await answer).ok, true);
        assert.ok(Date.now() - began >= 295);
        await tg.fault({ kind: 'timeout', method: 'sendMessage' });
        const never = fetch(`${tg.url}/bot${tg.token}/sendMessage?chat_id=${ann.id}&text=gone`, {
            signal: AbortSignal.timeout(300),
        });
        await assert.rejects(never, { name: 'TimeoutError' });
        assert.equal((await ann.sent()).length, 1);
        assert.equal((await tg.state()).faults_left, 0);
    });

    test('scripts are checked', async () => {
        const { tg } = await botAndAnn();
        await assert.rejects(tg.fault({ kind: 'explode' }), /kind must be/);
        await assert.rejects(tg.fault({ kind: 'error' }), /code of at least 400/);
        await assert.rejects(tg.fault({ kind: 'delay' }), /delay_ms/);
    });
});

describe('the log and the control API', () => {
    test('everything since a number, waiting for what is to come', async () => {
        const { tg, ann } = await botAndAnn();
        const mark = await tg.mark();
        const waiting = tg.waitFor('sendMessage', (entry) => entry.text === 'second', { since: mark });
        await tg.call('sendMessage', { chat_id: ann.id, text: 'first' });
        await tg.call('sendMessage', { chat_id: ann.id, text: '<b>second</b>', parse_mode: 'HTML' });
        const entry = await waiting;
        assert.equal(entry.n, mark + 2);
        assert.equal(entry.params.text, '<b>second</b>');
        assert.deepEqual((await tg.log({ since: mark, limit: 1 })).entries.map(({ n }) => n), [mark + 1]);
        assert.equal(await tg.sent(2), 2);
    });

    test('a wait that ends without its event says what came instead', async () => {
        const { tg, ann } = await botAndAnn();
        await tg.call('sendMessage', { chat_id: ann.id, text: 'something else' });
        await assert.rejects(ann.receive(/breath/, { timeout_ms: 50 }), /1 others: \["something else"\]/);
        await assert.rejects(tg.waitFor('getMe', undefined, { timeout_ms: 50 }), /no such getMe/);
    });

    test('reset forgets all but the bot', async () => {
        const { tg, ann } = await botAndAnn();
        await tg.call('sendMessage', { chat_id: ann.id, text: 'x' });
        await tg.reset();
        assert.equal((await tg.pendingUpdates()).length, 0);
        assert.deepEqual(await tg.calls(), []);
        refused(await tg.call('sendMessage', { chat_id: ann.id, text: 'x' }), 400, /chat not found/);
    });

    test('mistakes of a test are told', async () => {
        const { tg, ann } = await botAndAnn();
        await assert.rejects(tg.control('nonsense'), /no such control action/);
        await assert.rejects(ann.tap('Nowhere'), /no message has such a button/);
        await assert.rejects(tg.control('message', { user: 5, text: 'x' }), /no such user/);
        await assert.rejects(server.server.control('state', { token: '9:none' }), /no bot has this token/);
    });

    test('two hundred bots side by side', async () => {
        const bots = await Promise.all(Array.from({ length: 200 }, () => server.bot()));
        await Promise.all(bots.map(async (tg, index) => {
            const person = tg.user();
            await person.send(`hello ${index}`);
            const { result } = await tg.call('getUpdates', { timeout: 5 });
            await tg.call('sendMessage', { chat_id: person.id, text: result[0].message.text });
            await person.receive(`hello ${index}`);
        }));
    });
});
