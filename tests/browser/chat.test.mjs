// A newcomer in a real browser: the demonstration, from hello to graduation, and what a chat page must
// be able to do besides (reload, keyboard, small screens, both colour schemes, screen readers).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { checkAccess, heard, launch, open as openChat, press, WAIT, write } from '../lib/browser.mjs';
import { Installation } from '../lib/nudge.mjs';

let browser;
let home;

before(async () => {
    browser = await launch();
    // The demonstration has a clock of its own: fast while nothing waits for the person.
    home = await Installation.make({ env: { NUDGE_CLOCK_FILE: undefined, ADMIN_API_KEY: 'the-full-key' } });
    await home.serve(['--time-scale', '6000'], { command: 'demo' });
    const store = home.log.map((line) => /DATABASE_URL=(sqlite:(\S+))/.exec(line)).find(Boolean);
    home.env.DATABASE_URL = store[1];
    home.database = store[2];
});

after(async () => {
    await browser.close();
    await home.remove({ doctor: false });
});

const open = (options) => openChat(browser, home, options);

test('a newcomer lives the four steps', async () => {
    const { context, page, problems } = await open();
    await press(page, 'Say hello');
    await heard(page, '30 seconds');
    await press(page, 'Done');
    await heard(page, 'first win');
    await heard(page, 'how do you want to feel today');
    await write(page, 'calm');
    await heard(page, 'ood choice');
    await heard(page, 'You wanted to feel calm');
    await press(page, 'Drank a glass of water');
    await page.locator('.message:not(.mine)', { hasText: 'tomorrow' }).last().waitFor(WAIT);
    await write(page, 'read 10 pages tomorrow at 9:00');
    await heard(page, 'Four small steps');
    await press(page, 'Yes');

    await checkAccess(page, 'light');
    await checkAccess(page, 'dark');

    // A reload shows the same conversation.
    await page.reload();
    await heard(page, 'Four small steps');
    await page.locator('.message.mine', { hasText: 'calm' }).first().waitFor(WAIT);
    await page.locator('.message.mine', { hasText: 'Drank a glass of water' }).waitFor(WAIT);
    assert.equal(await page.locator('.message:not(.mine) button:enabled').count(), 0, 'what is answered stays so');
    assert.deepEqual(problems, []);

    const people = await home.sql(
        "select onboarding_completed, onboarding_version, feeling_word, commitments_total, commitments_completed " +
            "from users join identities on user_id = users.id where kind = 'webchat'",
    );
    assert.deepEqual(people, [
        {
            onboarding_completed: 1,
            onboarding_version: 'superior_v2.0',
            feeling_word: 'calm',
            commitments_total: 2,
            commitments_completed: 1,
        },
    ]);
    const planned = await home.sql(
        "select text, state, planned_at_ms from commitments join identities using (user_id) " +
            "where kind = 'webchat' and text like '%10 pages%'",
    );
    assert.equal(planned.length, 1);
    assert.equal(planned[0].state, 0);
    assert.equal(new Date(planned[0].planned_at_ms).getUTCHours(), 9);
    await context.close();
});

test('what is looked at for operators goes by the same fast clock', async () => {
    const answer = await fetch(`${home.url}/api/preflight`, { headers: { 'X-Admin-Key': 'the-full-key' } });
    const { at_ms } = await answer.json();
    assert.ok(at_ms > Date.now() + 3_600_000, `half a day was lived through: ${new Date(at_ms).toISOString()}`);
});

test('the page works by keyboard alone, on a small screen', async () => {
    const { context, page } = await open({ viewport: { width: 360, height: 640 } });
    await page.getByRole('button', { name: 'Say hello' }).waitFor(WAIT);
    for (let i = 0; i < 10; i++) {
        const focused = await page.evaluate(() => document.activeElement?.textContent);
        if (focused === 'Say hello') {
            break;
        }
        await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await heard(page, '30 seconds');
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `the page is ${width} wide`);
    await page.getByLabel('Write a message').focus();
    await page.keyboard.type('this is all too much for me');
    await page.keyboard.press('Enter');
    await heard(page, 'one breath');
    await checkAccess(page, 'light');
    await context.close();
});

test('a tap shows what became of the message', async () => {
    const { context, page, problems } = await open();
    await press(page, 'Say hello');
    await heard(page, '30 seconds');
    await press(page, 'Done');
    await heard(page, 'first win');
    const first = page.locator('.message:not(.mine)', { hasText: '30 seconds' });
    assert.doesNotMatch(await first.innerText(), /→|Too much/, 'the choice is an answer of one\'s own');
    await page.locator('.message.mine', { hasText: 'Done' }).waitFor(WAIT);
    await write(page, '/commit read');
    await heard(page, 'Noted: read');
    await write(page, '/commit run');
    await heard(page, 'Noted: run');
    await write(page, '/list');
    await heard(page, '2 open commitments');
    await press(page, 'Drop 1');
    await heard(page, 'Letting go is a decision');
    assert.equal(await page.getByText('2 open commitments').count(), 0);
    assert.deepEqual(problems, []);
    await context.close();
});

test('what people write never becomes part of the page', async () => {
    const { context, page, problems } = await open();
    const evil = '<img src=x onerror="document.title=\'owned\'"> **bold** [link](javascript:alert(1))';
    await press(page, 'Say hello');
    await heard(page, '30 seconds');
    await press(page, 'Done');
    await write(page, `/commit ${evil}`);
    await write(page, '/list');
    await heard(page, 'onerror');
    assert.equal(await page.locator('.log img').count(), 0);
    assert.equal(await page.locator('.log a[href^="javascript"]').count(), 0);
    assert.doesNotMatch(await page.title(), /owned/);
    assert.deepEqual(problems, []);
    await context.close();
});

test('/export is saved as a file', async () => {
    const { context, page, problems } = await open({ acceptDownloads: true });
    await press(page, 'Say hello');
    await heard(page, '30 seconds');
    await write(page, '/commit water the plants');
    await heard(page, 'Noted');
    const saved = page.waitForEvent('download', WAIT);
    await write(page, '/export');
    const download = await saved;
    assert.equal(download.suggestedFilename(), 'my-data.json');
    const data = JSON.parse(readFileSync(await download.path(), 'utf8'));
    assert.deepEqual(data.commitments.map(({ text }) => text), ['water the plants']);
    assert.deepEqual(data.identities.map(({ kind }) => kind), ['webchat']);
    await heard(page, 'all that we hold about you');
    assert.deepEqual(problems, []);
    await context.close();
});

test('in German, for those who prefer it', async () => {
    const { context, page } = await open({ locale: 'de-DE' });
    await press(page, 'Hallo sagen');
    await heard(page, '30 Sekunden');
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'de');
    await context.close();
});
