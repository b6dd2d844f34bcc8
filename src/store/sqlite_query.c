/* Named blocks run as they are: arguments in, all rows out, into the caller's arena. */
#include "store/sqlite.h"

#include "base/check.h"
#include "store/blocks.h"

static void bind_arg(struct binder *binder, const struct arg *arg)
{
    switch (arg->type) {
    case CELL_NULL:
        binder->at++; /* a parameter that is not bound is null */
        break;
    case CELL_INT:
        bind_int(binder, arg->integer);
        break;
    case CELL_REAL:
        bind_real(binder, arg->real);
        break;
    case CELL_TEXT:
        bind_text(binder, arg->text);
        break;
    }
}

static struct cell read_cell(struct arena *arena, sqlite3_stmt *statement, int column)
{
    struct cell cell = {.type = CELL_NULL};
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        cell.type = CELL_INT;
        cell.integer = sqlite3_column_int64(statement, column);
        cell.real = (double)cell.integer;
        break;
    case SQLITE_FLOAT:
        cell.type = CELL_REAL;
        cell.real = sqlite3_column_double(statement, column);
        break;
    case SQLITE_TEXT:
    case SQLITE_BLOB: {
        cell.type = CELL_TEXT;
        const char *text = (const char *)sqlite3_column_text(statement, column);
        cell.text =
            arena_str(arena, (struct str){text, (size_t)sqlite3_column_bytes(statement, column)});
        break;
    }
    default:
        break;
    }
    return cell;
}

static enum err read_rows(struct store *store, struct arena *arena, struct binder *binder,
                          const char *block, int row_max, struct rows *rows,
                          struct err_detail *detail)
{
    size_t capacity = 0;
    for (;;) {
        bool is_row;
        enum err error = statement_next(store, binder, &is_row, block, detail);
        if (error != OK || !is_row) {
            return error;
        }
        if (rows->count == row_max) {
            statement_done(binder);
            return err_set(detail, ERR_LIMIT, "%s gives more than %d rows", block, row_max);
        }
        size_t used = (size_t)rows->count * (size_t)rows->columns;
        if (used + (size_t)rows->columns > capacity) {
            capacity = capacity == 0 ? 8 * (size_t)rows->columns : 2 * capacity;
            rows->cells = arena_grow(arena, rows->cells, used * sizeof(struct cell),
                                     capacity * sizeof(struct cell));
        }
        for (int i = 0; i < rows->columns; i++) {
            rows->cells[used + (size_t)i] = read_cell(arena, binder->statement, i);
        }
        rows->count++;
    }
}

enum err store_query(struct store *store, struct arena *arena, const char *block,
                     const struct arg *args, int arg_count, int row_max, struct rows *ret_rows,
                     struct err_detail *detail)
{
    int index = blocks_find(block);
    ASSERT(index >= 0); /* block names are part of the program */
    struct binder binder = {0};
    enum err error = block_statement(store, index, &binder.statement, detail);
    if (error != OK) {
        return error;
    }
    ASSERT(arg_count == sqlite3_bind_parameter_count(binder.statement));
    sqlite3_clear_bindings(binder.statement);
    for (int i = 0; i < arg_count; i++) {
        bind_arg(&binder, &args[i]);
    }
    struct rows rows = {.columns = sqlite3_column_count(binder.statement)};
    const char **names = ARENA_ARRAY(arena, const char *, (size_t)rows.columns);
    for (int i = 0; i < rows.columns; i++) {
        names[i] = arena_strdup(arena, sqlite3_column_name(binder.statement, i));
    }
    rows.names = names;
    error = read_rows(store, arena, &binder, block, row_max, &rows, detail);
    if (error == OK) {
        *ret_rows = rows;
    }
    return error;
}

enum err store_block_prepare(struct store *store, const char *block, int *ret_arg_count,
                             struct err_detail *detail)
{
    int index = blocks_find(block);
    ASSERT(index >= 0);
    sqlite3_stmt *statement;
    enum err error = block_statement(store, index, &statement, detail);
    if (error == OK) {
        *ret_arg_count = sqlite3_bind_parameter_count(statement);
    }
    return error;
}
