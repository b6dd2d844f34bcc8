/* The collecting file of the write-ahead log, over a file system that counts and fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/sqlite_wal.h"

/* ---- a file system in memory that counts and fails ---- */

enum { FILE_BYTES = 512 * 1024 };

struct memory {
    sqlite3_vfs vfs;
    sqlite3_vfs *before;
    char bytes[FILE_BYTES];
    int size;
    int writes, syncs;
    int failing; /* that many writes fail */
};

struct handle {
    sqlite3_file base;
    struct memory *memory;
};

static struct memory *memory_of(sqlite3_file *file)
{
    return ((struct handle *)file)->memory;
}

static int memory_close(sqlite3_file *file)
{
    (void)file;
    return SQLITE_OK;
}

static int memory_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset)
{
    memcpy(bytes, memory_of(file)->bytes + offset, (size_t)count);
    return SQLITE_OK;
}

static int memory_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    struct memory *memory = memory_of(file);
    if (memory->failing > 0) {
        memory->failing--;
        return SQLITE_FULL;
    }
    assert_true(count < 128 * 1024); /* more than that SQLite's own file system cannot */
    assert_true(offset + count <= FILE_BYTES);
    assert_true(offset <= memory->size); /* never a gap */
    memcpy(memory->bytes + offset, bytes, (size_t)count);
    int end = (int)offset + count;
    memory->size = end > memory->size ? end : memory->size;
    memory->writes++;
    return SQLITE_OK;
}

static int memory_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    memory_of(file)->size = (int)size;
    return SQLITE_OK;
}

static int memory_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    memory_of(file)->syncs++;
    return SQLITE_OK;
}

static int memory_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    *ret_size = memory_of(file)->size;
    return SQLITE_OK;
}

static const sqlite3_io_methods MEMORY_METHODS = {
    .iVersion = 1,
    .xClose = memory_close,
    .xRead = memory_read,
    .xWrite = memory_write,
    .xTruncate = memory_truncate,
    .xSync = memory_sync,
    .xFileSize = memory_size,
};

static int memory_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *ret)
{
    (void)path, (void)flags, (void)ret;
    *(struct handle *)file = (struct handle){{&MEMORY_METHODS}, (struct memory *)vfs};
    return SQLITE_OK;
}

/* ---- the log on it ---- */

struct log {
    struct memory *memory;
    struct sqlite_wal *wal;
    sqlite3_file *file;
};

static int setup(void **state)
{
    struct log *log = calloc(1, sizeof(*log));
    log->memory = calloc(1, sizeof(*log->memory));
    log->memory->before = sqlite3_vfs_find(NULL);
    log->memory->vfs = *log->memory->before;
    log->memory->vfs.pNext = NULL;
    log->memory->vfs.zName = "memory";
    log->memory->vfs.szOsFile = (int)sizeof(struct handle);
    log->memory->vfs.xOpen = memory_open;
    assert_int_equal(sqlite3_vfs_register(&log->memory->vfs, 1), SQLITE_OK);
    log->wal = sqlite_wal_new();
    sqlite3_vfs_unregister(&log->memory->vfs);
    sqlite3_vfs_register(log->memory->before, 1);
    sqlite3_vfs *vfs = sqlite3_vfs_find(sqlite_wal_name(log->wal));
    assert_non_null(vfs);
    log->file = calloc(1, (size_t)vfs->szOsFile);
    int flags = SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    assert_int_equal(vfs->xOpen(vfs, "x-wal", log->file, flags, &flags), SQLITE_OK);
    *state = log;
    return 0;
}

static int teardown(void **state)
{
    struct log *log = *state;
    log->file->pMethods->xClose(log->file);
    sqlite_wal_free(log->wal);
    free(log->file);
    free(log->memory);
    free(log);
    return 0;
}

static int write_at(struct log *log, char byte, int count, int offset)
{
    static char bytes[200 * 1024];
    memset(bytes, byte, (size_t)count);
    return log->file->pMethods->xWrite(log->file, bytes, count, offset);
}

static int sync_log(struct log *log)
{
    return log->file->pMethods->xSync(log->file, SQLITE_SYNC_NORMAL);
}

