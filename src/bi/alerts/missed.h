/* The alert that nobody looks: no rule of a file, since a file that cannot be read is a reason for
 * it. Pure. */
#pragma once

#include "base/arena.h"
#include "base/json.h"

/* The hourly look counts as missed after so long: it is not only slow then. */
#define ALERT_MISSED_MS ((int64_t)90 * 60 * 1000)

/* The payload of the command "alerts" (evaluate.h) with the finding of this alert alone: nobody has
 * looked for so long, because of `why`; NULL: somebody has, now. A new reference. */
json_t *alert_missed(struct arena *arena, int64_t since_ms, const char *why);
