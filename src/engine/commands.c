/* Commands about the installation: a table of kinds, each read from JSON, done inside the batch's
 * transaction, audited and answered. A mistake of whoever asks is that command's answer; only a
 * failure of the store ends the batch. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "engine/commands.h"

enum { PAYLOAD_BYTES_MAX = 4 * 1024 * 1024, RETRY_MAX = 1000 };

enum err command_refuse(struct doing *doing, enum err error, const char *text)
{
    doing->command->error = err_set(&doing->command->detail, error, "%s", text);
    return OK;
}

/* Takes the reference. */
struct str command_written(struct doing *doing, json_t *json)
{
    ASSERT(json != NULL);
    struct str text = json_write(doing->batch->arena, json);
    json_decref(json);
    return text;
}

/* ---- sending ---- */

/* What was held while sending was off is due at once. */
static enum err release_held(struct doing *doing, struct err_detail *detail)
{
    static const char *const blocks[] = {"engine_release_due", "engine_release_deliveries"};
    const struct arg args[] = {ARG_INT(doing->batch->now_ms)};
    enum err error = OK;
    struct rows rows;
    for (int i = 0; error == OK && i < 2; i++) {
        error = store_query(doing->engine->store, doing->batch->arena, blocks[i], args, 1, 1, &rows,
                            detail);
    }
    doing->engine->next_due_at_ms = 0;
    lines_forget(doing->engine);
    return error;
}

static enum err sending(struct doing *doing, struct err_detail *detail)
{
    struct engine *engine = doing->engine;
    enum sending_mode mode;
    if (!settings_mode_of(json_get_str(doing->payload, "mode"), &mode)) {
        return command_refuse(doing, ERR_INVALID, "\"mode\" is none of on, off, dry-run");
    }
    const char *before = settings_mode_name(engine->sending_stored);
    const char *after = settings_mode_name(mode);
    engine->sending_stored = mode;
    doing->command->before = command_written(doing, json_pack("{s:s}", "mode", before));
    doing->command->after = command_written(doing, json_pack("{s:s}", "mode", after));
    doing->command->result =
        command_written(doing, json_pack("{s:s, s:s}", "mode_before", before, "mode", after));
    enum err error = store_setting_put(engine->store, "sending", doing->command->after,
                                       doing->batch->now_ms, detail);
    return error == OK && mode != SENDING_OFF ? release_held(doing, detail) : error;
}

/* ---- people ---- */

static enum err input(struct doing *doing, struct err_detail *detail)
{
    (void)detail;
    struct command_work *command = doing->command;
    struct input read;
    command->error = engine_read_input(doing->batch->arena, doing->payload, command->actor, &read,
                                       &command->detail);
    if (command->error != OK) {
        return OK;
    }
    if (json_get_bool(doing->payload, "test", false)) {
        struct work *mark = batch_work(doing->batch);
        mark->input = read;
        mark->input.kind = INPUT_ADMIN;
        mark->input.name = STR("test");
        mark->input.external_id = STR_NONE;
    }
    struct work *work = batch_work(doing->batch);
    work->input = read;
    work->command = command;
    /* What people do, told by other programs, stands among their events. */
    command->silent = read.kind != INPUT_ADMIN && read.kind != INPUT_TRIGGER;
    return OK;
}

/* A webhook's request, taken by a process that stands by. */
static enum err webhook(struct doing *doing, struct err_detail *detail)
{
    (void)detail;
    struct command_work *command = doing->command;
    bool relevant = false;
    struct input read;
    command->error = engine_read_request(doing->engine, doing->batch, doing->payload, &read,
                                         &relevant, &command->detail);
    command->silent = true;
    command->result = STR("{}"); /* no longer about anybody */
    if (command->error != OK) {
        log_warn("engine", "a webhook's request that was handed on is not understood",
                 "detail=\"%s\"", command->detail.text);
    } else if (relevant) {
        struct work *work = batch_work(doing->batch);
        work->input = read;
        work->command = command;
    }
    return OK;
}

