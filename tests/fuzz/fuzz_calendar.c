/* Instants and names of zones from outside. An instant that was read can be written and read again;
 * a zone's local time leads back to its day. */
#include "base/calendar.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MINUTES_PER_DAY = 24 * 60 };

static void check_zone(const struct zone *zone, int64_t at_ms)
{
    struct local_time local = calendar_local(zone, at_ms);
    ASSERT(local.month >= 1 && local.month <= 12 && local.day >= 1 && local.day <= 31);
    ASSERT(local.hour >= 0 && local.hour <= 23 && local.minute >= 0 && local.minute <= 59);
    ASSERT(local.weekday >= 1 && local.weekday <= 7);
    ASSERT(calendar_local_day(zone, at_ms) == local.day_number);
    ASSERT(calendar_day_number(local.year, local.month, local.day) == local.day_number);
    int64_t next_ms = calendar_next_minute(zone, at_ms, local.minute);
    ASSERT(next_ms >= at_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct str rest;
    struct str name = str_split(text, ' ', &rest);
    struct arena *arena = arena_new(1024);
    int64_t at_ms = 0;
    if (calendar_parse_iso(rest, &at_ms)) {
        int64_t again_ms = -1;
        ASSERT(calendar_parse_iso(calendar_iso(arena, at_ms), &again_ms) && again_ms == at_ms);
    }
    int minute = -1;
    ASSERT(!calendar_parse_hh_mm(rest, &minute) || (minute >= 0 && minute < MINUTES_PER_DAY));
    const struct zone *zone = zone_find(name);
    if (zone != NULL) {
        check_zone(zone, at_ms);
    }
    arena_free(arena);
    return 0;
}
