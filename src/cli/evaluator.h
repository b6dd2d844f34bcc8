/* What is looked at every hour beside the running engine: whether the plan of the rollout may enter
 * its next stage. It reads on a connection of its own, and asks the engine to do what it finds. */
#pragma once

#include "base/config.h"
#include "engine/engine.h"
#include "net/http_client.h"

struct evaluator;

struct evaluator_options {
    const struct config *config;
    struct clock *clock;
    struct engine *engine;      /* outlives the evaluator */
    struct http_client *client; /* likewise; NULL: there is no HEARTBEAT_URL */
};
/* Starts its thread; looks at once, then at each full hour of the clock. */
MUST_CHECK enum err evaluator_new(const struct evaluator_options *options,
                                  struct evaluator **ret_evaluator, struct err_detail *detail);
/* Ends the thread; what it is at is finished first. Accepts NULL. */
void evaluator_free(struct evaluator *evaluator);
