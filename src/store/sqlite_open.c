/* Opening a file, transactions, and what SQLite's result codes mean here.
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
#include "store/sqlite_wal.h"

enum { BUSY_MS = 250 }; /* the engine tries again by itself */

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

static bool is_out_of_space(const struct sqlite_store *store, int code, int cause)
{
    if ((code & 0xff) == SQLITE_FULL) {
        return true;
    }
    /* SQLite notes the system's error in most paths, but not when a commit fails. */
    int noted = sqlite3_system_errno(store->db);
    return (code & 0xff) == SQLITE_IOERR && (means_no_space(noted) || means_no_space(cause));
}

enum err sqlite_map(const struct sqlite_store *store, int code, const char *what,
                    struct err_detail *detail)
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

int sqlite_step(sqlite3_stmt *statement)
{
    errno = 0;
    return sqlite3_step(statement);
}

enum err sqlite_prepare(struct sqlite_store *store, const char *sql, sqlite3_stmt **ret_statement,
                        struct err_detail *detail)
{
    int code =
        sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_statement, NULL);
    if (code == SQLITE_ERROR) {
        return err_set(detail, ERR_SCHEMA,
                       "the database does not fit this program: %s; run nudge migrate",
                       sqlite3_errmsg(store->db));
    }
    return sqlite_map(store, code, "prepare a statement", detail);
}

enum err sqlite_execute_script(struct sqlite_store *store, const char *sql, const char *what,
                               struct err_detail *detail)
{
    errno = 0;
    return sqlite_map(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL), what, detail);
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

