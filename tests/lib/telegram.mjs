// Drives the fake Telegram Bot API server (tests/fake) from a test.
//
//   const tg = await FakeTelegram.start();
//   const nudge = startNudge({ env: tg.env() });
//   const ann = tg.user({ first_name: 'Ann', language_code: 'en' });
//   await ann.send('/start');
//   const hello = await ann.receive(/breath/);
//   await hello.tap('Done');
//   await tg.stop();
//
// Everything waits for the event itself, by the server's log of calls; nothing sleeps. A wait that
// ends without its event throws an error that lists what came instead.
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import http from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DEADLINE_MS = 30_000;
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

let nextBotNumber = 1;

/** The path of the server: beside the program under test, else the newest build there is. */
export function fakeTelegramPath() {
    const beside = process.env.NUDGE && join(dirname(process.env.NUDGE), 'tests/fake/fake-telegram');
    if (process.env.FAKE_TELEGRAM) {
        return process.env.FAKE_TELEGRAM;
    }
    if (beside && existsSync(beside)) {
        return beside;
    }
    const built = ['build-dev', 'build-asan', 'build']
        .map((folder) => join(ROOT, folder, 'tests/fake/fake-telegram'))
        .filter((path) => existsSync(path))
        .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
    if (!built.length) {
        throw new Error('fake-telegram is not built: ninja -C build-dev tests/fake/fake-telegram');
    }
    return built[0];
}

/** Milliseconds of 1500, '90s', '15m', '9h59m' or '3d'. */
export function duration(value) {
    if (typeof value === 'number') {
        return value;
    }
    if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(value)) {
        throw new Error(`not a duration: ${value}`);
    }
    const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
    return [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
        .reduce((sum, [, count, name]) => sum + Number(count) * unit[name], 0);
}

function fits(pattern, text) {
    if (pattern === undefined) {
        return true;
    }
    return pattern instanceof RegExp ? pattern.test(text ?? '') : (text ?? '').includes(pattern);
}

/** The server's process and the connection to its control API. */
class Server {
    static async start({ keepLog = true } = {}) {
        const server = new Server();
        const args = ['--exit-with-stdin', ...(keepLog ? [] : ['--no-log'])];
        server.child = spawn(fakeTelegramPath(), args, { stdio: ['pipe', 'pipe', 'inherit'] });
        server.agent = new http.Agent({ keepAlive: true });
        server.bots = 0;
        server.url = await new Promise((resolve, reject) => {
            let out = '';
            server.child.on('error', reject);
            server.child.on('exit', (code) => reject(new Error(`fake-telegram ended with ${code}`)));
            server.child.stdout.on('data', (bytes) => {
                out += bytes;
                const match = /listening on (\S+)\n/.exec(out);
                if (match) {
                    resolve(`http://${match[1]}`);
                }
            });
        });
        return server;
    }

    async stop() {
        this.agent.destroy();
        const ended = new Promise((resolve) => this.child.once('exit', resolve));
        if (this.child.exitCode === null && this.child.signalCode === null) {
            this.child.stdin.end();
            await ended;
        }
    }

    /** One request to the server; the answer's body as text. */
    request(method, path, body) {
        const payload = body === undefined ? undefined : JSON.stringify(body);
        const headers = payload && {
            'Content-Type': 'application/json',
            'Content-Length': Buffer.byteLength(payload),
        };
        return new Promise((resolve, reject) => {
            const request = http.request(this.url + path, { method, headers, agent: this.agent });
            request.on('error', reject);
            request.on('response', (response) => {
                let text = '';
                response.setEncoding('utf8');
                response.on('data', (piece) => (text += piece));
                response.on('error', reject);
                response.on('end', () =>
                    resolve({ status: response.statusCode, headers: response.headers, text }));
            });
            request.end(payload);
        });
    }

    async control(action, args = {}) {
        const answer = await this.request('POST', `/control/${action}`, args);
        if (answer.status !== 200) {
            throw new Error(`fake-telegram ${action}: ${answer.text}`);
        }
        return JSON.parse(answer.text);
    }
}

