// Lighthouse over the pages: accessibility and best practices at least 95 of 100, and nothing that jumps about while
// figures come. How fast they are is told, not judged: that depends on what else the machine does.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import lighthouse, { desktopConfig } from 'lighthouse';
import { launch } from '../lib/browser.mjs';
import { KEYS, PATH } from '../lib/dashboard.mjs';
import { Installation } from '../lib/nudge.mjs';

const LEAST = 95;
const MOST_SHIFT = 0.1; // what Google's Web Vitals call good
const PAGES = ['/chat', ...['', 'onboarding', 'retention', 'behaviour', 'journeys/superior_onboarding', 'messages', 'people',
    'feedback', 'rollout', 'experiments', 'alerts', 'system'].map((page) => `${PATH}#/${page}`)];
let browser;
let home;
let folder;
let port;
let cookie;

before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nudge-lighthouse-'));
    browser = await launch({ folder });
    port = Number((await readFile(join(folder, 'DevToolsActivePort'), 'utf8')).split('\n')[0]);
    home = await Installation.make({ env: KEYS });
    const lived = await home.run({ deadlineMs: 300_000 }, 'simulate', '--into', `sqlite:${home.database}`, '--users', '500', '--share', '50');
    assert.equal(lived.code, 0, lived.stderr);
    await home.serve();
    const answer = await fetch(`${home.url}/api/session`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ key: KEYS.ADMIN_API_KEY }),
    });
    assert.equal(answer.status, 200);
    [cookie] = answer.headers.get('set-cookie').split(';');
});
after(async () => {
    await browser.close();
    await home.remove();
    await rm(folder, { recursive: true });
});

for (const path of PAGES) {
    test(`Lighthouse has little to say about ${path}`, async (t) => {
        const { lhr } = await lighthouse(home.url + path, {
            port, logLevel: 'error', extraHeaders: { Cookie: cookie },
            onlyCategories: ['accessibility', 'best-practices', 'performance'],
        }, desktopConfig);
        assert.equal(lhr.runtimeError, undefined);
        const failed = (category) => lhr.categories[category].auditRefs
            .filter(({ id, weight }) => weight > 0 && lhr.audits[id].score !== null && lhr.audits[id].score < 1).map(({ id }) => id);
        for (const category of ['accessibility', 'best-practices']) {
            const score = lhr.categories[category].score * 100;
            assert.ok(score >= LEAST, `${category}: ${score}; ${failed(category).join(', ')}`);
        }
        const shift = lhr.audits['cumulative-layout-shift'].numericValue;
        assert.ok(shift <= MOST_SHIFT, `moved by ${shift}`);
        t.diagnostic(`performance ${Math.round(lhr.categories.performance.score * 100)}, shift ${shift.toFixed(3)}, ` +
            `painted after ${Math.round(lhr.audits['largest-contentful-paint'].numericValue)} ms`);
    });
}
