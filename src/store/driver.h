/* What stands between the store's contract (store.h) and the two databases behind it.
 *
 * The functions of the contract are written once, upon named blocks of SQL: bind, run, read. A
 * driver does that for its database: sqlite_*.c and postgres_*.c. Where the databases want other
 * SQL, a block stands in sql/sqlite and in sql/postgres (blocks.h).
 *
 * A driver may collect rows that are only written and send them together, at the latest before the
 * next row is read and before the commit; what was wrong with them is told then. */
#pragma once

#include "base/embed.h"
#include "core/event.h"
#include "core/person.h"
#include "store/blocks.h"
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
    X(COMMITMENT_UPDATE_STATE, "commitment_update_state")                                          \
    X(RUNS_LOAD_ACTIVE, "runs_load_active")                                                        \
    X(RUN_LOAD, "run_load")                                                                        \
    X(RUN_INSERT, "run_insert")                                                                    \
    X(RUN_UPDATE, "run_update")                                                                    \
    X(RUN_UPDATE_OUTCOME, "run_update_outcome")                                                    \
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
    X(SEEN_FIND, "seen_find")                                                                      \
    X(SEEN_INSERT, "seen_insert")                                                                  \
    X(EVENT_MONTHS, "event_months")                                                                \
    X(EVENT_MONTH_LEAVE, "event_month_leave")                                                      \
    X(EVENTS_LEAVE_UNTIL, "events_leave_until")                                                    \
    X(EVENTS_COUNT, "events_count")                                                                \
    X(EVENTS_DELETE, "events_delete")                                                              \
    X(EVENT_EDGE_MOVE, "event_edge_move")                                                          \
    X(SEEN_PRUNE, "seen_prune")                                                                    \
    X(IDENTITY_FIND, "identity_find")                                                              \
    X(IDENTITY_CLAIM, "identity_claim")                                                            \
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
    X(NODE_BEAT, "node_beat")                                                                      \
    X(NODE_FORGET, "node_forget")                                                                  \
    X(INBOX_INSERT, "inbox_insert")                                                                \
    X(INBOX_UNANSWERED, "inbox_unanswered")                                                        \
    X(INBOX_ANSWER, "inbox_answer")                                                                \
    X(INBOX_RESULT, "inbox_result")                                                                \
    X(SETTING_LOAD, "setting_load")                                                                \
    X(SETTING_SAVE, "setting_save")                                                                \
    X(AUDIT_INSERT, "audit_insert")                                                                \
    X(DEFINITION_INSERT, "definition_insert")                                                      \
    X(DEFINITION_LOAD, "definition_load")                                                          \
    X(PAUSE_SAVE, "pause_save")                                                                    \
    X(DECISION_INSERT, "decision_insert")                                                          \
    X(DECISIONS_PRUNE, "decisions_prune")                                                          \
    X(DECISION_WORLD_FIND, "decision_world_find")                                                  \
    X(DECISION_WORLD_INSERT, "decision_world_insert")                                              \
    X(DECISION_FILE_INSERT, "decision_file_insert")                                                \
    X(MIGRATIONS_APPLIED, "migrations_applied")                                                    \
    X(MIGRATION_RECORD, "migration_record")

enum statement {
#define STATEMENT_ENUM(constant, block) STATEMENT_##constant,
    STATEMENT_LIST(STATEMENT_ENUM)
#undef STATEMENT_ENUM
        STATEMENT_COUNT
};

struct driver;
struct store_counts;

/* What both drivers' stores begin with. */
struct store {
    const struct driver *driver;
    enum store_mode mode;
    int block_of[STATEMENT_COUNT];
    struct store_counts *counts; /* not written yet (counts.c) */
    struct arena *arena;         /* of one call; reset by whoever begins to use it */
    char description[96];
    /* As taken with store_lease_take; owner 0 when there is none. */
    int64_t lease_owner, lease_fence, lease_ms;
    bool lock_taken, lock_wanted; /* lease.c */
    bool copying;                 /* writes what is marked as half a copy (copy.c) */
};
/* Fills what is common; the rest of the driver's structure is zero before. */
void store_init(struct store *store, const struct driver *driver, enum store_mode mode);
void store_release(struct store *store);

