/* Telling operators. The rows are the truth: what is in memory is only who of them has it already,
 * and when to try again. */
#include "cli/notifier.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/queue.h"
#include "store/store.h"

enum {
    GLANCE_MS = 500,
    ARENA_BYTES = 16 * 1024,
    TARGETS_MAX = 16,
    CHANNELS_MAX = 4,
    NOTICES_MAX = 64,
    ATTEMPTS_MAX = 40 /* over a day */
};
static const int64_t RETRY_FIRST_MS = 1000;
static const int64_t RETRY_MOST_MS = 30 * MINUTE_MS;

/* Somebody to tell, by one way. */
struct target {
    struct channel *channel;
    char *address;
};

/* How far a notice has come with a target. */
enum progress { WAITING, UNDER_WAY, SETTLED };
struct telling {
    enum progress progress;
    int attempts;
    int64_t next_ms; /* monotonic */
};

struct notice_row {
    int64_t id; /* 0: free */
    struct telling of[TARGETS_MAX];
    bool is_marked; /* the engine was asked to */
};

struct notifier {
    struct notifier_options options;
    struct store *store;
    struct channel *channels[CHANNELS_MAX];
    int channel_count;
    struct target targets[TARGETS_MAX];
    int target_count;
    pthread_mutex_t lock; /* the rows: reports come on other threads */
    struct notice_row rows[NOTICES_MAX];
    struct queue *bell; /* only ever woken */
    atomic_bool stopping;
    bool is_started;
    pthread_t thread;
};

/* ---- reports ---- */

static struct notice_row *row_of(struct notifier *notifier, int64_t id)
{
    for (int i = 0; i < NOTICES_MAX; i++) {
        if (notifier->rows[i].id == id) {
            return &notifier->rows[i];
        }
    }
    return NULL;
}

static int64_t wait_of(const struct telling *telling, const struct report *report)
{
    if (report->kind == REPORT_PAUSED) {
        return report->retry_after_ms;
    }
    int64_t wait_ms = RETRY_FIRST_MS << (telling->attempts < 12 ? telling->attempts : 12);
    return wait_ms < RETRY_MOST_MS ? wait_ms : RETRY_MOST_MS;
}

static void settle(struct telling *telling, const struct report *report, int64_t now_ms)
{
    bool again = report->kind == REPORT_RETRY || report->kind == REPORT_PAUSED ||
                 report->kind == REPORT_UNCERTAIN;
    bool refused = report->kind != REPORT_SENT && report->kind != REPORT_DELIVERED;
    if (again && telling->attempts < ATTEMPTS_MAX) {
        telling->next_ms = now_ms + wait_of(telling, report);
        telling->progress = WAITING;
        telling->attempts++;
        return;
    }
    telling->progress = SETTLED;
    if (refused) {
        log_error("notifier", "operators could not be told", "channel=%s reason=%.*s",
                  channel_kind_name(report->channel), STR_ARG(report->reason));
    }
}

static void take_report(void *context, const struct report *report)
{
    struct notifier *notifier = context;
    int64_t now_ms = clock_monotonic_ms(notifier->options.clock);
    pthread_mutex_lock(&notifier->lock);
    struct notice_row *row = row_of(notifier, report->delivery_id);
    for (int i = 0; row != NULL && i < notifier->target_count; i++) {
        const struct target *target = &notifier->targets[i];
        if (row->of[i].progress == UNDER_WAY && target->channel->ops->kind == report->channel &&
            str_equal(str_of(target->address), report->address)) {
            settle(&row->of[i], report, now_ms);
            break;
        }
    }
    pthread_mutex_unlock(&notifier->lock);
    queue_wake(notifier->bell);
}

/* ---- sending ---- */

static void send_to(struct notifier *notifier, const struct target *target, int64_t id,
                    struct str text)
{
    struct arena *arena = arena_new(1024);
    struct outgoing *outgoing = ARENA_NEW(arena, struct outgoing);
    outgoing->arena = arena;
    outgoing->delivery_id = id;
    outgoing->address = arena_str(arena, str_of(target->address));
    outgoing->language = STR_NONE;
    outgoing->text = arena_str(arena, text);
    if (target->channel->ops->send(target->channel, outgoing) != OK) {
        const struct report busy = {.delivery_id = id,
                                    .channel = target->channel->ops->kind,
                                    .kind = REPORT_RETRY,
                                    .address = outgoing->address,
                                    .reason = STR("busy")};
        take_report(notifier, &busy);
        outgoing_free(outgoing);
    }
}

/* Whom to tell now: their places, marked as under way. */
static int choose(struct notifier *notifier, struct notice_row *row, int *ret_targets)
{
    int count = 0;
    int64_t now_ms = clock_monotonic_ms(notifier->options.clock);
    for (int i = 0; i < notifier->target_count; i++) {
        if (row->of[i].progress == WAITING && row->of[i].next_ms <= now_ms) {
            row->of[i].progress = UNDER_WAY;
            ret_targets[count++] = i;
        }
    }
    return count;
}

static bool is_settled(const struct notifier *notifier, const struct notice_row *row)
{
    for (int i = 0; i < notifier->target_count; i++) {
        if (row->of[i].progress != SETTLED) {
            return false;
        }
    }
    return true;
}

static void mark(struct notifier *notifier, struct arena *arena, int64_t id)
{
    json_t *json = json_pack("{s:o}", "id", json_sprintf("%lld", (long long)id));
    enum err error = engine_command(notifier->options.engine, STR("operators_told"),
                                    json_write(arena, json), STR("notifier"), NULL, NULL);
    json_decref(json);
    if (error != OK) {
        log_warn("notifier", "what operators were told could not be marked yet", "error=\"%s\"",
                 err_text(error));
    }
}

