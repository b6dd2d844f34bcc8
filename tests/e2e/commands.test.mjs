// Every command of the bot in both languages, settings, one's own data, buttons of earlier bots, and
// what belongs nowhere.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Scene } from '../lib/scene.mjs';

const NAMES = [
    'start', 'commit', 'list', 'done', 'metrics', 'insights', 'streaks', 'leaderboard', 'feedback', 'settings',
    'pause', 'resume', 'stop', 'sequences', 'export', 'delete', 'help',
];

/** Presses a button and waits until the message shows what came of it. */
async function press(message, button, shows) {
    await message.tap(button);
    return message.edited(shows);
}

/** Everything that stands in any table, as one text. */
async function everything(scene) {
    const tables = await scene.home.sql(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'");
    const rows = await Promise.all(tables.map((table) => scene.home.sql(`select * from "${table.name}"`)));
    return JSON.stringify(rows);
}

describe('every command', () => {
    const answers = [
        ['/help', /What I can do for you/, /Was ich für dich tun kann/],
        ['/start', /What small thing comes next/, /Welche Kleinigkeit kommt als Nächstes/],
        ['/list', /Nothing is open/, /Nichts ist offen/],
        ['/done', /Nothing is open/, /Nichts ist offen/],
        ['/commit', /What small thing do you want to do/, /Welche Kleinigkeit willst du tun/],
        ['/cancel', /All right, never mind/, /Alles klar, schon vergessen/],
        ['/metrics', /Your progress/, /Dein Fortschritt/],
        ['/progress', /Your progress/, /Dein Fortschritt/],
        ['/stats', /Your progress/, /Dein Fortschritt/],
        ['/insights', /What your days tell/, /Was deine Tage erzählen/],
        ['/streaks', /One day so far/, /Ein Tag bisher/],
        ['/leaderboard', /shall I put you on it/, /Soll ich dich draufsetzen/],
        ['/feedback lovely', /Thank you, that helps/, /Danke, das hilft/],
        ['/feedback', /I am all ears/, /Ich bin ganz Ohr/],
        ['/settings', /Your settings/, /Deine Einstellungen/],
        ['/sequences', /What you get at the moment|nothing planned/, /Was du gerade bekommst|nichts für dich geplant/],
        ['/pause', /I keep quiet for 7 days/, /Ich bin still für 7 Tage/],
        ['/resume', /Welcome back/, /Willkommen zurück/],
        ['/resume', /You are not on a break/, /Du machst keine Pause/],
        ['/stop_sequences', /I will not write on my own/, /ich schreibe nicht mehr von mir aus/],
        ['/stop', /I will not write on my own/, /ich schreibe nicht mehr von mir aus/],
        ['/sequences', /You stopped my messages/, /Du hast meine Nachrichten beendet/],
        ['/export', /all that we hold about you/, /alles, was wir über dich haben/],
        ['/delete', /It cannot be undone/, /lässt sich nicht rückgängig machen/],
        ['/fix', /Tell me in a few words what happened/, /Sag mir in ein paar Worten, was passiert ist/],
        ['/debug', /nothing to debug here/, /nichts mehr zu untersuchen/],
        ['/sing', /I do not know that command/, /Diesen Befehl kenne ich nicht/],
        ['/Help@{bot} me', /What I can do/, /Was ich .*tun kann/],
        ['hello there', /Thanks for writing/, /Danke fürs Schreiben/],
    ];
    const made = { en: ['/commit drink water', /Noted: drink water/, 'Done', /Done: /], de: ['/commit Wasser trinken', /Notiert: Wasser trinken/, 'Geschafft', /Geschafft: /] };

    for (const [column, language] of [[1, 'en'], [2, 'de']]) {
        test(`is answered in ${language}`, async (t) => {
            const scene = await Scene.open(t);
            const ann = await scene.newcomer({ first_name: 'Ann', language_code: language });
            const [text, noted, button, done] = made[language];
            await ann.send(text);
            await press(await ann.receive(noted), button, done);
            await (await ann.receive(/10 min/)).tap(1); // the same size
            await scene.settled();
            for (const row of answers) {
                await ann.send(row[0].replace('{bot}', scene.tg.username));
                const answer = await ann.receive(row[column]);
                assert.doesNotMatch(answer.text, /\{\{|%\d|undefined|null/, row[0]);
            }
            assert.equal((await scene.user(ann)).language, language);
        });
    }

    test('is registered with Telegram in both languages', async (t) => {
        const scene = await Scene.open(t);
        const english = await scene.tg.waitFor('setMyCommands', (entry) => entry.params.language_code === undefined || entry.params.language_code === '');
        const german = await scene.tg.waitFor('setMyCommands', (entry) => entry.params.language_code === 'de');
        for (const entry of [english, german]) {
            assert.ok(entry.ok, entry.description);
            assert.deepEqual(entry.params.commands.map((command) => command.command).sort(), [...NAMES].sort());
        }
        assert.equal(english.params.commands.find((command) => command.command === 'help').description, 'What I can do');
        assert.equal(german.params.commands.find((command) => command.command === 'help').description, 'Was ich kann');
    });

    test('registering fails: a warning, and the bot works', async (t) => {
        const scene = await Scene.open(t, { serve: false });
        await scene.tg.fail('setMyCommands', 'server', { count: 100 });
        await scene.home.serve();
        await scene.newcomer();
        await scene.home.until('the warning', () => scene.home.log.some((line) => /level=warn.*command/i.test(line)));
    });

    test('/metrics tells the figures that the store holds', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.newcomer();
        for (let i = 1; i <= 4; i++) {
            await ann.send(`/commit thing ${i}`);
            const noted = await ann.receive(/Noted/);
            if (i < 4) {
                await press(noted, 'Done', /Done: /);
            }
        }
        await ann.send('/metrics');
        const progress = await ann.receive(/Your progress/);
        assert.match(progress.text, /4 commitments, 3 done \(75 %\)/);
        assert.match(progress.text, /Streak: one day, longest: one day/);
        assert.match(progress.text, /Achieved: first commitment/);
        assert.match(progress.text, /Next: 5 commitments \(1 to go\)/);
    });

    test('/help twice within an hour is a request for support', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await ann.send('/help');
        await ann.receive(/What I can do/);
        await ann.send('/help');
        await ann.receive(/Still stuck\? Write \/feedback/);
        await ann.send('/feedback it is broken');
        await press(await ann.receive(/that helps/), 'It is a problem', /that helps/);
        await scene.settled();
        const rows = await scene.home.sql('select text, is_problem from feedback order by id');
        assert.equal(rows.some((row) => row.text === 'it is broken'), true);
        assert.equal(rows.some((row) => row.is_problem === 1), true);
        assert.ok((await scene.home.json('metrics')).support_requests >= 2);
    });
});

describe('settings', () => {
    test('language', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await ann.send('/settings');
        const settings = await ann.receive(/Language: English/);
        const ask = await press(settings, 'Language', /Which language/);
        assert.deepEqual(ask.reply_markup.inline_keyboard.flat().map((button) => button.text), ['English', 'Deutsch']);
        await press(settings, 'Deutsch', /Ab jetzt: Deutsch/);
        await ann.send('/list');
        await ann.receive(/Nichts ist offen/);
        assert.equal((await scene.user(ann)).language, 'de');
    });

    test('time zone by button, by city, by offset', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await ann.send('/settings');
        const settings = await ann.receive(/Time zone: UTC \(now 9:00|Time zone: UTC \(now 09:00/);
        await press(settings, 'Time zone', /Where are you/);
        await press(settings, 'Europe/Berlin', /Your time zone is Europe\/Berlin; it is 10:00 there now/);
        await ann.send('/settings');
        const again = await ann.receive(/Time zone: Europe\/Berlin/);
        await press(again, 'Time zone', /Where are you/);
        await ann.send('Nowhere at all');
        await ann.receive(/I do not find that place/);
        await ann.send('Lisbon');
        await ann.receive(/Europe\/Lisbon/);
        await ann.send('/settings');
        await press(await ann.receive(/Your settings/), 'Time zone', /Where are you/);
        await ann.send('UTC+2');
        await ann.receive(/it is 11:00 there now/);
        await scene.settled();
        assert.notEqual((await scene.user(ann)).zone, 'Europe/Lisbon');
    });

    test('quiet hours', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await ann.send('/settings');
        const settings = await ann.receive(/Quiet hours: 22:00 to 8:00|Quiet hours: 22:00 to 08:00/);
        await press(settings, 'Quiet hours', /When shall I keep quiet/);
        await ann.send('sometimes');
        await ann.receive(/I did not get that/);
        await ann.send('23-6:30');
        await ann.receive(/Quiet hours: 23:00 to 0?6:30/);
        await scene.settled();
        const user = await scene.user(ann);
        assert.deepEqual([user.quiet_from_minute, user.quiet_to_minute], [23 * 60, 6 * 60 + 30]);
        await ann.send('/settings');
        const again = await ann.receive(/Your settings/);
        await press(again, 'Quiet hours', /When shall/);
        await press(again, 'None', /Quiet hours: none/);
    });

    test('channel, e-mail and the leaderboard', async (t) => {
        const scene = await Scene.open(t);
        const people = [];
        for (const first_name of ['Ann', 'Bob', 'Cem', 'Dee', 'Eve', 'Fay']) {
            const person = await scene.regular({ first_name });
            await person.send('/leaderboard');
            await press(await person.receive(/shall I put you on it/), 'Count me in', /You are on the leaderboard/);
            people.push(person);
        }
        const [ann] = people;
        await scene.later('2m');
        await ann.send('/leaderboard');
        const board = await ann.receive(/Leaderboard/);
        assert.match(board.text, /Ann/);
        assert.match(board.text, /Fay/);
        await press(board, 'Take me off', /You are off the leaderboard/);
        await ann.send('/settings');
        const settings = await ann.receive(/Leaderboard: you are not on it/);
        await settings.tap('Where I write');
        await scene.home.until('an answer', async () =>
            (await ann.messages()).some((message) => /I know only this place/.test(message.text)));
        assert.ok(!settings.buttons.some((button) => /E-mail/.test(button.text)), 'e-mail is not set up here');
    });
});

