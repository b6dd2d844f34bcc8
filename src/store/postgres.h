/* What the files of the PostgreSQL driver share. The connection stays in pipeline mode: commands
 * are queued, each with what it must give, and settled together: at the latest before the next row
 * is read, and before the commit. Rows of statements "of many" are collected, and sent as arrays;
 * very many events, by COPY, which has no place in a pipeline (postgres_copy.c).
 *
 * Through a pooler that gives each transaction another connection (pooler=transaction in the URL,
 * port 6543, or noticed when connecting) nothing is prepared, and what a session would keep is set
 * in each transaction. */
#pragma once

#include <libpq-fe.h>

#include "store/driver.h"

#define POSTGRES_RECORD_TABLE                                                                      \
    "CREATE TABLE IF NOT EXISTS schema_migrations (name text COLLATE \"C\" PRIMARY KEY, "          \
    "checksum text NOT NULL, applied_at_ms bigint NOT NULL)"

/* Closes whatever the schema holds to everybody but the owner. */
extern const char postgres_closing[];

enum { PARAMETERS_MAX = 96, ARRAY_HEAD_BYTES = 20 };
/* Oids of bytea, int8, text, float8. */
enum { TYPE_BYTES = 17, TYPE_INT = 20, TYPE_TEXT = 25, TYPE_REAL = 701 };

/* A parameter in the binary form; of many: the elements of an array, after room for its head. */
struct parameter {
    char *bytes;
    size_t length, capacity;
    size_t at; /* read ahead: the next to be handed out */
    Oid type;
    bool is_null;
};

struct postgres_statement {
    struct postgres_store *store;
    char *name, *sql;
    int parameter_count;
    bool of_many;
    const char *copy; /* of many: does the same for very many; NULL: nothing does */
    struct parameter *parameters;
    const char *what;
    int rows;   /* collected, of many */
    bool exact; /* all of them must be there */
    bool prepared;
    bool reading; /* at `row` of `from`, up to `row_end` */
    PGresult *result;
    const struct postgres_statement *from; /* whose result is read: its own, or what was ahead */
    int row, row_end;
    char *bytes; /* of the bytea read last */
    /* The same for many, NULL until first used; the rest is of that one. */
    struct postgres_statement *ahead;
    bool answered;
    int next;           /* to be handed out */
    int *order, *first; /* the rows by whom they are for, and where each one's begin */
};

enum expectation {
    EXPECT_DONE,  /* anything but an error */
    EXPECT_ROWS,  /* likewise, and the statement keeps them */
    EXPECT_COUNT, /* that many rows changed */
    EXPECT_FENCE, /* one row: the lease is still ours */
    EXPECT_COMMIT
};

/* A command under way. */
struct expected {
    enum expectation what;
    struct postgres_statement *prepares; /* NULL: it does not prepare */
    struct postgres_statement *keeps;    /* EXPECT_ROWS */
    const char *doing;
    int count;
};

struct postgres_store {
    struct store base; /* first */
    PGconn *connection;
    char *url;
    char *schema;
    char *schema_quoted;
    bool pooled;
    bool pooling_said; /* by the URL; else it is looked for when connecting */
    bool in_transaction;
    bool serving;                           /* holds the lock of lease.c */
    struct postgres_statement **statements; /* by block, NULL until first used */
    int block_count;
    struct postgres_statement **collected; /* have rows to send, in this order */
    int collected_count;
    struct postgres_statement **aheads; /* noted or answered */
    int ahead_count;
    bool noting;
    struct expected *expected;
    int expected_count, expected_capacity;
    bool has_exact;  /* one of them must be looked at before a commit */
    enum err failed; /* what was copied; told with the next that is settled */
    struct err_detail failure;
};

static inline struct postgres_store *postgres_of(struct store *store)
{
    return (struct postgres_store *)store;
}

/* ---- postgres_open.c ------------------------------------------------------------------------- */

/* Connects again when the connection is gone, outside of transactions. ERR_BUSY: not now. */
MUST_CHECK enum err postgres_connect(struct postgres_store *store, struct err_detail *detail);

/* ---- postgres_pipeline.c: commands under way ------------------------------------------------- */

/* What a writer's connection wants: $1 the quoted schema, $2 whether for one transaction alone. */
extern const char pipeline_writer_settings[];

/* Queues a command of constant text with parameters as text. */
void pipeline_send(struct postgres_store *store, const char *sql, int count,
                   const char *const *values, enum expectation what, const char *doing);
