/* The time zone a person means by what they write: an IANA name, a city that is one's last part, or
 * an offset such as "UTC+2". Pure. */
#pragma once

#include "base/calendar.h"

/* NULL when it means none. */
const struct zone *settings_zone_find(struct arena *arena, struct str text);
