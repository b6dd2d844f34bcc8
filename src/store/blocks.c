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
            ASSERT(name.length > 0 && sql.length > 0);
            struct block *block = &table.blocks[table.count++];
            block->name = arena_str(arena, name).ptr;
            block->sql = arena_str(arena, sql).ptr;
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
    ASSERT(table.count == count);
    qsort(table.blocks, (size_t)count, sizeof(table.blocks[0]), compare_blocks);
    for (int i = 0; i < count; i++) {
        ASSERT(i == 0 || strcmp(table.blocks[i - 1].name, table.blocks[i].name) != 0);
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

const char *const *store_blocks(int *ret_count)
{
    pthread_once(&table.once, parse_all);
    *ret_count = table.count;
    return table.names;
}
