// Questions to the behaviour log over HTTP: the answers are those of plain SQL on the same store and of the
// terminal, fit the document, and what cannot be answered names its parameter.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Ajv2020 from 'ajv/dist/2020.js';
import { Installation } from '../lib/nudge.mjs';

const ADMIN = 'the-full-key';
let home;
let openapi;

before(async () => {
    home = await Installation.make({ env: { ADMIN_API_KEY: ADMIN, VIEWER_API_KEY: 'the-reading-key' } });
    const loaded = await home.run('demo', '--no-serve');
    assert.equal(loaded.code, 0, loaded.stderr);
    await home.serve();
    openapi = await (await fetch(`${home.url}/api/openapi.json`)).json();
});

after(() => home.remove());

const get = (name, parameters, headers = { 'X-Admin-Key': ADMIN }) =>
    fetch(`${home.url}/api/behaviour/${name}?${new URLSearchParams(parameters)}`, { headers });

/** The answer, after the document's schema was found to fit. */
async function ask(name, parameters = {}) {
    const answer = await get(name, parameters);
    const json = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(json));
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'api', components: openapi.components });
    const { get: operation } = openapi.paths[`/api/behaviour/${name}`];
    const { $ref } = operation.responses['200'].content['application/json'].schema;
    const fits = ajv.compile({ $ref: `api${$ref}` });
    assert.ok(fits(json), `${name}: ${JSON.stringify(fits.errors)}`);
    Object.keys(parameters).forEach((one) => assert.ok(operation.parameters.some((each) => each.name === one), one));
    return json;
}

const figure = async (query) => Object.values((await home.sql(query))[0])[0];
const PEOPLE = 'users as u where u.is_test = 0 and u.is_erased = 0';

test('a funnel is that of SQL: in order, within a time, of a group', async () => {
    const steps = 'user_joined > commitment_made > commitment_completed';
    const after_ = (type, of, within) => `exists (select 1 from events as b where b.user_id = a.user_id
        and b.type = '${type}' and (b.at_ms, b.id) > (${of}.at_ms, ${of}.id) ${within})`;
    const reached = (window, source) => `select count(distinct a.user_id) as people from events as a
        join users as u on u.id = a.user_id where a.type = 'user_joined' and u.is_test = 0 and u.is_erased = 0
        ${source} and ${after_('commitment_made', 'a', `and b.at_ms <= a.at_ms + ${window}`)}`;
    for (const [window, ms] of [['1h', 3600e3], ['30d', 30 * 86400e3]]) {
        const json = await ask('funnel', { steps, window, by: 'source' });
        assert.equal(json.steps[0].people, await figure(`select count(*) as people from ${PEOPLE}`));
        assert.equal(json.steps[1].people, await figure(reached(ms, '')));
        assert.ok(json.groups.length >= 3);
        for (const { group, steps: [, second] } of json.groups) {
            assert.equal(second.people, await figure(reached(ms, `and u.source = '${group}'`)));
        }
    }
    const only = await ask('funnel', { steps, where: 'source=blog' });
    const all = await ask('funnel', { steps, by: 'source' });
    assert.deepEqual(only.steps, all.groups.find(({ group }) => group === 'blog').steps);
});

test('activity, power, hours, times and paths are those of SQL', async () => {
    const made = await figure(`select count(*) as n from events as e join ${PEOPLE.replace('where', 'on u.id = e.user_id where')}
        and e.type = 'commitment_made'`);
    const power = await ask('power', { what: 'commitment_made' });
    assert.equal(power.people, await figure(`select count(*) as n from ${PEOPLE}`));
    assert.equal(power.events, made);
    assert.equal(power.most, await figure(`select max(n) as most from
        (select count(*) as n from events where type = 'commitment_made' group by user_id) as counts`));
    const hours = await ask('hours', { what: 'commitment_made' });
    const byHour = await home.sql(`select (at_ms / 86400000 + 3) % 7 as day, at_ms / 3600000 % 24 as hour,
        count(*) as n from events where type = 'commitment_made' group by 1, 2`);
    assert.equal(hours.week.flat().reduce((sum, n) => sum + n), made);
    byHour.forEach(({ day, hour, n }) => assert.equal(hours.week[day][hour], n));
    const times = await ask('times', { steps: 'commitment_made > commitment_completed', first: 'false' });
    assert.equal(times.started, made);
    const [quick] = await home.sql(`select count(*) as n from events as a where a.type = 'commitment_made'
        and exists (select 1 from events as b where b.user_id = a.user_id and b.type = 'commitment_completed'
        and b.at_ms >= a.at_ms and b.at_ms <= a.at_ms + 3600000 and b.id <> a.id)`);
    const hour = await ask('times', { steps: 'commitment_made > commitment_completed', window: '1h' });
    assert.equal(hour.followed, quick.n);
    const days = await ask('activity', { what: 'commitment_made', period: 'day' });
    const byDay = await home.sql(`select at_ms / 86400000 as day, count(distinct user_id) as n from events
        where type = 'commitment_made' group by 1`);
    const active = new Map(days.periods.map((row) => [Date.parse(row.period) / 86400e3, row.active]));
    byDay.forEach(({ day, n }) => assert.equal(active.get(Number(day)), n));
    assert.equal([...active.values()].filter((n) => n > 0).length, byDay.length);
    const paths = await ask('paths', { event: 'commitment_made', through: 'any', steps: 1, before: 'true' });
    assert.equal(paths.times, made);
});

