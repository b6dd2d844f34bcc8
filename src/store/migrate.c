/* Brings the schema to what this program knows: the embedded migrations of the store's database in
 * order of their numbers, each in one transaction together with the row that records it.
 *
 * A migration that was applied never changes; its checksum says so. Going back is restoring a
 * backup. */
#include "store/driver.h"

#include <string.h>

#include "base/check.h"
#include "base/digest.h"

static const struct embedded_file *embedded(const struct driver *driver, struct str name)
{
    for (size_t i = 0; i < *driver->migration_count; i++) {
        if (str_is(name, driver->migrations[i].name)) {
            return &driver->migrations[i];
        }
    }
    return NULL;
}

static void checksum_of(const struct embedded_file *file, char ret_hex[DIGEST_HEX_BYTES + 1])
{
    digest_sha256_hex((struct str){(const char *)file->data, file->length}, ret_hex);
}

/* Stands among the migrations while a store is filled by nudge copy, so that nothing else works on
 * a part of its people (copy.c). */
static const char HALF_A_COPY[] = "copy";

/* Compares one recorded migration with what this program holds. */
static enum err check_applied(const struct store *store, struct str name, struct str checksum,
                              struct migration_state *state, struct err_detail *detail)
{
    const struct embedded_file *file = embedded(store->driver, name);
    if (str_is(name, HALF_A_COPY)) {
        return store->copying
                   ? OK
                   : err_set(detail, ERR_SCHEMA,
                             "the database is a copy that was not finished; run the same nudge "
                             "copy again: it goes on");
    }
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
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_MIGRATIONS_APPLIED, &binder, detail);
    while (error == OK) {
        bool is_row;
        error = statement_next(&binder, &is_row, "read the applied migrations", detail);
        if (error != OK || !is_row) {
            break;
        }
        struct reader reader = read_begin(&binder, NULL);
        struct str name = read_view(&reader);
        struct str checksum = read_view(&reader);
        error = check_applied(store, name, checksum, state, detail);
        if (error != OK) {
            statement_done(&binder);
        }
    }
    return error;
}

enum err store_migration_state(struct store *store, struct migration_state *ret_state,
                               struct err_detail *detail)
{
    struct migration_state state = {.last = ""};
    struct schema_look look = {0};
    enum err error = store->driver->look(store, &look, detail);
    if (error == OK && look.has_tables && !look.has_record) {
        return err_set(detail, ERR_SCHEMA,
                       "the database is one of something else: it has tables, but no record of "
                       "migrations; give another one");
    }
    if (error == OK && look.has_record) {
        error = store->driver->check_rights(store, detail);
    }
    if (error == OK && look.has_record) {
        error = read_applied(store, &state, detail);
    }
    if (error == OK) {
        state.pending = (int)*store->driver->migration_count - state.applied;
        *ret_state = state;
    }
    return error;
}

const char *store_migration_name(const struct store *store, int index)
{
    ASSERT(index >= 0 && (size_t)index < *store->driver->migration_count);
    return store->driver->migrations[index].name;
}

static enum err record(struct store *store, const struct embedded_file *file,
                       struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_MIGRATION_RECORD, &binder, detail);
    if (error != OK) {
        return error;
    }
    char hex[DIGEST_HEX_BYTES + 1];
    checksum_of(file, hex);
    bind_text(&binder, str_of(file->name));
    bind_text(&binder, str_of(hex));
    return statement_run(&binder, NULL, "record a migration", detail);
}

/* The state is read again under the lock: another process may have migrated meanwhile. */
static enum err apply_next(struct store *store, const char **ret_name, struct err_detail *detail)
{
    const struct driver *driver = store->driver;
    struct migration_state state;
    *ret_name = NULL;
    enum err error = driver->lock_schema(store, detail);
    if (error == OK) {
        error = store_migration_state(store, &state, detail);
    }
    if (error != OK || state.pending == 0) {
        return error;
    }
    const struct embedded_file *file = &driver->migrations[state.applied];
    if (state.applied > 0 && strcmp(state.last, file[-1].name) != 0) {
        return err_set(detail, ERR_SCHEMA, "migration %s is missing below %s; restore a backup",
                       file[-1].name, state.last);
    }
    error = driver->execute(store, driver->record_table, "record migrations", detail);
    if (error == OK) {
        error = driver->execute(store, (const char *)file->data, file->name, detail);
    }
    if (error == OK && driver->closing != NULL) {
        error = driver->execute(store, driver->closing, "close what was made", detail);
    }
    if (error == OK) {
        error = record(store, file, detail);
    }
    *ret_name = file->name;
    return error;
}

static enum err migrate_once(struct store *store, const char **ret_name, struct err_detail *detail)
{
    enum err error = store_begin(store, detail);
    if (error != OK) {
        return error;
    }
    error = apply_next(store, ret_name, detail);
    if (error != OK) {
        store_rollback(store);
        return error;
    }
    return store_commit(store, detail);
}

enum err store_migrate(struct store *store, void (*done)(void *context, const char *name),
                       void *context, struct err_detail *detail)
{
    enum { TRIES = 5 }; /* where others hold locks */
    int tries = 0;
    for (;;) {
        const char *name = NULL;
        enum err error = migrate_once(store, &name, detail);
        if (error == ERR_BUSY && ++tries < TRIES) {
            continue;
        }
        if (error != OK || name == NULL) {
            return error;
        }
        if (done != NULL) {
            done(context, name);
        }
    }
}

enum err store_make_ready(struct store *store, void (*done)(void *context, const char *name),
                          void *context, struct err_detail *detail)
{
    if (store->driver->is_private && store->mode == STORE_WRITER) {
        return store_migrate(store, done, context, detail);
    }
    struct migration_state state;
    enum err error = store_migration_state(store, &state, detail);
    if (error == OK && state.pending > 0) {
        return err_set(detail, ERR_SCHEMA, "the store lacks %d migration%s; run: nudge migrate",
                       state.pending, state.pending == 1 ? "" : "s");
    }
    return error;
}
