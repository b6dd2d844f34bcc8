// The API from outside: keys, refusals, the document that describes it, and the figures of the reference dataset
// as callers of the previous system read them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import { Installation } from '../lib/nudge.mjs';

const ADMIN = 'the-full-key';
const VIEWER = 'the-reading-key';
let home;
let openapi;

before(async () => {
    home = await Installation.make({
        env: { ADMIN_API_KEY: ADMIN, VIEWER_API_KEY: VIEWER, TRUSTED_PROXIES: '127.0.0.1' },
    });
    const loaded = await home.run('demo', '--no-serve');
    assert.equal(loaded.code, 0, loaded.stderr);
    await home.serve();
    openapi = await (await fetch(`${home.url}/api/openapi.json`)).json();
});

after(() => home.remove());

// Each test has an address of its own, so that none meets another's limits.
let addresses = 0;
const from = () => ({ 'X-Forwarded-For': `192.0.2.${++addresses}` });
const get = (path, headers = { 'X-Admin-Key': ADMIN }) => fetch(home.url + path, { headers });

async function read(path, headers) {
    const answer = await get(path, headers);
    const text = await answer.text();
    assert.equal(answer.status, 200, `${path}: ${text}`);
    return JSON.parse(text);
}

async function assertProblem(answer, status, pattern) {
    assert.equal(answer.status, status);
    assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
    const problem = await answer.json();
    assert.equal(problem.status, status);
    assert.match(problem.detail, pattern);
}

/** Judges by the document's schema of the operation's answer. */
function assertFits(path, json) {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'api', components: openapi.components });
    const { $ref } = openapi.paths[path].get.responses['200'].content['application/json'].schema;
    const fits = ajv.compile({ $ref: `api${$ref}` });
    assert.ok(fits(json), `${path}: ${JSON.stringify(fits.errors)}`);
}

test('the document is valid and every path of it answers as it says', async () => {
    const result = await new Validator().validate(structuredClone(openapi));
    assert.ok(result.valid, JSON.stringify(result.errors));
    assert.equal(openapi.openapi, '3.1.1');
    let count = 0;
    for (const [path, { get: operation }] of Object.entries(openapi.paths)) {
        if (operation && !operation.parameters?.some((each) => each.required) && operation.responses['200'].content['application/json']) {
            assertFits(path, await read(path));
            count++;
        }
    }
    assert.ok(count >= 8);
    const ids = Object.values(openapi.paths).flatMap((each) => Object.values(each).map((one) => one.operationId));
    assert.equal(new Set(ids).size, ids.length);
    assert.throws(() => assertFits('/api/funnel', { stages: [{ stage: 1 }] }));
});

test('the four old endpoints answer the reference dataset under their old names', async () => {
    const all = await read('/api/business-intelligence');
    assert.deepEqual(all.onboarding_funnel, {
        conversion_rate: 27.8, users_with_commitments: 5, total_users: 18, recent_signups: 2,
        health_status: 'critical', target_rate: 65, improvement_needed: 37.2,
    });
    const { behavioral_patterns: patterns, ...insights } = all.behavioral_insights;
    assert.deepEqual(insights, {
        completion_rate: 48, total_commitments: 75, completed_commitments: 36, quick_completions: 34,
        avg_completion_hours: 3.4, health_status: 'critical',
    });
    assert.match(patterns.join('\n'), /^94\.4 % .*24 hours$/m);
    assert.match(patterns.join('\n'), /^72\.2 % .*never/m);
    assert.match(patterns.join('\n'), /^60\.0 % .*power/m);
    assert.deepEqual(all.commitment_intelligence, {
        total_commitments: 75, active_users: 5, engagement_rate: 27.8, avg_commitments_per_user: 4.2,
        power_users: 3, inactive_users: 13,
        user_distribution: { no_commitments: 13, light_users: 0, active_users: 0, power_users: 5 },
    });
    assert.deepEqual(all.commitment_analytics, all.commitment_intelligence);
    assert.deepEqual(Object.keys(all.growth_indicators).sort(), [
        'avg_daily_commitments', 'avg_daily_signups', 'growth_rate', 'last_7_days_signups', 'prev_7_days_signups',
        'total_last_30_days', 'trend',
    ]);
    assert.equal(all.system_health.health_score, 100);
    assert.equal(all.system_health.status, 'healthy');
    assert.equal(all.system_health.data_availability, 'available');
    assert.deepEqual(await read('/api/onboarding-funnel'), all.onboarding_funnel);
    assert.deepEqual(await read('/api/behavioral-insights'), all.behavioral_insights);
    assert.deepEqual(await read('/api/retention-analysis'), all.retention_analysis);
    assert.deepEqual(Object.keys(all.retention_analysis.eligible_users).sort(), ['month_1', 'week_1', 'week_2']);
});

