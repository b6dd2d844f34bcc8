/* Opening a file, preparing statements, transactions, and what SQLite's result codes mean here.
 *
 * Write-ahead log, so that readers and the writer do not wait for each other; synchronous=FULL, so
 * that a commit survives the loss of power. The cache grows with use up to its limit. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "store/blocks.h"

static const char PRAGMAS_WRITER[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    /* A checkpoint each 64 MB: a page that changes often is copied back once. */
    "PRAGMA wal_autocheckpoint = 16000;"
    "PRAGMA cache_size = -65536;" /* at most 64 MB, as it is used */
    "PRAGMA temp_store = MEMORY;";
/* Readers go once over much: the system's cache serves that, and large sorts go to files. */
static const char PRAGMAS_READER[] = "PRAGMA cache_size = -16384;";
static const char PRAGMAS_BOTH[] =
    "PRAGMA foreign_keys = OFF;"  /* rows refer by user and id; doctor checks them all at once */
    "PRAGMA secure_delete = ON;"; /* who is erased is gone from the file, too */

static void configure_sqlite(void)
{
    /* Nobody asks for SQLite's memory statistics, and keeping them takes a lock for each piece. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* A quota or a limit of the file's size means the same to an operator as a full disk. */
static bool means_no_space(int cause)
{
    return cause == EFBIG || cause == EDQUOT || cause == ENOSPC;
}

static bool is_out_of_space(const struct store *store, int code, int cause)
{
    if ((code & 0xff) == SQLITE_FULL) {
        return true;
    }
    /* SQLite notes the system's error in most paths, but not when a commit fails. */
    int noted = sqlite3_system_errno(store->db);
    return (code & 0xff) == SQLITE_IOERR && (means_no_space(noted) || means_no_space(cause));
}

enum err store_map(const struct store *store, int code, const char *what, struct err_detail *detail)
{
    int cause = errno;
    int primary = code & 0xff;
    if (primary == SQLITE_OK || primary == SQLITE_ROW || primary == SQLITE_DONE) {
        return OK;
    }
    ASSERT(primary != SQLITE_MISUSE && primary != SQLITE_RANGE);
    if (primary == SQLITE_NOMEM) {
        return err_set(detail, ERR_STORE, "cannot %s: out of memory", what);
    }
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) {
        return err_set(detail, ERR_BUSY,
                       "cannot %s now: another process is writing to the database; try again",
                       what);
    }
    if (is_out_of_space(store, code, cause)) {
        return err_set(detail, ERR_FULL,
                       "cannot %s: no space left for the database; make room, nothing was lost",
                       what);
    }
    if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) {
        return err_set(detail, ERR_STORE,
                       "cannot %s: the database file is damaged (%s); restore a backup", what,
                       sqlite3_errmsg(store->db));
    }
    if (primary == SQLITE_READONLY || primary == SQLITE_PERM || primary == SQLITE_CANTOPEN) {
        return err_set(detail, ERR_STORE,
                       "cannot %s: %s; check the rights of the file and its folder", what,
                       sqlite3_errmsg(store->db));
    }
    return err_set(detail, ERR_STORE, "cannot %s: %s", what, sqlite3_errmsg(store->db));
}

int store_step(sqlite3_stmt *statement)
{
    errno = 0;
    return sqlite3_step(statement);
}

enum err store_prepare(struct store *store, const char *sql, sqlite3_stmt **ret_statement,
                       struct err_detail *detail)
{
    int code =
        sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_statement, NULL);
    if (code == SQLITE_ERROR) {
        return err_set(detail, ERR_SCHEMA,
                       "the database does not fit this program: %s; run nudge migrate",
                       sqlite3_errmsg(store->db));
    }
    return store_map(store, code, "prepare a statement", detail);
}

enum err block_statement(struct store *store, int block, sqlite3_stmt **ret_statement,
                         struct err_detail *detail)
{
    if (store->statements[block] == NULL) {
        int count;
        const struct block *blocks = blocks_all(&count);
        enum err error = store_prepare(store, blocks[block].sql, &store->statements[block], detail);
        if (error != OK) {
            return err_wrap(detail, error, "%s", blocks[block].name);
        }
    }
    *ret_statement = store->statements[block];
    return OK;
}

enum err store_execute(struct store *store, const char *sql, const char *what,
                       struct err_detail *detail)
{
    errno = 0;
    return store_map(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL), what, detail);
}

/* The file holds what people wrote: only its owner may read it. SQLite gives the files beside it
 * the same rights. */
static void create_private(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) {
        close(file);
    }
}

static enum err path_of(const char *url, const char **ret_path, struct err_detail *detail)
{
    static const char scheme[] = "sqlite:";
    if (strncmp(url, "postgres:", 9) == 0 || strncmp(url, "postgresql:", 11) == 0) {
        return err_set(detail, ERR_CONFIG,
                       "this program keeps its data in SQLite; set DATABASE_URL=sqlite:PATH");
    }
    if (strncmp(url, scheme, strlen(scheme)) != 0 || url[strlen(scheme)] == '\0') {
        return err_set(detail, ERR_CONFIG,
                       "DATABASE_URL names no database; expected sqlite:PATH, as in "
                       "DATABASE_URL=sqlite:nudge.db");
    }
    *ret_path = url + strlen(scheme);
    return OK;
}