test('the terminal answers the same', async () => {
    for (const [name, parameters, command] of [
        ['funnel', { steps: 'user_joined > active', strict: 'true', by: 'cohort' },
            ['funnel', 'user_joined > active', '--strict', '--by', 'cohort']],
        ['retention', {}, ['retention']],
        ['retention', { start: 'commitment_made', calendar: 'true', period: 'month', cells: 3 },
            ['retention', '--start', 'commitment_made', '--calendar', '--period', 'month', '--cells', '3']],
        ['paths', { event: 'commitment_made', count: 3, window: '7d', by: 'source' },
            ['paths', 'commitment_made', '--count', '3', '--window', '7d', '--by', 'source']],
        ['activity', { 'week-starts': 'sunday', from: '2025-12-01' },
            ['cohorts', 'activity', '--week-starts', 'sunday', '--from', '2025-12-01']],
        ['power', { by: 'source' }, ['cohorts', 'power', '--by', 'source']],
        ['hours', { zone: 'Europe/Berlin' }, ['cohorts', 'hours', '--zone', 'Europe/Berlin']],
        ['times', { steps: 'user_joined > active', first: 'true' },
            ['cohorts', 'times', 'user_joined > active', '--first']],
    ]) {
        assert.deepEqual(await ask(name, parameters), await home.json(...command));
    }
});

test('what did not change is not sent again; a reading key may ask, nobody else', async () => {
    const first = await get('power', {});
    const etag = first.headers.get('etag');
    assert.ok(etag);
    const again = await get('power', {}, { 'X-Admin-Key': ADMIN, 'If-None-Match': etag });
    assert.equal(again.status, 304);
    assert.equal((await get('power', {}, { 'X-API-Key': 'the-reading-key' })).status, 200);
    assert.equal((await get('power', {}, {})).status, 401);
});

test('what cannot be answered names the parameter', async () => {
    for (const [name, parameters, expected] of [
        ['funnel', {}, /^steps: /],
        ['funnel', { steps: 'user_joind' }, /^steps: no event is called "user_joind"; did you mean user_joined\?/],
        ['funnel', { steps: Array(40).fill('any').join('>') }, /^steps: 40 given, at most 16 are taken/],
        ['funnel', { steps: 'any', window: 'nan' }, /^window: takes a time/],
        ['funnel', { steps: 'any', window: '' }, /^window: takes a time/],
        ['funnel', { steps: 'any', window: '4000d' }, /^window: /],
        ['funnel', { steps: 'any', strict: 'perhaps' }, /^strict: takes true or false/],
        ['funnel', { steps: 'any', by: 'username' }, /^by: there is no attribute "username"; there is source, /],
        ['funnel', { steps: 'any', by: `variant:${'x'.repeat(300)}`, where: 'a' }, /^where: expected = or !=/],
        ['funnel', { steps: 'any', from: '2026-02-01', to: '2026-01-01' }, /^from: must lie before to/],
        ['retention', { period: 'year' }, /^period: takes day, week or month/],
        ['retention', { cells: '-1' }, /^cells: takes a number from 1 to /],
        ['retention', { recurring: 'true' }, /^recurring: needs calendar/],
        ['paths', {}, /^event: /],
        ['paths', { event: 'any', steps: '7' }, /^steps: takes a number from 1 to 6/],
        ['paths', { event: 'any', through: 'commitment_mad' }, /^through: no event is called "commitment_mad"; did you mean/],
        ['activity', { 'week-starts': 'someday' }, /^week-starts: takes monday/],
        ['hours', { zone: 'Mars/Olympus' }, /^zone: "Mars\/Olympus" is no time zone/],
        ['times', { steps: 'any' }, /^steps: expected two events/],
    ]) {
        const answer = await get(name, parameters);
        const problem = await answer.json();
        assert.equal(answer.status, 400, `${name} ${JSON.stringify(parameters)}: ${JSON.stringify(problem)}`);
        assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
        assert.match(problem.detail, expected);
    }
});

