/* The engine's lease on a database.
 *
 * The row tells other processes who serves and until when. A lock that ends with the process that
 * holds it tells at once that the holder is gone: nobody waits for the lease of the dead. A holder
 * that is alive but frozen keeps the lock; its lease runs out, and whoever comes after it takes the
 * lock as soon as it is let go of: until then a third would take them for dead.
 *
 * Until when is reckoned by one clock for all: the server's, else the machine's. It is read after
 * the holder's own, so that others see the lease end no earlier than its holder. */
#include "store/driver.h"

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
    error = statement_next(&binder, &is_row, "read the lease", detail);
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

/* The instant by the clock that counts; given is the caller's. */
static enum err common_now(struct store *store, int64_t given_ms, int64_t *ret_now_ms,
                           struct err_detail *detail)
{
    *ret_now_ms = given_ms;
    return store->driver->now != NULL ? store->driver->now(store, ret_now_ms, detail) : OK;
}

static enum err lease_take(struct store *store, int64_t owner, int64_t pid, int64_t given_ms,
                           int64_t lasts_ms, struct lease *ret_lease, struct err_detail *detail)
{
    struct holder holder;
    int64_t now_ms = 0;
    enum err error = lease_load(store, &holder, detail);
    if (error == OK) {
        error = common_now(store, given_ms, &now_ms, detail);
    }
    if (error != OK) {
        return error;
    }
    bool is_another = holder.owner != owner && holder.lease.until_ms > now_ms;
    enum lock lock = store->driver->serve_lock(store, is_another);
    store->lock_taken = store->lock_taken || lock == LOCK_TAKEN;
    store->lock_wanted = lock == LOCK_HELD && !store->lock_taken;
    if (is_another && lock != LOCK_TAKEN) {
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
    bind_int(&binder, now_ms + lasts_ms);
    error = statement_run(&binder, NULL, "take the lease", detail);
    if (error == OK) {
        error = lease_load(store, &holder, detail);
    }
    if (error == OK) {
        *ret_lease = holder.lease;
        ret_lease->left_ms = lasts_ms;
    }
    return error;
}

/* Looking and taking are one transaction; inside the engine's own it is part of that one. */
enum err store_lease_take(struct store *store, int64_t owner, int64_t pid, int64_t now_ms,
                          int64_t until_ms, struct lease *ret_lease, struct err_detail *detail)
{
    bool alone = !store->driver->in_transaction(store);
    enum err error = alone ? store_begin(store, detail) : OK;
    if (error == OK) {
        error = lease_take(store, owner, pid, now_ms, until_ms - now_ms, ret_lease, detail);
    }
    if (alone && error != OK) {
        store_rollback(store);
    } else if (alone) {
        error = store_commit(store, detail);
    }
    if (error == OK) {
        store->lease_owner = owner;
        store->lease_fence = ret_lease->fence;
        store->lease_ms = until_ms - now_ms;
    }
    return error;
}

void store_lease_lock(struct store *store)
{
    if (store->lock_wanted) {
        store->lock_taken = store->driver->serve_lock(store, false) == LOCK_TAKEN;
        store->lock_wanted = !store->lock_taken;
    }
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
        store->driver->serve_release(store);
        store->lock_taken = store->lock_wanted = false;
    }
    store->lease_owner = 0;
    bind_int(&binder, owner);
    return statement_run(&binder, NULL, "give the lease back", detail);
}

enum err store_lease_show(struct store *store, int64_t now_ms, struct lease *ret_lease,
                          struct err_detail *detail)
{
    struct holder holder;
    enum err error = lease_load(store, &holder, detail);
    if (error == OK) {
        error = common_now(store, now_ms, &now_ms, detail);
    }
    if (error == OK) {
        *ret_lease = holder.lease;
        enum lock lock = store->driver->serve_lock(store, false);
        ret_lease->is_alive = lock == LOCK_HELD && ret_lease->until_ms != 0;
        if (lock == LOCK_TAKEN) {
            ret_lease->until_ms = 0; /* whoever held it is gone */
            store->driver->serve_release(store);
        }
        bool lasts = ret_lease->until_ms > now_ms;
        ret_lease->left_ms = lasts ? ret_lease->until_ms - now_ms : 0;
    }
    return error;
}
