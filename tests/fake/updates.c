/* The update queues and getUpdates of updates.h. */
#include "updates.h"

#include "call.h"
#include "deliver.h"
#include "waits.h"
#include "webhook.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define DAY_MS             (24 * 3600 * 1000LL)
#define PRESS_RETENTION_MS 150000
#define CONFLICT_DELAY_MS  3000
#define TIMEOUT_S_MAX      50
#define LIMIT_MAX          100

static const char *const update_kinds[] = {
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "business_message",
    "business_connection",
    "chat_member",
    "message_reaction",
    "message_reaction_count",
};
#define KIND_COUNT       (sizeof update_kinds / sizeof update_kinds[0])
#define KINDS_ON_REQUEST 3 /* the last ones come only when asked for */
#define ALLOWED_DEFAULT  ((1U << (KIND_COUNT - KINDS_ON_REQUEST)) - 1U)

/* -1 for a kind this server does not know. */
static int kind_number(const char *kind)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (!strcmp(kind, update_kinds[i])) {
            return (int)i;
        }
    }
    return -1;
}

struct update_queues *updates_new(int64_t bot_id)
{
    struct update_queues *updates = fake_alloc(sizeof *updates);
    /* Bots start at different numbers, as on Telegram: ids mean nothing but order. */
    updates->next_id = 100000000 + bot_id % 1000 * 1000;
    updates->allowed = ALLOWED_DEFAULT;
    updates->previous_offset = -1;
    return updates;
}

static void update_unlink(struct update_queues *updates, struct update *update)
{
    struct update_queue *queue = update->queue;
    if (queue->head == update) {
        queue->attempts = 0;
        queue->next_try_ms = 0;
    }
    DL_DELETE2(queue->head, update, queue_prev, queue_next);
    if (!queue->head) {
        HASH_DEL(updates->queues, queue);
        free(queue);
    }
    DL_DELETE(updates->head, update);
    updates->count--;
    free(update->json);
    free(update);
}

void updates_free(struct update_queues *updates)
{
    while (updates->head) {
        update_unlink(updates, updates->head);
    }
    free(updates);
}

void updates_remove(struct bot *bot, struct update *update)
{
    if (update->in_flight) {
        update->doomed = true;
    } else {
        update_unlink(bot->updates, update);
    }
}

void updates_drop_all(struct bot *bot)
{
    struct update *update;
    struct update *next;
    DL_FOREACH_SAFE(bot->updates->head, update, next)
    {
        updates_remove(bot, update);
    }
}

void updates_purge(struct bot *bot)
{
    int64_t now_ms = bot_now_ms(bot);
    struct update *update;
    struct update *next;
    DL_FOREACH_SAFE(bot->updates->head, update, next)
    {
        if (update->expires_ms <= now_ms) {
            updates_remove(bot, update);
        }
    }
}

static void list_append(struct update_queues *updates, struct update *update, int64_t source)
{
    struct update_queue *queue = NULL;
    HASH_FIND(hh, updates->queues, &source, sizeof source, queue);
    if (!queue) {
        queue = fake_alloc(sizeof *queue);
        queue->key = source;
        HASH_ADD(hh, updates->queues, key, sizeof queue->key, queue);
    }
    update->queue = queue;
    DL_APPEND2(queue->head, update, queue_prev, queue_next);
    DL_APPEND(updates->head, update);
    updates->count++;
}

static struct waiter *poll_of(struct bot *bot)
{
    struct waiter *waiter;
    DL_FOREACH(bot->world->waiters, waiter)
    {
        if (waiter->bot == bot && waiter->kind == WAIT_UPDATES) {
            return waiter;
        }
    }
    return NULL;
}

int64_t updates_add(struct bot *bot, const char *kind, const char *content, int64_t source,
                    int64_t happened_ms, int64_t id)
{
    struct update_queues *updates = bot->updates;
    int number = kind_number(kind);
    if (number >= 0 && !(updates->allowed & (1U << number))) {
        return 0;
    }
    bool press = !strcmp(kind, "callback_query") || !strcmp(kind, "pre_checkout_query") ||
                 !strcmp(kind, "shipping_query");
    struct update *update = fake_alloc(sizeof *update);
    update->id = id ? id : updates->next_id++;
    update->expires_ms = happened_ms + (press ? PRESS_RETENTION_MS : DAY_MS);
    struct buf json = {0};
    buf_char(&json, '{');
    buf_member_i64(&json, "update_id", update->id);
    buf_member_raw(&json, kind, content);
    buf_char(&json, '}');
    update->json = buf_take(&json);
    list_append(updates, update, source);
    int64_t update_id = update->id;
    struct waiter *poll = poll_of(bot);
    if (poll) {
        wait_end(poll);
    }
    deliverer_wake(bot->world);
    return update_id;
}

void updates_render(struct bot *bot, struct buf *out)
{
    updates_purge(bot);
    buf_char(out, '[');
    const struct update *update;
    DL_FOREACH(bot->updates->head, update)
    {
        if (update != bot->updates->head) {
            buf_char(out, ',');
        }
        buf_str(out, update->json);
    }
    buf_char(out, ']');
}