static enum err open_file(struct store *store, const char *path, struct err_detail *detail)
{
    bool in_memory = strcmp(path, ":memory:") == 0;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (store->mode == STORE_WRITER) {
        flags |= SQLITE_OPEN_READWRITE | (in_memory ? SQLITE_OPEN_CREATE : 0);
        if (!in_memory) {
            create_private(path);
        }
    } else {
        flags |= SQLITE_OPEN_READONLY;
    }
    int code = sqlite3_open_v2(path, &store->db, flags, NULL);
    if (code != SQLITE_OK && access(path, F_OK) != 0) {
        if (store->mode == STORE_WRITER) {
            return err_set(detail, ERR_IO,
                           "cannot create the database %s: does its folder exist, and may this "
                           "user write there?",
                           path);
        }
        return err_set(detail, ERR_NOT_FOUND,
                       "there is no database at %s; create it with nudge migrate", path);
    }
    if (code != SQLITE_OK) {
        return err_set(detail, ERR_STORE, "cannot open %s: %s", path, sqlite3_errstr(code));
    }
    sqlite3_busy_timeout(store->db, STORE_BUSY_MS);
    enum err error = store_execute(store, PRAGMAS_BOTH, "set up the connection", detail);
    if (error == OK) {
        error = store_execute(store, store->mode == STORE_WRITER ? PRAGMAS_WRITER : PRAGMAS_READER,
                              "set up the connection", detail);
    }
    return error;
}

static void find_blocks(struct store *store)
{
    static const char *const names[] = {
#define STATEMENT_NAME(constant, block) [STATEMENT_##constant] = (block),
        STATEMENT_LIST(STATEMENT_NAME)
#undef STATEMENT_NAME
    };
    blocks_all(&store->block_count);
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        store->block_of[i] = blocks_find(names[i]);
        ASSERT(store->block_of[i] >= 0);
    }
}

static void describe(struct store *store)
{
    char journal[16] = "";
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, "PRAGMA journal_mode", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        str_copy(journal, sizeof(journal), str_of((const char *)sqlite3_column_text(statement, 0)));
    }
    sqlite3_finalize(statement);
    snprintf(store->description, sizeof(store->description), "sqlite %s %s %s",
             sqlite3_libversion(), journal,
             store->mode == STORE_WRITER ? "synchronous=full" : "read-only");
}

enum err store_open(const char *url, enum store_mode mode, struct store **ret_store,
                    struct err_detail *detail)
{
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    const char *path = "";
    enum err error = path_of(url, &path, detail);
    if (error != OK) {
        return error;
    }
    pthread_once(&configured, configure_sqlite);
    struct store *store = calloc(1, sizeof(*store));
    ASSERT(store != NULL);
    store->serve_file = -1;
    store->mode = mode;
    store->arena = arena_new(16 * 1024);
    store->counts = counts_new();
    find_blocks(store);
    store->statements = calloc((size_t)store->block_count + 1, sizeof(*store->statements));
    ASSERT(store->statements != NULL);
    error = open_file(store, path, detail);
    const char *begin = mode == STORE_WRITER ? "BEGIN IMMEDIATE" : "BEGIN";
    if (error == OK) {
        error = store_prepare(store, begin, &store->begin, detail);
    }
    if (error == OK) {
        error = store_prepare(store, "COMMIT", &store->commit, detail);
    }
    if (error == OK) {
        error = store_prepare(store, "ROLLBACK", &store->rollback, detail);
    }
    if (error == OK) {
        error = store_prepare(store, "PRAGMA data_version", &store->data_version, detail);
    }
    if (error != OK) {
        store_close(store);
        return error;
    }
    describe(store);
    *ret_store = store;
    return OK;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    for (int i = 0; i < store->block_count && store->statements != NULL; i++) {
        sqlite3_finalize(store->statements[i]);
    }
    sqlite3_finalize(store->begin);
    sqlite3_finalize(store->commit);
    sqlite3_finalize(store->rollback);
    sqlite3_finalize(store->data_version);
    sqlite_serve_release(store);
    int code = sqlite3_close(store->db);
    ASSERT(code == SQLITE_OK);
    counts_free(store->counts);
    arena_free(store->arena);
    free(store->statements);
    free(store);
}

const char *store_description(const struct store *store)
{
    return store->description;
}

static enum err run_once(struct store *store, sqlite3_stmt *statement, const char *what,
                         struct err_detail *detail)
{
    enum err error = store_map(store, store_step(statement), what, detail);
    sqlite3_reset(statement);
    return error;
}

enum err store_begin(struct store *store, struct err_detail *detail)
{
    return run_once(store, store->begin, "begin a transaction", detail);
}

enum err store_commit(struct store *store, struct err_detail *detail)
{
    enum err error = counts_write(store, detail);
    if (error == OK) {
        error = run_once(store, store->commit, "commit", detail);
    }
    if (error != OK) {
        store_rollback(store);
    }
    return error;
}

void store_rollback(struct store *store)
{
    /* Some failures have rolled back already. A rollback itself cannot fail in a way that matters:
     * nothing of the transaction is in the file before its commit. */
    counts_forget(store->counts);
    if (!sqlite3_get_autocommit(store->db)) {
        sqlite3_step(store->rollback);
        sqlite3_reset(store->rollback);
    }
}

enum err store_change_mark(struct store *store, int64_t *ret_mark, struct err_detail *detail)
{
    int code = sqlite3_step(store->data_version);
    enum err error = store_map(store, code, "read the change mark", detail);
    if (error == OK) {
        *ret_mark = sqlite3_column_int64(store->data_version, 0);
    }
    sqlite3_reset(store->data_version);
    return error;
}
