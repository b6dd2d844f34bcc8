/* Brings the schema to what this program knows: the embedded migrations in order of their numbers,
 * each in one transaction together with the row that records it.
 *
 * A migration that was applied never changes; its checksum says so. Going back is restoring a
 * backup. */
#include "store/sqlite.h"

#include <string.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/embed.h"

static const char RECORD_TABLE[] = "CREATE TABLE IF NOT EXISTS schema_migrations ("
                                   " name TEXT PRIMARY KEY,"
                                   " checksum TEXT NOT NULL,"
                                   " applied_at_ms INTEGER NOT NULL"
                                   ") STRICT, WITHOUT ROWID";

/* One number of a statement without arguments. */
static enum err number_of(struct store *store, const char *sql, int64_t *ret_number,
                          struct err_detail *detail)
{
    sqlite3_stmt *statement = NULL;
    enum err error = store_prepare(store, sql, &statement, detail);
    if (error == OK) {
        error = store_map(store, store_step(statement), "look at the schema", detail);
        *ret_number = error == OK ? sqlite3_column_int64(statement, 0) : 0;
    }
    sqlite3_finalize(statement);
    return error;
}

static const struct embedded_file *embedded(struct str name)
{
    for (size_t i = 0; i < nudge_migrations_sqlite_count; i++) {
        if (str_is(name, nudge_migrations_sqlite[i].name)) {
            return &nudge_migrations_sqlite[i];
        }
    }
    return NULL;
}

static void checksum_of(const struct embedded_file *file, char ret_hex[DIGEST_HEX_BYTES + 1])
{
    digest_sha256_hex((struct str){(const char *)file->data, file->length}, ret_hex);
}

/* Compares one recorded migration with what this program holds. */
static enum err check_applied(struct str name, struct str checksum, struct migration_state *state,
                              struct err_detail *detail)
{
    const struct embedded_file *file = embedded(name);
    if (file == NULL) {
        return err_set(
            detail, ERR_SCHEMA,
            "the database is newer than this program (it has migration %.*s); run the newer "
            "program, or restore a backup",
            STR_ARG(name));
    }
    char hex[DIGEST_HEX_BYTES + 1];
    checksum_of(file, hex);
    if (!str_is(checksum, hex)) {
        return err_set(
            detail, ERR_SCHEMA,
            "migration %.*s was applied with another text than this program holds; run the "
            "program it came from",
            STR_ARG(name));
    }
    state->applied++;
    state->last = file->name;
    return OK;
}

static enum err read_applied(struct store *store, struct migration_state *state,
                             struct err_detail *detail)
{
    sqlite3_stmt *statement = NULL;
    enum err error = store_prepare(
        store, "SELECT name, checksum FROM schema_migrations ORDER BY name", &statement, detail);
    while (error == OK) {
        int code = store_step(statement);
        error = store_map(store, code, "read the applied migrations", detail);
        if (error != OK || code == SQLITE_DONE) {
            break;
        }
        struct binder binder = {.statement = statement};
        struct reader reader = read_begin(&binder, NULL);
        struct str name = read_view(&reader);
        struct str checksum = read_view(&reader);
        error = check_applied(name, checksum, state, detail);
    }
    sqlite3_finalize(statement);
    return error;
}

enum err store_migration_state(struct store *store, struct migration_state *ret_state,
                               struct err_detail *detail)
{
    struct migration_state state = {.last = ""};
    int64_t tables = 0;
    int64_t is_recorded = 0;
    enum err error = number_of(store, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
                               &tables, detail);
    if (error == OK) {
        error =
            number_of(store, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'",
                      &is_recorded, detail);
    }
    if (error == OK && tables > 0 && is_recorded == 0) {
        return err_set(detail, ERR_SCHEMA,
                       "the file is a database of something else: it has tables, but no record of "
                       "migrations; give another path");
    }
    if (error == OK && is_recorded != 0) {
        error = read_applied(store, &state, detail);
    }
    if (error == OK) {
        state.pending = (int)nudge_migrations_sqlite_count - state.applied;
        *ret_state = state;
    }
    return error;
}

static enum err record(struct store *store, const struct embedded_file *file,
                       struct err_detail *detail)
{
    struct binder binder = {0};
    /* When it was applied is a remark for people; nothing depends on it. */
    enum err error =
        store_prepare(store, "INSERT INTO schema_migrations VALUES (?1, ?2, unixepoch() * 1000)",
                      &binder.statement, detail);
    if (error != OK) {
        return error;
    }
    char hex[DIGEST_HEX_BYTES + 1];
    checksum_of(file, hex);
    bind_text(&binder, str_of(file->name));
    bind_text(&binder, str_of(hex));
    error = store_map(store, store_step(binder.statement), "record a migration", detail);
    sqlite3_finalize(binder.statement);
    return error;
}

/* The state is read again under the lock: another process may have migrated meanwhile. */
static enum err apply_next(struct store *store, const char **ret_name, struct err_detail *detail)
{
    struct migration_state state;
    enum err error = store_migration_state(store, &state, detail);
    if (error != OK) {
        return error;
    }
    *ret_name = NULL;
    if (state.pending == 0) {
        return OK;
    }
    const struct embedded_file *file = &nudge_migrations_sqlite[state.applied];
    if (state.applied > 0 && strcmp(state.last, file[-1].name) != 0) {
        return err_set(detail, ERR_SCHEMA, "migration %s is missing below %s; restore a backup",
                       file[-1].name, state.last);
    }
    error = store_execute(store, RECORD_TABLE, "record migrations", detail);
    if (error == OK) {
        error = store_execute(store, (const char *)file->data, file->name, detail);
    }
    if (error == OK) {
        error = record(store, file, detail);
    }
    *ret_name = file->name;
    return error;
}

enum err store_migrate(struct store *store, void (*done)(void *context, const char *name),
                       void *context, struct err_detail *detail)
{
    for (;;) {
        const char *name = NULL;
        enum err error = store_begin(store, detail);
        if (error != OK) {
            return error;
        }
        error = apply_next(store, &name, detail);
        if (error != OK) {
            store_rollback(store);
            return error;
        }
        error = store_commit(store, detail);
        if (error != OK || name == NULL) {
            return error;
        }
        if (done != NULL) {
            done(context, name);
        }
    }
}
