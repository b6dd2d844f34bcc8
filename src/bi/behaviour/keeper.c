/* A queue of those who wait; all that are there at once are served by one reading of the store. */
#include "bi/behaviour/keeper.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/queue.h"

enum { WAITING_MAX = 128, GLANCE_MS = 1000 };
static const int64_t LET_GO_MS = 10 * MINUTE_MS;
/* What goes unnoticed (feed.h) is known after that time. */
static const int64_t ANEW_MS = 6 * HOUR_MS;

struct behaviour_keeper {
    const char *database_url;
    struct clock *clock;
    int64_t bytes_max;
    struct queue *queue; /* of struct behaviour_waiting */
    atomic_bool stopping;
    pthread_t thread;

    /* Of the thread alone. */
    struct store *store;         /* NULL: nothing is kept */
    struct behaviour_feed *feed; /* likewise */
    int64_t built_at_ms, asked_at_ms;
    struct err_detail refusal; /* why a log would be too large; "" when it was not */
    int64_t refused_at_ms;
};

/* Or the clock was set back: then one begins anew, too. */
static bool is_over(const struct behaviour_keeper *keeper, int64_t since_ms, int64_t time_ms)
{
    int64_t passed_ms = clock_now_ms(keeper->clock) - since_ms;
    return passed_ms < 0 || passed_ms > time_ms;
}

static void let_go(struct behaviour_keeper *keeper)
{
    behaviour_feed_free(keeper->feed);
    store_close(keeper->store);
    keeper->feed = NULL;
    keeper->store = NULL;
}

/* ---- what the log has to have ---------------------------------------------------------------- */

static bool add_all(struct arena *arena, struct str *list, int *count, const struct str *more,
                    int more_count)
{
    for (int i = 0; i < more_count; i++) {
        int at = 0;
        while (at < *count && !str_equal(list[at], more[i])) {
            at++;
        }
        if (at == BEHAVIOUR_COLUMNS_MAX) {
            return false;
        }
        if (at == *count) {
            list[(*count)++] = arena_str(arena, more[i]);
        }
    }
    return true;
}

/* What was wanted before, too, so that questions that take turns do not build it again and again;
 * false when that is too much. */
static bool unite(struct arena *arena, const struct behaviour_feed *feed,
                  const struct behaviour_wants *wants, struct behaviour_wants *ret_wants)
{
    struct behaviour_wants before = {.attribute_count = 0};
    if (feed != NULL) {
        behaviour_feed_wants(feed, &before);
    }
    *ret_wants = (struct behaviour_wants){.attribute_count = 0};
    const struct behaviour_wants *both[] = {&before, wants};
    for (int i = 0; i < 2; i++) {
        if (!add_all(arena, ret_wants->attributes, &ret_wants->attribute_count, both[i]->attributes,
                     both[i]->attribute_count) ||
            !add_all(arena, ret_wants->properties, &ret_wants->property_count, both[i]->properties,
                     both[i]->property_count)) {
            return false;
        }
    }
    return true;
}

/* ---- building -------------------------------------------------------------------------------- */

static enum err build_for(struct behaviour_keeper *keeper, const struct behaviour_wants *wants,
                          struct err_detail *detail)
{
    enum err error = OK;
    if (keeper->store == NULL) {
        error = store_open(keeper->database_url, STORE_READER, &keeper->store, detail);
    }
    return error == OK
               ? behaviour_feed_new(keeper->store, wants, keeper->bytes_max, &keeper->feed, detail)
               : error;
}

static enum err build(struct behaviour_keeper *keeper, const struct behaviour_wants *wants,
                      struct err_detail *detail)
{
    int64_t begun_ms = clock_monotonic_ms(keeper->clock);
    struct arena *arena = arena_new(4096);
    struct behaviour_wants united;
    bool is_united = unite(arena, keeper->feed, wants, &united);
    behaviour_feed_free(keeper->feed); /* never two of them in memory */
    keeper->feed = NULL;
    enum err error = build_for(keeper, is_united ? &united : wants, detail);
    if ((error == ERR_LIMIT || error == ERR_FULL) && is_united) {
        error = build_for(keeper, wants, detail); /* one of the others may be the reason */
    }
    arena_free(arena);
    if (error == OK) {
        const struct behaviour_log *log = behaviour_feed_log(keeper->feed);
        keeper->built_at_ms = clock_now_ms(keeper->clock);
        log_info("behaviour", "the log was built", "people=%u events=%u bytes=%lld ms=%lld",
                 log->person_count, log->event_count, (long long)behaviour_log_bytes(log),
                 (long long)(clock_monotonic_ms(keeper->clock) - begun_ms));
    }
    return error;
}