/* A row of the store: (id, at_ms, kind, user_id, text). */
static void tell(struct notifier *notifier, struct arena *arena, const struct cell *cells)
{
    int chosen[TARGETS_MAX];
    int64_t id = cells[0].integer;
    pthread_mutex_lock(&notifier->lock);
    struct notice_row *row = row_of(notifier, id);
    if (row == NULL && (row = row_of(notifier, 0)) != NULL) {
        *row = (struct notice_row){.id = id};
    }
    int count = row == NULL ? 0 : choose(notifier, row, chosen);
    bool to_mark = row != NULL && !row->is_marked && is_settled(notifier, row);
    if (to_mark) {
        row->is_marked = true;
    }
    pthread_mutex_unlock(&notifier->lock);
    for (int i = 0; i < count; i++) {
        send_to(notifier, &notifier->targets[chosen[i]], id, cells[4].text);
    }
    if (to_mark) {
        mark(notifier, arena, id);
    }
}

/* What the store does not name any more was marked. */
static void forget(struct notifier *notifier, const struct rows *unsent)
{
    pthread_mutex_lock(&notifier->lock);
    for (int i = 0; i < NOTICES_MAX; i++) {
        bool there = false;
        for (int k = 0; k < unsent->count && !there; k++) {
            there = unsent->cells[k * unsent->columns].integer == notifier->rows[i].id;
        }
        if (!there) {
            notifier->rows[i] = (struct notice_row){0};
        }
    }
    pthread_mutex_unlock(&notifier->lock);
}

static bool is_dry(struct notifier *notifier, struct arena *arena)
{
    struct str stored = STR_NONE;
    json_t *json = NULL;
    bool is_read = store_setting_get(notifier->store, arena, "sending", &stored, NULL) == OK &&
                   stored.length > 0 && json_read(stored, stored.length, &json, NULL) == OK;
    bool dry = notifier->options.config->sending == SENDING_DRY_RUN ||
               (is_read && str_is(json_get_str(json, "mode"), "dry-run"));
    json_decref(json);
    return dry;
}

static void glance(struct notifier *notifier)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    const struct arg limit[] = {ARG_INT(NOTICES_MAX)};
    struct rows rows = {0};
    struct err_detail detail = {""};
    enum err error = store_query(notifier->store, arena, "operator_messages_unsent", limit, 1,
                                 NOTICES_MAX, &rows, &detail);
    if (error != OK) {
        log_warn("notifier", "messages to operators could not be read",
                 "error=\"%s\" detail=\"%s\"", err_text(error), detail.text);
    } else {
        forget(notifier, &rows);
        bool dry = rows.count > 0 && is_dry(notifier, arena);
        for (int i = 0; !dry && i < rows.count; i++) {
            tell(notifier, arena, rows.cells + (ptrdiff_t)i * rows.columns);
        }
    }
    arena_free(arena);
}

static void *run(void *context)
{
    struct notifier *notifier = context;
    while (!atomic_load(&notifier->stopping)) {
        void *item;
        glance(notifier);
        queue_take(notifier->bell, &item, 1, GLANCE_MS);
    }
    return NULL;
}

/* ---- its life ---- */

enum err notifier_new(const struct notifier_options *options, struct notifier **ret_notifier,
                      struct err_detail *detail)
{
    struct store *store = NULL;
    enum err error = store_open(options->config->database_url, STORE_READER, &store, detail);
    if (error != OK) {
        return error;
    }
    struct notifier *notifier = calloc(1, sizeof(*notifier));
    ASSERT(notifier != NULL);
    notifier->options = *options;
    notifier->store = store;
    notifier->bell = queue_new(1);
    pthread_mutex_init(&notifier->lock, NULL);
    *ret_notifier = notifier;
    return OK;
}

struct channel_sink notifier_sink(struct notifier *notifier)
{
    return (struct channel_sink){.context = notifier, .report = take_report};
}

void notifier_add(struct notifier *notifier, struct channel *channel, struct str addresses)
{
    ASSERT(notifier->channel_count < CHANNELS_MAX && !notifier->is_started);
    notifier->channels[notifier->channel_count++] = channel;
    struct str rest = addresses;
    while (rest.length > 0) {
        struct str address = str_trim(str_split(rest, ',', &rest));
        if (notifier->target_count == TARGETS_MAX) {
            log_warn("notifier", "too many operators: the last ones are not told", "most=%d",
                     TARGETS_MAX);
            return;
        }
        if (address.length > 0) {
            char *copy = strndup(address.ptr, address.length);
            ASSERT(copy != NULL);
            notifier->targets[notifier->target_count++] = (struct target){channel, copy};
        }
    }
}

void notifier_start(struct notifier *notifier)
{
    notifier->is_started = notifier->target_count > 0;
    if (notifier->is_started) {
        int failed = pthread_create(&notifier->thread, NULL, run, notifier);
        ASSERT(failed == 0);
    }
}

void notifier_free(struct notifier *notifier, int64_t wait_ms)
{
    if (notifier == NULL) {
        return;
    }
    if (notifier->is_started) {
        atomic_store(&notifier->stopping, true);
        queue_wake(notifier->bell);
        pthread_join(notifier->thread, NULL);
    }
    for (int i = 0; i < notifier->channel_count; i++) {
        notifier->channels[i]->ops->stop(notifier->channels[i], wait_ms);
        notifier->channels[i]->ops->free(notifier->channels[i]);
    }
    for (int i = 0; i < notifier->target_count; i++) {
        free(notifier->targets[i].address);
    }
    store_close(notifier->store);
    queue_free(notifier->bell);
    pthread_mutex_destroy(&notifier->lock);
    free(notifier);
}
