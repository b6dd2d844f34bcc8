/* Sweeps go over all people in pages, a page a batch, between other work: broadcasts, previews of
 * them, changes of set. Where a sweep stands is saved in the transaction that does its work, so
 * that a restart goes on there. A broadcast's recipients each get a delivery of class nudge through
 * the gate; they are made no faster than its pace, and than the channel can take them. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "core/condition.h"
#include "core/facts.h"
#include "core/pressure.h"
#include "core/template.h"
#include "engine/internal.h"

enum {
    PAGE_USERS = 64,
    BACKLOG_MS_MAX = 2000, /* instants reserved ahead; more are made later */
    BACKLOG_WAIT_MS = 500,
    LANGUAGES_MAX = 16,
    EXAMPLES_MAX = 3,
    BROADCASTS_MAX = 1000
};

enum sweep_kind { SWEEP_BROADCAST, SWEEP_PREVIEW, SWEEP_MOVE };
enum broadcast_state { BROADCAST_SCHEDULED, BROADCAST_RUNNING, BROADCAST_PAUSED, BROADCAST_DONE };

/* What a batch changes; settled by its commit. */
struct progress {
    int64_t cursor; /* people up to this id were looked at */
    int64_t considered;
    int64_t matched;
    int64_t started_at_ms;
    int64_t next_at_ms;
    bool done;
};

struct language_text {
    char language[LIMIT_LANGUAGE_BYTES];
    struct template *template;
};

struct sweep {
    struct sweep *next;
    enum sweep_kind kind;
    bool fresh;    /* begun by the batch that is not committed yet */
    int64_t id;    /* of the broadcast */
    char name[32]; /* of the move */
    struct arena *arena;
    struct condition *filter; /* NULL: everyone */
    struct language_text texts[LANGUAGES_MAX];
    int text_count;
    double pace_per_s;
    struct progress now, saved;
    int64_t inbox_id; /* of the preview's command */
    struct item *item;
    struct str examples[EXAMPLES_MAX];
    int example_count;
    bool answered; /* by the present batch */
    struct str result;
};

static struct sweep *sweep_new(struct engine *engine, enum sweep_kind kind)
{
    struct sweep *sweep = calloc(1, sizeof(*sweep));
    ASSERT(sweep != NULL);
    sweep->kind = kind;
    sweep->arena = arena_new(4096);
    struct sweep **at = &engine->sweeps;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = sweep;
    return sweep;
}

static void sweep_free(struct sweep *sweep)
{
    arena_free(sweep->arena);
    free(sweep);
}

int64_t sweep_next_at_ms(const struct engine *engine)
{
    int64_t next_at_ms = INT64_MAX;
    for (const struct sweep *sweep = engine->sweeps; sweep != NULL; sweep = sweep->next) {
        next_at_ms = sweep->now.next_at_ms < next_at_ms ? sweep->now.next_at_ms : next_at_ms;
    }
    return next_at_ms;
}

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
        if (sweep->text_count == LANGUAGES_MAX || strlen(language) >= sizeof(entry->language) ||
            !json_is_string(text) || source.length == 0) {
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

static struct str render(struct batch *batch, const struct sweep *sweep,
                         const struct person *person)
{
    struct facts facts = facts_of(batch, person);
    return template_render(batch->arena, text_for(sweep, facts.language), &facts, false);
}

/* Only those whom it may reach at all: others would each leave a suppressed message behind. */
static bool is_recipient(struct batch *batch, const struct sweep *sweep,
                         const struct person *person)
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
    struct input input = {.kind = INPUT_ADMIN, .source = command->actor, .name = STR("reply")};
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
    if (error == OK && person == NULL) {
        command->error = err_set(&command->detail, ERR_NOT_FOUND, "there is no such person");
    } else if (error == OK) {
        input.text = render(batch, sweep, person);
        struct work *work = batch_work(batch);
        work->input = input;
        work->command = command;
        command->result = STR("{\"broadcast_id\":\"\",\"recipients\":1}");
    }
    return error;
}

static enum err insert_broadcast(struct engine *engine, struct batch *batch, struct sweep *sweep,
                                 const json_t *payload, struct str actor, struct err_detail *detail)
{
    int64_t at_ms = json_get_int(payload, "at_ms", 0);
    at_ms = at_ms > batch->now_ms ? at_ms : batch->now_ms;
    sweep->id = id_next(&engine->ids, batch->now_ms, 0);
    sweep->now.next_at_ms = at_ms;
    const struct arg args[] = {
        ARG_INT(sweep->id),
        ARG_TEXT(json_write(batch->arena, json_get_object(payload, "text"))),
        ARG_TEXT(arena_str(batch->arena, json_get_str(payload, "filter"))),
        ARG_INT(at_ms),
        ARG_REAL(sweep->pace_per_s),
        ARG_INT(batch->now_ms),
        ARG_TEXT(actor),
    };
    struct rows rows;
    return store_query(engine->store, batch->arena, "broadcast_insert", args, 7, 1, &rows, detail);
}

