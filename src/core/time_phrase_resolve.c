/* From the parts of a phrase to an instant. Times that are past today mean tomorrow; a day without
 * a time gets the hour at which people begin with things. */
#include "core/time_phrase_parts.h"

#include "base/limits.h"

enum {
    MORNING_MINUTE = 9 * 60,
    NOON_MINUTE = 12 * 60,
    AFTERNOON_MINUTE = 15 * 60,
    EVENING_MINUTE = 20 * 60,
    DAY_MINUTES = 24 * 60,
    WAKING_HOUR = 6, /* an open hour before it is one of the afternoon */
};

static int minute_of_hours(enum hours_kind hours)
{
    switch (hours) {
    case HOURS_MORNING:
        return MORNING_MINUTE;
    case HOURS_NOON:
        return NOON_MINUTE;
    case HOURS_AFTERNOON:
        return AFTERNOON_MINUTE;
    case HOURS_EVENING:
        return EVENING_MINUTE;
    }
    return MORNING_MINUTE;
}

/* minute 24:00 is the start of the next day. */
static int64_t instant(const struct zone *zone, int64_t day, int minute)
{
    return minute == DAY_MINUTES ? calendar_day_start(zone, day + 1)
                                 : calendar_instant(zone, day, minute);
}

/* An open hour: "at 7" is 7 or 19, whichever comes first and finds people awake. */
static int open_minute(const struct phrase_parts *parts, const struct zone *zone, int64_t now_ms)
{
    int early = parts->hour * 60 + parts->minute;
    int late = early + 12 * 60;
    if ((parts->kinds & PART_HOURS) != 0) {
        return parts->hours == HOURS_MORNING || parts->hour >= 12 ? early : late;
    }
    if (parts->hour < WAKING_HOUR) {
        return late;
    }
    bool today =
        (parts->kinds & PART_DAY) == 0 || (parts->day == DAY_AFTER && parts->day_value == 0);
    if ((parts->kinds & PART_REPEAT) != 0 || !today || parts->hour >= 12) {
        return early;
    }
    int64_t day = calendar_local_day(zone, now_ms);
    return instant(zone, day, early) > now_ms || instant(zone, day, late) <= now_ms ? early : late;
}

static int minute_of(const struct phrase_parts *parts, const struct zone *zone, int64_t now_ms)
{
    if ((parts->kinds & PART_CLOCK) != 0) {
        return parts->hour_is_open ? open_minute(parts, zone, now_ms)
                                   : parts->hour * 60 + parts->minute;
    }
    if ((parts->kinds & PART_HOURS) != 0) {
        return minute_of_hours(parts->hours);
    }
    bool today = parts->day == DAY_AFTER && parts->day_value == 0;
    return (parts->kinds & PART_DAY) != 0 && today ? EVENING_MINUTE : MORNING_MINUTE;
}

static int weekday_of(int64_t day)
{
    return (int)(((day + 3) % 7 + 7) % 7) + 1; /* 1970-01-01 was a Thursday */
}

/* The first day from `day` on that is one of the wanted (bit 1 << weekday) and not past. */
static int64_t first_of(const struct zone *zone, int64_t day, unsigned weekdays, int minute,
                        int64_t now_ms)
{
    for (int i = 0; i < 8; i++, day++) {
        if ((weekdays & 1U << weekday_of(day)) != 0 && instant(zone, day, minute) > now_ms) {
            return instant(zone, day, minute);
        }
    }
    return instant(zone, day, minute);
}

static int64_t repeating(const struct phrase_parts *parts, const struct zone *zone, int64_t now_ms,
                         int minute, struct time_phrase *ret)
{
    int64_t today = calendar_local_day(zone, now_ms);
    unsigned weekdays = 0xFE;
    if (parts->repeat == REPEAT_WEEKDAYS) {
        weekdays = 0x3E;
    } else if (parts->repeat == REPEAT_WEEKLY) {
        bool named = parts->repeat_weekday != 0;
        ret->repeat_weekday = named ? parts->repeat_weekday : weekday_of(today);
        weekdays = 1U << ret->repeat_weekday;
    }
    ret->repeat = parts->repeat;
    ret->repeat_minute = minute % DAY_MINUTES;
    return first_of(zone, today, weekdays, minute, now_ms);
}

/* A day after today, or today itself. */
static int64_t on_day_after(const struct phrase_parts *parts, const struct zone *zone,
                            int64_t now_ms, int minute)
{
    int64_t day = calendar_local_day(zone, now_ms) + parts->day_value;
    int64_t at_ms = instant(zone, day, minute);
    if (at_ms > now_ms) {
        return at_ms;
    }
    /* "Tonight", said at ten in the evening, is not tomorrow. */
    bool late = (parts->kinds & PART_CLOCK) == 0 && minute >= EVENING_MINUTE;
    return late ? now_ms + HOUR_MS : instant(zone, day + 1, minute);
}

static int64_t on_day(const struct phrase_parts *parts, const struct zone *zone, int64_t now_ms,
                      int minute)
{
    int64_t today = calendar_local_day(zone, now_ms);
    switch (parts->day) {
    case DAY_AFTER:
        return on_day_after(parts, zone, now_ms, minute);
    case DAY_WEEKDAY:
        return first_of(zone, today, 1U << parts->day_value, minute, now_ms);
    case DAY_NEXT_WEEKDAY:
        return first_of(zone, today + 1, 1U << parts->day_value, minute, now_ms);
    }
    return 0;
}

void phrase_resolve(const struct phrase_parts *parts, const struct zone *zone, int64_t now_ms,
                    struct time_phrase *ret)
{
    *ret = (struct time_phrase){.found = true};
    ret->has_clock = (parts->kinds & (PART_CLOCK | PART_SPAN)) != 0;
    ret->has_hours = (parts->kinds & PART_HOURS) != 0;
    ret->is_span = (parts->kinds & PART_SPAN) != 0;
    if ((parts->kinds & PART_SPAN) != 0) {
        ret->at_ms = now_ms + parts->span_ms;
        return;
    }
    int minute = minute_of(parts, zone, now_ms);
    if ((parts->kinds & PART_REPEAT) != 0) {
        ret->at_ms = repeating(parts, zone, now_ms, minute, ret);
    } else if ((parts->kinds & PART_DAY) != 0) {
        ret->at_ms = on_day(parts, zone, now_ms, minute);
    } else {
        ret->at_ms = first_of(zone, calendar_local_day(zone, now_ms), 0xFE, minute, now_ms);
    }
}
