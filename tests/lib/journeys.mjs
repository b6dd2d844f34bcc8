// Definitions for tests: the shipped ones with changes, to be put into force by `nudge journeys apply`.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SHIPPED = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'journeys');

/** A copy of the shipped definitions in the installation's folder, with changes:
 *  { file: [[from, to], …] }. Answers its path. */
export function changed(home, name, changes) {
    const path = join(home.folder, name);
    cpSync(SHIPPED, path, { recursive: true });
    for (const [file, replacements] of Object.entries(changes)) {
        let text = readFileSync(join(path, file), 'utf8');
        for (const [from, to] of replacements) {
            assert.ok(text.includes(from), `${file} does not hold ${from}`);
            text = text.replaceAll(from, to);
        }
        writeFileSync(join(path, file), text);
    }
    return path;
}

/** Puts such a copy into force on the running server. */
export async function apply(home, changes) {
    const result = await home.run('journeys', 'apply', changed(home, 'journeys', changes));
    assert.equal(result.code, 0, result.stderr);
}
