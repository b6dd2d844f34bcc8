// The first steps of an installation: they fit what is really done, and go when all is.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, WAIT } from '../lib/browser.mjs';
import { checkPage, complaints, KEYS, open, signIn } from '../lib/dashboard.mjs';
import { Scene } from '../lib/scene.mjs';

let browser;

before(async () => {
    browser = await launch();
});
after(() => browser.close());

const guide = (page) => page.getByRole('region', { name: 'First steps' });
const undone = async (page) => guide(page).locator('li[data-done="false"] strong').allTextContents();

test('what is left to do is said, and ticked off when it is done', async (t) => {
    const scene = await Scene.open(t, { env: KEYS, share: null });
    await scene.home.json('sending', 'dry-run');
    const { context, page, problems } = await open(browser, scene.home, { viewport: { width: 1280, height: 900 } });
    await signIn(page);
    await guide(page).waitFor(WAIT);
    assert.deepEqual(await undone(page), ['Messages go out', 'The first person', 'The rollout of the optimized journeys']);
    await guide(page).getByText('a dry run: nothing leaves', { exact: false }).waitFor(WAIT);
    await guide(page).getByText('write /start to the bot, or open the chat.', { exact: false }).waitFor(WAIT);
    await checkPage(page);
    await scene.home.json('sending', 'on');
    await scene.newcomer();
    await scene.home.until('two are done', async () => (await undone(page)).length === 1);
    await guide(page).getByRole('link', { name: 'start a plan' }).click();
    await page.getByLabel('Share of new people, %').fill('50');
    await page.getByRole('button', { name: 'Set share' }).click();
    await page.locator('.lead', { hasText: '50 % of new people' }).waitFor(WAIT);
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.locator('[data-figure="conversion_rate"] .value').waitFor(WAIT);
    await guide(page).waitFor({ ...WAIT, state: 'detached' });
    assert.deepEqual(complaints(problems), []);
    await context.close();
});

test('hidden steps stay hidden on this browser; who only reads sees none', async (t) => {
    const scene = await Scene.open(t, { env: KEYS, share: null });
    const { context, page, problems } = await open(browser, scene.home);
    await signIn(page);
    await guide(page).getByRole('button', { name: 'Hide these steps' }).click();
    await guide(page).waitFor({ ...WAIT, state: 'detached' });
    await page.reload();
    await page.getByText('Nobody has joined yet.', { exact: false }).waitFor(WAIT);
    await page.locator('.lead', { hasText: 'Not begun' }).waitFor(WAIT);
    assert.equal(await guide(page).count(), 0);
    const reader = await open(browser, scene.home);
    await signIn(reader.page, KEYS.VIEWER_API_KEY);
    await reader.page.locator('.lead', { hasText: 'Not begun' }).waitFor(WAIT);
    assert.equal(await guide(reader.page).count(), 0);
    assert.deepEqual(complaints(problems), []);
    await reader.context.close();
    await context.close();
});
