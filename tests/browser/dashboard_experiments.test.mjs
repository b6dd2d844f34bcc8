// The dashboard's page of experiments: started, judged, stopped and shipped by mouse, the figures those of the API.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { launch, WAIT } from '../lib/browser.mjs';
import { checkPage, complaints, go, KEYS, open, signIn } from '../lib/dashboard.mjs';
import { Scene } from '../lib/scene.mjs';

const NAME = 'first_win_task';
let browser;

before(async () => {
    browser = await launch();
});
after(() => browser.close());

/** People who are asked to smile answer, nobody else does. */
async function arrive(scene, count) {
    for (let i = 0; i < count; i++) {
        const person = scene.person();
        await person.send('/start');
        const hello = await person.receive(/30 seconds/);
        if (/smile/.test(hello.text)) {
            await hello.tap(/Done/);
            await person.receive(/first win/);
        }
    }
    await scene.settled();
}

/** The chart as it is given away for printing. */
async function svgOf(page, panel) {
    const taken = page.waitForEvent('download');
    await panel.getByRole('button', { name: /^SVG/ }).click();
    return readFile(await (await taken).path(), 'utf8');
}

test('an experiment is started, shown, stopped and shipped by mouse', async (t) => {
    const scene = await Scene.open(t, { env: KEYS });
    const { context, page, problems, foreign } = await open(browser, scene.home, { viewport: { width: 1280, height: 900 } });
    await signIn(page);
    await go(page, 'Experiments');
    const panel = page.locator(`[data-experiment="${NAME}"]`);
    await panel.getByText('Not started. The step first win of superior onboarding has the variants breathing, smile').waitFor(WAIT);
    await checkPage(page);
    await panel.getByRole('button', { name: 'Start' }).click();
    await panel.getByText('No verdict yet', { exact: false }).first().waitFor(WAIT);
    assert.equal((await scene.home.json('experiment', 'show', NAME)).state, 'running');
    await arrive(scene, 8);
    await scene.later('7h');
    const shown = await scene.home.json('experiment', 'show', NAME);
    await page.reload();
    for (const variant of shown.variants) {
        const mean = variant.mean === null ? '–' : `${(variant.mean * 100).toFixed(1)} %`;
        const row = panel.getByRole('row', { name: new RegExp(`^${variant.id} 50.0 % ${variant.exposed} ${variant.people} ${mean}`) });
        await row.waitFor(WAIT);
    }
    await panel.getByText('8 of').first().waitFor(WAIT);
    await checkPage(page);
    await panel.getByRole('button', { name: 'Stop' }).click();
    await panel.getByText('stopped, since', { exact: false }).waitFor(WAIT);
    assert.equal((await scene.home.json('experiment', 'show', NAME)).state, 'stopped');
    await panel.getByLabel('Variant').selectOption('smile');
    await panel.getByRole('button', { name: 'Ship …' }).click();
    await page.getByRole('dialog').getByText('From now on everybody but the holdout gets “smile”.', { exact: false }).waitFor(WAIT);
    await page.getByRole('button', { name: 'Ship smile now' }).click();
    await panel.getByText('Shipped: smile', { exact: false }).waitFor(WAIT);
    assert.equal((await scene.home.json('experiment', 'show', NAME)).shipped, 'smile');
    assert.deepEqual(complaints(problems), []);
    assert.deepEqual(foreign, []);
    await context.close();
});

test('what an experiment showed over time is a chart with a band, and a table of every look', async (t) => {
    const scene = await Scene.open(t, { env: KEYS });
    await scene.home.json('experiment', 'start', NAME, '--min-people', '100', '--min-days', '1');
    for (let day = 0; day < 2; day++) {
        await arrive(scene, 60);
        await scene.later('24h');
    }
    const shown = await scene.home.json('experiment', 'show', NAME, '--over-time');
    const { context, page, problems, foreign } = await open(browser, scene.home, { viewport: { width: 1280, height: 900 } });
    await signIn(page, KEYS.VIEWER_API_KEY);
    await go(page, 'Experiments');
    const panel = page.locator(`[data-experiment="${NAME}"]`);
    await panel.getByRole('heading', { name: 'smile against breathing, over time' }).waitFor(WAIT);
    await panel.locator('.chart canvas').waitFor(WAIT);
    const band = await svgOf(page, panel);
    assert.match(band, /<path[^>]*fill-opacity="0.2"/, 'the band');
    assert.match(band, /stroke-dasharray/, 'the line of no difference');
    await panel.getByText('Every look').click();
    const signed = (value) => (value === null ? '–' : `${value < -0.0005 ? '−' : '+'}${Math.abs(value * 100).toFixed(1)}`);
    const rows = await panel.locator('details tbody tr').evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
    assert.equal(rows.length, shown.looks.length);
    const bounded = shown.looks.filter(({ variants }) => variants[1].effect.low !== null);
    assert.ok(bounded.length > 0 && bounded.length < rows.length);
    rows.forEach(([, people, difference, low, high], index) => {
        const look = shown.looks[index];
        const { effect } = look.variants[1];
        const known = effect.low !== null;
        assert.deepEqual([people, difference, low, high],
            [String(look.people), signed(known ? effect.difference : null), signed(effect.low), signed(effect.high)], `look ${index}`);
    });
    await checkPage(page);
    assert.deepEqual(complaints(problems), []);
    assert.deepEqual(foreign, []);
    await context.close();
});
