/* Broadcasts: one message to everyone a condition holds for. First they are counted, so that
 * whoever asks hears how many it will reach; then each recipient gets a delivery of class nudge
 * through the gate. They can be paused, resumed and cancelled; cancelling takes back what waits. */
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "core/facts.h"
#include "core/pressure.h"
#include "engine/sweep.h"

enum { BROADCASTS_MAX = 1000, UNDER_WAY_MS = 1000 };

static const char *const STATES[BROADCAST_STATE_COUNT] = {
    [BROADCAST_SCHEDULED] = "scheduled", [BROADCAST_RUNNING] = "running",
    [BROADCAST_PAUSED] = "paused",       [BROADCAST_DONE] = "done",
    [BROADCAST_CANCELLED] = "cancelled",
};

/* ---- what a broadcast says ---- */

static enum err compile_texts(struct sweep *sweep, const json_t *texts, struct err_detail *detail)
{
    const char *language;
    json_t *text;
    json_t *object = (json_t *)(uintptr_t)texts; /* the loop wants it writable */
    json_object_foreach(object, language, text)
    {
        struct str source = {json_string_value(text), json_string_length(text)};
        struct language_text *entry = &sweep->texts[sweep->text_count];
        size_t offset = 0;
        if (sweep->text_count == SWEEP_LANGUAGES_MAX ||
            strlen(language) >= sizeof(entry->language) || !json_is_string(text) ||
            source.length == 0) {
            return err_set(detail, ERR_INVALID,
                           "\"text\" is an object of languages and their Markdown");
        }
        enum err error = template_compile(sweep->arena, arena_str(sweep->arena, source), language,
                                          &entry->template, &offset, detail);
        if (error != OK) {
            return err_wrap(detail, error, "text in %s, byte %zu", language, offset);
        }
        str_copy(entry->language, sizeof(entry->language), str_of(language));
        sweep->text_count++;
    }
    return sweep->text_count > 0 ? OK : err_set(detail, ERR_INVALID, "\"text\" is missing");
}

static enum err compile_filter(struct sweep *sweep, struct str source, struct err_detail *detail)
{
    size_t offset = 0;
    if (str_trim(source).length == 0) {
        return OK;
    }
    enum err error = condition_compile(sweep->arena, arena_str(sweep->arena, source),
                                       &sweep->filter, &offset, detail);
    return error == OK ? OK : err_wrap(detail, error, "filter, byte %zu", offset);
}

static const struct template *text_for(const struct sweep *sweep, const char *language)
{
    for (int i = 0; i < sweep->text_count; i++) {
        if (strcmp(sweep->texts[i].language, language) == 0) {
            return sweep->texts[i].template;
        }
    }
    return sweep->texts[0].template;
}

static struct facts facts_of(struct batch *batch, const struct person *person)
{
    return (struct facts){.arena = batch->arena,
                          .world = &batch->world,
                          .person = person,
                          .language = person_language(&batch->world, person)};
}

struct str broadcast_render(struct batch *batch, const struct sweep *sweep,
                            const struct person *person)
{
    struct facts facts = facts_of(batch, person);
    return template_render(batch->arena, text_for(sweep, facts.language), &facts, false);
}

/* Only those whom it may reach at all: others would each leave a suppressed message behind. */
bool broadcast_reaches(struct batch *batch, const struct sweep *sweep, const struct person *person)
{
    const struct user *user = &person->user;
    if (user->is_test || user->stopped || user->is_held || user->crisis_hold ||
        user->contacts[user->channel].reach != REACH_OK) {
        return false;
    }
    struct facts facts = facts_of(batch, person);
    return sweep->filter == NULL || condition_holds(sweep->filter, &facts);
}

/* ---- beginning ---- */

