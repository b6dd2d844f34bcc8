// PostgreSQL is stopped, killed, frozen and made to fail while people write. Nothing that was
// acknowledged is lost or done twice, everything drains, and nobody has to do anything about it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Scene } from '../lib/scene.mjs';
import { Cluster } from '../lib/postgres.mjs';
import { Wire } from '../lib/wire.mjs';

const MESSAGES = 40;
const DRAIN_MS = 120_000;
const missing = Cluster.missing();
const missingRoom = missing ?? Cluster.missingRoom();

/** Errors that PostgreSQL itself may give at any time: the next five events are refused. */
const failing = (code) => async ({ cluster, schema, write }) => {
    cluster.sql(`set search_path = ${schema}; create sequence faults;
        create function fail() returns trigger language plpgsql as $$ begin
            if nextval('${schema}.faults') <= 5 then raise exception 'refused' using errcode = '${code}'; end if;
            return new; end $$;
        create trigger fail before insert on events for each row execute function fail()`);
    await write();
};

/** What goes wrong; `write` has people write in the middle of it. */
const FAULTS = {
    'is restarted': async ({ cluster, write }) => {
        const writing = write();
        await cluster.stop('SIGINT');
        await cluster.up();
        await writing;
    },
    'is killed': async ({ cluster, write }) => {
        const writing = write();
        await cluster.stop('SIGKILL');
        await cluster.up();
        await writing;
    },
    'is not there for a while': async ({ cluster, write }) => {
        await cluster.stop('SIGINT');
        await write();
        await cluster.up();
    },
    'lets nobody in for a while': async ({ cluster, write }) => {
        const rules = cluster.rules();
        const inside = cluster.backends();
        await cluster.admit('local all all reject', false);
        inside.forEach((pid) => process.kill(pid, 'SIGTERM'));
        await write();
        await cluster.admit(rules, true);
    },
    'ends our connections, again and again': async ({ cluster, write }) => {
        const writing = write();
        for (let i = 0; i < 5; i++) {
            cluster.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'nudge'");
        }
        await writing;
    },
    'does not answer for a while': async ({ cluster, write }) => {
        const frozen = cluster.backends();
        frozen.forEach((pid) => process.kill(pid, 'SIGSTOP'));
        try {
            await write();
        } finally {
            frozen.forEach((pid) => process.kill(pid, 'SIGCONT'));
        }
    },
    'cannot serialize': failing('40001'),
    'finds deadlocks': failing('40P01'),
    'has no room left for a while': failing('53100'),
    'has a disk that is really full, for a while': async ({ cluster, log, passing, unread, write }) => {
        cluster.disk.fill();
        let refused = 0;
        while (!refused) { // what room its files still have is soon used up
            await write();
            await passing('the messages to be tried', async () => {
                cluster.disk.fill(); // nothing that it gives back is left to it
                refused = log.filter((line) => line.includes('a batch failed')).length;
                return refused || (await unread()) === 0;
            });
        }
        cluster.disk.empty();
        await cluster.up(); // where it could not write its log it ended itself
    },
    'is slow': async ({ cluster, schema, write }) => {
        cluster.sql(`set search_path = ${schema};
            create function wait() returns trigger language plpgsql as $$ begin perform pg_sleep(0.2); return null; end $$;
            create trigger wait after insert on events for each statement execute function wait()`);
        await write();
        cluster.sql(`drop function ${schema}.wait cascade`);
    },
    'is cut off, again and again': async ({ passing, wires, write }) => {
        const writing = write();
        for (let i = 0; i < 5; i++) {
            await passing('a connection', () => wires[0].connections > 0);
            wires[0].cut();
        }
        await writing;
    },
    'does as told, and its answers are lost': async ({ passing, wires, write }) => {
        for (let i = 0; i < 5; i++) {
            let lost = false;
            wires[0].loseAnswer().then(() => (lost = true));
            await write();
            await passing('an answer to be lost', () => lost);
        }
    },
    'answers at another address, later': async ({ wires, write }) => {
        const writing = write();
        await wires[0].close();
        await writing;
        await wires[1].open();
    },
};

let cluster;
let wires;
before(async () => {
    if (!missing) {
        cluster = await Cluster.start({ room: missingRoom ? undefined : '400m' });
        wires = [new Wire(cluster.folder), new Wire(cluster.folder)];
        process.env.NUDGE_TEST_POSTGRES = `postgres://nudge@/postgres?host=${wires.map((wire) => wire.folder).join(',')}`;
    }
});
after(async () => {
    await Promise.all((wires ?? []).map((wire) => wire.remove()));
    await cluster?.remove();
});

for (const [what, fault] of Object.entries(FAULTS)) {
    test(`PostgreSQL ${what}`, { skip: what.includes('disk') ? missingRoom : missing }, async (t) => {
        await wires[1].close();
        await wires[0].close();
        await wires[0].open();
        const scene = await Scene.open(t);
        const schema = new URLSearchParams(scene.home.postgres.split('?')[1]).get('schema');
        const people = [await scene.newcomer(), await scene.newcomer(), await scene.newcomer()];
        const written = [];
        const write = async () => {
            for (let i = 0; i < MESSAGES; i++) {
                const text = `note ${written.length}`;
                written.push(text);
                await people[i % people.length].send(`/feedback ${text}`);
            }
        };
        const passing = (what, happened) => scene.home.until(what, async () => {
            scene.home.advance('1s');
            return happened();
        }, DRAIN_MS);
        await write();
        const unread = async () => (await scene.tg.pendingUpdates()).length;
        const log = scene.home.log;
        await fault({ cluster, schema, passing, wires, write, log, unread });
        await write();
        await passing('all updates to be taken', async () => (await unread()) === 0);
        for (let i = 0; i < 3; i++) {
            await scene.later('3m'); // what was never reported is uncertain after two minutes
        }
        const kept = await scene.home.sql("select text from feedback where text <> '' order by id");
        assert.deepEqual(kept.map((row) => row.text).sort(), [...written].sort());
        for (const person of people) {
            const sent = new Set((await person.sent()).map((message) => String(message.message_id)));
            for (const row of await scene.deliveries(person)) {
                assert.ok(['sent', 'uncertain'].includes(row.state), `message ${row.id} is ${row.state} (${row.reason})`);
                assert.ok(row.provider_id === '' || sent.has(row.provider_id), `message ${row.id} was never sent`);
            }
        }
    });
}
