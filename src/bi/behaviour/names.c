/* Open addressing over the list of names; small, since a dictionary has 65,536 names at most. */
#include "bi/behaviour/names.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/hash.h"

static void *grown(void *old, size_t count, size_t size)
{
    void *new = reallocarray(old, count, size);
    ASSERT(new != NULL);
    return new;
}

static void put(struct names *names, uint32_t number)
{
    uint32_t mask = names->slot_count - 1;
    uint32_t at = (uint32_t)hash_bytes(names->list[number]) & mask;
    while (names->slots[at] != 0) {
        at = (at + 1) & mask;
    }
    names->slots[at] = number + 1;
}

static void widen(struct names *names)
{
    names->slot_count *= 2;
    free(names->slots);
    names->slots = calloc(names->slot_count, sizeof(uint32_t));
    ASSERT(names->slots != NULL);
    names->list = grown(names->list, names->slot_count / 2, sizeof(struct str));
    for (uint32_t i = 0; i < names->count; i++) {
        put(names, i);
    }
}

void names_init(struct names *names, struct arena *arena, uint32_t count_max)
{
    *names = (struct names){.arena = arena, .count_max = count_max, .slot_count = 16};
    widen(names);
    (void)names_add(names, STR(""));
}

void names_release(struct names *names)
{
    free(names->list);
    free(names->slots);
    *names = (struct names){0};
}

int names_find(const struct names *names, struct str name)
{
    uint32_t mask = names->slot_count - 1;
    for (uint32_t at = (uint32_t)hash_bytes(name) & mask; names->slots[at] != 0;
         at = (at + 1) & mask) {
        uint32_t number = names->slots[at] - 1;
        if (str_equal(names->list[number], name)) {
            return (int)number;
        }
    }
    return NAMES_NONE;
}

int names_add(struct names *names, struct str name)
{
    int found = names_find(names, name);
    if (found != NAMES_NONE || names->count == names->count_max) {
        return found;
    }
    if (names->count == names->slot_count / 2) {
        widen(names);
    }
    names->list[names->count] = arena_str(names->arena, name);
    put(names, names->count);
    return (int)names->count++;
}
