/* Instants and wall clocks. What a zone is stands in calendar_zone.c: a list of intervals with one
 * offset each. Here is the arithmetic on it, by one idea: local time is a function f(t) = t +
 * offset that jumps at the intervals' borders, and the instant of a wall-clock time is the smallest
 * t with f(t) >= that time. This gives the first instant after a gap and the first of an overlap.
 */
#include "base/calendar.h"

#include "base/calendar_zone.h"

enum {
    DAY_S = 86400,
    OFFSET_S_MAX = 26 * 3600, /* no zone was ever further from UTC */
};

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return a % b < 0 ? quotient - 1 : quotient;
}

static int64_t floor_mod(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest < 0 ? rest + b : rest;
}

/* Days from civil and back: Howard Hinnant's algorithms, years beginning in March. */
int64_t calendar_day_number(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t month_from_march = month + (month > 2 ? -3 : 9);
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void calendar_civil(int64_t day_number, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t z = day_number + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    *ret_day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *ret_month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2));
}

/* Local seconds since 1970-01-01 00:00 of the wall clock. */
static int64_t local_seconds(const struct zone *zone, int64_t at_ms, int *ret_offset_s)
{
    int64_t at_s = floor_div(at_ms, 1000);
    struct zone_interval interval = zone_interval_at(zone, at_s);
    *ret_offset_s = interval.offset_s;
    return at_s + interval.offset_s;
}

struct local_time calendar_local(const struct zone *zone, int64_t at_ms)
{
    struct local_time local;
    int64_t seconds = local_seconds(zone, at_ms, &local.offset_s);
    local.day_number = floor_div(seconds, DAY_S);
    int of_day = (int)(seconds - local.day_number * DAY_S);
    local.hour = of_day / 3600;
    local.minute = of_day / 60 % 60;
    local.second = of_day % 60;
    /* 1970-01-01 was a Thursday. */
    local.weekday = (int)floor_mod(local.day_number + 3, 7) + 1;
    calendar_civil(local.day_number, &local.year, &local.month, &local.day);
    return local;
}

int64_t calendar_local_day(const struct zone *zone, int64_t at_ms)
{
    int offset_s;
    return floor_div(local_seconds(zone, at_ms, &offset_s), DAY_S);
}

int calendar_local_minute(const struct zone *zone, int64_t at_ms)
{
    int offset_s;
    return (int)(floor_mod(local_seconds(zone, at_ms, &offset_s), DAY_S) / 60);
}

int64_t calendar_instant(const struct zone *zone, int64_t day_number, int minute)
{
    int64_t local_s = day_number * DAY_S + (int64_t)minute * 60;
    struct zone_interval interval = zone_interval_at(zone, local_s - OFFSET_S_MAX);
    for (;;) {
        int64_t at_s = local_s - interval.offset_s;
        if (at_s < interval.from_s) {
            at_s = interval.from_s; /* the border jumped over it: a gap */
        }
        if (at_s < interval.to_s) {
            return at_s * 1000;
        }
        interval = zone_interval_at(zone, interval.to_s);
    }
}

/* Whether the border at the start of `interval` jumps over the minute of some day. */
static bool gap_skips_minute(const struct zone *zone, struct zone_interval interval, int minute)
{
    struct zone_interval before = zone_interval_at(zone, interval.from_s - 1);
    int64_t missing_s = floor_mod(minute * 60 - (interval.from_s + before.offset_s), DAY_S);
    return missing_s < interval.offset_s - before.offset_s;
}

int64_t calendar_next_minute(const struct zone *zone, int64_t at_ms, int minute)
{
    /* The wall clock turns to a minute on whole seconds only. */
    int64_t from_s = floor_div(at_ms, 1000) + (floor_mod(at_ms, 1000) > 0);
    struct zone_interval interval = zone_interval_at(zone, from_s);
    for (;;) {
        if (from_s == interval.from_s && gap_skips_minute(zone, interval, minute)) {
            return from_s * 1000;
        }
        int64_t at_s = from_s + floor_mod(minute * 60 - (from_s + interval.offset_s), DAY_S);
        if (at_s < interval.to_s) {
            return at_s * 1000;
        }
        from_s = interval.to_s;
        interval = zone_interval_at(zone, from_s);
    }
}

int64_t calendar_day_start(const struct zone *zone, int64_t day_number)
{
    return calendar_instant(zone, day_number, 0);
}

bool calendar_in_window(const struct zone *zone, int64_t at_ms, int from_minute, int to_minute)
{
    int minute = calendar_local_minute(zone, at_ms);
    if (from_minute <= to_minute) {
        return minute >= from_minute && minute < to_minute;
    }
    return minute >= from_minute || minute < to_minute;
}