static enum err send_test(struct batch *batch, struct sweep *sweep, struct engine *engine,
                          struct command_work *command, const json_t *who,
                          struct err_detail *detail)
{
    struct input input = {
        .kind = INPUT_ADMIN, .source = command_source(command->actor), .name = STR("reply")};
    command->error = command_person(batch->arena, who, &input, &command->detail);
    if (command->error != OK) {
        return OK;
    }
    input.may_create = false;
    enum err error = OK;
    if (input.user_id == 0) {
        error = store_identity_find(engine->store, input.channel, input.identity, &input.user_id,
                                    detail);
    }
    struct person_want want = {.user_id = input.user_id, .now_ms = batch->now_ms};
    struct person *person = NULL;
    if (error == OK && input.user_id != 0) {
        error = store_people_load(engine->store, batch->arena, &want, 1, &person, detail);
    }
    if (error == OK && (person == NULL || person->broken.length > 0)) {
        command->error = err_set(&command->detail, ERR_NOT_FOUND, "there is no such person");
    } else if (error == OK) {
        input.text = broadcast_render(batch, sweep, person);
        struct work *work = batch_work(batch);
        work->input = input;
        work->command = command;
        command->result = STR("{\"broadcast_id\":\"\",\"recipients\":1}");
    }
    return error;
}

static enum err insert(struct engine *engine, struct batch *batch, const struct sweep *sweep,
                       struct err_detail *detail)
{
    const struct arg args[] = {
        ARG_INT(sweep->id),     ARG_TEXT(sweep->text_json),  ARG_TEXT(sweep->filter_source),
        ARG_INT(sweep->at_ms),  ARG_REAL(sweep->pace_per_s), ARG_INT(batch->now_ms),
        ARG_TEXT(sweep->actor),
    };
    struct rows rows;
    return store_query(engine->store, batch->arena, "broadcast_insert", args, 7, 1, &rows, detail);
}

enum err broadcast_counted(struct engine *engine, struct batch *batch, struct sweep *sweep,
                           struct err_detail *detail)
{
    enum err error = OK;
    char id[24] = "";
    if (!sweep->preview) {
        sweep->id = id_next(&engine->ids, batch->now_ms, 0);
        sweep->at_ms = sweep->at_ms > batch->now_ms ? sweep->at_ms : batch->now_ms;
        snprintf(id, sizeof(id), "%lld", (long long)sweep->id);
        error = insert(engine, batch, sweep, detail);
    }
    json_t *result = json_object();
    json_object_set_new(result, "broadcast_id", json_string(id));
    json_object_set_new(result, "recipients", json_integer(sweep->now.matched));
    if (sweep->preview) {
        json_t *examples = json_array();
        for (int i = 0; i < sweep->example_count; i++) {
            json_array_append_new(examples, json_str(sweep->examples[i]));
        }
        json_object_set_new(result, "examples", examples);
    }
    sweep->result = json_write(batch->arena, result);
    json_decref(result);
    if (error == OK && !sweep->preview) {
        error = store_audit_append(engine->store, sweep->actor, STR("broadcast"), STR_NONE,
                                   sweep->result, batch->now_ms, &engine->ids, detail);
    }
    return error;
}

static void keep_request(struct sweep *sweep, const struct command_work *command,
                         const json_t *payload)
{
    struct arena *arena = sweep->arena;
    sweep->preview = json_get_bool(payload, "preview", false);
    sweep->at_ms = json_get_int(payload, "at_ms", 0);
    sweep->text_json = json_write(arena, json_get_object(payload, "text"));
    sweep->filter_source = arena_str(arena, json_get_str(payload, "filter"));
    sweep->actor = arena_str(arena, command->actor);
    sweep->inbox_id = command->inbox_id;
    sweep->item = command->item;
}

