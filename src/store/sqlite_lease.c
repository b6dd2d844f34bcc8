/* The engine's lease on an SQLite file.
 *
 * The row tells other processes who serves and until when. A lock on the file DATABASE-serve, which
 * the system lets go of when a process ends in any way, tells at once that the holder is gone:
 * nobody waits for the lease of the dead. A holder that is alive but frozen keeps the lock; its
 * lease runs out. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

enum lock {
    LOCK_TAKEN,   /* nobody had it */
    LOCK_HELD,    /* somebody has, this store included */
    LOCK_UNKNOWN, /* the file cannot be made or opened: only time tells */
};

/* Locks the file for this process. */
static enum lock serve_lock(struct store *store)
{
    char path[4096];
    const char *database = sqlite3_db_filename(store->db, "main");
    if (store->serve_file >= 0) {
        return LOCK_HELD;
    }
    if (database == NULL || database[0] == '\0' ||
        snprintf(path, sizeof(path), "%s-serve", database) >= (int)sizeof(path)) {
        return LOCK_UNKNOWN;
    }
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        return LOCK_UNKNOWN;
    }
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        enum lock lock = errno == EWOULDBLOCK ? LOCK_HELD : LOCK_UNKNOWN;
        close(file);
        return lock;
    }
    store->serve_file = file;
    return LOCK_TAKEN;
}

void sqlite_serve_release(struct store *store)
{
    if (store->serve_file >= 0) {
        close(store->serve_file);
        store->serve_file = -1;
    }
}

struct holder {
    int64_t owner;
    struct lease lease;
};

static enum err lease_load(struct store *store, struct holder *ret_holder,
                           struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_LEASE_LOAD, &binder, detail);
    if (error != OK) {
        return error;
    }
    bool is_row;
    *ret_holder = (struct holder){0};
    error = statement_next(store, &binder, &is_row, "read the lease", detail);
    if (error == OK && is_row) {
        struct reader reader = read_begin(&binder, NULL);
        ret_holder->owner = read_int64(&reader);
        ret_holder->lease.pid = read_int64(&reader);
        ret_holder->lease.fence = read_int64(&reader);
        ret_holder->lease.until_ms = read_int64(&reader);
        statement_done(&binder);
    }
    return error;
}

static enum err lease_take(struct store *store, int64_t owner, int64_t pid, int64_t now_ms,
                           int64_t until_ms, struct lease *ret_lease, struct err_detail *detail)
{
    struct holder holder;
    enum err error = lease_load(store, &holder, detail);
    if (error != OK) {
        return error;
    }
    bool is_ours = serve_lock(store) == LOCK_TAKEN;
    if (holder.owner != owner && holder.lease.until_ms > now_ms && !is_ours) {
        *ret_lease = holder.lease;
        return err_set(detail, ERR_CONFLICT,
                       "process %lld runs the engine on this database; stop it, or wait until its "
                       "lease ends",
                       (long long)holder.lease.pid);
    }
    struct binder binder;
    error = bind_begin(store, STATEMENT_LEASE_TAKE, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, owner);
    bind_int(&binder, pid);
    bind_int(&binder, until_ms);
    error = statement_run(store, &binder, NULL, "take the lease", detail);
    if (error == OK) {
        error = lease_load(store, &holder, detail);
    }
    if (error == OK) {
        *ret_lease = holder.lease;
    }
    return error;
}

/* Looking and taking are one transaction; inside the engine's own it is part of that one. */
enum err store_lease_take(struct store *store, int64_t owner, int64_t pid, int64_t now_ms,
                          int64_t until_ms, struct lease *ret_lease, struct err_detail *detail)
{
    bool alone = sqlite3_get_autocommit(store->db) != 0;
    enum err error = alone ? store_begin(store, detail) : OK;
    if (error == OK) {
        error = lease_take(store, owner, pid, now_ms, until_ms, ret_lease, detail);
    }
    if (!alone) {
        return error;
    }
    if (error != OK) {
        store_rollback(store);
        return error;
    }
    return store_commit(store, detail);
}

enum err store_lease_give(struct store *store, int64_t owner, struct err_detail *detail)
{
    struct holder holder;
    struct binder binder;
    enum err error = lease_load(store, &holder, detail);
    if (error == OK) {
        error = bind_begin(store, STATEMENT_LEASE_GIVE, &binder, detail);
    }
    if (error != OK) {
        return error;
    }
    if (holder.owner == owner) {
        sqlite_serve_release(store);
    }
    bind_int(&binder, owner);
    return statement_run(store, &binder, NULL, "give the lease back", detail);
}

enum err store_lease_show(struct store *store, struct lease *ret_lease, struct err_detail *detail)
{
    struct holder holder;
    enum err error = lease_load(store, &holder, detail);
    if (error == OK) {
        *ret_lease = holder.lease;
        enum lock lock = serve_lock(store);
        ret_lease->is_alive = lock == LOCK_HELD && ret_lease->until_ms != 0;
        if (lock == LOCK_TAKEN) {
            ret_lease->until_ms = 0; /* whoever held it is gone */
            sqlite_serve_release(store);
        }
    }
    return error;
}
