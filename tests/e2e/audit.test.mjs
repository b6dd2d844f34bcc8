// `nudge audit`: every command that changes something names who gave it and what it changed; what was refused, and
// what people do themselves, is not in it.
import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { test } from 'node:test';
import { Scene } from '../lib/scene.mjs';

const ME = `cli:${userInfo().username}`;

/** But the day's report, which a server that runs for seconds sends by itself. */
const lines = async (home) =>
    (await home.json('audit')).audit.filter(({ actor }) => actor !== 'report').map((line) => [
        line.actor, line.action, ...[line.before, line.after].map((text) => (text === '' ? null : JSON.parse(text))),
    ]);

test('who did what, from the terminal and with the server stopped', async (t) => {
    const scene = await Scene.open(t);
    const { home } = scene;
    const ann = await scene.regular({ first_name: 'Annabella' });
    const { id } = await scene.user(ann);
    const [first] = await lines(home);
    assert.deepEqual(first, [ME, 'rollout_set', { share: 0 }, { share: 100 }]);

    assert.equal((await home.run('users', 'pause', '12', '3')).code, 1); // nobody
    assert.equal((await home.run('broadcast', 'cancel', '12')).code, 1);
    assert.equal((await lines(home)).length, 1, 'what was refused is not in it');

    await home.json('sending', 'dry-run');
    await home.json('users', 'pause', id, '3');
    home.env.SUDO_USER = 'bert';
    await home.json('users', 'erase', id, '--yes');
    delete home.env.SUDO_USER;
    assert.equal(await home.stop(), 0);
    await home.json('sending', 'on'); // by an engine of its own
    assert.deepEqual((await lines(home)).reverse().slice(1), [
        [ME, 'sending', { mode: 'on' }, { mode: 'dry-run' }],
        [ME, 'input', null, { deed: 'pause', user_id: id }],
        ['cli:bert', 'input', null, { deed: 'erase', user_id: id }],
        [ME, 'sending', { mode: 'dry-run' }, { mode: 'on' }],
    ]);
    assert.equal((await home.json('audit', '--limit', '2')).audit.length, 2);
    const shown = await home.run('audit', '--limit', '1');
    assert.match(shown.stdout, /^when +who +what +before +after\n.*\n.* sending +\{"mode":"dry-run"\} +\{"mode":"on"\}/);
    assert.ok(!(await home.run('audit')).stdout.includes('Annabella'));
});
