// The dashboard's page of journeys: drawn with the counts of the store, changed by an editor that says what is wrong,
// rehearsed, and put into force by mouse.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, WAIT } from '../lib/browser.mjs';
import { checkPage, complaints, go, KEYS, open, signIn } from '../lib/dashboard.mjs';
import { Scene } from '../lib/scene.mjs';

let browser;

before(async () => {
    browser = await launch();
});
after(() => browser.close());

/** Three newcomers: one has done the first step, one said it is too much, one is silent; seven hours later. */
async function lived(t) {
    const scene = await Scene.open(t, { env: KEYS });
    const people = ['Ann', 'Bob', 'Cem'].map((first_name) => scene.person({ first_name }));
    for (const person of people) {
        await person.send('/start');
    }
    await (await people[0].receive(/lovely to meet you/)).tap(/Done/);
    await people[1].send('this is too much for me');
    await scene.settled();
    await scene.later('7h');
    await scene.settled();
    return scene;
}

async function enter(scene, key, options = {}) {
    const opened = await open(browser, scene.home, { viewport: { width: 1280, height: 900 }, ...options });
    await signIn(opened.page, key);
    await go(opened.page, 'Journeys');
    return opened;
}

const toJourney = (page) => page.getByRole('link', { name: 'superior onboarding' }).click();

/** Replaces in the editor's text by its own keys: what is there is selected, and the new text typed over it. */
async function rewrite(page, yaml) {
    await page.locator('.editor .cm-content').click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(yaml);
}

test('a journey is drawn with the counts of the store', async (t) => {
    const scene = await lived(t);
    const { context, page, problems, foreign } = await enter(scene);
    await page.getByRole('row', { name: /superior onboarding 2\.0 optimized 4 3/ }).waitFor(WAIT);
    await checkPage(page);
    await toJourney(page);
    const rows = await scene.home.sql(`select step, kind, sum(state between 3 and 6) as sent, sum(answered_at_ms > 0) as answered
        from deliveries where journey = 'superior_onboarding' and kind in (0, 1, 2) group by step, kind order by 1, 2`);
    assert.ok(rows.length >= 4, JSON.stringify(rows));
    const suffix = { 0: '', 1: ' (recovery)', 2: ' (ultra-micro)' };
    for (const { step, kind, sent, answered } of rows) {
        const box = page.locator(`[data-node="${step}${suffix[kind]}"]`);
        await box.getByText(`${sent} sent, ${answered} answered`).waitFor(WAIT);
    }
    const [{ n }] = await scene.home.sql("select count(*) as n from runs where outcome = 0 and journey = 'superior_onboarding'");
    const here = await page.locator('.journey .here').allTextContents();
    assert.equal(here.reduce((sum, text) => sum + Number.parseInt(text, 10), 0), n);
    assert.equal(await page.locator('[data-runs="entered"]').textContent(), '3');
    await page.getByText('3 people in the middle of it.').waitFor(WAIT);
    await page.getByText('The drawing as tables').click();
    await page.getByRole('row', { name: 'start first win on first_contact, when commitments_total == 0, once only 3' }).waitFor(WAIT);
    await page.getByRole('row', { name: 'first win first win (ultra-micro) too much 1' }).waitFor(WAIT);
    const crossed = await page.evaluate(() => {
        const boxes = [...document.querySelectorAll('.journey rect')].map((each) => each.getBoundingClientRect());
        return boxes.some((a, i) => boxes.some((b, k) => i < k && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom));
    });
    assert.equal(crossed, false, 'no box covers another');
    await checkPage(page);
    for (const { journey } of await scene.home.json('journeys')) {
        await page.goto(`${scene.home.url}/admin/dashboard-enhanced#/journeys/${journey}`);
        await page.locator(`.journey [data-node="start"]`).waitFor(WAIT);
    }
    assert.deepEqual(complaints(problems), []);
    assert.deepEqual(foreign, []);
    await context.close();
});

