// The chat inside another site's page: listed origins may embed it, others may not, and no cookie is
// needed there.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { launch } from '../lib/browser.mjs';
import { Installation } from '../lib/nudge.mjs';

const WAIT = { timeout: 60_000 };
let browser;
let home;
const sites = [];

/** A page that embeds the chat; by the host's name it is another site, by its address another origin
 *  of the same site. */
async function site(host) {
    const server = http.createServer((request, answer) => {
        answer.setHeader('Content-Type', 'text/html');
        answer.end(`<!doctype html><title>site</title><iframe id="chat" src="${home.url}/chat"></iframe>`);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    sites.push(server);
    return `http://${host}:${server.address().port}`;
}

/** Opens the site and says hello in its frame. */
async function talk(context, origin) {
    const page = await context.newPage();
    await page.goto(origin);
    const chat = page.frameLocator('#chat');
    await chat.getByRole('button', { name: 'Say hello' }).click(WAIT);
    await chat.locator('.message:not(.mine)').first().waitFor(WAIT);
    assert.deepEqual(await context.cookies(), []);
    return { page, chat };
}

before(async () => {
    browser = await launch();
    home = await Installation.make({ env: { WEBCHAT_ENABLED: 'on' } });
    await home.serve();
});

after(async () => {
    await browser.close();
    sites.forEach((server) => server.close());
    await home.remove();
});

test('a site that is not listed cannot embed the chat', async () => {
    const page = await browser.newPage({ locale: 'en-US' });
    const refusals = [];
    page.on('console', (message) => refusals.push(message.text()));
    await page.goto(await site('localhost'));
    await home.until('the refusal', () => refusals.some((text) => /frame-ancestors/.test(text)));
    assert.equal(await page.frames()[1].getByRole('button').count(), 0);
    await page.close();
});

test('listed sites can; where the browser lets frames keep anything, a reload changes nothing', async () => {
    const other = await site('localhost');
    const same = await site('127.0.0.1');
    await home.stop();
    await home.serve(['--listen', new URL(home.url).host], { env: { WEBCHAT_ORIGINS: `${other}, ${same}` } });
    const context = await browser.newContext({ locale: 'en-US' });
    await talk(context, other);
    const { page, chat } = await talk(context, same);
    await page.reload();
    await chat.locator('.message:not(.mine)').first().waitFor(WAIT);
    assert.deepEqual(await home.sql("select count(*) as n from identities where kind = 'webchat'"), [{ n: 2 }]);
    await context.close();
});
