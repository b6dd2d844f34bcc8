// A small HTTP server on 127.0.0.1 that keeps what it is sent and answers as it is told: the
// receiving end of webhooks in tests. It waits for the next request instead of sleeping.
import http from 'node:http';

const DEADLINE_MS = 30_000;

export class Receiver {
    static async start() {
        const receiver = new Receiver();
        receiver.requests = []; // all so far: {method, path, headers, body, json}
        receiver.taken = 0; // how many of them next() gave out
        receiver.waiting = [];
        receiver.answers = [];
        receiver.server = http.createServer((request, response) => receiver.#take(request, response));
        await new Promise((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
        receiver.url = `http://127.0.0.1:${receiver.server.address().port}`;
        return receiver;
    }

    /** The answers of the next requests, in order: {status, headers, body}, or a function that
     *  gets (kept request, response) and may keep the response for later. Then 200 again. */
    answer(...answers) {
        this.answers.push(...answers);
    }

    #take(request, response) {
        const pieces = [];
        request.on('data', (piece) => pieces.push(piece));
        request.on('end', () => {
            const body = Buffer.concat(pieces).toString();
            const kept = { method: request.method, path: request.url, headers: request.headers, body };
            try {
                kept.json = JSON.parse(body);
            } catch {
                kept.json = undefined;
            }
            const answer = this.answers.shift() ?? { status: 200 };
            if (typeof answer === 'function') {
                answer(kept, response);
            } else {
                const text = typeof answer.body === 'object' ? JSON.stringify(answer.body) : answer.body;
                response.writeHead(answer.status ?? 200, answer.headers);
                response.end(text);
            }
            this.requests.push(kept);
            this.waiting.splice(0).forEach((wake) => wake());
        });
    }

    /** The next request not given out yet. */
    async next(timeout_ms = DEADLINE_MS) {
        const deadline = Date.now() + timeout_ms;
        while (this.taken >= this.requests.length) {
            const left_ms = deadline - Date.now();
            if (left_ms <= 0) {
                throw new Error(`no further request within ${timeout_ms} ms, ${this.taken} so far`);
            }
            await new Promise((resolve) => {
                const timer = setTimeout(resolve, left_ms);
                this.waiting.push(() => {
                    clearTimeout(timer);
                    resolve();
                });
            });
        }
        return this.requests[this.taken++];
    }

    stop() {
        this.server.closeAllConnections();
        return new Promise((resolve) => this.server.close(resolve));
    }
}
