// The dashboard over many made-up people: how soon Overview is painted from a cold cache, what it transfers, how soon
// it answers a click, Lighthouse's score, how soon a rollback by mouse is seen from elsewhere, and what many who look
// at once cost the server. Prints medians; nothing passes or fails by them.
//
// usage: node bench/dashboard.mjs DATABASE [--dashboards 200] [--seconds 30] [--runs 5]
// DATABASE is a file that `nudge simulate --into` filled; it is spoilt: nothing is due in it any more.
import http from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import lighthouse, { desktopConfig } from '../tests/node_modules/lighthouse/core/index.js';
import { launch } from '../tests/lib/browser.mjs';
import * as processes from './lib/processes.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const PATH = '/admin/dashboard-enhanced';
const KEY = 'a-key-of-this-measurement-alone';
const READY_MS = 120_000;
const ROLLBACK_TRIES = 3;

const { values, positionals: [database] } = parseArgs({
    allowPositionals: true,
    options: {
        dashboards: { type: 'string', default: '200' },
        seconds: { type: 'string', default: '30' },
        runs: { type: 'string', default: '5' },
    },
});
const [dashboards, seconds, runs] = [values.dashboards, values.seconds, values.runs].map(Number);
if (!database || ![dashboards, seconds, runs].every((count) => count > 0)) {
    console.error('usage: node bench/dashboard.mjs DATABASE [--dashboards N] [--seconds N] [--runs N]');
    process.exit(2);
}

const row = (title, list, unit, digits = 0) => {
    const figures = [processes.median(list), Math.min(...list), Math.max(...list)].map((value) => value.toFixed(digits));
    console.log(`${title.padEnd(58)} ${figures[0].padStart(9)} ${unit.padEnd(4)} (${figures[1]} – ${figures[2]})`);
};

/** A server without channels but the web chat, which sends nothing. */
async function serve() {
    const port = await processes.freePort();
    const child = processes.start(join(ROOT, 'build', 'nudge'), ['serve'], {
        env: {
            DATABASE_URL: `sqlite:${database}`, PORT: String(port), ADMIN_API_KEY: KEY, LOG_LEVEL: 'warn', SENDING: 'dry-run',
            TRUSTED_PROXIES: '127.0.0.1', WEBCHAT_ENABLED: 'on', QUIET_HOURS: 'off',
        },
    });
    const url = `http://127.0.0.1:${port}`;
    await processes.until(async () => {
        try {
            return (await fetch(`${url}/readyz`)).ok;
        } catch {
            return false;
        }
    }, child, READY_MS);
    return { child, url };
}

const post = (url, path, body, headers = {}) => fetch(url + path, {
    method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Admin-Key': KEY, ...headers }, body: JSON.stringify(body),
});

async function signIn(url, address) {
    const answer = await post(url, '/api/session', { key: KEY }, { 'X-Forwarded-For': address });
    return answer.headers.get('set-cookie').split(';')[0];
}

/** A profile of its own with a session. */
async function profile(browser, url) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const [name, value] = (await signIn(url, '192.0.2.1')).split('=');
    await context.addCookies([{ name, value, url }]);
    return context;
}

/** One visit from a cold cache: first paint, all figures of the cards there, bytes, and what was asked for. */
async function visit(browser, url) {
    const context = await profile(browser, url);
    const page = await context.newPage();
    const debug = await context.newCDPSession(page);
    let bytes = 0;
    const paths = new Set();
    await debug.send('Network.enable');
    debug.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
    page.on('request', (request) => paths.add(request.url().slice(url.length)));
    await page.goto(`${url}${PATH}`);
    await page.locator('[data-figure="conversion_rate"]').getByText('%').first().waitFor();
    const { painted, shown } = await page.evaluate(() => ({
        painted: performance.getEntriesByName('first-contentful-paint')[0].startTime, shown: performance.now(),
    }));
    await page.waitForLoadState('networkidle').catch(() => {}); // the stream stays open
    const result = { painted, shown, kilobytes: bytes / 1000, paths: [...paths].filter((path) => path.startsWith('/api/') || path === '/healthz') };
    await context.close();
    return result;
}

/** From a click on each page's link until the browser painted what followed: what the Event Timing API says. */
async function clicks(browser, url) {
    const context = await profile(browser, url);
    const page = await context.newPage();
    await page.goto(`${url}${PATH}`);
    await page.locator('[data-figure="conversion_rate"]').waitFor();
    await page.evaluate(() => {
        globalThis.clicked = [];
        new PerformanceObserver((list) => {
            for (const { name, duration } of list.getEntries()) {
                if (name === 'click' || name === 'pointerup') {
                    globalThis.clicked.push(duration);
                }
            }
        }).observe({ type: 'event', durationThreshold: 16, buffered: false });
    });
    const links = page.getByRole('navigation').getByRole('link');
    const count = await links.count();
    for (let i = 0; i < count; i++) {
        await links.nth(i).click();
        await page.waitForTimeout(1500);
    }
    const longest = await page.evaluate(() => Math.max(0, ...globalThis.clicked));
    await context.close();
    return { longest, count };
}

async function score(url, folder, port) {
    const { lhr } = await lighthouse(`${url}${PATH}#/`, {
        port, logLevel: 'error', extraHeaders: { Cookie: await signIn(url, '192.0.2.2') }, onlyCategories: ['performance'],
    }, desktopConfig);
    return lhr.categories.performance.score * 100;
}

