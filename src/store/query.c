/* Named blocks run as they are: arguments in, all rows out, into the caller's arena. */
#include "store/driver.h"

#include "base/check.h"
#include "base/limits.h"

void bind_arg(struct binder *binder, const struct arg *arg)
{
    switch (arg->type) {
    case CELL_NULL:
        bind_null(binder);
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

static struct cell read_cell(struct arena *arena, const struct binder *binder, int column)
{
    const struct driver *driver = binder->store->driver;
    struct cell cell = {.type = driver->column_type(binder->statement, column)};
    switch (cell.type) {
    case CELL_NULL:
        break;
    case CELL_INT:
        cell.integer = driver->column_int(binder->statement, column);
        cell.real = (double)cell.integer;
        break;
    case CELL_REAL:
        cell.real = driver->column_real(binder->statement, column);
        break;
    case CELL_TEXT:
        cell.text = arena_str(arena, driver->column_text(binder->statement, column));
        break;
    }
    return cell;
}

/* Known with the first row, or that there is none. */
static void read_names(struct arena *arena, const struct binder *binder, struct rows *rows)
{
    const struct driver *driver = binder->store->driver;
    rows->columns = driver->column_count(binder->statement);
    const char **names = ARENA_ARRAY(arena, const char *, (size_t)rows->columns);
    for (int i = 0; i < rows->columns; i++) {
        names[i] = arena_strdup(arena, driver->column_name(binder->statement, i));
    }
    rows->names = names;
}

static void add_row(struct arena *arena, const struct binder *binder, struct rows *rows,
                    size_t *capacity)
{
    size_t columns = (size_t)rows->columns;
    size_t used = (size_t)rows->count * columns;
    if (used + columns > *capacity) {
        *capacity = *capacity == 0 ? PORTION(8, 1) * columns : 2 * *capacity;
        rows->cells = arena_grow(arena, rows->cells, used * sizeof(struct cell),
                                 *capacity * sizeof(struct cell));
    }
    for (size_t i = 0; i < columns; i++) {
        rows->cells[used + i] = read_cell(arena, binder, (int)i);
    }
    rows->count++;
}

enum err read_rows(struct binder *binder, struct arena *arena, const char *what, int row_max,
                   struct rows *ret_rows, struct err_detail *detail)
{
    struct rows rows = {0};
    size_t capacity = 0;
    for (;;) {
        bool is_row;
        enum err error = statement_next(binder, &is_row, what, detail);
        if (error != OK) {
            return error;
        }
        if (rows.names == NULL) {
            read_names(arena, binder, &rows);
        }
        if (!is_row) {
            *ret_rows = rows;
            return OK;
        }
        if (rows.count == row_max) {
            statement_done(binder);
            return err_set(detail, ERR_LIMIT, "%s gives more than %d rows", what, row_max);
        }
        add_row(arena, binder, &rows, &capacity);
    }
}

enum err store_query(struct store *store, struct arena *arena, const char *block,
                     const struct arg *args, int arg_count, int row_max, struct rows *ret_rows,
                     struct err_detail *detail)
{
    int index = blocks_find(block);
    ASSERT(index >= 0); /* block names are part of the program */
    ASSERT(arg_count == blocks_parameters(store->driver->dialect, index));
    struct binder binder;
    enum err error = bind_block(store, index, &binder, detail);
    if (error != OK) {
        return error;
    }
    for (int i = 0; i < arg_count; i++) {
        bind_arg(&binder, &args[i]);
    }
    return read_rows(&binder, arena, block, row_max, ret_rows, detail);
}

enum err store_block_prepare(struct store *store, const char *block, int *ret_arg_count,
                             struct err_detail *detail)
{
    int index = blocks_find(block);
    ASSERT(index >= 0);
    *ret_arg_count = blocks_parameters(store->driver->dialect, index);
    return store->driver->try_block(store, index, detail);
}
