/* Follows the tables of a previous bot while that one still runs: looks there again and again for
 * what is new or changed, and has the engine take it over as an import does (bridge_taking.h). What
 * was taken is remembered by the engine in the same transaction, so that nothing is lost or counted
 * twice when either side ends in the middle. */
#pragma once

#include "base/config.h"
#include "engine/engine.h"

struct follower;

struct follower_options {
    const struct config *config; /* LIVE_DATABASE_URL is set */
    struct clock *clock;
    struct engine *engine; /* its loop runs as long as the follower lives */
};
/* Starts its thread, which looks at everybody first. ERR_CONFIG: the address is none of
 * PostgreSQL. */
MUST_CHECK enum err follower_new(const struct follower_options *options,
                                 struct follower **ret_follower, struct err_detail *detail);
/* Ends the thread; the command it waits for is waited for a little. Accepts NULL. */
void follower_free(struct follower *follower);
