/* Binding and reading rows column by column, in order: no names at run time, no column forgotten
 * unseen, since one too few or too many shifts all that follow (tests write and read each field).
 */
#include "store/sqlite.h"

#include <string.h>

#include "base/check.h"

enum err bind_begin(struct store *store, enum statement which, struct binder *ret_binder,
                    struct err_detail *detail)
{
    *ret_binder = (struct binder){0};
    return block_statement(store, store->block_of[which], &ret_binder->statement, detail);
}

/* Binding fails by a wrong index, which is our bug, or for lack of memory, which ends the process.
 */
void bind_int(struct binder *binder, int64_t value)
{
    int code = sqlite3_bind_int64(binder->statement, ++binder->at, value);
    ASSERT(code == SQLITE_OK);
}

void bind_real(struct binder *binder, double value)
{
    int code = sqlite3_bind_double(binder->statement, ++binder->at, value);
    ASSERT(code == SQLITE_OK);
}

void bind_text(struct binder *binder, struct str text)
{
    int code =
        sqlite3_bind_text64(binder->statement, ++binder->at, text.ptr != NULL ? text.ptr : "",
                            text.length, SQLITE_STATIC, SQLITE_UTF8);
    ASSERT(code == SQLITE_OK);
}

enum err statement_run(struct store *store, struct binder *binder, int *ret_changed,
                       const char *what, struct err_detail *detail)
{
    int code = store_step(binder->statement);
    enum err error = store_map(store, code, what, detail);
    ASSERT(code != SQLITE_ROW);
    if (error == OK && ret_changed != NULL) {
        *ret_changed = sqlite3_changes(store->db);
    }
    sqlite3_reset(binder->statement);
    return error;
}

enum err statement_next(struct store *store, struct binder *binder, bool *ret_row, const char *what,
                        struct err_detail *detail)
{
    int code = store_step(binder->statement);
    *ret_row = code == SQLITE_ROW;
    if (code == SQLITE_ROW) {
        return OK;
    }
    enum err error = store_map(store, code, what, detail);
    sqlite3_reset(binder->statement);
    return error;
}

void statement_done(struct binder *binder)
{
    sqlite3_reset(binder->statement);
}

struct reader read_begin(const struct binder *binder, struct arena *arena)
{
    return (struct reader){.statement = binder->statement, .arena = arena};
}

int64_t read_int64(struct reader *reader)
{
    return sqlite3_column_int64(reader->statement, reader->at++);
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
    return sqlite3_column_double(reader->statement, reader->at++);
}

struct str read_view(struct reader *reader)
{
    const char *text = (const char *)sqlite3_column_text(reader->statement, reader->at);
    int bytes = sqlite3_column_bytes(reader->statement, reader->at);
    reader->at++;
    return text == NULL ? STR("") : (struct str){text, (size_t)bytes};
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
