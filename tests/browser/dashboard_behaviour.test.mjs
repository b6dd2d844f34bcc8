// The dashboard's page about what people do: each panel beside a question of the test's own to the store.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { launch, WAIT } from '../lib/browser.mjs';
import { checkPage, complaints, go, KEYS, open as openAt, signIn } from '../lib/dashboard.mjs';
import { Installation } from '../lib/nudge.mjs';

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

const open = (at) => openAt(browser, at, { viewport: { width: 1280, height: 900 } });
const panel = (page, name) => page.getByRole('region', { name, exact: true });
const number = async (query) => Number(Object.values((await home.sql(query))[0])[0]);

/** The table of a panel, without its head: a list of rows of cells. */
async function cells(place) {
    await place.locator('tbody tr').first().waitFor(WAIT);
    return place.locator('tbody tr').evaluateAll((rows) =>
        rows.map((row) => [...row.children].map((cell) => cell.textContent)));
}

const REAL = 'JOIN users AS u ON u.id = e.user_id AND u.is_test = 0 AND u.is_erased = 0';

test('what people do is what the store says', async () => {
    const { context, page, problems, foreign } = await open(home);
    await signIn(page);
    await go(page, 'Behaviour');

    const weeks = await cells(panel(page, 'Active people by week'));
    const active = await home.sql(
        `SELECT (e.at_ms / 86400000 + 3) / 7 AS week, count(DISTINCT e.user_id) AS people FROM events AS e ${REAL}
         WHERE e.type IN ('commitment_made', 'commitment_completed', 'commitment_dropped', 'command_used') GROUP BY 1`);
    assert.ok(active.length > 5);
    const monday = (week) => new Date((week * 7 - 3) * 86_400_000).toISOString().slice(0, 10);
    for (const { week, people } of active) {
        assert.equal(weeks.find(([of]) => of.startsWith(monday(week)))[1], String(people), monday(week));
    }
    for (const [, all, fresh, returning, resurrected] of weeks) {
        assert.equal(Number(all), Number(fresh) + Number(returning) + Number(resurrected));
    }

    const made = await number(`SELECT count(*) FROM events AS e ${REAL} WHERE e.type = 'commitment_made'`);
    const times = panel(page, 'From a commitment to its completion');
    await times.getByText(new RegExp(`\\d+ of ${made} were followed by a completion`)).waitFor(WAIT);
    const followed = Number(/(\d+) of/.exec(await times.locator('.lead').innerText())[1]);
    const buckets = await cells(times);
    assert.equal(buckets.reduce((sum, [, count]) => sum + Number(count), 0), followed);
    assert.ok(buckets.some(([name]) => name === '≤ 24 h'));

    const power = panel(page, 'How unequally people commit');
    await power.getByText(`${made} commitments of 18 people`).waitFor(WAIT);
    const most = await home.sql(
        `SELECT count(*) AS n FROM events AS e ${REAL} WHERE e.type = 'commitment_made' GROUP BY e.user_id ORDER BY n DESC LIMIT 1`);
    assert.ok((await cells(power)).some(([, people, count]) => people === '1' && count === String(most[0].n)));

    const hours = await cells(panel(page, 'When in the week people act (UTC)'));
    assert.equal(hours.length, 7);
    const byHour = await home.sql(
        `SELECT (e.at_ms / 86400000 + 3) % 7 AS day, e.at_ms / 3600000 % 24 AS hour, count(*) AS n FROM events AS e ${REAL}
         WHERE e.type IN ('commitment_made', 'commitment_completed', 'commitment_dropped', 'command_used') GROUP BY 1, 2`);
    for (const { day, hour, n } of byHour) {
        assert.equal(hours[day][Number(hour) + 1], String(n), `day ${day} at ${hour}`);
    }

    const paths = await cells(panel(page, 'What people do after joining'));
    const joined = await number(`SELECT count(*) FROM users WHERE is_test = 0 AND is_erased = 0`);
    assert.equal(paths.reduce((sum, [, count]) => sum + Number(count), 0), joined);
    const [drawing] = await Promise.all([page.waitForEvent('download', WAIT), page.getByRole('button', { name: 'SVG of paths' }).click()]);
    const svg = readFileSync(await drawing.path(), 'utf8');
    for (const [steps] of paths) {
        steps.split(' → ').forEach((step, index) => assert.ok(svg.includes(`>${index + 1} ${step}<`), `${index + 1} ${step}`));
    }
    assert.equal(await page.locator('.chart canvas').count(), 4);
    await checkPage(page);
    assert.deepEqual(complaints(problems), []);
    assert.deepEqual(foreign, []);
    await context.close();
});

test('an empty store is said to be empty', async () => {
    const empty = await Installation.make({ env: KEYS });
    await empty.serve();
    const { context, page, problems } = await open(empty);
    await signIn(page);
    await go(page, 'Behaviour');
    const said = page.getByText('Nobody has done that yet.');
    await said.nth(4).waitFor(WAIT);
    assert.equal(await said.count(), 5);
    assert.equal(await page.locator('td').count(), 0);
    assert.deepEqual(complaints(problems), []);
    await context.close();
    await empty.remove();
});
