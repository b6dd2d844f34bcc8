// The dashboard over 100,000 people of a rehearsal: what its pages show is compared with questions of the test's own,
// which count rows, where the program reads counters and its behaviour log.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from '../lib/browser.mjs';
import { complaints, go, KEYS, open as openAt, PATH, signIn } from '../lib/dashboard.mjs';
import { Installation } from '../lib/nudge.mjs';

/** Where other tests run beside it, what takes seconds takes minutes. */
const WAIT = { timeout: 300_000 };
const PEOPLE = 100_000;
const SHARE = 50;
const DAY = 86_400_000;
const HOUR = 3_600_000;
/** What people do, not what they get (the glossary's "activity"). */
const ACTIVITY = `('message_received', 'button_pressed', 'command_used', 'commitment_made', 'commitment_completed',
    'commitment_dropped', 'commitment_renamed', 'commitment_undone', 'commitment_changed', 'step_completed',
    'step_answered', 'overwhelmed', 'crisis', 'stopped', 'paused', 'resumed', 'feedback', 'rated', 'settings_changed')`;
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const JOURNEYS = join(ROOT, 'journeys');
let browser;
let home;
let page;
let context;
let problems;

before(async () => {
    browser = await launch();
    home = await Installation.make({ env: KEYS });
    const lived = await home.run({ deadlineMs: 500_000 }, 'simulate', '--into', `sqlite:${home.database}`,
        '--users', String(PEOPLE), '--share', String(SHARE));
    assert.equal(lived.code, 0, lived.stderr);
    await home.serve();
    ({ context, page, problems } = await openAt(browser, home, { viewport: { width: 1280, height: 900 } }));
    await signIn(page);
});

after(async () => {
    await context.close();
    await browser.close();
    await home.remove({ doctor: false }); // tests/e2e/simulate.test.mjs has it look at fewer
});

const one = async (query) => (await home.sql(query))[0];
const text = async (place) => (await place.innerText()).replace(/\s+/g, ' ').trim();
const decimal = (value) => (Math.floor(value * 10 + 0.5) / 10).toFixed(1);
const percent = (part, whole) => `${decimal((100 * part) / whole)} %`;

/** Wilson's interval of 95 %, in percent. */
function wilson(part, whole) {
    const z = 1.959963984540054;
    const p = part / whole;
    const middle = p + (z * z) / (2 * whole);
    const half = z * Math.sqrt((p * (1 - p)) / whole + (z * z) / (4 * whole * whole));
    return [middle - half, middle + half].map((bound) => decimal((100 * bound) / (1 + (z * z) / whole)));
}

/** A card that shows a share of so many. */
async function checkShare(name, part, whole) {
    const card = page.locator(`[data-figure="${name}"]`);
    await card.getByText(percent(part, whole)).waitFor(WAIT);
    const shown = await text(card);
    const [low, high] = wilson(part, whole);
    assert.ok(shown.includes(String(whole)), `${name}: ${whole} in ${shown}`);
    assert.ok(shown.includes(`95 %: ${low} – ${high}`), `${name}: ${low} to ${high} in ${shown}`);
}

/** The rows of a table, without its head. */
async function cells(place) {
    await place.locator('tbody tr').first().waitFor(WAIT);
    return place.locator('tbody tr').evaluateAll((rows) =>
        rows.map((row) => [...row.children].map((cell) => cell.innerText.replace(/\s+/g, ' ').trim())));
}

const panel = (name) => page.getByRole('region', { name, exact: true });