/* How many it will reach is only known at its end; the count of a look at everyone would be old by
 * then, and a preview gives it. */
static enum err count_everyone(struct engine *engine, struct batch *batch, int64_t *ret_count,
                               struct err_detail *detail)
{
    struct rows rows = {0};
    enum err error =
        store_query(engine->store, batch->arena, "user_counts", NULL, 0, 1, &rows, detail);
    *ret_count = error == OK && rows.count == 1 ? rows.cells[0].integer : 0;
    return error;
}

enum err sweep_broadcast(struct engine *engine, struct batch *batch, struct command_work *command,
                         const json_t *payload, struct err_detail *detail)
{
    bool preview = json_get_bool(payload, "preview", false);
    const json_t *test = json_get_object(payload, "test");
    struct sweep *sweep = sweep_new(engine, preview ? SWEEP_PREVIEW : SWEEP_BROADCAST);
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
    int64_t everyone = 0;
    enum err error = OK;
    if (command->error != OK) {
        sweep->now.done = true;
    } else if (test != NULL) {
        sweep->now.done = true;
        error = send_test(batch, sweep, engine, command, test, detail);
    } else if (preview) {
        sweep->inbox_id = command->inbox_id;
        sweep->item = command->item;
        command->later = true;
    } else {
        error = insert_broadcast(engine, batch, sweep, payload, command->actor, detail);
        if (error == OK) {
            error = count_everyone(engine, batch, &everyone, detail);
        }
        command->result =
            arena_printf(batch->arena, "{\"broadcast_id\":\"%lld\",\"recipients\":%lld}",
                         (long long)sweep->id, (long long)everyone);
    }
    return error;
}

enum err sweep_move(struct engine *engine, struct batch *batch, const char *name,
                    struct err_detail *detail)
{
    struct sweep *sweep = sweep_new(engine, SWEEP_MOVE);
    sweep->fresh = true;
    str_copy(sweep->name, sizeof(sweep->name), str_of(name));
    struct str setting = arena_printf(batch->arena, "move/%s", name);
    return store_setting_put(engine->store, setting.ptr, STR("{\"cursor\":\"0\"}"), batch->now_ms,
                             detail);
}

/* ---- after a restart ---- */

static enum err load_moves(struct engine *engine, struct arena *arena, struct err_detail *detail)
{
    static const char *const names[] = {"rollback", "existing_rescue", "existing_amplification"};
    enum err error = OK;
    for (size_t i = 0; error == OK && i < sizeof(names) / sizeof(*names); i++) {
        struct str text = STR_NONE;
        json_t *json = NULL;
        struct str setting = arena_printf(arena, "move/%s", names[i]);
        error = store_setting_get(engine->store, arena, setting.ptr, &text, detail);
        if (error == OK && text.length > 0) {
            error = json_read(text, text.length, &json, detail);
        }
        if (error == OK && json_is_object(json)) {
            struct sweep *sweep = sweep_new(engine, SWEEP_MOVE);
            str_copy(sweep->name, sizeof(sweep->name), str_of(names[i]));
            sweep->now.cursor = command_id(json, "cursor");
            sweep->saved = sweep->now;
        }
        json_decref(json);
    }
    return error;
}

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
static void load_broadcast(struct engine *engine, const struct rows *rows, int row)
{
    struct err_detail detail = {""};
    struct str text = cell_of(rows, row, "text")->text;
    struct sweep *sweep = sweep_new(engine, SWEEP_BROADCAST);
    json_t *texts = NULL;
    sweep->id = cell_int(rows, row, "id");
    sweep->pace_per_s = cell_of(rows, row, "pace_per_s")->real;
    sweep->now.cursor = cell_int(rows, row, "cursor_user_id");
    sweep->now.considered = cell_int(rows, row, "considered");
    sweep->now.matched = cell_int(rows, row, "matched");
    sweep->now.started_at_ms = cell_int(rows, row, "started_at_ms");
    sweep->now.next_at_ms = cell_int(rows, row, "scheduled_at_ms");
    sweep->saved = sweep->now;
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
        sweep->now.next_at_ms = sweep->saved.next_at_ms = INT64_MAX;
    }
}

