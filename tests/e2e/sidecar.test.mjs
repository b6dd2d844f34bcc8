// Beside another bot that owns the chats: the worked example of the documentation, and each call it may make;
// and what operators do by the API.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Installation } from '../lib/nudge.mjs';
import { FakeTelegram } from '../lib/telegram.mjs';

const EXAMPLE = fileURLToPath(new URL('../../docs/examples/sidecar_bot.py', import.meta.url));
const KEY = 'the-full-key';
const VIEWER = 'the-reading-key';
let tg;
let home;
let offset = 0;

before(async () => {
    tg = await FakeTelegram.start();
    home = await Installation.make({
        env: {
            ...tg.env(), TELEGRAM_RECEIVE: 'off', TELEGRAM_PACING: 'off', ADMIN_API_KEY: KEY, VIEWER_API_KEY: VIEWER,
        },
    });
    await home.serve();
    const set = await post('/api/rollout', { share: 100 });
    assert.deepEqual(set, { name: 'superior_onboarding', share_before: 0, share: 100 });
});

after(async () => {
    await home.remove();
    await tg.stop();
});

async function send(path, body, headers = {}) {
    return fetch(home.url + path, {
        method: 'POST', body: JSON.stringify(body), headers: { 'X-API-Key': KEY, ...headers },
    });
}

async function post(path, body, headers) {
    const answer = await send(path, body, headers);
    const text = await answer.text();
    assert.equal(answer.status, 200, `${path}: ${text}`);
    return JSON.parse(text);
}

async function get(path) {
    const answer = await fetch(home.url + path, { headers: { 'X-API-Key': VIEWER } });
    const text = await answer.text();
    assert.equal(answer.status, 200, `${path}: ${text}`);
    return JSON.parse(text);
}

/** What the other bot receives now goes through the example; answers what it printed for each. */
async function otherBot({ again = false } = {}) {
    const { result: updates } = await tg.call('getUpdates', { offset });
    assert.ok(updates.length > 0);
    offset = again ? offset : updates.at(-1).update_id + 1;
    return new Promise((resolve, reject) => {
        const env = { PATH: process.env.PATH, NUDGE_URL: home.url, NUDGE_KEY: KEY };
        const child = execFile('python3', [EXAMPLE], { env, timeout: 60_000 }, (error, stdout, stderr) =>
            error ? reject(new Error(stderr)) : resolve(stdout.trim().split('\n')));
        child.stdin.end(updates.map((update) => `${JSON.stringify(update)}\n`).join(''));
    });
}

test('the example: nudge answers what is its own, the bot the rest', async () => {
    const ann = tg.user({ first_name: 'Ann' });
    await ann.send('/start');
    assert.deepEqual(await otherBot(), ['nudge']);
    const first = await ann.receive(/30 seconds/);
    await first.tap(/Done/);
    assert.deepEqual(await otherBot(), ['nudge']);
    await ann.receive(/first win/);
    await ann.send('what is the weather?');
    assert.deepEqual(await otherBot(), ['mine']);
    await ann.send('/buy 12.50');
    assert.deepEqual((await otherBot({ again: true }))[0].replace(/\d+/, 'N'), 'sold order-N');
    assert.deepEqual(await otherBot(), ['nudge'], 'what came before was told the first time');
    const metrics = await get('/api/metrics');
    assert.equal(metrics.revenue, 12.5);
    assert.deepEqual(await tg.calls({ method: 'setMyCommands' }), []);
});

test('a forwarded update that comes twice counts once; nonsense is refused', async () => {
    const ben = tg.user({ first_name: 'Ben' });
    await ben.send('/start');
    const { result: [update] } = await tg.call('getUpdates', { offset });
    offset = update.update_id + 1;
    const first = await post('/api/telegram/updates', update);
    assert.deepEqual([first.handled, first.duplicate], [true, false]);
    const again = await post('/api/telegram/updates', update);
    assert.equal(again.duplicate, true);
    await ben.receive(/30 seconds/);
    assert.equal((await send('/api/telegram/updates', { update_id: 'x' })).status, 400);
    assert.equal((await send('/api/telegram/updates', update, { 'X-API-Key': VIEWER })).status, 403);
});