/** How many people are at each stage, from what happened to them. */
async function stages(where) {
    const of = `FROM users AS u WHERE u.is_test = 0 AND u.is_erased = 0 AND ${where}`;
    const happened = (condition) => `(SELECT count(*) ${of} AND u.id IN (SELECT user_id FROM ${condition}))`;
    const step = (index, column) =>
        happened(`runs, json_each(runs.steps) AS step WHERE runs.journey = 'superior_onboarding' AND step.key = ${index}
                  AND json_extract(step.value, '$[${column}]') > 0`);
    return one(`SELECT (SELECT count(*) ${of}) AS "joined", ${step(0, 0)} AS "step 1 sent",
        ${[0, 1, 2, 3].map((index) => `${step(index, 1)} AS "step ${index + 1} completed"`).join(', ')},
        ${happened("events WHERE type = 'graduated'")} AS "graduated",
        ${happened("commitments WHERE source <> 'onboarding'")} AS "first commitment",
        ${happened("commitments WHERE source <> 'onboarding' AND state = 1")} AS "first completion"`);
}

async function checkFunnel(where) {
    const expected = await stages(where);
    const row = page.getByRole('row', { name: new RegExp(`^joined ${expected.joined} `) });
    await row.waitFor(WAIT);
    const shown = await cells(page.locator('table', { has: row }));
    assert.deepEqual(shown.map(([stage]) => stage), Object.keys(expected));
    for (const [stage, people, share] of shown) {
        assert.equal(Number(people), expected[stage], stage);
        assert.equal(share, percent(expected[stage], expected.joined), stage);
    }
    return expected;
}

test('the first page: figures, targets beside the control group, the funnel', async () => {
    const { people, made, completed, quick, hours, quiet, strong, theirs } = await one(`
        WITH each AS (
            SELECT user_id, count(*) AS made, sum(state = 1) AS completed FROM commitments GROUP BY user_id
        ), strong AS (SELECT made FROM each WHERE made >= 10 AND 5 * completed >= 4 * made)
        SELECT (SELECT count(*) FROM users) AS people, (SELECT count(*) FROM each) AS quiet, count(*) AS made,
               sum(state = 1) AS completed, sum(state = 1 AND completed_at_ms - created_at_ms <= ${DAY}) AS quick,
               avg(CASE WHEN state = 1 THEN completed_at_ms - created_at_ms END) / ${HOUR} AS hours,
               (SELECT count(*) FROM strong) AS strong, (SELECT sum(made) FROM strong) AS theirs FROM commitments`);
    assert.equal(people, PEOPLE);
    await checkShare('conversion_rate', quiet, people);
    await checkShare('completion_rate', completed, made);
    await checkShare('quick_completion_rate', quick, completed);
    await checkShare('inactive_rate', people - quiet, people);
    await checkShare('power_user_share', strong, people);
    assert.ok((await text(page.locator('[data-figure="power_user_share"]'))).includes(`${percent(theirs, made)} of all commitments`));
    assert.ok((await text(page.locator('[data-figure="avg_completion_hours"]'))).includes(`${decimal(hours)} h`));

    const arms = await home.sql(`
        SELECT u.journey_set AS arm, count(*) AS n, sum(EXISTS (SELECT 1 FROM commitments AS c WHERE c.user_id = u.id
            AND c.created_at_ms - u.joined_at_ms <= ${2 * DAY})) AS made
        FROM users AS u WHERE u.joined_at_ms <= ${home.now - 2 * DAY} GROUP BY 1`);
    const arm = (set) => {
        const { n, made: within } = arms.find((each) => each.arm === set);
        const [low, high] = wilson(within, n);
        return `${percent(within, n)} (${low} – ${high}, of ${n})`;
    };
    const targets = await cells(panel('Targets of week 5'));
    assert.deepEqual(targets.find(([figure]) => figure === 'conversion rate').slice(1, 3), [arm(1), arm(0)]);
    const sets = await home.sql('SELECT journey_set AS arm, count(*) AS n FROM users GROUP BY 1 ORDER BY 1');
    await page.getByText(`${sets[1].n} people with the optimized set, ${sets[0].n} in the control group`).waitFor(WAIT);
    await page.getByText(`${SHARE} % of new people get the optimized set.`).waitFor(WAIT);
    await checkFunnel('1 = 1');
});

