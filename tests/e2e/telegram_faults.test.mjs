// Telegram misbehaves: limits, failures, lost answers, refusals, repeated updates; and people who
// press and write what nobody expects.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, test } from 'node:test';
import { Scene } from '../lib/scene.mjs';

const CHECK_IN = /How is it going with/;
let nextMessage = 5_000_000;

/** Calls of sendMessage to a person since a mark: the messages that were tried. */
const tries = (scene, person, since) => scene.tg.calls({ since, method: 'sendMessage', chat_id: person.id });

/** From here on the sending limits are kept, which pauses belong to. */
async function withPacing(scene) {
    await scene.home.stop();
    scene.home.env.TELEGRAM_PACING = 'on';
    await scene.home.serve();
}

const last = async (scene, person) => (await scene.deliveries(person)).at(-1);

/** A person with a commitment whose check-in comes in two hours. */
async function waiting(scene) {
    const person = await scene.regular();
    await person.send('/commit read');
    await person.receive(/Noted/);
    await scene.settled();
    return person;
}

/** A message as it stands in an update. */
const message = (person, text) => ({
    message_id: nextMessage++,
    date: 1_768_467_600,
    chat: { id: person.id, type: 'private', first_name: 'Ann' },
    from: { id: person.id, is_bot: false, first_name: 'Ann', language_code: 'en' },
    text,
});

/** Pushes a message that is longer than Telegram lets people write. Its id comes from Telegram: one
 *  of our own could be below what the bot has confirmed already, and would be dropped. */
const pushText = (scene, person, text) => scene.tg.pushUpdate({ message: message(person, text) });

describe('429', () => {
    test('holds one chat as long as told, also over a restart', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        const bob = await scene.regular();
        await withPacing(scene);
        await scene.tg.tooMany('sendMessage', 30, { chat: ann });
        let mark = await scene.tg.mark();
        await ann.send('/list');
        await scene.home.until('the refusal', async () => (await last(scene, ann)).reason === 'too_many_requests');
        const held = await last(scene, ann);
        assert.deepEqual([held.state, held.attempts, held.next_at_ms], ['scheduled', 0, scene.home.now + 30_000]);
        await bob.send('/list');
        await bob.receive(/Nothing is open/);
        assert.equal((await tries(scene, ann, mark)).length, 1);

        assert.equal(await scene.home.stop(), 0);
        await scene.home.serve();
        mark = await scene.tg.mark();
        await ann.send('/streaks');
        await scene.later('29s');
        await bob.send('/streaks');
        await bob.receive(/One day so far/);
        assert.deepEqual(await tries(scene, ann, mark), []);
        await scene.later('1s');
        await ann.receive(/Nothing is open/);
        await scene.later('2s'); // one a second to a chat
        await ann.receive(/One day so far/);
        await scene.settled();
        const rows = (await scene.deliveries(ann)).slice(-2);
        assert.ok(rows.every((row) => row.state === 'sent' && row.attempts === 1 && row.uncertain === 0));
    });

    test('from two chats at once is about the whole bot', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        const bob = await scene.regular();
        const cem = await scene.regular();
        await withPacing(scene);
        await scene.tg.tooMany('sendMessage', 20, { count: 2 });
        await ann.send('/list');
        await bob.send('/list');
        await scene.home.until('the refusals', async () =>
            (await scene.home.sql("select count(*) as n from channel_pauses where address = ''"))[0].n === 1);
        const mark = await scene.tg.mark();
        await cem.send('/list');
        await scene.settled();
        await scene.later('19s');
        assert.deepEqual(await tries(scene, cem, mark), []);
        await scene.later('1s');
        await scene.later('2s');
        for (const person of [ann, bob, cem]) {
            await person.receive(/Nothing is open/);
        }
    });
});