test('the six figures come out in full precision, the same as in the terminal', async () => {
    const figures = await read('/api/metrics');
    const terminal = await home.json('metrics');
    for (const [name, value] of [
        ['conversion_rate', 500 / 18], ['completion_rate', 48], ['quick_completion_rate', 3400 / 36],
        ['avg_completion_hours', 3.4], ['inactive_rate', 1300 / 18], ['power_user_share', 300 / 18],
        ['power_activity_share', 60],
    ]) {
        assert.ok(Math.abs(figures[name] - value) < 1e-9, `${name} is ${figures[name]}`);
        assert.equal(figures[name], terminal[name]);
    }
    assert.deepEqual((await read('/api/funnel')).stages, terminal.funnel);
    assert.deepEqual((await read('/api/retention')).cohorts, terminal.retention);
});

test('filters are the terminal\'s', async () => {
    const soon = await read('/api/metrics?within=1h');
    assert.ok(soon.conversion_rate < 500 / 18);
    const nobody = await read('/api/metrics?cohort=2001-01-01..2002-01-01');
    assert.equal(nobody.total_users, 0);
    assert.equal(nobody.conversion_rate, null);
    assertFits('/api/metrics', nobody);
    await assertProblem(await get('/api/metrics?within=48'), 400, /^within takes/);
    await assertProblem(await get('/api/funnel?set=x'), 400, /^set takes/);
});

test('a key comes in three ways; none is 401, a wrong one 403', async () => {
    const path = '/api/onboarding-funnel';
    for (const headers of [
        { 'X-Admin-Key': ADMIN }, { 'X-API-Key': ADMIN }, { Authorization: `Bearer ${ADMIN}` },
        { 'X-API-Key': VIEWER },
    ]) {
        await read(path, headers);
    }
    const none = await get(path, from());
    assert.match(none.headers.get('www-authenticate'), /^Bearer/);
    await assertProblem(none, 401, /key is needed/);
    for (const wrong of ['x', `${ADMIN}x`, ADMIN.slice(1), '', ' ', 'k'.repeat(4000)]) {
        const answer = await get(path, { Authorization: `Bearer ${wrong}`, ...from() });
        assert.equal(answer.status, wrong.trim() === '' ? 401 : 403, wrong.slice(0, 20));
    }
    await assertProblem(await get('/api/nothing'), 404, /openapi/);
    await assertProblem(await get('/api/metrics/'), 404, /openapi/);
    const post = await fetch(home.url + path, { method: 'POST', headers: { 'X-Admin-Key': ADMIN } });
    assert.equal(post.headers.get('allow'), 'GET');
    await assertProblem(post, 405, /does not take/);
});

test('who tries keys is slowed down; others are not', async () => {
    const stranger = from();
    let guesses = 0;
    const guess = () => get('/api/metrics', { 'X-API-Key': `guess ${guesses++}`, ...stranger });
    const refused = await home.until('a refusal to look at more', async () => {
        const answer = await guess();
        assert.equal(answer.status, guesses <= 10 ? 403 : answer.status);
        return answer.status === 429 && answer;
    });
    assert.match(refused.headers.get('retry-after'), /^\d+$/);
    // A try is granted every ten seconds, which a busy machine may let pass: then it is used up, and asked again.
    await home.until('a refusal of the right key, too', async () => {
        const answer = await get('/api/metrics', { 'X-API-Key': ADMIN, ...stranger });
        return answer.status === 429 || ((await guess()), false);
    });
    await read('/api/metrics', { 'X-API-Key': ADMIN, ...from() });
});