test('onboarding: everybody, and those that the link asks for', async () => {
    await go(page, 'Onboarding');
    await checkFunnel('1 = 1');
    const yaml = readFileSync(join(JOURNEYS, 'optimized', 'superior_onboarding.yaml'), 'utf8');
    const patience = [...yaml.matchAll(/^ {4}no_answer: (\d+)h/gm)].map(([, h]) => Number(h) * HOUR);
    assert.equal(patience.length, 4);
    for (const [index, ms] of patience.entries()) {
        const { sent, done } = await one(`
            SELECT count(*) AS sent, sum(json_extract(s.value, '$[1]') > 0) AS done
            FROM runs AS r, json_each(r.steps) AS s WHERE r.journey = 'superior_onboarding' AND s.key = ${index}
            AND json_extract(s.value, '$[0]') > 0 AND json_extract(s.value, '$[0]') <= ${home.now - ms}`);
        await checkShare(`step_${index + 1}_completion`, done, sent);
    }
    const { ended, entered } = await one(`
        SELECT sum(outcome = 3) AS ended, count(*) AS entered FROM runs
        WHERE journey = 'superior_onboarding' AND entered_at_ms <= ${home.now - 8 * DAY}`);
    await checkShare('abandonment_rate', ended, entered);

    const steps = await cells(panel('How the steps go'));
    assert.equal(steps.length, 4);
    for (const [index, [name, ...shown]] of steps.entries()) {
        const times = await home.sql(`
            SELECT json_extract(s.value, '$[1]') - json_extract(s.value, '$[0]') AS ms
            FROM runs AS r, json_each(r.steps) AS s WHERE r.journey = 'superior_onboarding' AND s.key = ${index}
            AND json_extract(s.value, '$[0]') > 0`);
        const took = times.map(({ ms }) => ms).filter((ms) => ms >= 0).sort((a, b) => a - b);
        const at = (share) => {
            const place = (took.length - 1) * share;
            const low = took[Math.floor(place)];
            const high = took[Math.min(Math.floor(place) + 1, took.length - 1)];
            const ms = low + (high - low) * (place - Math.floor(place));
            return ms < HOUR ? `${decimal(ms / 60_000)} min` : `${decimal(ms / HOUR)} h`;
        };
        const { recoveries, smaller, skipped } = await one(`
            SELECT sum(type = 'recovery_sent') AS recoveries, sum(type = 'ultra_sent') AS smaller,
                   sum(type = 'step_skipped') AS skipped
            FROM events WHERE journey = 'superior_onboarding' AND step = '${name.replaceAll(' ', '_')}'`);
        assert.deepEqual(shown, [times.length, took.length, at(0.5), at(0.9), recoveries, smaller, skipped].map(String), name);
    }
    const answers = await cells(panel('What people answered'));
    const given = await home.sql(`
        SELECT replace(a.key, '_', ' ') AS question, a.value AS answer, count(DISTINCT r.user_id) AS people
        FROM runs AS r, json_each(nullif(r.answers, '')) AS a WHERE r.journey = 'superior_onboarding' GROUP BY 1, 2`);
    assert.equal(answers.length, 30);
    for (const [question, answer, people] of answers) {
        const same = given.find((each) => each.question === question && each.answer === answer);
        assert.equal(Number(people), same.people, `${question}: ${answer}`);
        const more = given.filter((each) => each.question === question && each.people > same.people);
        assert.ok(more.length < 10, `${question}: ${answer} is among the ten most frequent`);
    }

    await page.goto(`${home.url}${PATH}#/onboarding?set=optimized&language=de`);
    const some = await checkFunnel("u.journey_set = 1 AND u.language = 'de'");
    assert.ok(some.joined > 1000 && some.joined < PEOPLE / 2);
});

