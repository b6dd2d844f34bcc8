/* The nearest of some names to one that was mistyped, for "did you mean". Pure, any thread. */
#pragma once

#include "base/str.h"

/* How many letters must be inserted, deleted, replaced or swapped with their neighbour to make one
 * of the other; at most NEAREST_FAR, which also stands for anything longer than names are. */
enum { NEAREST_FAR = 99 };
int nearest_distance(struct str a, struct str b);
/* Keeps the candidate when it is nearer to the name than *best, and near enough to be meant. */
struct nearest {
    struct str name;
    struct str best; /* "" while none is near enough */
    int distance;
};
struct nearest nearest_to(struct str name);
void nearest_offer(struct nearest *nearest, struct str candidate);