describe('failures that pass', () => {
    test('5xx: tried again later and later, then sent', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await scene.tg.fail('sendMessage', 'server', { count: 3 });
        await ann.send('/list');
        const waits = [];
        for (let attempt = 1; attempt <= 3; attempt++) {
            await scene.home.until(`attempt ${attempt}`, async () => {
                const row = await last(scene, ann);
                return row.attempts === attempt && row.state === 'scheduled';
            });
            const row = await last(scene, ann);
            assert.equal(row.reason, 'http_5xx');
            waits.push(row.next_at_ms - scene.home.now);
            await scene.later(row.next_at_ms - scene.home.now);
        }
        await ann.receive(/Nothing is open/);
        await scene.settled();
        [5_000, 15_000, 45_000].forEach((expected, i) =>
            assert.ok(Math.abs(waits[i] - expected) <= expected * 0.2, `${waits[i]} is not about ${expected}`));
        assert.deepEqual([(await last(scene, ann)).state, (await last(scene, ann)).attempts], ['sent', 4]);
    });

    test('eight times: dead, listed, counted, and retried by hand', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await scene.tg.fail('sendMessage', 'server', { count: 8 });
        await ann.send('/list');
        for (let attempt = 1; attempt < 8; attempt++) {
            await scene.home.until(`attempt ${attempt}`, async () => {
                const row = await last(scene, ann);
                return row.attempts === attempt && row.state === 'scheduled';
            });
            await scene.later((await last(scene, ann)).next_at_ms - scene.home.now);
        }
        const dead = await last(scene, ann);
        assert.deepEqual([dead.state, dead.reason, dead.attempts], ['dead', 'http_5xx', 8]);
        const { deliveries } = await scene.home.json('deliveries', 'list', '--state', 'dead');
        assert.deepEqual(deliveries.map((row) => row.id), [dead.id]);
        assert.equal((await scene.home.json('metrics')).critical_errors, 1);
        const one = await scene.home.run('deliveries', 'retry', '123');
        assert.equal(one.code, 1);
        assert.match(one.stderr, /no message with that id/);
        assert.equal((await scene.home.json('deliveries', 'retry', '--all')).retried, 1);
        await ann.receive(/Nothing is open/);
        await scene.settled();
        assert.equal((await last(scene, ann)).state, 'sent');
        const again = await scene.home.run('deliveries', 'retry', dead.id);
        assert.equal(again.code, 1);
        assert.match(again.stderr, /only dead and failed/);
    });

    test('401: said once, nothing is lost, goes on when the token works again', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await scene.tg.fail('sendMessage', 'unauthorized', { count: 1 });
        await ann.send('/list');
        await scene.home.until('the refusal', async () => (await last(scene, ann)).reason === 'unauthorized');
        assert.deepEqual([(await last(scene, ann)).state, (await last(scene, ann)).attempts], ['scheduled', 0]);
        assert.equal(scene.home.log.filter((line) => /level=error/.test(line)).length, 1);
        await scene.later('1m');
        await ann.receive(/Nothing is open/);
    });

    test('409: another program polls; said, and tried again', async (t) => {
        const scene = await Scene.open(t, { serve: false });
        await scene.tg.fail('getUpdates', { code: 409, description: 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running' }, { count: 1 });
        await scene.home.serve();
        const ann = scene.person();
        await ann.send('/start');
        await ann.receive();
        assert.equal(scene.home.log.filter((line) => /reason="another program polls this bot"/.test(line)).length, 1);
        await scene.settled();
    });

    test('getUpdates fails and answers nonsense: polling goes on', async (t) => {
        const scene = await Scene.open(t, { serve: false });
        await scene.tg.fail('getUpdates', 'server', { count: 1 });
        await scene.tg.fault({ kind: 'close', method: 'getUpdates' });
        await scene.tg.fault({ kind: 'malformed', method: 'getUpdates', count: 2 });
        const ann = scene.person();
        await ann.send('/start');
        await scene.home.serve();
        await ann.receive(); // half an answer, even twice, is no reason to skip what it held
        await scene.settled();
    });
});