test('a journey: every place of its drawing', async () => {
    await go(page, 'Journeys');
    await page.getByRole('link', { name: 'superior onboarding' }).click();
    await page.locator('[data-node="first_win"]').waitFor(WAIT);
    const messages = await home.sql(`
        SELECT step, kind, sum(state BETWEEN 3 AND 6) AS sent, sum(answered_at_ms > 0) AS answered FROM deliveries
        WHERE journey = 'superior_onboarding' AND kind IN (0, 1, 2) GROUP BY step, kind`);
    assert.ok(messages.length >= 11);
    for (const { step, kind, sent, answered } of messages) {
        const box = page.locator(`[data-node="${step}${['', ' (recovery)', ' (ultra-micro)'][kind]}"]`);
        assert.ok((await box.textContent()).includes(`${sent} sent, ${answered} answered`), `${step} ${kind}: ${sent}, ${answered}`);
    }
    const steps = ['first_win', 'momentum', 'personal_action', 'plan_tomorrow'];
    const waiting = await home.sql(`
        SELECT step, CASE WHEN phase = 4 THEN 'abandonment' WHEN ultra THEN ' (ultra-micro)' WHEN phase = 3 THEN ' (recovery)'
               ELSE '' END AS at, count(*) AS people
        FROM runs WHERE journey = 'superior_onboarding' AND outcome = 0 GROUP BY 1, 2`);
    const here = new Map();
    for (const { step, at, people } of waiting) {
        const node = at === 'abandonment' ? at : steps[step] + at;
        here.set(node, (here.get(node) ?? 0) + people);
    }
    for (const [node, people] of here) {
        assert.ok((await page.locator(`[data-node="${node}"]`).textContent()).includes(`${people} here now`), `${node}: ${people}`);
    }
    const runs = await home.sql("SELECT outcome, count(*) AS n FROM runs WHERE journey = 'superior_onboarding' GROUP BY 1");
    const names = ['active', 'completed', 'left', 'abandoned', 'expired', 'rolled_back', 'stopped'];
    for (const { outcome, n } of runs) {
        assert.equal(await page.locator(`[data-runs="${names[outcome]}"]`).innerText(), String(n));
    }
    await page.locator('section', { has: page.locator('#journey') })
        .screenshot({ path: process.env.UPDATE && join(ROOT, 'docs', 'images', 'dashboard-journey.png') });
});

test('retention: every cell of the grid', async () => {
    await go(page, 'Retention');
    const expected = await home.sql(`
        WITH weeks (k) AS (VALUES (0), (1), (2), (3)),
        lived AS (
            SELECT DISTINCT e.user_id, (e.at_ms - u.joined_at_ms) / ${7 * DAY} AS k
            FROM events AS e JOIN users AS u ON u.id = e.user_id WHERE e.type IN ${ACTIVITY} AND e.at_ms >= u.joined_at_ms
        )
        SELECT date(u.joined_at_ms / 1000, 'unixepoch', 'weekday 0', '-6 days') AS week, w.k, count(*) AS n,
               count(l.user_id) AS active
        FROM users AS u JOIN weeks AS w ON u.joined_at_ms + (w.k + 1) * ${7 * DAY} <= ${home.now}
        LEFT JOIN lived AS l ON l.user_id = u.id AND l.k = w.k GROUP BY 1, 2 ORDER BY 1, 2`);
    assert.ok(expected.length >= 8);
    await page.locator('.heat tbody tr').first().waitFor(WAIT);
    const shown = await cells(page.locator('.heat'));
    for (const { week, k, n, active } of expected) {
        const row = shown.find(([of]) => of === week);
        assert.equal(row[1 + Number(k)], `${percent(active, n)} ${active} of ${n}`, `${week}, week ${k}`);
    }
    assert.equal(shown.flatMap((row) => row.slice(1)).filter((cell) => cell !== '').length, expected.length);
});

