// The HTTP server from outside: health, refusals, limits, and many connections at once.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { Installation } from '../lib/nudge.mjs';
import { FakeTelegram } from '../lib/telegram.mjs';

const SECRET = 'a-secret_of-the-webhook';
let tg;
let home;

before(async () => {
    tg = await FakeTelegram.start();
    home = await Installation.make({
        env: {
            ...tg.env(), TELEGRAM_WEBHOOK_SECRET: SECRET, TELEGRAM_PACING: 'off', WEBCHAT_ENABLED: 'on',
            TRUSTED_PROXIES: '127.0.0.1', WEBCHAT_STREAMS_PER_ADDRESS: '5', WEBCHAT_STREAMS_PER_SESSION: '3',
        },
    });
    await home.serve();
});

after(async () => {
    await home.remove();
    await tg.stop();
});

const update = (id, user, text) => ({
    update_id: id,
    message: {
        message_id: id,
        date: Math.floor(home.now / 1000),
        chat: { id: user, type: 'private', first_name: 'Ann' },
        from: { id: user, is_bot: false, first_name: 'Ann', language_code: 'en' },
        text,
    },
});

const post = (path, body, headers = {}) =>
    fetch(home.url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
    });
const withSecret = { 'X-Telegram-Bot-Api-Secret-Token': SECRET };

async function assertProblem(answer, status, pattern) {
    assert.equal(answer.status, status);
    assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
    const problem = await answer.json();
    assert.equal(problem.status, status);
    assert.match(problem.detail, pattern);
}

test('health, readiness and figures', async () => {
    for (const path of ['/healthz', '/health']) {
        const answer = await fetch(home.url + path);
        assert.equal(answer.status, 200);
        const health = await answer.json();
        assert.equal(health.status, 'ok');
        assert.match(health.tzdata, /^20\d\d|unknown/);
    }
    const ready = await fetch(`${home.url}/readyz`);
    assert.equal((await ready.json()).status, 'ready');
    const figures = await (await fetch(`${home.url}/metrics`)).text();
    assert.match(figures, /^# HELP nudge_batches_total .*\n# TYPE nudge_batches_total counter\nnudge_batches_total \d+$/m);
    assert.ok(figures.endsWith('\n'));
});

test('what is not there, and what a path does not take', async () => {
    await assertProblem(await fetch(`${home.url}/nothing`), 404, /nothing at this path/);
    await assertProblem(await post('/healthz', {}), 405, /does not take this method/);
});

test('a forged webhook is refused', async () => {
    await assertProblem(await post('/telegram/webhook', update(1, 5, 'hi')), 401, /missing/);
    await assertProblem(
        await post('/telegram/webhook', update(1, 5, 'hi'), { 'X-Telegram-Bot-Api-Secret-Token': `${SECRET}x` }),
        403,
        /wrong/,
    );
    assert.deepEqual(await home.sql("select count(*) as n from identities where value = '5'"), [{ n: 0 }]);
});

test('a malformed update is refused by name and changes nothing', async () => {
    for (const body of ['', '{', '[]', '"text"', '{"update_id": "seven"}']) {
        const answer = await post('/telegram/webhook', body, withSecret);
        assert.equal(answer.status, 400, body.slice(0, 40));
    }
    const deep = `{"update_id": 7, "message": ${'['.repeat(500)}`;
    await assertProblem(await post('/telegram/webhook', deep, withSecret), 413, /levels|deep/);
    await assertProblem(await post('/telegram/webhook', 'x'.repeat(1100000), withSecret), 413, /over \d+ bytes/);
});

test('an update is taken once, however often it comes', async () => {
    const first = await post('/telegram/webhook', update(1001, 6001, '/start'), withSecret);
    assert.equal(first.status, 200);
    const again = await post('/webhook', update(1001, 6001, '/start'), withSecret);
    assert.equal(again.status, 200);
    const rows = await home.sql(
        "select count(*) as n from events e join identities i on i.user_id = e.user_id " +
            "where i.value = '6001' and e.type = 'command_used'",
    );
    assert.deepEqual(rows, [{ n: 1 }]);
});

/** Posts updates on `connections` keep-alive connections, each waiting for its answer. */
async function closedLoop(connections, perConnection, firstId) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
    const url = new URL(`${home.url}/telegram/webhook`);
    let id = firstId;
    const one = (body) =>
        new Promise((resolve, reject) => {
            const request = http.request(
                url,
                { method: 'POST', agent, headers: { 'Content-Type': 'application/json', ...withSecret } },
                (answer) => {
                    answer.resume();
                    answer.on('end', () => resolve(answer.statusCode));
                },
            );
            request.on('error', reject);
            request.end(JSON.stringify(body));
        });
    const statuses = await Promise.all(
        Array.from({ length: connections }, async () => {
            const mine = [];
            for (let i = 0; i < perConnection; i++) {
                id += 1;
                mine.push(await one(update(id, id, '/start')));
            }
            return mine;
        }),
    );
    agent.destroy();
    return statuses.flat();
}

