/* People at random with events at random, many of them at one instant, for comparing what the
 * behaviour log answers with what plain SQL says about the same tables. */
#pragma once

#include "store_fixture.h"

#include "bi/behaviour/load.h"

struct world_of_events {
    struct fixture *fixture;
    uint64_t seed;
    bool whole_seconds; /* no instant has milliseconds */
    struct behaviour_log *log;
};

/* Fills the store of the fixture; the same seed gives the same people. Instants of an even
 * seed are whole seconds. */
void world_fill(struct world_of_events *world, struct fixture *fixture, uint64_t seed);
/* The log of it, with the properties journey and step and the experiment "greeting". */
void world_load(struct world_of_events *world);
void world_release(struct world_of_events *world);
uint64_t world_draw(struct world_of_events *world, uint64_t below);

/* The rows of a statement. The text is a printf format. */
struct rows world_ask(struct world_of_events *world, const char *format, ...) PRINTF_LIKE(2, 3);
/* Its one number. */
int64_t world_number(struct world_of_events *world, const char *format, ...) PRINTF_LIKE(2, 3);