test('behaviour: who is active, how long they take, when they act', async () => {
    await go(page, 'Behaviour');
    const weeks = await cells(panel('Active people by week'));
    const active = await home.sql(`
        SELECT date(at_ms / 1000, 'unixepoch', 'weekday 0', '-6 days') AS week, count(DISTINCT user_id) AS people
        FROM events WHERE type IN ${ACTIVITY} GROUP BY 1 ORDER BY 1`);
    assert.deepEqual(weeks.map(([week, people]) => [week.slice(0, 10), Number(people)]), active.map(({ week, people }) => [week, people]));

    const { made, gini } = await one(`
        WITH each AS (SELECT count(c.id) AS n FROM users AS u LEFT JOIN commitments AS c ON c.user_id = u.id GROUP BY u.id),
        ranked AS (SELECT n, row_number() OVER (ORDER BY n) AS rank FROM each)
        SELECT sum(n) AS made, 2.0 * sum(rank * n) / (count(*) * sum(n)) - (count(*) + 1.0) / count(*) AS gini FROM ranked`);
    await panel('How unequally people commit').getByText(`${made} commitments of ${PEOPLE} people; Gini ${gini.toFixed(2)}`).waitFor(WAIT);

    const hours = await cells(panel('When in the week people act (UTC)'));
    const byHour = await home.sql(`
        SELECT (at_ms / ${DAY} + 3) % 7 AS day, at_ms / ${HOUR} % 24 AS hour, count(*) AS n FROM events
        WHERE type IN ${ACTIVITY} GROUP BY 1, 2`);
    assert.equal(byHour.length, 7 * 24);
    for (const { day, hour, n } of byHour) {
        assert.equal(Number(hours[day][Number(hour) + 1]), n, `day ${day} at ${hour}`);
    }

    const paths = await cells(panel('What people do after joining'));
    assert.equal(paths.reduce((sum, [, people]) => sum + Number(people), 0), PEOPLE);
});

test('messages, people, feedback: the newest of them', async () => {
    await go(page, 'Messages');
    await page.getByLabel('State').selectOption('suppressed');
    const suppressed = await home.sql(`
        SELECT cast(user_id AS text) AS person, reason FROM deliveries WHERE state = 7 ORDER BY id DESC LIMIT 20`);
    await page.getByRole('row', { name: /suppressed/ }).nth(19).waitFor(WAIT);
    const messages = await cells(page.locator('table'));
    for (const [index, { person, reason }] of suppressed.entries()) {
        assert.ok(messages[index].join(' ').includes(`…${person.slice(-5)}`), `${index}: ${messages[index]}`);
        assert.ok(messages[index].join(' ').includes(`(${reason.replaceAll('_', ' ')})`), `${index}: ${reason} in ${messages[index]}`);
    }

    await go(page, 'People');
    const newest = await home.sql(`
        SELECT u.journey_set AS arm, (SELECT count(*) FROM commitments AS c WHERE c.user_id = u.id) AS made,
               (SELECT count(*) FROM commitments AS c WHERE c.user_id = u.id AND c.state = 1) AS completed
        FROM users AS u ORDER BY u.id DESC LIMIT 20`);
    await page.getByRole('rowheader').nth(19).waitFor(WAIT);
    const people = await cells(page.locator('table'));
    for (const [index, { arm, made, completed }] of newest.entries()) {
        assert.ok(people[index].includes(['original', 'optimized'][arm]), `${index}: ${people[index]}`);
        assert.ok(people[index].includes(`${completed} of ${made}`), `${index}: ${people[index]}`);
    }

    await go(page, 'Feedback');
    const said = await home.sql('SELECT rating FROM feedback ORDER BY id DESC LIMIT 20');
    await page.getByRole('rowheader').or(page.getByRole('row')).nth(20).waitFor(WAIT);
    const feedback = await cells(page.locator('table'));
    for (const [index, { rating }] of said.entries()) {
        assert.ok(feedback[index].includes(rating > 0 ? 'helpful' : 'not helpful'), `${index}: ${feedback[index]}`);
    }
});

