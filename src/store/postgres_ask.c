/* One statement whose text is known only at run time, as copying a table needs it: parameters in
 * the binary form; of texts the server finds out whether their column holds text or bytes. */
#include "store/postgres.h"

#include <endian.h>
#include <string.h>

/* The parameters of one statement, in its arena. */
struct asked {
    Oid *types;
    const char **values;
    int *lengths;
};

static void set_value(struct asked *asked, int at, Oid type, const char *bytes, size_t length)
{
    asked->types[at] = type;
    asked->values[at] = bytes;
    asked->lengths[at] = (int)length;
}

static const char *wire_of(struct arena *arena, uint64_t value)
{
    value = htobe64(value);
    char *bytes = arena_alloc(arena, sizeof(value));
    memcpy(bytes, &value, sizeof(value));
    return bytes;
}

static void set_arg(struct asked *asked, struct arena *arena, int at, const struct arg *arg)
{
    uint64_t bits;
    switch (arg->type) {
    case CELL_NULL:
        set_value(asked, at, 0, NULL, 0);
        break;
    case CELL_INT:
        set_value(asked, at, TYPE_INT, wire_of(arena, (uint64_t)arg->integer), sizeof(bits));
        break;
    case CELL_REAL:
        memcpy(&bits, &arg->real, sizeof(bits));
        set_value(asked, at, TYPE_REAL, wire_of(arena, bits), sizeof(bits));
        break;
    case CELL_TEXT:
        set_value(asked, at, 0, arg->text.length > 0 ? arg->text.ptr : "", arg->text.length);
        break;
    }
}

static enum err send_and_wait(struct postgres_store *store, const char *sql, int arg_count,
                              const struct asked *asked, PGresult **ret_result,
                              struct err_detail *detail)
{
    const struct pipeline_values values = {arg_count, asked->types, asked->values, asked->lengths};
    enum err error = postgres_connect(store, detail);
    if (error != OK) {
        return error;
    }
    pipeline_send_collected(store);
    pipeline_send_values(store, sql, &values, "copy");
    return pipeline_settle(store, ret_result, detail);
}

enum err postgres_ask(struct store *base, struct arena *arena, const char *sql,
                      const struct arg *args, int arg_count, struct rows *ret_rows,
                      struct err_detail *detail)
{
    struct postgres_store *store = postgres_of(base);
    size_t room = (size_t)arg_count + 1;
    struct asked asked = {ARENA_ARRAY(arena, Oid, room), ARENA_ARRAY(arena, const char *, room),
                          ARENA_ARRAY(arena, int, room)};
    for (int i = 0; i < arg_count; i++) {
        set_arg(&asked, arena, i, &args[i]);
    }
    struct postgres_statement statement = {.store = store, .reading = true, .row = -1};
    enum err error = send_and_wait(store, sql, arg_count, &asked, &statement.result, detail);
    if (error != OK) {
        return error;
    }
    statement.from = &statement;
    statement.row_end = PQntuples(statement.result);
    struct binder binder = {.store = base, .statement = &statement};
    error = read_rows(&binder, arena, "copy", INT32_MAX, ret_rows, detail);
    PQclear(statement.result);
    PQfreemem(statement.bytes);
    return error;
}