static enum err retry_rows(struct doing *doing, struct rows *rows, struct err_detail *detail)
{
    if (json_get_bool(doing->payload, "all", false)) {
        return store_query(doing->engine->store, doing->batch->arena, "engine_dead_deliveries",
                           NULL, 0, RETRY_MAX, rows, detail);
    }
    const struct arg args[] = {ARG_INT(command_id(doing->payload, "id"))};
    return store_query(doing->engine->store, doing->batch->arena, "engine_delivery_owner", args, 1,
                       1, rows, detail);
}

static enum err delivery_retry(struct doing *doing, struct err_detail *detail)
{
    struct rows rows = {0};
    bool all = json_get_bool(doing->payload, "all", false);
    enum err error = retry_rows(doing, &rows, detail);
    if (error != OK) {
        return error;
    }
    if (rows.count == 0 && !all) {
        return command_refuse(doing, ERR_NOT_FOUND, "there is no message with that id");
    }
    for (int i = 0; i < rows.count; i++) {
        const struct cell *cells = rows.cells + (ptrdiff_t)i * rows.columns;
        struct work *work = batch_work(doing->batch);
        work->input = (struct input){.kind = INPUT_ADMIN,
                                     .source = command_source(doing->command->actor),
                                     .name = STR("retry"),
                                     .ref_id = cells[0].integer,
                                     .user_id = cells[1].integer};
        work->command = all ? NULL : doing->command;
    }
    doing->command->result = doing->command->after =
        command_written(doing, json_pack("{s:i}", "retried", rows.count));
    return OK;
}

static enum err deliveries_process(struct doing *doing, struct err_detail *detail)
{
    (void)detail;
    struct drain *drain = calloc(1, sizeof(*drain));
    ASSERT(drain != NULL);
    drain->inbox_id = doing->command->inbox_id;
    drain->item = doing->command->item;
    drain->before = doing->engine->counters;
    drain->fresh = true;
    drain->next = doing->engine->drains;
    doing->engine->drains = drain;
    doing->command->later = true;
    return OK;
}

static enum err broadcast(struct doing *doing, struct err_detail *detail)
{
    enum err error =
        broadcast_begin(doing->engine, doing->batch, doing->command, doing->payload, detail);
    doing->command->after = doing->command->result;
    return error;
}

static enum err broadcast_state(struct doing *doing, struct err_detail *detail)
{
    return broadcast_change(doing->engine, doing->batch, doing->command, doing->payload, detail);
}

static enum err bridge_import(struct doing *doing, struct err_detail *detail)
{
    return bridge_people(doing->engine, doing->batch, doing->command, doing->payload, detail);
}

static enum err experiment(struct doing *doing, struct err_detail *detail)
{
    return experiment_change(doing->engine, doing->batch, doing->command, doing->payload, detail);
}

/* ---- settings ---- */

static enum err setting_put(struct doing *doing, struct err_detail *detail)
{
    struct str name = json_get_str(doing->payload, "name");
    const json_t *value = json_object_get(doing->payload, "value");
    if (name.length == 0 || name.length > LIMIT_KEY_BYTES || value == NULL) {
        return command_refuse(doing, ERR_INVALID, "expected \"name\" and \"value\"");
    }
    if (str_is(name, "sending") || str_starts(name, STR("rollout/")) ||
        str_starts(name, STR("journeys/")) || str_starts(name, STR("move/")) ||
        str_starts(name, STR("secret/")) || str_is(name, "experiments") || str_is(name, "alerts") ||
        str_starts(name, STR("told/"))) {
        return command_refuse(doing, ERR_INVALID, "that setting has a command of its own");
    }
    struct arena *arena = doing->batch->arena;
    struct str copy = arena_str(arena, name);
    enum err error =
        store_setting_get(doing->engine->store, arena, copy.ptr, &doing->command->before, detail);
    doing->command->after = json_write(arena, value);
    if (error == OK) {
        error = store_setting_put(doing->engine->store, copy.ptr, doing->command->after,
                                  doing->batch->now_ms, detail);
    }
    doing->engine->settings_stale = true;
    doing->command->result = STR("{}");
    return error;
}

/* ---- the table ---- */

