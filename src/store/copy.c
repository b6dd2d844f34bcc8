/* The walk of two stores side by side, and the proof afterwards. */
#include "store/copy.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "store/driver.h"

enum {
    PAGE_ROWS = PORTION(500, 2),
    ARGUMENTS_MAX = 8000, /* of one statement; SQLite takes 32766, PostgreSQL 65535 */
    LEASE_MS = 30000,
    RANGE_MAX = 1 << 30
};

struct copier {
    const struct copy_job *job;
    struct arena *arena; /* of one page */
    const struct copy_table *table;
    int64_t lease_until_ms;
    int64_t done, total; /* rows of the table */
    bool checking;
};

/* ---- statements of a table ------------------------------------------------------------------- */

/* Text that grows, as SQL for one of the stores. */
struct sql {
    FILE *out;
    char *text;
    size_t length;
    enum dialect dialect;
};

/* It must stay where it is: the stream writes into it. */
static void sql_begin(struct sql *sql, const struct store *store)
{
    *sql = (struct sql){.dialect = store->driver->dialect};
    sql->out = open_memstream(&sql->text, &sql->length);
    ASSERT(sql->out != NULL);
}

static const char *sql_end(struct sql *sql, struct arena *arena)
{
    int closed = fclose(sql->out);
    ASSERT(closed == 0);
    const char *text = arena_strdup(arena, sql->text);
    free(sql->text);
    return text;
}

static const struct copy_column *key_column(const struct copy_table *table, int place)
{
    for (int i = 0; i < table->column_count; i++) {
        if (table->columns[i].key == place) {
            return &table->columns[i];
        }
    }
    ASSERT(false);
    return NULL;
}

/* Texts are ordered by their bytes, as in SQLite. */
static void put_key(struct sql *sql, const struct copy_table *table)
{
    for (int place = 1; place <= table->key_count; place++) {
        const struct copy_column *column = key_column(table, place);
        bool ordered = sql->dialect == DIALECT_POSTGRES && column->kind == COPY_TEXT;
        fprintf(sql->out, "%s\"%s\"%s", place > 1 ? ", " : "", column->name,
                ordered ? " COLLATE \"C\"" : "");
    }
}

static void put_names(struct sql *sql, const struct copy_table *table)
{
    for (int i = 0; i < table->column_count; i++) {
        fprintf(sql->out, "%s\"%s\"", i > 0 ? ", " : "", table->columns[i].name);
    }
}

/* In the order of the arguments; numbers would make SQLite search each among all. */
static void put_marks(struct sql *sql, int first, int count)
{
    for (int i = 0; i < count; i++) {
        fputs(i > 0 ? ", " : "", sql->out);
        if (sql->dialect == DIALECT_POSTGRES) {
            fprintf(sql->out, "$%d", first + i);
        } else {
            fputc('?', sql->out);
        }
    }
}

/* A part of the table's keys: after `after` (NULL: from the first) up to `until` (NULL: the last),
 * both rows. */
struct range {
    const struct cell *after, *until;
};

/* The condition, and its arguments behind one another. */
static int put_range(struct sql *sql, const struct copy_table *table, const struct range *range,
                     struct arg *args)
{
    const struct cell *const ends[] = {range->after, range->until};
    static const char *const signs[] = {">", "<="};
    int count = 0;
    for (int i = 0; i < 2; i++) {
        if (ends[i] == NULL) {
            continue;
        }
        fputs(count == 0 ? " WHERE (" : " AND (", sql->out);
        put_key(sql, table);
        fprintf(sql->out, ") %s (", signs[i]);
        put_marks(sql, count + 1, table->key_count);
        fputs(")", sql->out);
        for (int place = 1; place <= table->key_count; place++) {
            const struct cell *cell = &ends[i][key_column(table, place) - table->columns];
            args[count++] = (struct arg){cell->type, cell->integer, cell->real, cell->text};
        }
    }
    return count;
}

static enum err read_range(struct copier *copier, struct store *store, const struct range *range,
                           int limit, struct rows *ret_rows, struct err_detail *detail)
{
    const struct copy_table *table = copier->table;
    struct arg *args = ARENA_ARRAY(copier->arena, struct arg, 2 * (size_t)table->key_count);
    struct sql sql;
    sql_begin(&sql, store);
    fputs("SELECT ", sql.out);
    put_names(&sql, table);
    fprintf(sql.out, " FROM \"%s\"", table->name);
    int count = put_range(&sql, table, range, args);
    fputs(" ORDER BY ", sql.out);
    put_key(&sql, table);
    fprintf(sql.out, " LIMIT %d", limit);
    return store->driver->ask(store, copier->arena, sql_end(&sql, copier->arena), args, count,
                              ret_rows, detail);
}

