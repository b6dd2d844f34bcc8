/* The engine's life, and its doors for other threads: submitting, reports of channels. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "engine/internal.h"

enum { LEASE_DEFAULT_MS = 10 * 1000, BATCH_ARENA_BYTES = 1024 * 1024, SETTINGS_ARENA_BYTES = 4096 };

static struct engine *engine_make(const struct engine_options *options)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    ASSERT(engine != NULL);
    engine->config = options->config;
    engine->clock = options->clock;
    engine->store = options->store;
    engine->catalog = options->catalog;
    engine->population = options->population;
    engine->seed = options->seed;
    engine->owner = options->owner;
    engine->node = options->node;
    engine->lease_ms = options->lease_ms > 0 ? options->lease_ms : LEASE_DEFAULT_MS;
    engine->leased = options->leased;
    engine->leased_context = options->leased_context;
    engine->pacing = options->pacing;
    engine->arena = arena_new(BATCH_ARENA_BYTES);
    engine->settings_arena = arena_new(SETTINGS_ARENA_BYTES);
    engine->queue = queue_new(LIMIT_QUEUE_INPUTS);
    engine->backoff = queue_new(1);
    engine->pacer = pacer_new();
    engine->recorder = recorder_new();
    engine->reports_last = &engine->reports_first;
    engine->inbox_may_wait = true;
    engine->pruned_at_ms = clock_now_ms(engine->clock);
    pthread_mutex_init(&engine->lock, NULL);
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        engine->channels[i] = options->channels[i];
        if (options->channels[i] != NULL) {
            pacer_limit(engine->pacer, (enum channel_kind)i, &options->channels[i]->ops->limits);
        }
    }
    return engine;
}

/* The catalog that was applied last replaces the one given at the start. */
static enum err store_definitions(struct engine *engine, struct err_detail *detail)
{
    int64_t now_ms = clock_now_ms(engine->clock);
    enum err error = settings_applied_catalog(engine, detail);
    if (error == OK) {
        error = store_begin(engine->store, detail);
    }
    if (error == OK) {
        error = settings_store_catalog(engine, engine->catalog, now_ms, detail);
    }
    if (error == OK) { /* another program may be able to work on it */
        error = due_put_back(engine, engine->arena, INT64_MAX, detail);
    }
    if (error == OK) {
        return store_commit(engine->store, detail);
    }
    store_rollback(engine->store);
    return error;
}

/* Another process may have given ids at this very instant, or the clock may have been set back. */
static enum err follow_ids(struct engine *engine, struct err_detail *detail)
{
    struct rows rows = {0};
    enum err error =
        store_query(engine->store, engine->arena, "engine_newest_id", NULL, 0, 1, &rows, detail);
    if (error == OK && rows.count == 1 && rows.cells[0].type == CELL_INT) {
        id_source_after(&engine->ids, rows.cells[0].integer);
    }
    return error;
}

static void tell_lease(const struct engine *engine, int64_t until_ms)
{
    if (engine->leased != NULL) {
        engine->leased(engine->leased_context, until_ms);
    }
}

/* The lease and this node's sign of life are one transaction. */
static enum err take_and_beat(struct engine *engine, int64_t now_ms, struct lease *ret_lease,
                              struct err_detail *detail)
{
    enum err error = store_begin(engine->store, detail);
    if (error == OK) {
        error = store_lease_take(engine->store, engine->owner, getpid(), now_ms,
                                 now_ms + engine->lease_ms, ret_lease, detail);
    }
    if (error == OK && engine->node != NULL) {
        error = store_node_beat(engine->store, engine->node, now_ms, detail);
    }
    if (error == OK) {
        return store_commit(engine->store, detail);
    }
    store_rollback(engine->store);
    return error;
}