test('what did not change is not sent again', async () => {
    const first = await get('/api/metrics');
    const etag = first.headers.get('etag');
    assert.match(etag, /^W\/"[0-9a-f]{32}"$/);
    const again = await get('/api/metrics', { 'X-Admin-Key': ADMIN, 'If-None-Match': `"other", ${etag}` });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), '');
    const other = await get('/api/metrics?within=1h', { 'X-Admin-Key': ADMIN, 'If-None-Match': etag });
    assert.equal(other.status, 200);
    assert.notEqual(other.headers.get('etag'), etag);
});

test('named keys: only a hash is kept, and a removed one is valid no more', async () => {
    const { key } = await home.json('keys', 'add', 'anna');
    assert.match(key, /^nudge_[A-Za-z0-9_-]{43}$/);
    await read('/api/metrics', { 'X-API-Key': key });
    assert.ok(!JSON.stringify(await home.sql('select * from settings')).includes(key));
    assert.ok(!JSON.stringify(await home.sql('select * from audit_log')).includes(key));
    const twice = await home.run('keys', 'add', 'anna');
    assert.equal(twice.code, 1);
    const reader = await home.json('keys', 'add', 'reader', '--read-only');
    assert.equal(reader.role, 'viewer');
    assert.deepEqual((await home.json('keys', 'list')).map(({ name, role }) => [name, role]), [
        ['anna', 'admin'], ['reader', 'viewer'],
    ]);
    assert.match((await home.run('keys', 'list')).stdout, /anna +read, act/);
    assert.equal((await home.run('keys', 'remove', 'anna')).code, 0);
    await assertProblem(await get('/api/metrics', { 'X-API-Key': key, ...from() }), 403, /no such key/);
    assert.equal((await home.run('keys', 'remove', 'anna')).code, 1);
    for (const wrong of [['keys'], ['keys', 'add'], ['keys', 'add', 'A b'], ['keys', 'add', 'x'.repeat(41)]]) {
        assert.equal((await home.run(...wrong)).code, 2, wrong.join(' '));
    }
    const added = await home.sql("select count(*) as n from audit_log where action = 'setting_put'");
    assert.ok(Number(added[0].n) >= 3);
});

