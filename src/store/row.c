/* Binding and reading rows column by column, in order: no names at run time, no column forgotten
 * unseen, since one too few or too many shifts all that follow (tests write and read each field).
 */
#include "store/driver.h"

#include "base/check.h"

enum err bind_block(struct store *store, int block, struct binder *ret_binder,
                    struct err_detail *detail)
{
    *ret_binder = (struct binder){.store = store};
    return store->driver->statement(store, block, &ret_binder->statement, detail);
}

enum err bind_begin(struct store *store, enum statement which, struct binder *ret_binder,
                    struct err_detail *detail)
{
    return bind_block(store, store->block_of[which], ret_binder, detail);
}

void bind_int(struct binder *binder, int64_t value)
{
    binder->store->driver->bind_int(binder->statement, ++binder->at, value);
}

void bind_real(struct binder *binder, double value)
{
    binder->store->driver->bind_real(binder->statement, ++binder->at, value);
}

void bind_text(struct binder *binder, struct str text)
{
    binder->store->driver->bind_text(binder->statement, ++binder->at, text);
}

void bind_blob(struct binder *binder, struct str bytes)
{
    binder->store->driver->bind_blob(binder->statement, ++binder->at, bytes);
}

void bind_null(struct binder *binder)
{
    binder->store->driver->bind_null(binder->statement, ++binder->at);
}

enum err statement_run(struct binder *binder, int *ret_changed, const char *what,
                       struct err_detail *detail)
{
    struct store *store = binder->store;
    return store->driver->run(store, binder->statement, ret_changed, what, detail);
}

enum err statement_next(struct binder *binder, bool *ret_row, const char *what,
                        struct err_detail *detail)
{
    struct store *store = binder->store;
    return store->driver->next(store, binder->statement, ret_row, what, detail);
}

void statement_done(struct binder *binder)
{
    binder->store->driver->done(binder->statement);
}

struct reader read_begin(const struct binder *binder, struct arena *arena)
{
    return (struct reader){
        .driver = binder->store->driver, .statement = binder->statement, .arena = arena};
}

int64_t read_first(struct binder *binder)
{
    int64_t value = binder->store->driver->column_int(binder->statement, 0);
    statement_done(binder);
    return value;
}

int64_t read_int64(struct reader *reader)
{
    return reader->driver->column_int(reader->statement, reader->at++);
}

int read_int(struct reader *reader)
{
    int64_t value = read_int64(reader);
    if (value < INT32_MIN || value > INT32_MAX) {
        reader->bad = true;
        return 0;
    }
    return (int)value;
}

bool read_bool(struct reader *reader)
{
    return read_enum(reader, 2) != 0;
}

int read_enum(struct reader *reader, int count)
{
    int64_t value = read_int64(reader);
    if (value < 0 || value >= count) {
        reader->bad = true;
        return 0;
    }
    return (int)value;
}

double read_real(struct reader *reader)
{
    return reader->driver->column_real(reader->statement, reader->at++);
}

struct str read_view(struct reader *reader)
{
    return reader->driver->column_text(reader->statement, reader->at++);
}

struct str read_text(struct reader *reader)
{
    struct str view = read_view(reader);
    return view.length == 0 ? STR("") : arena_str(reader->arena, view);
}

void read_chars(struct reader *reader, char *buffer, size_t size)
{
    str_copy(buffer, size, read_view(reader));
}
