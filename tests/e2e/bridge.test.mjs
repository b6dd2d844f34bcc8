// People of a previous bot's database: recognised, counted, and left as they are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveDatabase } from '../lib/live.mjs';
import { Installation, MORNING } from '../lib/nudge.mjs';

const onServer = { skip: process.env.NUDGE_TEST_POSTGRES ? false : 'needs tools/with-postgres' };
const at = (hoursAgo) => new Date(MORNING - hoursAgo * 3_600_000).toISOString();

/** An installation beside a live database, in its schema nudge when `inside`. */
async function beside(shape, run, { inside = false } = {}) {
    const live = await LiveDatabase.make(shape);
    const home = await Installation.make({ env: inside ? { DATABASE_URL: live.url } : {} });
    try {
        await run(live, home);
    } finally {
        await home.remove();
        await live.remove();
    }
}

const PERSON = { A: 'telegram_user_id', B: 'telegram_user_id', C: 'telegram_id' };
const JOINED = { A: 'created_at', B: 'created_at', C: 'joined_at' };
const TEXT = { A: 'commitment', B: 'commitment', C: 'text' };
const OPEN = { A: 'active', B: 'active', C: 'pending' };

/** A person who joined ten days ago. Gives their old id. */
const person = (live, shape, telegram, more = {}) =>
    live.insert('users', { [PERSON[shape]]: telegram, [JOINED[shape]]: at(240), ...more }, 'id');

/** A commitment of theirs. */
const promise = (live, shape, telegram, id, more = {}) =>
    live.insert(
        'commitments',
        {
            user_id: id,
            ...(shape === 'B' ? {} : { [PERSON[shape]]: telegram }),
            [TEXT[shape]]: 'read 10 pages',
            status: OPEN[shape],
            created_at: at(30),
            ...more,
        },
        'id',
    );

const rowsOf = (live) =>
    live.run("select json_agg(to_jsonb(t)) from (select 'u', to_jsonb(u) from users u union all select 'c', to_jsonb(c) from commitments c) as t");

for (const shape of ['A', 'B', 'C']) {
    test(`shape ${shape} is recognised and counted`, onServer, () =>
        beside(shape, async (live, home) => {
            const first = await person(live, shape, 700001, { first_name: 'Ann', username: 'ann' });
            await person(live, shape, 8_000_000_002, { first_name: 'Bea', username: 'Ann' });
            await person(live, shape, 100_003, { first_name: 'Cem' });
            await person(live, shape, 999_999_999, { username: 'behavioral_test_user' });
            await live.run(`update users set ${PERSON[shape]} = 7000010 where ${PERSON[shape]} = 700001`);
            await promise(live, shape, 7000010, first);
            await promise(live, shape, 7000010, first, { status: 'completed', completed_at: at(27) });
            const before = await rowsOf(live);
            const plan = await home.json('bridge', 'plan', '--from', live.url);
            assert.equal(plan.shape, shape);
            assert.equal(plan.people.total, 4);
            assert.equal(plan.people.invented_ids, 1);
            assert.equal(plan.people.test, 1);
            assert.equal(plan.people.sharing_a_username, 2);
            assert.equal(plan.people.opted_out, 0);
            assert.deepEqual(plan.commitments, {
                total: 2, open: 1, completed: 1, missed: 0, dropped: 0, unknown_status: 0,
            });
            assert.deepEqual(plan.import, { new: 4, here_already: 0, left_out: 0 });
            const shown = await home.run('bridge', 'plan', '--from', live.url);
            assert.equal(shown.code, 0, shown.stderr);
            assert.match(shown.stdout, new RegExp(`^shape ${shape}\\n`));
            assert.match(shown.stdout, /4 people are new, 0 are here already/);
            assert.equal(await rowsOf(live), before);
        }));
}

/** Each way of refusing in shape A: what its row says. */
const REFUSALS = {
    'communication_preferences.communication_style = paused': (live, id) =>
        live.insert('communication_preferences', { user_id: id, communication_style: 'paused' }),
    'communication_preferences.is_active = false': (live, id) =>
        live.insert('communication_preferences', { user_id: id, is_active: false }),
    'users.notification_preferences.telegram = false': (live, id) =>
        live.run(`update users set notification_preferences = '{"telegram": false}' where id = '${id}'`),
    'users.notification_preferences.email = false': (live, id) =>
        live.run(`update users set notification_preferences = to_jsonb('{"email": "false"}'::text) where id = '${id}'`),
    'users.is_active = false': (live, id) => live.run(`update users set is_active = false where id = '${id}'`),
    'user_email_preferences.unsubscribed': (live, id) =>
        live.insert('user_email_preferences', { user_id: id, unsubscribed: true }),
    'user_email_preferences.unsubscribed_at': (live, id) =>
        live.insert('user_email_preferences', { user_id: id, unsubscribed_at: at(3) }),
    'user_email_preferences.email_enabled = false': (live, id) =>
        live.insert('user_email_preferences', { user_id: id, email_enabled: false }),
    'user_email_preferences.opt_in_sequences = false': (live, id) =>
        live.insert('user_email_preferences', { user_id: id, opt_in_sequences: false }),
    'nurture_user_preferences.enabled = false': (live, id, telegram) =>
        live.insert('nurture_user_preferences', { user_id: String(telegram), enabled: false }),
    'nurture_user_preferences.opted_out_at': (live, id) =>
        live.insert('nurture_user_preferences', { user_id: id, opted_out_at: at(3) }),
    'user_sequence_state.stopped_at': (live, id, telegram) =>
        live.insert('user_sequence_state', { telegram_user_id: telegram, stopped_at: at(3) }),
};

