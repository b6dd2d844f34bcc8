// The dashboard in a real browser: the six figures of the reference dataset, signing in, what a wall and a phone
// show, keyboard and screen readers, and that the page keeps to its policy.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { checkAccess, launch, WAIT } from '../lib/browser.mjs';
import { checkPage, complaints, go, KEYS, open as openAt, PATH, signIn } from '../lib/dashboard.mjs';
import { Installation } from '../lib/nudge.mjs';

const IMAGES = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs', 'images');
let browser;
let home;

before(async () => {
    browser = await launch();
    home = await Installation.make({ env: KEYS });
    const loaded = await home.run('demo', '--no-serve');
    assert.equal(loaded.code, 0, loaded.stderr);
    await home.serve();
});

after(async () => {
    await browser.close();
    await home.remove();
});

const open = ({ at = home, ...options } = {}) => openAt(browser, at, options);
const card = (page, name) => page.locator(`[data-figure="${name}"]`);

const SIX = {
    conversion_rate: ['27.8 %', '5 of 18 people', '95 %: 12.5 – 50.9', 'Target 65 %'],
    completion_rate: ['48.0 %', '36 of 75 commitments', 'Target 75 %'],
    quick_completion_rate: ['94.4 %', '34 of 36 completed'],
    avg_completion_hours: ['3.4 h', 'mean over 36'],
    inactive_rate: ['72.2 %', '13 of 18 people'],
    power_user_share: ['16.7 %', '3 of 18 people, 60.0 % of all commitments'],
};

test('the six figures of the reference dataset stand on the first page', async () => {
    const { context, page, problems, foreign } = await open({ viewport: { width: 1280, height: 900 } });
    await signIn(page);
    for (const [name, texts] of Object.entries(SIX)) {
        await card(page, name).waitFor(WAIT);
        const text = (await card(page, name).innerText()).replace(/\s+/g, ' ');
        for (const expected of texts) {
            assert.ok(text.includes(expected), `${name}: ${text}`);
        }
    }
    const row = (stage) => page.getByRole('row', { name: new RegExp(`^${stage} `) });
    await row('joined').waitFor(WAIT);
    assert.match(await row('joined').innerText(), /18\s+100\.0 %/);
    assert.match(await row('first commitment').innerText(), /5\s+27\.8 %/);
    await page.locator('.chart canvas').waitFor(WAIT);
    await page.getByText('Not begun: everybody new gets the original set.').waitFor(WAIT);
    await page.getByText('13 of 18 people never made one', { exact: false }).waitFor(WAIT);
    mkdirSync(IMAGES, { recursive: true });
    await page.screenshot({ path: process.env.UPDATE ? join(IMAGES, 'dashboard.png') : undefined, fullPage: true });
    await checkAccess(page, 'light');
    await checkAccess(page, 'dark');
    assert.deepEqual(complaints(problems), []);
    assert.deepEqual(foreign, []);
    await context.close();
});

test('the session is the browser\'s alone, and ends', async () => {
    const { context, page } = await open();
    await signIn(page);
    await card(page, 'conversion_rate').waitFor(WAIT);
    const [cookie] = await context.cookies();
    assert.equal(cookie.name, 'nudge_session');
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.sameSite, 'Strict');
    assert.ok(!cookie.value.includes(KEYS.ADMIN_API_KEY));
    await page.reload();
    await card(page, 'conversion_rate').waitFor(WAIT);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Key').waitFor(WAIT);
    assert.deepEqual(await context.cookies(), []);
    await page.reload();
    await page.getByLabel('Key').waitFor(WAIT);
    await checkAccess(page, 'light');
    await checkAccess(page, 'dark');
    await context.close();
});

test('a wrong key does not get in, many slow down; the reading key sees the same', async () => {
    const { context, page } = await open({ address: '192.0.2.7' });
    await signIn(page, 'guess');
    await page.getByText('That key is not valid.').waitFor(WAIT);
    await home.until('a refusal to look at more', async () => {
        const answer = page.waitForResponse((each) => each.url().endsWith('/api/session'));
        await signIn(page, 'another guess');
        return (await answer).status() === 429;
    });
    await page.getByText('too many wrong keys').waitFor(WAIT);
    await context.close();
    const reader = await open();
    await signIn(reader.page, KEYS.VIEWER_API_KEY);
    await card(reader.page, 'conversion_rate').waitFor(WAIT);
    await reader.page.getByText('(reads only)').waitFor(WAIT);
    await reader.context.close();
});