static const struct {
    const char *kind;
    command_function *function;
} COMMANDS[] = {
    {"alerts", command_alerts},
    {"alert", command_alert},
    {"operators_tell", command_operators_tell},
    {"operators_told", command_operators_told},
    {"rollout_set", command_rollout_set},
    {"rollback", command_rollback},
    {"rollback_person", command_rollback_person},
    {"rollout_plan", command_rollout_plan},
    {"rollout_stage", command_rollout_stage},
    {"sending", sending},
    {"input", input},
    {"bridge_import", bridge_import},
    {"broadcast", broadcast},
    {"broadcast_state", broadcast_state},
    {"experiment", experiment},
    {"deliveries_process", deliveries_process},
    {"delivery_retry", delivery_retry},
    {"journeys_apply", command_journeys_apply},
    {"setting_put", setting_put},
    {"webhook", webhook},
};

static command_function *function_of(struct str kind)
{
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(*COMMANDS); i++) {
        if (str_is(kind, COMMANDS[i].kind)) {
            return COMMANDS[i].function;
        }
    }
    return NULL;
}

static enum err run_one(struct engine *engine, struct batch *batch, struct command_work *command,
                        struct err_detail *detail)
{
    json_t *payload = NULL;
    struct doing doing = {.engine = engine, .batch = batch, .command = command};
    command_function *function = function_of(command->kind);
    if (function == NULL) {
        return command_refuse(&doing, ERR_NOT_FOUND, "there is no command of that kind");
    }
    command->error = json_read(command->payload, PAYLOAD_BYTES_MAX, &payload, &command->detail);
    if (command->error == OK && !json_is_object(payload)) {
        command_refuse(&doing, ERR_INVALID, "the payload is no JSON object");
    }
    enum err error = OK;
    if (command->error == OK) {
        doing.payload = payload;
        error = function(&doing, detail);
    }
    json_decref(payload);
    return error;
}

enum err engine_run_commands(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    enum err error = OK;
    while (error == OK && batch->commands_run < batch->command_count) {
        error = run_one(engine, batch, batch->commands[batch->commands_run++], detail);
    }
    return error;
}

/* ---- answers ---- */

/* What was done to whom, without any words: for the audit. */
static struct str deed(struct batch *batch, const struct work *work)
{
    const struct input *input = &work->input;
    json_t *json = json_object();
    json_object_set_new(json, "user_id", json_sprintf("%lld", (long long)input->user_id));
    json_object_set_new(json, "deed",
                        json_str(input->kind == INPUT_TRIGGER ? STR("trigger") : input->name));
    if (input->kind == INPUT_TRIGGER) {
        json_object_set_new(json, "journey", json_str(input->name));
    }
    struct str text = json_write(batch->arena, json);
    json_decref(json);
    return text;
}

/* The decision's result with who it was about. */
static struct str merged_result(struct batch *batch, const struct work *work)
{
    json_t *result = NULL;
    struct str text = work->decision.result;
    if (text.length == 0 || json_read(text, text.length, &result, NULL) != OK ||
        !json_is_object(result)) {
        json_decref(result);
        result = json_object();
    }
    struct str id = arena_printf(batch->arena, "%lld", (long long)work->input.user_id);
    json_object_set_new(result, "user_id", json_str(id));
    json_object_set_new(result, "handled", json_boolean(work->decision.handled || work->duplicate));
    if (work->duplicate) {
        json_object_set_new(result, "duplicate", json_true());
    }
    struct str merged = json_write(batch->arena, result);
    json_decref(result);
    return merged;
}

static void take_results(struct batch *batch)
{
    for (int i = 0; i < batch->work_count; i++) {
        const struct work *work = batch->works[i];
        if (work->command != NULL) {
            work->command->error = work->decision.error;
            work->command->detail = work->decision.detail;
            if (work->command->result.length == 0) {
                work->command->result = merged_result(batch, work);
            }
            if (work->command->after.length == 0) {
                work->command->after = deed(batch, work);
            }
        }
    }
}

static enum err answer_inbox(struct engine *engine, int64_t inbox_id, enum err error,
                             struct str result, int64_t now_ms, struct err_detail *detail)
{
    return inbox_id == 0
               ? OK
               : store_inbox_answer(engine->store, inbox_id, error, result, now_ms, detail);
}

static enum err audit(struct engine *engine, struct batch *batch,
                      const struct command_work *command, struct err_detail *detail)
{
    return command->error != OK || command->silent
               ? OK
               : store_audit_append(engine->store, command->actor, command->kind, command->before,
                                    command->after, batch->now_ms, &engine->ids, detail);
}

