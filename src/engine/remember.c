/* Keeping each decision with all it was given (core/record.h), in the transaction of what it
 * changed. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "engine/internal.h"

static bool is_wanted(const struct engine *engine)
{
    return engine->config->decisions_kept_days > 0;
}

/* What is in force rarely changes. */
enum err remember_world(struct engine *engine, const struct batch *batch, struct err_detail *detail)
{
    if (!is_wanted(engine)) {
        return OK;
    }
    if (engine->world_id != 0 &&
        recorder_is_in(engine->recorder, &batch->world, engine->world_record)) {
        return OK;
    }
    struct str record = recorder_world(engine->recorder, &batch->world);
    engine->world_id = 0;
    enum err error = store_world_put(engine->store, record, batch->now_ms, &engine->ids,
                                     &engine->world_id, detail);
    if (error == OK) {
        char *copy = realloc((char *)(uintptr_t)engine->world_record.ptr, record.length);
        ASSERT(copy != NULL);
        memcpy(copy, record.ptr, record.length);
        engine->world_record = (struct str){copy, record.length};
        recorder_enter(engine->recorder, batch->arena, engine->world_record);
    }
    return error;
}

void remember_forget_world(struct engine *engine)
{
    engine->world_id = 0;
}

void remember_free(struct engine *engine)
{
    free((char *)(uintptr_t)engine->world_record.ptr);
    recorder_free(engine->recorder);
}

int64_t remember_begin(struct engine *engine, struct world *world, struct person *person,
                       const struct input *input)
{
    if (!is_wanted(engine)) {
        return 0;
    }
    int64_t id = id_next(&engine->ids, world->now_ms, id_slot(person->user.id));
    world->trace = recorder_trace(engine->recorder);
    recorder_begin(engine->recorder, id, world, person, input);
    return id;
}

/* That a message arrived, and nothing follows: the message itself says so. */
bool remember_is_idle(const struct person *person, const struct input *input,
                      const struct decision *decision)
{
    if (input->kind != INPUT_REPORT || input->report != REPORT_SENT || decision->event_count > 0 ||
        person->user.changed) {
        return false;
    }
    for (int i = 0; i < person->run_count; i++) {
        if (person->runs[i]->changed) {
            return false;
        }
    }
    for (int i = 0; i < person->delivery_count; i++) {
        if (person->deliveries[i]->is_new) {
            return false;
        }
    }
    return true;
}

struct decision_row remember_end(struct engine *engine, struct batch *batch, int64_t id,
                                 struct person *person, const struct decision *decision)
{
    struct user *user = &person->user;
    struct decision_row row = {.id = id,
                               .user_id = user->id,
                               .previous_id = user->decision_last_id,
                               .world_id = engine->world_id,
                               .record =
                                   recorder_end(engine->recorder, batch->arena, person, decision)};
    user->decision_last_id = id;
    user->changed = true;
    return row;
}

enum err remember_prune(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    int deleted = 0;
    int64_t kept_ms = engine->config->decisions_kept_days * DAY_MS;
    int64_t before_ms = is_wanted(engine) ? batch->now_ms - kept_ms : batch->now_ms + 1;
    enum err error =
        store_decisions_prune(engine->store, before_ms, LIMIT_BATCH_PRUNED, &deleted, detail);
    batch->prune_left = error == OK && deleted == LIMIT_BATCH_PRUNED;
    return error;
}