bool updates_set_allowed(struct call *call)
{
    json_t *list = call_json(call, "allowed_updates");
    if (!json_is_array(list)) {
        return false; /* also when it cannot be read: the previous setting stays */
    }
    unsigned allowed = 0;
    size_t index;
    json_t *item;
    json_array_foreach(list, index, item)
    {
        int number = json_is_string(item) ? kind_number(json_string_value(item)) : -1;
        allowed |= number >= 0 ? 1U << number : 0;
    }
    if (json_array_size(list) == 0) {
        allowed = ALLOWED_DEFAULT;
    }
    bool changed = allowed != call->bot->updates->allowed;
    call->bot->updates->allowed = allowed;
    return changed;
}

bool updates_render_allowed(const struct update_queues *updates, struct buf *out)
{
    if (updates->allowed == ALLOWED_DEFAULT) {
        return false;
    }
    const char *separator = "[";
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (updates->allowed & (1U << i)) {
            buf_str(out, separator);
            buf_json(out, update_kinds[i]);
            separator = ",";
        }
    }
    buf_str(out, updates->allowed ? "]" : "[]");
    return true;
}

/* What a waiting getUpdates asked for. */
struct poll {
    int64_t limit;
};

static void answer_updates(struct bot *bot, struct buf *result, int64_t limit)
{
    const struct update *update;
    int64_t given = 0;
    buf_char(result, '[');
    DL_FOREACH(bot->updates->head, update)
    {
        if (given == limit) {
            break;
        }
        if (given++) {
            buf_char(result, ',');
        }
        buf_str(result, update->json);
    }
    buf_char(result, ']');
}

static void poll_done(struct waiter *waiter)
{
    const struct poll *poll = waiter->data;
    struct buf out = {0};
    updates_purge(waiter->bot);
    buf_str(&out, "{\"ok\":true,\"result\":");
    answer_updates(waiter->bot, &out, poll->limit);
    buf_char(&out, '}');
    request_answer(waiter->request, 200, &out, 0);
}

static void conflict_done(struct waiter *waiter)
{
    struct buf out = {0};
    buf_str(&out, "{\"ok\":false,\"error_code\":409,\"description\":");
    buf_json(&out, waiter->data);
    buf_char(&out, '}');
    request_answer(waiter->request, 409, &out, 0);
}

/* The first conflict is told at once, further ones only after three seconds. */
static void answer_conflict(struct bot *bot, struct request *request, const char *description)
{
    int64_t now_ms = bot_now_ms(bot);
    struct waiter *waiter = wait_add(bot, request, WAIT_ANSWER, conflict_done);
    waiter->data = fake_copy(description);
    if (now_ms >= bot->updates->next_conflict_ms) {
        bot->updates->next_conflict_ms = now_ms + CONFLICT_DELAY_MS;
        wait_end(waiter);
    } else {
        waiter->bot_until_ms = now_ms + CONFLICT_DELAY_MS;
    }
}

void updates_end_poll(struct bot *bot, const char *description)
{
    struct waiter *poll = poll_of(bot);
    if (!poll) {
        return;
    }
    struct request *request = poll->request;
    wait_forget(poll);
    answer_conflict(bot, request, description);
}

/* Forgets what the offset confirms. */
static void confirm(struct bot *bot, int64_t offset)
{
    struct update *update;
    struct update *next;
    int64_t surplus = offset < 0 ? (int64_t)bot->updates->count + offset : 0;
    DL_FOREACH_SAFE(bot->updates->head, update, next)
    {
        if (offset < 0 ? surplus-- > 0 : update->id < offset) {
            updates_remove(bot, update);
        }
    }
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

void method_get_updates(struct call *call)
{
    struct bot *bot = call->bot;
    struct update_queues *updates = bot->updates;
    if (!call->request) {
        call_fail(call, 400, "Bad Request: getUpdates cannot be called from a webhook");
        return;
    }
    if (webhook_is_set(bot->webhook)) {
        call->kept = true;
        answer_conflict(bot, call->request,
                        "Conflict: can't use getUpdates method while webhook is active; use "
                        "deleteWebhook to delete the webhook first");
        return;
    }
    updates_set_allowed(call);
    int64_t offset = call_int(call, "offset", 0);
    int64_t limit = clamp(call_int(call, "limit", LIMIT_MAX), 1, LIMIT_MAX);
    int64_t timeout_s = clamp(call_int(call, "timeout", 0), 0, TIMEOUT_S_MAX);
    int64_t now_ms = bot_now_ms(bot);
    if (offset == updates->previous_offset) {
        /* A bot that asks the same again and again is slowed down. */
        if (timeout_s < 3 && now_ms < updates->previous_call_ms + 3000) {
            timeout_s = 3;
        }
        if (now_ms < updates->previous_call_ms + 500) {
            limit = 1;
        }
    }
    updates->previous_offset = offset;
    updates->previous_call_ms = now_ms;
    updates_end_poll(bot, "Conflict: terminated by other getUpdates request; make sure that only "
                          "one bot instance is running");
    updates_purge(bot);
    confirm(bot, offset);
    if (updates->head || timeout_s == 0 || call->at_once) {
        answer_updates(bot, &call->result, limit);
        return;
    }
    struct waiter *waiter = wait_add(bot, call->request, WAIT_UPDATES, poll_done);
    struct poll *poll = fake_alloc(sizeof *poll);
    poll->limit = limit;
    waiter->data = poll;
    waiter->bot_until_ms = now_ms + timeout_s * 1000;
    call->kept = true;
}