enum err sweep_load(struct engine *engine, struct err_detail *detail)
{
    struct arena *arena = arena_new(16 * 1024);
    struct rows rows = {0};
    enum err error = store_query(engine->store, arena, "broadcasts_waiting", NULL, 0,
                                 BROADCASTS_MAX, &rows, detail);
    for (int i = 0; error == OK && i < rows.count; i++) {
        load_broadcast(engine, &rows, i);
    }
    if (error == OK) {
        error = load_moves(engine, arena, detail);
    }
    arena_free(arena);
    return error;
}

/* ---- a page ---- */

/* How many recipients may be added now; 0: *ret_next_at_ms says when to look again. */
static int allowance(const struct engine *engine, const struct sweep *sweep, int64_t now_ms,
                     int64_t *ret_next_at_ms)
{
    if (sweep->kind != SWEEP_BROADCAST) {
        return PAGE_USERS;
    }
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        if (pacer_backlog_ms(engine->pacer, (enum channel_kind)i, CLASS_NUDGE, now_ms) >
            BACKLOG_MS_MAX) {
            *ret_next_at_ms = now_ms + BACKLOG_WAIT_MS;
            return 0;
        }
    }
    if (sweep->pace_per_s <= 0) {
        return PAGE_USERS;
    }
    int64_t started_at_ms = sweep->now.started_at_ms;
    double elapsed_s = started_at_ms > 0 ? (double)(now_ms - started_at_ms) / 1000 : 0;
    int64_t left = (int64_t)(elapsed_s * sweep->pace_per_s) + 1 - sweep->now.matched;
    if (left <= 0) {
        double due_s = (double)sweep->now.matched / sweep->pace_per_s;
        *ret_next_at_ms = started_at_ms + (int64_t)(due_s * 1000) + 1;
        return 0;
    }
    return left < PAGE_USERS ? (int)left : PAGE_USERS;
}

static void add_recipient(struct engine *engine, struct batch *batch, struct sweep *sweep,
                          const struct person *person)
{
    (void)engine;
    sweep->now.matched++;
    if (sweep->kind == SWEEP_PREVIEW) {
        if (sweep->example_count < EXAMPLES_MAX) {
            sweep->examples[sweep->example_count++] =
                arena_str(sweep->arena, render(batch, sweep, person));
        }
        return;
    }
    struct work *work = batch_work(batch);
    work->input = (struct input){.kind = INPUT_ADMIN,
                                 .source = STR("broadcast"),
                                 .user_id = person->user.id,
                                 .name = STR("broadcast"),
                                 .ref_id = sweep->id,
                                 .text = render(batch, sweep, person)};
}

static void add_move(struct batch *batch, const struct sweep *sweep, int64_t user_id)
{
    struct work *work = batch_work(batch);
    work->input = (struct input){.kind = INPUT_MOVE,
                                 .source = STR("sweep"),
                                 .user_id = user_id,
                                 .name = str_of(sweep->name)};
}

/* Looks at the people of a page until enough were found. */
static enum err look_at(struct engine *engine, struct batch *batch, struct sweep *sweep,
                        const struct rows *page, int allowed, struct err_detail *detail)
{
    struct person_want *wants = ARENA_ARRAY(batch->arena, struct person_want, (size_t)page->count);
    struct person **people = ARENA_ARRAY(batch->arena, struct person *, (size_t)page->count);
    for (int i = 0; i < page->count; i++) {
        wants[i] = (struct person_want){.user_id = page->cells[i].integer, .now_ms = batch->now_ms};
    }
    enum err error = OK;
    if (sweep->kind != SWEEP_MOVE) {
        error = store_people_load(engine->store, batch->arena, wants, page->count, people, detail);
    }
    int found = 0;
    for (int i = 0; error == OK && i < page->count && found < allowed; i++) {
        sweep->now.cursor = wants[i].user_id;
        sweep->now.considered++;
        if (sweep->kind == SWEEP_MOVE) {
            add_move(batch, sweep, wants[i].user_id);
            found++;
        } else if (people[i] != NULL && is_recipient(batch, sweep, people[i])) {
            add_recipient(engine, batch, sweep, people[i]);
            found++;
        }
    }
    return error;
}

