/* Connecting to PostgreSQL, transactions, and the lock that tells that this process lives.
 *
 * Beside what libpq takes, a URL may say schema=NAME and pooler=KIND. Everything else of it
 * (sslmode, options, …) is libpq's. A lost connection is opened again by the next call outside of a
 * transaction; inside, the transaction has failed with ERR_BUSY. */
#include "store/postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* ---- the URL --------------------------------------------------------------------------------- */

enum { SCHEMA_BYTES_MAX = 63 };

bool store_is_schema(struct str name)
{
    bool good = name.length > 0 && name.length <= SCHEMA_BYTES_MAX;
    for (size_t i = 0; good && i < name.length; i++) {
        char c = name.ptr[i];
        good = c == '_' || (c >= 'a' && c <= 'z') || (i > 0 && c >= '0' && c <= '9');
    }
    return good;
}

/* Takes a parameter of our own; false: it is libpq's. */
static bool take_parameter(struct postgres_store *store, struct str part, bool *ret_bad)
{
    static const char schema[] = "schema=";
    static const char pooler[] = "pooler=";
    if (str_starts(part, str_of(schema))) {
        struct str name = {part.ptr + strlen(schema), part.length - strlen(schema)};
        *ret_bad |= !store_is_schema(name);
        free(store->schema);
        store->schema = strndup(name.ptr, name.length);
        return true;
    }
    if (str_starts(part, str_of(pooler))) {
        struct str kind = {part.ptr + strlen(pooler), part.length - strlen(pooler)};
        store->pooled = str_is(kind, "transaction");
        store->pooling_said = true;
        *ret_bad |= !store->pooled && !str_is(kind, "none") && !str_is(kind, "session");
        return true;
    }
    return false;
}

/* Supabase's pooler of transactions. */
static bool is_pooler_port(const char *url)
{
    const char *host = strrchr(url, '@');
    host = host != NULL ? host : url;
    const char *port = strstr(host, ":6543");
    return port != NULL && (port[5] == '/' || port[5] == '\0' || port[5] == '?');
}

static enum err read_url(struct postgres_store *store, const char *url, struct err_detail *detail)
{
    bool bad = false;
    const char *query = strchr(url, '?');
    size_t head = query != NULL ? (size_t)(query - url) : strlen(url);
    store->schema = strdup("nudge");
    store->pooled = store->pooling_said = is_pooler_port(url);
    store->url = calloc(1, strlen(url) + 1);
    ASSERT(store->schema != NULL && store->url != NULL);
    memcpy(store->url, url, head);
    struct str rest = query != NULL ? str_of(query + 1) : STR_NONE;
    char mark = '?';
    while (rest.length > 0) {
        struct str part = str_split(rest, '&', &rest);
        if (!take_parameter(store, part, &bad)) {
            size_t length = strlen(store->url);
            store->url[length] = mark;
            memcpy(store->url + length + 1, part.ptr, part.length);
            mark = '&';
        }
    }
    if (bad) {
        return err_set(detail, ERR_CONFIG,
                       "DATABASE_URL: schema= takes small letters, digits and _; pooler= takes "
                       "transaction, session or none");
    }
    store->schema_quoted = calloc(1, SCHEMA_BYTES_MAX + 3);
    ASSERT(store->schema_quoted != NULL);
    snprintf(store->schema_quoted, SCHEMA_BYTES_MAX + 3, "\"%s\"", store->schema);
    return OK;
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void say_nothing(void *context, const char *message)
{
    (void)context;
    (void)message;
}

/* libpq's texts may name hosts and users, never the password. */
static enum err refused(const struct postgres_store *store, struct err_detail *detail)
{
    enum { LIBPQ_TEXT_MAX = 140 };
    const char *message = PQerrorMessage(store->connection);
    size_t length = strcspn(message, "\n");
    bool is_supabase = strstr(store->url, "@db.") != NULL && strstr(store->url, ".supabase.co");
    const char *hint = is_supabase
                           ? "; without IPv6, set DATABASE_URL to the address of the session "
                             "pooler, on the project's page \"Connect\""
                           : "";
    return err_set(detail, ERR_BUSY, "cannot connect to the database: %.*s%s",
                   (int)(length < LIBPQ_TEXT_MAX ? length : LIBPQ_TEXT_MAX), message, hint);
}

/* A pooler gives its clients process ids of its own. Which kind it is cannot be asked; all that
 * works through one of transactions works through one of sessions, too. */
static enum err notice_pooler(struct postgres_store *store, struct err_detail *detail)
{
    PGresult *result = PQexec(store->connection, "SELECT pg_backend_pid()");
    enum err error = OK;
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        store->pooled =
            strtol(PQgetvalue(result, 0, 0), NULL, 10) != PQbackendPID(store->connection);
    } else {
        error = postgres_map(result, "look for a pooler", detail);
    }
    PQclear(result);
    return error;
}

