// Webhooks that come to a process that stands by wait in the store for the one that serves: none is lost whoever is
// killed, each counts once, and those of one person stay in order, wherever they arrive.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { audit, pair } from '../lib/nodes.mjs';
import { FakeResend } from '../lib/resend.mjs';
import { Wire } from '../lib/wire.mjs';

const SECRET = 'hook-secret';
const MAIL_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

let updates = 1_000_000;
/** Something that the person writes, as Telegram puts it into a request. */
const update = (home, person, text) => ({
    update_id: ++updates,
    message: {
        message_id: updates, date: Math.floor(home.now / 1000), text,
        from: { id: person.id, is_bot: false, first_name: 'Ann', language_code: 'en' },
        chat: { id: person.id, type: 'private', first_name: 'Ann' },
    },
});

const post = (url, body, secret = SECRET) =>
    fetch(`${url}/telegram/webhook`, {
        method: 'POST', body: JSON.stringify(body), headers: { 'X-Telegram-Bot-Api-Secret-Token': secret },
        signal: AbortSignal.timeout(5000),
    });

/** Until somebody has taken it, as Telegram does; another one is tried each time. */
async function deliver(home, urls, body) {
    let turn = 0;
    await home.until('somebody takes the update', async () => {
        const answer = await post(urls[turn++ % urls.length], body).catch(() => undefined);
        return answer?.status === 200;
    }, 120_000);
}

/** Everybody has so many plans, one after the other; `urls` says where they tell them, every other time. */
function write(people, count, urls, home) {
    let taken = 0;
    let tell;
    const halfway = new Promise((resolve) => { tell = resolve; });
    const writing = Promise.all(people.map(async (person, n) => {
        for (const [i, plan] of numbered(count).entries()) {
            await deliver(home, urls((i + n) % 2 === 0), update(home, person, `/commit ${plan}`));
            if (++taken === (people.length * count) / 2) {
                tell();
            }
        }
    }));
    return { writing, halfway };
}

const plans = async (home, person) =>
    (await home.sql(`select c.text from commitments as c join identities as i on i.user_id = c.user_id
        where i.kind = 'telegram' and i.value = '${person.id}' order by c.id`)).map((row) => row.text);

const numbered = (count) => Array.from({ length: count }, (_, i) => `plan number ${i}`);

test('updates that come now here, now there are decided in their order, each once', async (t) => {
    const { scene, one, door } = await pair(t, { env: { TELEGRAM_WEBHOOK_SECRET: SECRET } });
    const ann = await scene.newcomer();
    for (const [i, plan] of numbered(14).entries()) {
        const body = update(one, ann, `/commit ${plan}`);
        await deliver(one, i % 2 === 0 ? [door] : [one.url], body);
        if (i % 5 === 0) {
            await deliver(one, [door], body); // Telegram did not hear that it was taken
            await deliver(one, [one.url], body);
        }
    }
    await scene.settled();
    assert.deepEqual(await plans(one, ann), numbered(14));
    assert.deepEqual(await one.sql("select outcome, payload, result from inbox where kind = 'webhook' group by 1, 2, 3"),
        [{ outcome: 'OK', payload: '', result: '{}' }], 'nothing about anybody stays');
    assert.equal((await one.sql("select 1 from audit_log where action = 'webhook'")).length, 0);
    await audit({ scene, one });
});

test('one that stands by takes nothing but webhooks that are genuine', async (t) => {
    const { scene, one, door } = await pair(t, { env: { TELEGRAM_WEBHOOK_SECRET: SECRET, WEBCHAT_ENABLED: 'on' } });
    const ann = await scene.newcomer();
    const hello = update(one, ann, '/help');
    assert.equal((await post(door, hello, 'another')).status, 403);
    assert.equal((await post(door, hello, '')).status, 401);
    assert.equal((await post(door, [1])).status, 400);
    for (const [path, status] of [['healthz', 200], ['readyz', 503], ['chat', 503], ['metrics', 503], ['api/users', 503]]) {
        assert.equal((await fetch(`${door}/${path}`)).status, status, path);
    }
    assert.equal((await (await fetch(`${door}/healthz`)).json()).status, 'standby');
    assert.equal((await fetch(`${door}/resend/webhook`, { method: 'POST', body: '{}' })).status, 404);
    assert.equal((await one.sql("select 1 from inbox where kind = 'webhook'")).length, 0);
});

test('Telegram is told the address of one that stands by: taps are answered, and it takes over there', async (t) => {
    const { scene, one, two, door } = await pair(t, { env: { TELEGRAM_WEBHOOK_SECRET: SECRET } });
    const ann = await scene.newcomer();
    const set = await one.run('telegram', 'webhook', 'set', `${door}/telegram/webhook`);
    assert.equal(set.code, 0, set.stderr);
    await ann.send('/commit water the plants');
    const press = await (await ann.receive(/water the plants/)).tap('Done');
    assert.notEqual((await press.answered()).via, 'webhook');
    await scene.settled();
    await one.stop('SIGKILL');
    await two.serving;
    assert.equal(two.url, door, 'it goes on listening');
    await ann.send('/commit feed the cat');
    const second = await (await ann.receive(/feed the cat/)).tap('Done');
    assert.equal((await second.answered()).via, 'webhook');
    await scene.settled();
    await audit({ scene, one });
});

