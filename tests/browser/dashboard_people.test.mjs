// The dashboard's pages about all people: onboarding, retention, feedback. What they show is compared with questions
// of the test's own to the store, and what is done there is read back from it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { launch, WAIT } from '../lib/browser.mjs';
import { checkPage, complaints, go, KEYS, open as openAt, PATH, signIn } from '../lib/dashboard.mjs';
import { Installation } from '../lib/nudge.mjs';

const IMAGES = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs', 'images');
const SCREEN = { width: 1280, height: 900 };
const DAY = 86_400_000;
const REAL = 'is_test = 0 AND is_erased = 0';
let browser;
let home;

before(async () => {
    browser = await launch();
    home = await Installation.make({ env: KEYS });
    const loaded = await home.run('demo', '--no-serve');
    assert.equal(loaded.code, 0, loaded.stderr);
    await home.serve();
});

after(async () => {
    await browser.close();
    await home.remove();
});

const open = ({ at = home, ...options } = {}) => openAt(browser, at, { viewport: SCREEN, ...options });
const text = async (place) => (await place.innerText()).replace(/\s+/g, ' ');
const percent = (part, whole) => `${(Math.floor((1000 * part) / whole + 0.5) / 10).toFixed(1)} %`;
const picture = (page, name) => page.screenshot({ path: process.env.UPDATE && join(IMAGES, name), fullPage: true });

/** What a click gives to take along. */
async function taken(page, name) {
    const [file] = await Promise.all([page.waitForEvent('download', WAIT), page.getByRole('button', { name }).click()]);
    return { name: file.suggestedFilename(), content: await readFile(await file.path()) };
}

async function counted(where) {
    const [row] = await home.sql(
        `SELECT count(*) AS joined, coalesce(sum(commitments_outside > 0), 0) AS made,
                coalesce(sum(commitments_outside_completed > 0), 0) AS completed
         FROM users WHERE ${REAL} AND ${where}`);
    return row;
}

/** Waits until the funnel shows as many as the store has, and compares what stands beside. */
async function compareFunnel(page, where) {
    const { joined, made, completed } = await counted(where);
    assert.ok(joined > made && made > 0 && completed > 0);
    const row = (stage) => page.getByRole('row', { name: new RegExp(`^${stage} `) });
    await page.getByRole('row', { name: new RegExp(`^joined ${joined} 100`) }).waitFor(WAIT);
    assert.ok((await text(row('first commitment'))).startsWith(`first commitment ${made} ${percent(made, joined)}`));
    const last = await text(row('first completion'));
    assert.ok(last.startsWith(`first completion ${completed} ${percent(completed, joined)}`), last);
    assert.ok(last.includes(`${percent(completed, made)}`), last);
    assert.ok(last.endsWith(` ${percent(made - completed, made)}`), last);
    return { joined, made };
}

