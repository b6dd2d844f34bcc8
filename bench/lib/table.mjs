// The table that the benchmark prints: a figure of each system, its spread, and the factor between.
import { median } from './processes.mjs';

const COLUMNS = ['peer', 'nudge-postgres', 'nudge'];
const TITLES = { peer: 'grammY + PostgreSQL', 'nudge-postgres': 'nudge + PostgreSQL', nudge: 'nudge + SQLite' };

export class Table {
    #lines = [];

    group(title) {
        this.#lines.push({ group: title });
    }

    note(text) {
        this.#lines.push({ note: text });
    }

    /** One figure from the results of each system ({peer: […], nudge: […]}). `more`: larger is better. */
    row(title, results, field, { digits, more = false, noFactor = false }) {
        const cells = {};
        for (const kind of COLUMNS) {
            const values = (results[kind] ?? []).map((result) => result[field]);
            if (values.length) {
                cells[kind] = { median: median(values), least: Math.min(...values), most: Math.max(...values) };
            }
        }
        const { peer } = cells;
        for (const ours of COLUMNS.slice(1).map((kind) => cells[kind])) {
            if (!noFactor && ours?.median > 0 && peer?.median > 0) {
                ours.factor = more ? ours.median / peer.median : peer.median / ours.median;
            }
        }
        this.#lines.push({ title, cells, digits });
    }

    print({ facts, runs, durability, postgres, peerReason }) {
        const number = (value, digits) =>
            value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
        const cell = (values, digits) => {
            if (!values) {
                return '-';
            }
            const text = number(values.median, digits);
            const spread = `${number(values.least, digits)}..${number(values.most, digits)}`;
            return values.least === values.most ? text : `${text} (${spread})`;
        };
        const factor = (values) => (values?.factor ? `${values.factor.toFixed(1)} x` : '');
        const line = (title, texts) =>
            console.log(title.padEnd(46) + texts.map((text, i) => ` ${text.padStart(i % 2 ? 9 : 28)}`).join(''));
        console.log(`\n${facts.cpu}, ${facts.cores} cores, ${facts.memory_gb} GB, ${facts.system}, Linux ${facts.kernel}`);
        console.log(`nudge: ${durability || 'not measured'}; peers: node ${facts.node}${postgres ? `, PostgreSQL ${postgres}, fsync and synchronous_commit on` : ''}`);
        console.log(`one core for the measured program, the other for load and fake providers${postgres ? '; PostgreSQL on either' : ''}`);
        console.log(`medians of ${runs} interleaved runs (least..most); load average before: ${facts.load_before.toFixed(2)}`);
        if (peerReason) {
            console.log(`peers skipped (grammY + node-postgres, graphile-worker, pg-boss): ${peerReason}`);
        }
        const [peer, ...ours] = COLUMNS;
        line('', [TITLES[peer], '', ...ours.flatMap((kind) => [TITLES[kind], 'better'])]);
        for (const entry of this.#lines) {
            if (entry.group) {
                console.log(`\n${entry.group}`);
            } else if (entry.note) {
                console.log(`  ${entry.note}`);
            } else {
                const text = (kind) => cell(entry.cells[kind], entry.digits);
                line(`  ${entry.title}`, [text(peer), '', ...ours.flatMap((kind) => [text(kind), factor(entry.cells[kind])])]);
            }
        }
    }

    json(facts) {
        return { facts, rows: this.#lines };
    }
}
