/* Commands under way to PostgreSQL: queued without waiting, settled together, and what the server's
 * errors mean here. */
#include "store/postgres.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

static void expect(struct postgres_store *store, struct expected expected)
{
    if (store->expected_count == store->expected_capacity) {
        int capacity =
            store->expected_capacity == 0 ? PORTION(32, 1) : 2 * store->expected_capacity;
        store->expected = realloc(store->expected, (size_t)capacity * sizeof(*store->expected));
        ASSERT(store->expected != NULL);
        store->expected_capacity = capacity;
    }
    store->expected[store->expected_count++] = expected;
    store->has_exact |= expected.what == EXPECT_COUNT;
}

/* Plans of decisions go down indexes also while statistics still say that tables are empty, and are
 * made once: they are the same for any arguments. Compiling them would cost more than running. */
const char pipeline_writer_settings[] =
    "SELECT set_config('search_path', $1, $2::bool), "
    "set_config('enable_seqscan', 'off', $2::bool), "
    "set_config('enable_hashjoin', 'off', $2::bool), "
    "set_config('enable_mergejoin', 'off', $2::bool), "
    "set_config('plan_cache_mode', 'force_generic_plan', $2::bool), "
    "set_config('jit', 'off', $2::bool)";

/* The connection is another's in the next transaction, so that each says first what it wants. */
static void send_settings(struct postgres_store *store)
{
    const char *const values[] = {store->schema_quoted, "true"};
    bool writes = store->base.mode == STORE_WRITER;
    PQsendQueryParams(store->connection,
                      writes ? pipeline_writer_settings
                             : "SELECT set_config('search_path', $1, true)",
                      writes ? 2 : 1, NULL, values, NULL, NULL, 0);
    expect(store, (struct expected){.what = EXPECT_DONE, .doing = "set up a transaction"});
}

/* Failures to send show when the results are awaited. */
void pipeline_send(struct postgres_store *store, const char *sql, int count,
                   const char *const *values, enum expectation what, const char *doing)
{
    bool begins = strncmp(sql, "BEGIN", 5) == 0;
    if (store->pooled && !store->in_transaction && store->expected_count == 0 && !begins) {
        send_settings(store);
    }
    PQsendQueryParams(store->connection, sql, count, NULL, values, NULL, NULL, 0);
    expect(store, (struct expected){.what = what, .doing = doing});
    if (store->pooled && begins) {
        send_settings(store);
    }
}

void pipeline_send_values(struct postgres_store *store, const char *sql,
                          const struct pipeline_values *values, const char *doing)
{
    enum { ARGUMENTS_MAX = 65535, BINARY = 1 };
    ASSERT(values->count <= ARGUMENTS_MAX);
    int *formats = calloc((size_t)values->count + 1, sizeof(*formats));
    ASSERT(formats != NULL);
    for (int i = 0; i < values->count; i++) {
        formats[i] = BINARY;
    }
    if (store->pooled && !store->in_transaction && store->expected_count == 0) {
        send_settings(store);
    }
    PQsendQueryParams(store->connection, sql, values->count, values->types, values->values,
                      values->lengths, formats, 0);
    expect(store, (struct expected){.what = EXPECT_DONE, .doing = doing});
    free(formats);
}

static void put_int32(char *at, uint32_t value)
{
    value = htonl(value);
    memcpy(at, &value, sizeof(value));
}

static Oid array_type(Oid element)
{
    return element == TYPE_INT     ? 1016
           : element == TYPE_REAL  ? 1022
           : element == TYPE_BYTES ? 1001
                                   : 1009;
}

static void finish_array(const struct postgres_statement *statement, struct parameter *parameter)
{
    put_int32(parameter->bytes, 1);
    put_int32(parameter->bytes + 4, 0);
    put_int32(parameter->bytes + 8, parameter->type);
    put_int32(parameter->bytes + 12, (uint32_t)statement->rows);
    put_int32(parameter->bytes + 16, 1);
}

