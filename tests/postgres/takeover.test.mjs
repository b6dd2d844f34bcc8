// docs/operate/takeover.md, command by command in one shell, on a database of each live shape: the schema by plain
// psql, the people of the previous bot, then newcomers by a Telegram emulator and by e-mail.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import TelegramServer from 'telegram-test-api';
import { LiveDatabase } from '../lib/live.mjs';
import { Installation, nudgePath } from '../lib/nudge.mjs';
import { FakeResend } from '../lib/resend.mjs';
import { NINE } from '../lib/scene.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const PAGE = readFileSync(join(ROOT, 'docs/operate/takeover.md'), 'utf8');
const COMMANDS = [...PAGE.matchAll(/^```console\n([\s\S]*?)^```$/gm)]
    .flatMap(([, block]) => block.split('\n'))
    .filter((line) => line.startsWith('$ '))
    .map((line) => line.slice(2));
const WORDS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'];
const TOKEN = '123456789:emulated-bot-token';
const ANN = 'ann@example.org';

async function freePort() {
    const server = net.createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

// The line that keeps psql from running other commands holds a random word.
const outside = async (live) =>
    (await promisify(execFile)('pg_dump', ['--exclude-schema=nudge', live.url], { maxBuffer: 64 << 20 })).stdout
        .replace(/^\\(un)?restrict .*$/gm, '');

/** A shell that is given one line after the other; answers what each printed, and fails when it failed. */
class Shell {
    constructor(home) {
        this.process = spawn('sh', [], { cwd: home.folder, env: home.env, stdio: ['pipe', 'pipe', 'pipe'] });
        this.printed = '';
        this.errors = '';
        this.waiting = () => {};
        this.process.stdout.on('data', (data) => {
            this.printed += data;
            this.waiting();
        });
        this.process.stderr.on('data', (data) => {
            this.errors += data;
        });
        this.ended = new Promise((resolve) => this.process.on('exit', resolve));
    }

    /** Whatever still runs in it is ended first. */
    end() {
        this.process.stdin.end('kill $! 2>/dev/null; wait\n');
        return this.ended;
    }

    async run(line) {
        this.printed = '';
        this.errors = '';
        this.process.stdin.write(`${line}\necho "<done $?>"\n`);
        let done;
        await new Promise((resolve, reject) => {
            const late = setTimeout(() => reject(new Error(`no end of: ${line}\n${this.errors}`)), 60_000);
            this.waiting = () => {
                done = /<done (\d+)>\n$/.exec(this.printed);
                if (done) {
                    clearTimeout(late);
                    resolve();
                }
            };
        });
        assert.equal(done[1], '0', `${line}\n${this.printed}${this.errors}`);
        return this.printed.slice(0, done.index);
    }
}

/** An installation that has all the page asks for: settings, programs, the script. */
async function open(t, shape) {
    const live = await LiveDatabase.make();
    await live.load(shape);
    const resend = await FakeResend.start();
    const emulator = new TelegramServer({ host: '127.0.0.1', port: await freePort() });
    await emulator.start();
    const home = await Installation.make({
        now: NINE,
        env: {
            ...resend.env(), TELEGRAM_API_URL: emulator.config.apiURL, TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_PACING: 'off',
            PUBLIC_URL: 'https://nudge.example.org', PORT: String(await freePort()),
        },
    });
    home.env.DATABASE_URL = live.url;
    home.env.LIVE_DATABASE_URL = live.url;
    home.url = `http://127.0.0.1:${home.env.PORT}`;
    mkdirSync(join(home.folder, 'bin'));
    symlinkSync(nudgePath(), join(home.folder, 'bin/nudge'));
    symlinkSync(join(ROOT, 'database_migrations.sql'), join(home.folder, 'database_migrations.sql'));
    home.env.PATH = `${join(home.folder, 'bin')}:${home.env.PATH}`;
    const shell = new Shell(home);
    t.after(async () => {
        await shell.end();
        await emulator.stop();
        await resend.stop();
        await home.remove(); // asks doctor, too
        await live.remove();
    });
    return { live, resend, emulator, home, shell };
}

/** A newcomer in Telegram, from the first word to graduation. */
async function onboard({ home, emulator }) {
    const client = emulator.getClient(TOKEN, { userId: 770_000_077, chatId: 770_000_077, firstName: 'Bea' });
    let read = 0;
    const receive = (pattern) =>
        home.until(`a message ${pattern}`, () => {
            for (; read < emulator.storage.botMessages.length; read++) {
                const { message, messageId } = emulator.storage.botMessages[read];
                if (pattern.test(message.text)) {
                    read++;
                    return { ...message, messageId };
                }
            }
            return undefined;
        });
    const tap = (message, index) =>
        client.sendCallback(client.makeCallbackQuery(
            message.reply_markup.inline_keyboard.flat()[index].callback_data, { message: { message_id: message.messageId } }));
    await client.sendCommand(client.makeCommand('/start'));
    await tap(await receive(/Hi Bea, lovely to meet you/), 0);
    await receive(/first win/);
    home.advance('2h');
    await receive(/how do you want to feel/);
    await client.sendMessage(client.makeMessage('Calm'));
    await receive(/Good choice: Calm/);
    home.advance('4h');
    await tap(await receive(/five minutes or less/), 0);
    await receive(/third win/);
    home.advance('6h');
    await receive(/Last little step/);
    await client.sendMessage(client.makeMessage('stretch at 7:30'));
    await receive(/Four small steps/);
}

/** A newcomer by mail: the first step, by its button. */
async function answer_by_mail({ home, resend }) {
    const mail = await resend.next(ANN);
    assert.match(mail.text, /30 seconds/);
    const [, url] = /<a class="button" href="https:\/\/nudge\.example\.org([^"]+)">/.exec(mail.html);
    assert.equal((await fetch(home.url + url, { method: 'POST' })).status, 200);
    assert.match((await resend.next(ANN)).text, /\w/);
}