test('trigger, answer, commitment, completion, event', async () => {
    const who = { channel: 'telegram', identity: '4711', first_name: 'Cleo' };
    await tg.user({ id: 4711, first_name: 'Cleo', started: true }).ready();
    const begun = await post('/api/onboarding', who, { 'Idempotency-Key': 'cleo-1' });
    assert.equal(begun.entered, true);
    const once = await post('/api/onboarding', who, { 'Idempotency-Key': 'cleo-1' });
    assert.deepEqual(once.duplicate, true);
    const twice = await post('/api/onboarding', who, { 'Idempotency-Key': 'cleo-2' });
    assert.deepEqual([twice.entered, twice.reason], [false, 'onboarded_before']);
    const person = { user_id: begun.user_id };
    const early = await send('/api/answers', { ...person, text: '' });
    assert.ok([400, 409].includes(early.status));
    const made = await post('/api/commitments', { ...person, text: 'read 10 pages', size_minutes: 20 }, { 'Idempotency-Key': 'c' });
    assert.match(made.commitment_id, /^\d+$/);
    assert.equal((await post('/api/commitments', { ...person, text: 'read 10 pages' }, { 'Idempotency-Key': 'c' })).duplicate, true);
    const path = `/api/commitments/${made.commitment_id}/complete`;
    assert.equal((await post(path, person)).commitment_id, made.commitment_id);
    assert.equal((await send(path, person)).status, 409);
    assert.equal((await post('/api/events', { ...person, event: 'Order Completed', revenue: 7.5 })).handled, true);
    assert.equal((await send('/api/events', person)).status, 400);
    assert.equal((await send('/api/events', { event: 'x' })).status, 400);
    assert.equal((await send('/api/events', { ...person, event: 'x' }, { 'Idempotency-Key': 'k'.repeat(129) })).status, 400);
    const card = await get(`/api/people/${begun.user_id}`);
    assert.equal(card.commitments_completed, 1);
    const processed = await post('/api/deliveries/process', {});
    assert.deepEqual(Object.keys(processed).sort(), [
        'email_failed', 'email_sent', 'telegram_failed', 'telegram_sent', 'total_processed',
    ]);
});

test('an answer goes to the step that waits', async () => {
    const dan = tg.user({ first_name: 'Dan' });
    await dan.send('/start');
    await otherBot();
    await (await dan.receive(/30 seconds/)).tap(/Done/);
    await otherBot();
    await dan.receive(/first win/);
    home.advance('2h');
    await dan.receive(/how do you want to feel/);
    const who = { channel: 'telegram', identity: String(dan.id) };
    const taken = await post('/api/answers', { ...who, text: 'Calm' }, { 'Idempotency-Key': 'dan' });
    assert.equal(taken.handled, true);
    await dan.receive(/Good choice: Calm/);
    assert.equal((await post('/api/answers', { ...who, text: 'Calm' }, { 'Idempotency-Key': 'dan' })).duplicate, true);
});