enum lock {
    LOCK_TAKEN,   /* nobody had it */
    LOCK_HELD,    /* somebody has, this store included */
    LOCK_UNKNOWN, /* there is no such lock here: only time tells */
};

/* What a database holds before it is migrated. */
struct schema_look {
    bool has_tables;
    bool has_record; /* the table schema_migrations */
};

/* `statement` is the driver's own; it belongs to the store and is kept. Columns and parameters
 * count from 0 and 1. */
struct driver {
    enum dialect dialect;
    const struct embedded_file *migrations;
    const size_t *migration_count;
    const char *record_table; /* makes schema_migrations when it is not there */
    const char *closing;      /* after a migration: keeps others from what it made; NULL: no need */
    /* The database is the program's alone, so that opening it may migrate it. */
    bool is_private;

    void (*close)(struct store *store);
    enum err (*begin)(struct store *store, struct err_detail *detail);
    /* A transaction that sees one instant and writes nothing; ends with rollback. */
    enum err (*begin_reading)(struct store *store, struct err_detail *detail);
    enum err (*commit)(struct store *store, struct err_detail *detail);
    void (*rollback)(struct store *store);
    bool (*in_transaction)(const struct store *store);
    /* The clock that leases are reckoned by, where several machines meet; NULL: the caller's. */
    enum err (*now)(struct store *store, int64_t *ret_now_ms, struct err_detail *detail);
    enum err (*change_mark)(struct store *store, int64_t *ret_mark, struct err_detail *detail);

    enum err (*statement)(struct store *store, int block, void **ret_statement,
                          struct err_detail *detail);
    /* Whether the database takes the block's text. */
    enum err (*try_block)(struct store *store, int block, struct err_detail *detail);
    /* What was collected goes before what comes. */
    void (*divide)(struct store *store);
    /* Reading ahead, in a transaction; NULL where an answer costs no way. From begin on, `next`
     * notes what is asked and says that there is no row; `ask` asks for all of it at once; until
     * the end, `next` has these answers, as they were then, each once. Nothing is written before
     * `ask`; what is written then and not collected ends it. */
    void (*ahead_begin)(struct store *store);
    enum err (*ahead_ask)(struct store *store, struct err_detail *detail);
    void (*ahead_end)(struct store *store);
    void (*bind_int)(void *statement, int at, int64_t value);
    void (*bind_real)(void *statement, int at, double value);
    void (*bind_text)(void *statement, int at, struct str text);
    void (*bind_blob)(void *statement, int at, struct str bytes); /* column_text reads it */
    void (*bind_null)(void *statement, int at);
    enum err (*run)(struct store *store, void *statement, int *ret_changed, const char *what,
                    struct err_detail *detail);
    enum err (*next)(struct store *store, void *statement, bool *ret_row, const char *what,
                     struct err_detail *detail);
    void (*done)(void *statement);
    int (*column_count)(void *statement);
    const char *(*column_name)(void *statement, int column);
    enum cell_type (*column_type)(void *statement, int column);
    int64_t (*column_int)(void *statement, int column);
    double (*column_real)(void *statement, int column);
    struct str (*column_text)(void *statement, int column); /* valid until the next row */

    /* One statement of a text that is known only now (copy.c): all its rows into the arena. */
    enum err (*ask)(struct store *store, struct arena *arena, const char *sql,
                    const struct arg *args, int arg_count, struct rows *ret_rows,
                    struct err_detail *detail);
    /* Runs a script of constant text. */
    enum err (*execute)(struct store *store, const char *sql, const char *what,
                        struct err_detail *detail);
    enum err (*look)(struct store *store, struct schema_look *ret_look, struct err_detail *detail);
    /* In the transaction of a migration: others wait. Makes the place of the tables. */
    enum err (*lock_schema)(struct store *store, struct err_detail *detail);
    /* Whether this user may read and write all of the tables; they are there. */
    enum err (*check_rights)(struct store *store, struct err_detail *detail);
    /* A lock that ends with this process, however it ends (lease.c). Patient: where a holder may
     * have ended just now. */
    enum lock (*serve_lock)(struct store *store, bool patient);
    void (*serve_release)(struct store *store);
    /* A command beside a busy engine waits longer for its turn. */
    void (*be_patient)(struct store *store, bool patient);
    enum err (*backup)(struct store *store, const char *path,
                       void (*progress)(void *context, int64_t done, int64_t total), void *context,
                       struct err_detail *detail);
};

