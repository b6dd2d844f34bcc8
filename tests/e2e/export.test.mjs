// /export: the file that arrives holds all that there is about the person, in Telegram as an uploaded
// document, in the web chat as a download.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Scene } from '../lib/scene.mjs';
import { Visitor } from '../lib/visitor.mjs';

const WEB = { env: { WEBCHAT_ENABLED: 'on' } };
/** Tables that name people but say nothing of their own: when rows wait, which of them could not be read. */
const DERIVED = new Set(['due', 'due_failed']);
const PART_OF = { deliveries: 'messages' };

const exported = async (scene, who) => {
    const result = await scene.home.run('users', 'export', who);
    assert.equal(result.code, 0, result.stderr);
    return JSON.parse(result.stdout);
};

/** The last answer was still on its way when the file was made: what its arrival changed. */
function arrived(data) {
    const [answer] = data.messages;
    Object.assign(answer, { state: 3, sent_at_ms: 0, next_at_ms: 0, provider_id: '' });
    return data;
}

/** Every table that names people is in the file, row by row. */
async function assertComplete(scene, data) {
    const tables = await scene.home.sql(
        `select m.name from sqlite_schema m join pragma_table_info(m.name) c
         where m.type = 'table' and c.name = 'user_id'`);
    assert.ok(tables.length >= 8, JSON.stringify(tables));
    for (const { name } of tables) {
        if (DERIVED.has(name)) {
            continue;
        }
        const [{ n }] = await scene.home.sql(`select count(*) as n from ${name} where user_id = ${data.user.id}`);
        assert.equal(data[PART_OF[name] ?? name]?.length, n, `${name}: ${n} rows`);
    }
}

/** A person with something in every table. */
async function busy(t, options) {
    const scene = await Scene.open(t, { ...options, env: { ADMIN_CHAT_IDS: '900900', ...options?.env } });
    const ann = await scene.regular({ first_name: 'Änn "Q" <b>', language_code: 'de' });
    await ann.send('/commit lies zehn Seiten um 18:00');
    await ann.receive(/zehn Seiten/);
    await ann.send('/feedback Der Pinguin 🐧 ist toll');
    await ann.receive(/hilft/);
    await ann.send('ich will sterben'); // words of crisis: a note to the operators
    await ann.receive();
    await scene.settled();
    return { scene, ann };
}

describe('in Telegram', () => {
    test('one JSON document with everything, as `nudge users export` gives it', async (t) => {
        const { scene, ann } = await busy(t);
        await ann.send('/export');
        const sent = await scene.tg.waitFor('sendDocument', (call) => call.executed, { chat_id: ann.id });
        assert.ok(sent.ok, sent.description);
        await scene.settled();
        assert.deepEqual(sent.unknown_params ?? '', '');
        const file = sent.params.document;
        assert.equal(file.uploaded, 'my-data.json');
        assert.equal(Buffer.byteLength(file.content), file.bytes);
        const data = JSON.parse(file.content);

        assert.equal(data.user.first_name, 'Änn "Q" <b>');
        assert.deepEqual(data.identities.map(({ kind, value }) => [kind, value]), [['telegram', String(ann.id)]]);
        assert.deepEqual(data.commitments.map(({ text }) => text), ['drink water', 'lies zehn Seiten']);
        assert.ok(data.runs.some(({ journey }) => journey === 'superior_onboarding'));
        assert.match(data.feedback[0].text, /Pinguin 🐧/);
        assert.equal(data.operator_messages.length, 1);
        assert.ok(data.events.some((event) => event.type === 'command_used' && event.data.command === 'export'),
                  'the wish itself is in it');
        await assertComplete(scene, data);
        assert.deepEqual(arrived(data), arrived(await exported(scene, `telegram:${ann.id}`)));
        assert.equal((await scene.tg.calls({ method: 'sendDocument' })).length, 1);
    });

    test('a file that Telegram does not take is said in the log, and asked for again', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.newcomer();
        await scene.tg.fail('sendDocument', 'server', { count: 1 });
        await ann.send('/export');
        await scene.home.until('the warning', () =>
            scene.home.log.some((line) => /level=warn.*a file was not sent.*reason=http_5xx/.test(line)));
        await ann.send('/export');
        await scene.tg.waitFor('sendDocument', (call) => call.executed, { chat_id: ann.id });
    });
});

describe('in the web chat', () => {
    test('a download with everything, for the session it belongs to', async (t) => {
        const scene = await Scene.open(t, WEB);
        const nobody = await Visitor.open(scene);
        const get = (session) => fetch(`${scene.home.url}/chat/export`, { headers: { 'X-Chat-Session': session } });
        assert.equal((await get('')).status, 401);
        assert.equal((await get(nobody.session)).status, 404);
        const web = await Visitor.open(scene);
        await web.send('/start');
        await web.send('/commit water the plants');
        await web.send('/export');
        assert.match(await web.heard(), /all that we hold about you/);
        const answer = await get(web.session);
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="my-data.json"');
        assert.equal(answer.headers.get('cache-control'), 'no-store');
        const data = await answer.json();
        await assertComplete(scene, data);
        assert.deepEqual(data, await exported(scene, data.user.id));
        assert.deepEqual(data.commitments.map((commitment) => commitment.text), ['water the plants']);
    });
});

test('a long life makes a long file, the same in both places', async (t) => {
    const scene = await Scene.open(t, WEB);
    const web = await Visitor.open(scene);
    await web.send('/start');
    const ann = await scene.newcomer({ first_name: 'Ann' });
    await web.connect(ann); // one person now
    for (let i = 0; i < 12; i += 1) {
        await ann.send(`/commit ${i} ${'"long" \\words '.repeat(33)}`);
    }
    for (let i = 0; i < 120; i += 1) {
        await ann.send('/list');
    }
    await scene.settled();
    await ann.send('/export');
    const sent = await scene.tg.waitFor('sendDocument', (call) => call.executed, { chat_id: ann.id });
    await scene.settled();
    assert.ok(sent.params.document.bytes > 300_000, `${sent.params.document.bytes}`);
    const data = JSON.parse(sent.params.document.content);
    await assertComplete(scene, data);
    assert.deepEqual(data.identities.map(({ kind }) => kind), ['telegram', 'webchat']);
    const now = arrived(await exported(scene, `telegram:${ann.id}`));
    assert.deepEqual(arrived(data), now);
    assert.deepEqual(arrived(await web.call('/chat/export')), now);
});