/** One bot of the server, and the world it lives in. */
export class FakeTelegram {
    /** Starts a server of its own with one bot. Options are those of bot(). */
    static async start({ keepLog, ...options } = {}) {
        const server = await Server.start({ keepLog });
        return new FakeTelegram(server).#create(options);
    }

    constructor(server) {
        this.server = server;
        this.url = server.url;
        this.people = 0;
        this.clock = {
            /** Moves the bot's clock: long polls end, updates expire, retries fall due. */
            advance: (by) => this.control('clock', { advance_ms: duration(by) }),
            /** Stops the clock; from then on only advance() and set() move it. */
            freeze: () => this.control('clock', { frozen: true }),
            set: (ms) => this.control('clock', { set_ms: ms }),
            now: async () => (await this.state()).now_ms,
        };
    }

    async #create({ token, ...options } = {}) {
        this.server.bots += 1;
        this.token = token ?? `${7000 + nextBotNumber++}:fake-token`;
        Object.assign(this, await this.control('bot', options));
        return this;
    }

    /** Another bot in the same server, isolated from this one. Options: token, username,
     *  first_name, open (accept unknown chats), https_only, revoked, callback_answer_s. */
    bot(options) {
        return new FakeTelegram(this.server).#create(options);
    }

    /** What the program under test needs to find this bot. */
    env() {
        return { TELEGRAM_API_URL: this.url, TELEGRAM_BOT_TOKEN: this.token };
    }

    stop() {
        return this.server.stop();
    }

    control(action, args = {}) {
        return this.server.control(action, { token: this.token, ...args });
    }

    /** Calls a method as the bot would: {status, headers, ok, result, error_code, description, …}. */
    async call(method, params) {
        const path = `/bot${this.token}/${method}`;
        const answer = await this.server.request('POST', path, params ?? {});
        return { status: answer.status, headers: answer.headers, ...JSON.parse(answer.text) };
    }

    set(options) {
        return this.control('bot', options);
    }

    state() {
        return this.control('state');
    }

    /** Forgets everything but the bot and its switches. People must be made anew. */
    reset() {
        return this.control('reset');
    }

    /** A person. Known to the server from their first deed; {started: true} = wrote long ago. */
    user(facts = {}) {
        const id = facts.id ?? 1_000_001 + this.people++;
        return new Person(this, { first_name: `Person ${id}`, ...facts, id });
    }

    /** A group, supergroup (the default) or channel the bot is in. */
    async group(facts = {}) {
        return new Group(this, await this.control('group', facts));
    }

    /** The next calls meet a fault. kind: error, close, lost, malformed, delay, timeout;
     *  method, chat_id, count narrow it; code, description, retry_after, migrate_to_chat_id,
     *  delay_ms, body, execute say how. */
    fault(script) {
        return this.control('fault', script);
    }

    /** The next `count` calls are refused, by a short name or by {code, description}. */
    fail(method, failure, { chat, count } = {}) {
        const known = {
            blocked: { code: 403, description: 'Forbidden: bot was blocked by the user' },
            deactivated: { code: 403, description: 'Forbidden: user is deactivated' },
            notFound: { code: 400, description: 'Bad Request: chat not found' },
            unauthorized: { code: 401, description: 'Unauthorized' },
            server: { code: 500, description: 'Internal Server Error: restart' },
        };
        const script = typeof failure === 'string' ? known[failure] : failure;
        return this.fault({ kind: 'error', method, chat_id: chat?.id ?? chat, count, ...script });
    }

    /** The next `count` calls are told to come back after so many seconds. */
    tooMany(method, retry_after, options) {
        const description = `Too Many Requests: retry after ${retry_after}`;
        return this.fail(method, { code: 429, description, retry_after }, options);
    }

    clearFaults() {
        return this.control('faults/clear');
    }

    /** Telegram's sending limits: true for the published ones, false for none, or numbers. */
    limits(values = true) {
        const off = { per_second: 0 };
        return this.control('limits', values === true ? {} : values === false ? off : values);
    }

    /** The log from after entry `since`: {next, entries}. Filters: method, chat_id, executed. */
    log({ since = 0, wait_ms = 0, ...filter } = {}) {
        return this.control('log', { since, wait_ms, ...filter });
    }

    /** All calls so far, optionally of one method or one chat. */
    async calls(filter = {}) {
        const entries = [];
        for (let since = filter.since ?? 0; ; ) {
            const page = await this.log({ ...filter, since });
            entries.push(...page.entries);
            if (!page.entries.length || page.next === since) {
                return entries;
            }
            since = page.next;
        }
    }

    /** The number of the latest log entry, as a starting point for waitFor. */
    async mark() {
        return (await this.state()).log_last;
    }

    /** Waits for a call: by method name, and by a predicate over the log entry. */
    async waitFor(method, predicate = () => true, { since = 0, timeout_ms = DEADLINE_MS, ...filter } = {}) {
        const deadline = Date.now() + timeout_ms;
        const seen = [];
        for (;;) {
            const wait_ms = Math.max(0, deadline - Date.now());
            const page = await this.log({ since, wait_ms, method, ...filter });
            const hit = page.entries.find(predicate);
            if (hit) {
                return hit;
            }
            seen.push(...page.entries);
            since = page.next;
            if (wait_ms === 0) {
                const lines = seen.map((entry) => JSON.stringify(entry)).slice(-20);
                throw new Error(`no such ${method ?? 'call'} within ${timeout_ms} ms; seen:\n${lines.join('\n')}`);
            }
        }
    }

    /** Waits until that many messages were sent in all. */
    async sent(at_least, timeout_ms = DEADLINE_MS) {
        const { sent } = await this.control('sent', { at_least, wait_ms: timeout_ms });
        if (sent < at_least) {
            throw new Error(`${sent} messages were sent within ${timeout_ms} ms, not ${at_least}`);
        }
        return sent;
    }

    /** Updates the bot has not confirmed yet. */
    pendingUpdates() {
        return this.control('updates');
    }

    /** Any update as it stands; {update_id} may repeat an old one. */
    pushUpdate(update, { source } = {}) {
        return this.control('update', { update, source });
    }
}

