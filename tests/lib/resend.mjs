// A strict Resend on 127.0.0.1: it takes only requests that the real one takes, keeps idempotency keys, and
// fails as it is told. Mails wait in inboxes, by address.
//
//   const resend = await FakeResend.start();
//   resend.fail(429, 'rate_limit_exceeded', { 'retry-after': '2' }); // the next request
//   const mail = await resend.next('ann@example.org');
import { randomUUID } from 'node:crypto';
import { Receiver } from './receiver.mjs';

const KEY = 're_test_key';
const FIELDS = ['from', 'headers', 'html', 'subject', 'tags', 'text', 'to'];
const ADDRESS = /^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/;

export class FakeResend {
    static async start() {
        const resend = new FakeResend();
        resend.receiver = await Receiver.start();
        resend.url = resend.receiver.url;
        resend.keys = new Map(); // idempotency key -> { body, id }
        resend.mails = []; // what went out, each once
        resend.refusals = []; // why a request was not taken, unless it was told to fail
        resend.faults = [];
        resend.given = new Map(); // address -> how many next() gave out
        resend.#ready();
        return resend;
    }

    env() {
        return { RESEND_API_KEY: KEY, RESEND_BASE_URL: this.url, EMAIL_FROM: 'Nudge <hello@example.org>' };
    }

    /** The next request is answered with this error; not a mail goes out. */
    fail(status, name, headers = {}) {
        this.faults.push((kept, response) => this.#answer(response, status, { statusCode: status, name, message: name }, headers));
    }

    /** The next request is taken, and its answer never arrives. */
    lose() {
        this.faults.push((kept, response) => {
            this.#take(kept);
            response.destroy();
        });
    }

    #ready() {
        this.receiver.answer((kept, response) => {
            this.#ready();
            const fault = this.faults.shift();
            if (fault) {
                fault(kept, response);
                return;
            }
            const [status, body] = this.#take(kept);
            this.#answer(response, status, body);
        });
    }

    #answer(response, status, body, headers = {}) {
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(JSON.stringify(body));
    }

    #take(kept) {
        const refuse = (status, name, message) => {
            this.refusals.push(`${status} ${name}: ${message}`);
            return [status, { statusCode: status, name, message }];
        };
        const wrong = mistake(kept);
        if (wrong) {
            return refuse(...wrong);
        }
        const key = kept.headers['idempotency-key'];
        const known = this.keys.get(key);
        if (known) {
            return known.body === kept.body
                ? [200, { id: known.id }]
                : refuse(409, 'invalid_idempotent_request', 'the same key with another body');
        }
        const id = randomUUID();
        this.keys.set(key, { body: kept.body, id });
        const { to, ...mail } = kept.json;
        this.mails.push({ ...mail, id, to: to[0], tags: Object.fromEntries(mail.tags.map(({ name, value }) => [name, value])) });
        return [200, { id }];
    }

    to(address) {
        return this.mails.filter((mail) => mail.to === address);
    }

    /** The next mail to the address that was not given out yet. */
    async next(address) {
        const at = this.given.get(address) ?? 0;
        while (this.to(address).length <= at) {
            await this.receiver.next();
        }
        this.given.set(address, at + 1);
        return this.to(address)[at];
    }

    stop() {
        return this.receiver.stop();
    }
}

/** What the real one would refuse: [status, name, message]; undefined when all is well. */
function mistake({ method, path, headers, json }) {
    if (method !== 'POST' || path !== '/emails') {
        return [405, 'method_not_allowed', `${method} ${path}`];
    }
    if (!headers['user-agent']) {
        return [403, '1010', 'no user agent'];
    }
    if (headers.authorization !== `Bearer ${KEY}`) {
        return headers.authorization ? [403, 'invalid_api_key', 'API key is invalid'] : [401, 'missing_api_key', 'Missing API key'];
    }
    if (headers['content-type'] !== 'application/json' || !json) {
        return [400, 'validation_error', 'the body is no JSON'];
    }
    const key = headers['idempotency-key'] ?? '';
    if (key.length < 1 || key.length > 256) {
        return [400, 'invalid_idempotency_key', 'the key has to have 1 to 256 characters'];
    }
    const other = Object.keys(json).find((field) => !FIELDS.includes(field));
    // Who operates it cannot unsubscribe; everybody else can by the headers.
    const toOperators = json.tags?.some(({ name, value }) => name === 'user' && value === '0');
    const missing = FIELDS.find((field) => json[field] === undefined && !(toOperators && field === 'headers'));
    if (other || missing) {
        return [422, other ? 'invalid_parameter' : 'missing_required_field', other ?? missing];
    }
    if (!Array.isArray(json.to) || json.to.length !== 1 || !ADDRESS.test(json.to[0])) {
        return [422, 'validation_error', 'Invalid `to` field.'];
    }
    if (json.tags.some(({ name, value }) => !/^[\w-]{1,256}$/.test(name) || !/^[\w-]{1,256}$/.test(value))) {
        return [422, 'validation_error', 'a tag holds other characters than letters, digits, _ and -'];
    }
    if (typeof json.subject !== 'string' || json.subject === '' || json.subject.includes('\n')) {
        return [422, 'validation_error', 'the subject'];
    }
    return undefined;
}
