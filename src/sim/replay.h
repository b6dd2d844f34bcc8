/* A replay: people of a store, as they were at an instant, live on under other definitions. What
 * they did since happens as it did; nothing is sent, and nothing is written. */
#pragma once

#include "sim/past.h"
#include "sim/sim.h"

struct replay_options {
    struct store *store; /* read only */
    /* Definitions; those that runs of then follow are added. */
    struct catalog *catalog;
    /* In force for people of whom no decision is kept. */
    const struct installation *fallback;
    int64_t from_ms, until_ms; /* from < until, at most SIM_DAYS_MAX days apart */
    void (*progress)(void *context, int64_t done, int64_t total);
    void *context;
};

/* The result lives in the arena. Test people and erased ones are left out, and in
 * result->tally.left_out of whom not enough is kept. One thread. */
MUST_CHECK enum err replay_run(struct arena *arena, const struct replay_options *options,
                               const struct sim_result **ret_result, struct err_detail *detail);
/* Messages that really left in that time, by class, to the same people. */
MUST_CHECK enum err replay_really_sent(struct store *store, struct arena *arena, int64_t from_ms,
                                       int64_t until_ms, int64_t ret_sent[CLASS_NUDGE + 1],
                                       struct err_detail *detail);
