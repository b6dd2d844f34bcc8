/* Memory that several holders share, so that the next edition of a log costs what is new in it.
 * A pointer is that of the bytes; NULL is a shelf without any. One thread makes, shares and extends
 * shelves; any thread may look at its part and drop it. */
#pragma once

#include <stddef.h>

/* Bytes, not cleared. What is never written costs no memory. */
void *shelf_new(size_t bytes);
/* Cleared. */
void *shelf_new_clear(size_t bytes);
size_t shelf_room(const void *shelf);
/* One holder more; gives the shelf. */
void *shelf_share(void *shelf);
/* One holder less; the last one frees it. */
void shelf_drop(void *shelf);
/* A shelf with room for `bytes` whose first `used` are those of the given one, in whose place it
 * comes. Others may hold it too: they do not look at what lies behind `used`, and it stays the same
 * before. */
void *shelf_extend(void *shelf, size_t used, size_t bytes);
/* The same, and nobody else holds it: everything in it may be changed. */
void *shelf_own(void *shelf, size_t used, size_t bytes);
