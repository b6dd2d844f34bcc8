/* One batch: take what waits now, one transaction, one commit, then answer and hand over. When the
 * transaction fails nothing has happened: what was taken stays at the head of the line and is tried
 * again. After several failures one thing at a time is tried, so that one that always fails does
 * not hold up the rest. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "engine/internal.h"

enum {
    ISOLATE_AFTER = 3,
    IDLE_MS_MAX = 200,    /* how late a command in the inbox is seen */
    REPORTS_ALONE_MS = 5, /* results of sending ride along with other work */
    CROWD = 16,           /* so many in a batch, and others already wait: there are more to come */
    CROWD_REST_US = 300,
    BACKOFF_MS = 20,
    BACKOFF_MS_MAX = 2000,
    PRUNE_EVERY_MS = 30 * 60 * 1000,
    PRUNE_ON_MS = 1000, /* when more is left than is deleted at once */
};
/* Telegram repeats an update for 24 hours, and a clock that is set forward makes them longer. */
#define SEEN_KEPT_MS  (3 * DAY_MS)
#define INBOX_KEPT_MS HOUR_MS
#define SET_ASIDE_MS  DAY_MS

/* ---- taking ---- */

static void *grow_heap(void *items, int count, int *capacity, size_t size)
{
    if (count < *capacity) {
        return items;
    }
    *capacity = *capacity == 0 ? PORTION(256, 1) : 2 * *capacity;
    items = realloc(items, (size_t)*capacity * size);
    ASSERT(items != NULL);
    return items;
}

static void retain(struct engine *engine, struct item *item)
{
    engine->retained = grow_heap((void *)engine->retained, engine->retained_count,
                                 &engine->retained_capacity, sizeof(*engine->retained));
    engine->retained[engine->retained_count++] = item;
}

static bool isolating(const struct engine *engine)
{
    return engine->failures >= ISOLATE_AFTER;
}

/* Takes items that wait, waiting up to wait_ms for the first. */
static void take_items(struct engine *engine, int64_t wait_ms)
{
    int room = LIMIT_BATCH_INPUTS - engine->retained_count;
    void *items[LIMIT_BATCH_INPUTS];
    /* A whole batch of what always fails must not hold up the rest. */
    if (room <= 0 && isolating(engine) && engine->retained_count < LIMIT_QUEUE_INPUTS) {
        room = 1;
    }
    if (room > 0) {
        size_t count = queue_take(engine->queue, items, (size_t)room, wait_ms);
        for (size_t i = 0; i < count; i++) {
            retain(engine, items[i]);
        }
    }
}

static void take_reports(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    struct report_item *report = engine->reports_first;
    engine->reports_first = NULL;
    engine->reports_last = &engine->reports_first;
    engine->report_count = 0;
    pthread_mutex_unlock(&engine->lock);
    while (report != NULL) {
        struct report_item *next = report->next;
        engine->reports_retained =
            grow_heap((void *)engine->reports_retained, engine->reports_retained_count,
                      &engine->reports_retained_capacity, sizeof(*engine->reports_retained));
        engine->reports_retained[engine->reports_retained_count++] = report;
        report = next;
    }
}

static bool reports_wait(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    bool wait = engine->reports_first != NULL;
    pthread_mutex_unlock(&engine->lock);
    return wait || engine->reports_retained_count > 0;
}

/* How much of what was taken goes into this batch. */
static void choose(struct engine *engine, struct batch *batch)
{
    batch->report_count = engine->reports_retained_count;
    batch->item_count =
        engine->retained_count < LIMIT_BATCH_INPUTS ? engine->retained_count : LIMIT_BATCH_INPUTS;
    if (batch->report_count > LIMIT_BATCH_INPUTS) {
        batch->report_count = LIMIT_BATCH_INPUTS;
    }
    if (isolating(engine)) {
        batch->report_count = batch->report_count > 0 ? 1 : 0;
        batch->item_count = batch->report_count == 0 && batch->item_count > 0 ? 1 : 0;
    }
}

/* ---- the transaction ---- */

