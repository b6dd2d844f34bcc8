/* Making decisions again (redo.h): the record gives input and person, the store what the record
 * leaves out: the world's definitions, and the texts that stand with their messages. */
#include "bi/redo.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "core/catalog.h"
#include "core/decide.h"

struct kept_world {
    struct kept_world *next;
    int64_t id;
    struct record_world world;
    struct catalog *catalog; /* NULL: it cannot be built any more */
    struct str why_not;
};

struct redo {
    struct store *store;
    struct arena *arena;
    struct recorder *recorder;
    struct kept_world *worlds;
};

struct redo *redo_new(struct store *store)
{
    struct redo *redo = calloc(1, sizeof(*redo));
    ASSERT(redo != NULL);
    redo->store = store;
    redo->arena = arena_new((size_t)256 * 1024);
    redo->recorder = recorder_new();
    return redo;
}

void redo_free(struct redo *redo)
{
    if (redo == NULL) {
        return;
    }
    for (struct kept_world *world = redo->worlds; world != NULL; world = world->next) {
        catalog_free(world->catalog);
    }
    recorder_free(redo->recorder);
    arena_free(redo->arena);
    free(redo);
}

/* ---- the world ---- */

static enum err build_catalog(struct redo *redo, struct kept_world *kept, struct err_detail *detail)
{
    const struct record_world *world = &kept->world;
    struct definition_file *files =
        ARENA_ARRAY(redo->arena, struct definition_file, (size_t)world->file_count);
    for (int i = 0; i < world->file_count; i++) {
        files[i].name = world->files[i].name;
        enum err error =
            store_file_get(redo->store, redo->arena, world->files[i].hash, &files[i].yaml, detail);
        if (error != OK) {
            return error;
        }
    }
    struct mistakes mistakes = {0};
    enum err error =
        catalog_build(redo->arena, files, world->file_count, &kept->catalog, &mistakes);
    return error == OK
               ? OK
               : err_set(detail, ERR_INVALID, "the journeys of then do not fit this program: %.*s",
                         STR_ARG(mistakes.items[0].text));
}

static enum err load_world(struct redo *redo, int64_t id, struct kept_world *kept,
                           struct err_detail *detail)
{
    struct str record = STR_NONE;
    enum err error = store_world_get(redo->store, redo->arena, id, &record, detail);
    if (error == OK) {
        error = record_world_read(redo->arena, record, &kept->world, detail);
    }
    return error == OK ? build_catalog(redo, kept, detail) : error;
}

/* What is missing or does not fit is kept as the reason; only the store's own failures are errors.
 */
static enum err find_world(struct redo *redo, int64_t id, const struct kept_world **ret_kept,
                           struct err_detail *detail)
{
    struct kept_world *kept = redo->worlds;
    while (kept != NULL && kept->id != id) {
        kept = kept->next;
    }
    if (kept == NULL) {
        kept = ARENA_NEW(redo->arena, struct kept_world);
        kept->id = id;
        enum err error = load_world(redo, id, kept, detail);
        if (error != OK && error != ERR_NOT_FOUND && error != ERR_INVALID) {
            return error;
        }
        if (error != OK) {
            kept->why_not = arena_str(redo->arena, str_of(detail->text));
        }
        kept->next = redo->worlds;
        redo->worlds = kept;
    }
    *ret_kept = kept;
    return OK;
}

/* ---- what stands elsewhere ---- */

static enum err pin(struct redo *redo, const struct run *run, struct catalog *catalog,
                    struct str *ret_why_not, struct err_detail *detail)
{
    struct str yaml = STR_NONE;
    struct mistakes mistakes = {0};
    if (catalog_definition(catalog, run->definition) == NULL) {
        enum err error =
            store_definition_get(redo->store, redo->arena, run->definition, &yaml, detail);
        if (error == OK) {
            error = catalog_add_pinned(catalog, yaml, &mistakes);
        }
        if (error != OK && error != ERR_NOT_FOUND && error != ERR_INVALID) {
            return error;
        }
    }
    const struct journey *journey = catalog_definition(catalog, run->definition);
    if (journey == NULL || run->step >= journey->step_count) {
        *ret_why_not = STR("the definition of a run is lost, or does not fit this program");
    }
    return OK;
}