for (const connections of [128, 256]) {
    test(`${connections} connections at once are all answered`, async () => {
        const statuses = await closedLoop(connections, 4, connections * 1_000_000);
        assert.equal(statuses.length, connections * 4);
        assert.ok(statuses.every((status) => status === 200), JSON.stringify([...new Set(statuses)]));
    });
}

test('the chat needs a session, and refuses what is no message', async () => {
    await assertProblem(await post('/chat/messages', { id: '1', text: 'hi' }), 401, /no chat session/);
    const opened = await post('/chat/session', { frame: true });
    const { session } = await opened.json();
    assert.match(session, /^[A-Za-z0-9_-]{43}$/);
    const headers = { 'X-Chat-Session': session };
    await assertProblem(await post('/chat/messages', { id: '1' }, headers), 400, /text .* or a token/);
    await assertProblem(await post('/chat/messages', { text: 'hi' }, headers), 400, /expected an id/);
    assert.deepEqual(await home.sql("select count(*) as n from identities where kind = 'webchat'"), [{ n: 0 }]);
});

/** Opens the session's event stream; resolves with the answer as soon as its head is there. */
const listen = (session, from = '') =>
    new Promise((resolve, reject) => {
        const headers = { 'X-Chat-Session': session, ...(from && { 'X-Forwarded-For': from }) };
        http.get(`${home.url}/chat/events`, { headers, agent: false }, resolve).on('error', reject);
    });

const openSession = async (from = '') => {
    const headers = from ? { 'X-Forwarded-For': from } : {};
    return (await (await post('/chat/session', { frame: true }, headers)).json()).session;
};

test('a person and an address hold only so many streams', async () => {
    const open = [];
    const of = async (session, from) => {
        const answer = await listen(session, from);
        open.push(answer);
        return answer;
    };
    const first = await openSession('192.0.2.1');
    for (let i = 0; i < 3; i++) {
        assert.equal((await of(first, '192.0.2.1')).statusCode, 200);
    }
    const fourth = await of(first, '192.0.2.9');
    assert.equal(fourth.statusCode, 429);
    assert.equal(fourth.headers['retry-after'], '15');
    const second = await openSession('192.0.2.1');
    assert.equal((await of(second, '192.0.2.1')).statusCode, 200);
    assert.equal((await of(second, '192.0.2.1')).statusCode, 200);
    assert.equal((await of(second, '192.0.2.1')).statusCode, 429); // five of that address
    assert.equal((await of(second, '192.0.2.2')).statusCode, 200); // another one has its own
    for (const answer of open) {
        answer.destroy();
    }
    // Who leaves makes room as soon as it is seen, which can take two heartbeats: the first write to a
    // connection whose other end is gone succeeds.
    const room = async () => {
        const answer = await listen(first, '192.0.2.1');
        answer.destroy();
        return answer.statusCode === 200;
    };
    await home.until('room again', room, 120_000);
});

test('requests answered 5xx are critical errors of the day', async () => {
    const opened = await post('/chat/session', { frame: true });
    const headers = { 'X-Chat-Session': (await opened.json()).session };
    const before = (await home.json('metrics')).requests_5xx;
    const alter = (statement) => execFileSync('sqlite3', ['-cmd', '.timeout 5000', home.database, statement]);
    alter('ALTER TABLE events RENAME TO away');
    const failed = await fetch(`${home.url}/chat/messages`, { headers });
    alter('ALTER TABLE away RENAME TO events');
    assert.equal(failed.status, 500);
    await home.until('the count', async () => (await home.json('metrics')).requests_5xx === before + 1);
    const metrics = await home.json('metrics');
    assert.equal(metrics.critical_errors, metrics.dead_deliveries + metrics.invariant_failures + metrics.requests_5xx);
    const health = await fetch(`${home.url}/healthz`);
    assert.equal(health.status, 200);
});

test('a session cookie is closed to scripts and other sites', async () => {
    const opened = await post('/chat/session', {});
    const cookie = opened.headers.get('set-cookie');
    assert.match(cookie, /HttpOnly/);
    assert.match(cookie, /SameSite=Strict/);
    assert.deepEqual(Object.keys(await opened.json()).includes('session'), false);
});

test('the page forbids foreign scripts and frames', async () => {
    const page = await fetch(`${home.url}/chat`);
    const policy = page.headers.get('content-security-policy');
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'self'$/);
    assert.doesNotMatch(policy, /unsafe/);
    const html = await page.text();
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)[1];
    const asset = await fetch(home.url + script);
    assert.match(asset.headers.get('cache-control'), /immutable/);
    assert.match(asset.headers.get('content-type'), /javascript/);
});
