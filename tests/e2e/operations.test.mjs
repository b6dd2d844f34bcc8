// What operators do and what happens to servers: broadcasts, the switch, backups, wrong settings, a
// second server, the end of one, a locked database, a full disk.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { nudgePath } from '../lib/nudge.mjs';
import { Scene } from '../lib/scene.mjs';

const shell = promisify(execFile);
const CHECK_IN = /How is it going with/;

describe('broadcast', () => {
    test('preview, a test, then to everyone who may be written to', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular({ first_name: 'Ann' });
        const bob = await scene.regular({ first_name: 'Bob', language_code: 'de' });
        const cem = await scene.regular({ first_name: 'Cem' });
        await cem.send('/stop');
        await cem.receive(/I will not write/);
        await scene.settled();
        const texts = ['--text', 'We are **back**, {{first_name|friend}}.', '--text-de', 'Wir sind **zurück**, {{first_name|du}}.'];
        const preview = await scene.home.run('broadcast', ...texts);
        assert.match(preview.stdout, /would go to \d people; add --send/);
        await scene.settled();
        assert.deepEqual((await scene.deliveries(ann)).filter((row) => row.kind === 'broadcast'), []);

        const tried = await scene.home.run('broadcast', ...texts, '--test', `telegram:${ann.id}`);
        assert.equal(tried.code, 0, tried.stderr);
        await ann.receive(/We are back, Ann\./);
        await scene.settled();
        assert.deepEqual((await bob.sent()).filter((message) => /zurück/.test(message.text)), []);

        const sent = await scene.home.json('broadcast', ...texts, '--send');
        assert.ok(sent.recipients >= 2, JSON.stringify(sent));
        await bob.receive(/Wir sind zurück, Bob\./);
        await scene.home.until('its end', async () => (await scene.home.sql('select state from broadcasts')).every((row) => row.state === 3));
        await scene.settled();
        assert.deepEqual((await cem.sent()).filter((message) => /back/.test(message.text)), []);
    });

    test('to a part, later, and slowly', async (t) => {
        const scene = await Scene.open(t);
        const people = [];
        for (let i = 0; i < 4; i++) {
            people.push(await scene.regular());
        }
        const newcomer = await scene.newcomer();
        const at = new Date(scene.home.now + 3_600_000).toISOString();
        const filter = 'commitments_completed > 0';
        await scene.home.json('broadcast', '--text', 'hello', '--filter', filter, '--at', at, '--per-second', '1', '--send');
        const count = async () => {
            const [row] = await scene.home.sql('select count(*) as n from deliveries where kind = 8');
            return row.n;
        };
        await scene.settled();
        assert.equal(await count(), 0);
        await scene.later('1h');
        await scene.home.until('the first', async () => (await count()) > 0);
        let seconds = 0;
        while ((await count()) < 4 && seconds < 60) {
            await scene.later('1s');
            seconds++;
        }
        assert.ok(seconds >= 2, `4 messages in ${seconds} s`);
        for (const person of people) {
            await person.receive(/hello/);
        }
        assert.deepEqual((await newcomer.sent()).filter((message) => /hello/.test(message.text)), []);
    });

    test('mistakes are named', async (t) => {
        const scene = await Scene.open(t);
        const cases = [
            [[], /--text is missing/],
            [['--text', 'x', '--filter', 'shoe_size > 3'], /shoe_size/],
            [['--text', 'hi {{nobody}}'], /no fact "nobody"/],
            [['--text', 'x', '--at', 'tomorrow'], /--at takes an instant/],
            [['--text', 'x', '--per-second', '0'], /--per-second/],
            [['--text', 'x', '--test', 'carrier-pigeon:7'], /names no person/],
        ];
        for (const [args, pattern] of cases) {
            const result = await scene.home.run('broadcast', ...args);
            assert.notEqual(result.code, 0, args.join(' '));
            assert.match(result.stderr, pattern);
        }
    });
});