static enum err message_text(struct redo *redo, struct arena *arena, int64_t id,
                             struct str *ret_text, struct err_detail *detail)
{
    const struct arg args[] = {ARG_INT(id)};
    struct rows rows;
    enum err error =
        store_query(redo->store, arena, "decision_message_text", args, 1, 1, &rows, detail);
    if (error == OK) {
        *ret_text = rows.count == 1 ? rows.cells[0].text : STR_NONE;
    }
    return error;
}

static enum err put_back(struct redo *redo, struct arena *arena, struct catalog *catalog,
                         struct record *record, struct str *ret_why_not, struct err_detail *detail)
{
    struct person *person = &record->person;
    enum err error = OK;
    for (int i = 0; error == OK && i < person->run_count; i++) {
        error = pin(redo, person->runs[i], catalog, ret_why_not, detail);
    }
    for (int i = 0; error == OK && i < person->delivery_count; i++) {
        if (record_lacks_message_text(person->deliveries[i])) {
            error = message_text(redo, arena, person->deliveries[i]->id,
                                 &person->deliveries[i]->text, detail);
        }
    }
    if (error == OK && record_lacks_text(&record->input) && record->result.message_count > 0) {
        error =
            message_text(redo, arena, record->result.messages[0].id, &record->input.text, detail);
    }
    return error;
}

/* ---- again ---- */

static enum err decide_again(struct redo *redo, struct arena *arena, const struct kept_world *kept,
                             struct record *record, struct redone *redone,
                             struct err_detail *detail)
{
    struct id_source ids = {.last = (uint64_t)record->id >> 8};
    redone->log = ARENA_NEW(arena, struct trace_log);
    redone->log->arena = arena;
    struct trace trace = {.log = redone->log};
    struct world world = {.catalog = kept->catalog,
                          .installation = &kept->world.installation,
                          .population = record->has_population ? &record->population : NULL,
                          .now_ms = record->now_ms,
                          .ids = &ids,
                          .trace = &trace};
    decide(arena, &world, &record->person, &record->input, &redone->decision);
    struct str result = recorder_result(redo->recorder, arena, &record->person,
                                        redone->record.person.delivery_count, &redone->decision);
    enum err error = record_result_read(arena, result, &redone->result, detail);
    redone->same = error == OK && redone->result.hash == redone->record.result.hash;
    return error;
}

enum err redo_decision(struct redo *redo, struct arena *arena, const struct decision_row *row,
                       struct redone *ret_redone, struct err_detail *detail)
{
    struct record record;
    const struct kept_world *kept = NULL;
    *ret_redone = (struct redone){.same = false};
    enum err error = find_world(redo, row->world_id, &kept, detail);
    const struct codec_words *words = error == OK ? kept->world.words : NULL;
    if (error == OK && words == NULL) {
        error = err_set(detail, ERR_INVALID, "decision %lld cannot be read: %.*s",
                        (long long)row->id, STR_ARG(kept->why_not));
    }
    if (error == OK) {
        error = record_read(arena, row->id, words, row->record, &ret_redone->record, detail);
        if (error == OK) { /* a second time: deciding changes the person */
            error = record_read(arena, row->id, words, row->record, &record, detail);
        }
    }
    if (error != OK) {
        return error;
    }
    ret_redone->why_not = kept->why_not;
    if (kept->catalog == NULL) {
        return OK;
    }
    ret_redone->catalog = kept->catalog;
    ret_redone->installation = &kept->world.installation;
    error = put_back(redo, arena, kept->catalog, &record, &ret_redone->why_not, detail);
    return error != OK || ret_redone->why_not.length > 0
               ? error
               : decide_again(redo, arena, kept, &record, ret_redone, detail);
}
