// The terminal: every command explains itself with examples, refuses what it does not know (status 2),
// names a missing setting in one line (status 3), and prints one JSON document with --json.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Installation } from '../lib/nudge.mjs';
import { FakeTelegram } from '../lib/telegram.mjs';

let tg;
let home;
let person;

before(async () => {
    tg = await FakeTelegram.start();
    home = await Installation.make({ env: { ...tg.env(), TELEGRAM_PACING: 'off', ADMIN_TIME_ZONE: 'Asia/Tokyo' } });
    const loaded = await home.run('demo', '--no-serve');
    assert.equal(loaded.code, 0, loaded.stderr);
    [{ id: person }] = await home.sql('select cast(id as text) as id from users order by commitments_total desc');
});

after(async () => {
    await home.remove();
    await tg.stop();
});

/** The commands that `nudge --help` lists. */
async function commands() {
    const { stdout } = await home.run('--help');
    return stdout.split('Commands:\n')[1].split('\n\n')[0].split('\n')
        .map((line) => line.trim().split(/\s+/)[0]).filter(Boolean);
}

test('every command has a help with examples, and refuses unknown options', async () => {
    const names = await commands();
    assert.ok(names.length >= 15, names.join(' '));
    for (const name of names) {
        const help = await home.run(name, '--help');
        assert.equal(help.code, 0, name);
        assert.match(help.stdout, /^Usage: nudge /, name);
        assert.match(help.stdout, new RegExp(`Examples:[\\s\\S]*nudge ${name}`), name);
        assert.match(help.stdout, /--json/, name);
        const refused = await home.run(name, '--no-such-option');
        assert.equal(refused.code, 2, `${name}: ${refused.stderr}`);
        assert.match(refused.stderr, /unrecognized option/, name);
        assert.equal(refused.stdout, '', name);
    }
    assert.equal((await home.run('frobnicate')).code, 2);
    assert.equal((await home.run()).code, 2);
});

const WRONG = [
    ['users'], ['users', 'frob'], ['users', 'show'], ['users', 'show', 'nobody'], ['users', 'erase', '1'],
    ['users', 'pause'], ['users', 'resume'], ['users', 'stop', '1', '2'],
    ['deliveries'], ['deliveries', 'list', '--state', 'flown'], ['deliveries', 'forecast', 'x'], ['deliveries', 'retry'],
    ['rollout', 'set'], ['rollout', 'set', 'superior_onboarding', '101'], ['rollout', 'stage', 'moon', 'open'],
    ['rollback', 'everything'], ['rollback', 'all', '--drill'], ['preflight', 'x'], ['preflight', 'confirm', 'moon', '--by', 'Anna'],
    ['preflight', 'confirm', 'team-briefed'], ['sending', 'maybe'], ['journeys', 'frob'], ['email'], ['email', 'preview', 'superior_onboarding'], ['onboarding'],
    ['onboarding', 'trigger'], ['broadcast', 'frob'], ['backup'], ['bridge', 'frob'], ['telegram', 'frob'],
    ['nodes', 'x'], ['audit', 'x'], ['audit', '--limit', '0'], ['keys'], ['keys', 'add'], ['keys', 'add', 'A b'], ['metrics', 'x'], ['funnel'], ['paths'], ['cohorts'], ['retention', 'x'], ['doctor', 'x'], ['migrate', 'x'], ['serve', 'x'], ['demo', 'x'],
];

test('wrong words are a usage mistake, whatever the store', async () => {
    for (const words of WRONG) {
        const refused = await home.run(...words);
        assert.equal(refused.code, 2, `${words.join(' ')}: ${refused.stderr}`);
        assert.match(refused.stderr, /^nudge/, words.join(' '));
        assert.equal(refused.stdout, '', words.join(' '));
    }
});

const NEEDS_STORE = [
    ['serve'], ['migrate'], ['metrics'], ['onboarding', 'trigger', 'telegram:1'], ['deliveries', 'list'],
    ['broadcast', 'list'], ['sending'], ['rollout', 'status'], ['rollback'], ['rollback', '--drill'], ['users', 'list'],
    ['audit'], ['nodes'], ['keys', 'list'], ['keys', 'remove', 'anna'], ['backup', 'copy.db'], ['doctor'],
];

