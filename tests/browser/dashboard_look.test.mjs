// Colours of the dashboard: as the system asks, or as somebody chose; with high contrast on every page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkAccess, launch, WAIT } from '../lib/browser.mjs';
import { complaints, go, KEYS, open, PATH, signIn } from '../lib/dashboard.mjs';
import { Installation } from '../lib/nudge.mjs';

const BLACK = 'rgb(0, 0, 0)';
const WHITE = 'rgb(255, 255, 255)';
let browser;
let home;

before(async () => {
    browser = await launch();
    home = await Installation.make({ env: KEYS });
    const lived = await home.run({ deadlineMs: 300_000 }, 'simulate', '--into', `sqlite:${home.database}`, '--users', '300', '--share', '50');
    assert.equal(lived.code, 0, lived.stderr);
    await home.serve();
});
after(async () => {
    await browser.close();
    await home.remove();
});

const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const choice = (page) => page.getByLabel('Colours');

/** The colours of the first chart's middle: painted by script, it has to follow. */
const painted = (page) => page.evaluate(() => {
    const canvas = document.querySelector('.chart canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return [...data].reduce((sum, value, index) => (index % 4 === 3 ? sum : (sum * 31 + value) % 1_000_000_007), 7);
});

test('what is chosen holds against the system, after a reload, and in another tab', async () => {
    const { context, page, problems } = await open(browser, home, { viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
    await signIn(page);
    await page.locator('.chart canvas').first().waitFor(WAIT);
    const light = await ground(page);
    const drawn = await painted(page);
    await choice(page).selectOption('dark');
    const dark = await ground(page);
    assert.notEqual(dark, light);
    await home.until('the chart is painted anew', async () => (await painted(page)) !== drawn);
    await page.reload();
    await choice(page).waitFor(WAIT);
    assert.equal(await ground(page), dark);
    const other = await context.newPage();
    await other.goto(home.url + PATH);
    await choice(other).waitFor(WAIT);
    assert.equal(await ground(other), dark);
    await other.emulateMedia({ colorScheme: 'dark' });
    await choice(other).selectOption('light');
    assert.equal(await ground(other), light);
    await home.until('the first tab follows', async () => (await ground(page)) === light);
    await choice(other).selectOption('system');
    assert.equal(await ground(other), dark);
    await other.emulateMedia({ colorScheme: 'light' });
    assert.equal(await ground(other), light);
    assert.deepEqual(complaints(problems), []);
    await context.close();
});

test('a system that wants more contrast gets it, and every page keeps to it', async () => {
    const { context, page, problems } = await open(browser, home, { viewport: { width: 1280, height: 900 }, contrast: 'more' });
    await signIn(page);
    await page.locator('.chart canvas').first().waitFor(WAIT);
    assert.equal(await ground(page), WHITE);
    const links = page.getByRole('navigation').getByRole('link');
    const names = await links.allInnerTexts();
    assert.ok(names.length >= 12, names.join());
    for (const name of names) {
        await go(page, name);
        await page.getByRole('heading', { level: 2 }).first().waitFor(WAIT);
        await page.getByText('Reading …').first().waitFor({ ...WAIT, state: 'hidden' });
        for (const scheme of ['light', 'dark']) {
            await checkAccess(page, scheme, ['color-contrast-enhanced']);
            assert.equal(await ground(page), scheme === 'light' ? WHITE : BLACK);
        }
    }
    await choice(page).selectOption('dark');
    assert.notEqual(await ground(page), BLACK, 'whoever chooses plain colours gets them');
    await page.emulateMedia({ contrast: 'no-preference' });
    await choice(page).selectOption('contrast');
    assert.equal(await ground(page), BLACK);
    assert.deepEqual(complaints(problems), []);
    await context.close();
});