static enum err delete_range(struct copier *copier, const struct range *range,
                             struct err_detail *detail)
{
    struct store *target = copier->job->target;
    const struct copy_table *table = copier->table;
    struct arg *args = ARENA_ARRAY(copier->arena, struct arg, 2 * (size_t)table->key_count);
    struct rows none;
    struct sql sql;
    sql_begin(&sql, target);
    fprintf(sql.out, "DELETE FROM \"%s\"", table->name);
    int count = put_range(&sql, table, range, args);
    return target->driver->ask(target, copier->arena, sql_end(&sql, copier->arena), args, count,
                               &none, detail);
}

/* One row's marks; SQLite takes bytes for a text unless told. */
static void put_values(struct sql *sql, const struct copy_table *table, int first)
{
    fputs("(", sql->out);
    for (int i = 0; i < table->column_count; i++) {
        bool cast = sql->dialect == DIALECT_SQLITE && table->columns[i].kind == COPY_BYTES;
        fputs(i > 0 ? ", " : "", sql->out);
        fputs(cast ? "CAST(" : "", sql->out);
        put_marks(sql, first + i, 1);
        fputs(cast ? " AS BLOB)" : "", sql->out);
    }
    fputs(")", sql->out);
}

static enum err check_text(const struct copier *copier, int column, const struct cell *cell,
                           struct err_detail *detail)
{
    const struct copy_table *table = copier->table;
    bool fits = table->columns[column].kind != COPY_TEXT || cell->type != CELL_TEXT ||
                copier->job->target->driver->dialect != DIALECT_POSTGRES ||
                memchr(cell->text.ptr, 0, cell->text.length) == NULL;
    return fits ? OK
                : err_set(detail, ERR_INVALID,
                          "a text in column %s of table %s holds a byte 0, which PostgreSQL cannot "
                          "keep; replace it in the source",
                          table->columns[column].name, table->name);
}

static enum err insert_rows(struct copier *copier, const struct cell *cells, int rows,
                            struct err_detail *detail)
{
    struct store *target = copier->job->target;
    const struct copy_table *table = copier->table;
    int columns = table->column_count;
    struct arg *args = ARENA_ARRAY(copier->arena, struct arg, (size_t)(rows * columns));
    enum err error = OK;
    struct sql sql;
    sql_begin(&sql, target);
    fprintf(sql.out, "INSERT INTO \"%s\" (", table->name);
    put_names(&sql, table);
    fputs(sql.dialect == DIALECT_POSTGRES ? ") OVERRIDING SYSTEM VALUE VALUES " : ") VALUES ",
          sql.out);
    for (int row = 0; row < rows; row++) {
        fputs(row > 0 ? ", " : "", sql.out);
        put_values(&sql, table, row * columns + 1);
    }
    for (int i = 0; error == OK && i < rows * columns; i++) {
        args[i] = (struct arg){cells[i].type, cells[i].integer, cells[i].real, cells[i].text};
        error = check_text(copier, i % columns, &cells[i], detail);
    }
    const char *text = sql_end(&sql, copier->arena);
    struct rows none;
    return error == OK ? target->driver->ask(target, copier->arena, text, args, rows * columns,
                                             &none, detail)
                       : error;
}

/* ---- pages ----------------------------------------------------------------------------------- */

static bool same_cell(enum copy_kind kind, const struct cell *a, const struct cell *b)
{
    if (a->type != b->type) {
        return false;
    }
    switch (kind) {
    case COPY_INT:
        return a->integer == b->integer;
    case COPY_REAL:
        return memcmp(&a->real, &b->real, sizeof(a->real)) == 0;
    case COPY_TEXT:
    case COPY_BYTES:
        return str_equal(a->text, b->text);
    }
    return false;
}

static bool same_rows(const struct copy_table *table, const struct rows *a, const struct rows *b)
{
    bool same = a->count == b->count;
    for (int i = 0; same && i < a->count * table->column_count; i++) {
        same = same_cell(table->columns[i % table->column_count].kind, &a->cells[i], &b->cells[i]);
    }
    return same;
}

