/* What the files of the SQLite driver share. Statements are prepared at first use and kept; one
 * must be reset before its function returns (run and done do), or it would hold a read lock. */
#pragma once

#include <sqlite3.h>

#include "store/driver.h"

struct sqlite_store {
    struct store base; /* first */
    sqlite3 *db;
    struct sqlite_wal *wal;    /* of a writer: where its file system collects; NULL else */
    sqlite3_stmt **statements; /* by block, NULL until first used */
    int block_count;
    sqlite3_stmt *begin, *commit, *rollback, *data_version;
    bool begun;     /* a transaction, neither committed nor rolled back by us */
    int serve_file; /* locked while this process holds the lease; -1 else (sqlite_lease.c) */
};

static inline struct sqlite_store *sqlite_of(struct store *store)
{
    return (struct sqlite_store *)store;
}

/* ---- sqlite_open.c --------------------------------------------------------------------------- */

/* sqlite3_step that starts without an old error of the system, for sqlite_map. */
int sqlite_step(sqlite3_stmt *statement);
/* Translates the result code of the call just made (SQLITE_OK, _ROW and _DONE give OK) and says
 * what could not be done. */
enum err sqlite_map(const struct sqlite_store *store, int code, const char *what,
                    struct err_detail *detail);
MUST_CHECK enum err sqlite_prepare(struct sqlite_store *store, const char *sql,
                                   sqlite3_stmt **ret_statement, struct err_detail *detail);
/* Runs statements whose text is constant, without rows. */
MUST_CHECK enum err sqlite_execute_script(struct sqlite_store *store, const char *sql,
                                          const char *what, struct err_detail *detail);

/* ---- sqlite_statement.c: the driver's calls on one statement --------------------------------- */

enum err sqlite_statement(struct store *store, int block, void **ret_statement,
                          struct err_detail *detail);
enum err sqlite_try_block(struct store *store, int block, struct err_detail *detail);
void sqlite_bind_int(void *statement, int at, int64_t value);
void sqlite_bind_real(void *statement, int at, double value);
void sqlite_bind_text(void *statement, int at, struct str text);
void sqlite_bind_blob(void *statement, int at, struct str bytes);
void sqlite_bind_null(void *statement, int at);
enum err sqlite_run(struct store *store, void *statement, int *ret_changed, const char *what,
                    struct err_detail *detail);
enum err sqlite_next(struct store *store, void *statement, bool *ret_row, const char *what,
                     struct err_detail *detail);
void sqlite_done(void *statement);
int sqlite_column_count(void *statement);
const char *sqlite_column_name(void *statement, int column);
enum cell_type sqlite_column_type(void *statement, int column);
int64_t sqlite_column_int(void *statement, int column);
double sqlite_column_real(void *statement, int column);
struct str sqlite_column_text(void *statement, int column);
enum err sqlite_ask(struct store *store, struct arena *arena, const char *sql,
                    const struct arg *args, int arg_count, struct rows *ret_rows,
                    struct err_detail *detail);

/* ---- sqlite_lease.c, sqlite_backup.c --------------------------------------------------------- */

enum lock sqlite_serve_lock(struct store *store, bool patient);
/* Lets go of the lock that tells others that this process lives. */
void sqlite_serve_release(struct store *store);
/* Names in the folder of a file are on disk afterwards. */
void sqlite_sync_folder(const char *path);
MUST_CHECK enum err sqlite_backup(struct store *store, const char *path,
                                  void (*progress)(void *context, int64_t done, int64_t total),
                                  void *context, struct err_detail *detail);
