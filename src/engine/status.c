/* Figures for health and metrics, and who in the web chat has a message waiting for an answer (the
 * demonstration runs fast only while nobody has). */
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/check.h"
#include "base/limits.h"
#include "engine/internal.h"

enum { WAITING_MAX = 10000 };

struct waiting_user {
    UT_hash_handle hh;
    int64_t user_id;
};

static bool waits_for_answer(const struct person *person)
{
    for (int i = 0; i < person->run_count; i++) {
        const struct run *run = person->runs[i];
        if (run->outcome == RUN_ACTIVE &&
            (run->phase == PHASE_SENDING || run->phase == PHASE_WAITING)) {
            return true;
        }
    }
    return person->user.dialog != DIALOG_NONE;
}

void status_note_person(struct engine *engine, const struct person *person)
{
    bool waits = person->user.channel == CHANNEL_WEBCHAT && !person->user.is_test &&
                 waits_for_answer(person);
    struct waiting_user *user = NULL;
    HASH_FIND(hh, engine->waiting, &person->user.id, sizeof(person->user.id), user);
    if (waits && user == NULL && HASH_COUNT(engine->waiting) < WAITING_MAX) {
        user = calloc(1, sizeof(*user));
        ASSERT(user != NULL);
        user->user_id = person->user.id;
        HASH_ADD(hh, engine->waiting, user_id, sizeof(user->user_id), user);
    } else if (!waits && user != NULL) {
        HASH_DEL(engine->waiting, user);
        free(user);
    }
}

void status_forget_person(struct engine *engine, int64_t user_id)
{
    struct waiting_user *user = NULL;
    HASH_FIND(hh, engine->waiting, &user_id, sizeof(user_id), user);
    if (user != NULL) {
        HASH_DEL(engine->waiting, user);
        free(user);
    }
}

void status_free(struct engine *engine)
{
    struct waiting_user *user, *next;
    HASH_ITER (hh, engine->waiting, user, next) {
        HASH_DEL(engine->waiting, user);
        free(user);
    }
}

/* ---- errors ---- */

enum { ERRORS_WAIT_MS = 1000 }; /* many failing requests make one write a second */

void engine_count_error(struct engine *engine, enum engine_error kind)
{
    atomic_fetch_add(&engine->errors[kind], 1);
}

bool status_errors_wait(struct engine *engine, int64_t now_ms)
{
    bool some = false;
    for (int i = 0; i < ENGINE_ERROR_KINDS; i++) {
        some |= atomic_load(&engine->errors[i]) != engine->errors_saved[i];
    }
    int64_t since_ms = now_ms - engine->errors_saved_at_ms;
    return some && (since_ms >= ERRORS_WAIT_MS || since_ms < 0);
}

enum err status_write_errors(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    static const char *const kinds[] = {
        [ENGINE_ERROR_INVARIANT] = "invariant", [ENGINE_ERROR_HTTP_5XX] = "http_5xx"};
    enum err error = OK;
    for (int i = 0; error == OK && i < ENGINE_ERROR_KINDS; i++) {
        batch->errors[i] = atomic_load(&engine->errors[i]);
        if (batch->errors[i] != engine->errors_saved[i]) {
            const struct arg args[] = {ARG_INT(batch->now_ms / DAY_MS), ARG_TEXT(str_of(kinds[i])),
                                       ARG_INT(batch->errors[i] - engine->errors_saved[i])};
            struct rows none;
            error = store_query(engine->store, batch->arena, "error_count_add", args, 3, 1, &none,
                                detail);
        }
    }
    return error;
}

void status_errors_written(struct engine *engine, const struct batch *batch)
{
    for (int i = 0; i < ENGINE_ERROR_KINDS; i++) {
        if (engine->errors_saved[i] != batch->errors[i]) {
            engine->errors_saved[i] = batch->errors[i];
            engine->errors_saved_at_ms = batch->now_ms;
        }
    }
}

void status_count_report(struct engine *engine, const struct report_item *report)
{
    int64_t *failed = &engine->counters.failed[report->channel];
    switch (report->kind) {
    case REPORT_SENT:
        engine->counters.sent[report->channel]++;
        break;
    case REPORT_FAILED:
    case REPORT_BLOCKED:
    case REPORT_GONE:
        (*failed)++;
        break;
    case REPORT_UNCERTAIN:
        engine->counters.uncertain++;
        break;
    case REPORT_RETRY:
    case REPORT_PAUSED:
    case REPORT_MIGRATED:
    case REPORT_DELIVERED:
    case REPORT_OPENED:
    case REPORT_CLICKED:
    case REPORT_BOUNCED:
    case REPORT_COMPLAINED:
        break;
    }
}

void status_update(struct engine *engine, const struct batch *batch, enum err error)
{
    pthread_mutex_lock(&engine->lock);
    struct engine_status *status = &engine->status;
    if (error == OK) {
        status->batches++;
        status->inputs += batch->item_count;
        status->decisions += batch->decisions;
        status->last_batch_at_ms = batch->now_ms;
        status->followed_at_ms = engine->followed_at_ms;
        status->healthy = true;
    } else {
        status->store_errors++;
        status->healthy = false;
    }
    status->sent = 0;
    status->failed = 0;
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        status->sent += engine->counters.sent[i];
        status->failed += engine->counters.failed[i];
    }
    status->uncertain = engine->counters.uncertain;
    int64_t late_ms = batch->now_ms - engine->next_due_at_ms;
    status->oldest_due_age_ms = engine->next_due_at_ms > 0 && late_ms > 0 ? late_ms : 0;
    status->oldest_line_age_ms = lines_oldest_ms(engine, batch->now_ms);
    status->someone_waits = engine->waiting != NULL;
    pthread_mutex_unlock(&engine->lock);
}

void engine_status(struct engine *engine, struct engine_status *ret_status)
{
    pthread_mutex_lock(&engine->lock);
    *ret_status = engine->status;
    pthread_mutex_unlock(&engine->lock);
    ret_status->queue_count = (int)queue_count(engine->queue);
}
