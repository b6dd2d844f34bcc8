// The way between a program and the PostgreSQL of a test, to be cut: a socket in a folder of its own, of which all
// bytes go on to the server's. Connections end in the middle of whatever they carry, as on a network that fails.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOCKET = '.s.PGSQL.5432';

export class Wire {
    #pairs = new Set();
    #lost;
    #silent = false;

    /** `server`: the folder of the server's socket. Nothing listens before `open`. */
    constructor(server) {
        this.server = server;
        this.folder = mkdtempSync(join(tmpdir(), 'nudge-wire-'));
    }

    async open() {
        this.listener = net.createServer({ allowHalfOpen: false }, (client) => this.#carry(client));
        this.listener.listen(join(this.folder, SOCKET));
        await once(this.listener, 'listening');
    }

    #carry(client) {
        const server = net.connect(join(this.server, SOCKET));
        const sides = [client, server];
        const pair = {
            end: () => sides.forEach((side) => side.destroy()),
            be: (silent) => sides.forEach((side) => (silent ? side.pause() : side.resume())),
        };
        this.#pairs.add(pair);
        client.on('data', (bytes) => server.write(bytes));
        server.on('data', (bytes) => {
            if (this.#lost) {
                pair.end();
                this.#lost();
                this.#lost = undefined;
            } else {
                client.write(bytes);
            }
        });
        for (const side of sides) {
            side.on('error', pair.end);
            side.on('close', () => {
                pair.end();
                this.#pairs.delete(pair);
            });
        }
        pair.be(this.#silent);
    }

    /** Nothing arrives any more, and neither end is told; what was on its way arrives when it is over. */
    be(silent) {
        this.#silent = silent;
        this.#pairs.forEach((pair) => pair.be(silent));
    }

    /** Ends every connection; new ones may be made at once. */
    cut() {
        this.#pairs.forEach((pair) => pair.end());
    }

    get connections() {
        return this.#pairs.size;
    }

    /** What is asked next still reaches the server, and its answer nobody: whether it was done is not known here.
     *  The connection ends; resolves then. */
    loseAnswer() {
        return new Promise((resolve) => {
            this.#lost = resolve;
        });
    }

    /** Ends every connection and takes no new ones. */
    async close() {
        const closed = this.listener && once(this.listener, 'close');
        this.listener?.close();
        this.cut();
        this.listener = undefined;
        await closed;
    }

    async remove() {
        await this.close();
        rmSync(this.folder, { recursive: true, force: true });
    }
}
