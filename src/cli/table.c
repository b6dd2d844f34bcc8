/* Tables and progress bars on a terminal. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "cli/cli.h"

enum { TABLE_COLUMNS_MAX = 24, COLUMN_GAP = 2 };

struct table {
    struct arena *arena;
    int columns;
    bool right[TABLE_COLUMNS_MAX];
    size_t width[TABLE_COLUMNS_MAX];
    const char ***rows; /* row 0: headings */
    int count, capacity;
};

struct table *table_new(struct arena *arena, int columns, const char *const *headings)
{
    ASSERT(columns > 0 && columns <= TABLE_COLUMNS_MAX);
    struct table *table = ARENA_NEW(arena, struct table);
    table->arena = arena;
    table->columns = columns;
    table_row(table, headings);
    return table;
}

void table_right(struct table *table, int column)
{
    ASSERT(column >= 0 && column < table->columns);
    table->right[column] = true;
}

void table_row(struct table *table, const char *const *cells)
{
    if (table->count == table->capacity) {
        int capacity = table->capacity == 0 ? 16 : table->capacity * 2;
        table->rows =
            arena_grow(table->arena, table->rows, (size_t)table->count * sizeof(*table->rows),
                       (size_t)capacity * sizeof(*table->rows));
        table->capacity = capacity;
    }
    const char **row = ARENA_ARRAY(table->arena, const char *, (size_t)table->columns);
    for (int i = 0; i < table->columns; i++) {
        row[i] = arena_strdup(table->arena, cells[i] != NULL ? cells[i] : "");
        size_t width = text_graphemes(str_of(row[i]));
        if (width > table->width[i]) {
            table->width[i] = width;
        }
    }
    table->rows[table->count++] = row;
}

/* Spaces are printed only before something: what is copied from a terminal has none at the ends. */
static void print_row(const struct table *table, const char *const *cells)
{
    size_t gap = 0;
    for (int column = 0; column < table->columns; column++) {
        size_t missing = table->width[column] - text_graphemes(str_of(cells[column]));
        if (table->right[column] || cells[column][0] == '\0') {
            gap += missing;
            missing = 0;
        }
        if (cells[column][0] != '\0') {
            printf("%*s%s", (int)gap, "", cells[column]);
            gap = missing;
        }
        gap += COLUMN_GAP;
    }
    fputc('\n', stdout);
}

static void print_rule(const struct table *table)
{
    for (int column = 0; column < table->columns; column++) {
        for (size_t i = 0; i < table->width[column]; i++) {
            fputs("─", stdout);
        }
        printf("%*s", column == table->columns - 1 ? 0 : COLUMN_GAP, "");
    }
    fputc('\n', stdout);
}

void table_print(const struct table *table)
{
    for (int row = 0; row < table->count; row++) {
        print_row(table, table->rows[row]);
        if (row == 0) {
            print_rule(table);
        }
    }
}

void progress_show(const char *what, int64_t done, int64_t total)
{
    if (!isatty(STDERR_FILENO) || total <= 0) {
        return;
    }
    enum { WIDTH = 40 };
    int filled = (int)(done >= total ? WIDTH : done * WIDTH / total);
    fprintf(stderr, "\r%s [", what);
    for (int i = 0; i < WIDTH; i++) {
        fputs(i < filled ? "█" : "·", stderr);
    }
    fprintf(stderr, "] %3d %%", (int)(done >= total ? 100 : done * 100 / total));
}

void progress_end(void)
{
    if (isatty(STDERR_FILENO)) {
        fputc('\n', stderr);
    }
}