describe('lost answers', () => {
    for (const kind of ['lost', 'malformed']) {
        test(`${kind}: a followup is not sent again, and counted`, async (t) => {
            const scene = await Scene.open(t);
            const ann = await waiting(scene);
            await scene.tg.fault({ kind, method: 'sendMessage', chat_id: ann.id });
            const mark = await scene.tg.mark();
            await scene.later('2h');
            await scene.home.until('the report', async () => (await last(scene, ann)).uncertain === 1);
            await scene.later('1h');
            const sent = (await tries(scene, ann, mark)).filter((entry) => CHECK_IN.test(entry.text));
            assert.equal(sent.length, 1); // nor by the HTTP library
            assert.equal((await last(scene, ann)).state, 'uncertain');
            await scene.later('1h'); // and its journey goes on
            await ann.receive(/A good moment for/);
        });
    }

    test('close: a reply is sent once more, for somebody waits', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await scene.tg.fault({ kind: 'close', method: 'sendMessage', chat_id: ann.id });
        await ann.send('/list');
        await scene.home.until('the report', async () => (await last(scene, ann)).uncertain === 1);
        await scene.later('10s');
        await ann.receive(/Nothing is open/);
        await scene.settled();
        assert.deepEqual([(await last(scene, ann)).state, (await last(scene, ann)).attempts], ['sent', 2]);
    });
});

describe('refusals for good', () => {
    test('an error that no retry heals', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        const mark = await scene.tg.mark();
        await scene.tg.fail('sendMessage', { code: 400, description: 'Bad Request: message text is empty' });
        await ann.send('/list');
        await scene.home.until('the refusal', async () => (await last(scene, ann)).state === 'failed');
        assert.equal((await last(scene, ann)).reason, 'empty');
        await scene.later('1h');
        assert.equal((await tries(scene, ann, mark)).length, 1);
    });

    test('markup that cannot be parsed goes out as plain text, once', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        const refusal = { code: 400, description: "Bad Request: can't parse entities: unexpected end tag at byte offset 7" };
        let mark = await scene.tg.mark();
        await scene.tg.fail('sendMessage', refusal);
        await ann.send('/help');
        await ann.receive(/What I can do for you/);
        const [marked, plain] = await tries(scene, ann, mark);
        assert.equal(marked.params.parse_mode, 'HTML');
        assert.equal(plain.params.parse_mode, undefined);
        assert.doesNotMatch(plain.params.text, /<b>|\*\*/);
        await scene.settled();
        assert.deepEqual([(await last(scene, ann)).state, (await last(scene, ann)).attempts], ['sent', 1]);
        mark = await scene.tg.mark();
        await scene.tg.fail('sendMessage', refusal, { count: 2 });
        await ann.send('/help');
        await scene.home.until('the refusal', async () => (await last(scene, ann)).state === 'failed');
        assert.equal((await last(scene, ann)).reason, 'bad_markup');
        assert.equal((await tries(scene, ann, mark)).length, 2);
    });

    test('a deactivated account, a chat that is not there', async (t) => {
        const scene = await Scene.open(t);
        for (const failure of ['deactivated', 'notFound']) {
            const ann = await waiting(scene);
            await scene.tg.fail('sendMessage', failure, { chat: ann });
            await scene.later('2h');
            await scene.home.until('the refusal', async () => (await scene.user(ann)).telegram_reach === 3);
            assert.equal((await last(scene, ann)).state, 'failed');
            assert.deepEqual((await scene.events(ann, 'blocked')).map((event) => event.data.gone), [true]);
        }
    });

    test('a chat that has moved is followed', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        const there = scene.person({ started: true });
        await there.ready();
        await scene.tg.fail('sendMessage', {
            code: 400,
            description: 'Bad Request: group chat was upgraded to a supergroup chat',
            migrate_to_chat_id: there.id,
        }, { chat: ann });
        await ann.send('/list');
        await there.receive(/Nothing is open/);
        await scene.settled();
        assert.equal((await scene.user(ann)).telegram_address, String(there.id));
    });

    test('a tap that is too old to be answered does no harm', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.newcomer();
        await scene.tg.fail('answerCallbackQuery', { code: 400, description: 'Bad Request: query is too old and response timeout expired or query ID is invalid' });
        await ann.tap('✅ Done');
        await ann.receive(/first win/);
        await scene.settled();
    });
});

