/* Statements of PostgreSQL: parameters gathered in the binary form, rows read as text.
 *
 * A statement of many collects its rows, and all of a kind travel as arrays in one command. It may
 * only be used where no row is written twice between two reads. */
#include "store/postgres.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

enum { OID_BOOL = 16, OID_NUMERIC = 1700 };

/* ---- making ---------------------------------------------------------------------------------- */

void postgres_statement_clear(struct postgres_statement *statement)
{
    statement->rows = 0;
    statement->exact = false;
    for (int i = 0; i < statement->text->parameters; i++) {
        struct parameter *parameter = &statement->parameters[i];
        parameter->length = statement->text->of_many ? ARRAY_HEAD_BYTES : 0;
        parameter->is_null = false;
    }
}

static struct postgres_statement *statement_new(struct postgres_store *store, int block)
{
    int count;
    struct postgres_statement *statement = calloc(1, sizeof(*statement));
    ASSERT(statement != NULL);
    statement->store = store;
    statement->block = block;
    statement->text = &blocks_all(&count)[block].text[DIALECT_POSTGRES];
    ASSERT(statement->text->sql != NULL);
    size_t parameters = (size_t)statement->text->parameters;
    statement->parameters = calloc(parameters + 1, sizeof(*statement->parameters));
    ASSERT(statement->parameters != NULL);
    for (size_t i = 0; i < parameters; i++) {
        struct parameter *parameter = &statement->parameters[i];
        parameter->capacity = PORTION(64, 1);
        parameter->bytes = malloc(parameter->capacity);
        parameter->type = TYPE_INT; /* what is only ever null is a number */
        ASSERT(parameter->bytes != NULL);
    }
    postgres_statement_clear(statement);
    return statement;
}

void postgres_forget_prepared(struct postgres_store *store)
{
    for (int i = 0; i < store->block_count; i++) {
        if (store->statements[i] != NULL) {
            store->statements[i]->prepared = false;
        }
    }
}

void postgres_statements_free(struct postgres_store *store)
{
    for (int i = 0; i < store->block_count && store->statements != NULL; i++) {
        struct postgres_statement *statement = store->statements[i];
        if (statement == NULL) {
            continue;
        }
        for (int k = 0; k < statement->text->parameters; k++) {
            free(statement->parameters[k].bytes);
        }
        PQclear(statement->result);
        PQfreemem(statement->bytes);
        free(statement->parameters);
        free(statement);
    }
    free((void *)store->statements);
    free((void *)store->collected);
}

enum err postgres_statement(struct store *base, int block, void **ret_statement,
                            struct err_detail *detail)
{
    struct postgres_store *store = postgres_of(base);
    (void)detail;
    if (store->statements[block] == NULL) {
        store->statements[block] = statement_new(store, block);
    }
    struct postgres_statement *statement = store->statements[block];
    statement->reading = false;
    PQclear(statement->result);
    statement->result = NULL;
    if (!statement->text->of_many) {
        postgres_statement_clear(statement);
    }
    *ret_statement = statement;
    return OK;
}

/* Whether a parameter stands anywhere but in comments. */
static bool is_used(const char *sql, int parameter)
{
    char mark[16];
    size_t length = (size_t)snprintf(mark, sizeof(mark), "$%d", parameter);
    struct str rest = str_of(sql);
    while (rest.length > 0) {
        struct str line = str_split(rest, '\n', &rest);
        bool is_comment = str_starts(str_trim(line), STR("--"));
        for (size_t i = 0; !is_comment && i + length <= line.length; i++) {
            bool ends = i + length == line.length || line.ptr[i + length] < '0' ||
                        line.ptr[i + length] > '9';
            if (ends && memcmp(line.ptr + i, mark, length) == 0) {
                return true;
            }
        }
    }
    return false;
}

