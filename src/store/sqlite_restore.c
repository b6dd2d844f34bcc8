/* A backup takes the place of a store's file: looked at first, copied beside it, and put there by
 * renaming, so that at any instant the one or the other stands there, whole. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/calendar.h"

enum { PATH_BYTES = 4096, LEASE_MS = 3600000 };

struct restoring {
    const struct restore_job *job;
    struct restored *restored;
    struct arena *arena;
    const char *path;         /* of the store */
    char fresh[PATH_BYTES];   /* the copy beside it */
    char partial[PATH_BYTES]; /* where that is made */
    int serve_file;
    bool leased; /* what stood there */
};

static enum err people_of(struct store *store, struct arena *arena, int64_t *ret_people,
                          struct err_detail *detail)
{
    struct rows rows = {0};
    enum err error = store_query(store, arena, "copy_people", NULL, 0, 1, &rows, detail);
    *ret_people = error == OK ? rows.cells[0].integer : 0;
    return error;
}

/* ---- the backup ------------------------------------------------------------------------------ */

static enum err check_integrity(struct restoring *restoring, struct store *store,
                                struct err_detail *detail)
{
    struct rows rows = {0};
    enum err error = store->driver->ask(store, restoring->arena, "PRAGMA integrity_check(1)", NULL,
                                        0, &rows, detail);
    if (error == OK && (rows.count != 1 || !str_is(rows.cells[0].text, "ok"))) {
        return err_set(detail, ERR_STORE, "it is damaged: %.*s",
                       rows.count > 0 ? (int)rows.cells[0].text.length : 0,
                       rows.count > 0 ? rows.cells[0].text.ptr : "");
    }
    return error;
}

static enum err check_backup(struct restoring *restoring, struct store *store,
                             struct err_detail *detail)
{
    struct migration_state state = {0};
    enum err error = check_integrity(restoring, store, detail);
    if (error == OK) {
        error = store_migration_state(store, &state, detail);
    }
    if (error == OK && state.applied == 0) {
        error = err_set(detail, ERR_SCHEMA, "it holds no store");
    }
    if (error == OK) {
        restoring->restored->pending = state.pending;
        error = people_of(store, restoring->arena, &restoring->restored->people, detail);
    }
    return error;
}

/* What an interrupted one left behind is not needed. */
static enum err copy_beside(struct restoring *restoring, struct err_detail *detail)
{
    const struct restore_job *job = restoring->job;
    char url[PATH_BYTES];
    struct store *store = NULL;
    snprintf(url, sizeof(url), "sqlite:%s", job->file);
    enum err error = store_open(url, STORE_READER, &store, detail);
    if (error == OK) {
        error = check_backup(restoring, store, detail);
    }
    if (error == OK) {
        unlink(restoring->fresh);
        unlink(restoring->partial);
        error = store_backup(store, restoring->fresh, job->progress, job->context, detail);
    }
    store_close(store);
    return error == OK ? OK : err_wrap(detail, error, "%s", job->file);
}

/* ---- what stands there ----------------------------------------------------------------------- */

/* Nobody serves it, and nobody begins to. */
static enum err lock(struct restoring *restoring, struct err_detail *detail)
{
    char path[PATH_BYTES];
    if (restoring->serve_file >= 0) {
        return OK;
    }
    snprintf(path, sizeof(path), "%s-serve", restoring->path);
    restoring->serve_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (restoring->serve_file < 0) {
        return err_set(detail, ERR_IO, "cannot create %s: %s", path, strerror(errno));
    }
    if (flock(restoring->serve_file, LOCK_EX | LOCK_NB) != 0) {
        return err_set(detail, ERR_CONFLICT, "a server works on %s; stop it", restoring->path);
    }
    return OK;
}

static enum err open_present(struct restoring *restoring, enum store_mode mode,
                             struct store **ret_store, struct err_detail *detail)
{
    char url[PATH_BYTES];
    snprintf(url, sizeof(url), "sqlite:%s", restoring->path);
    return store_open(url, mode, ret_store, detail);
}

/* A server that is started meanwhile meets the lease of this process, which has the lock. */
static enum err lease_present(struct restoring *restoring, bool take, struct err_detail *detail)
{
    const struct restore_job *job = restoring->job;
    struct store *store = NULL;
    struct lease lease = {0};
    enum err error = open_present(restoring, STORE_WRITER, &store, detail);
    if (error == OK && take) {
        error = store_lease_take(store, job->owner, getpid(), job->now_ms, job->now_ms + LEASE_MS,
                                 &lease, detail);
    } else if (error == OK) {
        error = store_lease_give(store, job->owner, detail);
    }
    store_close(store);
    restoring->leased = error == OK && take;
    return error;
}

