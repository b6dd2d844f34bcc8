/* The driver is a table of functions: a copy of it stands between the store and the real one. A
 * statement that was chosen to fail is reset, as the real driver does after its failures. */
#include "calls.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "base/check.h"
#include "store/driver.h"
#include "world.h"

struct calls {
    struct driver driver; /* first: what the store holds */
    const struct driver *real;
    struct sim *world;
    void **statements; /* by block */
    int block_count;
};

/* Of the world that lives: SQLite's functions for memory are given no context. */
static struct sim *memory_world;
static sqlite3_mem_methods memory_real;

static bool fails(struct sim *world, enum fault fault, const char *call)
{
    if (world == NULL || !world->armed || world->crashed ||
        !faults_happen_in(&world->faults, fault, call)) {
        return false;
    }
    world_trace(world, "%s fails: %s", fault_name(fault), call);
    world->hurt = true;
    return true;
}

static const struct calls *calls_of(const struct store *store)
{
    return (const struct calls *)store->driver;
}

/* ERR_STORE when the plan has chosen the call. */
static enum err refused(const struct store *store, const char *verb, const char *block,
                        struct err_detail *detail)
{
    char call[80];
    snprintf(call, sizeof(call), "%s%s%s", verb, block[0] != '\0' ? " " : "", block);
    return fails(calls_of(store)->world, FAULT_CALL, call)
               ? err_set(detail, ERR_STORE, "cannot %s: its turn to fail", call)
               : OK;
}

static const char *block_name(const struct calls *calls, const void *statement)
{
    int count;
    const struct block *blocks = blocks_all(&count);
    for (int i = 0; i < calls->block_count; i++) {
        if (calls->statements[i] == statement) {
            return blocks[i].name;
        }
    }
    return "?";
}

static enum err begin(struct store *store, struct err_detail *detail)
{
    enum err error = refused(store, "begin", "", detail);
    return error != OK ? error : calls_of(store)->real->begin(store, detail);
}

static enum err begin_reading(struct store *store, struct err_detail *detail)
{
    enum err error = refused(store, "begin reading", "", detail);
    return error != OK ? error : calls_of(store)->real->begin_reading(store, detail);
}

static enum err commit(struct store *store, struct err_detail *detail)
{
    enum err error = refused(store, "commit", "", detail);
    return error != OK ? error : calls_of(store)->real->commit(store, detail);
}

static enum err change_mark(struct store *store, int64_t *ret_mark, struct err_detail *detail)
{
    enum err error = refused(store, "change mark", "", detail);
    return error != OK ? error : calls_of(store)->real->change_mark(store, ret_mark, detail);
}

static enum err statement(struct store *store, int block, void **ret_statement,
                          struct err_detail *detail)
{
    int count;
    const struct calls *calls = calls_of(store);
    enum err error = refused(store, "prepare", blocks_all(&count)[block].name, detail);
    if (error == OK) {
        error = calls->real->statement(store, block, ret_statement, detail);
    }
    calls->statements[block] = error == OK ? *ret_statement : NULL;
    return error;
}

static enum err run(struct store *store, void *running, int *ret_changed, const char *what,
                    struct err_detail *detail)
{
    const struct calls *calls = calls_of(store);
    enum err error = refused(store, "run", block_name(calls, running), detail);
    if (error != OK) {
        calls->real->done(running);
        return error;
    }
    return calls->real->run(store, running, ret_changed, what, detail);
}

static enum err next(struct store *store, void *running, bool *ret_row, const char *what,
                     struct err_detail *detail)
{
    const struct calls *calls = calls_of(store);
    enum err error = refused(store, "read", block_name(calls, running), detail);
    if (error != OK) {
        calls->real->done(running);
        return error;
    }
    return calls->real->next(store, running, ret_row, what, detail);
}

static enum err execute(struct store *store, const char *sql, const char *what,
                        struct err_detail *detail)
{
    enum err error = refused(store, "script", "", detail);
    return error != OK ? error : calls_of(store)->real->execute(store, sql, what, detail);
}

static enum err look(struct store *store, struct schema_look *ret_look, struct err_detail *detail)
{
    enum err error = refused(store, "look", "", detail);
    return error != OK ? error : calls_of(store)->real->look(store, ret_look, detail);
}

static enum err lock_schema(struct store *store, struct err_detail *detail)
{
    enum err error = refused(store, "lock schema", "", detail);
    return error != OK ? error : calls_of(store)->real->lock_schema(store, detail);
}

static enum err check_rights(struct store *store, struct err_detail *detail)
{
    enum err error = refused(store, "check rights", "", detail);
    return error != OK ? error : calls_of(store)->real->check_rights(store, detail);
}

/* The lock is the system's, and would be shared with the process that this one was forked from:
 * here there is one process at a time. */
static enum lock serve_lock(struct store *store, bool patient)
{
    (void)patient;
    return fails(calls_of(store)->world, FAULT_CALL, "lock") ? LOCK_UNKNOWN : LOCK_TAKEN;
}

static void serve_release(struct store *store)
{
    (void)store;
}

static void *memory_get(int size)
{
    return fails(memory_world, FAULT_MEMORY, "") ? NULL : memory_real.xMalloc(size);
}

static void *memory_resize(void *memory, int size)
{
    return fails(memory_world, FAULT_MEMORY, "") ? NULL : memory_real.xRealloc(memory, size);
}

void calls_watch_memory(void)
{
    int code = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory_real);
    sqlite3_mem_methods watched = memory_real;
    watched.xMalloc = memory_get;
    watched.xRealloc = memory_resize;
    code = code == SQLITE_OK ? sqlite3_config(SQLITE_CONFIG_MALLOC, &watched) : code;
    ASSERT(code == SQLITE_OK);
}

struct calls *calls_new(struct sim *world)
{
    struct calls *calls = calloc(1, sizeof(*calls));
    ASSERT(calls != NULL);
    calls->world = world;
    blocks_all(&calls->block_count);
    calls->statements = calloc((size_t)calls->block_count, sizeof(*calls->statements));
    ASSERT(calls->statements != NULL);
    memory_world = world;
    return calls;
}

void calls_free(struct calls *calls)
{
    if (calls != NULL) {
        memory_world = NULL;
        free((void *)calls->statements);
        free(calls);
    }
}

void calls_watch(struct calls *calls, struct store *store)
{
    calls->real = store->driver;
    calls->driver = *store->driver;
    calls->driver.begin = begin;
    calls->driver.begin_reading = begin_reading;
    calls->driver.commit = commit;
    calls->driver.change_mark = change_mark;
    calls->driver.statement = statement;
    calls->driver.run = run;
    calls->driver.next = next;
    calls->driver.execute = execute;
    calls->driver.look = look;
    calls->driver.lock_schema = lock_schema;
    calls->driver.check_rights = check_rights;
    calls->driver.serve_lock = serve_lock;
    calls->driver.serve_release = serve_release;
    store->driver = &calls->driver;
}
