/* Arenas: memory with one lifetime (a batch, a request, a loaded definition).
 *
 * Allocation never fails: exhaustion of memory is logged and aborts, since a restart is safe.
 * Memory is zeroed. It is valid until the arena is reset or freed; never keep an arena pointer in
 * state that lives longer. Under AddressSanitizer memory is poisoned on reset. One thread at a
 * time. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct arena;

/* A new arena whose first block has block_bytes (grows by further blocks as needed). */
struct arena *arena_new(size_t block_bytes);
/* Frees all memory of the arena; accepts NULL. */
void arena_free(struct arena *arena);
/* Makes all memory of the arena available again; keeps the first block. */
void arena_reset(struct arena *arena);
/* Bytes handed out since the last reset. */
size_t arena_used_bytes(const struct arena *arena);

/* Zeroed memory, aligned for any type. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull, malloc));
/* Zeroed array; aborts when count * size overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size) __attribute__((returns_nonnull));
/* Copies `size` bytes of `old` (may be NULL) into new memory of new_size bytes, the rest zeroed. */
void *arena_grow(struct arena *arena, const void *old, size_t size, size_t new_size)
    __attribute__((returns_nonnull));
/* Copies with a closing NUL. */
char *arena_strdup(struct arena *arena, const char *text) __attribute__((returns_nonnull));
/* A copy of the view; its ptr ends with a NUL that is not counted. */
struct str arena_str(struct arena *arena, struct str text);
/* printf into the arena; the ptr ends with a NUL that is not counted. */
struct str arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
struct str arena_vprintf(struct arena *arena, const char *format, va_list args);

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_array((arena), (count), sizeof(type)))
