// Figures move by themselves, in as many tabs as somebody opens: they share one stream. A lost connection is shown, and
// healed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, WAIT } from '../lib/browser.mjs';
import { go, KEYS, open, PATH, signIn } from '../lib/dashboard.mjs';
import { Scene } from '../lib/scene.mjs';

/** More than a browser has connections to one server. */
const TABS = 8;
let browser;

before(async () => {
    browser = await launch();
});
after(() => browser.close());

/** A profile with so many tabs on People; streams: those that are open, by the tab that has it. */
async function tabs(t, scene, count) {
    const { context, page } = await open(browser, scene.home);
    t.after(() => context.close());
    const streams = new Map();
    context.on('request', (request) => {
        if (request.url().endsWith('/api/live')) {
            streams.set(request, request.frame().page());
        }
    });
    for (const end of ['requestfinished', 'requestfailed']) {
        context.on(end, (request) => streams.delete(request));
    }
    await signIn(page);
    await page.getByRole('button', { name: 'Sign out' }).waitFor(WAIT);
    await go(page, 'People');
    const pages = [page];
    while (pages.length < count) {
        const next = await context.newPage();
        await next.goto(`${scene.home.url}${PATH}#/people`);
        pages.push(next);
    }
    return { pages, streams };
}

const shows = (page, name) => page.getByRole('rowheader', { name, exact: true }).waitFor(WAIT);

test('many tabs share one stream; when the one that has it closes, another takes over', async (t) => {
    const scene = await Scene.open(t, { env: KEYS });
    await scene.newcomer({ first_name: 'Ann' });
    const { pages, streams } = await tabs(t, scene, TABS);
    for (const page of pages) {
        await shows(page, 'Ann');
    }
    assert.equal(streams.size, 1);
    await scene.newcomer({ first_name: 'Bob' });
    for (const page of pages) {
        await shows(page, 'Bob');
    }
    assert.equal(streams.size, 1);
    const [holder] = streams.values();
    await holder.close();
    const left = pages.filter((page) => page !== holder);
    await scene.home.until('another tab has the stream', () => [...streams.values()].some((page) => left.includes(page)));
    await scene.newcomer({ first_name: 'Cem' });
    for (const page of left) {
        await shows(page, 'Cem');
    }
    assert.equal([...streams.values()].filter((page) => left.includes(page)).length, 1);
});

test('a lost connection is shown in every tab, and healed', async (t) => {
    const scene = await Scene.open(t, { env: KEYS });
    await scene.newcomer({ first_name: 'Ann' });
    const { pages } = await tabs(t, scene, 2);
    const lost = (page) => page.getByText('The connection to the server is lost.', { exact: false });
    for (const page of pages) {
        await shows(page, 'Ann');
        assert.equal(await lost(page).count(), 0);
    }
    const { port } = new URL(scene.home.url);
    await scene.home.stop();
    for (const page of pages) {
        await lost(page).waitFor(WAIT);
    }
    await scene.home.serve(['--listen', `127.0.0.1:${port}`]);
    for (const page of pages) {
        await lost(page).waitFor({ ...WAIT, state: 'hidden' });
    }
    await scene.newcomer({ first_name: 'Bob' });
    for (const page of pages) {
        await shows(page, 'Bob');
    }
});
