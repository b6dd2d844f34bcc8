/* A counter before the bytes. */
#include "bi/behaviour/shelf.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct shelf {
    atomic_uint holders;
    size_t room;
};

enum { HEAD_BYTES = 64 }; /* a cache line: what stands behind it begins with one */

static struct shelf *head(const void *bytes)
{
    return (struct shelf *)((uintptr_t)bytes - HEAD_BYTES);
}

static void *begun(char *block, size_t room)
{
    ASSERT(block != NULL); /* a restart is safe: the log is derived */
    struct shelf *shelf = (struct shelf *)(void *)block;
    atomic_init(&shelf->holders, 1);
    shelf->room = room;
    return block + HEAD_BYTES;
}

void *shelf_new(size_t bytes)
{
    return begun(malloc(HEAD_BYTES + bytes), bytes);
}

void *shelf_new_clear(size_t bytes)
{
    return begun(calloc(1, HEAD_BYTES + bytes), bytes);
}

size_t shelf_room(const void *shelf)
{
    return shelf == NULL ? 0 : head(shelf)->room;
}

void *shelf_share(void *shelf)
{
    if (shelf != NULL) {
        atomic_fetch_add(&head(shelf)->holders, 1);
    }
    return shelf;
}

void shelf_drop(void *shelf)
{
    if (shelf != NULL && atomic_fetch_sub(&head(shelf)->holders, 1) == 1) {
        free(head(shelf));
    }
}

static void *moved(void *shelf, size_t used, size_t bytes)
{
    size_t generous = used + used / 2 + 64;
    void *new = shelf_new(bytes > generous ? bytes : generous);
    if (used > 0) {
        memcpy(new, shelf, used);
    }
    shelf_drop(shelf);
    return new;
}

void *shelf_extend(void *shelf, size_t used, size_t bytes)
{
    return shelf != NULL && shelf_room(shelf) >= bytes ? shelf : moved(shelf, used, bytes);
}

void *shelf_own(void *shelf, size_t used, size_t bytes)
{
    bool ours = shelf != NULL && atomic_load(&head(shelf)->holders) == 1;
    return ours ? shelf_extend(shelf, used, bytes) : moved(shelf, used, bytes);
}
