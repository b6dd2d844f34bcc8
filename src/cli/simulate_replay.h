/* nudge simulate --replay: what people of the store did, under other definitions. */
#pragma once

#include "cli/cli.h"
#include "sim/report.h"

struct replay_wish {
    const char *at;       /* --at; NULL: thirty days ago, or as far back as is kept */
    const char *journeys; /* --journeys; NULL: those in force alone */
    int64_t days;         /* --days; 0: until now */
};

struct replay_found {
    struct sim_about about;
    struct sim_replay replay;
    struct sim_side sides[2];
    struct catalog *catalogs[2]; /* the caller frees them */
    int side_count;
};

/* Plays the definitions in force, and beside them the folder's. Returns an exit status, after
 * printing what is wrong. */
int simulate_replay(struct cli *cli, const struct replay_wish *wish, struct replay_found *ret);