test('operators find people, see why, and write to them', async () => {
    const found = (await get('/api/people?q=An')).people;
    assert.equal(found.length, 1);
    assert.deepEqual([found[0].first_name, found[0].journey_set, found[0].channel], ['Ann', 'optimized', 'telegram']);
    assert.equal((await get('/api/people?q=telegram:4711')).people[0].first_name, 'Cleo');
    assert.equal((await get(`/api/people?q=${found[0].id}`)).people[0].first_name, 'Ann');
    assert.deepEqual((await get('/api/people?q=%25')).people, []);
    const names = [];
    let before = '';
    do {
        const page = await get(`/api/people?limit=2${before}`);
        names.push(...page.people.map((person) => person.first_name));
        before = page.next && `&before=${page.next}`;
    } while (before);
    assert.deepEqual(names.sort(), ['Ann', 'Ben', 'Cleo', 'Dan']);
    const { decisions } = await get(`/api/people/${found[0].id}/explain`);
    assert.ok(decisions.length >= 4);
    assert.ok(decisions.every((decision) => decision.verdict === 'same'), JSON.stringify(decisions[0]));

    const reply = await post('/api/people/telegram:4711/reply', { text: 'Hello from *us*' }, { 'Idempotency-Key': 'r1' });
    assert.equal(reply.handled, true);
    const again = await post('/api/people/telegram:4711/reply', { text: 'Hello from *us*' }, { 'Idempotency-Key': 'r1' });
    assert.equal(again.duplicate, true);
    await tg.waitFor('sendMessage', (call) => /Hello from/.test(call.params.text));
    assert.equal((await tg.calls({ method: 'sendMessage' })).filter((call) => /Hello from/.test(call.params.text)).length, 1);
    await post('/api/people/telegram:4711/pause', { days: 3 });
    assert.ok((await get('/api/people/telegram:4711')).paused_until_ms > home.now);
    await post('/api/people/telegram:4711/resume', {});
    await post('/api/people/telegram:4711/stop', {});
    assert.equal((await get('/api/people/telegram:4711')).stopped, 1);
    assert.equal((await send('/api/people/telegram:999/stop', {})).status, 404);
    const { audit } = await get('/api/audit');
    assert.ok(audit.some((line) => line.actor === 'api:admin' && line.action === 'rollout_set'), JSON.stringify(audit));
});

test('rollout, rollback with preview, the switch, messages', async () => {
    assert.equal((await get('/api/rollout')).share, 100);
    assert.deepEqual(await get('/api/rollback'), { people_moved: 4, people_in_the_middle: 3 });
    assert.deepEqual(await post('/api/rollback', { what: 'entries' }), { what: 'entries', moved: 0 });
    assert.equal((await get('/api/rollout')).rolled_back_entries, true);
    assert.equal((await send('/api/rollback', { what: 'x' })).status, 400);
    assert.equal((await send('/api/rollout', { share: 101 })).status, 400);
    assert.equal((await post('/api/rollout/stage', { stage: 'existing_rescue', open: true })).open, true);
    assert.deepEqual(await get('/api/sending'), { mode: 'on' });
    await post('/api/sending', { mode: 'off' });
    assert.deepEqual(await get('/api/sending'), { mode: 'off' });
    await post('/api/sending', { mode: 'on' });
    const { deliveries, next } = await get('/api/deliveries?limit=1');
    assert.equal(deliveries[0].channel, 'telegram');
    assert.equal(next, deliveries[0].id);
    assert.notEqual((await get(`/api/deliveries?limit=1&before=${next}`)).deliveries[0].id, next);
    assert.deepEqual((await get('/api/deliveries?state=dead')).deliveries, []);
    assert.deepEqual(await post('/api/deliveries/retry', { all: true }), { retried: 0 });
    assert.ok((await get('/api/journeys')).journeys.some((journey) => journey.name === 'superior_onboarding'));
    for (const wrong of ['deliveries?state=flown', 'deliveries?limit=0', 'people?limit=x', 'people?before=x', 'feedback?limit=999']) {
        const refused = await fetch(`${home.url}/api/${wrong}`, { headers: { 'X-API-Key': KEY } });
        assert.equal(refused.status, 400, wrong);
    }
});

test('a cookie acts from the dashboard\'s own pages only, a reading key never', async () => {
    const signIn = async (key) => {
        const answer = await send('/api/session', { key });
        return { 'X-API-Key': '', Cookie: answer.headers.get('set-cookie').split(';')[0] };
    };
    const session = await signIn(KEY);
    const own = { ...session, Origin: home.url };
    await post('/api/sending', { mode: 'on' }, own);
    for (const headers of [
        session, { ...session, Origin: 'http://evil.example' }, { ...session, Origin: 'null' },
        { ...own, 'Sec-Fetch-Site': 'cross-site' }, { ...session, Origin: `${home.url}.evil.example` },
    ]) {
        assert.equal((await send('/api/sending', { mode: 'on' }, headers)).status, 403, JSON.stringify(headers));
    }
    const reader = { ...(await signIn(VIEWER)), Origin: home.url };
    for (const path of ['/api/sending', '/api/rollback', '/api/events', '/api/people/telegram:4711/stop']) {
        assert.equal((await send(path, {}, reader)).status, 403, path);
    }
});