test('it works by keyboard alone, from a phone to a wall', async () => {
    const { context, page, problems } = await open({ viewport: { width: 360, height: 640 } });
    await page.getByLabel('Key').focus();
    await page.keyboard.type(KEYS.ADMIN_API_KEY);
    await page.keyboard.press('Enter');
    await page.locator('.chart canvas').waitFor(WAIT);
    for (const width of [360, 768, 1920, 3840]) {
        await page.setViewportSize({ width, height: 900 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `the page is ${wide} wide on ${width}`);
        const first = await card(page, 'conversion_rate').boundingBox();
        const second = await card(page, 'completion_rate').boundingBox();
        assert.equal(first.y === second.y, width > 600, `beside each other on ${width}`);
    }
    await page.keyboard.press('Tab');
    const reached = new Set();
    for (let i = 0; i < 30; i++) {
        reached.add(await page.evaluate(() => document.activeElement?.textContent));
        await page.keyboard.press('Tab');
    }
    assert.ok(reached.has('Sign out'), [...reached].join(', '));
    assert.deepEqual(complaints(problems), []);
    await context.close();
});

/** Somebody who writes in the web chat. */
async function visitor(text) {
    const headers = { 'Content-Type': 'application/json' };
    const session = await fetch(`${home.url}/chat/session`, { method: 'POST', headers, body: '{}' });
    const cookie = session.headers.get('set-cookie').split(';')[0];
    const answer = await fetch(`${home.url}/chat/messages`, {
        method: 'POST', headers: { ...headers, Cookie: cookie }, body: JSON.stringify({ id: 'm-1', text }),
    });
    assert.equal(answer.status, 200, await answer.text());
}

test('messages: what became of them', async () => {
    const { context, page, problems } = await open({ viewport: { width: 1280, height: 900 } });
    await signIn(page);
    await go(page, 'Messages');
    await page.getByText('There are no such messages.').waitFor(WAIT);
    await visitor('/start');
    const first = page.getByRole('row', { name: /webchat/ }).first();
    await home.until('a message', async () => {
        await page.getByLabel('State').selectOption('dead');
        await page.getByText('There are no such messages.').waitFor(WAIT);
        await page.getByLabel('State').selectOption('');
        await page.getByText('There are no such messages.').or(first).first().waitFor(WAIT);
        return first.isVisible();
    });
    await checkPage(page);
    await page.getByRole('button', { name: 'Try all dead and failed again' }).click();
    await page.getByText('They are tried again.').waitFor(WAIT);
    await first.getByRole('link').click();
    await page.getByRole('heading', { name: 'What happened and why' }).waitFor(WAIT);
    assert.deepEqual(complaints(problems), []);
    await context.close();
});

test('people: finding one, why they got what they got, and acting', async () => {
    const { context, page, problems } = await open({ viewport: { width: 1280, height: 900 } });
    await signIn(page);
    await go(page, 'People');
    const rows = page.getByRole('rowheader');
    await rows.first().waitFor(WAIT);
    const name = await rows.last().innerText();
    await checkPage(page);
    await page.getByLabel('Name, id, or telegram:ID').fill('nobody is called so');
    await page.keyboard.press('Enter');
    await page.getByText('Nobody is known so.').waitFor(WAIT);
    const condition = page.getByLabel('Or of whom this holds');
    await condition.fill('commitments_total >=');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByText('where, byte', { exact: false }).waitFor(WAIT);
    await condition.fill('commitments_total >= 10');
    await page.keyboard.press('Enter');
    const [{ n }] = await home.sql('SELECT count(*) AS n FROM users WHERE is_erased = 0 AND commitments_total >= 10');
    assert.ok(n > 0);
    await home.until('those people', async () => (await rows.count()) === n);
    await checkPage(page);
    await page.getByLabel('Name, id, or telegram:ID').fill(name);
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('link', { name, exact: true }).first().click();
    await page.getByRole('heading', { name, exact: true }).waitFor(WAIT);
    await page.getByText('Nothing was decided in the last 30 days.').waitFor(WAIT);
    await page.getByRole('button', { name: 'Pause for 7 days' }).click();
    await page.getByText('Paused for seven days.').waitFor(WAIT);
    await page.getByText(/Paused until 22 Jan 2026/).waitFor(WAIT);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Messages go on.').waitFor(WAIT);
    await page.reload();
    await page.locator('.timeline li').nth(1).waitFor(WAIT);
    await checkPage(page);
    assert.deepEqual(complaints(problems).filter((text) => !/status of 400/.test(text)), []);
    await context.close();
});

test('what changes shows up by itself', async () => {
    const { context, page, problems } = await open();
    await signIn(page);
    const people = page.getByRole('row', { name: /^joined / });
    await people.waitFor(WAIT);
    const count = Number((await people.innerText()).match(/\d+/)[0]);
    await visitor('hello');
    await page.getByRole('row', { name: new RegExp(`^joined ${count + 1} `) }).waitFor(WAIT);
    assert.deepEqual(complaints(problems), []);
    await context.close();
});

test('rollout: its share, and a way back that says first whom it concerns', async () => {
    const { context, page, problems } = await open({ viewport: { width: 1280, height: 900 } });
    await signIn(page);
    await go(page, 'Rollout');
    await page.getByLabel('Share of new people, %').fill('25');
    await page.getByRole('button', { name: 'Set share' }).click();
    await page.locator('.lead', { hasText: '25 % of new people' }).waitFor(WAIT);
    await page.getByRole('button', { name: 'Open the rescue of those who joined before' }).click();
    await page.getByRole('button', { name: 'Close the rescue of those who joined before' }).waitFor(WAIT);
    await checkPage(page);
    await page.getByRole('button', { name: 'Roll back …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/Everybody new gets the original set at once.*Nothing is deleted/).waitFor(WAIT);
    await checkAccess(page, 'light');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ ...WAIT, state: 'hidden' });
    assert.equal((await home.json('rollout', 'status')).rolled_back_entries, false);
    await page.getByLabel('New entries only').check();
    await page.getByRole('button', { name: 'Roll back …' }).click();
    await dialog.getByRole('button', { name: 'Roll back now' }).click();
    await page.locator('.lead', { hasText: 'New entries are rolled back' }).waitFor(WAIT);
    assert.equal((await home.json('rollout', 'status')).rolled_back_entries, true);
    assert.deepEqual(complaints(problems), []);
    await context.close();

    const reader = await open();
    await signIn(reader.page, KEYS.VIEWER_API_KEY);
    await go(reader.page, 'Rollout');
    await reader.page.locator('.lead').waitFor(WAIT);
    const buttons = await reader.page.getByRole('button').allInnerTexts();
    assert.deepEqual(buttons.filter((text) => !/^CSV/.test(text)), ['Sign out']);
    await reader.context.close();
});

test('nobody yet, waiting, and a server that fails are said in words', async () => {
    const empty = await Installation.make({ env: KEYS });
    await empty.serve();
    const { context, page } = await open({ at: empty });
    let go;
    const held = new Promise((resolve) => {
        go = resolve;
    });
    await page.route('**/api/rollout', async (route) => {
        await held;
        await route.continue();
    });
    await page.route('**/api/funnel', (route) =>
        route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"detail":"the disk is gone"}' }));
    await signIn(page);
    await page.getByText('Nobody has joined yet.', { exact: false }).waitFor(WAIT);
    await page.getByRole('status').getByText('Reading').waitFor(WAIT);
    await page.getByRole('alert').getByText('the disk is gone').waitFor(WAIT);
    await page.getByText('Nothing stands out.').waitFor(WAIT);
    await checkAccess(page, 'light');
    go();
    await page.getByText('Not begun').waitFor(WAIT);
    await page.getByRole('button', { name: 'Try again' }).focus();
    await page.unroute('**/api/funnel'); // from here on the page may also heal by itself
    await page.keyboard.press('Enter');
    await page.getByText('No one is on the way yet.').waitFor(WAIT);
    await context.close();
    await empty.remove();
});

test('the page\'s policy allows nothing inline and no frame; the demonstration names its key', async () => {
    const answer = await fetch(home.url + PATH);
    const policy = answer.headers.get('content-security-policy');
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|http/);
    const [script] = /\/assets\/dashboard-[^"]+\.js/.exec(await answer.text());
    const asset = await fetch(home.url + script);
    assert.match(asset.headers.get('cache-control'), /immutable/);
    assert.equal(asset.headers.get('content-encoding'), 'gzip');

    const demo = await Installation.make({ env: { NUDGE_CLOCK_FILE: undefined } });
    await demo.serve([], { command: 'demo' });
    const [, key] = await demo.until('the key', () =>
        demo.log.map((line) => /dashboard-enhanced {2}with the key {2}(\S+)/.exec(line)).find(Boolean));
    const { context, page } = await open({ at: demo });
    await signIn(page, key);
    await card(page, 'conversion_rate').locator('.value', { hasText: '27.8' }).waitFor(WAIT);
    await context.close();
    await demo.remove({ doctor: false });
});
