/* Zones as calendar.c sees them: intervals of time with one offset from UTC each. Private to the
 * calendar's files; other code uses base/calendar.h. Any thread. */
#pragma once

#include <stdint.h>

#include "base/calendar.h"

/* From from_s to before to_s (seconds since 1970 UTC; INT64_MIN and INT64_MAX: without end) the
 * zone is offset_s seconds east of UTC. Neighbours have different offsets. */
struct zone_interval {
    int64_t from_s;
    int64_t to_s;
    int offset_s;
};

/* The interval that at_s lies in. Zones are known in full from 1970 to 2110 (ids end in 2109);
 * before and after, the offset at that end goes on. */
struct zone_interval zone_interval_at(const struct zone *zone, int64_t at_s);
