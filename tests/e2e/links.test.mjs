// From the web chat to Telegram by a signed link: one person goes on in the other place, and two rows
// that turn out to be one person become one.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Scene } from '../lib/scene.mjs';
import { Visitor } from '../lib/visitor.mjs';

const WEB = { env: { WEBCHAT_ENABLED: 'on' } };

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
        await ann.send(await web.start());
        await ann.receive(/Here we are/);
        await scene.settled();
        const user = await scene.user(ann);
        assert.equal(await count(scene, 'users'), 1);
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
        assert.deepEqual(links.map(({ rule, data }) => [rule, data.channel]), [['link', 'telegram']]);
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
        await ann.send(used);
        await ann.receive(/Here we are/);
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
        await ann.send(await web.start());
        await ann.receive(/Here we are/);
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
});