describe('sending', () => {
    test('off holds all but replies; on lets go', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await ann.send('/commit read');
        await ann.receive(/Noted/);
        const off = await scene.home.run('sending', 'off');
        assert.match(off.stdout, /sending is now off \(was on\)/);
        assert.match((await scene.home.run('sending')).stdout, /sending is off/);
        await scene.later('2h');
        const [held] = (await scene.deliveries(ann)).slice(-1);
        assert.deepEqual([held.class, held.state, held.reason], ['followup', 'scheduled', 'sending_off']);
        await ann.send('/list');
        await ann.receive(/One open commitment/);
        await scene.home.json('sending', 'on');
        await ann.receive(CHECK_IN);
        await scene.settled();
    });

    test('dry-run decides and records, and nothing goes out', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.newcomer();
        await scene.home.json('sending', 'dry-run');
        const mark = await scene.tg.mark();
        await ann.send('/commit read');
        await scene.settled();
        await scene.later('2h');
        assert.deepEqual(await scene.texts(ann, mark), []);
        const rows = (await scene.deliveries(ann)).slice(1);
        assert.ok(rows.length >= 2);
        assert.ok(rows.every((row) => row.state === 'suppressed' && row.reason === 'dry_run'), JSON.stringify(rows));
        assert.equal((await scene.commitments(ann)).length, 1);
    });

    test('the setting of the process can only be stricter', async (t) => {
        const scene = await Scene.open(t, { env: { SENDING: 'dry-run' } });
        await scene.home.json('sending', 'on');
        const ann = scene.person();
        await ann.send('/start');
        await scene.home.until('the step', async () => (await scene.deliveries(ann)).some((row) => row.reason === 'dry_run'));
        assert.deepEqual(await ann.sent(), []);
    });

    test('an allow-list writes to those alone', async (t) => {
        const scene = await Scene.open(t, { env: { RECIPIENT_ALLOW_LIST: 'telegram:1000001, webchat:*' } });
        const ann = await scene.newcomer();
        assert.equal(ann.id, 1000001);
        const bob = scene.person();
        await bob.send('/start');
        await scene.home.until('the step', async () => (await scene.deliveries(bob)).some((row) => row.state === 'suppressed'));
        assert.match((await scene.deliveries(bob))[0].reason, /allow/);
        assert.deepEqual(await bob.sent(), []);
    });
});

describe('a server', () => {
    test('is copied while it serves', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        const copy = join(scene.home.folder, 'copy.db');
        const writing = (async () => {
            for (let i = 0; i < 30; i++) {
                await ann.send(`/commit thing ${i}`);
            }
        })();
        const result = await scene.home.json('backup', copy);
        assert.ok(result.bytes > 0);
        await writing;
        await scene.settled();
        const doctor = await scene.home.run('doctor', '--database', `sqlite:${copy}`);
        assert.equal(doctor.code, 0, doctor.stdout + doctor.stderr);
        const again = await scene.home.run('backup', copy);
        assert.notEqual(again.code, 0);
        assert.match(again.stderr, /exists/);
        const nowhere = await scene.home.run('backup', '/nonexistent/copy.db');
        assert.notEqual(nowhere.code, 0);
        assert.match(nowhere.stderr, /\/nonexistent/);
        const { stdout } = await shell('sqlite3', [copy, 'pragma integrity_check']);
        assert.equal(stdout.trim(), 'ok');
    });

    test('is the only one on its database', async (t) => {
        const scene = await Scene.open(t);
        const second = await scene.home.run('serve', '--listen', '127.0.0.1:0');
        assert.equal(second.code, 1);
        assert.match(second.stderr, new RegExp(`pid ${scene.home.server.pid}|${scene.home.server.pid}`));
        await scene.newcomer(); // the first lives on
    });

    test('killed and started again at once, it goes on, and nothing is lost', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await scene.home.stop('SIGKILL');
        await ann.send('/commit after the crash');
        await scene.home.serve();
        await ann.receive(/Noted: after the crash/);
        await scene.settled();
    });

    test('ends cleanly while messages are under way', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await scene.tg.fault({ kind: 'delay', method: 'sendMessage', delay_ms: 700 });
        const mark = await scene.tg.mark();
        await ann.send('/list');
        await scene.home.until('the attempt', async () => (await scene.deliveries(ann)).at(-1).state === 'sending');
        assert.equal(await scene.home.stop(), 0);
        const [row] = (await scene.deliveries(ann)).slice(-1);
        assert.deepEqual([row.state, row.uncertain], ['sent', 0]);
        assert.equal((await scene.texts(ann, mark)).length, 1);
        const [lease] = await scene.home.sql('select until_ms from engine_lease');
        assert.equal(lease.until_ms, 0);
        await scene.home.serve();
        assert.equal(await scene.home.stop('SIGINT'), 0);
    });

    test('leaves the signal that ends it to the thread that waits for it', async (t) => {
        const scene = await Scene.open(t);
        const { pid } = scene.home.server;
        const threads = readdirSync(`/proc/${pid}/task`).filter((id) => Number(id) !== pid);
        assert.ok(threads.length >= 3);
        for (const id of threads) {
            const status = readFileSync(`/proc/${pid}/task/${id}/status`, 'utf8');
            const blocked = BigInt(`0x${/SigBlk:\s*([0-9a-f]+)/.exec(status)[1]}`);
            assert.equal(blocked & (1n << 14n), 1n << 14n, `thread ${id} would be ended by SIGTERM`);
        }
    });

    test('without Telegram it serves, and says what is off', async (t) => {
        const scene = await Scene.open(t, { serve: false, share: null });
        scene.home.env.TELEGRAM_BOT_TOKEN = '';
        await scene.home.serve();
        assert.ok(scene.home.log.some((line) => /telegram is off: TELEGRAM_BOT_TOKEN is not set/.test(line)));
        assert.equal((await fetch(`${scene.home.url}/healthz`)).status, 200);
    });
});