describe('updates', () => {
    test('one that comes twice counts once', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await scene.home.stop();
        const once = message(ann, '/commit once');
        const { update_id } = await scene.tg.pushUpdate({ message: once });
        await scene.tg.pushUpdate({ update_id, message: once });
        await scene.home.serve();
        await ann.receive(/Noted: once/);
        await scene.settled();
        assert.equal((await scene.commitments(ann)).filter((row) => row.text === 'once').length, 1);
        assert.deepEqual((await ann.sent()).filter((message) => /Noted: once/.test(message.text)).length, 1);
    });

    test('one is confirmed only when it is saved', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        const other = spawn('sqlite3', [scene.home.database], { stdio: ['pipe', 'pipe', 'inherit'] });
        t.after(() => other.kill());
        const ended = new Promise((resolve) => other.on('exit', resolve));
        const locked = new Promise((resolve) => other.stdout.once('data', resolve));
        other.stdin.write("begin immediate; select 'locked';\n");
        await locked;
        const before = (await scene.commitments(ann)).length;
        await ann.send('/commit saved first');
        await scene.home.until('the failure', () => scene.home.log.some((line) => /batch failed|busy|locked/.test(line)));
        assert.equal((await scene.tg.pendingUpdates()).length, 1);
        assert.equal((await scene.commitments(ann)).length, before);
        other.stdin.end('rollback;\n');
        await ended;
        await ann.receive(/Noted: saved first/);
        await scene.settled();
        assert.equal((await scene.commitments(ann)).length, before + 1);
    });

    test('an edited message counts while its step waits, and only then', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.newcomer();
        await ann.tap('✅ Done');
        await ann.receive(/first win/);
        await scene.later('2h');
        await ann.receive(/how do you want to feel/);
        const start = (await ann.messages()).find((message) => message.text === '/start');
        await ann.edit(start.message_id, 'Brave');
        await ann.receive(/Good choice: Brave/);
        await scene.settled();
        const mark = await scene.tg.mark();
        await ann.edit(start.message_id, 'Angry');
        await scene.settled();
        assert.deepEqual(await scene.texts(ann, mark), []);
        assert.equal((await scene.user(ann)).feeling_word, 'Brave');
    });
});

describe('buttons', () => {
    test('two taps on one button count once', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.newcomer();
        const hello = (await ann.sent())[0];
        // By its data: the message may have lost its buttons before the second finger comes down.
        const done = { data: hello.buttons.find((button) => /Done/.test(button.text)).callback_data };
        const tap = () => ann.tap(done, { message_id: hello.message_id });
        const presses = await Promise.all([tap(), tap()]);
        const answers = await Promise.all(presses.map(async (press) => (await press.answered()).params.text ?? ''));
        assert.equal(answers.filter((text) => /already/.test(text)).length, 1, JSON.stringify(answers));
        await ann.receive(/first win/);
        await scene.settled();
        assert.equal((await scene.events(ann, 'step_completed')).length, 1);
        assert.equal((await ann.sent()).filter((message) => /first win!/.test(message.text)).length, 1);
    });

    test("somebody else's, last month's, forged ones", async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.newcomer();
        const bob = await scene.newcomer();
        const hello = (await ann.sent())[0];
        const token = hello.buttons[0].callback_data;
        const own = (await bob.sent())[0].message_id;
        const stolen = await bob.tap({ data: token }, { message_id: own });
        assert.match((await stolen.answered()).params.text, /no longer in use/);
        await scene.settled();
        assert.equal((await scene.events(ann, 'step_completed')).length, 0);
        assert.equal((await scene.events(bob, 'step_completed')).length, 0);

        const run = /^r:(\d+):/.exec(token)[1];
        const forged = [
            'r:', 'r:1', 'r:1:2:3', 'r:-1:first_win:done', `r:${run}:first_win:hello2`, `r:${run}:plan_tomorrow:plan_water`,
            `r:${run}::`, `r:${run}:_rating:helpful`, 'r:99999999999999999999999:first_win:done', 'c:', 'c:0:done', 'c:x:done',
            'c:9223372036854775807:undo', 's:', 's:lang:xx', 's:zone:../../etc/passwd', 's:quiet:99-99', 's:board:maybe',
            's:channel:email', 'x:', 'x:delete', 'x:list:-5', 'x:list:99999999999', 'complete_', 'complete_%s%n', "'; drop table users; --",
            '😀'.repeat(16), 'x'.repeat(64), '{"a":1}',
        ];
        for (const data of forged) {
            const pressed = await ann.tap({ data }, { message_id: hello.message_id });
            await pressed.answered();
        }
        await scene.settled();
        assert.deepEqual(await scene.commitments(ann), []);
        assert.equal((await scene.events(ann, 'step_completed')).length, 0);
        assert.equal((await scene.user(ann)).is_erased, 0);

        for (let day = 0; day < 30; day++) {
            await scene.later('24h');
        }
        const late = await ann.tap({ data: token }, { message_id: hello.message_id });
        assert.match((await late.answered()).params.text, /past this one/);
    });
});

