// People by a condition, over HTTP: who is found, page by page, and what a mistake is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Api } from '../lib/api.mjs';
import { Scene } from '../lib/scene.mjs';

const KEYS = { ADMIN_API_KEY: 'the-full-key', VIEWER_API_KEY: 'the-reading-key' };
const path = (where, more = '') => `/api/people?where=${encodeURIComponent(where)}${more}`;

test('people of whom a condition holds', async (t) => {
    const scene = await Scene.open(t, { env: KEYS });
    const api = new Api(scene.home, KEYS.VIEWER_API_KEY);
    await scene.newcomer({ first_name: 'Ann' });
    await scene.newcomer({ first_name: 'Ben', language_code: 'de' });
    await scene.regular({ first_name: 'Cem' });
    await scene.settled();
    await scene.later('4d');
    await scene.newcomer({ first_name: 'Dan', language_code: 'de' });
    await scene.settled();
    const names = async (where, more) => (await api.told(path(where, more))).people.map((person) => person.first_name);
    assert.deepEqual(await names('commitments_total == 0'), ['Dan', 'Ben', 'Ann'], 'the newest first');
    assert.deepEqual(await names('commitments_total > 0'), ['Cem']);
    assert.deepEqual(await names('language == "de" and days_since_joined >= 4'), ['Ben']);
    assert.deepEqual(await names('set == "optimized" or set == "original"'), ['Dan', 'Cem', 'Ben', 'Ann']);
    assert.deepEqual(await names('is_existing'), []);
    assert.deepEqual(await names('first_name == "Zoe"'), []);

    const first = await api.told(path('commitments_total == 0', '&limit=2'));
    assert.deepEqual(first.people.map((person) => person.first_name), ['Dan', 'Ben']);
    const rest = await api.told(path('commitments_total == 0', `&limit=2&before=${first.next}`));
    assert.deepEqual(rest.people.map((person) => person.first_name), ['Ann']);
    assert.deepEqual([rest.next, first.looked + rest.looked], [null, 4], 'everybody was looked at once');
    const { people } = await api.told('/api/people?limit=1');
    assert.deepEqual((await api.told(path('true == is_test or not is_test', '&limit=1'))).people, people, 'a person looks as in the list');

    for (const [where, expected] of [
        ['commitments_totl > 0', /where, byte \d+: .*commitments_totl/],
        ['commitments_total >', /where, byte \d+/],
        ['language > "de"', /where, byte \d+/],
        ['('.repeat(2000), /where, byte \d+/],
    ]) {
        const refused = await api.ask(path(where));
        assert.ok([400, 413].includes(refused.status), `${where.slice(0, 30)}: ${refused.status}`);
        assert.match(refused.json.detail, expected);
    }
    assert.match((await api.ask(path('is_test', '&q=Ann'))).json.detail, /q or where, not both/);
});
