// The page of a rehearsal in a browser: readable for everybody, light and dark, narrow and wide, and
// nothing is loaded from anywhere.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkAccess, launch } from '../lib/browser.mjs';
import { Installation } from '../lib/nudge.mjs';

let home;
let browser;

before(async () => {
    home = await Installation.make();
    const { code, stderr } = await home.run(
        'simulate', '--users', '200', '--compare', 'original,optimized', '--html', 'report.html');
    assert.equal(code, 0, stderr);
    browser = await launch();
});

after(async () => {
    await browser?.close();
    await home.remove();
});

for (const width of [360, 1000]) {
    test(`the page is readable for everybody at ${width} pixels`, async () => {
        const context = await browser.newContext({ viewport: { width, height: 800 } });
        const page = await context.newPage();
        const requests = [];
        const problems = [];
        page.on('request', (request) => requests.push(request.url()));
        page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
        await page.goto(`file://${join(home.folder, 'report.html')}`);
        await page.getByRole('note').filter({ hasText: 'no evidence' }).waitFor();
        assert.ok((await page.getByRole('img', { name: /^Shares/ }).boundingBox()).height > 100);
        assert.ok((await page.getByRole('row', { name: /^made a commitment/ }).innerText()).includes('65 %'));
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
        assert.deepEqual(requests.filter((url) => !url.startsWith('file:')), []);
        assert.equal(requests.length, 1);
        assert.deepEqual(problems, []);
        await checkAccess(page, 'light');
        await checkAccess(page, 'dark');
        await context.close();
    });
}
