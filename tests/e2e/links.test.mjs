// From the web chat to Telegram by a signed link: one person goes on in the other place, and two rows
// that turn out to be one person become one. Whoever opens a link is asked first: it may be a trap.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Scene } from '../lib/scene.mjs';
import { Visitor } from '../lib/visitor.mjs';

const WEB = { env: { WEBCHAT_ENABLED: 'on' } };

const QUESTION = /Was that you\?/;

const count = async (scene, what) => (await scene.home.sql(`select count(*) as n from ${what}`))[0].n;

describe('links', { concurrency: true }, () => {
    test('who started in the web chat goes on in Telegram', async (t) => {
        const scene = await Scene.open(t, WEB);
        const web = await Visitor.open(scene);
        assert.equal(await web.url(), `https://t.me/${scene.tg.username}`);
        await web.send('/start');
        await web.press(/Done/);
        assert.match(await web.heard(), /first win/i);
        const url = new URL(await web.url());
        assert.equal(url.pathname, `/${scene.tg.username}`);
        assert.match(url.searchParams.get('start'), /^l_[0-9a-z]+_[0-9a-z]+_[A-Za-z0-9_-]{22}$/);

        const ann = scene.person({ first_name: 'Ann' });
        await ann.send(url.searchParams.get('start').replace(/^/, '/start '));
        const question = await ann.receive(QUESTION);
        assert.match(question.text, /web chat that is 1 min old/);
        // Nothing has happened so far, and nobody is greeted twice.
        assert.notEqual((await scene.user(ann)).webchat_reach, 1);
        assert.equal((await scene.runs(ann)).length, 0);
        await question.tap('Yes, connect');
        await question.edited(/Here we are/);
        await scene.settled();
        const user = await scene.user(ann);
        assert.equal(await count(scene, 'users where alias_of = 0'), 1);
        assert.equal(user.channel, 1);
        assert.equal(user.telegram_address, String(ann.id));
        assert.equal(user.first_name, 'Ann');

        // The next step comes here, and is answered here.
        await scene.later('2h');
        await ann.receive(/feel today/);
        await ann.send('calm');
        await ann.receive(/Good choice: calm/);
        await scene.later('4h');
        await ann.receive(/You wanted to feel calm/);
        const [run] = await scene.runs(ann, 'superior_onboarding');
        assert.equal(run.step, 2);
        assert.equal((await scene.runs(ann)).length, 1);
        const links = await scene.events(ann, 'identity_added');
        assert.deepEqual(links.map(({ rule, data }) => [rule, data.channel]),
            [['join', undefined], ['link', 'telegram']]);
        // The page still shows what was said on it, and no secret is in the log.
        assert.ok((await web.history()).some((message) => /30 seconds/.test(message.html ?? '')));
        assert.ok(!scene.home.log.some((line) => line.includes(url.searchParams.get('start'))));
    });

    test('a link that was used, has ended or was changed does nothing', async (t) => {
        const scene = await Scene.open(t, WEB);
        const web = await Visitor.open(scene);
        await web.send('/start');
        const used = await web.start();
        const ann = await scene.regular({ first_name: 'Ann' });
        const bob = await scene.regular({ first_name: 'Bob' });
        await bob.send(used);
        const late = await bob.receive(QUESTION);
        await ann.send(used);
        await (await ann.receive(QUESTION)).tap('Yes, connect');
        await scene.settled();
        await late.tap('Yes, connect');
        await late.edited(/That link is not valid any more/);
        await bob.send(used);
        await bob.receive(/That link is not valid any more/);
        await ann.send(used);
        await ann.receive(/That link is not valid any more/);

        await scene.later('1m');
        const other = await web.start();
        assert.notEqual(other, used);
        const last = other.at(-1) === 'A' ? 'Q' : 'A';
        for (const forged of [other.slice(0, -1) + last, other.slice(0, -1), other + 'A', other.replace('l_', 'l_1')]) {
            await bob.send(forged);
            await bob.receive(/That link is not valid any more/);
        }
        await scene.later('24h');
        await bob.send(other);
        await bob.receive(/That link is not valid any more/);
        await scene.settled();
        assert.equal(await count(scene, 'users where alias_of = 0'), 2);
        assert.equal((await scene.user(bob)).first_name, 'Bob');
        assert.equal((await scene.user(bob)).webchat_reach, 0);
        assert.equal((await scene.user(bob)).source, '');

        // In the web chat a link proves nothing: whoever has a session there is a mere visitor.
        const fresh = await web.start();
        const stranger = await Visitor.open(scene);
        await stranger.send('/start');
        await stranger.send(fresh);
        assert.match(await stranger.heard(), /That link is not valid any more/);
        assert.equal(await count(scene, 'users where alias_of = 0'), 3);
    });

    test('two rows of one person become one', async (t) => {
        const scene = await Scene.open(t, WEB);
        const ann = await scene.regular({ first_name: 'Ann' });
        await ann.send('/commit call grandma');
        const noted = await ann.receive(/Noted/);
        await scene.later('1h');
        const web = await Visitor.open(scene);
        await web.send('/start');
        await web.send('/commit water the plants');
        await web.press(/Done/);
        await web.send('/commit sort the photos');
        const bob = await scene.newcomer({ first_name: 'Bob' });

        const before = await scene.home.json('metrics');
        assert.equal(before.conversion_rate_n, 3);
        await web.connect(ann);
        await scene.settled();
        const after = await scene.home.json('metrics');
        assert.equal(after.conversion_rate_n, 2);
        assert.equal(after.completion_rate_n, before.completion_rate_n);
        assert.equal(after.completed_commitments, before.completed_commitments);

        const user = await scene.user(ann);
        const ids = await scene.home.sql(`select kind, cast(user_id as text) as user_id from identities order by kind`);
        assert.deepEqual(new Set(ids.filter(({ user_id }) => user_id === user.id).map(({ kind }) => kind)),
            new Set(['telegram', 'webchat']));
        assert.deepEqual(
            (await scene.commitments(ann)).map(({ text, state }) => [text, state]),
            [['drink water', 'completed'], ['call grandma', 'active'], ['water the plants', 'completed'],
                ['sort the photos', 'active']]);
        assert.equal(user.commitments_total, 4);
        assert.equal(user.commitments_completed, 2);
        assert.equal(user.first_name, 'Ann');
        assert.equal((await scene.runs(ann)).filter(({ outcome, journey }) =>
            outcome === 'active' && journey === 'quick_execution_followup').length, 2);
        const [shell] = await scene.home.sql(
            `select is_erased, cast(alias_of as text) as alias_of, webchat_address from users where alias_of <> 0`);
        assert.deepEqual(shell, { is_erased: 1, alias_of: user.id, webchat_address: '' });
        const audits = await scene.home.sql(`select action, actor from audit_log where action = 'people_join'`);
        assert.deepEqual(audits, [{ action: 'people_join', actor: 'link' }]);

        // Old buttons of both still work, from here and from the page.
        await noted.tap('Done');
        await web.press(/Done/);
        await scene.settled();
        assert.deepEqual((await scene.commitments(ann)).map(({ state }) => state), Array(4).fill('completed'));
        assert.equal((await scene.user(bob)).commitments_total, 0);

        // Export and erasure follow.
        await ann.send('/export');
        await scene.tg.waitFor('sendDocument', (entry) => entry.executed, { chat_id: ann.id });
        const json = (await scene.home.run('users', 'export', user.id)).stdout;
        const data = JSON.parse(json);
        assert.equal(data.commitments.length, 4);
        assert.equal(data.identities.length, 2);
        assert.equal(data.aliases.length, 1);
        await ann.send('/delete');
        await (await ann.receive(/erase|delete/i)).tap(0);
        await scene.settled();
        assert.equal(await scene.user(ann), undefined);
        assert.equal(await count(scene, `commitments where user_id = ${user.id}`), 0);
        assert.equal(await count(scene, 'commitments'), 0);
        assert.equal((await scene.home.json('metrics')).conversion_rate_n, 1);
        assert.deepEqual(await web.history(), []);
    });

    test('a link that somebody else sent shows them nothing', async (t) => {
        const scene = await Scene.open(t, WEB);
        const mallory = await Visitor.open(scene);
        await mallory.send('/start');
        const trap = await mallory.start();
        const second = await (await scene.later('1m'), mallory.start());
        const ann = await scene.regular({ first_name: 'Ann' });
        await ann.send('/commit call the doctor');
        const before = await scene.user(ann);
        const heard = (await mallory.history()).length;

        await ann.send(trap);
        const question = await ann.receive(QUESTION);
        await ann.send('/commit buy the medicine'); // whoever does not answer loses nothing
        await scene.settled();
        assert.equal((await scene.user(ann)).id, before.id);
        await question.tap('Not me');
        await question.edited(/Nothing was connected/);
        await scene.settled();
        await ann.send(trap);
        await ann.receive(/That link is not valid any more/);

        // Somebody who was never here meets the same question, and is greeted when it was not them.
        const bob = scene.person({ first_name: 'Bob', language_code: 'de' });
        await bob.send(second);
        const frage = await bob.receive(/Warst du das\?/);
        await frage.tap('Das war ich nicht');
        await frage.edited(/Nichts wurde verbunden/);
        await bob.receive(/Bob/);
        await scene.settled();
        for (const person of [ann, bob]) {
            const user = await scene.user(person);
            assert.equal(user.webchat_reach, 0);
            assert.equal(user.alias_of, 0);
        }
        assert.equal((await mallory.history()).length, heard);
        assert.equal(await count(scene, `audit_log where action = 'people_join'`), 0);
        assert.equal(await count(scene, 'users where alias_of = 0'), 3);
    });
});
