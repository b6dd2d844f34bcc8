// Messages with a picture in Telegram: as a photo with its caption while that is short enough, as a text
// with a large preview when it is longer, as a text when the picture is refused; and what taps make of each.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apply } from '../lib/journeys.mjs';
import { Scene } from '../lib/scene.mjs';

const PICTURE = 'https://pictures.example/breath.png';
const NO_PICTURE = { code: 400, description: 'Bad Request: failed to get HTTP URL content' };
const ONBOARDING = 'optimized/superior_onboarding.yaml';
const FOLLOWUP = 'optimized/quick_execution_followup.yaml';

const FIRST_STEP = {
    [ONBOARDING]: [['    class: reply\n', `    class: reply\n    picture: {en: "${PICTURE}", de: "${PICTURE}"}\n`]],
};

/** The check-in with a picture, and what was committed to in it so many times. */
function checkIn(times) {
    const text = Array(times).fill('{{commitment_text}}').join(' and ');
    return {
        [FOLLOWUP]: [
            ['    when: commitment_open\n    message:\n      en: "How is it going with \\"{{commitment_text}}\\"?',
                `    when: commitment_open\n    picture: {en: "${PICTURE}", de: "${PICTURE}"}\n` +
                    `    message:\n      en: "How is it going with ${text}?`],
        ],
    };
}

/** Somebody who was asked how their commitment goes. */
async function asked(t, times, commitment) {
    const scene = await Scene.open(t);
    await apply(scene.home, checkIn(times));
    const ann = await scene.regular({ first_name: 'Ann' });
    await ann.send(`/commit ${commitment}`);
    await ann.receive(/^Noted/);
    await scene.settled();
    await scene.later('2h');
    return { scene, ann, message: await ann.receive(/How is it going with/) };
}

async function newcomer(t) {
    const scene = await Scene.open(t);
    await apply(scene.home, FIRST_STEP);
    const ann = scene.person({ first_name: 'Ann' });
    return { scene, ann };
}

/** Calls and their status; edits last, since they go side by side with messages. */
const methods = async (scene, person) => {
    const calls = (await scene.tg.calls({ chat_id: person.id })).map((call) => `${call.method} ${call.code}`);
    return [...calls.filter((call) => /^send/.test(call)), ...calls.filter((call) => /^edit/.test(call))];
};

const lastState = async (person, message) =>
    (await person.messages()).find(({ message_id }) => message_id === message.message_id);

describe('a picture with its caption', () => {
    test('is sent as one message, and a tap adds the choice to the caption', async (t) => {
        const { scene, ann } = await newcomer(t);
        await ann.send('/start');
        const first = await ann.receive(/lovely to meet you/);
        assert.equal(first.method, 'sendPhoto');
        assert.equal(first.params.photo, PICTURE);
        assert.deepEqual(first.buttons.map((button) => button.text), ['✅ Done', 'Too much right now']);
        await first.tap('✅ Done');
        const edit = await first.edited(/lovely to meet you[^]*\n\n→ ✅ Done$/);
        assert.equal(edit.method, 'editMessageCaption');
        await ann.receive(/first win/);
        await scene.settled();
        const now = await lastState(ann, first);
        assert.equal(now.photo.length, 1);
        assert.match(now.caption, /→ ✅ Done$/);
        assert.equal(now.reply_markup, undefined);
        assert.deepEqual(await methods(scene, ann), ['sendPhoto 200', 'sendMessage 200', 'editMessageCaption 200']);
        const [delivery] = await scene.deliveries(ann);
        assert.deepEqual([delivery.picture, delivery.state, delivery.reason], [PICTURE, 'sent', '']);
    });

    test('keeps its other buttons after an answer that changes nothing', async (t) => {
        const { ann, message } = await asked(t, 1, 'read ten pages');
        assert.equal(message.method, 'sendPhoto');
        await message.tap('💪 Working on it');
        const first = await message.edited(/→ 💪 Working on it$/);
        assert.equal(first.method, 'editMessageCaption');
        assert.deepEqual(first.reply_markup.inline_keyboard.flat().map((button) => button.text), ['✅ Done', '🐘 Too big']);
        await message.tap('✅ Done');
        await message.edited(/→ ✅ Done$/);
        await ann.receive(/You said it and you did it/);
    });

    test('a caption that the choice would make too long loses its buttons only', async (t) => {
        const { scene, ann, message } = await asked(t, 2, 'x'.repeat(480)); // twice, and the words between
        assert.equal(message.method, 'sendPhoto');
        assert.ok(message.text.length <= 1024 && message.text.length > 1010, `${message.text.length}`);
        const press = await message.tap('✅ Done');
        assert.match((await press.answered()).params.text, /Done/);
        await ann.receive(/You said it and you did it/);
        await scene.settled();
        const now = await lastState(ann, message);
        assert.equal(now.caption, message.text);
        assert.equal(now.reply_markup, undefined);
        assert.ok((await methods(scene, ann)).includes('editMessageReplyMarkup 200'));
    });

    test('an expired button, and one of another message, leave it as it is', async (t) => {
        const { scene, ann } = await newcomer(t);
        await ann.send('/start');
        const first = await ann.receive(/lovely to meet you/);
        const list = await ann.tap({ data: 'x:list:0' }, { message_id: first.message_id });
        await list.answered();
        await ann.receive(/Nothing is open/); // a message of its own
        await first.tap('✅ Done');
        await ann.receive(/first win/);
        const old = await ann.tap({ data: first.buttons[0].callback_data }, { message_id: first.message_id });
        await old.answered();
        await scene.settled();
        assert.match((await lastState(ann, first)).caption, /lovely to meet you[^]*→ ✅ Done$/);
        assert.ok((await methods(scene, ann)).every((call) => call.endsWith(' 200')));
    });
});

