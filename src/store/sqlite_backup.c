/* A consistent copy of the file while others write to it.
 *
 * The source stays in one read transaction, so the copy is of one instant and never starts again;
 * meanwhile the write-ahead log grows. The copy is made beside its name and linked to it when it is
 * whole and on disk: a file of that name is never overwritten, and a half copy never has it. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PAGES_PER_STEP = 512 };

struct backup {
    struct sqlite_store *store;
    const char *path;
    char partial[PATH_MAX];
    void (*progress)(void *context, int64_t done, int64_t total);
    void *context;
};

static enum err failed(const struct backup *backup, int code, struct err_detail *detail)
{
    if ((code & 0xff) == SQLITE_FULL) {
        return err_set(detail, ERR_FULL, "cannot write the backup %s: no space left", backup->path);
    }
    return err_set(detail, ERR_IO, "cannot write the backup %s: %s", backup->path,
                   sqlite3_errstr(code));
}

static int copy_pages(struct backup *backup, sqlite3 *target)
{
    sqlite3_backup *copy = sqlite3_backup_init(target, "main", backup->store->db, "main");
    if (copy == NULL) {
        return sqlite3_extended_errcode(target);
    }
    int code;
    do {
        code = sqlite3_backup_step(copy, PAGES_PER_STEP);
        if (backup->progress != NULL && (code == SQLITE_OK || code == SQLITE_DONE)) {
            int64_t total = sqlite3_backup_pagecount(copy);
            backup->progress(backup->context, total - sqlite3_backup_remaining(copy), total);
        }
    } while (code == SQLITE_OK);
    int finished = sqlite3_backup_finish(copy);
    return code == SQLITE_DONE ? finished : code;
}

/* The copy as one plain file: without a log beside it, it can be moved around. */
static enum err write_copy(struct backup *backup, struct err_detail *detail)
{
    sqlite3 *target = NULL;
    int code = sqlite3_open_v2(backup->partial, &target,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) {
        code = copy_pages(backup, target);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_exec(target, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    }
    enum err error = code == SQLITE_OK ? OK : failed(backup, code, detail);
    sqlite3_close(target);
    return error;
}

void sqlite_sync_folder(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof(copy), "%s", path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
}

static enum err exists(const char *path, struct err_detail *detail)
{
    return err_set(detail, ERR_CONFLICT, "%s exists already; give another name", path);
}

/* Makes the partial file, private, so that two backups do not meet in it. */
static enum err create_partial(struct backup *backup, struct err_detail *detail)
{
    int length = snprintf(backup->partial, sizeof(backup->partial), "%s.partial", backup->path);
    if (length < 0 || (size_t)length >= sizeof(backup->partial)) {
        return err_set(detail, ERR_INVALID, "the path of the backup is too long");
    }
    if (access(backup->path, F_OK) == 0) {
        return exists(backup->path, detail);
    }
    int file = open(backup->partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 && errno == EEXIST) {
        return err_set(detail, ERR_CONFLICT,
                       "%s is there: another backup runs, or one was interrupted; remove it",
                       backup->partial);
    }
    if (file < 0) {
        return err_set(detail, ERR_IO, "cannot create %s: %s", backup->partial, strerror(errno));
    }
    close(file);
    return OK;
}

enum err sqlite_backup(struct store *base, const char *path,
                       void (*progress)(void *context, int64_t done, int64_t total), void *context,
                       struct err_detail *detail)
{
    struct sqlite_store *store = sqlite_of(base);
    struct backup backup = {.store = store, .path = path, .progress = progress, .context = context};
    enum err error = create_partial(&backup, detail);
    if (error != OK) {
        return error;
    }
    bool alone = !base->driver->in_transaction(base);
    error = alone ? sqlite_execute_script(store, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1",
                                          "read the database", detail)
                  : OK;
    if (error == OK) {
        error = write_copy(&backup, detail);
    }
    if (alone) {
        store_rollback(base); /* nothing was written */
    }
    if (error == OK && link(backup.partial, path) != 0) {
        error = errno == EEXIST ? exists(path, detail)
                                : err_set(detail, ERR_IO, "cannot name the backup %s: %s", path,
                                          strerror(errno));
    }
    unlink(backup.partial);
    if (error == OK) {
        sqlite_sync_folder(path);
    }
    return error;
}