static enum err open_file(struct sqlite_store *store, const char *path, struct err_detail *detail)
{
    bool in_memory = strcmp(path, ":memory:") == 0;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (store->base.mode == STORE_WRITER) {
        flags |= SQLITE_OPEN_READWRITE | (in_memory ? SQLITE_OPEN_CREATE : 0);
        if (!in_memory) {
            create_private(path);
            store->wal = sqlite_wal_new();
        }
    } else {
        flags |= SQLITE_OPEN_READONLY;
    }
    const char *files = store->wal != NULL ? sqlite_wal_name(store->wal) : NULL;
    int code = sqlite3_open_v2(path, &store->db, flags, files);
    if (code != SQLITE_OK && access(path, F_OK) != 0) {
        if (store->base.mode == STORE_WRITER) {
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
    sqlite3_busy_timeout(store->db, BUSY_MS);
    enum err error = sqlite_execute_script(store, PRAGMAS_BOTH, "set up the connection", detail);
    if (error == OK) {
        error = sqlite_execute_script(
            store, store->base.mode == STORE_WRITER ? PRAGMAS_WRITER : PRAGMAS_READER,
            "set up the connection", detail);
    }
    return error;
}

static void describe(struct sqlite_store *store)
{
    char journal[16] = "";
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, "PRAGMA journal_mode", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        str_copy(journal, sizeof(journal), str_of((const char *)sqlite3_column_text(statement, 0)));
    }
    sqlite3_finalize(statement);
    snprintf(store->base.description, sizeof(store->base.description), "sqlite %s %s %s",
             sqlite3_libversion(), journal,
             store->base.mode == STORE_WRITER ? "synchronous=full" : "read-only");
}

static void close_file(struct store *base)
{
    struct sqlite_store *store = sqlite_of(base);
    for (int i = 0; i < store->block_count && store->statements != NULL; i++) {
        sqlite3_finalize(store->statements[i]);
    }
    sqlite3_finalize(store->begin);
    sqlite3_finalize(store->commit);
    sqlite3_finalize(store->rollback);
    sqlite3_finalize(store->data_version);
    sqlite_serve_release(base);
    int code = sqlite3_close(store->db);
    ASSERT(code == SQLITE_OK);
    sqlite_wal_free(store->wal);
    store_release(base);
    free(store->statements);
    free(store);
}

static enum err run_once(struct sqlite_store *store, sqlite3_stmt *statement, const char *what,
                         struct err_detail *detail)
{
    enum err error = sqlite_map(store, sqlite_step(statement), what, detail);
    sqlite3_reset(statement);
    return error;
}

static enum err begin(struct store *base, struct err_detail *detail)
{
    struct sqlite_store *store = sqlite_of(base);
    sqlite_wal_forget(store->wal);
    enum err error = run_once(store, store->begin, "begin a transaction", detail);
    store->begun = error == OK;
    return error;
}

static enum err begin_reading(struct store *base, struct err_detail *detail)
{
    return sqlite_execute_script(sqlite_of(base), "BEGIN", "read the database", detail);
}

static enum err commit(struct store *base, struct err_detail *detail)
{
    struct sqlite_store *store = sqlite_of(base);
    enum err error = run_once(store, store->commit, "commit", detail);
    store->begun = store->begun && error != OK;
    return error;
}

static bool in_transaction(const struct store *base)
{
    return sqlite3_get_autocommit(((const struct sqlite_store *)base)->db) == 0;
}

static void rollback(struct store *base)
{
    /* Some failures have rolled back already. A rollback itself cannot fail in a way that matters:
     * nothing of the transaction is in the file before its commit. */
    struct sqlite_store *store = sqlite_of(base);
    store->begun = false;
    if (in_transaction(base)) {
        sqlite3_step(store->rollback);
        sqlite3_reset(store->rollback);
    }
    sqlite_wal_forget(store->wal);
}

static enum err change_mark(struct store *base, int64_t *ret_mark, struct err_detail *detail)
{
    struct sqlite_store *store = sqlite_of(base);
    int code = sqlite3_step(store->data_version);
    enum err error = sqlite_map(store, code, "read the change mark", detail);
    if (error == OK) {
        *ret_mark = sqlite3_column_int64(store->data_version, 0);
    }
    sqlite3_reset(store->data_version);
    return error;
}

static enum err execute(struct store *base, const char *sql, const char *what,
                        struct err_detail *detail)
{
    return sqlite_execute_script(sqlite_of(base), sql, what, detail);
}

/* One number of a statement without arguments. */
static enum err number_of(struct sqlite_store *store, const char *sql, int64_t *ret_number,
                          struct err_detail *detail)
{
    sqlite3_stmt *statement = NULL;
    enum err error = sqlite_prepare(store, sql, &statement, detail);
    if (error == OK) {
        error = sqlite_map(store, sqlite_step(statement), "look at the schema", detail);
        *ret_number = error == OK ? sqlite3_column_int64(statement, 0) : 0;
    }
    sqlite3_finalize(statement);
    return error;
}

static enum err look(struct store *base, struct schema_look *ret_look, struct err_detail *detail)
{
    struct sqlite_store *store = sqlite_of(base);
    int64_t tables = 0;
    int64_t records = 0;
    enum err error = number_of(store, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
                               &tables, detail);
    if (error == OK) {
        error =
            number_of(store, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'",
                      &records, detail);
    }
    *ret_look = (struct schema_look){tables > 0, records > 0};
    return error;
}

/* The file's own lock is enough, and its rights were asked when it was opened. */
static enum err nothing_to_do(struct store *base, struct err_detail *detail)
{
    (void)base;
    (void)detail;
    return OK;
}

static void divide(struct store *base)
{
    (void)base; /* nothing is collected */
}

static void be_patient(struct store *base, bool patient)
{
    enum { BUSY_INBOX_MS = 8000 };
    sqlite3_busy_timeout(sqlite_of(base)->db, patient ? BUSY_INBOX_MS : BUSY_MS);
}

static const struct driver driver_file = {
    .dialect = DIALECT_SQLITE,
    .migrations = nudge_migrations_sqlite,
    .migration_count = &nudge_migrations_sqlite_count,
    .record_table = "CREATE TABLE IF NOT EXISTS schema_migrations ("
                    " name TEXT PRIMARY KEY,"
                    " checksum TEXT NOT NULL,"
                    " applied_at_ms INTEGER NOT NULL"
                    ") STRICT, WITHOUT ROWID",
    .is_private = true,
    .close = close_file,
    .begin = begin,
    .begin_reading = begin_reading,
    .commit = commit,
    .rollback = rollback,
    .in_transaction = in_transaction,
    .change_mark = change_mark,
    .statement = sqlite_statement,
    .try_block = sqlite_try_block,
    .divide = divide,
    .bind_int = sqlite_bind_int,
    .bind_real = sqlite_bind_real,
    .bind_text = sqlite_bind_text,
    .bind_blob = sqlite_bind_blob,
    .bind_null = sqlite_bind_null,
    .run = sqlite_run,
    .next = sqlite_next,
    .done = sqlite_done,
    .column_count = sqlite_column_count,
    .column_name = sqlite_column_name,
    .column_type = sqlite_column_type,
    .column_int = sqlite_column_int,
    .column_real = sqlite_column_real,
    .column_text = sqlite_column_text,
    .ask = sqlite_ask,
    .execute = execute,
    .look = look,
    .lock_schema = nothing_to_do,
    .check_rights = nothing_to_do,
    .serve_lock = sqlite_serve_lock,
    .serve_release = sqlite_serve_release,
    .be_patient = be_patient,
    .backup = sqlite_backup,
};

enum err sqlite_open(const char *path, enum store_mode mode, struct store **ret_store,
                     struct err_detail *detail)
{
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    pthread_once(&configured, configure_sqlite);
    struct sqlite_store *store = calloc(1, sizeof(*store));
    ASSERT(store != NULL);
    store_init(&store->base, &driver_file, mode);
    store->serve_file = -1;
    blocks_all(&store->block_count);
    store->statements = calloc((size_t)store->block_count + 1, sizeof(*store->statements));
    ASSERT(store->statements != NULL);
    enum err error = open_file(store, path, detail);
    const char *begin_text = mode == STORE_WRITER ? "BEGIN IMMEDIATE" : "BEGIN";
    if (error == OK) {
        error = sqlite_prepare(store, begin_text, &store->begin, detail);
    }
    if (error == OK) {
        error = sqlite_prepare(store, "COMMIT", &store->commit, detail);
    }
    if (error == OK) {
        error = sqlite_prepare(store, "ROLLBACK", &store->rollback, detail);
    }
    if (error == OK) {
        error = sqlite_prepare(store, "PRAGMA data_version", &store->data_version, detail);
    }
    if (error != OK) {
        close_file(&store->base);
        return error;
    }
    describe(store);
    *ret_store = &store->base;
    return OK;
}