test('the log follows the store, and is let go when nobody asks', async (t) => {
    const other = await Installation.make({ env: { ADMIN_API_KEY: ADMIN } });
    t.after(() => other.remove());
    await other.serve();
    const post = async (path, body) => {
        const answer = await fetch(other.url + path, {
            method: 'POST', headers: { 'X-Admin-Key': ADMIN }, body: JSON.stringify(body),
        });
        assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
        return answer.json();
    };
    const questions = [
        ['funnel', { steps: '"Order Completed"{colour=red} > "Order Completed"{colour!=red}', by: 'source' },
            ['funnel', '"Order Completed"{colour=red} > "Order Completed"{colour!=red}', '--by', 'source']],
        ['power', { what: 'tracked' }, ['cohorts', 'power', '--what', 'tracked']],
    ];
    const askAll = async () => {
        const answers = [];
        for (const [name, parameters, command] of questions) {
            const answer = await fetch(`${other.url}/api/behaviour/${name}?${new URLSearchParams(parameters)}`,
                { headers: { 'X-Admin-Key': ADMIN } });
            const json = await answer.json();
            assert.equal(answer.status, 200, JSON.stringify(json));
            assert.deepEqual(json, await other.json(...command));
            answers.push(json);
        }
        return answers;
    };
    const who = (name) => ({ channel: 'webchat', identity: name });
    const order = (name, colour) => post('/api/events', { ...who(name), event: 'Order Completed', properties: { colour } });
    await order('ann', 'red');
    assert.equal((await askAll())[1].events, 1);
    const { user_id: bob } = await order('bob', 'red');
    await order('bob', 'blue');
    const [funnel, power] = await askAll();
    assert.deepEqual([...funnel.steps.map((step) => step.people), power.people, power.events], [2, 1, 2, 3]);
    await other.json('users', 'erase', bob, '--yes');
    assert.deepEqual((await askAll())[1].events, 1);
    const built = () => other.log.filter((line) => line.includes('the log was built')).length;
    assert.equal(built(), 1, 'it was brought up to date');
    other.advance('11m');
    await other.until('letting go', () => other.log.some((line) => line.includes('the log was let go')));
    await order('cleo', 'red');
    assert.equal((await askAll())[1].events, 2);
    assert.equal(built(), 2);
});

test('many ask at once while things happen; the server stops under them', async (t) => {
    const other = await Installation.make({ env: { ADMIN_API_KEY: ADMIN } });
    t.after(() => other.remove());
    await other.serve();
    const post = (i) => fetch(`${other.url}/api/events`, {
        method: 'POST', headers: { 'X-Admin-Key': ADMIN },
        body: JSON.stringify({ channel: 'webchat', identity: `who${i % 7}`, event: 'Visited', properties: { page: `${i}` } }),
    });
    await post(0);
    const question = (i) => {
        const parameters = i % 2 ? { what: `Visited{page=${i}}` } : { what: 'Visited', by: 'channel' };
        return fetch(`${other.url}/api/behaviour/power?${new URLSearchParams(parameters)}`, { headers: { 'X-Admin-Key': ADMIN } });
    };
    const seen = [];
    for (let i = 1; i <= 12; i++) {
        const [, ...answers] = await Promise.all([post(i), question(2), question(2 * (i % 2) + 1), question(4)]);
        answers.forEach((answer) => assert.equal(answer.status, 200));
        seen.push((await answers[0].json()).events);
    }
    assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
    assert.equal((await (await question(2)).json()).events, 13);
    const left = Array.from({ length: 20 }, (_, i) => question(i).then((answer) => answer.status, () => 0));
    assert.equal(await other.stop(), 0);
    (await Promise.all(left)).forEach((status) => assert.ok([0, 200, 503].includes(status), `${status}`));
});
