// Pictures in the chat page: with their alternative text, never wider than the page, still there after a
// tap and a reload; words in place of one that does not come; from other servers by https only.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkAccess, heard, launch, open, press, WAIT } from '../lib/browser.mjs';
import { apply } from '../lib/journeys.mjs';
import { Installation } from '../lib/nudge.mjs';

const SHOWN = 'https://pictures.example/breath.svg';
const BROKEN = 'https://pictures.example/gone.png';
const both = (text) => `{en: "${text}", de: "${text}"}`;
const WINDOW = 'Somebody breathes in slowly by an open window';
const MAP = 'A map of feelings, from calm to curious';
let browser;
let home;

before(async () => {
    browser = await launch();
    home = await Installation.make({ env: { WEBCHAT_ENABLED: 'on' } });
    await home.serve();
    await apply(home, {
        'optimized/superior_onboarding.yaml': [
            ['    name: First win\n', `    name: First win\n    picture: ${both(SHOWN)}\n    picture_alt: ${both(WINDOW)}\n`],
            ['    name: Momentum\n', `    name: Momentum\n    picture: ${both(BROKEN)}\n    picture_alt: ${both(MAP)}\n`],
        ],
    });
    await home.json('rollout', 'set', 'superior_onboarding', '100');
});

after(async () => {
    await browser.close();
    await home.remove();
});

/** The server of the pictures: one is large, all others are missing. */
const serve = (page) =>
    page.route('https://pictures.example/**', (route) =>
        route.request().url() === SHOWN
            ? route.fulfill({
                contentType: 'image/svg+xml',
                body: '<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="900"><circle cx="600" cy="450" r="300"/></svg>',
            })
            : route.abort());

const loaded = (image) => image.evaluate((element) => element.complete && element.naturalWidth);
const atEnd = (page) =>
    page.locator('.scroll').evaluate((log) => log.scrollHeight - log.clientHeight - log.scrollTop < 2);

test('a picture has its words, fits a small screen, and stays', async () => {
    const { context, page, problems } = await open(browser, home, { viewport: { width: 360, height: 640 } }, serve);
    await press(page, 'Say hello');
    const picture = page.getByRole('img', { name: WINDOW });
    await picture.waitFor(WAIT);
    await home.until('the picture', () => loaded(picture));
    assert.equal(await loaded(picture), 1200);
    const box = await picture.boundingBox();
    assert.ok(box.width > 200 && box.x + box.width <= 360, `${box.width} wide`);
    assert.ok(Math.abs(box.width / box.height - 4 / 3) < 0.02, 'its proportions are its own');
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    assert.ok(await home.until('the end in view', () => atEnd(page)), 'also when the picture comes late');
    await page.getByRole('button', { name: 'Done' }).waitFor(WAIT);
    await checkAccess(page, 'light');
    await checkAccess(page, 'dark');

    await press(page, 'Done');
    await heard(page, 'first win');
    assert.equal(await picture.count(), 1);
    await page.reload();
    await heard(page, 'first win');
    await home.until('the picture again', () => loaded(picture));
    assert.deepEqual(problems, []);
    await context.close();
});

test('words stand in place of a picture that does not come', async () => {
    const { context, page } = await open(browser, home, { viewport: { width: 360, height: 640 } }, serve);
    await press(page, 'Say hello');
    await press(page, 'Done');
    await heard(page, 'first win');
    home.advance('2h');
    await heard(page, 'how do you want to feel today');
    const picture = page.getByRole('img', { name: MAP });
    await picture.waitFor(WAIT);
    await home.until('the failure', () => picture.evaluate((element) => element.complete));
    assert.equal(await loaded(picture), 0);
    const box = await picture.boundingBox();
    assert.ok(box.height >= 16 && box.x + box.width <= 360, JSON.stringify(box));
    await checkAccess(page, 'light');
    await checkAccess(page, 'dark');
    await context.close();
});

test('pictures come from here or over https, and from nowhere else', async () => {
    const { context, page } = await open(browser, home, {}, serve);
    const refused = (source) =>
        page.evaluate((src) => new Promise((resolve) => {
            document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true });
            const image = new Image();
            image.onload = image.onerror = () => resolve('');
            image.src = src;
        }), source);
    assert.equal(await refused(SHOWN), '');
    assert.equal(await refused('http://pictures.example/breath.svg'), 'img-src');
    assert.equal(await refused('data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='), 'img-src');
    const icon = await page.evaluate(async () => {
        const answer = await fetch(document.querySelector('link[rel=icon]').href);
        return `${answer.status} ${answer.headers.get('content-type')}`;
    });
    assert.equal(icon, '200 image/svg+xml');
    await context.close();
});