describe('their own data', () => {
    test('/export sends one file with all there is', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular({ first_name: 'Ann' });
        await ann.send('/feedback I like the penguin');
        await ann.receive(/that helps/);
        await ann.send('/export');
        await ann.receive(/all that we hold about you/);
        const sent = await scene.tg.waitFor('sendDocument', () => true, { chat_id: ann.id });
        assert.ok(sent.ok, sent.description);
        const user = await scene.user(ann);
        const exported = await scene.home.run('users', 'export', `telegram:${ann.id}`);
        const data = JSON.parse(exported.stdout);
        const text = JSON.stringify(data);
        for (const wanted of ['Ann', 'drink water', 'I like the penguin', String(ann.id)]) {
            assert.ok(text.includes(wanted), `${wanted} is missing`);
        }
        assert.ok(text.includes(user.id));
    });

    test('/delete asks; then nothing about the person is left', async (t) => {
        const scene = await Scene.open(t, { env: { ADMIN_CHAT_IDS: '900900' } });
        const bob = await scene.regular({ first_name: 'Bobby' });
        const ann = await scene.regular({ first_name: 'Annabella', username: 'annabella_w', last_name: 'Weatherwax' });
        await ann.send('/commit polish the trombone at 18:00');
        await ann.receive(/trombone/);
        await ann.send('/feedback I like the penguin');
        await ann.receive(/that helps/);
        await scene.settled();
        const before = await everything(scene);
        const traces = ['Annabella', 'annabella_w', 'trombone', 'penguin', String(ann.id)];
        for (const trace of traces) {
            assert.ok(before.includes(trace), `${trace} was never stored`);
        }
        const { id } = await scene.user(ann);

        await ann.send('/delete');
        const ask = await ann.receive(/It cannot be undone/);
        await press(ask, 'No, keep it', /everything stays as it is/);
        const late = await ann.tap({ data: 'x:delete' }, { message_id: ask.message_id });
        assert.match((await late.answered()).params.text, /too old/);
        await ann.send('/delete');
        await (await ann.receive(/It cannot be undone/)).tap('Yes, erase all');
        await ann.receive(/Everything about you is erased/);
        await scene.settled();
        const after = await everything(scene);
        for (const trace of traces) {
            assert.ok(!after.includes(trace), `${trace} is still there`);
        }
        assert.deepEqual(
            await scene.home.sql(`select is_erased, first_name from users where id = ${id}`), [{ is_erased: 1, first_name: '' }]);
        assert.equal((await scene.home.json('metrics')).total_users, 1);
        const mark = await scene.tg.mark();
        for (let day = 0; day < 9; day++) {
            await scene.later('24h');
        }
        assert.deepEqual(await scene.texts(ann, mark), []);
        assert.ok((await scene.texts(bob, mark)).length > 0);
        await ann.send('/start'); // somebody new
        await ann.receive(/30 seconds/);
        await scene.settled();
        assert.notEqual((await scene.user(ann)).id, id);
    });

    test('the word confirms too, another word keeps all, and operators can erase', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await ann.send('/delete');
        await ann.receive(/It cannot be undone/);
        await ann.send('hm, no');
        await ann.receive(/everything stays as it is/);
        await ann.send('/delete');
        await ann.receive(/It cannot be undone/);
        await ann.send('Delete');
        await ann.receive(/Everything about you is erased/);
        const bob = await scene.regular();
        const refused = await scene.home.run('users', 'erase', `telegram:${bob.id}`);
        assert.equal(refused.code, 2);
        assert.match(refused.stderr, /--yes/);
        const erased = await scene.home.run('users', 'erase', `telegram:${bob.id}`, '--yes');
        assert.equal(erased.code, 0, erased.stderr);
        await scene.home.until('erasure', async () => (await scene.user(bob)) === undefined);
    });
});