enum err postgres_try_block(struct store *base, int block, struct err_detail *detail)
{
    struct postgres_store *store = postgres_of(base);
    int count;
    const struct block *blocks = blocks_all(&count);
    const struct block_text *text = &blocks[block].text[DIALECT_POSTGRES];
    ASSERT(text->sql != NULL);
    enum err error = postgres_connect(store, detail);
    if (error != OK) {
        return error;
    }
    error = pipeline_settle(store, NULL, detail);
    if (error != OK) {
        return error;
    }
    Oid types[PARAMETERS_MAX];
    ASSERT(text->parameters <= PARAMETERS_MAX);
    for (int i = 0; i < text->parameters; i++) {
        types[i] = is_used(text->sql, i + 1) ? 0 : TYPE_INT; /* else the server cannot know */
    }
    PQexitPipelineMode(store->connection);
    PGresult *result = PQprepare(store->connection, "", text->sql, text->parameters, types);
    error = PQresultStatus(result) == PGRES_COMMAND_OK
                ? OK
                : postgres_map(result, blocks[block].name, detail);
    PQclear(result);
    PQenterPipelineMode(store->connection);
    return error;
}

/* ---- binding --------------------------------------------------------------------------------- */

static char *room_for(struct parameter *parameter, size_t bytes)
{
    size_t needed = parameter->length + bytes;
    if (needed > parameter->capacity) {
        while (parameter->capacity < needed) {
            parameter->capacity *= 2;
        }
        parameter->bytes = realloc(parameter->bytes, parameter->capacity);
        ASSERT(parameter->bytes != NULL);
    }
    char *at = parameter->bytes + parameter->length;
    parameter->length = needed;
    return at;
}

/* Room for a value: in an array its length stands before it. */
static char *value_room(struct postgres_statement *statement, int at, Oid type, size_t bytes)
{
    ASSERT(at >= 1 && at <= statement->text->parameters);
    struct parameter *parameter = &statement->parameters[at - 1];
    parameter->type = type;
    if (!statement->text->of_many) {
        return room_for(parameter, bytes);
    }
    char *place = room_for(parameter, sizeof(uint32_t) + bytes);
    uint32_t length = htonl((uint32_t)bytes);
    memcpy(place, &length, sizeof(length));
    return place + sizeof(length);
}

void postgres_bind_int(void *statement, int at, int64_t value)
{
    uint64_t wire = htobe64((uint64_t)value);
    memcpy(value_room(statement, at, TYPE_INT, sizeof(wire)), &wire, sizeof(wire));
}

void postgres_bind_real(void *statement, int at, double value)
{
    uint64_t wire;
    memcpy(&wire, &value, sizeof(wire));
    wire = htobe64(wire);
    memcpy(value_room(statement, at, TYPE_REAL, sizeof(wire)), &wire, sizeof(wire));
}

/* A byte 0, which PostgreSQL's text cannot hold, becomes a blank. */
void postgres_bind_text(void *statement, int at, struct str text)
{
    char *place = value_room(statement, at, TYPE_TEXT, text.length);
    for (size_t i = 0; i < text.length; i++) {
        place[i] = text.ptr[i] != '\0' ? text.ptr[i] : ' ';
    }
}

void postgres_bind_blob(void *statement, int at, struct str bytes)
{
    ASSERT(!((struct postgres_statement *)statement)->text->of_many);
    char *place = value_room(statement, at, TYPE_BYTES, bytes.length);
    if (bytes.length > 0) {
        memcpy(place, bytes.ptr, bytes.length);
    }
}

void postgres_bind_null(void *statement, int at)
{
    struct postgres_statement *of = statement;
    ASSERT(!of->text->of_many);
    of->parameters[at - 1].is_null = true;
}

/* ---- running --------------------------------------------------------------------------------- */

static void collect(struct postgres_statement *statement, bool exact)
{
    struct postgres_store *store = statement->store;
    statement->exact |= exact;
    if (statement->rows++ == 0) {
        store->collected[store->collected_count++] = statement;
    }
    if (statement->rows == LIMIT_ROWS_OF_MANY) {
        pipeline_send_collected(store);
    }
}

/* Sends the statement and waits. A connection that died while it was idle is opened again, once. */
static enum err run_now(struct postgres_statement *statement, PGresult **ret_result,
                        struct err_detail *detail)
{
    struct postgres_store *store = statement->store;
    enum err error = OK;
    for (int tries = 0; tries < 2; tries++) {
        error = postgres_connect(store, detail);
        if (error != OK) {
            return error;
        }
        pipeline_send_collected(store);
        if (!statement->text->of_many) {
            pipeline_send_statement(statement, EXPECT_DONE, 0);
        }
        error = pipeline_settle(store, ret_result, detail);
        bool again = error == ERR_BUSY && !store->in_transaction && !statement->text->of_many &&
                     PQstatus(store->connection) == CONNECTION_BAD;
        if (!again) {
            break;
        }
    }
    return error;
}