/* A pause is remembered before the deliveries that it concerns are decided on. */
static enum err take_in_report(struct engine *engine, struct batch *batch,
                               struct report_item *report, struct err_detail *detail)
{
    enum err error = OK;
    int64_t until_ms = batch->now_ms + report->pause_ms;
    if (report->pause_ms > 0) {
        struct str address = report->pause_all ? STR_NONE : str_of(report->address);
        pacer_pause(engine->pacer, report->channel, address, until_ms);
        error = store_pause_put(engine->store, report->channel, address, until_ms, detail);
    }
    if (error == OK && report->item != NULL) {
        struct work *work = batch_work(batch);
        work->input = report->item->input;
        work->attempt_ms = report->attempt_ms;
        if (report->pause_ms > 0) {
            work->input.retry_at_ms = until_ms;
        }
    }
    return error;
}

static enum err take_in(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    enum err error = OK;
    for (int i = 0; error == OK && i < batch->report_count; i++) {
        error = take_in_report(engine, batch, engine->reports_retained[i], detail);
    }
    for (int i = 0; error == OK && i < batch->item_count; i++) {
        struct item *item = engine->retained[i];
        if (item->kind == ITEM_INPUT) {
            struct work *work = batch_work(batch);
            work->item = item;
            work->input = item->input;
        } else {
            struct command_work *command = batch_command(batch);
            command->item = item;
            command->kind = item->command;
            command->payload = item->payload;
            command->actor = item->actor;
        }
    }
    return error;
}

static enum err load_inbox(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    struct inbox_row *rows = NULL;
    int count = 0;
    bool from_others = false;
    enum err error =
        store_inbox_load(engine->store, batch->arena, LIMIT_BATCH_INBOX, &rows, &count, detail);
    for (int i = 0; error == OK && i < count; i++) {
        if (engine_command_is_pending(engine, rows[i].id)) {
            continue;
        }
        struct command_work *command = batch_command(batch);
        command->inbox_id = rows[i].id;
        command->kind = rows[i].kind;
        command->payload = rows[i].payload;
        command->actor = rows[i].actor;
        from_others |= str_is(rows[i].kind, "webhook");
    }
    batch->inbox_left = count == LIMIT_BATCH_INBOX;
    if (batch->inbox_left && from_others) {
        batch->item_count = 0; /* the rest of them was taken in before, too */
    }
    return error;
}

static enum err prune(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    static const char *const sources[] = {"telegram", "webchat", "api", "sidecar", "cli", "link"};
    enum err error = OK;
    for (size_t i = 0; error == OK && i < sizeof(sources) / sizeof(*sources); i++) {
        error = store_seen_prune(engine->store, str_of(sources[i]), batch->now_ms - SEEN_KEPT_MS,
                                 detail);
    }
    if (error == OK) {
        error = due_put_back(engine, batch->arena, batch->now_ms - SET_ASIDE_MS, detail);
    }
    struct rows rows;
    const struct arg inbox_args[] = {ARG_INT(batch->now_ms - INBOX_KEPT_MS)};
    const struct arg pause_args[] = {ARG_INT(batch->now_ms)};
    if (error == OK) {
        error = store_query(engine->store, batch->arena, "inbox_prune", inbox_args, 1, 1, &rows,
                            detail);
    }
    if (error == OK) {
        error = store_query(engine->store, batch->arena, "pauses_prune", pause_args, 1, 1, &rows,
                            detail);
    }
    if (error == OK) {
        error = store_events_make_room(engine->store, batch->now_ms, detail);
    }
    if (error == OK && engine->node != NULL) {
        error = store_node_forget(engine->store, 0, batch->now_ms, detail); /* the dead only */
    }
    if (error == OK) {
        error = remember_prune(engine, batch, detail);
    }
    if (error == OK) {
        error = forget_events(engine, batch, detail);
    }
    return error;
}

static enum err work_in_transaction(struct engine *engine, struct batch *batch,
                                    int64_t *ret_next_due_at_ms, struct err_detail *detail)
{
    enum err error = lines_measure(engine, detail);
    int due_limit = isolating(engine) ? 1 : LIMIT_BATCH_DUE;
    bool alone = isolating(engine) && batch->report_count + batch->item_count > 0;
    if (error == OK && engine->inbox_may_wait && !alone) {
        error = load_inbox(engine, batch, detail);
    }
    if (error == OK) { /* before what came here: somebody's update may follow one in the inbox */
        error = engine_run_commands(engine, batch, detail);
    }
    if (error == OK) {
        error = take_in(engine, batch, detail);
    }
    if (error == OK) {
        error = engine_run_commands(engine, batch, detail);
    }
    if (error == OK && !alone && engine->next_due_at_ms <= batch->now_ms) {
        error = due_load_line(engine, batch, 0, due_limit, detail);
    }
    if (error == OK && !isolating(engine)) {
        error = sweep_step(engine, batch, detail);
    }
    if (error == OK) {
        error = engine_decide(engine, batch, detail);
    }
    if (error == OK && !alone) { /* what the rest has left of the rates */
        error = lines_load(engine, batch, due_limit, detail);
    }
    if (error == OK) {
        error = engine_decide(engine, batch, detail);
    }
    if (error == OK) {
        error = engine_answer_commands(engine, batch, detail);
    }
    if (error == OK && batch->now_ms - engine->pruned_at_ms >= PRUNE_EVERY_MS) {
        error = prune(engine, batch, detail);
    }
    if (error == OK) {
        error = status_write_errors(engine, batch, detail);
    }
    if (error == OK) {
        error = store_due_next(engine->store, 0, ret_next_due_at_ms, detail);
    }
    if (error == OK) {
        error = lines_measure(engine, detail);
    }
    return error;
}

