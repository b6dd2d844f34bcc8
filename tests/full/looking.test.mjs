// Ten thousand experiments without a difference and as many with one, looked at after every hundred
// people (tests/looking): false alarms, bounds that hold, differences found.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const EXPERIMENTS = process.env.NUDGE_VARIANT && process.env.NUDGE_VARIANT !== 'release' ? 200 : 10_000;

function looking(count) {
    const program = join(process.env.NUDGE_BUILD, 'tests/looking/looking');
    return new Promise((resolve) => {
        execFile(program, [String(count)], (error, stdout) => resolve({ code: error ? error.code : 0, stdout }));
    });
}

test('looking all the time makes no more false alarms than promised', async (t) => {
    const { code, stdout } = await looking(EXPERIMENTS);
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
