/* A file of SQLite whose appended bytes wait in memory. They go to the file below when anything is
 * asked of it but the next append or reading elsewhere.
 *
 * What could not be written is given up at once, and nothing more is written or read behind it
 * until the transaction is over: written later, it might fall on what another process has put
 * there since. */
#include "store/sqlite_wal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLLECTED_MAX = 120 * 1024 }; /* SQLite writes less than 128 KB at once */

struct sqlite_wal {
    sqlite3_vfs vfs; /* a copy of the one below, but for opening */
    sqlite3_vfs *below;
    char name[32];
    int failure; /* why bytes of the present transaction are lost; SQLITE_OK: none are */
};

struct file {
    sqlite3_file base;   /* first */
    sqlite3_file *below; /* its bytes follow this struct */
    struct sqlite_wal *wal;
    char *collected;
    sqlite3_int64 start; /* where the first of them belongs */
    int length;
};

static struct file *file_of(sqlite3_file *base)
{
    return (struct file *)base;
}

static int flush(struct file *file)
{
    if (file->wal->failure == SQLITE_OK && file->length > 0) {
        file->wal->failure =
            file->below->pMethods->xWrite(file->below, file->collected, file->length, file->start);
        file->length = 0;
    }
    return file->wal->failure;
}

static int do_write(sqlite3_file *base, const void *bytes, int count, sqlite3_int64 offset)
{
    struct file *file = file_of(base);
    bool follows = file->length > 0 && offset == file->start + file->length &&
                   count <= COLLECTED_MAX - file->length;
    if (!follows) {
        int code = flush(file);
        if (code != SQLITE_OK) {
            return code;
        }
        if (count > COLLECTED_MAX) {
            return file->below->pMethods->xWrite(file->below, bytes, count, offset);
        }
        file->start = offset;
    }
    memcpy(file->collected + file->length, bytes, (size_t)count);
    file->length += count;
    return SQLITE_OK;
}

static int do_read(sqlite3_file *base, void *bytes, int count, sqlite3_int64 offset)
{
    struct file *file = file_of(base);
    bool collected = offset + count > file->start && file->length > 0;
    bool lost = offset + count > file->start && file->wal->failure != SQLITE_OK;
    int code = collected || lost ? flush(file) : SQLITE_OK;
    return code != SQLITE_OK ? code
                             : file->below->pMethods->xRead(file->below, bytes, count, offset);
}

static int do_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct file *file = file_of(base);
    int code = flush(file);
    return code != SQLITE_OK ? code : file->below->pMethods->xTruncate(file->below, size);
}

static int do_sync(sqlite3_file *base, int flags)
{
    struct file *file = file_of(base);
    int code = flush(file);
    return code != SQLITE_OK ? code : file->below->pMethods->xSync(file->below, flags);
}

static int do_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    struct file *file = file_of(base);
    int code = flush(file);
    return code != SQLITE_OK ? code : file->below->pMethods->xFileSize(file->below, ret_size);
}

static int do_close(sqlite3_file *base)
{
    struct file *file = file_of(base);
    int flushed = flush(file);
    int closed = file->below->pMethods->xClose(file->below);
    free(file->collected);
    file->collected = NULL;
    return flushed != SQLITE_OK ? flushed : closed;
}

static int do_lock(sqlite3_file *base, int level)
{
    struct file *file = file_of(base);
    return file->below->pMethods->xLock(file->below, level);
}

static int do_unlock(sqlite3_file *base, int level)
{
    struct file *file = file_of(base);
    return file->below->pMethods->xUnlock(file->below, level);
}

static int do_check_lock(sqlite3_file *base, int *ret_locked)
{
    struct file *file = file_of(base);
    return file->below->pMethods->xCheckReservedLock(file->below, ret_locked);
}

static int do_control(sqlite3_file *base, int operation, void *argument)
{
    struct file *file = file_of(base);
    return file->below->pMethods->xFileControl(file->below, operation, argument);
}

static int do_sector_size(sqlite3_file *base)
{
    struct file *file = file_of(base);
    return file->below->pMethods->xSectorSize(file->below);
}

static int do_characteristics(sqlite3_file *base)
{
    struct file *file = file_of(base);
    return file->below->pMethods->xDeviceCharacteristics(file->below);
}

/* Shared memory and mapping are asked of the database's own file only. */
static const sqlite3_io_methods METHODS = {
    .iVersion = 1,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_check_lock,
    .xFileControl = do_control,
    .xSectorSize = do_sector_size,
    .xDeviceCharacteristics = do_characteristics,
};

/* Other files than the log are opened below, as if this were not here. */
static int do_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *ret)
{
    struct sqlite_wal *wal = (struct sqlite_wal *)vfs;
    if ((flags & SQLITE_OPEN_WAL) == 0) {
        return wal->below->xOpen(wal->below, path, base, flags, ret);
    }
    struct file *file = file_of(base);
    *file = (struct file){.below = (sqlite3_file *)(file + 1), .wal = wal};
    file->collected = malloc(COLLECTED_MAX);
    if (file->collected == NULL) {
        return SQLITE_NOMEM;
    }
    int code = wal->below->xOpen(wal->below, path, file->below, flags, ret);
    if (code != SQLITE_OK) {
        free(file->collected);
        return code;
    }
    file->base.pMethods = &METHODS;
    return SQLITE_OK;
}

struct sqlite_wal *sqlite_wal_new(void)
{
    sqlite3_vfs *below = sqlite3_vfs_find(NULL);
    struct sqlite_wal *wal = below != NULL ? calloc(1, sizeof(*wal)) : NULL;
    if (wal == NULL) {
        return NULL;
    }
    snprintf(wal->name, sizeof(wal->name), "wal-%p", (void *)wal);
    wal->below = below;
    wal->vfs = *below;
    wal->vfs.pNext = NULL;
    wal->vfs.zName = wal->name;
    wal->vfs.szOsFile += (int)sizeof(struct file);
    wal->vfs.xOpen = do_open;
    if (sqlite3_vfs_register(&wal->vfs, 0) != SQLITE_OK) {
        free(wal);
        return NULL;
    }
    return wal;
}

const char *sqlite_wal_name(const struct sqlite_wal *wal)
{
    return wal->name;
}

void sqlite_wal_forget(struct sqlite_wal *wal)
{
    if (wal != NULL) {
        wal->failure = SQLITE_OK;
    }
}

void sqlite_wal_free(struct sqlite_wal *wal)
{
    if (wal != NULL) {
        sqlite3_vfs_unregister(&wal->vfs);
        free(wal);
    }
}
