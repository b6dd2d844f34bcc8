/* nudge simulate --into: the people of a rehearsal, kept in a store of their own. */
#pragma once

#include "cli/cli.h"
#include "sim/sim.h"

struct into_wish {
    const char *url;
    int share_percent; /* of newcomers who get the optimized journeys */
    int64_t until_ms;  /* they live from options->start_ms until then */
};

/* Lets them live in the store, which must be empty and served by nobody; options->keep, threads and
 * rollout are filled in. Nobody of them has an address afterwards. Returns an exit status, after
 * printing what is wrong. */
int simulate_into(struct cli *cli, const struct into_wish *wish, const struct sim_options *options,
                  const struct sim_result **ret_result);