/* ---- afterwards ---- */

static void drop_first(void **list, int *count, int dropped)
{
    if (dropped > 0) {
        *count -= dropped;
        memmove((void *)list, (void *)(list + dropped), (size_t)*count * sizeof(*list));
    }
}

static void forget_taken(struct engine *engine, const struct batch *batch)
{
    for (int i = 0; i < batch->report_count; i++) {
        status_count_report(engine, engine->reports_retained[i]);
        free(engine->reports_retained[i]->item);
        free(engine->reports_retained[i]);
    }
    drop_first((void **)engine->reports_retained, &engine->reports_retained_count,
               batch->report_count);
    drop_first((void **)engine->retained, &engine->retained_count, batch->item_count);
}

static void answer_works(struct batch *batch)
{
    for (int i = 0; i < batch->work_count; i++) {
        struct work *work = batch->works[i];
        if (work->item != NULL) {
            const struct decision *decision = &work->decision;
            const struct outcome outcome = {.error = decision->error,
                                            .handled = decision->handled || work->duplicate,
                                            .duplicate = work->duplicate,
                                            .user_id = work->input.user_id,
                                            .result = decision->result,
                                            .detail = &decision->detail,
                                            .tap_answer = work->tap_answer};
            item_end(work->item, &outcome);
        }
    }
    for (int i = 0; i < batch->command_count; i++) {
        struct command_work *command = batch->commands[i];
        if (command->item != NULL && !command->later) {
            const struct outcome outcome = {.error = command->error,
                                            .handled = true,
                                            .result = command->result,
                                            .detail = &command->detail};
            item_end(command->item, &outcome);
        }
    }
}

/* What fails is among as many due rows as a batch holds: they are all tried alone before the rest
 * goes on together. */
static void settle_isolation(struct engine *engine, const struct batch *batch)
{
    if (engine->retained_count > 0 || engine->reports_retained_count > 0) {
        return;
    }
    engine->isolated += batch->due_count > 0;
    bool due_left = engine->next_due_at_ms <= batch->now_ms ||
                    lines_next_at_ms(engine, batch->now_ms) <= batch->now_ms;
    if (!isolating(engine) || !due_left || engine->isolated >= LIMIT_BATCH_DUE) {
        engine->failures = 0;
        engine->isolated = 0;
    }
}

static void committed(struct engine *engine, struct batch *batch, int64_t next_due_at_ms)
{
    engine->next_due_at_ms = next_due_at_ms;
    engine->inbox_may_wait = batch->inbox_left;
    if (batch->now_ms - engine->pruned_at_ms >= PRUNE_EVERY_MS) {
        engine->pruned_at_ms =
            batch->prune_left ? batch->now_ms - PRUNE_EVERY_MS + PRUNE_ON_MS : batch->now_ms;
    }
    status_errors_written(engine, batch);
    sweep_settle(engine, true);
    engine_settle_commands(engine, batch, true);
    forget_taken(engine, batch);
    dispatch_hand_over(engine, batch);
    answer_works(batch);
    settle_isolation(engine, batch);
    status_update(engine, batch, OK);
}

/* A due row that failed alone: when the store takes this, it was not the store that failed. */
static void set_aside_alone(struct engine *engine, struct batch *batch, const struct due *due,
                            const struct err_detail *why)
{
    struct err_detail detail = {""};
    enum err error = store_begin(engine->store, &detail);
    if (error == OK) {
        error = due_set_aside(engine, batch->arena, due, str_of(why->text), batch->now_ms, &detail);
    }
    if (error == OK) {
        error = store_commit(engine->store, &detail);
    }
    if (error != OK) {
        store_rollback(engine->store);
        return;
    }
    engine->failures = 0;
    engine->isolated = 0;
}