static void test_appends_are_one_write(void **state)
{
    struct log *log = *state;
    int offset = 0;
    for (int page = 0; page < 20; page++) {
        assert_int_equal(write_at(log, 'h', 24, offset), SQLITE_OK);
        assert_int_equal(write_at(log, 'p', 4096, offset + 24), SQLITE_OK);
        offset += 4120;
    }
    assert_int_equal(log->memory->writes, 0);
    assert_int_equal(sync_log(log), SQLITE_OK);
    assert_int_equal(log->memory->writes, 1);
    assert_int_equal(log->memory->syncs, 1);
    assert_int_equal(log->memory->size, offset);
    assert_int_equal(log->memory->bytes[23], 'h');
    assert_int_equal(log->memory->bytes[24], 'p');
}

static void test_more_than_fits_goes_on(void **state)
{
    struct log *log = *state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(write_at(log, (char)('a' + i % 26), 4096, i * 4096), SQLITE_OK);
    }
    assert_int_equal(sync_log(log), SQLITE_OK);
    assert_true(log->memory->writes > 1 && log->memory->writes < 6);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(log->memory->bytes[i * 4096], 'a' + i % 26);
    }
}

static void test_reading_sees_what_was_written(void **state)
{
    struct log *log = *state;
    char byte = 0;
    write_at(log, 'x', 4096, 0);
    assert_int_equal(log->file->pMethods->xRead(log->file, &byte, 1, 4000), SQLITE_OK);
    assert_int_equal(byte, 'x');
    sqlite3_int64 size = 0;
    write_at(log, 'y', 10, 4096);
    log->file->pMethods->xFileSize(log->file, &size);
    assert_int_equal(size, 4106);
}

/* A page written twice in one transaction keeps its place, and what follows it stays. */
static void test_writing_in_the_middle(void **state)
{
    struct log *log = *state;
    write_at(log, 'a', 1000, 0);
    write_at(log, 'b', 1000, 1000);
    write_at(log, 'c', 100, 500);
    assert_int_equal(sync_log(log), SQLITE_OK);
    assert_int_equal(log->memory->size, 2000);
    assert_int_equal(log->memory->bytes[499], 'a');
    assert_int_equal(log->memory->bytes[500], 'c');
    assert_int_equal(log->memory->bytes[600], 'a');
    assert_int_equal(log->memory->bytes[1999], 'b');
}

/* The disk is full: the sync says so, and nothing gets behind what is missing. What was lost never
 * comes later: another process may have written there. */
static void test_what_could_not_be_written_is_given_up(void **state)
{
    struct log *log = *state;
    char byte = 0;
    write_at(log, 'a', 500, 0);
    assert_int_equal(sync_log(log), SQLITE_OK);
    write_at(log, 'b', 1000, 500);
    log->memory->failing = 1;
    assert_int_equal(sync_log(log), SQLITE_FULL);
    assert_int_equal(sync_log(log), SQLITE_FULL); /* there is room, but something is missing */
    assert_int_equal(write_at(log, 'c', 1000, 2500), SQLITE_FULL);
    assert_int_equal(log->file->pMethods->xRead(log->file, &byte, 1, 500), SQLITE_FULL);
    assert_int_equal(log->file->pMethods->xRead(log->file, &byte, 1, 499), SQLITE_OK);
    assert_int_equal(byte, 'a');
    assert_int_equal(log->memory->size, 500);
    assert_int_equal(log->memory->syncs, 1);
    sqlite_wal_forget(log->wal); /* rolled back; another process writes */
    memset(log->memory->bytes + 500, 'o', 100);
    log->memory->size = 600;
    assert_int_equal(log->file->pMethods->xRead(log->file, &byte, 1, 500), SQLITE_OK);
    assert_int_equal(byte, 'o');
    assert_int_equal(write_at(log, 'd', 1000, 600), SQLITE_OK);
    assert_int_equal(sync_log(log), SQLITE_OK);
    assert_int_equal(log->memory->bytes[500], 'o');
    assert_int_equal(log->memory->bytes[600], 'd');
    assert_int_equal(log->memory->size, 1600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_appends_are_one_write, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_than_fits_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reading_sees_what_was_written, setup, teardown),
        cmocka_unit_test_setup_teardown(test_writing_in_the_middle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_could_not_be_written_is_given_up, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