/* *fresh: the store was read after everybody who is served now had asked. */
static enum err make_ready(struct behaviour_keeper *keeper, const struct behaviour_wants *wants,
                           bool *fresh, struct err_detail *detail)
{
    if (keeper->feed == NULL || is_over(keeper, keeper->built_at_ms, ANEW_MS) ||
        !behaviour_feed_has(keeper->feed, wants)) {
        *fresh = true;
        return build(keeper, wants, detail);
    }
    enum err error = *fresh ? OK : behaviour_feed_read(keeper->feed, keeper->store, detail);
    *fresh = true;
    /* Built anew it takes less: old places of trails are gone. */
    return error == ERR_FULL ? build(keeper, wants, detail) : error;
}

/* To find out again and again that it is too large would keep the machine busy. */
static bool is_refused(const struct behaviour_keeper *keeper, struct err_detail *ret_detail)
{
    *ret_detail = keeper->refusal;
    return keeper->refusal.text[0] != '\0' && !is_over(keeper, keeper->refused_at_ms, LET_GO_MS);
}

static void serve(struct behaviour_keeper *keeper, struct behaviour_waiting *waiting, bool *fresh)
{
    struct err_detail detail;
    if (is_refused(keeper, &detail)) {
        waiting->ready(waiting->context, NULL, ERR_FULL, &detail);
        return;
    }
    detail = (struct err_detail){""};
    enum err error = make_ready(keeper, waiting->wants, fresh, &detail);
    keeper->refusal = error == ERR_FULL ? detail : (struct err_detail){""};
    keeper->refused_at_ms = clock_now_ms(keeper->clock);
    struct behaviour_log *log =
        error == OK ? behaviour_log_share(behaviour_feed_log(keeper->feed)) : NULL;
    if (error != OK) {
        log_warn("behaviour", "the log could not be read", "error=\"%s\" detail=\"%s\"",
                 err_text(error), detail.text);
        let_go(keeper); /* the next one begins anew, on a new connection */
        *fresh = false;
    }
    waiting->ready(waiting->context, log, error, &detail);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void *run(void *context)
{
    struct behaviour_keeper *keeper = context;
    while (!atomic_load(&keeper->stopping)) {
        void *waiting[WAITING_MAX];
        int64_t wait_ms = keeper->feed == NULL ? INT64_MAX : GLANCE_MS;
        size_t count = queue_take(keeper->queue, waiting, WAITING_MAX, wait_ms);
        bool fresh = false;
        for (size_t i = 0; i < count; i++) {
            serve(keeper, waiting[i], &fresh);
        }
        keeper->asked_at_ms = count > 0 ? clock_now_ms(keeper->clock) : keeper->asked_at_ms;
        if (keeper->feed != NULL && is_over(keeper, keeper->asked_at_ms, LET_GO_MS)) {
            let_go(keeper);
            log_info("behaviour", "the log was let go", "");
        }
    }
    let_go(keeper);
    return NULL;
}

struct behaviour_keeper *behaviour_keeper_new(const char *database_url, struct clock *clock,
                                              int64_t bytes_max)
{
    struct behaviour_keeper *keeper = calloc(1, sizeof(*keeper));
    ASSERT(keeper != NULL);
    keeper->database_url = database_url;
    keeper->clock = clock;
    keeper->bytes_max = bytes_max;
    keeper->queue = queue_new(WAITING_MAX);
    int failed = pthread_create(&keeper->thread, NULL, run, keeper);
    ASSERT(failed == 0);
    return keeper;
}

enum err behaviour_keeper_ask(struct behaviour_keeper *keeper, struct behaviour_waiting *waiting)
{
    return queue_push(keeper->queue, waiting);
}

void behaviour_keeper_stop(struct behaviour_keeper *keeper)
{
    if (atomic_exchange(&keeper->stopping, true)) {
        return;
    }
    queue_close(keeper->queue);
    queue_wake(keeper->queue);
    pthread_join(keeper->thread, NULL);
    const struct err_detail none = {""};
    void *left;
    while (queue_take(keeper->queue, &left, 1, 0) > 0) {
        struct behaviour_waiting *waiting = left;
        waiting->ready(waiting->context, NULL, ERR_CANCELLED, &none);
    }
}

void behaviour_keeper_free(struct behaviour_keeper *keeper)
{
    if (keeper != NULL) {
        queue_free(keeper->queue);
        free(keeper);
    }
}