/** From the click until another browser shows it. */
async function rollback(browser, url) {
    const [actor, watcher] = [await profile(browser, url), await profile(browser, url)];
    const [acting, watching] = [await actor.newPage(), await watcher.newPage()];
    await post(url, '/api/rollout', { share: 50 });
    for (const page of [acting, watching]) {
        await page.goto(`${url}${PATH}#/rollout`);
        await page.getByText('50 % of new people get the optimized set.').waitFor();
    }
    await acting.getByRole('button', { name: /Roll back/ }).first().click();
    const confirm = acting.getByRole('dialog').getByRole('button', { name: /Roll back/ });
    await confirm.waitFor();
    const began = performance.now();
    await confirm.click();
    await watching.getByText('Rolled back: everybody new gets the original set.').waitFor();
    const took = performance.now() - began;
    await actor.close();
    await watcher.close();
    return took;
}

/** One who looks: hears that something changed and asks again for what Overview shows, at most every 5 seconds, as the
 *  page does; unchanged answers come without a body. */
class Dashboard {
    constructor(url, paths, address, cookie) {
        Object.assign(this, { url, paths, cookie, address, tags: new Map(), asked: 0, heard: 0, last: 0 });
        this.agent = new http.Agent({ keepAlive: true, maxSockets: 5 });
    }

    open() {
        return new Promise((resolve, reject) => {
            this.stream = http.get(`${this.url}/api/live`, { headers: this.#headers() }, (answer) => {
                if (answer.statusCode !== 200) {
                    reject(new Error(`/api/live answered ${answer.statusCode}`));
                    return;
                }
                answer.on('data', (piece) => String(piece).includes('changed') && this.#changed());
                answer.on('error', () => {});
                resolve();
            });
            this.stream.on('error', reject);
        });
    }

    #headers() {
        return { Cookie: this.cookie, 'X-Forwarded-For': this.address };
    }

    #changed() {
        this.heard++;
        this.timer ??= setTimeout(() => {
            this.timer = undefined;
            this.last = Date.now();
            this.paths.forEach((path) => this.#read(path));
        }, Math.max(0, this.last + 5000 - Date.now()));
    }

    #read(path) {
        const tag = this.tags.get(path);
        const headers = { ...this.#headers(), ...(tag ? { 'If-None-Match': tag } : {}) };
        http.get(this.url + path, { headers, agent: this.agent }, (answer) => {
            this.asked++;
            if (answer.headers.etag) {
                this.tags.set(path, answer.headers.etag);
            }
            answer.resume();
        }).on('error', () => {});
    }

    close() {
        clearTimeout(this.timer);
        this.stream.destroy();
        this.agent.destroy();
    }
}

async function crowd(url, child, paths) {
    const all = [];
    for (let i = 0; i < dashboards; i++) {
        const address = `198.51.100.${1 + Math.floor(i / 4)}`;
        all.push(new Dashboard(url, paths, address, await signIn(url, address)));
    }
    for (const dashboard of all) {
        await dashboard.open();
    }
    const quiet = processes.cpuSeconds(child.pid);
    await processes.pause(5000);
    const idle = (processes.cpuSeconds(child.pid) - quiet) / 5;
    const before = processes.cpuSeconds(child.pid);
    const began = Date.now();
    let updates = 0;
    while (Date.now() - began < seconds * 1000) { // one update a second: somebody does something
        await post(url, '/api/events', { channel: 'webchat', identity: `bench-${process.pid}-${updates}`, event: 'looked' });
        updates++;
        await processes.pause(began + updates * 1000 - Date.now());
    }
    const took = (Date.now() - began) / 1000;
    const core = (processes.cpuSeconds(child.pid) - before) / took;
    const asked = all.reduce((sum, one) => sum + one.asked, 0) / took;
    const heard = all.reduce((sum, one) => sum + one.heard, 0) / took / dashboards;
    all.forEach((one) => one.close());
    return { core: core * 100, idle: idle * 100, asked, heard };
}

await processes.output('sqlite3', [database, 'delete from due;']); // the made-up people live no further
const folder = await mkdtemp(join(os.tmpdir(), 'nudge-bench-'));
const { child, url } = await serve();
try {
    const browser = await launch();
    const visits = [];
    for (let i = 0; i < runs; i++) {
        visits.push(await visit(browser, url));
    }
    row('Overview, cold cache: first paint', visits.map((one) => one.painted), 'ms');
    row('Overview, cold cache: the figures are there', visits.map((one) => one.shown), 'ms');
    row('Overview, cold cache: transferred', visits.map((one) => one.kilobytes), 'kB');
    const pages = [];
    for (let i = 0; i < runs; i++) {
        pages.push(await clicks(browser, url));
    }
    row(`a click on each of ${pages[0].count} pages' links: the longest until painted`, pages.map((one) => one.longest), 'ms');
    const rollbacks = [];
    for (let i = 0; i < ROLLBACK_TRIES; i++) {
        rollbacks.push(await rollback(browser, url));
    }
    row('a rollback by mouse: seen from another browser after', rollbacks, 'ms');
    await browser.close();
    const profileOf = await launch({ folder });
    const port = Number((await readFile(join(folder, 'DevToolsActivePort'), 'utf8')).split('\n')[0]);
    const scores = [];
    for (let i = 0; i < runs; i++) {
        scores.push(await score(url, folder, port));
    }
    row('Lighthouse, performance of Overview', scores, '');
    await profileOf.close();
    const { core, idle, asked, heard } = await crowd(url, child, visits[0].paths.filter((path) => path !== '/api/live'));
    row(`${dashboards} dashboards, one update a second: the server's processor`, [core], '%', 1);
    row('  the same without updates', [idle], '%', 1);
    row('  requests a second', [asked], '', 1);
    row('  times a second that each of them is told', [heard], '', 2);
    row("the server's resident memory at the end", [processes.memory(child.pid).now_mb], 'MB');
} finally {
    await processes.stop(child);
    await rm(folder, { recursive: true, force: true });
}