/** A chat as a test sees it: what the bot said in it, in order. */
class Chat {
    #read = 0; // log number of the last message taken by receive()

    constructor(tg, id) {
        this.tg = tg;
        this.id = id;
    }

    /** Awaited before anything that needs the chat to exist. */
    async ready() {}

    /** The next message of the bot that fits (text or RegExp); those before it are passed over.
     *  Each message is received once. */
    async receive(pattern, { timeout_ms = DEADLINE_MS } = {}) {
        const deadline = Date.now() + timeout_ms;
        const passed = [];
        for (;;) {
            const wait_ms = Math.max(0, deadline - Date.now());
            const page = await this.tg.log({
                since: this.#read,
                wait_ms,
                chat_id: this.id,
                executed: true,
            });
            for (const entry of page.entries) {
                this.#read = entry.n;
                if (!/^send(?!ChatAction)/.test(entry.method)) {
                    continue;
                }
                if (fits(pattern, entry.text)) {
                    return new Message(this, entry);
                }
                passed.push(entry.text);
            }
            this.#read = Math.max(this.#read, page.next);
            if (wait_ms === 0) {
                throw new Error(
                    `chat ${this.id}: no message ${pattern ?? ''} within ${timeout_ms} ms; ` +
                        `${passed.length} others: ${JSON.stringify(passed)}`);
            }
        }
    }

    /** As receive(). */
    expect(pattern, options) {
        return this.receive(pattern, options);
    }

    /** Every message of the bot sent here so far, as Message. */
    async sent() {
        const entries = await this.tg.calls({ chat_id: this.id, executed: true });
        return entries
            .filter((entry) => /^send(?!ChatAction)/.test(entry.method))
            .map((entry) => new Message(this, entry));
    }

    /** The chat as it looks now, with edits and without what was deleted; both sides' messages. */
    async messages() {
        await this.ready();
        return (await this.tg.control('chat', { chat_id: this.id })).messages;
    }
}

