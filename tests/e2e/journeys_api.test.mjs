// Journeys over HTTP: what went through them, and drafts, from the first mistake to being in force.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Api } from '../lib/api.mjs';
import { Scene } from '../lib/scene.mjs';

const KEYS = { ADMIN_API_KEY: 'the-full-key', VIEWER_API_KEY: 'the-reading-key' };
const ONBOARDING = '/api/journeys/superior_onboarding';

async function open(t) {
    const scene = await Scene.open(t, { env: KEYS });
    return { scene, api: new Api(scene.home, KEYS.ADMIN_API_KEY) };
}

const node = (state, name) => state.nodes.find((one) => one.node === name);
const edge = (state, from, to) => state.edges.find((one) => one.from === from && one.to === to);

/** The file in force with replacements. */
function draft(state, ...replacements) {
    let { yaml } = state.file;
    for (const [from, to] of replacements) {
        assert.ok(yaml.includes(from), from);
        yaml = yaml.replaceAll(from, to);
    }
    return [{ name: state.file.name, yaml }];
}

describe('journeys over HTTP', () => {
    test('a journey shows what went through it and who waits where', async (t) => {
        const { scene, api } = await open(t);
        const ann = scene.person({ first_name: 'Ann' });
        const bob = scene.person({ first_name: 'Bob' });
        const cem = scene.person({ first_name: 'Cem' });
        for (const person of [ann, bob, cem]) {
            await person.send('/start');
        }
        const first = await ann.receive(/lovely to meet you/);
        await first.tap(/Done/);
        await bob.send('this is too much for me');
        await scene.settled();
        await scene.later('7h'); // step 2 for Ann, the recovery of step 1 for Bob and Cem
        await scene.settled();

        const state = await api.told(ONBOARDING, undefined, KEYS.VIEWER_API_KEY);
        const sql = async (query) => (await scene.home.sql(query))[0].n;
        const kind = (number, step) => sql(`select count(*) as n from deliveries where kind = ${number} and step = '${step}'
            and journey = 'superior_onboarding' and state between 3 and 6`);
        assert.deepEqual(Object.entries(state.runs).filter(([, count]) => count > 0), [['active', 3], ['entered', 3]]);
        assert.deepEqual(node(state, 'first_win'),
            { node: 'first_win', part: 'step', step: 1, sent: 3, answered: 1, waiting: 0 });
        assert.equal(node(state, 'first_win (ultra-micro)').sent, await kind(2, 'first_win'));
        assert.equal(node(state, 'first_win (ultra-micro)').sent, 1);
        assert.equal(node(state, 'first_win (recovery)').sent, await kind(1, 'first_win'));
        assert.ok(node(state, 'first_win (recovery)').sent >= 1);
        const second = state.definition.steps[1].id;
        assert.equal(node(state, second).waiting, 1, 'Ann');
        assert.equal(edge(state, 'start', 'first_win').times, 3);
        assert.equal(edge(state, 'first_win', second).times, 1);
        assert.equal(edge(state, 'first_win', 'first_win (ultra-micro)').times, 1);
        assert.equal(edge(state, 'any step', 'graduation').times, null, 'it is not counted');
        const waiting = state.nodes.reduce((sum, one) => sum + (one.waiting ?? 0), 0);
        assert.equal(waiting, 3, 'everybody is somewhere');
        assert.equal(state.people.reduce((sum, group) => sum + group.people, 0), 3);
        assert.ok(state.people.every((group) => group.journey === 'superior_onboarding' && group.fate === 'current'));

        const { edges } = await scene.home.json('journeys', 'graph', 'superior_onboarding');
        assert.deepEqual(state.edges.map(({ from, to, label }) => ({ from, to, label })), edges);
        const { journeys, revision } = await api.told('/api/journeys');
        assert.equal(revision, state.revision);
        assert.equal(journeys.find((one) => one.name === 'superior_onboarding').people, 3);
        assert.ok(journeys.every((one) => one.name === 'superior_onboarding' || one.people === 0));
        const missing = await api.ask('/api/journeys/nowhere');
        assert.equal(missing.status, 404);
        assert.match(missing.json.detail, /there is no journey "nowhere"/);
    });

    test('a draft says its mistakes, then what it changes and what becomes of people', async (t) => {
        const { scene, api } = await open(t);
        const ann = scene.person({ first_name: 'Ann' });
        await ann.send('/start');
        await ann.receive(/lovely to meet you/);
        await scene.settled();
        const state = await api.told(ONBOARDING);
        const preview = (files, more = {}) => api.told('/api/journeys/preview', { files, ...more }, KEYS.VIEWER_API_KEY);

        const broken = await preview(draft(state, ['no_answer: ', 'no_anser: ']));
        assert.ok(broken.mistakes.length > 0);
        const [mistake] = broken.mistakes;
        assert.equal(mistake.file, state.file.name);
        assert.ok(mistake.line > 1 && mistake.column > 0);
        assert.match(mistake.text, /no_anser/);
        assert.deepEqual([broken.changes, broken.people, broken.graphs], [[], [], {}]);

        const renamed = draft(state, ['version: "2.0"', 'version: "2.1"'], ['- id: first_win', '- id: first_step']);
        const pinned = await preview(renamed);
        assert.deepEqual(pinned.mistakes, []);
        assert.deepEqual(pinned.changes.map(({ change, name, version }) => [change, name, version]),
            [['changed', 'superior_onboarding', '2.1']]);
        assert.ok(pinned.graphs.superior_onboarding.nodes.some((one) => one.node === 'first_step' && one.sent === null));
        assert.deepEqual(pinned.people.map(({ step, fate, people }) => [step, fate, people]), [['first_win', 'finish', 1]]);
        const follow = await preview(renamed, { policy: 'follow' });
        assert.equal(follow.people[0].fate, 'stay');
        const moved = await preview(renamed, { policy: 'migrate', steps: 'first_win=first_step' });
        assert.deepEqual([moved.people[0].fate, moved.people[0].step_after], ['move', 'first_step']);
        assert.deepEqual((await preview(draft(state))).changes, []);

        for (const [body, expected] of [
            [{}, /"files" takes a list/],
            [{ files: [] }, /at least one/],
            [{ files: [{ name: '../etc/passwd.yaml', yaml: '' }] }, /number 1: expected a "name" such as/],
            [{ files: [{ name: 'a/b.txt', yaml: '' }] }, /number 1/],
            [{ files: [{ name: 'a.yaml', yaml: 7 }] }, /number 1/],
            [{ files: renamed, policy: 'perhaps' }, /none of pin, follow, migrate/],
            [{ files: renamed, policy: 'migrate', steps: 'a' }, /no list of pairs/],
        ]) {
            const refused = await api.ask('/api/journeys/preview', body);
            assert.equal(refused.status, 400, JSON.stringify(body).slice(0, 80));
            assert.match(refused.json.detail, expected);
        }
    });

    test('a draft is rehearsed beside what is in force, with the figures of the command', async (t) => {
        const { scene, api } = await open(t);
        const state = await api.told(ONBOARDING);
        const wish = { users: 300, days: 7, seed: 5 };
        const same = await api.told('/api/journeys/rehearse', { files: draft(state), ...wish });
        assert.deepEqual(same.sides.map((side) => side.name), ['in force', 'draft']);
        assert.deepEqual({ ...same.sides[0], name: '' }, { ...same.sides[1], name: '' });
        const command = await scene.home.json('simulate', '--users', '300', '--days', '7', '--seed', '5');
        assert.deepEqual(same.sides[0].figures, command.sides[0].figures);
        const later = draft(state, ['after: 2h', 'after: 47h']);
        const other = await api.told('/api/journeys/rehearse', { files: later, ...wish });
        assert.deepEqual(other.sides[0], same.sides[0]);
        assert.notDeepEqual(other.sides[1].figures, same.sides[1].figures);
        assert.ok(other.difference.conversion_rate.low <= other.difference.conversion_rate.points);

        const ask = (body, key) => api.ask('/api/journeys/rehearse', { files: later, ...body }, key);
        assert.equal((await ask({}, KEYS.VIEWER_API_KEY)).status, 403);
        for (const body of [{ users: 0 }, { users: 1e9 }, { days: 31 }, { days: 1.5 }, { seed: -1 }, { set: 'both' }]) {
            const refused = await ask(body);
            assert.equal(refused.status, 400, JSON.stringify(body));
            assert.match(refused.json.detail, new RegExp(`"${Object.keys(body)[0]}"`));
        }
        const broken = await ask({ files: draft(state, ['no_answer: ', 'no_anser: ']) });
        assert.equal(broken.status, 400);
        assert.match(broken.json.detail, /superior_onboarding\.yaml:\d+:\d+: .*no_anser.* mistakes in all/);
    });

    test('a draft is put into force once, and not over what somebody else put there', async (t) => {
        const { scene, api } = await open(t);
        const state = await api.told(ONBOARDING);
        const files = draft(state, ['version: "2.0"', 'version: "2.1"'], ['lovely to meet you!', 'so good that you are here!']);
        const apply = (body, key) => api.ask('/api/journeys/apply', { files, ...body }, key);
        assert.equal((await apply({}, KEYS.VIEWER_API_KEY)).status, 403);
        assert.equal((await apply({ files: draft(state, ['no_answer: ', 'no_anser: ']) })).status, 400);
        const stale = await apply({ based_on: '0123456789abcdef' });
        assert.equal(stale.status, 409);
        assert.match(stale.json.detail, /put into force meanwhile/);
        const ann = scene.person({ first_name: 'Ann' });
        await ann.send('/start');
        await ann.receive(/lovely to meet you/); // nothing was applied

        const done = await api.told('/api/journeys/apply', { files, based_on: state.revision });
        assert.deepEqual([done.changed, done.policy], [1, 'pin']);
        const bob = scene.person({ first_name: 'Bob' });
        await bob.send('/start');
        await bob.receive(/so good that you are here/);
        const now = await api.told(ONBOARDING);
        assert.equal(now.definition.version, '2.1');
        assert.equal(now.file.yaml, files[0].yaml);
        assert.deepEqual(now.people.map(({ version, fate, people }) => [version, fate, people]).sort(),
            [['2.0', 'finish', 1], ['2.1', 'current', 1]]);
        assert.equal((await apply({ based_on: state.revision })).status, 409, 'it was begun on the one before');
        const [audit] = (await api.told('/api/audit')).audit;
        assert.deepEqual([audit.actor, audit.action], ['api:admin', 'journeys_apply']);
    });
});