/* Nothing happened. What failed alone goes to the end of the line; a due row, aside. */
static void failed(struct engine *engine, struct batch *batch, enum err error,
                   const struct err_detail *detail)
{
    store_rollback(engine->store);
    pacer_roll_back(engine->pacer);
    lines_forget(engine);
    sweep_settle(engine, false);
    engine_settle_commands(engine, batch, false);
    remember_forget_world(engine);
    engine->settings_stale = true;
    engine->inbox_may_wait = true;
    engine->next_due_at_ms = 0;
    if (isolating(engine) && batch->report_count == 1) {
        struct report_item *first = engine->reports_retained[0];
        int count = engine->reports_retained_count - 1;
        memmove((void *)engine->reports_retained, (void *)(engine->reports_retained + 1),
                (size_t)count * sizeof(*engine->reports_retained));
        engine->reports_retained[count] = first;
    } else if (isolating(engine) && batch->item_count == 1) {
        struct item *first = engine->retained[0];
        int count = engine->retained_count - 1;
        memmove((void *)engine->retained, (void *)(engine->retained + 1),
                (size_t)count * sizeof(*engine->retained));
        engine->retained[count] = first;
    }
    if (error != ERR_BUSY) {
        engine->failures++;
    }
    log_error("engine", "a batch failed and will be tried again",
              "error=\"%s\" detail=\"%s\" failures=%d", err_text(error), detail->text,
              engine->failures);
    bool lone_due = batch->due_count == 1 && batch->report_count + batch->item_count == 0;
    if (isolating(engine) && lone_due && error == ERR_STORE) {
        set_aside_alone(engine, batch, &batch->first_due, detail);
    }
    status_update(engine, batch, error);
}

/* ---- one step ---- */

static enum err renew_lease(struct engine *engine, struct err_detail *detail)
{
    store_lease_lock(engine->store);
    int64_t mono_ms = clock_monotonic_ms(engine->clock);
    int64_t now_ms = clock_now_ms(engine->clock);
    int64_t enough_ms = engine->lease_ms * 2 / 3;
    if (engine->lease_until_ms - mono_ms > enough_ms &&
        engine->lease_until_wall_ms - now_ms > enough_ms) {
        return OK;
    }
    return engine_take_lease(engine, detail);
}

static enum err look_into_inbox(struct engine *engine, struct err_detail *detail)
{
    int64_t mark = 0;
    enum err error = store_change_mark(engine->store, &mark, detail);
    if (error == OK && mark != engine->change_mark) {
        engine->change_mark = mark;
        engine->inbox_may_wait = true;
        engine->settings_stale = true; /* another process may have changed them, too */
        engine->next_due_at_ms = 0;
        lines_forget(engine);
    }
    return error;
}

static bool has_work(struct engine *engine, const struct batch *batch)
{
    return batch->item_count > 0 || batch->report_count > 0 || engine->inbox_may_wait ||
           engine->next_due_at_ms <= batch->now_ms ||
           lines_next_at_ms(engine, batch->now_ms) <= batch->now_ms ||
           sweep_next_at_ms(engine) <= batch->now_ms || batch->drained ||
           batch->now_ms - engine->pruned_at_ms >= PRUNE_EVERY_MS ||
           status_errors_wait(engine, batch->now_ms);
}

static void tell_result(struct engine *engine, const struct batch *batch,
                        struct step_result *ret_result)
{
    int64_t next_at_ms = sweep_next_at_ms(engine);
    int64_t line_at_ms = lines_next_at_ms(engine, batch->now_ms);
    next_at_ms = line_at_ms < next_at_ms ? line_at_ms : next_at_ms;
    *ret_result = (struct step_result){
        .inputs = batch->item_count,
        .reports = batch->report_count,
        .due = batch->due_count,
        .next_due_at_ms = engine->next_due_at_ms < next_at_ms ? engine->next_due_at_ms : next_at_ms,
    };
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        ret_result->sent += batch->handed[i];
    }
    ret_result->more = engine->retained_count > 0 || reports_wait(engine) ||
                       queue_count(engine->queue) > 0 || engine->inbox_may_wait ||
                       ret_result->next_due_at_ms <= batch->now_ms || engine_drains_ready(engine);
}