static enum err set_up(struct postgres_store *store, struct err_detail *detail)
{
    static const char reader[] = "SELECT set_config('search_path', $1, $2::bool), "
                                 "set_config('default_transaction_read_only', 'on', false)";
    const char *const values[] = {store->schema_quoted, "false"};
    if (!store->pooling_said) {
        enum err error = notice_pooler(store, detail);
        if (error != OK) {
            return error;
        }
    }
    if (store->pooled) {
        return OK;
    }
    PGresult *result = PQexecParams(
        store->connection, store->base.mode == STORE_WRITER ? pipeline_writer_settings : reader, 2,
        NULL, values, NULL, NULL, 0);
    enum err error = PQresultStatus(result) == PGRES_TUPLES_OK
                         ? OK
                         : postgres_map(result, "set up the connection", detail);
    PQclear(result);
    return error;
}

static enum err connect_anew(struct postgres_store *store, struct err_detail *detail)
{
    /* What stands before dbname is what the URL may change. */
    const char *const names[] = {"connect_timeout",
                                 "keepalives_idle",
                                 "tcp_user_timeout",
                                 "dbname",
                                 "client_encoding",
                                 "fallback_application_name",
                                 NULL};
    const char *const values[] = {"5", "30", "20000", store->url, "UTF8", "nudge", NULL};
    PQfinish(store->connection);
    store->serving = false;
    store->expected_count = 0;
    store->has_exact = false;
    pipeline_drop_collected(store);
    postgres_forget_prepared(store);
    store->connection = PQconnectdbParams(names, values, 1);
    ASSERT(store->connection != NULL);
    if (PQstatus(store->connection) != CONNECTION_OK) {
        return refused(store, detail);
    }
    PQsetNoticeProcessor(store->connection, say_nothing, NULL);
    enum err error = set_up(store, detail);
    if (error == OK && PQenterPipelineMode(store->connection) != 1) {
        error = err_set(detail, ERR_STORE, "cannot use the connection to the database");
    }
    return error;
}

enum err postgres_connect(struct postgres_store *store, struct err_detail *detail)
{
    if (store->connection != NULL && PQstatus(store->connection) == CONNECTION_OK) {
        return OK;
    }
    if (store->in_transaction) {
        return err_set(detail, ERR_BUSY, "the connection to the database was lost; try again");
    }
    return connect_anew(store, detail);
}

static void close_connection(struct store *base)
{
    struct postgres_store *store = postgres_of(base);
    PQfinish(store->connection);
    postgres_statements_free(store);
    store_release(base);
    free(store->expected);
    free(store->schema_quoted);
    free(store->schema);
    free(store->url);
    free(store);
}

/* ---- transactions ---------------------------------------------------------------------------- */

/* The row of the lease is held while the transaction lasts, and the server ends a transaction that
 * rests for longer than a part of the lease: who is frozen can neither commit late nor keep others
 * from taking over. */
static void send_fence(struct postgres_store *store)
{
    char owner[24], fence[24], idle[24];
    const char *const values[] = {owner, fence, idle};
    const struct store *base = &store->base;
    snprintf(owner, sizeof(owner), "%lld", (long long)base->lease_owner);
    snprintf(fence, sizeof(fence), "%lld", (long long)base->lease_fence);
    snprintf(idle, sizeof(idle), "%lld", (long long)(base->lease_ms / 2 + 1));
    pipeline_send(store,
                  "SELECT set_config('idle_in_transaction_session_timeout', $3, true) "
                  "FROM engine_lease WHERE id = 1 AND owner = $1 AND fence = $2 FOR SHARE",
                  3, values, EXPECT_FENCE, "hold the lease");
}