describe('operators', () => {
    test('lift what operators and words of crisis hold, never what the person stopped', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        const name = `telegram:${ann.id}`;
        const users = (...words) => scene.home.run('users', words[0], name, ...words.slice(1));
        await ann.send('/pause');
        await ann.receive(/I keep quiet for 7 days/);
        const paused = await users('resume');
        assert.equal(paused.code, 1);
        assert.match(paused.stderr, /the person paused all messages; only they can end that early, with \/resume/);
        await ann.send('/stop');
        await ann.receive();
        const stopped = await users('resume');
        assert.equal(stopped.code, 1);
        assert.match(stopped.stderr, /the person stopped all messages; only they can allow them again/);
        assert.equal((await scene.user(ann)).stopped, 1);
        assert.match((await users('show')).stdout, /^stopped: wants no messages$/m);
        await ann.send('/resume');
        await ann.receive();
        await scene.settled();
        assert.match((await users('pause', '3')).stdout, /is paused/);
        assert.match((await users('stop')).stdout, /gets no messages any more/);
        assert.match((await users('show')).stdout, /^stopped by an operator$[^]*^paused until .* by an operator$/m);
        assert.match((await users('resume')).stdout, /gets messages again/);
        assert.equal((await scene.user(ann)).stopped, 0);
        await ann.send('I want to die');
        await ann.receive();
        await scene.settled();
        assert.equal((await scene.user(ann)).crisis_hold, 1);
        assert.equal((await users('resume')).code, 0);
        assert.equal((await scene.user(ann)).crisis_hold, 0);
        const soon = await users('pause', 'soon');
        assert.equal(soon.code, 2);
        assert.match(soon.stderr, /"soon" is no number of days/);
        assert.match((await users('pause', '1000')).stderr, /days must be a number from 1 to 365/);
    });
});

