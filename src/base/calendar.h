/* Human time: zones, local days, local hours. The system's tzdata is read through GLib; this header
 * hides it. Instants are int64 milliseconds since 1970 UTC.
 *
 * A local time that does not exist (gap) means the first instant after the gap; one that exists
 * twice (overlap) means the first. Zones are cached for the life of the process; all functions are
 * thread-safe. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct zone; /* cached, never freed; compare by pointer */

struct local_time {
    int year, month, day;     /* 2026, 1..12, 1..31 */
    int hour, minute, second; /* 0..23, 0..59, 0..59 */
    int weekday;              /* 1 Monday .. 7 Sunday (ISO) */
    int64_t day_number;       /* days since 1970-01-01 of the local date */
    int offset_s;             /* seconds east of UTC */
};

/* The zone of an IANA name ("Europe/Berlin", "UTC"); NULL when tzdata does not know it. At most
 * 1024 different zones are cached; further ones give NULL. */
const struct zone *zone_find(struct str name);
const struct zone *zone_utc(void);
const char *zone_name(const struct zone *zone);
/* Version of the installed tzdata as far as known ("2025b"), else "unknown". Static storage. */
const char *calendar_tzdata_version(void);

struct local_time calendar_local(const struct zone *zone, int64_t at_ms);
/* Days since 1970-01-01 of the local date at that instant. */
int64_t calendar_local_day(const struct zone *zone, int64_t at_ms);
/* Minutes since local midnight on the wall clock (0..1439). */
int calendar_local_minute(const struct zone *zone, int64_t at_ms);
/* The instant of a wall-clock time on a local day (minute 0..1439), by the gap/overlap rule above.
 */
int64_t calendar_instant(const struct zone *zone, int64_t day_number, int minute);
/* The next instant >= at_ms at which the wall clock turns to `minute`. In an overlap it may be the
 * second showing, when at_ms lies after the first: right for the end of a window. What happens once
 * a day goes on with calendar_instant(day + 1, minute) instead. */
int64_t calendar_next_minute(const struct zone *zone, int64_t at_ms, int minute);
/* The first instant of a local day (not always 00:00). */
int64_t calendar_day_start(const struct zone *zone, int64_t day_number);
/* Whether the wall clock is in [from, to) minutes, which may span midnight; from == to: never. */
bool calendar_in_window(const struct zone *zone, int64_t at_ms, int from_minute, int to_minute);
/* days since 1970-01-01 -> year, month, day and back (proleptic Gregorian); month 1..12. */
void calendar_civil(int64_t day_number, int *ret_year, int *ret_month, int *ret_day);
int64_t calendar_day_number(int year, int month, int day);

/* "2026-11-22T08:30:00.000Z". */
struct str calendar_iso(struct arena *arena, int64_t at_ms);
/* ISO 8601 date and time with zone (Z or offset), with or without milliseconds; false when it is
 * none. */
bool calendar_parse_iso(struct str text, int64_t *ret_at_ms);
/* "22:00" -> 1320; false when it is none. */
bool calendar_parse_hh_mm(struct str text, int *ret_minute);
