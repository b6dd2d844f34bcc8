// The dashboard's page of alerts: what fires, taking it on, keeping it quiet, and what became of it.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, WAIT } from '../lib/browser.mjs';
import { checkPage, complaints, go, KEYS, open, signIn } from '../lib/dashboard.mjs';
import { Installation } from '../lib/nudge.mjs';

let browser;
let home;
let folder;

/** A rule that the eighteen people of the reference dataset meet, or one that they do not. */
const say = (atLeast) => writeFile(join(folder, 'alerts', 'rules.yaml'),
    `alerts:\n  - {name: crowd, metric: backlog_minutes, at_least: ${atLeast}, severity: critical, owner: product, action: investigate, advice: look at the queue}\n`);

before(async () => {
    browser = await launch();
    folder = await mkdtemp(join(tmpdir(), 'nudge-alerts-'));
    await mkdir(join(folder, 'alerts'));
    await say(1000);
    home = await Installation.make({ env: { ...KEYS, JOURNEYS_DIR: folder } });
    assert.equal((await home.run('demo', '--no-serve')).code, 0);
    await home.serve();
});

after(async () => {
    await browser.close();
    await home.remove();
    await rm(folder, { recursive: true });
});

const evaluate = async () => {
    const { code, stderr } = await home.run('alerts', 'evaluate');
    assert.equal(code, 0, stderr);
};
const alert = async () => (await home.json('alerts')).alerts.find((one) => one.rule === 'crowd');

test('an alert shows up by itself, is taken on, kept quiet and over', async () => {
    const { context, page, problems, foreign } = await open(browser, home, { viewport: { width: 1280, height: 900 } });
    await signIn(page);
    await evaluate();
    await page.getByText('Nothing is alarming.').waitFor(WAIT);
    await say(0);
    await evaluate();
    await page.locator('[data-alert="crowd"]').getByText('backlog_minutes is 0, at least 0').waitFor(WAIT);
    await page.getByRole('link', { name: 'crowd' }).click();
    const firing = page.locator('[data-alert="crowd"]');
    await firing.getByText('for product: look at the queue.').waitFor(WAIT);
    await checkPage(page);
    await firing.getByRole('button', { name: 'I am at it' }).click();
    await firing.getByText('(critical, acknowledged)').waitFor(WAIT);
    assert.equal((await alert()).phase, 'acknowledged');
    await firing.getByRole('button', { name: 'Silent for 6 hours' }).click();
    await firing.getByText(/silent until/).waitFor(WAIT);
    assert.notEqual((await alert()).silenced_until, null);
    await firing.getByRole('button', { name: 'Tell again' }).click();
    await firing.getByRole('button', { name: 'Silent for 6 hours' }).waitFor(WAIT);
    assert.equal((await alert()).silenced_until, null);
    await say(1000);
    await evaluate();
    await page.getByText('Nothing is alarming.').waitFor(WAIT);
    for (const change of ['fired', 'acknowledged', 'silenced', 'resolved']) {
        await page.getByRole('row', { name: new RegExp(`crowd ${change}`) }).first().waitFor(WAIT);
    }
    await checkPage(page);
    assert.deepEqual(complaints(problems), []);
    assert.deepEqual(foreign, []);
    await context.close();
});

test('who only reads sees it and cannot act; a table can be taken along', async () => {
    const { context, page } = await open(browser, home, { viewport: { width: 1280, height: 900 } });
    await say(0);
    await evaluate();
    await signIn(page, KEYS.VIEWER_API_KEY);
    await go(page, 'Alerts');
    await page.locator('[data-alert="crowd"]').waitFor(WAIT);
    assert.equal(await page.getByRole('button', { name: 'I am at it' }).count(), 0);
    const loaded = page.waitForEvent('download', WAIT);
    await page.getByRole('button', { name: 'CSV of alerts', exact: true }).click();
    const file = await loaded;
    assert.equal(file.suggestedFilename(), 'alerts.csv');
    const text = await readFile(await file.path(), 'utf8');
    assert.equal(text, 'Rule,State,Severity,For,What it says,What is done\r\n' +
        'crowd,firing,critical,product,"backlog_minutes is 0, at least 0",investigate\r\n');
    await context.close();
});