enum err broadcast_begin(struct engine *engine, struct batch *batch, struct command_work *command,
                         const json_t *payload, struct err_detail *detail)
{
    const json_t *test = json_get_object(payload, "test");
    struct sweep *sweep = sweep_new(engine, SWEEP_COUNT);
    sweep->fresh = true;
    sweep->pace_per_s = json_get_number(payload, "per_second", 0);
    command->error = compile_texts(sweep, json_get_object(payload, "text"), &command->detail);
    if (command->error == OK) {
        command->error = compile_filter(sweep, json_get_str(payload, "filter"), &command->detail);
    }
    if (command->error == OK && !(sweep->pace_per_s >= 0 && sweep->pace_per_s <= 1000)) {
        command->error =
            err_set(&command->detail, ERR_INVALID, "\"per_second\" is a number up to 1000");
    }
    if (command->error != OK) {
        sweep->now.done = true;
        return OK;
    }
    if (test != NULL) {
        sweep->now.done = true;
        return send_test(batch, sweep, engine, command, test, detail);
    }
    keep_request(sweep, command, payload);
    command->later = true;
    command->silent = true; /* audited when it begins, with its id */
    return OK;
}

/* ---- a broadcast's row ---- */

static int64_t cell_int(const struct rows *rows, int row, const char *name)
{
    for (int i = 0; i < rows->columns; i++) {
        if (strcmp(rows->names[i], name) == 0) {
            return rows->cells[(ptrdiff_t)row * rows->columns + i].integer;
        }
    }
    return 0;
}

static const struct cell *cell_of(const struct rows *rows, int row, const char *name)
{
    for (int i = 0; i < rows->columns; i++) {
        if (strcmp(rows->names[i], name) == 0) {
            return &rows->cells[(ptrdiff_t)row * rows->columns + i];
        }
    }
    return NULL;
}

/* A broadcast that this program cannot read any more is left alone and named. */
static struct sweep *load_broadcast(struct engine *engine, const struct rows *rows, int row)
{
    struct err_detail detail = {""};
    enum broadcast_state state = (enum broadcast_state)cell_int(rows, row, "state");
    struct str text = cell_of(rows, row, "text")->text;
    struct sweep *sweep =
        sweep_new(engine, state == BROADCAST_CANCELLED ? SWEEP_TAKE_BACK : SWEEP_BROADCAST);
    json_t *texts = NULL;
    sweep->id = cell_int(rows, row, "id");
    sweep->pace_per_s = cell_of(rows, row, "pace_per_s")->real;
    sweep->now.started_at_ms = cell_int(rows, row, "started_at_ms");
    sweep->saved = sweep->now;
    if (sweep->kind == SWEEP_TAKE_BACK) {
        return sweep;
    }
    sweep->now.cursor = cell_int(rows, row, "cursor_user_id");
    sweep->now.considered = cell_int(rows, row, "considered");
    sweep->now.matched = cell_int(rows, row, "matched");
    sweep->now.next_at_ms = cell_int(rows, row, "scheduled_at_ms");
    enum err error = json_read(text, text.length, &texts, &detail);
    if (error == OK) {
        error = compile_texts(sweep, texts, &detail);
    }
    if (error == OK) {
        error = compile_filter(sweep, cell_of(rows, row, "filter")->text, &detail);
    }
    json_decref(texts);
    if (error != OK) {
        log_error("engine", "a broadcast cannot go on", "broadcast=%lld detail=\"%s\"",
                  (long long)sweep->id, detail.text);
        sweep->now.next_at_ms = INT64_MAX;
    }
    sweep->saved = sweep->now;
    return sweep;
}

enum err broadcast_load_all(struct engine *engine, struct err_detail *detail)
{
    static const char *const blocks[] = {"broadcasts_waiting", "broadcasts_taken_back"};
    struct arena *arena = arena_new(16 * 1024);
    enum err error = OK;
    for (int block = 0; error == OK && block < 2; block++) {
        struct rows rows = {0};
        error = store_query(engine->store, arena, blocks[block], NULL, 0, BROADCASTS_MAX, &rows,
                            detail);
        for (int i = 0; error == OK && i < rows.count; i++) {
            load_broadcast(engine, &rows, i);
        }
    }
    arena_free(arena);
    return error;
}

