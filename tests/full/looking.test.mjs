// Ten thousand experiments without a difference and as many with one, looked at after every hundred
// people (tests/looking): false alarms, bounds that hold, differences found. Months with the shipped rules
// of alerting: false alarms of healthy ones, and how long what breaks goes unseen.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const EXPERIMENTS = process.env.NUDGE_VARIANT && process.env.NUDGE_VARIANT !== 'release' ? 200 : 10_000;

const MONTHS = EXPERIMENTS / 100;
const RULES = fileURLToPath(new URL('../../journeys/alerts/rules.yaml', import.meta.url));

function run(name, ...args) {
    const program = join(process.env.NUDGE_BUILD, 'tests/looking', name);
    return new Promise((resolve) => {
        execFile(program, args, (error, stdout) => resolve({ code: error ? error.code : 0, stdout }));
    });
}

test('looking all the time makes no more false alarms than promised', async (t) => {
    const { code, stdout } = await run('looking', String(EXPERIMENTS));
    t.diagnostic(stdout);
    const { experiments, rates, split } = JSON.parse(stdout);
    assert.equal(experiments, EXPERIMENTS);
    for (const rate of rates) {
        assert.ok(rate.false_alarms <= 0.05, `false alarms at ${rate.base}`);
        assert.ok(rate.covered >= 0.95, `bounds at ${rate.base}`);
        assert.ok(rate.found_10000 >= 0.8, `found at ${rate.base}`);
    }
    assert.ok(split.false_alarms <= 0.01);
    assert.ok(split.found_52_one_look >= 0.9);
    assert.equal(code, 0);
});

test('healthy months alarm hardly anybody, broken ones soon', async (t) => {
    const { code, stdout } = await run('months', RULES, String(MONTHS));
    t.diagnostic(stdout);
    const { months, healthy, broken } = JSON.parse(stdout);
    assert.equal(months, MONTHS);
    for (const { joins, alarms } of healthy) {
        for (const [rule, count] of Object.entries(alarms)) {
            assert.ok(count < 1, `${rule} at ${joins} people a day`);
        }
    }
    for (const fault of broken) {
        assert.ok(fault[1000].seen >= 0.95, fault.rule);
    }
    assert.equal(code, 0);
});