test('rollout and alerts: the arms, and what a rule says of the newcomers', async () => {
    await go(page, 'Rollout');
    const sets = await home.sql('SELECT journey_set AS arm, count(*) AS n FROM users GROUP BY 1 ORDER BY 1');
    await page.getByText('People with the optimized set').waitFor(WAIT);
    const facts = await text(page.locator('main'));
    assert.ok(facts.includes(`People with the optimized set ${sets[1].n}`), facts);
    assert.ok(facts.includes(`People with the original set ${sets[0].n}`), facts);

    await go(page, 'Alerts');
    const { n, made } = await one(`
        SELECT count(*) AS n, sum(EXISTS (SELECT 1 FROM commitments AS c WHERE c.user_id = u.id
            AND c.created_at_ms - u.joined_at_ms <= ${2 * DAY})) AS made
        FROM users AS u WHERE journey_set = 1 AND u.joined_at_ms <= ${home.now - 2 * DAY} AND u.joined_at_ms >= ${home.now - 7 * DAY}`);
    const [low, high] = wilson(made, n);
    const rule = page.getByRole('row', { name: /^conversion low/ });
    await rule.getByText(`conversion_rate is ${percent(made, n)} (${low} to ${high} %, of ${n} who joined within 7 days)`).waitFor(WAIT);
    assert.deepEqual(complaints(problems), []);
});

test('what an operator does, and what the store says of it then; a second browser sees it', async () => {
    const setting = async (name) => JSON.parse((await one(`SELECT json FROM settings WHERE name = '${name}'`)).json);
    await go(page, 'People');
    await page.getByRole('rowheader').first().getByRole('link').click();
    await page.getByRole('button', { name: 'Pause for 7 days' }).click();
    await page.getByText('Paused for seven days.').waitFor(WAIT);
    const id = page.url().split('/').at(-1);
    const { until } = await one(`SELECT paused_until_ms AS until FROM users WHERE id = ${id}`);
    assert.ok(Math.abs(until - home.now - 7 * DAY) < DAY / 24, `${until}`);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Messages go on.').waitFor(WAIT);
    assert.equal((await one(`SELECT paused_until_ms AS until FROM users WHERE id = ${id}`)).until, 0);

    await go(page, 'Experiments');
    const experiment = page.locator('[data-experiment="first_win_task"]');
    await experiment.getByRole('button', { name: 'Start' }).click();
    await experiment.getByText('No verdict yet', { exact: false }).first().waitFor(WAIT);
    assert.ok(JSON.stringify(await setting('experiments')).includes('first_win_task'));
    await experiment.getByRole('button', { name: 'Stop' }).click();
    await experiment.getByText('stopped, since', { exact: false }).waitFor(WAIT);

    await go(page, 'Rollout');
    await page.getByLabel('Share of new people, %').fill('75');
    await page.getByRole('button', { name: 'Set share' }).click();
    await page.locator('.lead', { hasText: '75 % of new people' }).waitFor(WAIT);
    const second = await openAt(browser, home, { viewport: { width: 1280, height: 900 } });
    await signIn(second.page);
    await second.page.getByText('75 % of new people get the optimized set.').waitFor(WAIT);
    const { moved } = await one('SELECT count(*) AS moved FROM users WHERE journey_set = 1 AND is_erased = 0');
    await page.getByLabel('Also move people who have the optimized set').check();
    await page.getByRole('button', { name: 'Roll back …' }).click();
    await page.getByRole('dialog').getByText(`${moved} people are moved to it`, { exact: false }).waitFor(WAIT);
    await page.keyboard.press('Escape');
    await page.getByLabel('Also move people who have the optimized set').uncheck();
    await page.getByRole('button', { name: 'Roll back …' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back now' }).click();
    await page.locator('.lead', { hasText: 'Rolled back' }).waitFor(WAIT);
    await second.page.getByText('Rolled back: everybody new gets the original set.').waitFor(WAIT);
    const rollout = JSON.stringify(await setting('rollout/superior_onboarding'));
    assert.match(rollout, /"rolled_back_entries": ?true/);
    const actions = await home.sql('SELECT action FROM audit_log ORDER BY id');
    for (const action of ['experiment', 'rollout_set', 'rollback']) {
        assert.ok(actions.some((row) => row.action === action), `${action} in ${JSON.stringify(actions)}`);
    }
    await second.context.close();
    assert.deepEqual(complaints(problems), []);
});
