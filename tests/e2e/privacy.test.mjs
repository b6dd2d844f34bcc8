// One person's data: marks in everything that can be held about somebody are all in `nudge users export`, and after
// `nudge users erase` none is left anywhere in the store, as the database's own dump shows; counts stay.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FakeResend } from '../lib/resend.mjs';
import { Scene } from '../lib/scene.mjs';
import { Visitor } from '../lib/visitor.mjs';

const OPERATOR = '900900';
const MAIL = 'mark-mail-7c1d@example.org';
/** Where each word goes: most by the person, the last two by those who know them. */
const MARKS = {
    first_name: 'Markfirst7c1d', username: 'markuser7c1d', source: 'marksource7c1d', answer: 'Markfeeling7c1d',
    text: 'marktext7c1d', commitment: 'markcommitment7c1d', done: 'markdone7c1d', dropped: 'markdropped7c1d',
    feedback: 'markfeedback7c1d', crisis: 'markcrisis7c1d', webchat: 'markweb7c1d', event: 'markevent7c1d',
    data: 'markdata7c1d',
};

/** The whole store as text, by the database's own tool. */
function dump(home) {
    if (!home.postgres) {
        return execFileSync('sqlite3', [home.database, '.dump'], { maxBuffer: 256 << 20 }).toString();
    }
    const [server, schema] = home.postgres.split('&schema=');
    return execFileSync('pg_dump', [`--schema=${schema}`, server], { maxBuffer: 256 << 20 }).toString();
}

/** Where the dump has the words, in plain or as the bytes of a blob: lines, shortened. */
function found(text, words) {
    const lines = text.split('\n');
    return words.flatMap((word) => {
        const pattern = new RegExp(`(?<![0-9])${word}(?![0-9])|${Buffer.from(word).toString('hex')}`, 'i');
        return lines.filter((line) => pattern.test(line)).map((line) => `${word}: ${line.slice(0, 200)}`);
    });
}

/** A command for the running engine, as another process leaves it. */
function put(home, payload) {
    const sql = `insert into inbox (kind, payload, actor, at_ms, answered_at_ms, outcome, result)
        values ('input', '${JSON.stringify(payload)}', 'cli', ${home.now}, 0, '', '')`;
    if (home.postgres) {
        const [server, schema] = home.postgres.split('&schema=');
        execFileSync('psql', ['-qAtX', '-c', `set search_path = ${schema}; ${sql}`, server]);
    } else {
        execFileSync('sqlite3', ['-cmd', '.timeout 30000', home.database, sql]);
    }
}

/** Somebody who has left words of theirs wherever there is room for them. */
async function marked(t, resend) {
    const scene = await Scene.open(t, {
        env: { ...resend.env(), WEBCHAT_ENABLED: 'on', ADMIN_CHAT_IDS: OPERATOR, PUBLIC_URL: 'https://nudge.example.org' },
    });
    const ann = scene.person({ first_name: MARKS.first_name, username: MARKS.username });
    const web = await Visitor.open(scene);
    await web.send('/start');
    await web.send(`/commit ${MARKS.webchat}`);
    await ann.send(`/start ${MARKS.source}`);
    await (await ann.receive(/30 seconds/)).tap(/Done/);
    await ann.receive(/first win/);
    await scene.later('2h');
    await ann.receive(/how do you want to feel today/);
    await ann.send(MARKS.answer);
    await ann.receive(new RegExp(MARKS.answer, 'i'));
    await web.connect(ann); // one person from now on
    await ann.send(`/commit ${MARKS.done} at 18:00`);
    await (await ann.receive(/markdone/)).tap(0);
    for (const name of ['commitment', 'dropped']) {
        await ann.send(`/commit ${MARKS[name]}`);
        await ann.receive(new RegExp(MARKS[name]));
    }
    await ann.send(`/feedback ${MARKS.feedback}`);
    await ann.receive(/that helps/);
    await ann.send(`hello ${MARKS.text}`);
    await ann.receive();
    await scene.settled();
    const { id } = await scene.user(ann);
    put(scene.home, { kind: 'track', user_id: id, name: MARKS.event, external_id: 'once-1', data: { what: MARKS.data } });
    await scene.settled();
    assert.deepEqual(await scene.home.sql("select count(*) as n from audit_log where action = 'input'"), [{ n: 0 }]);
    await scene.tg.tooMany('sendMessage', 3600, { chat: ann, count: 1 }); // a pause of this chat
    await ann.send(`I want to die ${MARKS.crisis}`);
    await scene.home.until('the pause', async () =>
        (await scene.home.sql(`select 1 from channel_pauses where address = '${ann.id}'`)).length === 1);
    return { scene, id };
}

const counts = (scene) => scene.home.sql('select * from delivery_analytics order by 1, 2, 3');

test('all marks are in the export, none in the store after erasure; counts stay', async (t) => {
    const resend = await FakeResend.start();
    t.after(() => resend.stop());
    const { scene, id } = await marked(t, resend);
    const { home } = scene;
    await scene.newcomer({ first_name: 'Otherbob7c1d' });
    await home.json('onboarding', 'trigger', `email:${MAIL}`);
    await resend.next(MAIL);
    await scene.settled();

    const identities = (await home.sql(`select value from identities where user_id = ${id}`)).map(({ value }) => value);
    assert.equal(identities.length, 2, 'Telegram and web chat');
    const words = [...Object.values(MARKS), ...identities];
    const before = dump(home);
    for (const word of [...words, MAIL]) {
        assert.ok(found(before, [word]).length > 0, `${word} was never stored`);
    }
    const person = await home.run('users', 'export', id);
    const other = await home.run('users', 'export', `email:${MAIL}`);
    assert.equal(person.code, 0, person.stderr);
    assert.deepEqual(words.filter((word) => !person.stdout.includes(word)), []);
    assert.ok(other.stdout.includes(MAIL), other.stdout + other.stderr);
    assert.ok(!person.stdout.includes('Otherbob7c1d') && !person.stdout.includes(MAIL));

    const sent = await counts(scene);
    await home.json('users', 'erase', id, '--yes');
    await home.json('users', 'erase', `email:${MAIL}`, '--yes');
    await scene.settled();
    assert.deepEqual(found(dump(home), [...words, MAIL]), []);
    assert.ok(found(dump(home), ['Otherbob7c1d']).length > 0, 'others stay');
    const left = await counts(scene);
    const kept = (rows) => rows.map(({ not_sent: _, ...row }) => row);
    assert.deepEqual(kept(left), kept(sent));
    const ended = (rows) => rows.reduce((sum, row) => sum + Number(row.not_sent), 0);
    assert.equal(ended(left) - ended(sent), 1, 'what waited for the pause is not sent');
    assert.deepEqual(
        await home.sql(`select count(*) as rows from deliveries where user_id = ${id} and text <> ''`), [{ rows: 0 }]);
    assert.equal(await home.stop(), 0);
    if (!home.postgres) { // not only unlinked
        const bytes = readFileSync(home.database).toString('latin1');
        assert.deepEqual([...words, MAIL].filter((word) => bytes.includes(word)), []);
    }
});
