/* Which database is behind a URL, and the calls that go to it as they are. */
#include "store/driver.h"

#include <string.h>

#include "base/check.h"

static const char SQLITE[] = "sqlite:";

static bool begins(const char *url, const char *scheme)
{
    return strncmp(url, scheme, strlen(scheme)) == 0;
}

enum err store_open(const char *url, enum store_mode mode, struct store **ret_store,
                    struct err_detail *detail)
{
    if (begins(url, "postgres://") || begins(url, "postgresql://")) {
        return postgres_open(url, mode, ret_store, detail);
    }
    if (begins(url, SQLITE) && url[strlen(SQLITE)] != '\0') {
        return sqlite_open(url + strlen(SQLITE), mode, ret_store, detail);
    }
    return err_set(detail, ERR_CONFIG,
                   "DATABASE_URL names no database; expected sqlite:PATH, as in "
                   "DATABASE_URL=sqlite:nudge.db, or postgres://USER:PASSWORD@HOST/NAME, or "
                   "SUPABASE_URL with SUPABASE_DB_PASSWORD");
}

void store_init(struct store *store, const struct driver *driver, enum store_mode mode)
{
    static const char *const names[] = {
#define STATEMENT_NAME(constant, block) [STATEMENT_##constant] = (block),
        STATEMENT_LIST(STATEMENT_NAME)
#undef STATEMENT_NAME
    };
    store->driver = driver;
    store->mode = mode;
    store->arena = arena_new(16 * 1024);
    store->counts = counts_new();
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        store->block_of[i] = blocks_find(names[i]);
        ASSERT(store->block_of[i] >= 0);
    }
}

void store_release(struct store *store)
{
    counts_free(store->counts);
    arena_free(store->arena);
}

void store_close(struct store *store)
{
    if (store != NULL) {
        store->driver->close(store);
    }
}

const char *store_description(const struct store *store)
{
    return store->description;
}

enum err store_begin(struct store *store, struct err_detail *detail)
{
    return store->driver->begin(store, detail);
}

enum err store_begin_reading(struct store *store, struct err_detail *detail)
{
    return store->driver->begin_reading(store, detail);
}

enum err store_commit(struct store *store, struct err_detail *detail)
{
    enum err error = counts_write(store, detail);
    if (error == OK) {
        error = store->driver->commit(store, detail);
    }
    if (error != OK) {
        store_rollback(store);
    }
    return error;
}

void store_rollback(struct store *store)
{
    counts_forget(store->counts);
    store->driver->rollback(store);
}

enum err store_change_mark(struct store *store, int64_t *ret_mark, struct err_detail *detail)
{
    return store->driver->change_mark(store, ret_mark, detail);
}

enum err store_backup(struct store *store, const char *path,
                      void (*progress)(void *context, int64_t done, int64_t total), void *context,
                      struct err_detail *detail)
{
    return store->driver->backup(store, path, progress, context, detail);
}

enum err store_restore(const char *url, const struct restore_job *job,
                       struct restored *ret_restored, struct err_detail *detail)
{
    if (!begins(url, SQLITE) || url[strlen(SQLITE)] == '\0') {
        return err_set(detail, ERR_CONFIG,
                       "only an SQLite file is restored here; PostgreSQL has its own tools: "
                       "pg_restore");
    }
    return sqlite_restore(url + strlen(SQLITE), job, ret_restored, detail);
}
