/* Decisions as they were made: appending, reading a person's, deleting old ones, and the worlds
 * that they were made in (0013). */
#include "store/driver.h"

#include "base/digest.h"

enum err store_decisions_append(struct store *store, const struct decision_row *rows, int count,
                                struct err_detail *detail)
{
    for (int i = 0; i < count; i++) {
        struct binder binder;
        enum err error = bind_begin(store, STATEMENT_DECISION_INSERT, &binder, detail);
        if (error != OK) {
            return error;
        }
        bind_int(&binder, rows[i].id);
        bind_int(&binder, rows[i].user_id);
        bind_int(&binder, rows[i].previous_id);
        bind_int(&binder, rows[i].world_id);
        bind_blob(&binder, rows[i].record);
        error = statement_run(&binder, NULL, "append a decision", detail);
        if (error != OK) {
            return error;
        }
    }
    return OK;
}

enum err store_decisions_load(struct store *store, struct arena *arena, int64_t user_id,
                              int64_t from_id, int limit, struct decision_row **ret_rows,
                              int *ret_count, struct err_detail *detail)
{
    const struct arg args[] = {ARG_INT(user_id), ARG_INT(from_id), ARG_INT(limit)};
    struct rows rows;
    enum err error = store_query(store, arena, "decisions_of_user", args, 3, limit, &rows, detail);
    if (error != OK) {
        return error;
    }
    *ret_rows = ARENA_ARRAY(arena, struct decision_row, (size_t)rows.count);
    *ret_count = rows.count;
    for (int i = 0; i < rows.count; i++) {
        const struct cell *cells = rows.cells + (ptrdiff_t)i * rows.columns;
        (*ret_rows)[rows.count - 1 - i] = (struct decision_row){.id = cells[0].integer,
                                                                .user_id = cells[1].integer,
                                                                .previous_id = cells[2].integer,
                                                                .world_id = cells[3].integer,
                                                                .record = cells[4].text};
    }
    return OK;
}

/* What no decision that is kept was made in: few rows, so that nothing needs an index. */
static enum err prune_worlds(struct store *store, int64_t before_ms, struct err_detail *detail)
{
    struct rows rows;
    struct arena *arena = arena_new(1024);
    struct arg before = ARG_INT(before_ms);
    enum err error =
        store_query(store, arena, "decision_worlds_prune", &before, 1, 1, &rows, detail);
    if (error == OK) {
        error = store_query(store, arena, "decision_files_prune", NULL, 0, 1, &rows, detail);
    }
    arena_free(arena);
    return error;
}

enum err store_decisions_prune(struct store *store, int64_t before_ms, int limit, int *ret_deleted,
                               struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_DECISIONS_PRUNE, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, before_ms <= 0 ? 0 : before_ms << 21);
    bind_int(&binder, limit);
    error = statement_run(&binder, ret_deleted, "delete old decisions", detail);
    return error == OK && *ret_deleted < limit ? prune_worlds(store, before_ms, detail) : error;
}

/* ---- worlds ---- */

static enum err take_again(struct store *store, int64_t id, int64_t at_ms,
                           struct err_detail *detail)
{
    struct rows rows;
    struct arena *arena = arena_new(1024);
    const struct arg args[] = {ARG_INT(id), ARG_INT(at_ms)};
    enum err error = store_query(store, arena, "decision_world_again", args, 2, 1, &rows, detail);
    arena_free(arena);
    return error;
}

enum err store_world_put(struct store *store, struct str record, int64_t at_ms,
                         struct id_source *ids, int64_t *ret_id, struct err_detail *detail)
{
    char hash[DIGEST_HEX_BYTES + 1];
    struct binder binder;
    bool is_row;
    digest_sha256_hex(record, hash);
    enum err error = bind_begin(store, STATEMENT_DECISION_WORLD_FIND, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_text(&binder, str_of(hash));
    error = statement_next(&binder, &is_row, "find a world", detail);
    if (error != OK) {
        return error;
    }
    int64_t new_id = id_next(ids, at_ms, 0);
    if (is_row) {
        *ret_id = read_first(&binder);
        return take_again(store, *ret_id, id_ms(new_id), detail);
    }
    error = bind_begin(store, STATEMENT_DECISION_WORLD_INSERT, &binder, detail);
    if (error != OK) {
        return error;
    }
    *ret_id = new_id;
    bind_int(&binder, new_id);
    bind_int(&binder, id_ms(new_id)); /* never before that of an older decision, as ids are */
    bind_text(&binder, str_of(hash));
    bind_blob(&binder, record);
    return statement_run(&binder, NULL, "keep a world", detail);
}

static enum err load_one(struct store *store, struct arena *arena, const char *block,
                         struct arg key, struct str *ret_text, struct err_detail *detail)
{
    struct rows rows;
    enum err error = store_query(store, arena, block, &key, 1, 1, &rows, detail);
    if (error == OK && rows.count == 0) {
        return err_set(detail, ERR_NOT_FOUND, "%s finds nothing", block);
    }
    if (error == OK) {
        *ret_text = rows.cells[0].text;
    }
    return error;
}

enum err store_world_get(struct store *store, struct arena *arena, int64_t id,
                         struct str *ret_record, struct err_detail *detail)
{
    return load_one(store, arena, "decision_world_load", ARG_INT(id), ret_record, detail);
}

enum err store_file_put(struct store *store, const struct catalog_file *file, int64_t at_ms,
                        struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_DECISION_FILE_INSERT, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_text(&binder, file->hash);
    bind_text(&binder, file->name);
    bind_text(&binder, file->yaml);
    bind_int(&binder, at_ms);
    return statement_run(&binder, NULL, "keep a file", detail);
}

enum err store_file_get(struct store *store, struct arena *arena, struct str hash,
                        struct str *ret_yaml, struct err_detail *detail)
{
    return load_one(store, arena, "decision_file_load", ARG_TEXT(hash), ret_yaml, detail);
}
