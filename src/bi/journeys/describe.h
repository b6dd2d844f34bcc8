/* One journey with all its texts, for programs. Pure. */
#pragma once

#include "base/json.h"
#include "bi/journeys/view.h"

/* {"journey", "version", "hash", …, "steps": […]}: what its file says, with what was left out
 * filled in; texts by language. New reference. */
json_t *journey_describe(const struct journeys_view *view, const struct journey *journey);
