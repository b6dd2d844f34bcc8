/* What the files of the SQLite store share: the connection, its prepared statements, and the two
 * ways to bind and to read a row, column by column in the order of the table.
 *
 * Statements are prepared at first use and kept. A statement must be reset before its function
 * returns (statement_run and statement_done do), or it would hold a read lock. */
#pragma once

#include <sqlite3.h>

#include "core/event.h"
#include "core/person.h"
#include "store/store.h"

/* Statements that C code names: X(constant, block). All others go by store_query. */
#define STATEMENT_LIST(X)                                                                          \
    X(USER_LOAD, "user_load")                                                                      \
    X(USER_INSERT, "user_insert")                                                                  \
    X(USER_UPDATE, "user_update")                                                                  \
    X(COMMITMENTS_LOAD_OPEN, "commitments_load_open")                                              \
    X(COMMITMENTS_LOAD_ENDED, "commitments_load_ended")                                            \
    X(COMMITMENT_LOAD, "commitment_load")                                                          \
    X(COMMITMENT_INSERT, "commitment_insert")                                                      \
    X(COMMITMENT_UPDATE, "commitment_update")                                                      \
    X(COMMITMENT_UPDATE_ENDED, "commitment_update_ended")                                          \
    X(RUNS_LOAD_ACTIVE, "runs_load_active")                                                        \
    X(RUN_LOAD, "run_load")                                                                        \
    X(RUN_INSERT, "run_insert")                                                                    \
    X(RUN_UPDATE, "run_update")                                                                    \
    X(RUN_UPDATE_ENDED, "run_update_ended")                                                        \
    X(DELIVERY_LOAD, "delivery_load")                                                              \
    X(DELIVERIES_LOAD_UNFINISHED, "deliveries_load_unfinished")                                    \
    X(DELIVERY_INSERT, "delivery_insert")                                                          \
    X(DELIVERY_UPDATE, "delivery_update")                                                          \
    X(DELIVERY_UPDATE_OUTCOME, "delivery_update_outcome")                                          \
    X(DELIVERY_COUNT_ADD, "delivery_count_add")                                                    \
    X(DELIVERY_COUNTS_OF_USER, "delivery_counts_of_user")                                          \
    X(DELIVERY_COUNTS_ERASED, "delivery_counts_erased")                                            \
    X(DELIVERY_UNANSWERED, "delivery_unanswered")                                                  \
    X(DELIVERY_ANSWERED, "delivery_answered")                                                      \
    X(DUE_INSERT, "due_insert")                                                                    \
    X(DUE_DELETE, "due_delete")                                                                    \
    X(DUE_LOAD, "due_load")                                                                        \
    X(DUE_NEXT, "due_next")                                                                        \
    X(SEEN_INSERT, "seen_insert")                                                                  \
    X(SEEN_PRUNE, "seen_prune")                                                                    \
    X(IDENTITY_FIND, "identity_find")                                                              \
    X(IDENTITY_INSERT, "identity_insert")                                                          \
    X(IDENTITY_DELETE, "identity_delete")                                                          \
    X(ALIAS_FIND, "alias_find")                                                                    \
    X(EVENT_INSERT, "event_insert")                                                                \
    X(EVENT_WALK, "event_walk")                                                                    \
    X(FEEDBACK_INSERT, "feedback_insert")                                                          \
    X(OPERATOR_MESSAGE_INSERT, "operator_message_insert")                                          \
    X(LEASE_LOAD, "lease_load")                                                                    \
    X(LEASE_TAKE, "lease_take")                                                                    \
    X(LEASE_GIVE, "lease_give")                                                                    \
    X(INBOX_INSERT, "inbox_insert")                                                                \
    X(INBOX_UNANSWERED, "inbox_unanswered")                                                        \
    X(INBOX_ANSWER, "inbox_answer")                                                                \
    X(INBOX_RESULT, "inbox_result")                                                                \
    X(SETTING_LOAD, "setting_load")                                                                \
    X(SETTING_SAVE, "setting_save")                                                                \
    X(AUDIT_INSERT, "audit_insert")                                                                \
    X(DEFINITION_INSERT, "definition_insert")                                                      \
    X(DEFINITION_LOAD, "definition_load")                                                          \
    X(PAUSE_SAVE, "pause_save")

enum statement {
#define STATEMENT_ENUM(constant, block) STATEMENT_##constant,
    STATEMENT_LIST(STATEMENT_ENUM)
#undef STATEMENT_ENUM
        STATEMENT_COUNT
};

enum {
    STORE_BUSY_MS = 250,       /* the engine tries again by itself */
    STORE_BUSY_INBOX_MS = 8000 /* a command beside a busy engine waits for its turn */
};

struct store_counts;

struct store {
    sqlite3 *db;
    enum store_mode mode;
    sqlite3_stmt **statements; /* by block, NULL until first used */
    int block_count;
    int block_of[STATEMENT_COUNT];
    sqlite3_stmt *begin, *commit, *rollback, *data_version;
    struct store_counts *counts; /* not written yet (sqlite_counts.c) */
    struct arena *arena;         /* of one call; reset by whoever begins to use it */
    char description[96];
    int serve_file; /* locked while this process holds the lease; -1 else (sqlite_lease.c) */
};