describe('a missing setting is named in one line', () => {
    const without = async (setting, words) => {
        const { [setting]: _, ...env } = home.env;
        const other = Object.assign(Object.create(Object.getPrototypeOf(home)), home, { env });
        return other.run(...words);
    };
    for (const words of NEEDS_STORE) {
        test(words.join(' '), async () => {
            const failed = await without('DATABASE_URL', words);
            assert.equal(failed.code, 3, failed.stderr);
            assert.match(failed.stderr, /^nudge: DATABASE_URL .*sqlite:.*\n$/);
            assert.equal(failed.stdout, '');
        });
    }
    for (const what of ['set', 'info', 'delete']) {
        test(`telegram webhook ${what}`, async () => {
            const words = ['telegram', 'webhook', what, ...(what === 'set' ? ['https://bot.example.org/webhook'] : [])];
            const failed = await without('TELEGRAM_BOT_TOKEN', words);
            assert.equal(failed.code, 3, failed.stderr);
            assert.match(failed.stderr, /^nudge: .*TELEGRAM_BOT_TOKEN.*\n$/);
        });
    }
});

describe('--json prints one document', () => {
    const cases = [
        () => ['migrate'], () => ['migrate', '--check'], () => ['journeys'], () => ['journeys', 'validate'],
        () => ['journeys', 'show', 'inactive_rescue'], () => ['journeys', 'graph', 'inactive_rescue'],
        () => ['journeys', 'facts'], () => ['email', 'preview', 'superior_onboarding', '1'], () => ['metrics'], () => ['funnel', 'any'], () => ['retention'], () => ['paths', 'any'], () => ['cohorts', 'power'], () => ['deliveries', 'list'], () => ['deliveries', 'forecast'], () => ['deliveries', 'process'],
        () => ['deliveries', 'retry', '--all'], () => ['broadcast', '--text', 'Hello'], () => ['broadcast', 'list'],
        () => ['keys', 'add', 'anna'], () => ['keys', 'list'], () => ['keys', 'remove', 'anna'],
        () => ['audit'], () => ['nodes'], () => ['sending'], () => ['sending', 'dry-run'], () => ['sending', 'on'], () => ['rollout', 'status'],
        () => ['rollout', 'set', 'superior_onboarding', '25'], () => ['rollout', 'stage', 'existing_rescue', 'close'],
        () => ['rollback', '--drill'], () => ['preflight', 'confirm', 'team-briefed', '--by', 'Anna'], () => ['rollback', 'entries'], () => ['users', 'list'], () => ['users', 'show', person],
        () => ['users', 'export', person],
        () => ['users', 'pause', person, '3'], () => ['users', 'stop', person], () => ['users', 'resume', person], () => ['onboarding', 'test', 'telegram:1001'],
        () => ['telegram', 'webhook', 'info'], () => ['telegram', 'webhook', 'delete'],
        () => ['backup', `${home.folder}/copy.db`], () => ['doctor'],
    ];
    for (const words of cases) {
        test(words.toString().replace(/^\(\) => /, ''), async () => {
            const result = await home.run(...words(), '--json');
            assert.equal(result.code, 0, result.stderr);
            JSON.parse(result.stdout);
        });
    }
    test('errors too, on standard error', async () => {
        const failed = await home.run('users', 'show', 'telegram:999', '--json');
        assert.equal(failed.code, 1);
        assert.match(JSON.parse(failed.stderr).detail, /telegram:999/);
        assert.equal(failed.stdout, '');
    });
});

test('a person is shown in words, with the operators\' time', async () => {
    const shown = await home.json('users', 'show', person);
    assert.equal(shown.journey_set, 'original');
    assert.ok(shown.commitments.every(({ state }) => ['active', 'completed', 'missed', 'dropped'].includes(state)));
    const { stdout } = await home.run('users', 'show', person);
    const last = Math.max(...shown.commitments.map(({ created_at_ms }) => created_at_ms));
    const local = new Date(last + 9 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
    assert.ok(stdout.includes(local), local);
    assert.match(stdout, /^commitment +state +made/m);
    assert.match(stdout, /^times in Asia\/Tokyo$/m);
    await home.run('onboarding', 'test', 'telegram:1002');
    const [run] = (await home.json('users', 'show', 'telegram:1002')).runs;
    assert.equal(run.outcome, 'active');
    assert.ok(run.step >= 1 && typeof run.phase === 'string');
    assert.match((await home.run('users', 'show', 'telegram:1002')).stdout, /^run +journey +outcome +phase/m);
    assert.match((await home.run('deliveries', 'list')).stdout, /times in Asia\/Tokyo/);
});

test('what is not there is a no (status 1)', async () => {
    assert.equal((await home.run('users', 'show', '42')).code, 1);
    assert.equal((await home.run('deliveries', 'retry', '42')).code, 1);
    assert.equal((await home.run('journeys', 'show', 'nowhere')).code, 1);
});
