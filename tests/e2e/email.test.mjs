// E-mail: a person on a journey gets it by mail, answers by its buttons, unsubscribes by one request as mail
// programs do, and whatever Resend answers, no mail goes out twice.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { FakeResend } from '../lib/resend.mjs';
import { Scene } from '../lib/scene.mjs';

const ANN = 'ann@example.org';
const OLD_SECRET = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX';
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

async function open(t) {
    const resend = await FakeResend.start();
    t.after(() => resend.stop());
    const scene = await Scene.open(t, {
        env: { ...resend.env(), PUBLIC_URL: 'https://nudge.example.org', RESEND_WEBHOOK_SECRET: `${OLD_SECRET},${SECRET}` },
    });
    const trigger = (...more) => scene.home.json('onboarding', 'trigger', `email:${ANN}`, ...more);
    return { resend, scene, home: scene.home, trigger };
}

const buttons = (mail) =>
    [...mail.html.matchAll(/<a class="button" href="([^"]+)">([^<]+)<\/a>/g)].map(([, url, text]) => ({ url, text }));

/** The address of a link in a mail, on the server under test. */
const at = (home, url) => home.url + url.replace('https://nudge.example.org', '');

const unsubscribe_url = (mail) => /^<(https:\/\/nudge\.example\.org\/unsubscribe\?token=[\w.-]+)>$/.exec(mail.headers['List-Unsubscribe'])[1];

const delivery = async (home) =>
    (await home.sql('select state, reason, attempts, provider_id from deliveries order by id limit 1'))[0];

/** An event of Resend about the mail, signed as Resend does; answers the status. */
let events = 0;
async function event(home, mail, type, { data = {}, id = `evt_${++events}`, secret = SECRET, at = home.now, body, family = 'svix' } = {}) {
    const text = JSON.stringify({ type, created_at: new Date(at).toISOString(), data: { email_id: mail.id, tags: mail.tags, ...data } });
    const signature = new Webhook(secret).sign(id, new Date(at), text);
    const answer = await fetch(`${home.url}/resend/webhook`, {
        method: 'POST', body: body ?? text,
        headers: {
            'content-type': 'application/json', [`${family}-id`]: id,
            [`${family}-timestamp`]: String(Math.floor(at / 1000)), [`${family}-signature`]: signature,
        },
    });
    return answer.status;
}

const SCHEDULED = 0;
const UNCERTAIN = 2;
const [SENT, DELIVERED, OPENED, CLICKED, FAILED] = [3, 4, 5, 6, 9];
const sent = (home) =>
    home.until('the message is known as sent', async () => {
        const row = await delivery(home);
        return row?.state === SENT && row;
    });

