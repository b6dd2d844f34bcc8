/* Open addressing over the list of names; small, since a dictionary has 65,536 names at most. */
#include "bi/behaviour/names.h"

#include "base/hash.h"
#include "bi/behaviour/shelf.h"

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
    shelf_drop(names->slots);
    names->slots = shelf_new_clear(names->slot_count * sizeof(*names->slots));
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

struct names names_share(const struct names *names)
{
    struct names shared = *names;
    (void)shelf_share(shared.list);
    (void)shelf_share(shared.slots);
    return shared;
}

void names_release(struct names *names)
{
    shelf_drop(names->list);
    shelf_drop(names->slots);
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
    /* Others find by their slots, and look at no more of the list than they find. */
    names->list = shelf_extend(names->list, names->count * sizeof(*names->list),
                               (names->count + 1) * sizeof(*names->list));
    names->list[names->count] = arena_str(names->arena, name);
    size_t slots = names->slot_count * sizeof(*names->slots);
    names->slots = shelf_own(names->slots, slots, slots);
    put(names, names->count);
    return (int)names->count++;
}
