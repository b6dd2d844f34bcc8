/* Receiving by long polling. Updates are confirmed (by the next offset) only after the transactions
 * that took them in have committed, so a crash loses none; what comes twice is recognised by the
 * engine. One answer is dealt with before the next is asked for. After a failure, and against
 * servers that ignore timeouts, a pause keeps the loop from spinning. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "channel/out.h"
#include "channel/telegram_internal.h"

enum {
    LONG_POLL_S = 50, /* Telegram's maximum */
    LONG_POLL_SLACK_MS = 15 * 1000,
    EMPTY_PAUSE_MS = 200, /* when an empty answer came though we asked to wait */
    QUICK_ANSWER_MS = 1000,
    BUSY_PAUSE_MS = 100, /* the engine's queue was full */
    BACKOFF_MS = 1000,
    BACKOFF_MS_MAX = 30 * 1000,
    CONFLICT_PAUSE_MS = 3 * 1000, /* another poller */
    WEBHOOK_PAUSE_MS = 30 * 1000, /* a webhook is set: updates come there */
    GARBLED_MAX = 3,              /* then it is the update, not the way */
    UPDATE_ARENA_BYTES = 16 * 1024,
    ANSWER_ARENA_BYTES = 4096
};

/* Updates of one answer that were handed to the engine and are not done yet. */
struct batch {
    struct telegram *telegram;
    int pending;        /* guarded by telegram->lock; holds one more while handing over */
    int64_t offset;     /* to go on with when all is well */
    int64_t refused_id; /* lowest update that must be offered again; INT64_MAX none */
    bool cancelled;
    int count;
    bool same_as_before; /* nothing new: the server ignores offsets */
    struct batch_item {
        struct batch *batch;
        int64_t update_id;
    } items[];
};

static void ask(struct telegram *telegram, int64_t delay_ms);

static void say_trouble(struct telegram *telegram, const char *reason)
{
    pthread_mutex_lock(&telegram->lock);
    const char *before = telegram->poll.trouble;
    telegram->poll.trouble = reason;
    pthread_mutex_unlock(&telegram->lock);
    if (reason != NULL && (before == NULL || strcmp(before, reason) != 0)) {
        log_warn("telegram", "polling fails, trying again", "reason=\"%s\"", reason);
    } else if (reason == NULL && before != NULL) {
        log_info("telegram", "polling works again", "was=\"%s\"", before);
    }
}

static void batch_end(struct batch *batch)
{
    struct telegram *telegram = batch->telegram;
    bool refused = batch->refused_id != INT64_MAX;
    pthread_mutex_lock(&telegram->lock);
    struct poll *poll = &telegram->poll;
    poll->offset = refused ? batch->refused_id : batch->offset;
    telegram->batches--;
    bool full = batch->count >= poll->limit;
    poll->limit = LIMIT_UPDATES;
    pthread_mutex_unlock(&telegram->lock);
    bool cancelled = batch->cancelled;
    bool pause = batch->same_as_before && !full;
    free(batch);
    if (!cancelled) {
        ask(telegram, refused ? BUSY_PAUSE_MS : pause ? EMPTY_PAUSE_MS : 0);
    }
    telegram_call_ends(telegram);
}

static void item_done(void *context, enum err error)
{
    struct batch_item *item = context;
    struct batch *batch = item->batch;
    pthread_mutex_lock(&batch->telegram->lock);
    if (error == ERR_BUSY || error == ERR_CANCELLED) {
        batch->refused_id =
            item->update_id < batch->refused_id ? item->update_id : batch->refused_id;
        batch->cancelled |= error == ERR_CANCELLED;
    }
    bool last = --batch->pending == 0;
    pthread_mutex_unlock(&batch->telegram->lock);
    if (last) {
        batch_end(batch);
    }
}

/* Hands one update over; false when the engine takes no more now. */
static bool hand_over(struct batch *batch, struct arena *arena, const struct json_node *json)
{
    struct telegram *telegram = batch->telegram;
    struct telegram_update update;
    struct err_detail detail;
    struct str name = str_of(atomic_load(&telegram->bot_name));
    arena_reset(arena);
    enum err error =
        telegram_read_update(arena, json, name, clock_now_ms(telegram->clock), &update, &detail);
    if (error != OK) {
        atomic_fetch_add(&telegram->unreadable, 1);
        log_error("telegram", "an update could not be read and is skipped", "detail=\"%s\"",
                  detail.text);
        return true;
    }
    batch->offset = update.update_id + 1;
    if (!update.relevant) {
        return true;
    }
    struct batch_item *item = &batch->items[batch->count++];
    *item = (struct batch_item){batch, update.update_id};
    pthread_mutex_lock(&telegram->lock);
    batch->pending++;
    pthread_mutex_unlock(&telegram->lock);
    error = telegram->sink.input(telegram->sink.context, &update.input, item_done, item);
    if (error != OK) {
        item_done(item, error == ERR_CANCELLED ? ERR_CANCELLED : ERR_BUSY);
        return false;
    }
    return true;
}