describe('wrong settings', () => {
    const cases = [
        ['DATABASE_URL', 'mysql://here', /sqlite:PATH/],
        ['TELEGRAM_BOT_TOKEN', 'abc', /BotFather|123456:ABC/],
        ['TELEGRAM_API_URL', 'ftp://x', /https?:/],
        ['PORT', '99999', /65535/],
        ['DEFAULT_TIME_ZONE', 'Mars/Base', /Europe\/Berlin|zone/],
        ['QUIET_HOURS', '25:00-08:00', /22:00-08:00/],
        ['NUDGE_PER_DAY', 'many', /number/],
        ['NUDGE_MIN_GAP', '4 parsecs', /4h|duration/],
        ['ADMIN_CHAT_IDS', 'me', /chat/],
        ['SENDING', 'maybe', /dry-run/],
        ['TELEGRAM_WEBHOOK_SECRET', 'with spaces!', /A-Z|letters/],
        ['LOG_LEVEL', 'loud', /debug/],
        ['RECIPIENT_ALLOW_LIST', 'everyone', /telegram:/],
    ];
    test('are refused in one line that names the setting and what it takes', async (t) => {
        const scene = await Scene.open(t, { serve: false });
        for (const [name, value, pattern] of cases) {
            scene.home.env = { ...scene.home.env, [name]: value };
            const result = await scene.home.run('serve', '--listen', '127.0.0.1:0');
            const before = { ...scene.home.env };
            assert.notEqual(result.code, 0, name);
            const lines = result.stderr.trim().split('\n');
            assert.equal(lines.length, 1, `${name}: ${result.stderr}`);
            assert.match(lines[0], new RegExp(name));
            assert.match(lines[0], pattern, name);
            if (/TOKEN|SECRET/.test(name)) {
                assert.ok(!lines[0].includes(value), 'the secret is printed');
            }
            delete before[name];
            scene.home.env = { ...before, DATABASE_URL: `sqlite:${scene.home.database}`, ...scene.tg.env() };
        }
    });

    test('no DATABASE_URL, a folder that is not there, journeys with mistakes', async (t) => {
        const scene = await Scene.open(t, { serve: false });
        const env = scene.home.env;
        scene.home.env = { ...env, DATABASE_URL: '' };
        const none = await scene.home.run('serve', '--listen', '127.0.0.1:0');
        assert.notEqual(none.code, 0);
        assert.match(none.stderr, /DATABASE_URL.*sqlite:/);
        scene.home.env = { ...env, DATABASE_URL: 'sqlite:/nonexistent/place/x.db' };
        const nowhere = await scene.home.run('serve', '--listen', '127.0.0.1:0');
        assert.notEqual(nowhere.code, 0);
        assert.match(nowhere.stderr, /\/nonexistent\/place/);
        scene.home.env = { ...env, JOURNEYS_DIR: '/nonexistent/journeys' };
        const journeys = await scene.home.run('serve', '--listen', '127.0.0.1:0');
        assert.notEqual(journeys.code, 0);
        assert.match(journeys.stderr, /\/nonexistent\/journeys/);
        scene.home.env = env;
        const unknown = await scene.home.run('dance');
        assert.equal(unknown.code, 2);
        assert.match(unknown.stderr, /no command "dance"/);
    });

    test('settings may stand in .env, and the environment goes before it', async (t) => {
        const scene = await Scene.open(t, { serve: false });
        writeFileSync(join(scene.home.folder, '.env'), 'QUIET_HOURS=23:00-07:00\nNUDGE_PER_DAY="lots"\n');
        const wrong = await scene.home.run('serve', '--listen', '127.0.0.1:0');
        assert.match(wrong.stderr, /NUDGE_PER_DAY/);
        scene.home.env.NUDGE_PER_DAY = '2';
        await scene.home.serve();
        assert.ok(existsSync(scene.home.database));
        const ann = await scene.newcomer();
        await ann.send('/settings');
        await ann.receive(/Quiet hours: 23:00 to 0?7:00/);
    });
});