static struct str drain_result(struct engine *engine, struct batch *batch,
                               const struct drain *drain)
{
    const struct counters *now = &engine->counters;
    const struct counters *before = &drain->before;
    json_t *json = json_object();
    int64_t total = 0;
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        total += now->sent[i] - before->sent[i] + now->failed[i] - before->failed[i];
    }
    static const struct {
        enum channel_kind kind;
        const char *sent, *failed;
    } names[] = {{CHANNEL_TELEGRAM, "telegram_sent", "telegram_failed"},
                 {CHANNEL_EMAIL, "email_sent", "email_failed"}};
    for (int i = 0; i < 2; i++) {
        enum channel_kind kind = names[i].kind;
        json_object_set_new(json, names[i].sent,
                            json_integer(now->sent[kind] - before->sent[kind]));
        json_object_set_new(json, names[i].failed,
                            json_integer(now->failed[kind] - before->failed[kind]));
    }
    json_object_set_new(json, "total_processed", json_integer(total));
    struct str text = json_write(batch->arena, json);
    json_decref(json);
    return text;
}

bool engine_drains_ready(struct engine *engine)
{
    if (engine->drains == NULL || engine->drains->fresh) {
        return false;
    }
    int64_t now_ms = clock_now_ms(engine->clock);
    pthread_mutex_lock(&engine->lock);
    bool reports = engine->reports_first != NULL;
    pthread_mutex_unlock(&engine->lock);
    bool busy = reports || engine->reports_retained_count > 0 || engine->unsent_count > 0 ||
                engine->next_due_at_ms <= now_ms || lines_next_at_ms(engine, now_ms) <= now_ms;
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        const struct channel *channel = engine->channels[i];
        busy |= channel != NULL && channel->ops->in_flight(channel) > 0;
    }
    return !busy;
}

/* The rows are answered in this transaction; whoever waits in this process is told after it. */
static enum err answer_drains(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    enum err error = OK;
    if (!batch->drained) {
        return OK;
    }
    for (struct drain *drain = engine->drains; error == OK && drain != NULL; drain = drain->next) {
        drain->result = drain_result(engine, batch, drain);
        error = answer_inbox(engine, drain->inbox_id, OK, drain->result, batch->now_ms, detail);
    }
    return error;
}

enum err engine_answer_commands(struct engine *engine, struct batch *batch,
                                struct err_detail *detail)
{
    take_results(batch);
    enum err error = OK;
    for (int i = 0; error == OK && i < batch->command_count; i++) {
        const struct command_work *command = batch->commands[i];
        struct str result = command->error == OK ? command->result : str_of(command->detail.text);
        error = audit(engine, batch, command, detail);
        if (error == OK && !command->later) {
            error = answer_inbox(engine, command->inbox_id, command->error, result, batch->now_ms,
                                 detail);
        }
    }
    if (error == OK) {
        error = answer_drains(engine, batch, detail);
    }
    return error == OK ? sweep_answer(engine, batch, detail) : error;
}

void engine_settle_commands(struct engine *engine, const struct batch *batch, bool committed)
{
    struct drain **at = &engine->drains;
    while (*at != NULL) {
        struct drain *drain = *at;
        bool ended = committed ? batch->drained && !drain->fresh : drain->fresh;
        if (!ended) {
            drain->fresh = false;
            at = &drain->next;
            continue;
        }
        *at = drain->next;
        if (committed && drain->item != NULL) {
            const struct outcome outcome = {.error = OK, .handled = true, .result = drain->result};
            item_end(drain->item, &outcome);
        }
        free(drain); /* not committed: its command is still in line and begins anew */
    }
}

bool engine_command_is_pending(const struct engine *engine, int64_t inbox_id)
{
    for (const struct drain *drain = engine->drains; drain != NULL; drain = drain->next) {
        if (drain->inbox_id == inbox_id) {
            return true;
        }
    }
    return sweep_is_pending(engine, inbox_id);
}

void engine_cancel_commands(struct engine *engine, const struct outcome *outcome)
{
    while (engine->drains != NULL) {
        struct drain *drain = engine->drains;
        engine->drains = drain->next;
        if (drain->item != NULL) {
            item_end(drain->item, outcome);
        }
        free(drain);
    }
    sweep_cancel(engine, outcome);
}
