// The dashboard's page of experiments: started, judged, stopped and shipped by mouse, the figures those of the API.
import assert from 'node:assert/strict';
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