/* ---- sqlite_open.c --------------------------------------------------------------------------- */

/* sqlite3_step that starts without an old error of the system, for store_map. */
int store_step(sqlite3_stmt *statement);
/* Translates the result code of the call just made (SQLITE_OK, _ROW and _DONE give OK) and says
 * what could not be done. */
enum err store_map(const struct store *store, int code, const char *what,
                   struct err_detail *detail);
MUST_CHECK enum err store_prepare(struct store *store, const char *sql,
                                  sqlite3_stmt **ret_statement, struct err_detail *detail);
/* Runs statements whose text is constant, without rows. */
MUST_CHECK enum err store_execute(struct store *store, const char *sql, const char *what,
                                  struct err_detail *detail);
/* Statement of a block by its index; prepared when it is not yet. */
MUST_CHECK enum err block_statement(struct store *store, int block, sqlite3_stmt **ret_statement,
                                    struct err_detail *detail);

/* ---- sqlite_row.c: binding and reading ------------------------------------------------------- */

/* Binds ?1, ?2, … one after the other. */
struct binder {
    sqlite3_stmt *statement;
    int at;
};
MUST_CHECK enum err bind_begin(struct store *store, enum statement which, struct binder *ret_binder,
                               struct err_detail *detail);
void bind_int(struct binder *binder, int64_t value);
void bind_real(struct binder *binder, double value);
/* The text must live until the statement was run. */
void bind_text(struct binder *binder, struct str text);
/* Runs a statement without rows to its end; *ret_changed (may be NULL) rows were changed. */
MUST_CHECK enum err statement_run(struct store *store, struct binder *binder, int *ret_changed,
                                  const char *what, struct err_detail *detail);
/* Steps to the next row; *ret_row is false at the end. Then, and on errors, the statement is reset.
 */
MUST_CHECK enum err statement_next(struct store *store, struct binder *binder, bool *ret_row,
                                   const char *what, struct err_detail *detail);
/* Ends reading before the end. */
void statement_done(struct binder *binder);

/* Reads columns 0, 1, … of the present row one after the other; texts are copied into the arena. */
struct reader {
    sqlite3_stmt *statement;
    struct arena *arena;
    int at;
    bool bad; /* a value was outside of what its column may hold */
};
struct reader read_begin(const struct binder *binder, struct arena *arena);
int64_t read_int64(struct reader *reader);
int read_int(struct reader *reader);
bool read_bool(struct reader *reader);
/* A number below `count`; else 0, and the reader is bad. */
int read_enum(struct reader *reader, int count);
double read_real(struct reader *reader);
struct str read_text(struct reader *reader);
/* A view of the column itself, valid until the next step. */
struct str read_view(struct reader *reader);
void read_chars(struct reader *reader, char *buffer, size_t size);

/* ---- sqlite_people_read.c: whole rows into zeroed structures --------------------------------- */

/* ERR_SCHEMA when the table has other columns, ERR_INVALID when a value is none of its column's. */
MUST_CHECK enum err load_user_row(struct reader *reader, struct user *user,
                                  struct err_detail *detail);
MUST_CHECK enum err load_commitment_row(struct reader *reader, struct commitment *commitment,
                                        struct err_detail *detail);
MUST_CHECK enum err load_run_row(struct reader *reader, struct run *run, struct err_detail *detail);
MUST_CHECK enum err load_delivery_row(struct reader *reader, struct delivery *delivery,
                                      struct err_detail *detail);

/* ---- sqlite_compact.c: the two JSON columns of the hot path ---------------------------------- */

/* [{"text":…,"token":…,"url":…}, …], "" for none. */
struct str buttons_write(struct arena *arena, const struct button *buttons, int count);
/* False when it is not what buttons_write makes. */
bool buttons_read(struct arena *arena, struct str json, struct button **ret_buttons,
                  int *ret_count);
/* [[sent_at_ms, completed_at_ms], …] of the first steps up to the last one used. */
struct str steps_write(struct arena *arena, const struct run *run);
bool steps_read(struct str json, struct run *run);

/* ---- sqlite_counts.c: messages by day, sequence and channel ---------------------------------- */

struct store_counts *counts_new(void);
void counts_free(struct store_counts *counts);
/* Writes what was counted since; before the commit. */
MUST_CHECK enum err counts_write(struct store *store, struct err_detail *detail);
/* After a rollback. */
void counts_forget(struct store_counts *counts);
/* How the message is counted as it stands. */
struct counted_delivery counts_as(const struct delivery *delivery);
/* Counts a message that is saved, in place of how it was counted before. */
MUST_CHECK enum err counts_take(struct store *store, struct delivery *delivery, bool is_test,
                                struct err_detail *detail);
/* A first answer to a message of that instant, sequence and channel. */
MUST_CHECK enum err counts_take_answer(struct store *store, int64_t at_ms, struct str sequence,
                                       int64_t channel, struct err_detail *detail);
/* Adds (sign 1) or takes away (-1) the counts that the statement gives of a person's messages. */
MUST_CHECK enum err counts_take_person(struct store *store, enum statement which, int64_t user_id,
                                       int sign, struct err_detail *detail);

/* ---- sqlite_lease.c -------------------------------------------------------------------------- */

/* Lets go of the lock that tells others that this process lives. */
void sqlite_serve_release(struct store *store);