enum err engine_step(struct engine *engine, struct step_result *ret_result,
                     struct err_detail *detail)
{
    struct batch batch = {.arena = engine->arena, .now_ms = clock_now_ms(engine->clock)};
    arena_reset(engine->arena);
    take_items(engine, 0); /* before the inbox is looked at: what they follow is seen in it */
    enum err error = renew_lease(engine, detail);
    if (error == OK) {
        error = look_into_inbox(engine, detail);
    }
    if (error == OK && engine->settings_stale) {
        error = settings_load(engine, detail);
    }
    if (error != OK) {
        status_update(engine, &batch, error);
        return error;
    }
    dispatch_unsent(engine);
    take_reports(engine);
    choose(engine, &batch);
    batch.drained = engine_drains_ready(engine);
    if (!has_work(engine, &batch)) {
        tell_result(engine, &batch, ret_result);
        return OK;
    }
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        const struct channel *channel = engine->channels[i];
        if (channel != NULL && channel->ops->bot_name != NULL) {
            engine->installation.bot_name = channel->ops->bot_name(channel);
        }
    }
    batch.world = (struct world){.catalog = engine->catalog,
                                 .installation = &engine->installation,
                                 .now_ms = batch.now_ms,
                                 .ids = &engine->ids};
    int64_t next_due_at_ms = 0;
    pacer_begin(engine->pacer, batch.now_ms);
    error = store_begin(engine->store, detail);
    if (error == OK) {
        error = work_in_transaction(engine, &batch, &next_due_at_ms, detail);
    }
    if (error == OK) {
        error = store_commit(engine->store, detail);
    }
    if (error != OK) {
        failed(engine, &batch, error, detail);
        return error;
    }
    committed(engine, &batch, next_due_at_ms);
    tell_result(engine, &batch, ret_result);
    return OK;
}

/* ---- the loop ---- */

/* Waits for work. Reports alone wait a little for company. */
static void wait_for_work(struct engine *engine, const struct step_result *result)
{
    int64_t wait_ms = IDLE_MS_MAX;
    if (result->next_due_at_ms != INT64_MAX) {
        int64_t until_ms = clock_wait_ms(engine->clock, result->next_due_at_ms);
        wait_ms = until_ms < wait_ms ? until_ms : wait_ms;
    }
    atomic_store(&engine->idle, true);
    if (!reports_wait(engine)) {
        take_items(engine, wait_ms);
    }
    atomic_store(&engine->idle, false);
    if (engine->retained_count == 0 && reports_wait(engine)) {
        take_items(engine, REPORTS_ALONE_MS);
    }
}

static bool only_reports_left(struct engine *engine, const struct step_result *result)
{
    return engine->retained_count == 0 && queue_count(engine->queue) == 0 &&
           !engine->inbox_may_wait && result->next_due_at_ms > clock_now_ms(engine->clock);
}

static void back_off(struct engine *engine, int *failures)
{
    int64_t wait_ms = (int64_t)BACKOFF_MS << (*failures < 7 ? *failures : 7);
    wait_ms = wait_ms < BACKOFF_MS_MAX ? wait_ms : BACKOFF_MS_MAX;
    (*failures)++;
    /* Only the pause matters: what is queued stays there. */
    queue_take(engine->backoff, NULL, 0, wait_ms);
}

enum err engine_run(struct engine *engine)
{
    int failures = 0;
    for (;;) {
        struct step_result result = {0};
        struct err_detail detail = {""};
        bool stopping = atomic_load(&engine->stopping);
        enum err error = engine_step(engine, &result, &detail);
        if (error == ERR_CONFLICT) {
            log_error("engine", "another process has taken over this database", "detail=\"%s\"",
                      detail.text);
            return error;
        }
        if (error != OK) {
            if (stopping) {
                return error;
            }
            back_off(engine, &failures);
            continue;
        }
        failures = 0;
        if (stopping && (!result.more || result.inputs + result.reports == 0)) {
            return OK;
        }
        if (stopping) {
            continue; /* what is left waits for no company */
        }
        if (!result.more || only_reports_left(engine, &result)) {
            wait_for_work(engine, &result);
        } else if (result.inputs + result.reports >= CROWD) {
            clock_rest(CROWD_REST_US); /* a commit costs the same for many as for few */
        }
    }
}

void engine_stop(struct engine *engine)
{
    atomic_store(&engine->stopping, true);
    queue_close(engine->queue);
    queue_wake(engine->backoff);
}