/* In a transaction of the target: its part of the table becomes the page. */
static enum err write_page(struct copier *copier, const struct range *range,
                           const struct rows *page, struct err_detail *detail)
{
    int columns = copier->table->column_count;
    int at_once = ARGUMENTS_MAX / columns;
    enum err error = delete_range(copier, range, detail);
    for (int row = 0; error == OK && row < page->count; row += at_once) {
        int rows = page->count - row < at_once ? page->count - row : at_once;
        error = insert_rows(copier, &page->cells[(size_t)row * (size_t)columns], rows, detail);
    }
    return error;
}

static enum err settle_page(struct copier *copier, const struct range *range,
                            const struct rows *page, struct err_detail *detail)
{
    struct store *target = copier->job->target;
    struct rows there = {0};
    enum err error = store_begin(target, detail);
    if (error != OK) {
        return error;
    }
    error = read_range(copier, target, range, RANGE_MAX, &there, detail);
    if (error == OK && !same_rows(copier->table, page, &there)) {
        error = write_page(copier, range, page, detail);
    }
    if (error != OK) {
        store_rollback(target);
        return error;
    }
    return store_commit(target, detail);
}

/* Half of the time is left when it is renewed. */
static enum err hold_lease(struct copier *copier, struct err_detail *detail)
{
    const struct copy_job *job = copier->job;
    struct lease lease = {0};
    int64_t now_ms = clock_now_ms(job->clock);
    int64_t monotonic_ms = clock_monotonic_ms(job->clock);
    if (copier->lease_until_ms - monotonic_ms > LEASE_MS / 2) {
        return OK;
    }
    copier->lease_until_ms = monotonic_ms + LEASE_MS;
    enum err error = store_lease_take(job->target, job->owner, job->pid, now_ms, now_ms + LEASE_MS,
                                      &lease, detail);
    return error == OK ? OK : err_wrap(detail, error, "the target");
}

static void tell(struct copier *copier, int rows)
{
    const struct copy_job *job = copier->job;
    copier->done += rows;
    job->progress(job->context, copier->table->name, copier->done, copier->total, copier->checking);
}

/* The key of the last row, kept for the next page. */
static const struct cell *keep_last(const struct copy_table *table, const struct rows *page,
                                    struct arena *arena)
{
    size_t columns = (size_t)table->column_count;
    const struct cell *last = &page->cells[(size_t)(page->count - 1) * columns];
    struct cell *kept = ARENA_ARRAY(arena, struct cell, columns);
    for (size_t i = 0; i < columns; i++) {
        if (table->columns[i].key != 0) {
            kept[i] = last[i];
            kept[i].text = last[i].type == CELL_TEXT ? arena_str(arena, last[i].text) : STR_NONE;
        }
    }
    return kept;
}

typedef enum err page_function(struct copier *copier, const struct range *range,
                               const struct rows *page, void *context, struct err_detail *detail);

/* All rows of a table of one store, in pages; the last one's range has no end, and may be empty. */
static enum err each_page(struct copier *copier, struct store *store, page_function *function,
                          void *context, struct err_detail *detail)
{
    struct arena *keys[2] = {arena_new(4096), arena_new(4096)};
    struct range range = {NULL, NULL};
    struct rows page = {0};
    enum err error = OK;
    for (int turn = 0; error == OK; turn = 1 - turn) {
        arena_reset(copier->arena);
        range.until = NULL;
        error = hold_lease(copier, detail);
        if (error == OK) {
            error = read_range(copier, store, &range, PAGE_ROWS, &page, detail);
        }
        bool is_last = page.count < PAGE_ROWS;
        if (error == OK && !is_last) {
            arena_reset(keys[turn]);
            range.until = keep_last(copier->table, &page, keys[turn]);
        }
        if (error == OK) {
            error = function(copier, &range, &page, context, detail);
        }
        if (error == OK) {
            tell(copier, page.count);
        }
        if (is_last) {
            break;
        }
        range.after = range.until;
    }
    arena_free(keys[0]);
    arena_free(keys[1]);
    return error;
}

static enum err copy_page(struct copier *copier, const struct range *range, const struct rows *page,
                          void *context, struct err_detail *detail)
{
    (void)context;
    return settle_page(copier, range, page, detail);
}

/* ---- the proof ------------------------------------------------------------------------------- */

static void put_int(FILE *out, uint64_t value)
{
    value = htobe64(value);
    fwrite(&value, sizeof(value), 1, out);
}