/** A private chat and the person in it. */
export class Person extends Chat {
    #registered;

    constructor(tg, facts) {
        super(tg, facts.id);
        Object.assign(this, facts);
        this.facts = facts;
    }

    ready() {
        this.#registered ??= this.tg.control('user', this.facts);
        return this.#registered;
    }

    /** Changes what Telegram knows of the person: names, language_code, deactivated. */
    async change(facts) {
        await this.ready();
        Object.assign(this, facts);
        return this.tg.control('user', { id: this.id, ...facts });
    }

    /** Writes to the bot, or to a group. `extra` adds members of a Message, such as a photo. */
    async send(text, { in: group, entities, extra } = {}) {
        await this.ready();
        return this.tg.control('message', {
            user: this.id,
            chat: group?.id,
            text: text ?? undefined,
            entities,
            extra,
        });
    }

    async edit(message_id, text) {
        await this.ready();
        return this.tg.control('edit', { user: this.id, message_id, text });
    }

    /** Presses a button: its text, its index, or {data} for anything a hostile client may send.
     *  Without message_id on the latest message that has such a button. */
    async tap(button, { message_id, in: group, inaccessible } = {}) {
        await this.ready();
        const args = typeof button === 'object' ? { data: button.data } : { button };
        const press = await this.tg.control('tap', {
            user: this.id,
            chat: group?.id,
            message_id,
            inaccessible,
            ...args,
        });
        return new Press(this.tg, press);
    }

    async block() {
        await this.ready();
        return this.tg.control('block', { user: this.id });
    }

    async unblock() {
        await this.ready();
        return this.tg.control('unblock', { user: this.id });
    }
}

export class Group extends Chat {
    constructor(tg, facts) {
        super(tg, facts.id);
        this.title = facts.title;
        this.type = facts.type;
    }

    /** The bot's standing: member, administrator, left, kicked; or deleted for the whole group. */
    standing(status, by) {
        return this.tg.control('standing', { chat: this.id, status, user: by?.id });
    }

    /** A basic group becomes a supergroup; the new one is returned. */
    async migrate() {
        const { chat_id } = await this.tg.control('migrate', { chat: this.id });
        return new Group(this.tg, { id: chat_id, title: this.title, type: 'supergroup' });
    }
}

/** A message the bot sent. */
export class Message {
    constructor(chat, entry) {
        this.chat = chat;
        this.n = entry.n;
        this.at_ms = entry.at_ms;
        this.message_id = entry.message_id;
        this.text = entry.text;
        this.method = entry.method;
        this.params = entry.params;
        this.buttons = (entry.reply_markup?.inline_keyboard ?? []).flat();
    }

    /** Presses a button of this message by text, RegExp or index. */
    tap(button, { by, ...options } = {}) {
        let wanted = button;
        if (button instanceof RegExp) {
            wanted = this.buttons.findIndex((candidate) => button.test(candidate.text));
            if (wanted < 0) {
                const texts = this.buttons.map((candidate) => candidate.text);
                throw new Error(`no button ${button} on "${this.text}": ${JSON.stringify(texts)}`);
            }
        }
        const group = this.chat instanceof Group ? this.chat : undefined;
        return (by ?? this.chat).tap(wanted, { message_id: this.message_id, in: group, ...options });
    }

    /** Waits until the bot edits this message so that it fits; the entry of that call. */
    edited(pattern, { timeout_ms } = {}) {
        return this.chat.tg.waitFor(
            undefined,
            (entry) => entry.method.startsWith('edit') && entry.executed &&
                entry.message_id === this.message_id && fits(pattern, entry.text),
            { since: this.n, chat_id: this.chat.id, timeout_ms });
    }
}

/** A button press on its way to the bot. */
export class Press {
    constructor(tg, facts) {
        this.tg = tg;
        Object.assign(this, facts);
    }

    /** Waits until the bot answered the press; the entry of answerCallbackQuery. */
    answered(options) {
        return this.tg.waitFor(
            'answerCallbackQuery',
            (entry) => String(entry.params.callback_query_id) === this.callback_query_id,
            options);
    }
}
