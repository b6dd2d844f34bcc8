/* What there is to copy, as each database's own catalogue says it. */
#include "store/copy.h"

#include <string.h>

enum { CATALOGUE_ROWS_MAX = 4000, CATALOGUE_COLUMNS = 5 };

/* Of each store alone: what was applied to it, and who works on it. */
static const char *const LEFT_OUT[] = {"engine_lease", "nodes", "schema_migrations"};
/* SQLite keys what is open together. These change in the life of a row, which is known without. */
static const char *const NO_KEY[] = {"outcome", "state"};

static bool is_among(const char *const *names, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_is(name, names[i])) {
            return true;
        }
    }
    return false;
}

static bool read_kind(struct str text, enum copy_kind *ret_kind)
{
    static const char *const names[] = {
        [COPY_INT] = "int", [COPY_REAL] = "real", [COPY_TEXT] = "text", [COPY_BYTES] = "bytes"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_is(text, names[i])) {
            *ret_kind = (enum copy_kind)i;
            return true;
        }
    }
    return false;
}

static enum err add_column(struct copy_table *table, const struct cell *cells,
                           struct err_detail *detail)
{
    struct copy_column *column = &table->columns[table->column_count++];
    column->name = cells[1].text.ptr;
    column->key = is_among(NO_KEY, sizeof(NO_KEY) / sizeof(NO_KEY[0]), cells[1].text)
                      ? 0
                      : (int)cells[3].integer;
    column->is_numbered = cells[4].integer != 0;
    if (!read_kind(cells[2].text, &column->kind)) {
        return err_set(detail, ERR_SCHEMA, "column %s of table %s is of a type that is not copied",
                       column->name, table->name);
    }
    return OK;
}

/* Places of the key without the columns that were left out: 1, 2, … */
static enum err number_key(struct copy_table *table, struct err_detail *detail)
{
    enum { KEY_PLACES_MAX = 16 };
    for (int place = 1; place <= KEY_PLACES_MAX; place++) {
        for (int i = 0; i < table->column_count; i++) {
            if (table->columns[i].key == place) {
                table->columns[i].key = ++table->key_count;
                break;
            }
        }
    }
    return table->key_count > 0
               ? OK
               : err_set(detail, ERR_SCHEMA, "table %s has no primary key", table->name);
}

enum err copy_tables(struct store *store, struct arena *arena, struct copy_table **ret_tables,
                     int *ret_count, struct err_detail *detail)
{
    struct rows rows = {0};
    enum err error =
        store_query(store, arena, "copy_columns", NULL, 0, CATALOGUE_ROWS_MAX, &rows, detail);
    if (error != OK) {
        return error;
    }
    struct copy_table *tables = ARENA_ARRAY(arena, struct copy_table, (size_t)rows.count + 1);
    int count = 0;
    for (int i = 0; error == OK && i < rows.count; i++) {
        const struct cell *cells = &rows.cells[(size_t)i * CATALOGUE_COLUMNS];
        if (is_among(LEFT_OUT, sizeof(LEFT_OUT) / sizeof(LEFT_OUT[0]), cells[0].text)) {
            continue;
        }
        if (count == 0 || !str_is(cells[0].text, tables[count - 1].name)) {
            tables[count++] = (struct copy_table){
                .name = cells[0].text.ptr,
                .columns = ARENA_ARRAY(arena, struct copy_column, (size_t)(rows.count - i))};
        }
        error = add_column(&tables[count - 1], cells, detail);
    }
    for (int i = 0; error == OK && i < count; i++) {
        error = number_key(&tables[i], detail);
    }
    *ret_tables = tables;
    *ret_count = count;
    return error;
}

static enum err differ(const char *table, const char *column, struct err_detail *detail)
{
    return err_set(detail, ERR_SCHEMA,
                   "source and target differ in table %s%s%s; bring both to this program's schema "
                   "with nudge migrate",
                   table, column[0] != '\0' ? ", column " : "", column);
}

static enum err compare_columns(const struct copy_table *a, const struct copy_table *b,
                                struct err_detail *detail)
{
    for (int i = 0; i < a->column_count && i < b->column_count; i++) {
        const struct copy_column *one = &a->columns[i];
        const struct copy_column *other = &b->columns[i];
        if (strcmp(one->name, other->name) != 0 || one->kind != other->kind ||
            one->key != other->key || one->is_numbered != other->is_numbered) {
            return differ(a->name, one->name, detail);
        }
    }
    return a->column_count == b->column_count ? OK : differ(a->name, "", detail);
}

enum err copy_tables_compare(const struct copy_table *source, int source_count,
                             const struct copy_table *target, int target_count,
                             struct err_detail *detail)
{
    for (int i = 0; i < source_count || i < target_count; i++) {
        if (i == source_count || i == target_count || strcmp(source[i].name, target[i].name) != 0) {
            return differ(i < source_count ? source[i].name : target[i].name, "", detail);
        }
        enum err error = compare_columns(&source[i], &target[i], detail);
        if (error != OK) {
            return error;
        }
    }
    return OK;
}
