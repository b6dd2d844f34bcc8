/* Due rows become timer inputs. A row may have changed since (earlier in the same batch), so each
 * is looked at again before it is decided on; and whatever happens, it must not stay due. */
#include "base/limits.h"
#include "base/log.h"
#include "engine/internal.h"

enum err due_load_line(struct engine *engine, struct batch *batch, int line, int limit,
                       struct err_detail *detail)
{
    struct due *rows = ARENA_ARRAY(batch->arena, struct due, (size_t)limit);
    int count = 0;
    enum err error =
        store_due_load(engine->store, line, batch->now_ms, limit, rows, &count, detail);
    for (int i = 0; error == OK && i < count; i++) {
        struct work *work = batch_work(batch);
        work->due = rows[i];
        work->input = (struct input){.kind = INPUT_TIMER,
                                     .at_ms = batch->now_ms,
                                     .source = STR("timer"),
                                     .user_id = rows[i].user_id,
                                     .ref_kind = rows[i].kind,
                                     .ref_id = rows[i].id};
        if (batch->due_count++ == 0) {
            batch->first_due = rows[i];
        }
    }
    return error;
}

struct instant {
    int64_t *next_at_ms;
    const int64_t *saved_next_at_ms;
    bool *changed;
    int saved_line;
};

/* The row that waits; false when it is not there. */
static bool find_row(struct person *person, const struct due *due, struct instant *ret_instant)
{
    struct instant instant = {.next_at_ms = NULL};
    switch (due->kind) {
    case DUE_USER:
        instant = (struct instant){&person->user.next_at_ms, &person->user.saved_next_at_ms,
                                   &person->user.changed, 0};
        break;
    case DUE_COMMITMENT: {
        struct commitment *row = person_commitment(person, due->id);
        if (row != NULL) {
            instant = (struct instant){&row->next_at_ms, &row->saved_next_at_ms, &row->changed, 0};
        }
        break;
    }
    case DUE_RUN: {
        struct run *row = person_run(person, due->id);
        if (row != NULL) {
            instant = (struct instant){&row->next_at_ms, &row->saved_next_at_ms, &row->changed, 0};
        }
        break;
    }
    case DUE_DELIVERY: {
        struct delivery *row = person_delivery(person, due->id);
        if (row != NULL) {
            instant = (struct instant){&row->next_at_ms, &row->saved_next_at_ms, &row->changed,
                                       row->saved_line};
        }
        break;
    }
    }
    *ret_instant = instant;
    return instant.next_at_ms != NULL;
}

enum err due_check(struct engine *engine, struct arena *arena, struct person *person,
                   const struct due *due, int64_t now_ms, bool *ret_due, struct err_detail *detail)
{
    struct instant instant;
    *ret_due = false;
    bool found = person != NULL && find_row(person, due, &instant);
    if (found && *instant.saved_next_at_ms == due->due_at_ms && instant.saved_line == due->line) {
        *ret_due = *instant.next_at_ms != 0 && *instant.next_at_ms <= now_ms;
        return OK;
    }
    if (!found) {
        log_warn("engine", "a due row stood for nothing and is deleted", "row=%lld kind=%d",
                 (long long)due->id, (int)due->kind);
    }
    const struct arg args[] = {ARG_INT(due->line), ARG_INT(due->due_at_ms), ARG_INT(due->id)};
    struct rows rows;
    return store_query(engine->store, arena, "due_drop", args, 3, 1, &rows, detail);
}

enum err due_set_aside(struct engine *engine, struct arena *arena, const struct due *due,
                       struct str why, int64_t now_ms, struct err_detail *detail)
{
    struct rows rows;
    const struct arg failed[] = {ARG_INT(due->line), ARG_INT(due->due_at_ms), ARG_INT(due->id),
                                 ARG_INT(due->kind), ARG_INT(due->user_id),   ARG_INT(now_ms),
                                 ARG_TEXT(why)};
    const struct arg dropped[] = {ARG_INT(due->line), ARG_INT(due->due_at_ms), ARG_INT(due->id)};
    engine_count_error(engine, ENGINE_ERROR_INVARIANT);
    log_error("engine", "a due row cannot be worked on and is set aside; run nudge doctor",
              "row=%lld kind=%d user=%lld detail=\"%.*s\"", (long long)due->id, (int)due->kind,
              (long long)due->user_id, STR_ARG(why));
    enum err error =
        store_query(engine->store, arena, "due_set_aside", failed, 7, 1, &rows, detail);
    return error != OK
               ? error
               : store_query(engine->store, arena, "due_drop", dropped, 3, 1, &rows, detail);
}

enum err due_put_back(struct engine *engine, struct arena *arena, int64_t before_ms,
                      struct err_detail *detail)
{
    lines_forget(engine);
    struct rows rows;
    const struct arg args[] = {ARG_INT(before_ms)};
    enum err error = store_query(engine->store, arena, "due_put_back", args, 1, 1, &rows, detail);
    return error != OK
               ? error
               : store_query(engine->store, arena, "due_failed_forget", args, 1, 1, &rows, detail);
}

void due_unstick(struct engine *engine, struct person *person, const struct due *due,
                 int64_t now_ms)
{
    struct instant instant;
    bool stuck = find_row(person, due, &instant) && *instant.next_at_ms == due->due_at_ms &&
                 *instant.next_at_ms <= now_ms;
    const struct delivery *delivery =
        due->kind == DUE_DELIVERY ? person_delivery(person, due->id) : NULL;
    if (stuck && (delivery == NULL || !str_is(delivery->reason, DISPATCH_IN_LINE))) {
        log_error("engine", "a timer did not move its row; it is tried again in a minute",
                  "row=%lld kind=%d", (long long)due->id, (int)due->kind);
        engine_count_error(engine, ENGINE_ERROR_INVARIANT);
        *instant.next_at_ms = now_ms + MINUTE_MS;
        *instant.changed = true;
    }
}