/* Reckoned from before it was asked for: it lasts no longer, however slowly the store answered. */
enum err engine_take_lease(struct engine *engine, struct err_detail *detail)
{
    struct lease lease = {0};
    int64_t mono_ms = clock_monotonic_ms(engine->clock);
    int64_t now_ms = clock_now_ms(engine->clock);
    enum err error = take_and_beat(engine, now_ms, &lease, detail);
    if (error == OK) {
        engine->lease_until_ms = mono_ms + engine->lease_ms;
        engine->lease_until_wall_ms = now_ms + engine->lease_ms;
        tell_lease(engine, engine->lease_until_ms);
    } else if (error == ERR_CONFLICT) {
        tell_lease(engine, 0);
    }
    return error;
}

enum err engine_new(const struct engine_options *options, struct engine **ret_engine,
                    struct err_detail *detail)
{
    struct engine *engine = engine_make(options);
    enum err error = engine_take_lease(engine, detail);
    bool leased = error == OK;
    if (error == OK) {
        error = follow_ids(engine, detail);
    }
    if (error == OK) {
        error = settings_load(engine, detail);
    }
    if (error == OK) {
        error = settings_load_pauses(engine, detail);
    }
    if (error == OK) {
        error = store_definitions(engine, detail);
    }
    if (error == OK) {
        error = join_load_secret(engine, options->entropy, detail);
    }
    if (error == OK) {
        error = sweep_load(engine, detail);
    }
    if (error == OK) {
        error = store_change_mark(engine->store, &engine->change_mark, detail);
    }
    if (error != OK) {
        engine->lost = !leased;
        engine->keep_catalog = true; /* the caller's, as long as nothing was taken over */
        engine_free(engine);
        return error;
    }
    engine->status.healthy = true;
    *ret_engine = engine;
    return OK;
}

static void leave(struct engine *engine)
{
    struct err_detail detail = {""};
    tell_lease(engine, 0);
    if (engine->lost) {
        return;
    }
    if (store_lease_give(engine->store, engine->owner, &detail) != OK) {
        log_warn("engine", "the lease could not be given back; it ends by itself", "detail=\"%s\"",
                 detail.text);
    }
    if (engine->node != NULL && store_node_forget(engine->store, engine->node->id,
                                                  clock_now_ms(engine->clock), &detail) != OK) {
        log_warn("engine", "this node stays listed for a day", "detail=\"%s\"", detail.text);
    }
}

static void cancel_items(struct engine *engine)
{
    const struct outcome outcome = {.error = ERR_CANCELLED};
    void *item;
    queue_close(engine->queue);
    for (int i = 0; i < engine->retained_count; i++) {
        item_end(engine->retained[i], &outcome);
    }
    while (queue_take(engine->queue, &item, 1, 0) == 1) {
        item_end(item, &outcome);
    }
    engine_cancel_commands(engine, &outcome);
}

static void free_reports(struct engine *engine)
{
    for (int i = 0; i < engine->reports_retained_count; i++) {
        free(engine->reports_retained[i]->item);
        free(engine->reports_retained[i]);
    }
    while (engine->reports_first != NULL) {
        struct report_item *report = engine->reports_first;
        engine->reports_first = report->next;
        free(report->item);
        free(report);
    }
    free((void *)engine->reports_retained);
}

/* The one given at the start stays the caller's when engine_new fails. */
static void free_catalogs(struct engine *engine)
{
    for (int i = 0; i < engine->old_catalog_count; i++) {
        if (i > 0 || !engine->keep_catalog) {
            catalog_free(engine->old_catalogs[i]);
        }
    }
    if (engine->old_catalog_count > 0 || !engine->keep_catalog) {
        catalog_free(engine->catalog);
    }
    free((void *)engine->old_catalogs);
}

void engine_free(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    cancel_items(engine);
    leave(engine);
    free_reports(engine);
    sweep_free_all(engine);
    status_free(engine);
    for (int i = 0; i < engine->unsent_count; i++) {
        outgoing_free(engine->unsent[i]);
    }
    free((void *)engine->unsent);
    free(engine->unsent_channels);
    free((void *)engine->retained);
    free_catalogs(engine);
    remember_free(engine);
    pacer_free(engine->pacer);
    queue_free(engine->queue);
    queue_free(engine->backoff);
    arena_free(engine->arena);
    arena_free(engine->settings_arena);
    pthread_mutex_destroy(&engine->lock);
    free(engine);
}