static enum err begin_with(struct postgres_store *store, const char *sql, struct err_detail *detail)
{
    ASSERT(!store->in_transaction);
    enum err error = postgres_connect(store, detail);
    if (error == OK) {
        pipeline_send(store, sql, 0, NULL, EXPECT_DONE, "begin a transaction");
        store->in_transaction = true;
    }
    return error;
}

static enum err begin_reading(struct store *base, struct err_detail *detail)
{
    struct postgres_store *store = postgres_of(base);
    enum err error = begin_with(store, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", detail);
    if (error == OK) { /* whole tables are read here */
        pipeline_send(store,
                      "SELECT set_config('enable_seqscan', 'on', true), "
                      "set_config('enable_hashjoin', 'on', true), "
                      "set_config('enable_mergejoin', 'on', true)",
                      0, NULL, EXPECT_DONE, "begin a transaction");
    }
    return error;
}

static enum err begin(struct store *base, struct err_detail *detail)
{
    struct postgres_store *store = postgres_of(base);
    if (base->mode == STORE_READER) {
        return begin_reading(base, detail);
    }
    enum err error = begin_with(store, "BEGIN", detail);
    if (error == OK && base->lease_owner != 0) {
        send_fence(store);
    }
    return error;
}

static enum err commit(struct store *base, struct err_detail *detail)
{
    struct postgres_store *store = postgres_of(base);
    enum err error = OK;
    postgres_ahead_end(base);
    pipeline_send_collected(store);
    if (store->has_exact) {
        error = pipeline_settle(store, NULL, detail);
    }
    if (error == OK) {
        pipeline_send(store, "COMMIT", 0, NULL, EXPECT_COMMIT, "commit");
        error = pipeline_settle(store, NULL, detail);
    }
    if (error == OK) {
        store->in_transaction = false;
    }
    return error;
}

static void rollback(struct store *base)
{
    struct postgres_store *store = postgres_of(base);
    struct err_detail ignored;
    postgres_ahead_end(base);
    pipeline_drop_collected(store);
    if (store->in_transaction && PQstatus(store->connection) == CONNECTION_OK) {
        enum err error = pipeline_settle(store, NULL, &ignored);
        pipeline_send(store, "ROLLBACK", 0, NULL, EXPECT_DONE, "roll back");
        error = pipeline_settle(store, NULL, &ignored);
        (void)error; /* without a commit nothing of it is kept */
    }
    store->in_transaction = false;
}

static bool in_transaction(const struct store *base)
{
    return ((const struct postgres_store *)base)->in_transaction;
}

/* Commands that wait, and settings. Ids of commands become visible out of order, so that it is not
 * the greatest that tells. */
static enum err change_mark(struct store *base, int64_t *ret_mark, struct err_detail *detail)
{
    PGresult *result = NULL;
    enum err error = OK;
    for (int tries = 0; tries < 2; tries++) {
        error = pipeline_ask(
            postgres_of(base),
            "SELECT coalesce((SELECT sum(id * 31) FROM inbox WHERE answered_at_ms = 0), 0)::bigint "
            "+ coalesce((SELECT sum(changed_at_ms) FROM settings) % 1000000007, 0)::bigint",
            0, NULL, "look for commands", &result, detail);
        if (error != ERR_BUSY) {
            break;
        }
    }
    if (error == OK) {
        *ret_mark = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        PQclear(result);
    }
    return error;
}

/* ---- the clock and the lock of lease.c ------------------------------------------------------ */

static enum err now(struct store *base, int64_t *ret_now_ms, struct err_detail *detail)
{
    PGresult *result = NULL;
    enum err error = pipeline_ask(postgres_of(base),
                                  "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint",
                                  0, NULL, "ask the time", &result, detail);
    if (error == OK) {
        *ret_now_ms = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        PQclear(result);
    }
    return error;
}

/* The server lets go of it when the connection ends. The dead are noticed at once, but not in no
 * time, so a taker asks for a while. */
static enum lock serve_lock(struct store *base, bool patient)
{
    enum { TRIES = 20 };
    struct postgres_store *store = postgres_of(base);
    if (store->pooled) {
        return LOCK_UNKNOWN;
    }
    if (store->serving) {
        return LOCK_HELD;
    }
    for (int i = 0; i < (patient ? TRIES : 1); i++) {
        const char *const values[] = {store->schema, i == 0 ? "0" : "0.05"};
        PGresult *result = NULL;
        struct err_detail ignored;
        if (pipeline_ask(store,
                         "SELECT pg_try_advisory_lock(hashtextextended('nudge serve ' || $1, 0)) "
                         "FROM pg_sleep($2::float8)",
                         2, values, "lock the engine", &result, &ignored) != OK) {
            return LOCK_UNKNOWN;
        }
        store->serving = PQgetvalue(result, 0, 0)[0] == 't';
        PQclear(result);
        if (store->serving) {
            return LOCK_TAKEN;
        }
    }
    return LOCK_HELD;
}

static void serve_release(struct store *base)
{
    struct postgres_store *store = postgres_of(base);
    const char *const values[] = {store->schema};
    PGresult *result = NULL;
    struct err_detail ignored;
    if (store->serving &&
        pipeline_ask(store, "SELECT pg_advisory_unlock(hashtextextended('nudge serve ' || $1, 0))",
                     1, values, "unlock the engine", &result, &ignored) == OK) {
        PQclear(result);
    }
    store->serving = false;
}

static void divide(struct store *base)
{
    pipeline_send_collected(postgres_of(base));
}

static void be_patient(struct store *base, bool patient)
{
    (void)base; /* a row of the inbox waits for nobody here */
    (void)patient;
}

static enum err backup(struct store *base, const char *path,
                       void (*progress)(void *context, int64_t done, int64_t total), void *context,
                       struct err_detail *detail)
{
    (void)path;
    (void)progress;
    (void)context;
    return err_set(detail, ERR_CONFIG,
                   "a PostgreSQL database is copied with its own tools: pg_dump --schema=%s",
                   postgres_of(base)->schema);
}

static const struct driver driver_postgres = {
    .dialect = DIALECT_POSTGRES,
    .migrations = nudge_migrations_postgres,
    .migration_count = &nudge_migrations_postgres_count,
    .record_table = POSTGRES_RECORD_TABLE,
    .closing = postgres_closing,
    .is_private = false,
    .close = close_connection,
    .begin = begin,
    .begin_reading = begin_reading,
    .commit = commit,
    .rollback = rollback,
    .in_transaction = in_transaction,
    .now = now,
    .change_mark = change_mark,
    .statement = postgres_statement,
    .try_block = postgres_try_block,
    .divide = divide,
    .ahead_begin = postgres_ahead_begin,
    .ahead_ask = postgres_ahead_ask,
    .ahead_end = postgres_ahead_end,
    .bind_int = postgres_bind_int,
    .bind_real = postgres_bind_real,
    .bind_text = postgres_bind_text,
    .bind_blob = postgres_bind_blob,
    .bind_null = postgres_bind_null,
    .run = postgres_run,
    .next = postgres_next,
    .done = postgres_done,
    .column_count = postgres_column_count,
    .column_name = postgres_column_name,
    .column_type = postgres_column_type,
    .column_int = postgres_column_int,
    .column_real = postgres_column_real,
    .column_text = postgres_column_text,
    .ask = postgres_ask,
    .execute = postgres_execute,
    .look = postgres_look,
    .lock_schema = postgres_lock_schema,
    .check_rights = postgres_check_rights,
    .serve_lock = serve_lock,
    .serve_release = serve_release,
    .be_patient = be_patient,
    .backup = backup,
};

enum err postgres_open(const char *url, enum store_mode mode, struct store **ret_store,
                       struct err_detail *detail)
{
    struct postgres_store *store = calloc(1, sizeof(*store));
    ASSERT(store != NULL);
    store_init(&store->base, &driver_postgres, mode);
    blocks_all(&store->block_count);
    size_t blocks = (size_t)store->block_count + 1;
    store->statements = calloc(blocks, sizeof(*store->statements));
    store->collected = calloc(blocks, sizeof(*store->collected));
    store->aheads = calloc(blocks, sizeof(*store->aheads));
    ASSERT(store->statements != NULL && store->collected != NULL && store->aheads != NULL);
    enum err error = read_url(store, url, detail);
    if (error == OK) {
        error = connect_anew(store, detail);
    }
    if (error != OK) {
        close_connection(&store->base);
        return error;
    }
    int version = PQserverVersion(store->connection);
    snprintf(store->base.description, sizeof(store->base.description),
             "postgresql %d.%d schema=%s%s%s", version / 10000, version % 10000, store->schema,
             mode == STORE_WRITER ? "" : " read-only", store->pooled ? " pooler=transaction" : "");
    *ret_store = &store->base;
    return OK;
}