test('the page counts its commands', () => {
    assert.match(PAGE, new RegExp(`^# .* in ${WORDS[COMMANDS.length - 1]} commands\n`));
});

for (const shape of ['a', 'b', 'c']) {
    test(`a live database of shape ${shape} is taken over by the commands of the page`, async (t) => {
        const opened = await open(t, shape);
        const { live, home, shell } = opened;
        const before = await outside(live);
        const people = Number(await live.run('select count(*) from public.users'));
        const printed = {};
        let dumped = false;
        for (const command of COMMANDS) {
            if (command.startsWith('nudge onboarding trigger')) {
                await onboard(opened);
            } else if (command.startsWith('nudge users show')) {
                await answer_by_mail(opened);
            } else if (command === 'nudge bridge status') {
                assert.equal(await outside(live), before);
                dumped = true;
                await live.run(`insert into public.users (${shape === 'c' ? 'telegram_id' : 'telegram_user_id'}) values (770000078)`);
                await home.until('one who joined there meanwhile', async () =>
                    (await live.run("select count(*) from nudge.identities where kind = 'telegram' and value = '770000078'")) === '1');
            }
            printed[command.split(' ').slice(0, 3).join(' ')] = await shell.run(command);
        }
        assert.ok(dumped);
        assert.match(printed['psql -qX -v'], /delivery_analytics +\| ok/);
        assert.match(printed['nudge migrate --check'], /none pending/);
        assert.match(printed['nudge bridge plan'], new RegExp(`^shape ${shape.toUpperCase()}\n`));
        assert.match(printed['nudge bridge import'], new RegExp(`^${people} people are new here and held`));
        assert.match(printed['nudge users show'], /superior_onboarding/);
        assert.match(printed['nudge bridge status'], /followed by the server until/);
        const done = await live.run("select onboarding_version from nudge.users where first_name = 'Bea' and is_held = 0");
        assert.equal(done, 'superior_v2.0');
        assert.equal(await live.run('select count(*) from nudge.users where is_held = 1'), String(people + 1));
        const steps = await live.run("select count(*) from nudge.events where type = 'step_completed'");
        assert.equal(steps, '5'); // four in Telegram, one by mail
        const to_held = 'select count(*) from nudge.deliveries d join nudge.users u on u.id = d.user_id where u.is_held = 1';
        assert.equal(await live.run(to_held), '0');
    });
}
