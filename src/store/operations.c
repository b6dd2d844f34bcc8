/* What operators and processes set and ask: the inbox, settings, definitions, pauses and the audit
 * log. None of it is hot. */
#include "store/driver.h"

#include "base/check.h"

/* ---- inbox ----------------------------------------------------------------------------------- */

/* Results cross from one process to another, perhaps of another version: by name, not by number. */
static const char *const outcome_names[] = {
#define OUTCOME_NAME(name, text) [name] = #name,
    ERR_LIST(OUTCOME_NAME)
#undef OUTCOME_NAME
};

static enum err outcome_of(struct str name)
{
    for (size_t i = 0; i < sizeof(outcome_names) / sizeof(outcome_names[0]); i++) {
        if (str_is(name, outcome_names[i])) {
            return (enum err)i;
        }
    }
    return ERR_STORE;
}

enum err store_inbox_put(struct store *store, struct str kind, struct str payload, struct str actor,
                         int64_t at_ms, int64_t *ret_id, struct err_detail *detail)
{
    struct binder binder;
    ASSERT(!store->driver->in_transaction(store));
    enum err error = bind_begin(store, STATEMENT_INBOX_INSERT, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_text(&binder, kind);
    bind_text(&binder, payload);
    bind_text(&binder, actor);
    bind_int(&binder, at_ms);
    store->driver->be_patient(store, true);
    bool is_row;
    error = statement_next(&binder, &is_row, "hand over a command", detail);
    store->driver->be_patient(store, false);
    if (error == OK) {
        *ret_id = read_first(&binder);
    }
    return error;
}

enum err store_inbox_load(struct store *store, struct arena *arena, int limit,
                          struct inbox_row **ret_rows, int *ret_count, struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_INBOX_UNANSWERED, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, limit);
    struct inbox_row *rows = ARENA_ARRAY(arena, struct inbox_row, (size_t)limit);
    int count = 0;
    for (;;) {
        bool is_row;
        error = statement_next(&binder, &is_row, "load commands", detail);
        if (error != OK) {
            return error;
        }
        if (!is_row) {
            *ret_rows = rows;
            *ret_count = count;
            return OK;
        }
        ASSERT(count < limit);
        struct reader reader = read_begin(&binder, arena);
        struct inbox_row *row = &rows[count++];
        row->id = read_int64(&reader);
        row->kind = read_text(&reader);
        row->payload = read_text(&reader);
        row->actor = read_text(&reader);
    }
}

enum err store_inbox_answer(struct store *store, int64_t id, enum err outcome, struct str result,
                            int64_t at_ms, struct err_detail *detail)
{
    struct binder binder;
    ASSERT((size_t)outcome < sizeof(outcome_names) / sizeof(outcome_names[0]) && at_ms > 0);
    enum err error = bind_begin(store, STATEMENT_INBOX_ANSWER, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, id);
    bind_int(&binder, at_ms);
    bind_text(&binder, str_of(outcome_names[outcome]));
    bind_text(&binder, result);
    int changed = 0;
    error = statement_run(&binder, &changed, "answer a command", detail);
    if (error == OK && changed == 0) {
        return err_set(detail, ERR_NOT_FOUND, "no command %lld waits for an answer", (long long)id);
    }
    return error;
}

enum err store_inbox_result(struct store *store, struct arena *arena, int64_t id, bool *ret_done,
                            enum err *ret_error, struct str *ret_result, struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_INBOX_RESULT, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, id);
    bool is_row;
    error = statement_next(&binder, &is_row, "read the result of a command", detail);
    if (error != OK) {
        return error;
    }
    if (!is_row) {
        return err_set(detail, ERR_NOT_FOUND, "there is no command %lld", (long long)id);
    }
    struct reader reader = read_begin(&binder, arena);
    *ret_done = read_int64(&reader) != 0;
    *ret_error = *ret_done ? outcome_of(read_view(&reader)) : OK;
    reader.at = 2;
    *ret_result = read_text(&reader);
    statement_done(&binder);
    return OK;
}

/* ---- settings and their like ----------------------------------------------------------------- */

/* The one text of a statement with one text argument; "" when there is no row. */
static enum err text_of(struct store *store, struct arena *arena, enum statement which,
                        struct str key, bool *ret_found, struct str *ret_text, const char *what,
                        struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, which, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_text(&binder, key);
    error = statement_next(&binder, ret_found, what, detail);
    if (error != OK) {
        return error;
    }
    *ret_text = STR("");
    if (*ret_found) {
        struct reader reader = read_begin(&binder, arena);
        *ret_text = read_text(&reader);
        statement_done(&binder);
    }
    return OK;
}

enum err store_setting_get(struct store *store, struct arena *arena, const char *name,
                           struct str *ret_json, struct err_detail *detail)
{
    bool found;
    return text_of(store, arena, STATEMENT_SETTING_LOAD, str_of(name), &found, ret_json,
                   "read a setting", detail);
}

enum err store_setting_put(struct store *store, const char *name, struct str json, int64_t at_ms,
                           struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_SETTING_SAVE, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_text(&binder, str_of(name));
    bind_text(&binder, json);
    bind_int(&binder, at_ms);
    return statement_run(&binder, NULL, "save a setting", detail);
}

enum err store_audit_append(struct store *store, struct str actor, struct str action,
                            struct str before, struct str after, int64_t at_ms,
                            struct id_source *ids, struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_AUDIT_INSERT, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, id_next(ids, at_ms, 0));
    bind_int(&binder, at_ms);
    bind_text(&binder, actor);
    bind_text(&binder, action);
    bind_text(&binder, before);
    bind_text(&binder, after);
    return statement_run(&binder, NULL, "append to the audit log", detail);
}

enum err store_definition_put(struct store *store, struct str hash, struct str journey,
                              struct str version, struct str yaml, int64_t at_ms,
                              struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_DEFINITION_INSERT, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_text(&binder, hash);
    bind_text(&binder, journey);
    bind_text(&binder, version);
    bind_text(&binder, yaml);
    bind_int(&binder, at_ms);
    return statement_run(&binder, NULL, "save a definition", detail);
}

enum err store_definition_get(struct store *store, struct arena *arena, struct str hash,
                              struct str *ret_yaml, struct err_detail *detail)
{
    bool found;
    enum err error = text_of(store, arena, STATEMENT_DEFINITION_LOAD, hash, &found, ret_yaml,
                             "read a definition", detail);
    if (error == OK && !found) {
        return err_set(detail, ERR_NOT_FOUND, "no journey definition has the hash %.*s",
                       STR_ARG(hash));
    }
    return error;
}

enum err store_pause_put(struct store *store, enum channel_kind channel, struct str address,
                         int64_t until_ms, struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_PAUSE_SAVE, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, channel);
    bind_text(&binder, address);
    bind_int(&binder, until_ms);
    return statement_run(&binder, NULL, "save a pause", detail);
}