/* Deals with the list of updates; asks again when all of them are done. */
static void take_updates(struct telegram *telegram, const struct json_node *updates)
{
    size_t count = 0;
    for (const struct json_node *at = json_node_first(updates); at != NULL;
         at = json_node_next(at)) {
        count++;
    }
    struct batch *batch = calloc(1, sizeof(*batch) + count * sizeof(batch->items[0]));
    ASSERT(batch != NULL);
    batch->telegram = telegram;
    batch->pending = 1;
    batch->refused_id = INT64_MAX;
    pthread_mutex_lock(&telegram->lock);
    batch->offset = telegram->poll.offset;
    telegram->batches++;
    int64_t last_id = telegram->poll.last_id;
    pthread_mutex_unlock(&telegram->lock);
    struct arena *arena = arena_new(UPDATE_ARENA_BYTES);
    const struct json_node *update = json_node_first(updates);
    while (update != NULL && hand_over(batch, arena, update)) {
        update = json_node_next(update);
    }
    arena_free(arena);
    pthread_mutex_lock(&telegram->lock);
    batch->same_as_before = batch->offset - 1 == last_id;
    telegram->poll.last_id = batch->offset - 1;
    bool last = --batch->pending == 0;
    pthread_mutex_unlock(&telegram->lock);
    if (last) {
        batch_end(batch);
    }
}

static int64_t backoff_ms(struct telegram *telegram)
{
    pthread_mutex_lock(&telegram->lock);
    int failures = telegram->poll.failures++;
    pthread_mutex_unlock(&telegram->lock);
    int64_t pause_ms = (int64_t)BACKOFF_MS << (failures < 5 ? failures : 5);
    return pause_ms < BACKOFF_MS_MAX ? pause_ms : BACKOFF_MS_MAX;
}

/* How long to wait after an answer that holds no updates. */
static int64_t pause_after_failure(struct telegram *telegram, const struct http_response *response,
                                   const struct json_node *body)
{
    if (response->outcome == HTTP_ANSWERED && response->status == 409) {
        struct str text = json_node_str(body, "description");
        bool webhook = memmem(text.ptr != NULL ? text.ptr : "", text.length, "webhook is active",
                              strlen("webhook is active")) != NULL;
        say_trouble(telegram, webhook ? "a webhook is set" : "another program polls this bot");
        return webhook ? WEBHOOK_PAUSE_MS : CONFLICT_PAUSE_MS;
    }
    struct telegram_verdict verdict = telegram_judge(response);
    if (response->outcome == HTTP_ANSWERED) {
        telegram_note_refused(telegram, verdict.refused);
    }
    say_trouble(telegram, verdict.report == REPORT_SENT ? "bad_answer" : verdict.reason);
    return verdict.report == REPORT_PAUSED ? verdict.retry_after_ms : backoff_ms(telegram);
}

/* The answer cannot be read as a whole: fetch updates one by one, and skip the one that is at fault
 * by its number, which stands somewhere in the text. An answer may also have suffered on its way:
 * only what cannot be read again and again is at fault. */
static void skip_unreadable(struct telegram *telegram, struct str text)
{
    pthread_mutex_lock(&telegram->lock);
    struct poll *poll = &telegram->poll;
    if (poll->limit > 1 || ++poll->garbled < GARBLED_MAX) {
        poll->limit = 1;
        pthread_mutex_unlock(&telegram->lock);
        return;
    }
    poll->garbled = 0;
    static const char key[] = "\"update_id\":";
    const char *at = text.length > 0 ? memmem(text.ptr, text.length, key, strlen(key)) : NULL;
    int64_t id = 0;
    if (at != NULL) {
        struct str digits = {at + strlen(key), text.length - (size_t)(at - text.ptr) - strlen(key)};
        digits = str_trim(digits);
        size_t length = 0;
        while (length < digits.length && digits.ptr[length] >= '0' && digits.ptr[length] <= '9') {
            length++;
        }
        if (str_to_int64((struct str){digits.ptr, length}, &id) && id < INT64_MAX) {
            poll->offset = id + 1;
            poll->limit = LIMIT_UPDATES;
        }
    }
    pthread_mutex_unlock(&telegram->lock);
    atomic_fetch_add(&telegram->unreadable, 1);
    log_error("telegram", "an update could not be read and is skipped", "update=%lld",
              (long long)id);
}