enum err postgres_run(struct store *base, void *of, int *ret_changed, const char *what,
                      struct err_detail *detail)
{
    struct postgres_store *store = postgres_of(base);
    struct postgres_statement *statement = of;
    statement->what = what;
    if (store->in_transaction && PQstatus(store->connection) == CONNECTION_BAD) {
        return postgres_connect(store, detail); /* says so */
    }
    if (statement->text->of_many) {
        collect(statement, ret_changed != NULL);
        if (ret_changed != NULL) {
            *ret_changed = 1;
        }
        return store->in_transaction ? OK : run_now(statement, NULL, detail);
    }
    if (store->in_transaction && ret_changed == NULL) {
        pipeline_send_collected(store);
        pipeline_send_statement(statement, EXPECT_DONE, 0);
        return OK;
    }
    PGresult *result = NULL;
    enum err error = run_now(statement, &result, detail);
    if (error == OK && ret_changed != NULL) {
        *ret_changed = (int)strtol(PQcmdTuples(result), NULL, 10);
    }
    PQclear(result);
    return error;
}

enum err postgres_next(struct store *base, void *of, bool *ret_row, const char *what,
                       struct err_detail *detail)
{
    (void)base;
    struct postgres_statement *statement = of;
    if (!statement->reading) {
        statement->what = what;
        PQclear(statement->result);
        statement->result = NULL;
        enum err error = run_now(statement, &statement->result, detail);
        if (error != OK) {
            return error;
        }
        statement->reading = true;
        statement->row = -1;
    }
    statement->row++;
    *ret_row = statement->row < PQntuples(statement->result);
    statement->reading = *ret_row;
    return OK;
}

void postgres_done(void *statement)
{
    ((struct postgres_statement *)statement)->reading = false;
}

/* ---- reading --------------------------------------------------------------------------------- */

int postgres_column_count(void *statement)
{
    return PQnfields(((struct postgres_statement *)statement)->result);
}

const char *postgres_column_name(void *statement, int column)
{
    return PQfname(((struct postgres_statement *)statement)->result, column);
}

enum cell_type postgres_column_type(void *of, int column)
{
    const struct postgres_statement *statement = of;
    if (PQgetisnull(statement->result, statement->row, column) != 0) {
        return CELL_NULL;
    }
    switch (PQftype(statement->result, column)) {
    case OID_BOOL:
    case 20: /* int8 */
    case 21: /* int2 */
    case 23: /* int4 */
        return CELL_INT;
    case 700: /* float4 */
    case 701: /* float8 */
        return CELL_REAL;
    case OID_NUMERIC: /* sums of whole numbers are numeric, too */
        return strchr(PQgetvalue(statement->result, statement->row, column), '.') == NULL
                   ? CELL_INT
                   : CELL_REAL;
    default:
        return CELL_TEXT;
    }
}

int64_t postgres_column_int(void *of, int column)
{
    const struct postgres_statement *statement = of;
    const char *text = PQgetvalue(statement->result, statement->row, column);
    if (text[0] == 't' || text[0] == 'f') {
        return text[0] == 't';
    }
    return strtoll(text, NULL, 10);
}

double postgres_column_real(void *of, int column)
{
    const struct postgres_statement *statement = of;
    return strtod(PQgetvalue(statement->result, statement->row, column), NULL);
}

struct str postgres_column_text(void *of, int column)
{
    struct postgres_statement *statement = of;
    if (PQftype(statement->result, column) == TYPE_BYTES) {
        size_t length = 0;
        PQfreemem(statement->bytes);
        statement->bytes = (char *)PQunescapeBytea(
            (unsigned char *)PQgetvalue(statement->result, statement->row, column), &length);
        ASSERT(statement->bytes != NULL);
        return (struct str){statement->bytes, length};
    }
    return (struct str){PQgetvalue(statement->result, statement->row, column),
                        (size_t)PQgetlength(statement->result, statement->row, column)};
}