void pipeline_send_statement(struct postgres_statement *statement, enum expectation what, int count)
{
    struct postgres_store *store = statement->store;
    const char *values[PARAMETERS_MAX];
    int lengths[PARAMETERS_MAX];
    int formats[PARAMETERS_MAX];
    Oid types[PARAMETERS_MAX];
    int parameters = statement->parameter_count;
    ASSERT(parameters <= PARAMETERS_MAX);
    for (int i = 0; i < parameters; i++) {
        struct parameter *parameter = &statement->parameters[i];
        if (statement->of_many) {
            finish_array(statement, parameter);
        }
        values[i] = parameter->is_null ? NULL : parameter->bytes;
        lengths[i] = (int)parameter->length;
        formats[i] = 1;
        types[i] = statement->of_many ? array_type(parameter->type) : parameter->type;
    }
    if (store->pooled && !store->in_transaction && store->expected_count == 0) {
        send_settings(store);
    }
    struct expected expected = {.what = what, .doing = statement->what, .count = count};
    expected.keeps = what == EXPECT_ROWS ? statement : NULL;
    if (store->pooled) {
        PQsendQueryParams(store->connection, statement->sql, parameters, types, values, lengths,
                          formats, 0);
        expect(store, expected);
        return;
    }
    if (!statement->prepared) {
        PQsendPrepare(store->connection, statement->name, statement->sql, parameters, types);
        expect(store, (struct expected){.prepares = statement, .doing = statement->what});
        statement->prepared = true;
    }
    PQsendQueryPrepared(store->connection, statement->name, parameters, values, lengths, formats,
                        0);
    expect(store, expected);
}

void pipeline_send_collected(struct postgres_store *store)
{
    for (int i = 0; i < store->collected_count; i++) {
        struct postgres_statement *statement = store->collected[i];
        bool copies = statement->copy != NULL && statement->rows >= COPY_FROM_ROWS &&
                      store->in_transaction && !statement->exact;
        if (!copies) {
            pipeline_send_statement(statement, statement->exact ? EXPECT_COUNT : EXPECT_DONE,
                                    statement->rows);
        } else if (store->failed == OK) {
            store->failed = postgres_copy(statement, &store->failure);
        }
        postgres_statement_clear(statement);
    }
    store->collected_count = 0;
}

void pipeline_drop_collected(struct postgres_store *store)
{
    for (int i = 0; i < store->collected_count; i++) {
        postgres_statement_clear(store->collected[i]);
    }
    store->collected_count = 0;
    store->failed = OK;
}

/* ---- errors ---------------------------------------------------------------------------------- */

static bool is_one_of(const char *state, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strncmp(state, *list, strlen(*list)) == 0) {
            return true;
        }
    }
    return false;
}

enum err postgres_map(const PGresult *result, const char *doing, struct err_detail *detail)
{
    static const char *const busy[] = {"40", "55P03", "57014", "57P", "53300", "08", "25P03", NULL};
    static const char *const full[] = {"53100", "53200", NULL};
    static const char *const strange[] = {"42P01", "42703", "42883", "3F000", NULL};
    static const char *const pooler[] = {"26000", "42P05", NULL};
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (state == NULL) {
        return err_set(detail, ERR_BUSY, "cannot %s now: the connection to the database was lost",
                       doing);
    }
    message = message != NULL ? message : "";
    if (is_one_of(state, busy)) {
        return err_set(detail, ERR_BUSY, "cannot %s now: %s (%s)", doing, message, state);
    }
    if (is_one_of(state, full)) {
        return err_set(detail, ERR_FULL, "cannot %s: %s; make room, nothing was lost", doing,
                       message);
    }
    if (is_one_of(state, strange)) {
        return err_set(detail, ERR_SCHEMA,
                       "cannot %s: the database does not fit this program: %s; run nudge migrate",
                       doing, message);
    }
    if (is_one_of(state, pooler)) {
        return err_set(detail, ERR_CONFIG,
                       "cannot %s: a pooler stands before the database; add pooler=transaction to "
                       "DATABASE_URL, or connect directly",
                       doing);
    }
    if (strncmp(state, "22", 2) == 0) { /* the message quotes values */
        return err_set(detail, ERR_STORE, "cannot %s: a value does not fit (%s)", doing, state);
    }
    return err_set(detail, ERR_STORE, "cannot %s: %s (%s)", doing, message, state);
}