describe('a text too long for a caption', () => {
    test('goes whole below a large preview, which stays when a button is tapped', async (t) => {
        const { scene, ann, message } = await asked(t, 3, 'y'.repeat(450));
        assert.equal(message.method, 'sendMessage');
        assert.ok(message.text.length > 1024);
        assert.equal(message.text.split('y'.repeat(450)).length, 4);
        const preview = { url: PICTURE, prefer_large_media: true, show_above_text: true };
        assert.deepEqual((await lastState(ann, message)).link_preview_options, preview);
        await message.tap('✅ Done');
        assert.equal((await message.edited(/→ ✅ Done$/)).method, 'editMessageText');
        await ann.receive(/You said it and you did it/);
        await scene.settled();
        assert.deepEqual((await lastState(ann, message)).link_preview_options, preview);
    });
});

describe('a refused picture', () => {
    const refusals = [
        NO_PICTURE,
        { code: 400, description: 'Bad Request: wrong file identifier/HTTP URL specified' },
        { code: 400, description: 'Bad Request: PHOTO_INVALID_DIMENSIONS' },
        { code: 400, description: 'Bad Request: words that nobody has seen yet' },
    ];
    for (const refusal of refusals) {
        test(`does not cost the message: ${refusal.description}`, async (t) => {
            const { scene, ann } = await newcomer(t);
            await scene.tg.fail('sendPhoto', refusal, { count: 9 });
            await ann.send('/start');
            const first = await ann.receive(/lovely to meet you/);
            assert.equal(first.method, 'sendMessage');
            assert.equal(first.params.parse_mode, 'HTML', 'its markup was not to blame');
            assert.deepEqual(first.params.link_preview_options, { is_disabled: true });
            await first.tap('✅ Done');
            assert.equal((await first.edited(/→ ✅ Done$/)).method, 'editMessageText');
            await ann.receive(/first win/);
            await scene.settled();
            assert.deepEqual(await methods(scene, ann),
                             ['sendPhoto 400', 'sendMessage 200', 'sendMessage 200', 'editMessageText 200']);
            const [delivery] = await scene.deliveries(ann);
            assert.deepEqual([delivery.state, delivery.reason], ['sent', 'without_picture']);
        });
    }

    test('what is wrong with the person is not tried without the picture', async (t) => {
        const { scene, ann } = await newcomer(t);
        await scene.tg.fail('sendPhoto', 'blocked', { count: 1 });
        await ann.send('/start');
        await scene.tg.waitFor('sendPhoto', (call) => call.code === 403, { chat_id: ann.id });
        await scene.settled();
        assert.deepEqual(await methods(scene, ann), ['sendPhoto 403']);
    });
});

describe('refused markup in a caption', () => {
    const BAD_MARKUP = { code: 400, description: "Bad Request: can't parse entities: Unclosed start tag" };

    test('costs the markup, not the picture, and is repeated once', async (t) => {
        const { scene, ann } = await newcomer(t);
        await scene.tg.fail('sendPhoto', BAD_MARKUP, { count: 1 });
        await ann.send('/start');
        const first = await ann.receive(/lovely to meet you/);
        assert.deepEqual([first.method, first.params.photo, first.params.parse_mode], ['sendPhoto', PICTURE, undefined]);
        await scene.settled();
        assert.deepEqual(await methods(scene, ann), ['sendPhoto 400', 'sendPhoto 200']);
        const [delivery] = await scene.deliveries(ann);
        assert.equal(delivery.reason, 'without_markup');
    });

    test('with a refused picture as well, plain text is left', async (t) => {
        const { scene, ann } = await newcomer(t);
        await scene.tg.fail('sendPhoto', BAD_MARKUP, { count: 1 });
        await scene.tg.fail('sendPhoto', NO_PICTURE, { count: 1 });
        await ann.send('/start');
        const first = await ann.receive(/lovely to meet you/);
        assert.deepEqual([first.method, first.params.parse_mode], ['sendMessage', undefined]);
        await scene.settled();
        assert.deepEqual(await methods(scene, ann), ['sendPhoto 400', 'sendPhoto 400', 'sendMessage 200']);
        const [delivery] = await scene.deliveries(ann);
        assert.equal(delivery.reason, 'plain_text');
    });
});