static bool came_early(struct telegram *telegram)
{
    int64_t now_ms = clock_monotonic_ms(telegram->clock);
    pthread_mutex_lock(&telegram->lock);
    bool early = now_ms - telegram->poll.asked_at_ms < QUICK_ANSWER_MS;
    pthread_mutex_unlock(&telegram->lock);
    return early;
}

static void poll_done(void *context, const struct http_response *response)
{
    struct telegram *telegram = context;
    bool whole = response->outcome == HTTP_ANSWERED && response->status == 200;
    struct arena *arena = arena_new(ANSWER_ARENA_BYTES);
    const struct json_node *body = NULL;
    bool readable = response->outcome == HTTP_ANSWERED &&
                    json_tree_read(arena, response->body, TELEGRAM_ANSWER_BYTES, &body, NULL) == OK;
    const struct json_node *updates = whole ? json_node_array(body, "result") : NULL;
    pthread_mutex_lock(&telegram->lock);
    telegram->poll.busy = false;
    bool stopping = telegram->stopping;
    pthread_mutex_unlock(&telegram->lock);
    if (stopping) {
        telegram_call_ends(telegram);
    } else if (json_node_first(updates) != NULL) {
        pthread_mutex_lock(&telegram->lock);
        telegram->poll.failures = telegram->poll.garbled = 0;
        pthread_mutex_unlock(&telegram->lock);
        say_trouble(telegram, NULL);
        take_updates(telegram, updates); /* ends the call when they are done */
    } else {
        int64_t pause_ms = 0;
        if (updates != NULL) {
            pthread_mutex_lock(&telegram->lock);
            telegram->poll.garbled = 0;
            pthread_mutex_unlock(&telegram->lock);
            say_trouble(telegram, NULL);
            pause_ms = came_early(telegram) ? EMPTY_PAUSE_MS : 0;
        } else if (whole && !readable) {
            skip_unreadable(telegram, response->body);
            pause_ms = EMPTY_PAUSE_MS;
        } else {
            pause_ms = pause_after_failure(telegram, response, body);
        }
        ask(telegram, pause_ms);
        telegram_call_ends(telegram);
    }
    arena_free(arena);
}

/* Asks for updates, `delay_ms` later; nothing happens when polling ended. */
static void ask(struct telegram *telegram, int64_t delay_ms)
{
    struct arena *arena = arena_new(512);
    struct out out;
    out_init(&out, arena, 256);
    pthread_mutex_lock(&telegram->lock);
    struct poll *poll = &telegram->poll;
    bool wanted = poll->running && !poll->busy && !telegram->stopping;
    poll->busy |= wanted;
    poll->asked_at_ms = clock_monotonic_ms(telegram->clock) + delay_ms;
    out_text(&out, "{\"offset\":");
    out_int(&out, poll->offset);
    out_text(&out, ",\"limit\":");
    out_int(&out, poll->limit);
    out_text(&out, ",\"timeout\":");
    out_int(&out, LONG_POLL_S);
    out_text(&out, ",\"allowed_updates\":" TELEGRAM_UPDATES "}");
    telegram->calls += wanted ? 1 : 0;
    pthread_mutex_unlock(&telegram->lock);
    if (wanted) {
        int64_t timeout_ms = LONG_POLL_S * 1000 + LONG_POLL_SLACK_MS;
        enum err error = telegram_request(telegram, "getUpdates", out_str(&out), STR_NONE, delay_ms,
                                          timeout_ms, &telegram->poll, poll_done, telegram);
        if (error != OK) {
            pthread_mutex_lock(&telegram->lock);
            poll->busy = false;
            pthread_mutex_unlock(&telegram->lock);
            log_error("telegram", "polling ended", "reason=\"%s\"", err_text(error));
            telegram_call_ends(telegram);
        }
    }
    arena_free(arena);
}

void telegram_poll_start(struct telegram *telegram)
{
    pthread_mutex_lock(&telegram->lock);
    bool begins = telegram->poll.enabled && !telegram->poll.running && !telegram->stopping;
    if (begins) {
        telegram->poll.running = true;
        telegram->poll.limit = LIMIT_UPDATES;
    }
    pthread_mutex_unlock(&telegram->lock);
    if (begins) {
        ask(telegram, 0);
    }
}

void telegram_poll_stop(struct telegram *telegram)
{
    pthread_mutex_lock(&telegram->lock);
    telegram->poll.running = false;
    pthread_mutex_unlock(&telegram->lock);
    http_client_cancel(telegram->client, &telegram->poll);
}
