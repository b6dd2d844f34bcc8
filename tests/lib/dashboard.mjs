// The dashboard in a real browser, for tests: opening it, signing in, and what every page of it must keep to.
import assert from 'node:assert/strict';
import { checkAccess, WAIT } from './browser.mjs';

export const PATH = '/admin/dashboard-enhanced';
export const KEYS = { ADMIN_API_KEY: 'the-full-key', VIEWER_API_KEY: 'the-reading-key', TRUSTED_PROXIES: '127.0.0.1', WEBCHAT_ENABLED: 'on' };

/** A profile of its own on the page of the installation; problems: what its console complains about, foreign: whom
 *  else it asked. */
export async function open(browser, home, { address = '192.0.2.1', ...options } = {}) {
    const context = await browser.newContext({
        locale: 'en-US', reducedMotion: 'reduce', extraHTTPHeaders: { 'X-Forwarded-For': address }, ...options,
    });
    const page = await context.newPage();
    const problems = [];
    const foreign = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('request', (request) => request.url().startsWith(home.url) || foreign.push(request.url()));
    await page.goto(home.url + PATH);
    return { context, page, problems, foreign };
}

export async function signIn(page, key = KEYS.ADMIN_API_KEY) {
    await page.getByLabel('Key').fill(key);
    await page.getByRole('button', { name: 'Sign in' }).click();
}

/** A 401 before signing in is how the page finds out that it has to ask; the browser notes it. */
export const complaints = (problems) => problems.filter((text) => !/status of 401/.test(text));

export const go = (page, name) => page.getByRole('navigation').getByRole('link', { name }).click();

/** No wider than a phone, and nothing that a screen reader stumbles over. */
export async function checkPage(page) {
    const size = page.viewportSize();
    await page.setViewportSize({ width: 360, height: 640 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 360, `the page is ${wide} wide`);
    await checkAccess(page, 'light');
    await checkAccess(page, 'dark');
    await page.setViewportSize(size);
}