static enum broadcast_state state_after(const struct sweep *sweep)
{
    if (sweep->kind == SWEEP_TAKE_BACK) {
        return BROADCAST_CANCELLED;
    }
    return sweep->now.done ? BROADCAST_DONE : BROADCAST_RUNNING;
}

enum err broadcast_save_progress(struct engine *engine, struct batch *batch,
                                 const struct sweep *sweep, struct err_detail *detail)
{
    const struct progress *now = &sweep->now;
    bool back = sweep->kind == SWEEP_TAKE_BACK;
    if (back && !now->done) {
        return OK; /* begins anew after a restart: what was taken back waits no more */
    }
    const struct arg args[] = {
        ARG_INT(sweep->id),
        ARG_INT(state_after(sweep)),
        back ? ARG_NULL : ARG_INT(now->cursor),
        ARG_INT(back ? 0 : now->considered - sweep->saved.considered),
        ARG_INT(back ? 0 : now->matched - sweep->saved.matched),
        ARG_INT(now->started_at_ms),
        ARG_INT(now->done ? batch->now_ms : 0),
    };
    struct rows rows;
    return store_query(engine->store, batch->arena, "broadcast_progress", args, 7, 1, &rows,
                       detail);
}

/* ---- pausing, resuming, cancelling ---- */

enum err broadcast_take_back(struct engine *engine, struct batch *batch, struct sweep *sweep,
                             struct err_detail *detail)
{
    const struct arg args[] = {ARG_INT(sweep->id), ARG_INT(sweep->now.cursor),
                               ARG_INT(LIMIT_PAGE_MESSAGES)};
    struct rows page = {0};
    enum err error = store_query(engine->store, batch->arena, "broadcast_unsent", args, 3,
                                 LIMIT_PAGE_MESSAGES, &page, detail);
    for (int i = 0; error == OK && i < page.count; i++) {
        const struct cell *cells = page.cells + (ptrdiff_t)i * page.columns;
        sweep->now.cursor = cells[0].integer;
        if (cells[2].integer != DELIVERY_SCHEDULED) {
            sweep->now.left = true; /* it may be refused, and wait again */
            continue;
        }
        struct work *work = batch_work(batch);
        work->input = (struct input){.kind = INPUT_ADMIN,
                                     .source = STR("broadcast"),
                                     .user_id = cells[1].integer,
                                     .name = STR("withdraw"),
                                     .ref_id = cells[0].integer};
    }
    if (error == OK && page.count < LIMIT_PAGE_MESSAGES) {
        sweep->now.done = !sweep->now.left;
        sweep->now.next_at_ms = batch->now_ms + UNDER_WAY_MS;
        sweep->now.cursor = 0;
        sweep->now.left = false;
    }
    return error;
}

static void end_sweep(struct engine *engine, int64_t id)
{
    for (struct sweep *sweep = engine->sweeps; sweep != NULL; sweep = sweep->next) {
        if (sweep->kind == SWEEP_BROADCAST && sweep->id == id) {
            sweep->ending = true;
        }
    }
}

/* Whether it may become so from where it is; what is wrong, else NULL. */
static const char *refusal(enum broadcast_state from, enum broadcast_state to, int64_t unsent)
{
    switch (to) {
    case BROADCAST_PAUSED:
        return from == BROADCAST_SCHEDULED || from == BROADCAST_RUNNING
                   ? NULL
                   : "only a scheduled or running broadcast can be paused";
    case BROADCAST_RUNNING:
        return from == BROADCAST_PAUSED ? NULL : "only a paused broadcast can be resumed";
    case BROADCAST_CANCELLED:
        if (from == BROADCAST_CANCELLED) {
            return "the broadcast was cancelled before";
        }
        return from != BROADCAST_DONE || unsent > 0
                   ? NULL
                   : "the broadcast is done: none of its messages waits any more";
    case BROADCAST_SCHEDULED:
    case BROADCAST_DONE:
    case BROADCAST_STATE_COUNT:
        break;
    }
    return "\"state\" is none of paused, running, cancelled";
}

