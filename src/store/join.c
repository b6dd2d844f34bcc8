/* Two rows of one person become one. All by SQL: nothing of a long past is loaded for it. */
#include "store/driver.h"

#include "base/check.h"

enum { COMPLETIONS_MAX = 200000 }; /* years of one person */

enum err store_alias_find(struct store *store, int64_t user_id, int64_t *ret_user_id,
                          struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_ALIAS_FIND, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, user_id);
    bool is_row;
    error = statement_next(&binder, &is_row, "find a person", detail);
    if (error == OK) {
        *ret_user_id = is_row ? read_first(&binder) : 0;
    }
    return error;
}

enum err store_join_completions(struct store *store, struct arena *arena, int64_t survivor_id,
                                int64_t alias_id, int64_t **ret_at_ms, int *ret_count,
                                struct err_detail *detail)
{
    const struct arg args[] = {ARG_INT(survivor_id), ARG_INT(alias_id)};
    struct rows rows;
    enum err error =
        store_query(store, arena, "join_completions", args, 2, COMPLETIONS_MAX, &rows, detail);
    if (error != OK) {
        return error;
    }
    *ret_at_ms = ARENA_ARRAY(arena, int64_t, (size_t)rows.count);
    *ret_count = rows.count;
    for (int i = 0; i < rows.count; i++) {
        (*ret_at_ms)[i] = rows.cells[i].integer;
    }
    return OK;
}

static enum err run_block(struct store *store, const char *name, int64_t first, int64_t second,
                          int *ret_changed, struct err_detail *detail)
{
    struct binder binder;
    int block = blocks_find(name);
    ASSERT(block >= 0);
    enum err error = bind_block(store, block, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, first);
    if (blocks_parameters(store->driver->dialect, block) > 1) {
        bind_int(&binder, second);
    }
    return statement_run(&binder, ret_changed, "join two people", detail);
}

static enum err move_rows(struct store *store, int64_t survivor_id, int64_t alias_id,
                          struct err_detail *detail)
{
    /* The chains begin at the users' rows, so those come last. */
    static const char *const blocks[] = {
        "join_due",         "join_due_own",
        "join_events",      "join_deliveries",
        "join_commitments", "join_runs",
        "join_identities",  "join_feedback",
        "join_aliases",     "join_operator_messages",
        "join_decisions",   "join_counters",
    };
    enum err error = OK;
    for (size_t i = 0; error == OK && i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        error = run_block(store, blocks[i], survivor_id, alias_id, NULL, detail);
    }
    return error;
}

enum err store_people_join(struct store *store, int64_t survivor_id, int64_t alias_id,
                           int64_t at_ms, struct err_detail *detail)
{
    int64_t survivor = 0;
    int64_t alias = 0;
    ASSERT(survivor_id != alias_id && store->driver->in_transaction(store));
    enum err error = store_alias_find(store, survivor_id, &survivor, detail);
    if (error == OK) {
        error = store_alias_find(store, alias_id, &alias, detail);
    }
    if (error != OK) {
        return error;
    }
    if (survivor == survivor_id && alias == survivor_id) {
        return OK; /* done before */
    }
    if (survivor != survivor_id || alias != alias_id) {
        return err_set(detail, ERR_NOT_FOUND, "users %lld and %lld cannot be joined: one is nobody",
                       (long long)survivor_id, (long long)alias_id);
    }
    error = move_rows(store, survivor_id, alias_id, detail);
    if (error == OK) {
        error = run_block(store, "erase_user", alias_id, at_ms, NULL, detail);
    }
    if (error == OK) {
        error = run_block(store, "join_shell", survivor_id, alias_id, NULL, detail);
    }
    return error;
}