test('who serves is killed while updates come to both: none is lost, none counts twice', async (t) => {
    const { scene, one, two, door } = await pair(t, { env: { TELEGRAM_WEBHOOK_SECRET: SECRET } });
    const people = await Promise.all(Array.from({ length: 6 }, () => scene.newcomer()));
    const { url } = one;
    const { writing, halfway } = write(people, 8, (turn) => (turn ? [door, url] : [url, door]), one);
    await halfway;
    await one.stop('SIGKILL');
    await Promise.all([writing, two.serving]);
    await one.until('the inbox is empty', async () =>
        (await one.sql('select 1 from inbox where answered_at_ms = 0')).length === 0);
    for (const person of people) {
        assert.deepEqual(await plans(one, person), numbered(8));
    }
    await scene.later('10m');
    await scene.later('10m');
    await audit({ scene, one });
});

test('who serves no longer reaches the database: none is lost, and when it does again it keeps out', async (t) => {
    const wire = new Wire(/host=([^&]+)/.exec(process.env.NUDGE_TEST_POSTGRES)[1]);
    await wire.open();
    const { scene, one, two, door } = await pair(t, { env: { TELEGRAM_WEBHOOK_SECRET: SECRET }, wire });
    t.after(() => wire.remove());
    const people = await Promise.all(Array.from({ length: 4 }, () => scene.newcomer()));
    const { writing, halfway } = write(people, 6, (turn) => (turn ? [door, one.url] : [one.url, door]), one);
    await halfway;
    wire.be(true);
    await Promise.all([writing, two.serving]);
    for (const person of people) {
        await one.until('the last one counts', async () => (await plans(one, person)).length === 6);
    }
    await scene.later('10m');
    await scene.later('10m');
    const { given } = await audit({ scene, one });
    wire.be(false);
    await one.server.exited; // it finds itself replaced
    one.server = undefined;
    for (const person of people) {
        assert.deepEqual(await plans(one, person), numbered(6));
    }
    assert.equal((await audit({ scene, one })).given, given, 'it sent nothing any more');
});

test('what became of a mail may be told to one that stands by, and its links may lead there', async (t) => {
    const resend = await FakeResend.start();
    t.after(() => resend.stop());
    const { scene, one, door } = await pair(t, {
        env: { ...resend.env(), PUBLIC_URL: 'https://nudge.example.org', RESEND_WEBHOOK_SECRET: MAIL_SECRET },
    });
    await one.json('onboarding', 'trigger', 'email:ann@example.org');
    const mail = await resend.next('ann@example.org');
    await scene.settled();
    const tell = async (url, secret = MAIL_SECRET) => {
        const body = JSON.stringify({ type: 'email.opened', data: { email_id: mail.id, tags: mail.tags } });
        const at = new Date(one.now);
        const headers = { 'svix-id': 'evt_1', 'svix-timestamp': String(Math.floor(one.now / 1000)),
            'svix-signature': new Webhook(secret).sign('evt_1', at, body) };
        return (await fetch(`${url}/resend/webhook`, { method: 'POST', body, headers })).status;
    };
    assert.equal(await tell(door, `${MAIL_SECRET.slice(0, -4)}AAAA`), 401);
    assert.deepEqual([await tell(door), await tell(door), await tell(one.url)], [200, 200, 200]);
    await scene.settled();
    assert.deepEqual(await one.sql('select count(*) as mails from deliveries where channel = 3 and state = 5'), [{ mails: 1 }]);
    assert.equal((await one.sql("select 1 from seen where source = 'resend'")).length, 1);

    const [button] = /https:\/\/[\w.]+(\/mail\/button\?token=[\w.-]+)/.exec(mail.html).slice(1);
    const page = await fetch(door + button);
    assert.match(await page.text(), /<form method="post"><button class="button">/);
    assert.equal((await fetch(door + button, { method: 'POST' })).status, 200);
    await resend.next('ann@example.org'); // the next step
    const [stop] = /(\/unsubscribe\?token=[\w.-]+)/.exec(mail.headers['List-Unsubscribe']).slice(1);
    assert.equal((await fetch(`${door}${stop.slice(0, -4)}AAAA`, { method: 'POST' })).status, 404);
    assert.equal((await fetch(door + button.replace('/mail/button', '/unsubscribe'), { method: 'POST' })).status, 404);
    const stopped = await fetch(door + stop, { method: 'POST', body: 'List-Unsubscribe=One-Click' });
    assert.equal(stopped.status, 200);
    assert.match(await stopped.text(), /nothing more comes/);
    await scene.settled();
    assert.deepEqual(await one.sql('select stopped from users'), [{ stopped: 1 }]);
});