/** One person for each way, and one who refused nothing. Gives Telegram ids by way. */
async function refusers(live) {
    const ids = {};
    for (const [way, write] of Object.entries(REFUSALS)) {
        const telegram = 6_000_000 + Object.keys(ids).length;
        await write(live, await person(live, 'A', telegram), telegram);
        ids[way] = telegram;
    }
    const willing = await person(live, 'A', 6_900_000, { notification_preferences: { telegram: true, email: true } });
    await live.insert('communication_preferences', { user_id: willing, communication_style: 'gentle', is_active: true });
    await live.insert('user_email_preferences', {
        user_id: willing, unsubscribed: false, email_enabled: true, opt_in_sequences: true,
    });
    return ids;
}

test('each way of refusing is seen, also in JSON that is text', onServer, () =>
    beside('A', async (live, home) => {
        const ids = await refusers(live);
        const paused = await person(live, 'A', 6_900_001);
        await live.insert('communication_preferences', {
            user_id: paused, communication_style: 'paused', pause_until: at(-48),
        });
        const plan = await home.json('bridge', 'plan', '--from', live.url);
        assert.deepEqual(
            plan.people.refusals,
            Object.fromEntries(Object.keys(ids).map((way) => [way, 1])),
        );
        assert.equal(plan.people.opted_out, Object.keys(ids).length);
        assert.equal(plan.people.paused, 1);
    }));

test('without the tables of consents, and with odd rows, it works as well', onServer, () =>
    beside('A', async (live, home) => {
        await live.run('drop table communication_preferences, user_email_preferences, nurture_user_preferences, pod_memberships');
        await live.run('alter table users drop column notification_preferences, drop column timezone');
        await live.run("alter table users add column joined timestamp, alter column id drop not null");
        await live.insert('users', { telegram_user_id: 7_000_001, id: null, created_at: null, email: '7@telegram.user' });
        await live.insert('users', { telegram_user_id: 7_000_002, is_bot: true });
        await promise(live, 'A', 7_000_001, null, { status: 'someday', completed_at: null });
        await promise(live, 'A', 7_000_001, null, { status: 'active', completed_at: at(1) });
        const plan = await home.json('bridge', 'plan', '--from', live.url);
        assert.deepEqual(plan.import, { new: 1, here_already: 0, left_out: 1 });
        assert.equal(plan.people.invented_ids, 0);
        assert.equal(plan.commitments.unknown_status, 1);
        assert.equal(plan.commitments.completed, 1);
    }));

test('what is no such database is refused, and says what was found', onServer, async () => {
    const live = await LiveDatabase.make();
    const home = await Installation.make();
    const plan = (...args) => home.run('bridge', 'plan', '--from', live.url, ...args);
    const none = await plan();
    assert.equal(none.code, 3);
    assert.match(none.stderr, /no table users/);
    await live.run('create table users (telegram_user_id bigint, name text); create table commitments (telegram_id bigint, text text)');
    const mixed = await plan();
    assert.equal(mixed.code, 3);
    assert.match(mixed.stderr, /users have telegram_user_id, commitments have "text", telegram_id; expected/);
    const sqlite = await home.run('bridge', 'plan', '--from', 'sqlite:x.db');
    assert.equal(sqlite.code, 3);
    assert.match(sqlite.stderr, /--from postgres/);
    assert.equal((await home.run('bridge', 'burn')).code, 2);
    await home.remove();
    await live.remove();
});

test('a role that would see some rows only is refused', onServer, () =>
    beside('A', async (live, home) => {
        await person(live, 'A', 7_000_001);
        const role = `reader_${live.name}`;
        await live.run(`create role ${role} login; grant usage on schema public to ${role}`);
        const as = live.url.replace('nudge@', `${role}@`);
        const blind = await home.run('bridge', 'plan', '--from', as);
        assert.equal(blind.code, 3);
        assert.match(blind.stderr, /may not read the rows of public\./);
        await live.run(`grant select on all tables in schema public to ${role}; alter table users enable row level security`);
        const narrow = await home.run('bridge', 'plan', '--from', as);
        assert.match(narrow.stderr, /may not read all rows of public\.users/);
        await live.run('alter table users disable row level security');
        assert.equal((await home.json('bridge', 'plan', '--from', as)).people.total, 1);
        await live.run(`drop owned by ${role}; drop role ${role}`);
    }));