describe('the store', () => {
    test('locked by another program: commands say so, the server waits', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        const other = spawn('sqlite3', [scene.home.database], { stdio: ['pipe', 'pipe', 'inherit'] });
        t.after(() => other.kill());
        const ended = new Promise((resolve) => other.on('exit', resolve));
        const locked = new Promise((resolve) => other.stdout.once('data', resolve));
        other.stdin.write("begin immediate; select 'locked';\n");
        await locked;
        const result = await scene.home.run('rollout', 'set', 'superior_onboarding', '50');
        assert.notEqual(result.code, 0);
        assert.match(result.stderr, /another process is writing to the database/);
        await ann.send('/streaks');
        other.stdin.end('rollback;\n');
        await ended;
        await ann.receive(/One day so far/);
        await scene.settled();
    });

    test('a disk that is full: nothing is lost, and it goes on when there is room', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        const pid = scene.home.server.pid;
        await shell('prlimit', ['--pid', String(pid), '--fsize=8192:']);
        const count = 60;
        for (let i = 0; i < count; i++) {
            await ann.send(`/commit ${'long '.repeat(30)}${i}`);
        }
        await scene.home.until('the failure', () => scene.home.log.some((line) => /batch failed/.test(line)));
        assert.equal(scene.home.server.exitCode ?? scene.home.server.signalCode, null);
        assert.ok((await scene.tg.pendingUpdates()).length > 0);
        const health = await fetch(`${scene.home.url}/readyz`);
        assert.equal(health.status, 503);
        await shell('prlimit', ['--pid', String(pid), '--fsize=unlimited:']);
        await scene.settled();
        assert.equal((await scene.events(ann, 'command_used')).filter((event) => event.data.command === 'commit').length, count + 1);
        assert.equal((await fetch(`${scene.home.url}/readyz`)).status, 200);
    });

    test('a server with a full disk can be ended, and the next one goes on', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await shell('prlimit', ['--pid', String(scene.home.server.pid), '--fsize=8192:']);
        await ann.send('/commit not lost');
        await scene.home.until('the failure', () => scene.home.log.some((line) => /batch failed/.test(line)));
        assert.equal(await scene.home.stop(), 0, scene.home.log.join('\n'));
        await scene.home.serve();
        await ann.receive(/Noted: not lost/);
        await scene.settled();
    });

    test('a file that is no database, and one of a later version', async (t) => {
        const scene = await Scene.open(t, { serve: false });
        const path = join(scene.home.folder, 'other.db');
        writeFileSync(path, 'this is no database at all, but long enough to look at'.repeat(100));
        scene.home.env.DATABASE_URL = `sqlite:${path}`;
        const result = await scene.home.run('serve', '--listen', '127.0.0.1:0');
        assert.notEqual(result.code, 0);
        assert.match(result.stderr, /not a database/);
        assert.ok(nudgePath().length > 0);
    });
});
