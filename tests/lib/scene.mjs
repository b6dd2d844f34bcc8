// A whole installation for one test: a bot of its own in the file's fake Telegram, the program
// serving it, and questions about one person that the store answers.
//
//   const scene = await Scene.open(t);                    // everyone gets the optimized set
//   const ann = scene.person({ first_name: 'Ann' });
//   await ann.send('/start');
//   await scene.later('2h');                              // and all that was due is done
//   assert.equal((await scene.user(ann)).onboarding_completed, 0);
//
// It is taken down, and checked by `nudge doctor`, when the test ends.
import { after } from 'node:test';
import { Installation, MORNING } from './nudge.mjs';
import { FakeTelegram } from './telegram.mjs';

let server;
after(async () => (await server)?.stop());

/** Names of the numbers in the store, in their order (src/core/person.h). */
export const DELIVERY = [
    'scheduled', 'sending', 'uncertain', 'sent', 'delivered', 'opened', 'clicked', 'suppressed',
    'expired', 'failed', 'dead',
];
export const KIND = [
    'step', 'recovery', 'ultra', 'celebration', 'abandonment', 'graduation', 'rating', 'reply', 'broadcast',
];
export const CLASS = ['reply', 'onboarding', 'followup', 'nudge'];
export const OUTCOME = ['active', 'completed', 'left', 'abandoned', 'expired', 'rolled_back', 'stopped'];
export const PHASE = ['due', 'sending', 'waiting', 'recovery', 'abandoning', 'rating', 'ended'];
export const COMMITMENT = ['active', 'completed', 'missed', 'dropped'];

/** Nine in the morning: four steps answered promptly fit before the quiet hours. */
export const NINE = MORNING - 3_600_000;

export class Scene {
    /** share: percent of new people who get the optimized set, null: untouched. serve: false leaves
     *  the server to the test. */
    static async open(t, { share = 100, env = {}, serve = true, now = NINE, bot = {}, args = [] } = {}) {
        server ??= FakeTelegram.start(); // a promise: tests of one file may run at once
        const scene = new Scene();
        scene.tg = await (await server).bot(bot);
        scene.home = await Installation.make({ env: { ...scene.tg.env(), TELEGRAM_PACING: 'off', ...env }, now });
        t.after(() => scene.home.remove());
        if (serve) {
            await scene.home.serve(args);
            if (share !== null) {
                await scene.home.json('rollout', 'set', 'superior_onboarding', String(share));
            }
        }
        return scene;
    }

    person(facts = {}) {
        return this.tg.user({ language_code: 'en', ...facts });
    }

    /** A person who has just made first contact and was answered. */
    async newcomer(facts = {}, first = '/start') {
        const person = this.person(facts);
        await person.send(first);
        await person.receive();
        await this.settled();
        return person;
    }

    /** A person who has been through onboarding by a commitment of their own, which is done. */
    async regular(facts = {}) {
        const person = await this.newcomer(facts);
        await person.send('/commit drink water');
        await (await person.receive(/^Not(ed|iert): /)).tap(0);
        await this.settled();
        return person;
    }

    /** Moves time on and waits until everything that was due by then is done. */
    async later(by) {
        this.home.advance(by);
        await this.settled();
    }

    /** Until nothing is due, under way or unread any more, but what waits in line for its channel's limits. */
    async settled() {
        await this.home.until('rest', async () => {
            const [left] = await this.home.sql(
                `select (select count(*) from due as w left join deliveries as d on w.kind = 3 and d.id = w.id
                            where w.due_at_ms <= ${this.home.now} and (w.line = 0 or (d.reason <> 'paced'
                                and not exists (select 1 from channel_pauses as p where p.channel = d.channel
                                    and p.address = '' and p.until_ms > ${this.home.now})))) as due,
                        (select count(*) from deliveries where state = 1) as sending,
                        (select count(*) from inbox where answered_at_ms = 0) as inbox,
                        (select count(*) from engine_lease where until_ms <= ${this.home.now}) as lease`);
            const unread = (await this.tg.pendingUpdates()).length;
            return left.due + left.sending + left.inbox + unread + (this.home.server ? left.lease : 0) === 0;
        });
    }

    /** The row of a person; undefined when nobody is known under their Telegram id. */
    async user(person) {
        const [row] = await this.home.sql(
            `select u.*, cast(u.id as text) as id from users u join identities i on i.user_id = u.id
             where i.kind = 'telegram' and i.value = '${person.id}'`);
        return row;
    }

    async #rows(table, person, order) {
        return this.home.sql(
            `select t.*, cast(t.id as text) as id from ${table} t join identities i on i.user_id = t.user_id
             where i.kind = 'telegram' and i.value = '${person.id}' order by ${order}`);
    }

    /** Runs, oldest first, with names for their numbers; of one journey when it is given. */
    async runs(person, journey) {
        const rows = await this.#rows('runs', person, 't.id');
        return rows
            .filter((row) => journey === undefined || row.journey === journey)
            .map((row) => ({
                ...row,
                outcome: OUTCOME[row.outcome],
                phase: PHASE[row.phase],
                steps: JSON.parse(row.steps),
                answers: row.answers === '' ? {} : JSON.parse(row.answers),
            }));
    }

    async deliveries(person) {
        const rows = await this.#rows('deliveries', person, 't.id');
        return rows.map((row) => ({
            ...row, state: DELIVERY[row.state], kind: KIND[row.kind], class: CLASS[row.class],
        }));
    }

    async commitments(person) {
        const rows = await this.#rows('commitments', person, 't.id');
        return rows.map((row) => ({ ...row, state: COMMITMENT[row.state] }));
    }

    /** Events, oldest first; of one type when it is given. */
    async events(person, type) {
        const rows = await this.#rows('events', person, 't.id');
        return rows
            .filter((row) => type === undefined || row.type === type)
            .map((row) => ({ ...row, data: row.data === '' ? {} : JSON.parse(row.data) }));
    }

    /** Texts of messages the person got since a mark of scene.tg.mark(), in order. */
    async texts(person, since = 0) {
        return (await person.sent()).filter((message) => message.n > since).map((message) => message.text);
    }
}