static enum err look_at_present(struct restoring *restoring, int64_t *ret_people,
                                struct err_detail *detail)
{
    struct store *store = NULL;
    struct migration_state state = {0};
    *ret_people = 0;
    enum err error = open_present(restoring, STORE_READER, &store, detail);
    if (error == OK) {
        error = store_migration_state(store, &state, detail);
    }
    if (error == OK && state.applied > 0) {
        error = people_of(store, restoring->arena, ret_people, detail);
    }
    store_close(store);
    if (error == OK && state.applied > 0) {
        error = lease_present(restoring, true, detail);
    }
    return error;
}

/* What cannot be read may hold anybody. */
static enum err check_present(struct restoring *restoring, struct err_detail *detail)
{
    struct err_detail why = {""};
    int64_t people = 0;
    if (access(restoring->path, F_OK) != 0) {
        return OK;
    }
    enum err error = look_at_present(restoring, &people, &why);
    if (error == ERR_CONFLICT || error == ERR_BUSY) {
        return err_set(detail, error, "%s", why.text);
    }
    if (restoring->job->force) {
        return OK;
    }
    if (error != OK) {
        return err_set(detail, ERR_CONFLICT, "%s is no store (%s); with --force it is kept beside",
                       restoring->path, why.text);
    }
    return people == 0 ? OK
                       : err_set(detail, ERR_CONFLICT,
                                 "%s holds %lld people; with --force it is kept beside",
                                 restoring->path, (long long)people);
}

/* The log's newest commits go into the file, which then stands for itself. */
static void settle_log(struct restoring *restoring)
{
    struct err_detail ignored;
    struct store *store = NULL;
    if (open_present(restoring, STORE_WRITER, &store, &ignored) == OK) {
        store_close(store);
    }
}

/* ---- putting it there ------------------------------------------------------------------------ */

static enum err cannot(const char *what, const char *path, struct err_detail *detail)
{
    return err_set(detail, ERR_IO, "cannot %s %s: %s", what, path, strerror(errno));
}

/* The old file gets a second name; its log, where it could not be settled, goes with it. */
static enum err keep_old(struct restoring *restoring, struct err_detail *detail)
{
    char log[PATH_BYTES], kept_log[PATH_BYTES];
    char *kept = restoring->restored->kept;
    struct str now = calendar_iso(restoring->arena, restoring->job->now_ms);
    snprintf(kept, sizeof(restoring->restored->kept), "%s.before-%.*s", restoring->path,
             STR_ARG(now));
    if (link(restoring->path, kept) != 0) {
        return cannot("keep the old file as", kept, detail);
    }
    snprintf(log, sizeof(log), "%s-wal", restoring->path);
    snprintf(kept_log, sizeof(kept_log), "%s-wal", kept);
    if (rename(log, kept_log) != 0 && errno != ENOENT) {
        return cannot("keep", log, detail);
    }
    return OK;
}

static enum err put_there(struct restoring *restoring, struct err_detail *detail)
{
    char beside[PATH_BYTES];
    enum err error = OK;
    if (access(restoring->path, F_OK) == 0) {
        settle_log(restoring);
        error = keep_old(restoring, detail);
    }
    if (error != OK) {
        return error;
    }
    static const char *const suffixes[] = {"-wal", "-shm"};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        snprintf(beside, sizeof(beside), "%s%s", restoring->path, suffixes[i]);
        unlink(beside); /* of the old file: they would be taken for the new one's */
    }
    if (rename(restoring->fresh, restoring->path) != 0) {
        return cannot("put the backup at", restoring->path, detail);
    }
    sqlite_sync_folder(restoring->path);
    return OK;
}

enum err sqlite_restore(const char *path, const struct restore_job *job,
                        struct restored *ret_restored, struct err_detail *detail)
{
    struct restoring restoring = {
        .job = job, .restored = ret_restored, .path = path, .serve_file = -1};
    *ret_restored = (struct restored){0};
    if (strlen(path) + 64 > PATH_BYTES || strlen(job->file) + 64 > PATH_BYTES) {
        return err_set(detail, ERR_INVALID, "the path is too long");
    }
    snprintf(restoring.fresh, sizeof(restoring.fresh), "%s.restoring", path);
    snprintf(restoring.partial, sizeof(restoring.partial), "%s.partial", restoring.fresh);
    restoring.arena = arena_new(64 * 1024);
    enum err error = lock(&restoring, detail);
    if (error == OK) {
        error = check_present(&restoring, detail);
    }
    if (error == OK) {
        error = copy_beside(&restoring, detail);
    }
    if (error == OK) {
        error = put_there(&restoring, detail);
    }
    if (error != OK) {
        struct err_detail ignored;
        unlink(restoring.fresh);
        enum err given = restoring.leased ? lease_present(&restoring, false, &ignored) : OK;
        (void)given; /* without the lock nobody waits for it */
    }
    if (restoring.serve_file >= 0) {
        close(restoring.serve_file);
    }
    arena_free(restoring.arena);
    return error;
}
