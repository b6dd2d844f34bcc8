// The peer of the webhook rows: a grammY bot that keeps its state in PostgreSQL, written as one would
// write it with care. Each update is one transaction (user, onboarding step, delivery) on a pooled
// connection with prepared statements, then the message is sent, then the delivery is marked sent.
import http from 'node:http';

import { Bot, webhookCallback } from 'grammy';
import pg from 'pg';

const { PORT, DATABASE_URL, POOL, BOT_TOKEN, SECRET, API_URL, ANSWER_TAPS } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: Number(POOL) });

const SAVE_USER = {
    name: 'save_user',
    text: `insert into users (tg_id, username, first_name, last_seen) values ($1, $2, $3, now())
        on conflict (tg_id) do update set username = excluded.username, last_seen = now()`,
};
const SAVE_STEP = {
    name: 'save_step',
    text: `insert into onboarding (user_id, step, updated_at) values ($1, $2, now())
        on conflict (user_id) do update set step = excluded.step, updated_at = now()`,
};
const ADD_DELIVERY = {
    name: 'add_delivery',
    text: `insert into deliveries (user_id, template, status, created_at)
        values ($1, $2, 'pending', now()) returning id`,
};
const MARK_SENT = {
    name: 'mark_sent',
    text: "update deliveries set status = 'sent', sent_at = now(), message_id = $2 where id = $1",
};

/** Saves where the person now stands and the message they will get; the delivery's id. */
async function advance(from, step, template) {
    const client = await pool.connect();
    try {
        await client.query('begin');
        await client.query({ ...SAVE_USER, values: [from.id, from.username, from.first_name] });
        await client.query({ ...SAVE_STEP, values: [from.id, step] });
        const { rows } = await client.query({ ...ADD_DELIVERY, values: [from.id, template] });
        await client.query('commit');
        return rows[0].id;
    } catch (error) {
        await client.query('rollback');
        throw error;
    } finally {
        client.release();
    }
}

/** The whole of one transition. */
async function reply(ctx, step, template, text) {
    const delivery = await advance(ctx.from, step, template);
    const message = await ctx.reply(text);
    await pool.query({ ...MARK_SENT, values: [delivery, message.message_id] });
}

const bot = new Bot(BOT_TOKEN, {
    // The answer to a tap travels in the webhook's response: the Bot API takes one call there.
    client: { apiRoot: API_URL, canUseWebhookReply: (method) => method === 'answerCallbackQuery' },
    // Known beforehand, so that a start needs no getMe.
    botInfo: {
        id: Number(BOT_TOKEN.split(':')[0]),
        is_bot: true,
        first_name: 'Fake',
        username: 'fake_bot',
        can_join_groups: true,
        can_read_all_group_messages: false,
        supports_inline_queries: false,
        can_connect_to_business: false,
        has_main_web_app: false,
    },
});
bot.command('start', (ctx) => reply(ctx, 'started', 'welcome', 'Welcome! Press the button when you are done.'));
bot.callbackQuery('done', async (ctx) => {
    if (ANSWER_TAPS) {
        await ctx.editMessageText('Welcome! You chose: done.');
    }
    await reply(ctx, 'done', 'congrats', 'Well done!');
    if (ANSWER_TAPS) {
        await ctx.answerCallbackQuery();
    }
});

const handle = webhookCallback(bot, 'http', { secretToken: SECRET });
const server = http.createServer((request, response) =>
    handle(request, response).catch((error) => {
        console.error(error);
        response.statusCode = 500;
        response.end();
    }));
server.listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
