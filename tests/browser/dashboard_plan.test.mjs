// The dashboard's plan of the rollout, targets and verdicts, and the page about the installation itself.
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

const WIDE = { viewport: { width: 1280, height: 900 } };

test('a plan is started, held, resumed and advanced by mouse; targets stand on the first page', async (t) => {
    const scene = await Scene.open(t, { share: null, env: KEYS });
    const { context, page, problems, foreign } = await open(browser, scene.home, WIDE);
    await signIn(page);
    await page.getByText('The rollout has not begun, so there is nothing to judge yet.').waitFor(WAIT);
    await go(page, 'Rollout');
    await page.getByText('No plan is running.').waitFor(WAIT);
    await checkPage(page);
    await page.getByLabel('Name of the plan').fill('monthly');
    await page.getByRole('button', { name: 'Start the plan' }).click();
    await page.getByText('there is no plan "monthly"', { exact: false }).waitFor(WAIT);
    await page.getByLabel('Name of the plan').fill('gradual');
    await page.getByRole('button', { name: 'Start the plan' }).click();
    const lead = page.locator('[data-plan="gradual"]');
    await lead.getByText('goes on by hand').waitFor(WAIT);
    const begun = await scene.home.json('rollout', 'status');
    assert.deepEqual([begun.plan.name, begun.plan.automatic], ['gradual', false]);
    await page.getByText(`${begun.share} % of new people get the optimized set.`).waitFor(WAIT);
    await page.getByRole('button', { name: 'Hold' }).click();
    await lead.getByText('held').waitFor(WAIT);
    assert.equal((await scene.home.json('rollout', 'status')).plan.held, true);
    await page.getByRole('button', { name: 'Resume' }).click();
    await lead.getByText('goes on by hand').waitFor(WAIT);
    const { next } = (await scene.home.json('rollout', 'status')).plan;
    for (const gate of next.gates) {
        await page.locator('.gates li', { hasText: gate.metric.replaceAll('_', ' ') }).getByText(gate.state).waitFor(WAIT);
    }
    await page.getByRole('button', { name: 'Enter the next stage' }).click();
    await page.getByRole('row', { name: /advance/ }).first().waitFor(WAIT);
    const moved = await scene.home.json('rollout', 'status');
    assert.deepEqual([moved.plan.stage, moved.plan.held], [next.stage, false]);
    await page.locator('.stages [aria-current="step"]', { hasText: next.stage }).waitFor(WAIT);
    await checkPage(page);

    await scene.home.json('rollout', 'set', 'superior_onboarding', '100');
    await scene.newcomer();
    await scene.regular();
    const { targets, verdicts } = await scene.home.json('metrics', '--verdicts');
    await go(page, 'Overview');
    await page.getByRole('heading', { name: 'Targets of week 1' }).waitFor(WAIT);
    for (const { metric, treated, due, success, state } of targets) {
        const rate = treated ? `${treated.value.toFixed(1)} % \\(.*of ${treated.n}\\)` : '–';
        const row = new RegExp(`^${metric.replaceAll('_', ' ')} ${rate} – ${due.toFixed(1)} ${success.toFixed(1)} ${state}`);
        await page.getByRole('row', { name: row }).waitFor(WAIT);
    }
    for (const verdict of verdicts) {
        await page.locator(`[data-verdict="${verdict.name}"]`).getByText(verdict.state).first().waitFor(WAIT);
    }
    await checkPage(page);
    // The plan that there is none of was answered 404, which the browser notes.
    assert.deepEqual(complaints(problems).filter((text) => !/status of 404/.test(text)), []);
    assert.deepEqual(foreign, []);
    await context.close();
});

test('the installation: its health, the switch, and when what is due will be out', async (t) => {
    const scene = await Scene.open(t, { env: KEYS });
    const { context, page, problems } = await open(browser, scene.home, WIDE);
    await signIn(page);
    await go(page, 'System');
    await page.locator('[data-health="ok"]').getByText('well').waitFor(WAIT);
    await page.getByText('No message waits.').waitFor(WAIT);
    await checkPage(page);
    await page.getByLabel('Mode').selectOption('off');
    await page.getByRole('button', { name: 'Set' }).click();
    await page.locator('[data-sending="off"]').waitFor(WAIT);
    assert.equal((await scene.home.json('sending')).mode, 'off');
    const person = scene.person({ started: true });
    await person.ready();
    await scene.home.run('onboarding', 'trigger', `telegram:${person.id}`);
    const { lines } = await scene.home.json('deliveries', 'forecast');
    assert.equal(lines.length, 1);
    await page.reload();
    await page.getByRole('row', { name: new RegExp(`^telegram onboarding ${lines[0].messages} 0 min`) }).waitFor(WAIT);
    await page.getByLabel('Mode').selectOption('on');
    await page.getByRole('button', { name: 'Set' }).click();
    await page.locator('[data-sending="on"]').waitFor(WAIT);
    await scene.settled();

    await page.getByRole('button', { name: 'Look now' }).click();
    await page.locator('[data-preflight="no-go"]').waitFor(WAIT);
    const looked = async () => JSON.parse((await scene.home.run('preflight', '--json')).stdout).checks;
    for (const { name, state, says, mend } of await looked()) {
        const cells = page.getByRole('row', { name: `${name} ${state} ` }).getByRole('cell');
        assert.deepEqual(await cells.allInnerTexts(), [state, says, mend]);
    }
    await checkPage(page);
    await page.getByRole('button', { name: /Try a rollback/ }).click();
    await page.getByRole('row', { name: /^rollback drill (pass|note) / }).waitFor(WAIT);
    await page.getByLabel('Your name').fill('Anna');
    await page.getByRole('button', { name: 'Sign', exact: true }).click();
    await page.getByRole('row', { name: /^team-briefed pass signed by Anna/ }).waitFor(WAIT);
    assert.match((await looked()).find(({ name }) => name === 'team-briefed').says, /^signed by Anna/);
    assert.deepEqual(complaints(problems), []);
    await context.close();

    const reader = await open(browser, scene.home);
    await signIn(reader.page, KEYS.VIEWER_API_KEY);
    await go(reader.page, 'System');
    await reader.page.locator('[data-sending="on"]').waitFor(WAIT);
    await reader.page.getByRole('button', { name: 'Look now' }).click();
    await reader.page.locator('[data-preflight]').waitFor(WAIT);
    assert.equal(await reader.page.getByRole('button', { name: /^(Set|Sign|Try.*)$/ }).count(), 0);
    await reader.context.close();
});
