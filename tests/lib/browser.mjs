// Debian's Chromium, driven by playwright-core, and what a visitor of the chat page does and hears.
// Nothing leaves the machine.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const WAIT = { timeout: 60_000 };

const PATHS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'];

/** folder: where a browser keeps its profile, whose debugger then listens on a port (in DevToolsActivePort there). */
export async function launch({ folder } = {}) {
    const executablePath = PATHS.find((path) => path && existsSync(path));
    if (!executablePath) {
        throw new Error('Chromium is not installed: apt-get install chromium');
    }
    const options = {
        executablePath,
        args: [
            ...(folder ? ['--remote-debugging-port=0'] : []),
            '--headless',
            ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
        ],
    };
    return folder ? chromium.launchPersistentContext(folder, options) : chromium.launch(options);
}

/** The chat page in a profile of its own; problems: what the page's console complains about. */
export async function open(browser, home, options = {}, before = async () => {}) {
    const context = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce', ...options });
    const page = await context.newPage();
    const problems = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    await before(page);
    await page.goto(`${home.url}/chat`);
    return { context, page, problems };
}

export const heard = (page, text) => page.locator('.message:not(.mine)', { hasText: text }).last().waitFor(WAIT);
export const press = async (page, name) => {
    const button = page.getByRole('button', { name }).last();
    await button.waitFor(WAIT);
    await button.click();
};
export async function write(page, text) {
    await page.getByLabel('Write a message').fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
}

/** rules: only these of axe's, which it may leave out else. */
export async function checkAccess(page, colorScheme, rules = []) {
    await page.emulateMedia({ colorScheme });
    // Through the debugger, since the page's own policy forbids foreign scripts.
    await page.evaluate(axe);
    const result = await page.evaluate((only) => globalThis.axe.run(only.length > 0 ? { runOnly: only } : {}), rules);
    assert.deepEqual(
        result.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' ')}`),
        [],
    );
}