describe('what belongs nowhere', () => {
    test('buttons of earlier bots', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.newcomer();
        const old = (await ann.sent()).at(-1);
        for (const data of ['complete_12', 'complete_', 'cancel_done', 'cancel_commit', 'save_smart_7', 'save_original_8']) {
            const pressed = await ann.tap({ data }, { message_id: old.message_id });
            assert.match((await pressed.answered()).params.text, /too old|no longer/, data);
        }
        await scene.settled();
        assert.deepEqual(await scene.commitments(ann), []);
    });

    test('pictures, stickers, voices', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        for (const extra of [
            { photo: [{ file_id: 'a', file_unique_id: 'b', width: 1, height: 1 }] },
            { voice: { file_id: 'a', file_unique_id: 'b', duration: 1 } },
            { location: { latitude: 1, longitude: 2 } },
        ]) {
            await ann.send(null, { extra });
            await ann.receive(/I can only read text so far/);
        }
    });

    test('a text becomes a commitment with one tap', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await ann.send('tidy my desk');
        const answer = await ann.receive(/Thanks for writing/);
        assert.deepEqual(answer.buttons.map((button) => button.text), ['Commit to something', 'My list', 'Help']);
        await answer.tap('Help');
        await ann.receive(/What I can do/);
        await answer.tap('Commit to something');
        await ann.receive(/What small thing/);
    });

    test('a group gets one private link, and only for /start@bot', async (t) => {
        const scene = await Scene.open(t);
        const ann = scene.person();
        await ann.ready();
        const group = await scene.tg.group({ type: 'supergroup', title: 'Runners' });
        await ann.send('hello all', { in: group });
        await ann.send('/start', { in: group });
        await ann.send('/start@some_other_bot', { in: group });
        await ann.send('/help', { in: group });
        await ann.send(`/start@${scene.tg.username}`, { in: group });
        const link = await group.receive(/I talk to each person in private/);
        assert.match(link.text, new RegExp(`https://t\\.me/${scene.tg.username}\\?start=group`));
        await scene.settled();
        assert.equal((await group.sent()).length, 1);
        assert.equal(await scene.user(ann), undefined);
        await ann.send('/start group');
        await ann.receive(/30 seconds/);
        await scene.settled();
        assert.equal((await scene.user(ann)).source, 'group');
    });

    test('a link that is not valid', async (t) => {
        const scene = await Scene.open(t);
        const ann = await scene.regular();
        await ann.send('/start link_abc');
        await ann.receive(/That link is not valid any more/);
        assert.equal((await scene.user(ann)).source, '');
    });
});