static enum err lost(struct postgres_store *store, const char *doing, struct err_detail *detail)
{
    store->expected_count = 0;
    store->has_exact = false;
    return err_set(detail, ERR_BUSY, "cannot %s now: the connection to the database was lost",
                   doing);
}

static enum err judge(const struct expected *expected, PGresult *result, struct err_detail *detail)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        if (expected->prepares != NULL) {
            expected->prepares->prepared = false;
        }
        return status == PGRES_PIPELINE_ABORTED ? ERR_CANCELLED
                                                : postgres_map(result, expected->doing, detail);
    }
    switch (expected->what) {
    case EXPECT_DONE:
    case EXPECT_ROWS:
        return OK;
    case EXPECT_COUNT: {
        const char *tuples = PQcmdTuples(result);
        if (strtol(tuples, NULL, 10) != expected->count) {
            return err_set(detail, ERR_STORE,
                           "cannot %s: of %d rows to change %s were there; run nudge doctor",
                           expected->doing, expected->count, tuples);
        }
        return OK;
    }
    case EXPECT_FENCE:
        if (PQntuples(result) != 1) {
            return err_set(detail, ERR_CONFLICT,
                           "another process has taken over the engine of this database");
        }
        return OK;
    case EXPECT_COMMIT:
        if (strcmp(PQcmdStatus(result), "COMMIT") != 0) {
            return err_set(detail, ERR_STORE, "cannot commit: the transaction had failed");
        }
        return OK;
    }
    return OK;
}

/* The result of the next command; NULL when the connection is gone. */
static PGresult *next_result(struct postgres_store *store)
{
    PGresult *result = PQgetResult(store->connection);
    if (result != NULL && PQresultStatus(result) != PGRES_PIPELINE_SYNC) {
        PGresult *end = PQgetResult(store->connection); /* NULL after each command's */
        PQclear(end);
    }
    if (PQstatus(store->connection) == CONNECTION_BAD) {
        PQclear(result);
        return NULL;
    }
    return result;
}

enum err pipeline_settle(struct postgres_store *store, PGresult **ret_result,
                         struct err_detail *detail)
{
    PGresult *last = NULL;
    enum err error =
        store->failed == OK ? OK : err_set(detail, store->failed, "%s", store->failure.text);
    store->failed = OK;
    if (store->expected_count == 0) {
        return error;
    }
    const char *doing = store->expected[store->expected_count - 1].doing;
    if (PQpipelineSync(store->connection) != 1) {
        return lost(store, doing, detail);
    }
    for (int i = 0; i <= store->expected_count; i++) { /* the last is the synchronisation */
        PGresult *result = next_result(store);
        if (result == NULL) {
            PQclear(last);
            return lost(store, doing, detail);
        }
        if (i == store->expected_count) {
            bool is_sync = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
            PQclear(result);
            if (!is_sync) { /* a server that is stopped says so even here */
                PQclear(last);
                PQfinish(store->connection);
                store->connection = NULL;
                return lost(store, doing, detail);
            }
            break;
        }
        struct err_detail why = {""};
        enum err judged = judge(&store->expected[i], result, &why);
        if (error == OK && judged != OK) {
            error = err_set(detail, judged, "%s", why.text);
        }
        PQclear(last);
        last = result;
        if (store->expected[i].keeps != NULL) {
            PQclear(store->expected[i].keeps->result);
            store->expected[i].keeps->result = result;
            last = NULL;
        }
    }
    store->expected_count = 0;
    store->has_exact = false;
    if (error != OK || ret_result == NULL) {
        PQclear(last);
    } else {
        *ret_result = last;
    }
    return error;
}

enum err pipeline_ask(struct postgres_store *store, const char *sql, int count,
                      const char *const *values, const char *doing, PGresult **ret_result,
                      struct err_detail *detail)
{
    enum err error = postgres_connect(store, detail);
    if (error != OK) {
        return error;
    }
    pipeline_send_collected(store);
    pipeline_send(store, sql, count, values, EXPECT_DONE, doing);
    return pipeline_settle(store, ret_result, detail);
}
