/* One look after the other, on a thread of its own, each in a snapshot of its own. After the first
 * one, which reads everybody, only people are read of whom a row was written since the snapshot
 * before (live_mark): neither clocks nor ids of rows matter, and rows that were committed late are
 * not missed. Every hour everybody is read again, for what marks do not tell. */
#include "cli/follower.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/queue.h"
#include "cli/bridge_taking.h"

/* PEOPLE_AT_ONCE: people who write to us wait behind one such command. */
enum {
    PEOPLE_AT_ONCE = 100,
    LOOK_EVERY_MS = 2000,
    WAIT_MS_MAX = 60000,
    ANSWER_GLANCE_MS = 100,
    GLANCES_WHEN_STOPPING = 50
};

struct follower {
    struct follower_options options;
    struct store *store; /* ours, to read */
    struct queue *bell;  /* only ever woken */
    atomic_bool stopping;
    char mark[LIVE_MARK_BYTES]; /* of the last look that was complete; "": look at everybody */
    int64_t everybody_at_ms;
    pthread_t thread;
};

/* ---- asking the engine ----------------------------------------------------------------------- */

/* Whoever comes last frees it: the engine that answers, or the follower that has waited. */
struct question {
    struct queue *answered; /* holds the question itself, once */
    atomic_int holders;
    enum err error;
    json_t *result;
    struct err_detail detail;
};

static void let_go(struct question *question)
{
    if (atomic_fetch_sub(&question->holders, 1) == 1) {
        queue_free(question->answered);
        json_decref(question->result);
        free(question);
    }
}

static void hear(void *context, const struct outcome *outcome)
{
    struct question *question = context;
    question->error = outcome->error;
    if (outcome->error == OK) {
        question->error =
            json_read(outcome->result, LIMIT_TEXT_BYTES, &question->result, &question->detail);
    } else if (outcome->detail != NULL) {
        question->detail = *outcome->detail;
    }
    enum err pushed = queue_push(question->answered, question);
    ASSERT(pushed == OK);
    let_go(question);
}

static bool wait_for(struct follower *follower, struct question *question)
{
    int patience = GLANCES_WHEN_STOPPING;
    void *item = NULL;
    while (patience > 0 && queue_take(question->answered, &item, 1, ANSWER_GLANCE_MS) == 0) {
        patience -= atomic_load(&follower->stopping);
    }
    return item != NULL;
}

/* When the queue is full, others go first: the next look does it. */
static enum err ask_engine(void *context, json_t *payload, json_t **ret_result,
                           struct err_detail *detail)
{
    struct follower *follower = context;
    struct arena *arena = arena_new((size_t)1024 * 1024);
    struct question *question = calloc(1, sizeof(*question));
    ASSERT(question != NULL);
    question->answered = queue_new(1);
    atomic_init(&question->holders, 2);
    enum err error = engine_command(follower->options.engine, STR("bridge_import"),
                                    json_write(arena, payload), STR("bridge"), hear, question);
    json_decref(payload);
    arena_free(arena);
    if (error != OK) {
        let_go(question);
        err_set(detail, error, "the engine's queue is full");
    } else if (!wait_for(follower, question)) {
        error = err_set(detail, ERR_CANCELLED, "the server stops");
    } else {
        error = question->error;
        *detail = question->detail;
        *ret_result = json_incref(question->result);
    }
    let_go(question);
    return error;
}

/* ---- a look ---------------------------------------------------------------------------------- */

static enum err say_seen(struct follower *follower, int64_t at_ms, struct err_detail *detail)
{
    json_t *result = NULL;
    enum err error =
        ask_engine(follower, json_pack("{s:[], s:I}", "people", "seen_at_ms", (json_int_t)at_ms),
                   &result, detail);
    json_decref(result);
    return error;
}

static void tell(const struct bridge_taking *taking)
{
    if (taking->standings[STANDING_NEW] + taking->standings[STANDING_CHANGED] > 0) {
        log_info("bridge", "followed the live tables", "new=%lld changed=%lld commitments=%lld",
                 (long long)taking->standings[STANDING_NEW],
                 (long long)taking->standings[STANDING_CHANGED], (long long)taking->commitments);
    }
}

static enum err look(struct follower *follower, struct err_detail *detail)
{
    struct live *live = NULL;
    int64_t unreadable = 0;
    int64_t now_ms = clock_now_ms(follower->options.clock);
    bool everybody = follower->mark[0] == '\0' || now_ms - follower->everybody_at_ms >= HOUR_MS ||
                     now_ms < follower->everybody_at_ms;
    enum err error = live_open(follower->options.config->live_database_url,
                               everybody ? "" : follower->mark, &live, detail);
    struct bridge_taking taking = {.store = follower->store,
                                   .send = ask_engine,
                                   .context = follower,
                                   .at_once = PEOPLE_AT_ONCE};
    if (error == OK) {
        const struct bridge_source source = {live,
                                             follower->options.config->default_time_zone,
                                             follower->options.clock,
                                             NULL,
                                             &unreadable,
                                             &follower->stopping};
        error = bridge_take(&taking, &source, detail);
        tell(&taking);
    }
    if (error == OK) {
        error = say_seen(follower, now_ms, detail);
    }
    if (error == OK) {
        memcpy(follower->mark, live_mark(live), LIVE_MARK_BYTES);
        follower->everybody_at_ms = everybody ? now_ms : follower->everybody_at_ms;
    } else {
        follower->mark[0] = '\0'; /* it may be another server that answers next */
    }
    live_close(live);
    return error;
}

static void *run(void *context)
{
    struct follower *follower = context;
    int64_t wait_ms = LOOK_EVERY_MS;
    while (!atomic_load(&follower->stopping)) {
        struct err_detail detail = {""};
        enum err error = look(follower, &detail);
        if (error == OK) {
            wait_ms = LOOK_EVERY_MS;
        } else if (!atomic_load(&follower->stopping)) {
            wait_ms = wait_ms * 2 < WAIT_MS_MAX ? wait_ms * 2 : WAIT_MS_MAX;
            log_warn("bridge", "the live tables could not be followed",
                     "error=\"%s\" detail=\"%s\" again_in_ms=%lld", err_text(error), detail.text,
                     (long long)wait_ms);
        }
        void *item;
        if (!atomic_load(&follower->stopping)) {
            queue_take(follower->bell, &item, 1, wait_ms);
        }
    }
    return NULL;
}

enum err follower_new(const struct follower_options *options, struct follower **ret_follower,
                      struct err_detail *detail)
{
    const char *url = options->config->live_database_url;
    struct store *store = NULL;
    if (strncmp(url, "postgres://", 11) != 0 && strncmp(url, "postgresql://", 13) != 0) {
        return err_set(detail, ERR_CONFIG,
                       "LIVE_DATABASE_URL is no address of PostgreSQL; expected "
                       "postgres://USER@HOST/DATABASE");
    }
    enum err error = store_open(options->config->database_url, STORE_READER, &store, detail);
    if (error != OK) {
        return error;
    }
    struct follower *follower = calloc(1, sizeof(*follower));
    ASSERT(follower != NULL);
    follower->options = *options;
    follower->store = store;
    follower->bell = queue_new(1);
    int failed = pthread_create(&follower->thread, NULL, run, follower);
    ASSERT(failed == 0);
    *ret_follower = follower;
    return OK;
}

void follower_free(struct follower *follower)
{
    if (follower == NULL) {
        return;
    }
    atomic_store(&follower->stopping, true);
    queue_wake(follower->bell);
    pthread_join(follower->thread, NULL);
    queue_free(follower->bell);
    store_close(follower->store);
    free(follower);
}