test('a session of the dashboard is signed, and ends with its key', async () => {
    const begin = (key, headers = {}) =>
        fetch(`${home.url}/api/session`, { method: 'POST', body: JSON.stringify({ key }), headers: { ...from(), ...headers } });
    const { key } = await home.json('keys', 'add', 'bert', '--read-only');
    const answer = await begin(key);
    assert.deepEqual(await answer.json(), { actor: 'key:bert', may_act: false, demo: false, zone: 'UTC', channels: [] });
    assert.match(answer.headers.get('set-cookie'), /^nudge_session=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    assert.match(
        (await begin(ADMIN, { 'X-Forwarded-Proto': 'https' })).headers.get('set-cookie'), /; Secure$/);
    const [cookie] = answer.headers.get('set-cookie').split(';');
    assert.ok(!cookie.includes(key));
    assert.equal((await read('/api/session', { Cookie: cookie })).actor, 'key:bert');
    const [actor, until, signature] = cookie.split('=')[1].split('.');
    for (const forged of [
        `admin.${until}.${signature}`, `${actor}.${Number(until) + 1}.${signature}`, `${actor}.${until}.`,
        `${actor}.${until}.${signature}x`, `${actor}.${until}`, '', '..', 'key:.1.x', `viewer.${until}.${signature}`,
    ]) {
        const refused = await get('/api/session', { Cookie: `nudge_session=${forged}` });
        assert.equal(refused.status, 401, forged);
    }
    await home.run('keys', 'remove', 'bert');
    assert.equal((await get('/api/session', { Cookie: cookie })).status, 401);
    const late = (await begin(VIEWER)).headers.get('set-cookie').split(';')[0];
    await read('/api/session', { Cookie: late });
    home.advance('12h');
    assert.equal((await get('/api/session', { Cookie: late })).status, 401);
    assert.equal((await begin('guess')).status, 403);
    await assertProblem(
        await fetch(`${home.url}/api/session`, { method: 'POST', body: '{', headers: from() }), 400, /.+/);
});

test('a stream says that something changed, to who has a key', async () => {
    assert.equal((await get('/api/live', from())).status, 401);
    const stop = new AbortController();
    const answer = await fetch(`${home.url}/api/live`, { headers: { 'X-API-Key': VIEWER }, signal: stop.signal });
    const deadline = setTimeout(() => stop.abort(), 60_000);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^text\/event-stream/);
    const decoder = new TextDecoder();
    const heard = (async () => {
        let text = '';
        for await (const part of answer.body) {
            text += decoder.decode(part);
            if (/^event: changed\ndata: \{\}$/m.test(text)) {
                return text;
            }
        }
        return text;
    })();
    assert.equal((await home.run('rollout', 'set', 'superior_onboarding', '5')).code, 0);
    assert.match(await heard, /event: changed/);
    clearTimeout(deadline);
    stop.abort();
});

test('an installation without people is told as such', async () => {
    const empty = await Installation.make({ env: { ADMIN_API_KEY: ADMIN } });
    await empty.serve();
    const ask = async (path) => (await fetch(empty.url + path, { headers: { 'X-Admin-Key': ADMIN } })).json();
    const all = await ask('/api/business-intelligence');
    assertFits('/api/business-intelligence', all);
    assert.deepEqual(
        [all.onboarding_funnel.conversion_rate, all.onboarding_funnel.improvement_needed], [null, null]);
    assert.equal(all.behavioral_insights.avg_completion_hours, null);
    assert.deepEqual(all.behavioral_insights.behavioral_patterns, []);
    assert.deepEqual(
        [all.system_health.health_score, all.system_health.data_availability, all.system_health.status],
        [50, 'limited', 'critical']);
    assert.deepEqual(await ask('/api/next-actions'), { actions: [] });
    await empty.remove();
});

test('without keys nobody is let in', async () => {
    const bare = await Installation.make();
    await bare.serve();
    for (const key of ['', 'null', 'undefined']) {
        const answer = await fetch(`${bare.url}/api/metrics`, { headers: { 'X-Admin-Key': key } });
        assert.equal(answer.status, key === '' ? 401 : 403);
    }
    await bare.remove();
});

test('many readers at once are all answered, and the server stops under them', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => get('/api/business-intelligence')));
    assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
    await Promise.all(answers.map((answer) => answer.text()));
    const last = Array.from({ length: 60 }, () => get('/api/metrics').then((answer) => answer.status, () => 'closed'));
    assert.equal(await home.stop(), 0);
    for (const status of await Promise.all(last)) {
        assert.ok([200, 503, 'closed'].includes(status), String(status));
    }
    await home.serve();
});

test('the examples of the documentation do what they say', async () => {
    const page = readFileSync(new URL('../../docs/reference/api.md', import.meta.url), 'utf8');
    const examples = [...page.matchAll(/```console\n\$ (curl [^\n]+)\n([^`]*)```/g)];
    assert.ok(examples.length >= 1);
    for (const [, command, printed] of examples) {
        const said = execFileSync('sh', ['-c', command.replaceAll('http://127.0.0.1:8080', home.url)], {
            env: { PATH: process.env.PATH, ADMIN_API_KEY: ADMIN }, encoding: 'utf8',
        });
        assert.deepEqual(JSON.parse(said), JSON.parse(printed), command);
    }
});
