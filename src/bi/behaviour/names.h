/* A dictionary: texts to small numbers and back, in the order of their coming. One thread while
 * names are added; reading from any number of threads afterwards. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct names {
    struct arena *arena; /* of the copies */
    struct str *list;    /* by number */
    uint32_t count;
    uint32_t count_max;  /* more are refused */
    uint32_t *slots;     /* number + 1 by hash; 0: empty */
    uint32_t slot_count; /* a power of two */
};

enum { NAMES_NONE = -1 };

/* With "" as number 0. The copies of names live in the arena, the rest on shelves. */
void names_init(struct names *names, struct arena *arena, uint32_t count_max);
/* The same names for somebody else, who may add more: this one does not notice. */
struct names names_share(const struct names *names);
void names_release(struct names *names);
/* Its number; NAMES_NONE when it is not there. */
int names_find(const struct names *names, struct str name);
/* The same, adding a copy when it is new; NAMES_NONE when there is no room. */
int names_add(struct names *names, struct str name);
