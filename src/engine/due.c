/* Due rows become timer inputs. A row may have changed since (earlier in the same batch), so each
 * is looked at again before it is decided on; and whatever happens, it must not stay due. */
#include "base/limits.h"
#include "base/log.h"
#include "engine/internal.h"

enum err engine_load_due(struct engine *engine, struct batch *batch, int limit,
                         struct err_detail *detail)
{
    int wanted = limit + engine->due_skip;
    struct due *rows = ARENA_ARRAY(batch->arena, struct due, (size_t)wanted);
    int count = 0;
    enum err error = store_due_load(engine->store, batch->now_ms, wanted, rows, &count, detail);
    if (error != OK) {
        return error;
    }
    int first = engine->due_skip < count ? engine->due_skip : 0;
    for (int i = first; i < count && i < first + limit; i++) {
        struct work *work = batch_work(batch);
        work->due = rows[i];
        work->input = (struct input){.kind = INPUT_TIMER,
                                     .at_ms = batch->now_ms,
                                     .source = STR("timer"),
                                     .user_id = rows[i].user_id,
                                     .ref_kind = rows[i].kind,
                                     .ref_id = rows[i].id};
        batch->due_count++;
    }
    return OK;
}

struct instant {
    int64_t *next_at_ms;
    const int64_t *saved_next_at_ms;
    bool *changed;
};

/* The row that waits; false when it is not there. */
static bool find_row(struct person *person, const struct due *due, struct instant *ret_instant)
{
    struct instant instant = {NULL, NULL, NULL};
    switch (due->kind) {
    case DUE_USER:
        instant = (struct instant){&person->user.next_at_ms, &person->user.saved_next_at_ms,
                                   &person->user.changed};
        break;
    case DUE_COMMITMENT: {
        struct commitment *row = person_commitment(person, due->id);
        if (row != NULL) {
            instant = (struct instant){&row->next_at_ms, &row->saved_next_at_ms, &row->changed};
        }
        break;
    }
    case DUE_RUN: {
        struct run *row = person_run(person, due->id);
        if (row != NULL) {
            instant = (struct instant){&row->next_at_ms, &row->saved_next_at_ms, &row->changed};
        }
        break;
    }
    case DUE_DELIVERY: {
        struct delivery *row = person_delivery(person, due->id);
        if (row != NULL) {
            instant = (struct instant){&row->next_at_ms, &row->saved_next_at_ms, &row->changed};
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
    if (found && *instant.saved_next_at_ms == due->due_at_ms) {
        *ret_due = *instant.next_at_ms != 0 && *instant.next_at_ms <= now_ms;
        return OK;
    }
    if (!found) {
        log_warn("engine", "a due row stood for nothing and is deleted", "row=%lld kind=%d",
                 (long long)due->id, (int)due->kind);
    }
    const struct arg args[] = {ARG_INT(due->due_at_ms), ARG_INT(due->id)};
    struct rows rows;
    return store_query(engine->store, arena, "due_drop", args, 2, 1, &rows, detail);
}

void due_unstick(struct engine *engine, struct person *person, const struct due *due,
                 int64_t now_ms)
{
    struct instant instant;
    if (find_row(person, due, &instant) && *instant.next_at_ms == due->due_at_ms &&
        *instant.next_at_ms <= now_ms) {
        log_error("engine", "a timer did not move its row; it is tried again in a minute",
                  "row=%lld kind=%d", (long long)due->id, (int)due->kind);
        engine_count_error(engine, ENGINE_ERROR_INVARIANT);
        *instant.next_at_ms = now_ms + MINUTE_MS;
        *instant.changed = true;
    }
}
