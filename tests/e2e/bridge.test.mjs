// People of a previous bot's database: recognised, counted, taken over, and left as they are there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { LiveDatabase } from '../lib/live.mjs';
import { Installation, MORNING, nudgePath } from '../lib/nudge.mjs';
import { Scene } from '../lib/scene.mjs';

const onServer = { skip: process.env.NUDGE_TEST_POSTGRES ? false : 'needs tools/with-postgres' };
const at = (hoursAgo) => new Date(MORNING - hoursAgo * 3_600_000).toISOString();

/** An installation beside a live database, in its schema nudge when `inside`. */
async function beside(shape, run, { inside = false } = {}) {
    const live = await LiveDatabase.make(shape);
    const home = await Installation.make();
    home.env.DATABASE_URL = inside ? live.url : home.env.DATABASE_URL;
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
    live.run("select json_agg(to_jsonb(t)) from (select 'u', to_jsonb(u) from public.users u union all select 'c', to_jsonb(c) from public.commitments c) as t");

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
            assert.equal(plan.people.invented_ids, 2); // the test person's, too
            assert.equal(plan.people.test, 1);
            assert.equal(plan.people.sharing_a_username, 2);
            assert.equal(plan.people.opted_out, 0);
            assert.deepEqual(plan.commitments, {
                total: 2, open: 1, completed: 1, missed: 0, dropped: 0, unknown_status: 0,
            });
            assert.deepEqual(plan.import, { new: 4, here_already: 0, changed: 0, unchanged: 0, left_out: 0 });
            const shown = await home.run('bridge', 'plan', '--from', live.url);
            assert.equal(shown.code, 0, shown.stderr);
            assert.match(shown.stdout, new RegExp(`^shape ${shape}\\n`));
            assert.match(shown.stdout, /would add 4 people, held, and look at 0 who are here already/);
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
        assert.deepEqual(plan.import, { new: 1, here_already: 0, changed: 0, unchanged: 0, left_out: 1 });
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

/* ---- import ---- */

/** A server at work beside a live database of the shape. */
async function scene(t, shape, options = {}) {
    const live = await LiveDatabase.make(shape);
    t.after(() => live.remove());
    const opened = await Scene.open(t, { now: MORNING, ...options });
    opened.live = live;
    opened.import = () => opened.home.json('bridge', 'import', '--from', live.url);
    return opened;
}

/** Somebody whom the bot may write to: they wrote to it when another program ran it. */
const veteran = async (opened, facts = {}) => {
    const person = opened.person({ started: true, ...facts });
    await person.ready();
    return person;
};

for (const shape of ['A', 'B', 'C']) {
    test(`shape ${shape} is imported once, and agrees with what was there`, onServer, async (t) => {
        const opened = await scene(t, shape);
        const ann = await veteran(opened);
        const id = await person(opened.live, shape, ann.id, { first_name: 'Ann', username: 'ann' });
        const open = await promise(opened.live, shape, ann.id, id, { created_at: at(3), [TEXT[shape]]: 'run' });
        await promise(opened.live, shape, ann.id, id, { status: 'completed', completed_at: at(27) });
        await promise(opened.live, shape, ann.id, id, { status: 'completed', created_at: at(54), completed_at: at(53) });
        await promise(opened.live, shape, ann.id, id, { created_at: at(200) });
        await person(opened.live, shape, 100_007, { first_name: 'Cem' });
        const before = await rowsOf(opened.live);
        assert.deepEqual(await opened.import(), { new: 2, changed: 0, unchanged: 0, left_out: 0, commitments: 4 });
        assert.equal(await rowsOf(opened.live), before);
        const user = await opened.user(ann);
        assert.equal(user.first_name, 'Ann');
        assert.equal(user.joined_at_ms, Date.parse(at(240)));
        assert.deepEqual(
            [user.is_held, user.existing, user.journey_set, user.is_test, user.stopped, user.next_at_ms],
            [1, 1, 0, 0, 0, 0],
        );
        assert.deepEqual(
            [user.commitments_total, user.commitments_completed, user.commitments_missed, user.streak_best_days],
            [4, 2, 1, 2],
        );
        const commitments = await opened.commitments(ann);
        assert.deepEqual(commitments.map((row) => row.state).sort(), ['active', 'completed', 'completed', 'missed']);
        const [active] = commitments.filter((row) => row.state === 'active');
        assert.deepEqual([active.external_id, active.text, active.created_at_ms], [open, 'run', Date.parse(at(3))]);
        const old = await opened.home.sql(`select value from identities where kind = 'live' and value = '${id}'`);
        assert.equal(old.length, 1);
        const cem = await opened.home.sql("select telegram_reach, channel from users where first_name = 'Cem'");
        assert.deepEqual(cem, [{ telegram_reach: 0, channel: 0 }]);
        assert.deepEqual(await opened.import(), { new: 0, changed: 0, unchanged: 2, left_out: 0, commitments: 0 });
        const metrics = await opened.home.json('metrics');
        assert.equal(metrics.total_users, 2);
        assert.equal(metrics.completed_commitments, 2);
        const status = await opened.home.json('bridge', 'status', '--from', opened.live.url);
        assert.deepEqual(status.imported, { people: 2, held: 2, erased: 0, commitments: 4, last_at: new Date(opened.home.now).toISOString() });
        assert.equal(status.live.unchanged, 2);
    });
}

for (const shape of ['a', 'b', 'c']) {
    test(`a whole database of shape ${shape}, its triggers and taken names included`, onServer, () =>
        beside(undefined, async (live, home) => {
            await live.load(shape);
            const before = await rowsOf(live);
            const plan = await home.json('bridge', 'plan');
            assert.equal(plan.shape, shape.toUpperCase());
            await home.json('migrate');
            const result = await home.json('bridge', 'import');
            assert.equal(result.new, plan.people.total);
            assert.equal(result.commitments, plan.commitments.total);
            assert.equal((await home.json('bridge', 'import')).unchanged, plan.people.total);
            const held = await live.run('select count(*) from nudge.users where is_held = 1 and existing = 1');
            assert.equal(Number(held), plan.people.total);
            const stopped = await live.run('select count(*) from nudge.users where stopped = 1');
            assert.equal(Number(stopped), plan.people.opted_out);
            assert.equal(await rowsOf(live), before);
        }, { inside: true }));
}

test('in one database, without a server', onServer, () =>
    beside('A', async (live, home) => {
        assert.equal((await home.run('bridge', 'import')).code, 3); // not migrated
        await person(live, 'A', 7_000_001);
        assert.equal((await home.json('bridge', 'plan')).import.new, 1);
        await home.json('migrate');
        assert.equal((await home.json('bridge', 'import')).new, 1);
        assert.equal((await home.json('bridge', 'plan')).import.unchanged, 1);
        assert.match((await home.run('bridge', 'status')).stdout, /^1 people with 0 commitments were imported/);
    }, { inside: true }));

test('into a file', onServer, async () => {
    const live = await LiveDatabase.make('A');
    const home = await Installation.make();
    home.env.DATABASE_URL = `sqlite:${home.folder}/own.sqlite`;
    await promise(live, 'A', 7_000_001, await person(live, 'A', 7_000_001));
    assert.equal((await home.json('bridge', 'import', '--from', live.url)).commitments, 1);
    assert.equal((await home.json('bridge', 'import', '--from', live.url)).unchanged, 1);
    await home.remove();
    await live.remove();
});

test('held people hear nothing about before, and are answered as ever', onServer, async (t) => {
    const opened = await scene(t, 'A');
    const ann = await veteran(opened);
    const bob = await veteran(opened);
    for (const one of [ann, bob]) {
        const id = await person(opened.live, 'A', one.id);
        await promise(opened.live, 'A', one.id, id, { created_at: at(1) });
    }
    await opened.import();
    for (let day = 0; day < 9; day++) {
        await opened.later('1d');
    }
    assert.deepEqual((await opened.commitments(bob)).map((row) => row.state), ['missed']);
    assert.deepEqual(await bob.sent(), []);
    assert.deepEqual(await opened.deliveries(bob), []);
    await ann.send('/commit call mum');
    await ann.receive(/Noted/);
    await opened.later('6h');
    const followups = (await opened.deliveries(ann)).filter((row) => row.class === 'followup');
    assert.deepEqual(followups.map((row) => row.journey), ['commitment_followup']);
    assert.deepEqual(await bob.sent(), []);
});

test('who refused gets nothing, though all stages are open', onServer, async (t) => {
    const opened = await scene(t, 'A', { share: 100 });
    const people = {};
    for (const [way, write] of Object.entries(REFUSALS)) {
        people[way] = await veteran(opened);
        await write(opened.live, await person(opened.live, 'A', people[way].id), people[way].id);
    }
    const willing = await veteran(opened);
    await person(opened.live, 'A', willing.id);
    const pausing = await veteran(opened);
    await opened.live.insert('communication_preferences', {
        user_id: await person(opened.live, 'A', pausing.id), communication_style: 'paused', pause_until: at(-240),
    });
    const tester = await veteran(opened, { id: 1_500_000 });
    await person(opened.live, 'A', tester.id, { username: 'behavioral_test_user' });
    const invented = await veteran(opened, { id: 100_099 });
    await person(opened.live, 'A', invented.id);
    const emergency = await veteran(opened);
    await person(opened.live, 'A', emergency.id, { email: `${emergency.id}@telegram.emergency` });
    await opened.import();
    await opened.home.json('rollout', 'stage', 'existing_rescue', 'open');
    await opened.home.json('rollout', 'stage', 'existing_amplification', 'open');
    await willing.receive();
    for (let day = 0; day < 5; day++) {
        await opened.later('1d');
    }
    assert.ok((await willing.sent()).length > 0);
    for (const [why, one] of Object.entries({ ...people, pausing, tester, invented, emergency })) {
        assert.deepEqual(await one.sent(), [], why);
    }
    for (const way of Object.keys(people)) {
        assert.equal((await opened.user(people[way])).stopped, 1, way);
    }
});

test('who came to us by themselves is known again, and leaves when they refuse there', onServer, async (t) => {
    const opened = await scene(t, 'A');
    const ann = await opened.newcomer();
    const before = await opened.user(ann);
    const id = await person(opened.live, 'A', ann.id);
    await promise(opened.live, 'A', ann.id, id, { status: 'completed', completed_at: at(29) });
    const plan = await opened.home.json('bridge', 'plan', '--from', opened.live.url);
    assert.equal(plan.import.here_already, 1);
    assert.deepEqual(await opened.import(), { new: 0, changed: 1, unchanged: 0, left_out: 0, commitments: 1 });
    const after = await opened.user(ann);
    assert.deepEqual([after.id, after.is_held, after.journey_set], [before.id, 0, before.journey_set]);
    assert.equal(after.commitments_completed, 1);
    assert.equal((await opened.runs(ann))[0].outcome, 'active');
    await opened.live.insert('user_email_preferences', { user_id: id, unsubscribed: true });
    assert.equal((await opened.import()).changed, 1);
    await opened.settled();
    assert.equal((await opened.user(ann)).stopped, 1);
    assert.deepEqual((await opened.runs(ann)).map((run) => run.outcome), ['stopped']);
    await ann.send('/resume');
    await ann.receive();
    await promise(opened.live, 'A', ann.id, id);
    assert.equal((await opened.import()).commitments, 1);
    await opened.settled();
    assert.equal((await opened.user(ann)).stopped, 0); // they allowed it here, after that
});

test('what goes on there is taken over, what was done or erased here stays', onServer, async (t) => {
    const opened = await scene(t, 'A');
    const ann = await veteran(opened);
    const bob = await veteran(opened);
    const id = await person(opened.live, 'A', ann.id);
    const first = await promise(opened.live, 'A', ann.id, id, { created_at: at(2) });
    const second = await promise(opened.live, 'A', ann.id, id, { created_at: at(2) });
    const late = await promise(opened.live, 'A', ann.id, id, { created_at: at(100) });
    await person(opened.live, 'A', bob.id);
    await opened.import();
    await ann.send('/list');
    const list = await ann.receive();
    const pressed = await ann.tap({ data: `complete_${second}` }, { message_id: list.message_id });
    await pressed.answered();
    await bob.send('/list');
    const theirs = await bob.receive();
    assert.match(
        (await (await bob.tap({ data: `complete_${first}` }, { message_id: theirs.message_id })).answered()).params.text,
        /too old|no longer/,
    );
    await opened.settled();
    await opened.home.json('users', 'erase', `telegram:${bob.id}`, '--yes');
    await opened.live.run(`update commitments set status = 'completed', completed_at = '${at(1)}' where id = ${first}`);
    await opened.live.run(`update commitments set status = 'completed', completed_at = '${at(1)}' where id = ${late}`);
    await opened.live.run(`update commitments set status = 'paused' where id = ${second}`);
    await opened.live.run(`update users set first_name = 'Bob' where telegram_user_id = ${bob.id}`);
    const result = await opened.import();
    assert.deepEqual(result, { new: 0, changed: 1, unchanged: 0, left_out: 1, commitments: 0 });
    const states = Object.fromEntries((await opened.commitments(ann)).map((row) => [row.external_id, row.state]));
    assert.deepEqual(states, { [first]: 'completed', [second]: 'completed', [late]: 'completed' });
    assert.equal((await opened.user(ann)).commitments_missed, 0);
    assert.equal(await opened.user(bob), undefined);
    const status = await opened.home.json('bridge', 'status', '--from', opened.live.url);
    assert.equal(status.imported.erased, 1);
});

test('ended in the middle and done again, it comes to the same', onServer, async (t) => {
    const opened = await scene(t, 'A');
    await opened.live.run(`insert into users (telegram_user_id, created_at, first_name)
        select 2000000 + n, '${at(500)}', 'P' || n from generate_series(1, 2600) as n;
        insert into commitments (telegram_user_id, commitment, status, created_at, completed_at)
        select 2000000 + n, 'read', 'completed', '${at(300)}', '${at(299)}' from generate_series(1, 2600) as n`);
    const cut = spawn(nudgePath(), ['bridge', 'import', '--from', opened.live.url], {
        cwd: opened.home.folder, env: opened.home.env, stdio: 'ignore',
    });
    const ended = new Promise((resolve) => cut.on('exit', resolve));
    await opened.home.until('a first part', async () => {
        const [row] = await opened.home.sql('select count(*) as n from bridge_people');
        return row.n > 0;
    });
    cut.kill('SIGKILL');
    await ended;
    await opened.settled();
    const [middle] = await opened.home.sql('select count(*) as n from bridge_people');
    assert.equal(middle.n % 500 === 0 || middle.n === 2600, true, String(middle.n));
    const rest = await opened.import();
    assert.equal(rest.new, 2600 - middle.n);
    assert.equal(rest.unchanged, middle.n);
    const [counts] = await opened.home.sql(
        'select (select count(*) from users) as users, (select count(*) from commitments) as commitments');
    assert.deepEqual(counts, { users: 2600, commitments: 2600 });
});
