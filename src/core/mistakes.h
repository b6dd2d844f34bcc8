/* Collecting mistakes in definition files: all of them, in the order of their places, bounded in
 * number. The texts say what is wrong and what was expected. Pure. */
#pragma once

#include "core/catalog.h"

/* More mistakes than this in one collection are counted by a last line only. */
enum { MISTAKES_MAX = 500 };

/* Appends one. `text` is a printf format. */
void mistakes_add(struct arena *arena, struct mistakes *mistakes, struct str file, int line,
                  int column, const char *format, ...) PRINTF_LIKE(6, 7);
/* Sorts by file, line and column; equal places keep their order. */
void mistakes_sort(struct mistakes *mistakes);
/* "file:line:column: text". */
struct str mistake_line(struct arena *arena, const struct mistake *mistake);