test('onboarding: the funnel of those who are asked for, and the link keeps who that is', async () => {
    const { context, page, problems, foreign } = await open();
    await signIn(page);
    await go(page, 'Onboarding');
    const all = await compareFunnel(page, '1 = 1');
    const card = page.locator('[data-figure="conversion_rate"]');
    await card.getByText(`${all.made} of ${all.joined} people`).waitFor(WAIT);
    assert.match(await text(card), /95 %: 12\.5 – 50\.9/); // by Wilson, of 5 in 18
    await page.locator('.chart canvas').waitFor(WAIT);
    await picture(page, 'dashboard-onboarding.png');
    await checkPage(page);

    await page.getByLabel('Source').fill('blog');
    await page.keyboard.press('Enter');
    const some = await compareFunnel(page, "source = 'blog'");
    assert.ok(some.joined < all.joined);
    await card.getByText(`${some.made} of ${some.joined} people`).waitFor(WAIT);
    await page.getByLabel('Language').fill('de');
    await page.keyboard.press('Enter');
    await compareFunnel(page, "source = 'blog' AND language = 'de'");
    const link = page.url();
    assert.match(link, /#\/onboarding\?source=blog&language=de$/);

    const other = await context.newPage();
    await other.goto(link);
    await compareFunnel(other, "source = 'blog' AND language = 'de'");
    assert.equal(await other.getByLabel('Source').inputValue(), 'blog');
    await other.getByLabel('Source').fill('nowhere');
    await other.keyboard.press('Enter');
    await other.getByText('There are no such people.').first().waitFor(WAIT);
    await other.getByText('No step of the optimized onboarding was sent yet.').waitFor(WAIT);
    await other.getByText('Nobody has answered a question yet.').waitFor(WAIT);
    assert.deepEqual(complaints(problems), []);
    assert.deepEqual(foreign, []);
    await context.close();
});

test('onboarding: its table and its picture can be taken along', async () => {
    const { context, page, problems } = await open();
    await signIn(page);
    await page.goto(`${home.url}${PATH}#/onboarding`);
    const { joined, made } = await counted('1 = 1');
    await page.getByRole('row', { name: /^joined / }).waitFor(WAIT);
    const table = await taken(page, 'CSV of stages');
    assert.equal(table.name, 'stages.csv');
    const lines = table.content.toString().trim().split('\r\n').map((line) => line.split(','));
    assert.equal(lines[0][0], 'Stage');
    assert.deepEqual(lines.find(([stage]) => stage === 'joined').slice(0, 2), ['joined', String(joined)]);
    assert.deepEqual(lines.find(([stage]) => stage === 'first commitment').slice(1, 3), [String(made), percent(made, joined)]);
    const png = await taken(page, 'PNG of funnel');
    assert.equal(png.content.subarray(1, 4).toString(), 'PNG');
    const svg = (await taken(page, 'SVG of funnel')).content.toString();
    assert.match(svg, /^<svg /);
    assert.match(svg, />first commitment</);
    assert.deepEqual(complaints(problems), []);
    await context.close();
});

test('retention: each week of those who joined in one', async () => {
    const { context, page, problems } = await open();
    await signIn(page);
    await go(page, 'Retention');
    // Monday of the week of joining, and who was old enough for the week after the first, by arithmetic of its own.
    const people = await home.sql(`SELECT id, joined_at_ms FROM users WHERE ${REAL}`);
    const monday = (at) => new Date(at - ((new Date(at).getUTCDay() + 6) % 7) * DAY).toISOString().slice(0, 10);
    const rows = new Map();
    for (const { joined_at_ms } of people) {
        for (let week = 0; joined_at_ms + (week + 1) * 7 * DAY <= home.now; week++) {
            const cells = rows.get(monday(joined_at_ms)) ?? [];
            cells[week] = (cells[week] ?? 0) + 1;
            rows.set(monday(joined_at_ms), cells);
        }
    }
    assert.ok(rows.size > 3);
    await page.locator('.heat').waitFor(WAIT);
    assert.equal(await page.locator('.heat tbody tr').count(), rows.size);
    const told = (await home.json('metrics')).retention;
    for (const [week, cells] of rows) {
        const line = page.locator('.heat tbody tr', { hasText: week });
        const cohort = told.find((each) => each.week.startsWith(week));
        const shown = await line.locator('td.figure').allInnerTexts();
        assert.deepEqual(
            shown.map((cell) => cell.replace(/\s+/g, ' ')),
            cells.map((eligible, index) => `${percent(cohort.cells[index].active, eligible)} ${cohort.cells[index].active} of ${eligible}`),
        );
    }
    await page.locator('.chart canvas').waitFor(WAIT);
    await checkPage(page);
    const file = (await taken(page, 'CSV of retention')).content.toString();
    assert.equal(file.trim().split('\r\n').length, rows.size + 1);
    await page.getByLabel('Set').selectOption('optimized');
    await page.getByText('Nobody of them has been here for a whole week yet.').waitFor(WAIT);
    assert.deepEqual(complaints(problems), []);
    await context.close();
});

/** Somebody in the web chat who says something. */
async function say(words) {
    const headers = { 'Content-Type': 'application/json' };
    const session = await fetch(`${home.url}/chat/session`, { method: 'POST', headers, body: '{}' });
    const cookie = session.headers.get('set-cookie').split(';')[0];
    const answer = await fetch(`${home.url}/chat/messages`, {
        method: 'POST', headers: { ...headers, Cookie: cookie }, body: JSON.stringify({ id: 'm-1', text: words }),
    });
    assert.equal(answer.status, 200, await answer.text());
}

test('feedback: what people said stands there as text, and is answered', async () => {
    const { context, page, problems } = await open();
    await signIn(page);
    await go(page, 'Feedback');
    await page.getByText('Nobody has said anything yet.').waitFor(WAIT);
    const words = '<img src=x onerror="document.title=1"> & "quotes"';
    await say(`/feedback ${words}`);
    const [kept] = await home.until('the feedback', async () => {
        const rows = await home.sql('SELECT text, cast(user_id AS text) AS user_id FROM feedback');
        return rows.length > 0 && rows;
    });
    const row = page.getByRole('row').filter({ hasText: kept.text });
    await row.waitFor(WAIT);
    assert.equal(kept.text, words);
    assert.equal(await page.locator('td img').count(), 0);
    await checkPage(page);
    await row.getByRole('button', { name: /^Answer/ }).click();
    await page.getByLabel('Write to').fill('Thank you for telling us.');
    await checkPage(page);
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByRole('status').getByText('Sent to').waitFor(WAIT);
    await home.until('the answer in the store', async () => {
        const [told] = await home.sql(
            `SELECT count(*) AS n FROM deliveries WHERE user_id = ${kept.user_id} AND text LIKE '%Thank you for telling us.%'`);
        return told.n === 1;
    });
    const file = (await taken(page, 'CSV of feedback')).content.toString();
    assert.ok(file.includes(`"${words.replace(/"/g, '""')}"`), file);
    assert.deepEqual(complaints(problems), []);
    await context.close();

    const reader = await open();
    await signIn(reader.page, KEYS.VIEWER_API_KEY);
    await go(reader.page, 'Feedback');
    await reader.page.getByRole('row').filter({ hasText: words }).waitFor(WAIT);
    assert.equal(await reader.page.getByRole('button', { name: /^Answer/ }).count(), 0);
    await reader.context.close();
});

test('an empty store is said to be empty on every page', async () => {
    const empty = await Installation.make({ env: KEYS });
    await empty.serve();
    const { context, page, problems } = await open({ at: empty });
    await signIn(page);
    for (const [name, words] of [
        ['Onboarding', 'No one is on the way yet.'],
        ['Retention', 'Nobody of them has been here for a whole week yet.'],
        ['Feedback', 'Nobody has said anything yet.'],
    ]) {
        await go(page, name);
        await page.getByText(words).waitFor(WAIT);
        assert.equal(await page.locator('td').count(), 0, name);
    }
    assert.deepEqual(complaints(problems), []);
    await context.close();
    await empty.remove();
});
