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
    for (int i = 0; i < statement->parameter_count; i++) {
        struct parameter *parameter = &statement->parameters[i];
        parameter->length = statement->of_many ? ARRAY_HEAD_BYTES : 0;
        parameter->is_null = false;
    }
}

struct postgres_statement *postgres_statement_new(struct postgres_store *store, const char *name,
                                                  const struct block_text *text)
{
    struct postgres_statement *statement = calloc(1, sizeof(*statement));
    ASSERT(statement != NULL && text->sql != NULL);
    statement->store = store;
    statement->name = strdup(name);
    statement->sql = strdup(text->sql);
    ASSERT(statement->name != NULL && statement->sql != NULL);
    statement->parameter_count = text->parameters;
    statement->of_many = text->of_many;
    statement->copy = text->of_many ? postgres_copy_of(name) : NULL;
    size_t parameters = (size_t)text->parameters;
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
        struct postgres_statement *statement = store->statements[i];
        for (; statement != NULL; statement = statement->ahead) {
            statement->prepared = false;
        }
    }
}

static void statement_free(struct postgres_statement *statement)
{
    for (int i = 0; i < statement->parameter_count; i++) {
        free(statement->parameters[i].bytes);
    }
    PQclear(statement->result);
    PQfreemem(statement->bytes);
    free(statement->parameters);
    free(statement->order);
    free(statement->first);
    free(statement->name);
    free(statement->sql);
    free(statement);
}

void postgres_statements_free(struct postgres_store *store)
{
    for (int i = 0; i < store->block_count && store->statements != NULL; i++) {
        for (struct postgres_statement *next = store->statements[i]; next != NULL;) {
            struct postgres_statement *statement = next;
            next = statement->ahead;
            statement_free(statement);
        }
    }
    free((void *)store->statements);
    free((void *)store->collected);
    free((void *)store->aheads);
}

enum err postgres_statement(struct store *base, int block, void **ret_statement,
                            struct err_detail *detail)
{
    struct postgres_store *store = postgres_of(base);
    (void)detail;
    if (store->statements[block] == NULL) {
        int count;
        const struct block *of = &blocks_all(&count)[block];
        store->statements[block] =
            postgres_statement_new(store, of->name, &of->text[DIALECT_POSTGRES]);
    }
    struct postgres_statement *statement = store->statements[block];
    if (store->noting) {
        *ret_statement = postgres_ahead_of(statement);
        return OK;
    }
    statement->reading = false;
    PQclear(statement->result);
    statement->result = NULL;
    if (!statement->of_many) {
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
    ASSERT(at >= 1 && at <= statement->parameter_count);
    struct parameter *parameter = &statement->parameters[at - 1];
    parameter->type = type;
    if (!statement->of_many) {
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
    char *place = value_room(statement, at, TYPE_BYTES, bytes.length);
    if (bytes.length > 0) {
        memcpy(place, bytes.ptr, bytes.length);
    }
}

void postgres_bind_null(void *statement, int at)
{
    struct postgres_statement *of = statement;
    ASSERT(!of->of_many);
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
    if (statement->rows == (statement->copy != NULL ? LIMIT_ROWS_COPIED : LIMIT_ROWS_OF_MANY)) {
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
        if (!statement->of_many) {
            pipeline_send_statement(statement, EXPECT_DONE, 0);
        }
        error = pipeline_settle(store, ret_result, detail);
        bool again = error == ERR_BUSY && !store->in_transaction && !statement->of_many &&
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
    ASSERT(!store->noting);
    statement->what = what;
    if (store->in_transaction && PQstatus(store->connection) == CONNECTION_BAD) {
        return postgres_connect(store, detail); /* says so */
    }
    if (statement->of_many) {
        collect(statement, ret_changed != NULL);
        if (ret_changed != NULL) {
            *ret_changed = 1;
        }
        return store->in_transaction ? OK : run_now(statement, NULL, detail);
    }
    postgres_ahead_end(base);
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
    struct postgres_statement *statement = of;
    if (postgres_of(base)->noting) {
        postgres_ahead_note(statement, what);
        *ret_row = false;
        return OK;
    }
    if (!statement->reading && !postgres_ahead_take(statement)) {
        statement->what = what;
        PQclear(statement->result);
        statement->result = NULL;
        enum err error = run_now(statement, &statement->result, detail);
        if (error != OK) {
            return error;
        }
        statement->from = statement;
        statement->row = -1;
        statement->row_end = PQntuples(statement->result);
    }
    statement->row++;
    *ret_row = statement->row < statement->row_end;
    statement->reading = *ret_row;
    return OK;
}

void postgres_done(void *statement)
{
    ((struct postgres_statement *)statement)->reading = false;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The value of a column in the row that is read. What was ahead has a column before the others, and
 * its rows in an order of their own. */
struct place {
    const PGresult *result;
    int row, column;
};

static struct place place_of(const struct postgres_statement *statement, int column)
{
    const struct postgres_statement *from = statement->from;
    bool ahead = from != statement;
    return (struct place){from->result, ahead ? from->order[statement->row] : statement->row,
                          column + ahead};
}

static const char *value_of(const struct postgres_statement *statement, int column)
{
    struct place place = place_of(statement, column);
    return PQgetvalue(place.result, place.row, place.column);
}

int postgres_column_count(void *of)
{
    const struct postgres_statement *statement = of;
    return PQnfields(statement->from->result) - (statement->from != statement);
}

const char *postgres_column_name(void *of, int column)
{
    const struct postgres_statement *statement = of;
    return PQfname(statement->from->result, column + (statement->from != statement));
}

enum cell_type postgres_column_type(void *of, int column)
{
    struct place place = place_of(of, column);
    if (PQgetisnull(place.result, place.row, place.column) != 0) {
        return CELL_NULL;
    }
    switch (PQftype(place.result, place.column)) {
    case OID_BOOL:
    case 20: /* int8 */
    case 21: /* int2 */
    case 23: /* int4 */
        return CELL_INT;
    case 700: /* float4 */
    case 701: /* float8 */
        return CELL_REAL;
    case OID_NUMERIC: /* sums of whole numbers are numeric, too */
        return strchr(value_of(of, column), '.') == NULL ? CELL_INT : CELL_REAL;
    default:
        return CELL_TEXT;
    }
}

int64_t postgres_column_int(void *of, int column)
{
    const char *text = value_of(of, column);
    if (text[0] == 't' || text[0] == 'f') {
        return text[0] == 't';
    }
    return strtoll(text, NULL, 10);
}

double postgres_column_real(void *of, int column)
{
    return strtod(value_of(of, column), NULL);
}

struct str postgres_column_text(void *of, int column)
{
    struct postgres_statement *statement = of;
    struct place place = place_of(statement, column);
    char *value = PQgetvalue(place.result, place.row, place.column);
    if (PQftype(place.result, place.column) == TYPE_BYTES) {
        size_t length = 0;
        PQfreemem(statement->bytes);
        statement->bytes = (char *)PQunescapeBytea((unsigned char *)value, &length);
        ASSERT(statement->bytes != NULL);
        return (struct str){statement->bytes, length};
    }
    return (struct str){value, (size_t)PQgetlength(place.result, place.row, place.column)};
}
