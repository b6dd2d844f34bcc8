/* Cuts the embedded SQL files into named blocks, once for the process.
 *
 * The files are part of the program, so a malformed one is our bug and ends it at once; a test
 * prepares every block. The table lives as long as the process. */
#include "store/blocks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/embed.h"
#include "base/str.h"
#include "store/store.h"

static const char MARK[] = "-- name: ";
static const char OF_MANY[] = " of many";
static const char *const folders[DIALECT_COUNT] = {"sqlite/", "postgres/"};

static struct {
    pthread_once_t once;
    struct arena *arena; /* of all that follows; kept for good */
    struct block *blocks;
    const char **names;
    int count;
} table = {.once = PTHREAD_ONCE_INIT};

static struct str next_line(struct str *rest)
{
    return str_split(*rest, '\n', rest);
}

static int count_marks(void)
{
    int count = 0;
    for (size_t i = 0; i < nudge_sql_count; i++) {
        struct str rest = {(const char *)nudge_sql[i].data, nudge_sql[i].length};
        while (rest.length > 0) {
            count += str_starts(next_line(&rest), str_of(MARK));
        }
    }
    return count;
}

static struct block *block_named(struct arena *arena, struct str name)
{
    for (int i = 0; i < table.count; i++) {
        if (str_is(name, table.blocks[i].name)) {
            return &table.blocks[i];
        }
    }
    struct block *block = &table.blocks[table.count++];
    block->name = arena_str(arena, name).ptr;
    return block;
}

/* The text as the dialect writes its parameters; *ret_count is the highest of them. */
static const char *number_parameters(struct arena *arena, struct str sql, char mark, int *ret_count)
{
    char *text = arena_strdup(arena, arena_str(arena, sql).ptr);
    *ret_count = 0;
    for (char *at = strchr(text, '?'); at != NULL; at = strchr(at + 1, '?')) {
        long number = strtol(at + 1, NULL, 10);
        if (number > 0) {
            *at = mark;
            *ret_count = number > *ret_count ? (int)number : *ret_count;
        }
    }
    return text;
}

/* Which dialect a file is for; DIALECT_COUNT both. */
static enum dialect dialect_of(const struct embedded_file *file)
{
    int dialect = DIALECT_SQLITE;
    while (dialect < DIALECT_COUNT &&
           strncmp(file->name, folders[dialect], strlen(folders[dialect])) != 0) {
        dialect++;
    }
    return (enum dialect)dialect;
}

static bool is_of_many(struct str name)
{
    size_t length = strlen(OF_MANY);
    return name.length > length && memcmp(name.ptr + name.length - length, OF_MANY, length) == 0;
}

static void add_block(struct arena *arena, enum dialect of, struct str name, struct str sql)
{
    static const char marks[DIALECT_COUNT] = {'?', '$'};
    bool of_many = is_of_many(name);
    name.length -= of_many ? strlen(OF_MANY) : 0;
    ASSERT(name.length > 0 && sql.length > 0);
    struct block *block = block_named(arena, name);
    for (int i = DIALECT_SQLITE; i < DIALECT_COUNT; i++) {
        struct block_text *text = &block->text[i];
        bool is_own = of == (enum dialect)i;
        if ((!is_own && of != DIALECT_COUNT) || (text->is_own && !is_own)) {
            continue;
        }
        ASSERT(text->sql == NULL || (is_own && !text->is_own)); /* twice of one name */
        text->sql = number_parameters(arena, sql, marks[i], &text->parameters);
        text->is_own = is_own;
        text->of_many = of_many;
    }
}

/* Adds the blocks of one file; what stands before its first mark is about the file. */
static void cut_file(struct arena *arena, const struct embedded_file *file)
{
    struct str rest = {(const char *)file->data, file->length};
    struct str name = STR_NONE;
    const char *start = NULL;
    for (;;) {
        const char *line_start = rest.ptr;
        bool at_end = rest.length == 0;
        struct str line = at_end ? STR_NONE : next_line(&rest);
        bool is_mark = !at_end && str_starts(line, str_of(MARK));
        if ((is_mark || at_end) && start != NULL) {
            const char *end = at_end ? (const char *)file->data + file->length : line_start;
            struct str sql = str_trim((struct str){start, (size_t)(end - start)});
            add_block(arena, dialect_of(file), name, sql);
        }
        if (at_end) {
            break;
        }
        if (is_mark) {
            name = str_trim((struct str){line.ptr + strlen(MARK), line.length - strlen(MARK)});
            start = rest.ptr;
        }
    }
}

static int compare_blocks(const void *a, const void *b)
{
    return strcmp(((const struct block *)a)->name, ((const struct block *)b)->name);
}

static void parse_all(void)
{
    struct arena *arena = arena_new(64 * 1024);
    table.arena = arena;
    int count = count_marks();
    table.blocks = ARENA_ARRAY(arena, struct block, (size_t)count + 1);
    table.names = ARENA_ARRAY(arena, const char *, (size_t)count + 1);
    for (size_t i = 0; i < nudge_sql_count; i++) {
        cut_file(arena, &nudge_sql[i]);
    }
    qsort(table.blocks, (size_t)table.count, sizeof(table.blocks[0]), compare_blocks);
    for (int i = 0; i < table.count; i++) {
        table.names[i] = table.blocks[i].name;
    }
}

const struct block *blocks_all(int *ret_count)
{
    pthread_once(&table.once, parse_all);
    *ret_count = table.count;
    return table.blocks;
}

int blocks_find(const char *name)
{
    int count;
    const struct block *blocks = blocks_all(&count);
    struct block key = {.name = name};
    const struct block *found =
        bsearch(&key, blocks, (size_t)count, sizeof(blocks[0]), compare_blocks);
    return found == NULL ? -1 : (int)(found - blocks);
}

int blocks_parameters(enum dialect dialect, int block)
{
    int count;
    const struct block *blocks = blocks_all(&count);
    return blocks[block].text[dialect].parameters;
}

const char *const *store_blocks(int *ret_count)
{
    pthread_once(&table.once, parse_all);
    *ret_count = table.count;
    return table.names;
}