static enum err save_progress(struct engine *engine, struct batch *batch, struct sweep *sweep,
                              struct err_detail *detail)
{
    if (sweep->kind == SWEEP_PREVIEW) {
        return OK;
    }
    const struct progress *now = &sweep->now;
    if (sweep->kind == SWEEP_MOVE) {
        struct str setting = arena_printf(batch->arena, "move/%s", sweep->name);
        struct str value =
            now->done ? STR("null")
                      : arena_printf(batch->arena, "{\"cursor\":\"%lld\"}", (long long)now->cursor);
        return store_setting_put(engine->store, setting.ptr, value, batch->now_ms, detail);
    }
    const struct arg args[] = {
        ARG_INT(sweep->id),
        ARG_INT(now->done ? BROADCAST_DONE : BROADCAST_RUNNING),
        ARG_INT(now->cursor),
        ARG_INT(now->considered - sweep->saved.considered),
        ARG_INT(now->matched - sweep->saved.matched),
        ARG_INT(now->started_at_ms),
        ARG_INT(now->done ? batch->now_ms : 0),
    };
    struct rows rows;
    return store_query(engine->store, batch->arena, "broadcast_progress", args, 7, 1, &rows,
                       detail);
}

static enum err step_one(struct engine *engine, struct batch *batch, struct sweep *sweep,
                         struct err_detail *detail)
{
    int allowed = allowance(engine, sweep, batch->now_ms, &sweep->now.next_at_ms);
    if (allowed == 0) {
        return OK;
    }
    if (sweep->now.started_at_ms == 0) {
        sweep->now.started_at_ms = batch->now_ms;
    }
    const struct arg args[] = {ARG_INT(sweep->now.cursor), ARG_INT(PAGE_USERS)};
    struct rows page = {0};
    enum err error =
        store_query(engine->store, batch->arena, "users_page", args, 2, PAGE_USERS, &page, detail);
    if (error == OK) {
        error = look_at(engine, batch, sweep, &page, allowed, detail);
    }
    bool whole = page.count == 0 || sweep->now.cursor == page.cells[page.count - 1].integer;
    sweep->now.done = page.count < PAGE_USERS && whole;
    sweep->now.next_at_ms = batch->now_ms;
    return error == OK ? save_progress(engine, batch, sweep, detail) : error;
}

enum err sweep_step(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    enum err error = OK;
    for (struct sweep *sweep = engine->sweeps; error == OK && sweep != NULL; sweep = sweep->next) {
        if (!sweep->now.done && !sweep->fresh && sweep->now.next_at_ms <= batch->now_ms) {
            error = step_one(engine, batch, sweep, detail);
        }
    }
    return error;
}

/* ---- answers ---- */

enum err sweep_answer(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    enum err error = OK;
    for (struct sweep *sweep = engine->sweeps; error == OK && sweep != NULL; sweep = sweep->next) {
        if (sweep->kind != SWEEP_PREVIEW || !sweep->now.done || sweep->fresh) {
            continue;
        }
        json_t *result = json_object();
        json_t *examples = json_array();
        for (int i = 0; i < sweep->example_count; i++) {
            json_array_append_new(examples, json_str(sweep->examples[i]));
        }
        json_object_set_new(result, "broadcast_id", json_string(""));
        json_object_set_new(result, "recipients", json_integer(sweep->now.matched));
        json_object_set_new(result, "examples", examples);
        sweep->result = json_write(batch->arena, result);
        json_decref(result);
        if (sweep->inbox_id != 0) {
            error = store_inbox_answer(engine->store, sweep->inbox_id, OK, sweep->result,
                                       batch->now_ms, detail);
        }
    }
    return error;
}

void sweep_settle(struct engine *engine, bool committed)
{
    struct sweep **at = &engine->sweeps;
    while (*at != NULL) {
        struct sweep *sweep = *at;
        bool ended = committed ? sweep->now.done : sweep->fresh;
        if (ended) {
            *at = sweep->next;
            if (committed && sweep->item != NULL) {
                const struct outcome outcome = {.handled = true, .result = sweep->result};
                item_end(sweep->item, &outcome);
            }
            sweep_free(sweep);
            continue;
        }
        sweep->fresh = false;
        if (committed) {
            sweep->saved = sweep->now;
        } else {
            sweep->now = sweep->saved;
        }
        at = &sweep->next;
    }
}

bool sweep_is_pending(const struct engine *engine, int64_t inbox_id)
{
    for (const struct sweep *sweep = engine->sweeps; sweep != NULL; sweep = sweep->next) {
        if (sweep->inbox_id == inbox_id) {
            return true;
        }
    }
    return false;
}

void sweep_cancel(struct engine *engine, const struct outcome *outcome)
{
    for (struct sweep *sweep = engine->sweeps; sweep != NULL; sweep = sweep->next) {
        if (sweep->item != NULL) {
            item_end(sweep->item, outcome);
            sweep->item = NULL;
        }
    }
}

void sweep_free_all(struct engine *engine)
{
    while (engine->sweeps != NULL) {
        struct sweep *sweep = engine->sweeps;
        engine->sweeps = sweep->next;
        sweep_free(sweep);
    }
}
