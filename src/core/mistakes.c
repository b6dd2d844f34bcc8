/* A growing list of mistakes in an arena, and its printing. */
#include "core/mistakes.h"

#include <stdarg.h>

#include "base/limits.h"

void mistakes_add(struct arena *arena, struct mistakes *mistakes, struct str file, int line,
                  int column, const char *format, ...)
{
    if (mistakes->count > MISTAKES_MAX) {
        return;
    }
    if (mistakes->count == mistakes->capacity) {
        int capacity = mistakes->capacity == 0 ? PORTION(16, 1) : mistakes->capacity * 2;
        size_t size = sizeof(struct mistake);
        mistakes->items = arena_grow(arena, mistakes->items, (size_t)mistakes->count * size,
                                     (size_t)capacity * size);
        mistakes->capacity = capacity;
    }
    struct mistake *mistake = &mistakes->items[mistakes->count++];
    mistake->file = file;
    mistake->line = line;
    mistake->column = column;
    if (mistakes->count > MISTAKES_MAX) {
        mistake->text = STR("more mistakes follow; they are not listed");
        return;
    }
    va_list args;
    va_start(args, format);
    mistake->text = arena_vprintf(arena, format, args);
    va_end(args);
}

static int compare(const struct mistake *a, const struct mistake *b)
{
    int by_file = str_compare(a->file, b->file);
    if (by_file != 0) {
        return by_file;
    }
    if (a->line != b->line) {
        return a->line < b->line ? -1 : 1;
    }
    return a->column < b->column ? -1 : a->column > b->column ? 1 : 0;
}

/* By insertion: lists are short, nearly sorted, and equal places must keep their order. */
void mistakes_sort(struct mistakes *mistakes)
{
    for (int i = 1; i < mistakes->count; i++) {
        struct mistake moved = mistakes->items[i];
        int place = i;
        while (place > 0 && compare(&mistakes->items[place - 1], &moved) > 0) {
            mistakes->items[place] = mistakes->items[place - 1];
            place--;
        }
        mistakes->items[place] = moved;
    }
}

struct str mistake_line(struct arena *arena, const struct mistake *mistake)
{
    return arena_printf(arena, "%.*s:%d:%d: %.*s", STR_ARG(mistake->file), mistake->line,
                        mistake->column, STR_ARG(mistake->text));
}
