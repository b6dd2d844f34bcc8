/* What to do next for everybody: the rules of a person's `opportunity` (core/classes.h), asked of
 * the whole population, the most pressing first. Pure, any thread. */
#pragma once

#include "bi/metrics.h"

/* [{"opportunity", "recommendation", "why", "expected_effect", "how"}, …]: empty without people.
 * New reference. */
json_t *next_actions_json(struct arena *arena, const struct metrics *metrics);