static enum broadcast_state state_of(struct str word)
{
    for (int i = 0; i < BROADCAST_STATE_COUNT; i++) {
        if (str_is(word, STATES[i])) {
            return (enum broadcast_state)i;
        }
    }
    return BROADCAST_STATE_COUNT;
}

static enum err count_unsent(struct engine *engine, struct batch *batch, int64_t id,
                             int64_t *ret_count, struct err_detail *detail)
{
    struct rows rows = {0};
    const struct arg args[] = {ARG_INT(id)};
    enum err error = store_query(engine->store, batch->arena, "broadcast_unsent_count", args, 1, 1,
                                 &rows, detail);
    *ret_count = error == OK && rows.count == 1 ? rows.cells[0].integer : 0;
    return error;
}

/* The row was changed: the sweep that goes on with it, or takes it back. */
static enum err follow(struct engine *engine, struct batch *batch, int64_t id,
                       enum broadcast_state state, struct err_detail *detail)
{
    struct rows rows = {0};
    const struct arg args[] = {ARG_INT(id)};
    end_sweep(engine, id);
    if (state == BROADCAST_PAUSED) {
        return OK;
    }
    enum err error =
        store_query(engine->store, batch->arena, "broadcast_load", args, 1, 1, &rows, detail);
    if (error == OK && rows.count == 1) {
        load_broadcast(engine, &rows, 0)->fresh = true;
    }
    return error;
}

static enum err change(struct engine *engine, struct batch *batch, struct command_work *command,
                       int64_t id, enum broadcast_state from, enum broadcast_state to,
                       int64_t unsent, struct err_detail *detail)
{
    struct rows rows;
    const struct arg args[] = {ARG_INT(id), ARG_INT(to)};
    enum err error =
        store_query(engine->store, batch->arena, "broadcast_state", args, 2, 1, &rows, detail);
    if (error == OK) {
        error = follow(engine, batch, id, to, detail);
    }
    command->before = arena_printf(batch->arena, "{\"state\":\"%s\"}", STATES[from]);
    command->after = command->result = arena_printf(
        batch->arena,
        "{\"broadcast_id\":\"%lld\",\"state_before\":\"%s\",\"state\":\"%s\",\"unsent\":%lld}",
        (long long)id, STATES[from], STATES[to], (long long)unsent);
    return error;
}

enum err broadcast_change(struct engine *engine, struct batch *batch, struct command_work *command,
                          const json_t *payload, struct err_detail *detail)
{
    int64_t id = command_id(payload, "id");
    enum broadcast_state to = state_of(json_get_str(payload, "state"));
    struct rows rows = {0};
    const struct arg args[] = {ARG_INT(id)};
    int64_t unsent = 0;
    enum err error =
        store_query(engine->store, batch->arena, "broadcast_load", args, 1, 1, &rows, detail);
    if (error == OK && rows.count == 1) {
        error = count_unsent(engine, batch, id, &unsent, detail);
    }
    if (error != OK) {
        return error;
    }
    if (rows.count == 0) {
        command->error =
            err_set(&command->detail, ERR_NOT_FOUND, "there is no broadcast with that id");
        return OK;
    }
    enum broadcast_state from = (enum broadcast_state)cell_int(&rows, 0, "state");
    const char *wrong = refusal(from, to, unsent);
    if (wrong != NULL) {
        command->error =
            err_set(&command->detail, to == BROADCAST_STATE_COUNT ? ERR_INVALID : ERR_CONFLICT,
                    "%s (it is %s)", wrong, STATES[from]);
        return OK;
    }
    if (to == BROADCAST_RUNNING && cell_int(&rows, 0, "started_at_ms") == 0) {
        to = BROADCAST_SCHEDULED;
    }
    return change(engine, batch, command, id, from, to, unsent, detail);
}