MUST_CHECK enum err sqlite_open(const char *path, enum store_mode mode, struct store **ret_store,
                                struct err_detail *detail);
MUST_CHECK enum err sqlite_restore(const char *path, const struct restore_job *job,
                                   struct restored *ret_restored, struct err_detail *detail);
/* Takes the whole URL. */
MUST_CHECK enum err postgres_open(const char *url, enum store_mode mode, struct store **ret_store,
                                  struct err_detail *detail);

/* ---- row.c: binding and reading -------------------------------------------------------------- */

/* Binds ?1, ?2, … one after the other. */
struct binder {
    struct store *store;
    void *statement;
    int at;
};
MUST_CHECK enum err bind_begin(struct store *store, enum statement which, struct binder *ret_binder,
                               struct err_detail *detail);
MUST_CHECK enum err bind_block(struct store *store, int block, struct binder *ret_binder,
                               struct err_detail *detail);
void bind_int(struct binder *binder, int64_t value);
void bind_real(struct binder *binder, double value);
/* The text must live until the statement was run. */
void bind_text(struct binder *binder, struct str text);
/* Bytes of any kind, likewise. */
void bind_blob(struct binder *binder, struct str bytes);
void bind_null(struct binder *binder);
/* Runs a statement without rows to its end; *ret_changed (may be NULL) rows were changed. Of rows
 * that are sent together it says 1, and the batch fails when one of them found nothing. */
MUST_CHECK enum err statement_run(struct binder *binder, int *ret_changed, const char *what,
                                  struct err_detail *detail);
/* Steps to the next row; *ret_row is false at the end. Then, and on errors, the statement is reset.
 */
MUST_CHECK enum err statement_next(struct binder *binder, bool *ret_row, const char *what,
                                   struct err_detail *detail);
/* Ends reading before the end. */
void statement_done(struct binder *binder);

/* Reads columns 0, 1, … of the present row one after the other; texts are copied into the arena. */
struct reader {
    const struct driver *driver;
    void *statement;
    struct arena *arena;
    int at;
    bool bad; /* a value was outside of what its column may hold */
};
/* The first column of the present row as a number; ends reading. */
int64_t read_first(struct binder *binder);
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

/* ---- query.c --------------------------------------------------------------------------------- */

void bind_arg(struct binder *binder, const struct arg *arg);
/* Steps to the end: all rows into the arena. ERR_LIMIT beyond row_max. */
MUST_CHECK enum err read_rows(struct binder *binder, struct arena *arena, const char *what,
                              int row_max, struct rows *ret_rows, struct err_detail *detail);

/* ---- people_read.c: whole rows into zeroed structures ---------------------------------------- */

/* ERR_SCHEMA when the table has other columns, ERR_INVALID when a value is none of its column's. */
MUST_CHECK enum err load_user_row(struct reader *reader, struct user *user,
                                  struct err_detail *detail);
MUST_CHECK enum err load_commitment_row(struct reader *reader, struct commitment *commitment,
                                        struct err_detail *detail);
MUST_CHECK enum err load_run_row(struct reader *reader, struct run *run, struct err_detail *detail);
MUST_CHECK enum err load_delivery_row(struct reader *reader, struct delivery *delivery,
                                      struct err_detail *detail);

/* ---- compact.c: the two JSON columns of the hot path ----------------------------------------- */

/* [{"text":…,"token":…,"url":…}, …], "" for none. */
struct str buttons_write(struct arena *arena, const struct button *buttons, int count);
/* False when it is not what buttons_write makes. */
bool buttons_read(struct arena *arena, struct str json, struct button **ret_buttons,
                  int *ret_count);
/* [[sent_at_ms, completed_at_ms], …] of the first steps up to the last one used. */
struct str steps_write(struct arena *arena, const struct run *run);
bool steps_read(struct str json, struct run *run);

/* ---- counts.c: messages by day, sequence and channel ----------------------------------------- */

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