void engine_swap_catalog(struct engine *engine, struct catalog *catalog)
{
    size_t count = (size_t)engine->old_catalog_count + 1;
    engine->old_catalogs =
        realloc((void *)engine->old_catalogs, count * sizeof(*engine->old_catalogs));
    ASSERT(engine->old_catalogs != NULL);
    engine->old_catalogs[count - 1] = engine->catalog;
    engine->old_catalog_count++;
    engine->catalog = catalog;
}

/* ---- doors for other threads ---- */

static enum err push(struct engine *engine, struct item *item)
{
    enum err error = queue_push(engine->queue, item);
    if (error != OK) {
        free(item);
    }
    return error;
}

enum err engine_submit(struct engine *engine, const struct input *input, engine_done *done,
                       void *context)
{
    struct item *item = item_of_input(input);
    item->done = done;
    item->context = context;
    return push(engine, item);
}

enum err engine_command(struct engine *engine, struct str kind, struct str payload,
                        struct str actor, engine_done *done, void *context)
{
    struct item *item = item_of_command(kind, payload, actor);
    item->done = done;
    item->context = context;
    return push(engine, item);
}

static enum err sink_input(void *context, const struct input *input,
                           void (*done)(void *done_context, enum err error), void *done_context)
{
    struct item *item = item_of_input(input);
    item->done_plain = done;
    item->context = done_context;
    return push(context, item);
}

static struct item *input_of_report(const struct report *report)
{
    struct input input = {.kind = INPUT_REPORT,
                          .source = STR("report"),
                          .user_id = report->user_id,
                          .channel = report->channel,
                          .address = report->address,
                          .new_address = report->new_address,
                          .ref_kind = DUE_DELIVERY,
                          .ref_id = report->delivery_id,
                          .report = report->kind,
                          .provider_id = report->provider_id,
                          .reason = report->reason};
    return item_of_input(&input);
}

static struct report_item *report_item_of(const struct report *report)
{
    struct report_item *item = calloc(1, sizeof(*item));
    ASSERT(item != NULL);
    item->kind = report->kind;
    item->attempt_ms = report->attempt_ms;
    item->channel = report->channel;
    str_copy(item->address, sizeof(item->address), report->address);
    item->item = report->delivery_id != 0 ? input_of_report(report) : NULL;
    return item;
}

static void push_report(struct engine *engine, struct report_item *item)
{
    pthread_mutex_lock(&engine->lock);
    *engine->reports_last = item;
    engine->reports_last = &item->next;
    engine->report_count++;
    pthread_mutex_unlock(&engine->lock);
}

static void sink_report(void *context, const struct report *report)
{
    struct engine *engine = context;
    struct report_item *item = report_item_of(report);
    if (report->kind == REPORT_PAUSED) {
        item->pause_ms = report->retry_after_ms > 0 ? report->retry_after_ms : 1000;
        item->pause_all = report->pause_all;
    }
    push_report(engine, item);
    if (atomic_exchange(&engine->idle, false)) {
        queue_wake(engine->queue);
    }
}

/* It is in its line again, where it was; the pause is for the channel to find room. */
void engine_report_unsent(struct engine *engine, enum channel_kind channel,
                          const struct outgoing *outgoing, int64_t now_ms)
{
    const struct report report = {.delivery_id = outgoing->delivery_id,
                                  .user_id = outgoing->user_id,
                                  .attempt_ms = outgoing->attempt_ms,
                                  .channel = channel,
                                  .kind = REPORT_PAUSED,
                                  .address = outgoing->address,
                                  .reason = STR("paced")};
    struct report_item *item = report_item_of(&report);
    item->item->input.retry_at_ms = now_ms;
    pacer_pause(engine->pacer, channel, STR_NONE, now_ms + CHANNEL_FULL_MS);
    push_report(engine, item);
}

struct channel_sink engine_sink(struct engine *engine)
{
    return (struct channel_sink){engine, sink_report, sink_input};
}
