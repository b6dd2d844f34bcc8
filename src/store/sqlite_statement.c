/* Statements of SQLite: prepared at first use, bound, stepped, read. */
#include "store/sqlite.h"

#include "base/check.h"

enum err sqlite_statement(struct store *base, int block, void **ret_statement,
                          struct err_detail *detail)
{
    struct sqlite_store *store = sqlite_of(base);
    if (store->statements[block] == NULL) {
        int count;
        const struct block *blocks = blocks_all(&count);
        const char *sql = blocks[block].text[DIALECT_SQLITE].sql;
        ASSERT(sql != NULL);
        enum err error = sqlite_prepare(store, sql, &store->statements[block], detail);
        if (error != OK) {
            return err_wrap(detail, error, "%s", blocks[block].name);
        }
    }
    *ret_statement = store->statements[block];
    return OK;
}

enum err sqlite_try_block(struct store *base, int block, struct err_detail *detail)
{
    void *statement;
    enum err error = sqlite_statement(base, block, &statement, detail);
    ASSERT(error != OK ||
           sqlite3_bind_parameter_count(statement) == blocks_parameters(DIALECT_SQLITE, block));
    return error;
}

/* Binding fails by a wrong index, which is our bug, or for lack of memory, which ends the process.
 */
void sqlite_bind_int(void *statement, int at, int64_t value)
{
    int code = sqlite3_bind_int64(statement, at, value);
    ASSERT(code == SQLITE_OK);
}

void sqlite_bind_real(void *statement, int at, double value)
{
    int code = sqlite3_bind_double(statement, at, value);
    ASSERT(code == SQLITE_OK);
}

void sqlite_bind_text(void *statement, int at, struct str text)
{
    int code = sqlite3_bind_text64(statement, at, text.ptr != NULL ? text.ptr : "", text.length,
                                   SQLITE_STATIC, SQLITE_UTF8);
    ASSERT(code == SQLITE_OK);
}

void sqlite_bind_blob(void *statement, int at, struct str bytes)
{
    int code = sqlite3_bind_blob64(statement, at, bytes.ptr != NULL ? bytes.ptr : "", bytes.length,
                                   SQLITE_STATIC);
    ASSERT(code == SQLITE_OK);
}

void sqlite_bind_null(void *statement, int at)
{
    int code = sqlite3_bind_null(statement, at);
    ASSERT(code == SQLITE_OK);
}

enum err sqlite_run(struct store *base, void *statement, int *ret_changed, const char *what,
                    struct err_detail *detail)
{
    struct sqlite_store *store = sqlite_of(base);
    /* Some failures end the transaction: what came after one that nobody heeded would be there for
     * good, without what was before it. */
    if (store->begun && sqlite3_get_autocommit(store->db) != 0) {
        sqlite3_reset(statement);
        return err_set(detail, ERR_STORE, "cannot %s: the transaction has ended by a failure",
                       what);
    }
    int code = sqlite_step(statement);
    enum err error = sqlite_map(store, code, what, detail);
    ASSERT(code != SQLITE_ROW);
    if (error == OK && ret_changed != NULL) {
        *ret_changed = sqlite3_changes(store->db);
    }
    sqlite3_reset(statement);
    return error;
}

enum err sqlite_next(struct store *base, void *statement, bool *ret_row, const char *what,
                     struct err_detail *detail)
{
    int code = sqlite_step(statement);
    *ret_row = code == SQLITE_ROW;
    if (code == SQLITE_ROW) {
        return OK;
    }
    enum err error = sqlite_map(sqlite_of(base), code, what, detail);
    sqlite3_reset(statement);
    return error;
}

void sqlite_done(void *statement)
{
    sqlite3_reset(statement);
}

int sqlite_column_count(void *statement)
{
    return sqlite3_column_count(statement);
}

const char *sqlite_column_name(void *statement, int column)
{
    return sqlite3_column_name(statement, column);
}

enum cell_type sqlite_column_type(void *statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        return CELL_INT;
    case SQLITE_FLOAT:
        return CELL_REAL;
    case SQLITE_TEXT:
    case SQLITE_BLOB:
        return CELL_TEXT;
    default:
        return CELL_NULL;
    }
}

int64_t sqlite_column_int(void *statement, int column)
{
    return sqlite3_column_int64(statement, column);
}

double sqlite_column_real(void *statement, int column)
{
    return sqlite3_column_double(statement, column);
}

struct str sqlite_column_text(void *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    int bytes = sqlite3_column_bytes(statement, column);
    return text == NULL ? STR("") : (struct str){text, (size_t)bytes};
}

enum err sqlite_ask(struct store *base, struct arena *arena, const char *sql,
                    const struct arg *args, int arg_count, struct rows *ret_rows,
                    struct err_detail *detail)
{
    sqlite3_stmt *statement = NULL;
    enum err error = sqlite_prepare(sqlite_of(base), sql, &statement, detail);
    if (error != OK) {
        return error;
    }
    struct binder binder = {.store = base, .statement = statement};
    ASSERT(arg_count == sqlite3_bind_parameter_count(statement));
    for (int i = 0; i < arg_count; i++) {
        bind_arg(&binder, &args[i]);
    }
    error = read_rows(&binder, arena, "copy", INT32_MAX, ret_rows, detail);
    sqlite3_finalize(statement);
    return error;
}