static void put_cell(FILE *out, enum copy_kind kind, const struct cell *cell)
{
    uint64_t bits = (uint64_t)cell->integer;
    fputc(cell->type == CELL_NULL ? 'n' : "irtb"[kind], out);
    if (cell->type == CELL_NULL) {
        return;
    }
    if (kind == COPY_TEXT || kind == COPY_BYTES) {
        put_int(out, cell->text.length);
        fwrite(cell->text.ptr, 1, cell->text.length, out);
        return;
    }
    if (kind == COPY_REAL) {
        memcpy(&bits, &cell->real, sizeof(bits));
    }
    put_int(out, bits);
}

struct proving {
    struct copy_side *side;
    unsigned char digest[DIGEST_SHA256_BYTES];
};

/* Each row's hash covers the one before it. */
static enum err prove_page(struct copier *copier, const struct range *range,
                           const struct rows *page, void *context, struct err_detail *detail)
{
    struct proving *proving = context;
    const struct copy_table *table = copier->table;
    (void)range;
    (void)detail;
    for (int row = 0; row < page->count; row++) {
        char *bytes = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&bytes, &length);
        ASSERT(out != NULL);
        fwrite(proving->digest, 1, sizeof(proving->digest), out);
        for (int i = 0; i < table->column_count; i++) {
            put_cell(out, table->columns[i].kind, &page->cells[row * table->column_count + i]);
        }
        int closed = fclose(out);
        ASSERT(closed == 0);
        digest_sha256((struct str){bytes, length}, proving->digest);
        free(bytes);
    }
    proving->side->rows += page->count;
    return OK;
}

static enum err prove(struct copier *copier, struct store *store, struct copy_side *ret_side,
                      struct err_detail *detail)
{
    struct proving proving = {.side = ret_side};
    enum err error = each_page(copier, store, prove_page, &proving, detail);
    for (size_t i = 0; i < sizeof(proving.digest); i++) {
        snprintf(&ret_side->hash[2 * i], 3, "%02x", proving.digest[i]);
    }
    return error;
}

