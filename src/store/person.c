/* One person as a whole: everything held about them as JSON, and erasing it. */
#include "store/driver.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/limits.h"
#include "core/record_json.h"

enum { EXPORT_ROWS_MAX = 200000 }; /* of one kind; years of one person */

/* Columns that hold JSON are given as JSON, ids as text (they are too long for JavaScript). */
static json_t *export_cell(const char *name, const struct cell *cell)
{
    static const char *const json_columns[] = {"answers", "buttons", "data",
                                               "entered", "steps",   "variants"};
    size_t length = strlen(name);
    switch (cell->type) {
    case CELL_NULL:
        return json_null();
    case CELL_INT:
        if (strcmp(name, "id") == 0 || (length > 3 && strcmp(name + length - 3, "_id") == 0)) {
            char text[24];
            snprintf(text, sizeof(text), "%lld", (long long)cell->integer);
            return json_string(text);
        }
        return json_integer(cell->integer);
    case CELL_REAL:
        return json_real(cell->real);
    case CELL_TEXT:
        break;
    }
    for (size_t i = 0; i < sizeof(json_columns) / sizeof(json_columns[0]); i++) {
        json_t *value = NULL;
        if (strcmp(name, json_columns[i]) == 0 && cell->text.length > 0 &&
            json_read(cell->text, LIMIT_HTTP_BODY_BYTES, &value, NULL) == OK) {
            return value;
        }
    }
    return json_str(cell->text);
}

static enum err export_rows(struct store *store, struct arena *arena, const char *block,
                            int64_t user_id, json_t **ret_list, struct err_detail *detail)
{
    struct rows rows;
    enum err error =
        store_query(store, arena, block, &ARG_INT(user_id), 1, EXPORT_ROWS_MAX, &rows, detail);
    if (error != OK) {
        return error;
    }
    json_t *list = json_array();
    for (int i = 0; i < rows.count; i++) {
        json_t *object = json_object();
        for (int k = 0; k < rows.columns; k++) {
            json_object_set_new(object, rows.names[k],
                                export_cell(rows.names[k], &rows.cells[i * rows.columns + k]));
        }
        json_array_append_new(list, object);
    }
    *ret_list = list;
    return OK;
}

/* The words of a world; NULL when it is lost, which is no error. */
static enum err world_words(struct store *store, struct arena *arena, int64_t id,
                            const struct codec_words **ret_words, struct err_detail *detail)
{
    struct str bytes;
    struct record_world world;
    enum err error = store_world_get(store, arena, id, &bytes, detail);
    *ret_words =
        error == OK && record_world_read(arena, bytes, &world, NULL) == OK ? world.words : NULL;
    return error == ERR_NOT_FOUND ? OK : error;
}

/* Each decision readably; one that cannot be read is given by its id alone. */
static enum err export_decisions(struct store *store, struct arena *arena, int64_t user_id,
                                 json_t *person, struct err_detail *detail)
{
    struct decision_row *rows = NULL;
    int count = 0;
    enum err error =
        store_decisions_load(store, arena, user_id, 0, EXPORT_ROWS_MAX, &rows, &count, detail);
    if (error != OK) {
        return error;
    }
    json_t *list = json_array();
    struct arena *scratch = arena_new((size_t)16 * 1024);
    const struct codec_words *words = NULL;
    for (int i = 0; i < count && error == OK; i++) {
        struct record record;
        arena_reset(scratch);
        if (i == 0 || rows[i].world_id != rows[i - 1].world_id) {
            error = world_words(store, arena, rows[i].world_id, &words, detail);
        }
        bool known = record_read(scratch, rows[i].id, words, rows[i].record, &record, NULL) == OK;
        json_array_append_new(
            list, known ? record_json(&record)
                        : json_pack("{s:o}", "id", json_sprintf("%lld", (long long)rows[i].id)));
    }
    arena_free(scratch);
    json_object_set_new(person, "decisions", list);
    return error;
}

static enum err export_person(struct store *store, struct arena *arena, int64_t user_id,
                              json_t *person, struct err_detail *detail)
{
    static const struct {
        const char *name, *block;
    } parts[] = {
        {"user", "export_user"},
        {"identities", "export_identities"},
        {"commitments", "export_commitments"},
        {"runs", "export_runs"},
        {"messages", "export_deliveries"},
        {"events", "export_events"},
        {"feedback", "export_feedback"},
        {"bridge_people", "export_bridge_people"},
        {"operator_messages", "export_operator_messages"},
        {"aliases", "export_aliases"},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        json_t *list = NULL;
        enum err error = export_rows(store, arena, parts[i].block, user_id, &list, detail);
        if (error != OK) {
            return error;
        }
        if (i > 0) {
            json_object_set_new(person, parts[i].name, list);
            continue;
        }
        json_t *user = json_array_get(list, 0);
        if (user != NULL) {
            json_object_set(person, parts[i].name, user);
        }
        json_decref(list);
        if (user == NULL) {
            return err_set(detail, ERR_NOT_FOUND, "there is no user %lld", (long long)user_id);
        }
    }
    return export_decisions(store, arena, user_id, person, detail);
}

/* All parts are of one instant: a transaction of its own where there is none. */
enum err store_user_export(struct store *store, struct arena *arena, int64_t user_id,
                           struct str *ret_json, struct err_detail *detail)
{
    bool alone = !store->driver->in_transaction(store);
    enum err error = alone ? store->driver->begin_reading(store, detail) : OK;
    if (error != OK) {
        return error;
    }
    json_t *person = json_object();
    error = export_person(store, arena, user_id, person, detail);
    if (error == OK) {
        *ret_json = json_write(arena, person);
    }
    json_decref(person);
    if (alone) {
        store_rollback(store); /* nothing was written */
    }
    return error;
}

enum err store_user_erase(struct store *store, int64_t user_id, int64_t at_ms,
                          struct err_detail *detail)
{
    /* The chains begin at the user's row, so the row comes last. */
    static const char *const blocks[] = {
        "erase_due",        "erase_decisions",   "erase_events",
        "erase_deliveries", "erase_commitments", "erase_runs",
        "erase_identities", "erase_feedback",    "erase_operator_messages",
        "erase_due_failed", "erase_pauses",      "erase_user",
    };
    int changed = 0;
    arena_reset(store->arena);
    enum err counted =
        counts_take_person(store, STATEMENT_DELIVERY_COUNTS_ERASED, user_id, 1, detail);
    if (counted != OK) {
        return counted;
    }
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        struct binder binder;
        int block = blocks_find(blocks[i]);
        ASSERT(block >= 0);
        enum err error = bind_block(store, block, &binder, detail);
        if (error != OK) {
            return error;
        }
        bind_int(&binder, user_id);
        if (blocks_parameters(store->driver->dialect, block) > 1) {
            bind_int(&binder, at_ms);
        }
        error = statement_run(&binder, &changed, "erase a person", detail);
        if (error != OK) {
            return error;
        }
    }
    if (changed == 0) {
        return err_set(detail, ERR_NOT_FOUND, "there is no user %lld", (long long)user_id);
    }
    return OK;
}