describe('e-mail', { concurrency: true }, () => {
    test('a journey goes by mail, and its button counts', async (t) => {
        const { resend, home, trigger } = await open(t);
        await trigger();
        const mail = await resend.next(ANN);
        assert.equal(mail.from, 'Nudge <hello@example.org>');
        assert.match(mail.text, /30 seconds/);
        assert.match(mail.html, /^<!doctype html><html lang="en">/);
        assert.ok(mail.subject.length > 3 && mail.subject.length <= 71, mail.subject);
        assert.match(mail.tags.user, /^\d+$/);
        assert.match(mail.tags.delivery, /^\d+$/);
        assert.equal((await sent(home)).provider_id, mail.id);

        const [done] = buttons(mail);
        const page = await fetch(at(home, done.url));
        assert.equal(page.status, 200);
        assert.match(page.headers.get('content-security-policy'), /default-src 'none'/);
        assert.ok((await page.text()).includes(`<button class="button">${done.text}</button>`));
        assert.equal(resend.to(ANN).length, 1, 'looking at a link does nothing');
        const pressed = await fetch(at(home, done.url), { method: 'POST' });
        assert.equal(pressed.status, 200);
        assert.match((await resend.next(ANN)).text, /\w/);
        const [run] = await home.sql('select step from runs');
        assert.equal(run.step, 1);
        assert.deepEqual(resend.refusals, []);
        assert.ok(!home.log.some((line) => line.includes(ANN) || line.includes('re_test_key')));
    });

    test('whoever unsubscribes by the mail program gets nothing more', async (t) => {
        const { resend, scene, home, trigger } = await open(t);
        await trigger();
        const mail = await resend.next(ANN);
        assert.equal(mail.headers['List-Unsubscribe-Post'], 'List-Unsubscribe=One-Click');
        const url = at(home, unsubscribe_url(mail));

        const page = await fetch(url);
        assert.match(await page.text(), /<form method="post"><button class="button">Yes, stop them</);
        assert.equal((await home.sql('select stopped from users'))[0].stopped, 0, 'looking at the page stops nothing');

        const answer = await fetch(url, {
            method: 'POST', redirect: 'error', body: 'List-Unsubscribe=One-Click',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
        });
        assert.equal(answer.status, 200);
        assert.match(await answer.text(), /nothing more comes/);
        const [ann] = await home.sql('select activity_last_at_ms as active from users');
        assert.ok(ann.active > 0, 'it is something that she did');
        assert.equal((await home.sql('select stopped from users'))[0].stopped, 1);
        assert.equal((await fetch(url, { method: 'POST' })).status, 200, 'twice is once');
        for (let day = 0; day < 20; day++) {
            await scene.later('12h');
        }
        assert.equal(resend.to(ANN).length, 1);
        assert.equal((await home.sql("select count(*) as n from runs where outcome = 0"))[0].n, 0);
    });

    test('a link that was changed does nothing', async (t) => {
        const { resend, home, trigger } = await open(t);
        await trigger();
        const mail = await resend.next(ANN);
        const url = at(home, unsubscribe_url(mail));
        const [content, signature] = new URL(url).searchParams.get('token').split('.');
        const turned = (text, i) => text.slice(0, i) + (text[i] === 'A' ? 'B' : 'A') + text.slice(i + 1);
        const tokens = [`${turned(content, 7)}.${signature}`, `${content}.${turned(signature, 0)}`, content, `${content}.`, '', '.', '%00'];
        const button = new URL(at(home, buttons(mail)[0].url)).searchParams.get('token');
        for (const token of [...tokens, button]) {
            for (const method of ['GET', 'POST']) {
                const answer = await fetch(`${home.url}/unsubscribe?token=${token}`, { method });
                assert.equal(answer.status, 404, `${method} ${token}`);
            }
        }
        assert.equal((await home.sql('select stopped from users'))[0].stopped, 0);
    });

    test('a limit, a failure and lost answers: one mail, under one key', async (t) => {
        const { resend, scene, home, trigger } = await open(t);
        resend.fail(429, 'rate_limit_exceeded', { 'retry-after': '7' });
        resend.fail(500, 'internal_server_error');
        resend.lose();
        resend.fail(409, 'concurrent_idempotent_requests');
        await trigger();
        for (let tries = 1; tries <= 4; tries++) {
            // Under way it is "sending": a state that waits means that the answer was dealt with. Once an
            // answer was lost nobody knows any more whether the mail went out.
            const waits = tries < 3 ? SCHEDULED : UNCERTAIN;
            await home.until(`try ${tries} was judged`, async () =>
                resend.receiver.requests.length === tries && (await delivery(home))?.state === waits);
            await scene.later('10m');
        }
        const row = await sent(home);
        const mail = await resend.next(ANN);
        assert.equal(resend.to(ANN).length, 1);
        assert.equal(resend.keys.size, 1);
        assert.equal(row.provider_id, mail.id);
        assert.equal(resend.receiver.requests.length, 5);
        const keys = new Set(resend.receiver.requests.map(({ headers }) => headers['idempotency-key']));
        assert.deepEqual([...keys], [`nudge-${mail.tags.delivery}`]);
        assert.deepEqual(resend.refusals, []);
    });

    test('an address that is refused for good gets nothing more', async (t) => {
        const { resend, scene, home } = await open(t);
        await home.json('onboarding', 'trigger', 'email:nobody');
        const row = await home.until('the message failed', async () => {
            const found = await delivery(home);
            return found?.reason === 'gone' && found;
        });
        assert.equal(row.attempts, 1);
        assert.equal((await home.sql('select email_reach from users'))[0].email_reach, 3);
        await scene.later('2d');
        assert.equal(resend.receiver.requests.length, 1);
    });

    test('reports of the webhook come in any order, and count once', async (t) => {
        const { resend, home, trigger } = await open(t);
        await trigger();
        const mail = await resend.next(ANN);
        await sent(home);
        const state = async () => (await delivery(home)).state;
        assert.equal(await event(home, mail, 'email.opened', { id: 'evt_open' }), 200);
        assert.equal(await state(), OPENED);
        assert.equal(await event(home, mail, 'email.delivered'), 200);
        assert.equal(await state(), OPENED, 'it only moves forward');
        assert.equal(await event(home, mail, 'email.opened', { id: 'evt_open' }), 200);
        assert.equal(await event(home, mail, 'email.clicked', { secret: OLD_SECRET, family: 'webhook' }), 200);
        assert.equal(await state(), CLICKED);
        for (const type of ['email.sent', 'email.delivery_delayed', 'email.scheduled', 'contact.created', 'never.seen']) {
            assert.equal(await event(home, mail, type), 200, type);
        }
        assert.equal(await event(home, mail, 'email.bounced', { data: { bounce: { type: 'Transient' } } }), 200);
        assert.equal(await event(home, { id: 'x', tags: { user: '12', delivery: '34' } }, 'email.opened'), 200, 'of nobody we know');
        assert.equal(await event(home, { id: 'x' }, 'email.opened'), 200, 'of another program');
        assert.equal(await state(), CLICKED);
        assert.equal((await home.sql('select email_reach from users'))[0].email_reach, 1);
        assert.equal((await delivery(home)).provider_id, mail.id);
    });

    test('an event counts once: a repeated one does not undo what came after it', async (t) => {
        const { resend, home, trigger } = await open(t);
        await trigger();
        const mail = await resend.next(ANN);
        await sent(home);
        assert.equal(await event(home, mail, 'email.delivered', { id: 'evt_first' }), 200);
        const bounce = { data: { bounce: { type: 'Permanent', subType: 'General' } } };
        assert.equal(await event(home, mail, 'email.bounced', bounce), 200);
        assert.equal((await delivery(home)).state, FAILED);
        // A delivery that failed can be reported as delivered by a new event, but not by that of before.
        assert.equal(await event(home, mail, 'email.delivered', { id: 'evt_first' }), 200);
        assert.equal((await delivery(home)).state, FAILED);
        assert.equal(await event(home, mail, 'email.delivered'), 200);
        assert.equal((await delivery(home)).state, DELIVERED);
    });

    for (const [type, data, ending] of [
        ['email.bounced', { bounce: { type: 'Permanent', subType: 'NoEmail' } }, { email_reach: 3, stopped: 0 }],
        ['email.suppressed', { suppressed: { type: 'Suppressed' } }, { email_reach: 3, stopped: 0 }],
        ['email.complained', {}, { email_reach: 2, stopped: 1 }],
    ]) {
        test(`after ${type} nothing more is sent`, async (t) => {
            const { resend, scene, home, trigger } = await open(t);
            await trigger();
            const mail = await resend.next(ANN);
            await sent(home);
            assert.equal(await event(home, mail, type, { data }), 200);
            assert.deepEqual((await home.sql('select email_reach, stopped from users'))[0], ending);
            for (let day = 0; day < 10; day++) {
                await scene.later('1d');
            }
            assert.equal(resend.to(ANN).length, 1);
        });
    }

    test('an event that is not signed, or too old, is refused', async (t) => {
        const { resend, home, trigger } = await open(t);
        await trigger();
        const mail = await resend.next(ANN);
        await sent(home);
        const bad = 'whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=';
        assert.equal(await event(home, mail, 'email.complained', { secret: bad }), 401);
        assert.equal(await event(home, mail, 'email.complained', { at: home.now - 302_000 }), 401);
        assert.equal(await event(home, mail, 'email.complained', { at: home.now + 302_000 }), 401);
        assert.equal(await event(home, mail, 'email.opened', { body: '{"type":"email.complained"}' }), 401);
        const plain = await fetch(`${home.url}/resend/webhook`, { method: 'POST', body: '{"type":"email.complained"}' });
        assert.equal(plain.status, 401);
        assert.equal(await event(home, mail, 'email.complained', { family: 'x' }), 401);
        assert.equal((await delivery(home)).state, SENT);
        assert.equal((await home.sql('select stopped from users'))[0].stopped, 0);
    });

    test('a secret that is none is refused at the start; without one there is no webhook', async (t) => {
        const scene = await Scene.open(t);
        assert.equal(await event(scene.home, { id: 'x' }, 'email.opened'), 404);
        await scene.home.stop();
        scene.home.env.RESEND_WEBHOOK_SECRET = 'whsec_%%';
        const refused = await scene.home.run('serve', '--listen', '127.0.0.1:0');
        assert.equal(refused.code, 3);
        assert.match(refused.stderr, /RESEND_WEBHOOK_SECRET is no secret/);
    });

    test('without its settings e-mail is off, and says so', async (t) => {
        const scene = await Scene.open(t, { env: { RESEND_API_KEY: 're_x' } });
        assert.ok(scene.home.log.some((line) => /e-mail is off.*EMAIL_FROM/.test(line)));
    });
});
