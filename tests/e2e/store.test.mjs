// The store's own upkeep from the terminal: migrate, backup and doctor, alone and beside a server at work.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Installation } from '../lib/nudge.mjs';
import { FakeTelegram } from '../lib/telegram.mjs';

const SECRET = 'a-secret_of-the-webhook';

const start = (id, user) => ({
    update_id: id,
    message: {
        message_id: id,
        date: 1768471200,
        chat: { id: user, type: 'private', first_name: 'Ann' },
        from: { id: user, is_bot: false, first_name: 'Ann', language_code: 'en' },
        text: '/start',
    },
});

const post = (home, body) =>
    fetch(`${home.url}/telegram/webhook`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Telegram-Bot-Api-Secret-Token': SECRET },
        body: JSON.stringify(body),
    });

const count = (path, query) => Number(execFileSync('sqlite3', ['-readonly', path, query]).toString());

test('migrate creates, repeats and only looks', async () => {
    const home = await Installation.make();
    const missing = await home.run('migrate', '--check');
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /nudge migrate/);
    const first = await home.json('migrate');
    assert.equal(first.pending, 0);
    assert.ok(first.applied >= 4);
    assert.equal(first.applied_now.length, first.applied);
    const second = await home.json('migrate');
    assert.deepEqual(second.applied_now, []);
    assert.equal((await home.json('migrate', '--check')).applied, first.applied);
    assert.equal((await home.run('migrate', 'now')).code, 2);
    assert.equal(statSync(home.database).mode & 0o777, 0o600);
    await home.remove();
});

test('a file that a newer or another program wrote is left alone', async () => {
    const home = await Installation.make();
    await home.json('migrate');
    execFileSync('sqlite3', [home.database, "INSERT INTO schema_migrations VALUES ('9999_x.sql', 'x', 0)"]);
    const newer = await home.run('migrate');
    assert.equal(newer.code, 3);
    assert.match(newer.stderr, /newer than this program/);
    const foreign = join(home.folder, 'foreign.sqlite');
    execFileSync('sqlite3', [foreign, 'CREATE TABLE t (x)']);
    const other = await home.run('migrate', '--database', `sqlite:${foreign}`);
    assert.equal(other.code, 3);
    assert.match(other.stderr, /something else/);
    const text = join(home.folder, 'text.sqlite');
    writeFileSync(text, 'this is no database, but a text that is long enough to be looked at\n'.repeat(100));
    const damaged = await home.run('migrate', '--database', `sqlite:${text}`);
    assert.equal(damaged.code, 3);
    assert.match(readFileSync(text, 'utf8'), /^this is no database/);
    await home.remove({ doctor: false });
});

test('doctor says what does not agree', async () => {
    const home = await Installation.make();
    await home.json('migrate');
    assert.deepEqual((await home.json('doctor')).findings, []);
    execFileSync('sqlite3', [home.database, 'INSERT INTO due VALUES (0, 1, 512, 2, 256)']);
    const report = await home.run('doctor', '--json');
    assert.equal(report.code, 1);
    assert.deepEqual(JSON.parse(report.stdout).findings.map(({ check, id }) => ({ check, id })), [
        { check: 'due_stale', id: '512' },
    ]);
    assert.match((await home.run('doctor')).stdout, /due_stale +512/);
    await home.remove({ doctor: false });
});

test("a Supabase project's address that is not reached says which other one to take", async () => {
    const home = await Installation.make();
    const url = 'postgres://postgres@db.abcdefghijklmnopqrst.supabase.co/postgres?hostaddr=127.0.0.1&port=1';
    const refused = await home.run('metrics', '--database', url);
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /without IPv6, set DATABASE_URL to the address of the session pooler/);
    await home.remove({ doctor: false });
});

test('a server that slept longer than its lease still takes the commands of the terminal', async () => {
    const home = await Installation.make();
    await home.serve();
    await home.freeze();
    home.advance('3m');
    const command = home.run('deliveries', 'process');
    try {
        await home.until('the command waits in the inbox', () =>
            count(home.database, 'SELECT count(*) FROM inbox WHERE answered_at_ms = 0') > 0);
    } finally {
        home.server.kill('SIGCONT');
    }
    const done = await command;
    assert.equal(done.code, 0, done.stderr);
    await home.remove();
});

test('a backup beside a server at work is whole; a killed server loses nothing acknowledged', async () => {
    const tg = await FakeTelegram.start();
    const home = await Installation.make({
        env: { ...tg.env(), TELEGRAM_WEBHOOK_SECRET: SECRET, TELEGRAM_PACING: 'off' },
    });
    await home.serve();
    const second = await home.run('serve', '--listen', '127.0.0.1:0');
    assert.notEqual(second.code, 0);
    assert.match(second.stderr, new RegExp(String(home.server.pid)));

    let acknowledged = 0;
    let next = 1;
    let going = true;
    const people = async () => {
        while (going) {
            const id = next++;
            const response = await post(home, start(id, 5000 + id)).catch(() => undefined);
            acknowledged += response?.status === 200;
        }
    };
    const working = [people(), people(), people(), people()];
    await home.until('some people', () => acknowledged > 50);
    const path = join(home.folder, 'copy.sqlite');
    const before = acknowledged;
    const copy = await home.json('backup', path);
    assert.equal(copy.bytes, statSync(path).size);
    assert.ok(count(path, 'SELECT count(*) FROM users') >= before);
    assert.equal((await home.run('doctor', '--database', `sqlite:${path}`)).code, 0);
    assert.equal((await home.run('backup', path)).code, 1);
    assert.ok(!existsSync(`${path}.partial`));
    assert.equal((await home.run('doctor')).code, 0, 'doctor beside a server at work');

    home.server.kill('SIGKILL');
    await home.server.exited;
    home.server = undefined;
    going = false;
    await Promise.all(working);
    assert.ok(count(home.database, 'SELECT count(*) FROM users') >= acknowledged);
    await home.remove();
    await tg.stop();
});
