/* COPY for the rows of a statement of many, when there are so many that it is worth leaving the
 * pipeline: the server writes them page by page instead of row by row. The rows are the same that
 * would have travelled as arrays, whose elements are what COPY calls fields. */
#include "store/postgres.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

enum { TRAILER = -1 };

/* Columns in the order of the block's parameters. */
static const struct {
    const char *block, *sql;
} COPIES[] = {
    {"event_insert", "COPY events (id, user_id, at_ms, type, previous_event_id, journey, step, "
                     "ref_id, rule, data, revenue) FROM STDIN (FORMAT binary)"},
};

const char *postgres_copy_of(const char *block)
{
    for (size_t i = 0; i < sizeof(COPIES) / sizeof(COPIES[0]); i++) {
        if (strcmp(COPIES[i].block, block) == 0) {
            return COPIES[i].sql;
        }
    }
    return NULL;
}

struct bytes {
    char *first;
    size_t length;
};

static void put(struct bytes *to, const void *from, size_t length)
{
    memcpy(to->first + to->length, from, length);
    to->length += length;
}

static void put_int16(struct bytes *to, int value)
{
    uint16_t wire = htons((uint16_t)(int16_t)value);
    put(to, &wire, sizeof(wire));
}

/* The columns that were collected, as rows: the caller frees them. */
static struct bytes rows_of(const struct postgres_statement *statement)
{
    static const char head[] =
        "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* and the NUL: no flags, no more */
    size_t at[PARAMETERS_MAX];
    size_t room = sizeof(head) + sizeof(int16_t) * ((size_t)statement->rows + 1);
    for (int i = 0; i < statement->parameter_count; i++) {
        at[i] = ARRAY_HEAD_BYTES;
        room += statement->parameters[i].length;
    }
    struct bytes rows = {.first = malloc(room)};
    ASSERT(rows.first != NULL);
    put(&rows, head, sizeof(head));
    for (int row = 0; row < statement->rows; row++) {
        put_int16(&rows, statement->parameter_count);
        for (int i = 0; i < statement->parameter_count; i++) {
            const char *field = statement->parameters[i].bytes + at[i];
            uint32_t length;
            memcpy(&length, field, sizeof(length));
            size_t bytes = sizeof(length) + ntohl(length);
            put(&rows, field, bytes);
            at[i] += bytes;
        }
    }
    put_int16(&rows, TRAILER);
    ASSERT(rows.length <= room);
    return rows;
}

/* All results of the command; the first that is no success counts. */
static enum err end_copy(struct postgres_store *store, const char *doing, struct err_detail *detail)
{
    enum err error = OK;
    PGresult *result;
    while ((result = PQgetResult(store->connection)) != NULL) {
        if (error == OK && PQresultStatus(result) != PGRES_COMMAND_OK) {
            error = postgres_map(result, doing, detail);
        }
        PQclear(result);
        if (PQstatus(store->connection) == CONNECTION_BAD) {
            break;
        }
    }
    return error;
}

static enum err copy_now(struct postgres_statement *statement, struct err_detail *detail)
{
    struct postgres_store *store = statement->store;
    PGresult *result = PQexec(store->connection, statement->copy);
    enum err error = PQresultStatus(result) == PGRES_COPY_IN
                         ? OK
                         : postgres_map(result, statement->what, detail);
    PQclear(result);
    if (error != OK) {
        return error;
    }
    struct bytes rows = rows_of(statement);
    bool sent = PQputCopyData(store->connection, rows.first, (int)rows.length) == 1 &&
                PQputCopyEnd(store->connection, NULL) == 1;
    free(rows.first);
    error = end_copy(store, statement->what, detail);
    return error == OK && !sent
               ? err_set(detail, ERR_BUSY, "cannot %s now: the connection to the database was lost",
                         statement->what)
               : error;
}

enum err postgres_copy(struct postgres_statement *statement, struct err_detail *detail)
{
    struct postgres_store *store = statement->store;
    enum err error = pipeline_settle(store, NULL, detail);
    if (error != OK) {
        return error;
    }
    if (PQexitPipelineMode(store->connection) != 1) {
        return err_set(detail, ERR_BUSY, "cannot %s now: the connection to the database was lost",
                       statement->what);
    }
    error = copy_now(statement, detail);
    PQenterPipelineMode(store->connection);
    return error;
}