describe('texts', () => {
    test('long, odd and foreign ones are answered and shown as they were', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        const family = '👨‍👩‍👧‍👦';
        const texts = [
            'اقرأ عشر صفحات', 'אני רץ היום', 'อ่านหนังสือสิบหน้า', '本を十ページ読む', 'e\u0301te\u0301', `${family} ${family}`,
            'a < b && b > c', '*bold* _it_ `code` [x](http://y)', '</b><script>', '{{first_name}} %1 %s', "Robert'); drop table users;--",
        ];
        for (const text of texts) {
            await ann.send(`/commit ${text}`);
            const noted = await ann.receive(/Noted/);
            assert.ok(noted.text.includes(text.normalize('NFC')) || noted.text.includes(text), `${text}: ${noted.text}`);
        }
        await scene.settled();
        const kept = (await scene.commitments(ann)).map((row) => row.text.normalize('NFC'));
        for (const text of texts) {
            assert.ok(kept.includes(text.normalize('NFC')), text);
        }
        await ann.send('/list');
        await ann.receive(/11 open commitments/);
    });

    test('a flood of emoji and 100 KB', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await ann.send(`/commit ${'🎉'.repeat(2000)}`);
        await ann.receive(/Noted/);
        await pushText(scene, ann, `/commit ${'very '.repeat(20_000)}long`);
        await ann.receive(/Noted/);
        await pushText(scene, ann, 'word '.repeat(20_000));
        await ann.receive(/Thanks for writing/);
        await pushText(scene, ann, 'a\u0301'.repeat(30_000));
        await ann.receive(/Thanks for writing/);
        await scene.settled();
        const rows = await scene.commitments(ann);
        assert.equal(rows.length, 3);
        assert.ok(rows.every((row) => Buffer.byteLength(row.text) <= 1000));
        await ann.send('/list');
        const list = await ann.receive(/2 open commitments/);
        assert.ok(list.text.length <= 4096);
    });

    test('bytes that are no UTF-8, no JSON, no update', async (t) => {
        const secret = 'the_secret-of-this-test';
        const scene = await Scene.open(t, { env: { TELEGRAM_WEBHOOK_SECRET: secret } });
        const ann = await scene.regular();
        const post = (body) =>
            fetch(`${scene.home.url}/telegram/webhook`, {
                method: 'POST',
                headers: { 'Content-Type': 'application/json', 'X-Telegram-Bot-Api-Secret-Token': secret },
                body,
            });
        const whole = Buffer.from(JSON.stringify({ update_id: 1, message: message(ann, 'XXXX') }));
        const broken = Buffer.from(whole);
        broken.set([0xff, 0xfe, 0x80, 0xc0], broken.indexOf('XXXX'));
        const nested = `{"update_id":1,"message":${'['.repeat(5000)}${']'.repeat(5000)}}`;
        for (const body of [broken, whole.subarray(0, 50), '', '[]', '{}', 'null', '{"update_id":"x"}', nested]) {
            const answer = await post(body);
            assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} for ${String(body).slice(0, 40)}`);
        }
        const odd = await post(JSON.stringify({ update_id: 2, something_new: { a: 1 } }));
        assert.equal(odd.status, 200);
        assert.equal((await post(whole)).status, 200);
        await ann.receive(/Thanks for writing/);
    });
});