/* With parameters in the binary form; of type 0 the server finds the type. */
struct pipeline_values {
    int count;
    const Oid *types;
    const char *const *values;
    const int *lengths;
};
void pipeline_send_values(struct postgres_store *store, const char *sql,
                          const struct pipeline_values *values, const char *doing);
/* Queues a statement with its parameters. */
void pipeline_send_statement(struct postgres_statement *statement, enum expectation what,
                             int count);
/* Queues what was collected. */
void pipeline_send_collected(struct postgres_store *store);
/* Forgets what was collected. */
void pipeline_drop_collected(struct postgres_store *store);
/* Waits for all that is queued. The first error counts. ret_result (may be NULL) is the last
 * command's, to be cleared by the caller; only on success. */
MUST_CHECK enum err pipeline_settle(struct postgres_store *store, PGresult **ret_result,
                                    struct err_detail *detail);
/* Asks one question of constant text and waits for its rows. */
MUST_CHECK enum err pipeline_ask(struct postgres_store *store, const char *sql, int count,
                                 const char *const *values, const char *doing,
                                 PGresult **ret_result, struct err_detail *detail);
/* What an error of the server means here. */
enum err postgres_map(const PGresult *result, const char *doing, struct err_detail *detail);

/* ---- postgres_statement.c: the driver's calls on one statement ------------------------------- */

/* Prepared statements are the connection's: a new one has none. */
void postgres_forget_prepared(struct postgres_store *store);
void postgres_statements_free(struct postgres_store *store);
/* Begins collecting anew. */
void postgres_statement_clear(struct postgres_statement *statement);
enum err postgres_statement(struct store *store, int block, void **ret_statement,
                            struct err_detail *detail);
enum err postgres_try_block(struct store *store, int block, struct err_detail *detail);
void postgres_bind_int(void *statement, int at, int64_t value);
void postgres_bind_real(void *statement, int at, double value);
void postgres_bind_text(void *statement, int at, struct str text);
void postgres_bind_blob(void *statement, int at, struct str bytes);
void postgres_bind_null(void *statement, int at);
enum err postgres_run(struct store *store, void *statement, int *ret_changed, const char *what,
                      struct err_detail *detail);
enum err postgres_next(struct store *store, void *statement, bool *ret_row, const char *what,
                       struct err_detail *detail);
void postgres_done(void *statement);
int postgres_column_count(void *statement);
const char *postgres_column_name(void *statement, int column);
enum cell_type postgres_column_type(void *statement, int column);
int64_t postgres_column_int(void *statement, int column);
double postgres_column_real(void *statement, int column);
struct str postgres_column_text(void *statement, int column);
enum err postgres_ask(struct store *store, struct arena *arena, const char *sql,
                      const struct arg *args, int arg_count, struct rows *ret_rows,
                      struct err_detail *detail);

struct postgres_statement *postgres_statement_new(struct postgres_store *store, const char *name,
                                                  const struct block_text *text);

/* ---- postgres_ahead.c: the driver's calls, and what its statements ask ----------------------- */

void postgres_ahead_begin(struct store *store);
enum err postgres_ahead_ask(struct store *store, struct err_detail *detail);
void postgres_ahead_end(struct store *store);
/* The statement that asks for many at once. */
struct postgres_statement *postgres_ahead_of(struct postgres_statement *one);
/* Notes what was bound. */
void postgres_ahead_note(struct postgres_statement *ahead, const char *what);
/* Whether what is bound was read ahead; then its rows are `from` it. */
bool postgres_ahead_take(struct postgres_statement *one);

/* ---- postgres_copy.c ------------------------------------------------------------------------- */

/* The COPY that does what the block "of many" does; NULL: there is none. */
const char *postgres_copy_of(const char *block);
/* Settles what is under way, leaves the pipeline, copies what the statement collected, and enters
 * the pipeline again. In a transaction. */
MUST_CHECK enum err postgres_copy(struct postgres_statement *statement, struct err_detail *detail);

/* ---- postgres_schema.c ----------------------------------------------------------------------- */

enum err postgres_execute(struct store *store, const char *sql, const char *what,
                          struct err_detail *detail);
enum err postgres_look(struct store *store, struct schema_look *ret_look,
                       struct err_detail *detail);
enum err postgres_lock_schema(struct store *store, struct err_detail *detail);
enum err postgres_check_rights(struct store *store, struct err_detail *detail);