bool copy_proof_holds(const struct copy_proof *proof)
{
    return proof->source.rows == proof->target.rows &&
           strcmp(proof->source.hash, proof->target.hash) == 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static enum err number_of(struct store *store, struct arena *arena, const char *block,
                          const struct arg *args, int arg_count, int64_t *ret_number,
                          struct err_detail *detail)
{
    struct rows rows = {0};
    enum err error = store_query(store, arena, block, args, arg_count, 1, &rows, detail);
    *ret_number = error == OK && rows.count == 1 ? rows.cells[0].integer : 0;
    return error;
}

static enum err run_block(struct store *store, struct arena *arena, const char *block,
                          const struct arg *args, int arg_count, struct err_detail *detail)
{
    int64_t ignored;
    return number_of(store, arena, block, args, arg_count, &ignored, detail);
}

/* Where the database itself gives numbers, the next one is the source's next. */
static enum err copy_numbers(struct copier *copier, struct err_detail *detail)
{
    const struct copy_table *table = copier->table;
    enum err error = OK;
    for (int i = 0; error == OK && i < table->column_count; i++) {
        if (!table->columns[i].is_numbered) {
            continue;
        }
        struct arg args[] = {ARG_TEXT(str_of(table->name)),
                             ARG_TEXT(str_of(table->columns[i].name)), ARG_INT(0)};
        error = number_of(copier->job->source, copier->arena, "copy_number", args, 2,
                          &args[2].integer, detail);
        if (error == OK) {
            error =
                run_block(copier->job->target, copier->arena, "copy_number_set", args, 3, detail);
        }
    }
    return error;
}

static enum err count_rows(struct copier *copier, struct err_detail *detail)
{
    struct store *source = copier->job->source;
    struct rows rows = {0};
    struct sql sql;
    sql_begin(&sql, source);
    fprintf(sql.out, "SELECT count(*) FROM \"%s\"", copier->table->name);
    enum err error = source->driver->ask(source, copier->arena, sql_end(&sql, copier->arena), NULL,
                                         0, &rows, detail);
    copier->total = error == OK ? rows.cells[0].integer : 0;
    copier->done = 0;
    return error;
}

static enum err copy_table(struct copier *copier, const struct copy_table *table,
                           struct err_detail *detail)
{
    copier->table = table;
    copier->checking = false;
    enum err error = count_rows(copier, detail);
    if (error == OK) {
        error = each_page(copier, copier->job->source, copy_page, NULL, detail);
    }
    if (error == OK) {
        error = copy_numbers(copier, detail);
    }
    return error == OK ? OK : err_wrap(detail, error, "table %s", table->name);
}

static enum err prove_table(struct copier *copier, const struct copy_table *table,
                            struct copy_proof *ret_proof, struct err_detail *detail)
{
    copier->table = table;
    copier->checking = true;
    ret_proof->table = table->name;
    enum err error = count_rows(copier, detail);
    copier->total *= 2;
    if (error == OK) {
        error = prove(copier, copier->job->source, &ret_proof->source, detail);
    }
    if (error == OK) {
        error = prove(copier, copier->job->target, &ret_proof->target, detail);
    }
    return error == OK ? OK : err_wrap(detail, error, "table %s", table->name);
}

/* The source is in the transaction that sees one instant. */
static enum err copy_all(struct copier *copier, struct arena *arena, struct copy_proof **ret_proofs,
                         int *ret_count, struct err_detail *detail)
{
    const struct copy_job *job = copier->job;
    struct copy_table *tables = NULL;
    struct copy_table *targets = NULL;
    int target_count = 0;
    enum err error = copy_tables(job->source, arena, &tables, ret_count, detail);
    if (error == OK) {
        error = copy_tables(job->target, arena, &targets, &target_count, detail);
    }
    if (error == OK) {
        error = copy_tables_compare(tables, *ret_count, targets, target_count, detail);
    }
    *ret_proofs = ARENA_ARRAY(arena, struct copy_proof, (size_t)*ret_count + 1);
    for (int i = 0; error == OK && i < *ret_count; i++) {
        error = copy_table(copier, &tables[i], detail);
    }
    bool holds = error == OK;
    for (int i = 0; error == OK && i < *ret_count; i++) {
        error = prove_table(copier, &tables[i], &(*ret_proofs)[i], detail);
        holds = holds && copy_proof_holds(&(*ret_proofs)[i]);
    }
    return error == OK && holds
               ? run_block(job->target, copier->arena, "copy_unmark", NULL, 0, detail)
               : error;
}

/* From here on the target is ours: served by nobody, and no other store's people stand in it. */
static enum err claim_target(struct copier *copier, struct err_detail *detail)
{
    const struct copy_job *job = copier->job;
    int64_t owner = 0;
    int64_t marked = 0;
    int64_t people = 0;
    enum err error = hold_lease(copier, detail);
    if (error == OK) {
        error = number_of(job->source, copier->arena, "copy_owner", NULL, 0, &owner, detail);
    }
    if (error == OK && owner == job->owner) {
        return err_set(detail, ERR_CONFLICT, "source and target are the same store");
    }
    if (error == OK) {
        error = number_of(job->target, copier->arena, "copy_marked", NULL, 0, &marked, detail);
    }
    if (error == OK) {
        error = number_of(job->target, copier->arena, "copy_people", NULL, 0, &people, detail);
    }
    if (error == OK && marked == 0 && people > 0) {
        return err_set(detail, ERR_CONFLICT,
                       "the target holds %lld people already; give an empty one",
                       (long long)people);
    }
    const struct arg now = ARG_INT(clock_now_ms(job->clock));
    return error == OK ? run_block(job->target, copier->arena, "copy_mark", &now, 1, detail)
                       : error;
}

static enum err check_target(struct store *store, struct err_detail *detail)
{
    struct migration_state state = {0};
    enum err error = store_migration_state(store, &state, detail);
    if (error == OK && state.applied == 0 && store->driver->is_private) {
        return store_migrate(store, NULL, NULL, detail);
    }
    if (error == OK && state.pending > 0) {
        error = err_set(detail, ERR_SCHEMA,
                        "it lacks %d migration%s; run: nudge migrate --database URL", state.pending,
                        state.pending == 1 ? "" : "s");
    }
    return error == OK ? OK : err_wrap(detail, error, "the target");
}

enum err store_copy(const struct copy_job *job, struct arena *arena, struct copy_proof **ret_proofs,
                    int *ret_count, struct err_detail *detail)
{
    struct copier copier = {.job = job, .arena = arena_new((size_t)1024 * 1024)};
    struct err_detail ignored;
    job->target->copying = true;
    enum err error = check_target(job->target, detail);
    if (error == OK) {
        error = claim_target(&copier, detail);
    }
    if (error == OK) {
        error = job->source->driver->begin_reading(job->source, detail);
    }
    if (error == OK) {
        error = copy_all(&copier, arena, ret_proofs, ret_count, detail);
        store_rollback(job->source);
    }
    if (job->target->lease_owner != 0) {
        enum err given = store_lease_give(job->target, job->owner, &ignored);
        (void)given; /* it runs out by itself */
    }
    arena_free(copier.arena);
    return error;
}