test('a draft is checked as one types, rehearsed, and put into force by mouse', async (t) => {
    const scene = await lived(t);
    const { context, page, problems, foreign } = await enter(scene);
    await toJourney(page);
    await page.getByRole('button', { name: 'Change it …' }).click();
    await page.getByText('No mistakes, and nothing differs').waitFor(WAIT);
    const { file: { yaml }, revision } = await (await fetch(`${scene.home.url}/api/journeys/superior_onboarding`, {
        headers: { 'X-Admin-Key': KEYS.ADMIN_API_KEY },
    })).json();
    const apply = page.getByRole('button', { name: 'Apply …' });
    const rehearse = page.getByRole('button', { name: 'Rehearse' });
    assert.equal(await apply.isDisabled(), true);

    await rewrite(page, yaml.replace('    no_answer: 6h', '    no_anser: 6h'));
    const line = yaml.split('\n').findIndex((text) => text === '    no_answer: 6h') + 1;
    await page.getByRole('button', { name: `Line ${line}`, exact: true }).first().click(WAIT);
    await page.locator('.editor .cm-lint-marker-error').first().waitFor(WAIT); // at the line itself, which is in sight now
    assert.equal(await rehearse.isDisabled(), true);

    const draft = yaml.replace('version: "2.0"', 'version: "2.1"').replaceAll('lovely to meet you!', 'so good that you are here!')
        .replace('no_answer: 6h', 'no_answer: 5h');
    await rewrite(page, draft);
    await page.getByText('No mistakes. superior onboarding: changed, 2.0 to 2.1.').waitFor(WAIT);
    await page.getByText(/at first win of superior onboarding 2\.0: finish(es)? as begun/).first().waitFor(WAIT);
    const drawn = page.getByRole('region', { name: 'Drawing of the draft of superior onboarding' });
    await drawn.locator('.edge text', { hasText: '5h silent' }).waitFor(WAIT);
    await checkPage(page);
    await page.getByLabel('They go on by the new one', { exact: false }).check();
    await page.getByText(/on at first win of the new one/).first().waitFor(WAIT);
    assert.equal(await apply.isDisabled(), true, 'it was not rehearsed');

    await rehearse.click();
    await page.getByRole('row', { name: /^conversion rate \d+\.\d % \d+\.\d % [+−]/ }).waitFor(WAIT);
    await apply.click();
    await page.getByRole('button', { name: 'Apply now' }).click();
    await page.getByText('The draft is in force.').waitFor(WAIT);
    await page.getByRole('heading', { name: 'superior onboarding 2.1' }).waitFor(WAIT);
    const [kept] = await scene.home.sql("select json as value from settings where name = 'journeys/current'");
    assert.ok(kept.value.includes('so good that you are here!'));
    const dan = scene.person({ first_name: 'Dan' });
    await dan.send('/start');
    await dan.receive(/so good that you are here/);

    await page.getByRole('button', { name: 'Change it …' }).click();
    await rewrite(page, draft.replace('version: "2.1"', 'version: "2.2"'));
    await page.getByText('changed, 2.1 to 2.2.', { exact: false }).waitFor(WAIT);
    await rehearse.click();
    await page.getByRole('row', { name: /^conversion rate \d/ }).waitFor(WAIT);
    const behind = await fetch(`${scene.home.url}/api/journeys/apply`, {
        method: 'POST', headers: { 'X-Admin-Key': KEYS.ADMIN_API_KEY },
        body: JSON.stringify({ files: [{ name: 'optimized/superior_onboarding.yaml', yaml }] }),
    });
    assert.equal(behind.status, 200, 'somebody else goes back meanwhile');
    assert.equal((await behind.json()).journeys > 0 && revision.length, 16);
    await apply.click();
    await page.getByRole('button', { name: 'Apply now' }).click();
    await page.getByText('other journeys were put into force meanwhile', { exact: false }).waitFor(WAIT);
    await page.locator('.editor .cm-content').focus();
    await page.keyboard.press('Control+Home');
    await page.locator('.editor .cm-line', { hasText: 'version: "2.2"' }).waitFor(WAIT); // what was typed is still there
    await page.getByRole('button', { name: 'Take it back' }).click();
    await page.locator('.editor .cm-line', { hasText: 'version: "2.1"' }).waitFor(WAIT);
    assert.deepEqual(complaints(problems).filter((text) => !/409/.test(text)), []);
    assert.deepEqual(foreign, []);
    await context.close();
});

test('who may only read sees the journeys and changes none', async (t) => {
    const scene = await Scene.open(t, { env: KEYS });
    const { context, page, problems } = await enter(scene, KEYS.VIEWER_API_KEY);
    await toJourney(page);
    await page.getByText('Nobody is in the middle of it.').waitFor(WAIT);
    await page.getByText('journey: superior_onboarding').waitFor(WAIT);
    assert.equal(await page.getByRole('button', { name: 'Change it …' }).count(), 0);
    assert.deepEqual(complaints(problems), []);
    await context.close();
});
