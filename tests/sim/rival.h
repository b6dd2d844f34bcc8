/* Other processes on the same database: one that is started beside the one that serves, and must be
 * refused; and one that stands still for longer than its lease, is replaced, and goes on: it must
 * find that out before it sends or saves anything. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct sim;
struct rival;

/* A second process is started while the first serves. */
void rival_start(struct sim *world);
/* The process that serves stands still; whoever is started next replaces it. */
void rival_freeze(struct sim *world);
/* Whether a start that was refused so was so rightly: who stands still has its lease yet. */
bool rival_has_lease(const struct sim *world, enum err error);
/* Another process serves now: some time later the one that stood still goes on. */
void rival_replaced(struct sim *world);
/* Power is gone, or the world ends. */
void rival_end(struct sim *world);
