/* Zones and local days: gaps, overlaps, odd offsets, missing days; and the C library as a second
 * opinion on thousands of instants in many zones. */
#include "base/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/limits.h"

static const struct zone *zone(const char *name)
{
    const struct zone *found = zone_find(str_of(name));
    assert_non_null(found);
    return found;
}

static int64_t instant(const char *iso)
{
    int64_t at_ms;
    assert_true(calendar_parse_iso(str_of(iso), &at_ms));
    return at_ms;
}

/* The instant of "2026-03-08 02:30" in the zone. */
static int64_t wall(const char *zone_id, const char *local)
{
    int64_t as_utc = instant(local);
    return calendar_instant(zone(zone_id), as_utc / DAY_MS, (int)(as_utc % DAY_MS / MINUTE_MS));
}

static void wall_clock_times_become_instants(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        const char *local;
        const char *utc;
    } cases[] = {
        /* gaps: the first instant after */
        {"America/New_York", "2026-03-08 02:30Z", "2026-03-08T07:00Z"},
        {"America/New_York", "2026-03-08 02:00Z", "2026-03-08T07:00Z"},
        {"America/New_York", "2026-03-08 01:59Z", "2026-03-08T06:59Z"},
        {"America/New_York", "2026-03-08 03:00Z", "2026-03-08T07:00Z"},
        {"Europe/Berlin", "2026-03-29 02:30Z", "2026-03-29T01:00Z"},
        {"Australia/Lord_Howe", "2026-10-04 02:15Z", "2026-10-03T15:30Z"},
        {"Africa/Cairo", "2026-04-24 00:30Z", "2026-04-23T22:00Z"},
        {"America/Santiago", "2026-09-06 00:30Z", "2026-09-06T04:00Z"},
        {"Pacific/Apia", "2011-12-30 12:00Z", "2011-12-30T10:00Z"},
        /* overlaps: the first of the two */
        {"America/New_York", "2026-11-01 01:30Z", "2026-11-01T05:30Z"},
        {"Europe/Berlin", "2026-10-25 02:30Z", "2026-10-25T00:30Z"},
        {"Europe/Berlin", "2026-10-25 03:00Z", "2026-10-25T02:00Z"},
        {"Australia/Lord_Howe", "2026-04-05 01:45Z", "2026-04-04T14:45Z"},
        /* odd offsets, and rules that tzdata learnt late */
        {"Asia/Kathmandu", "2026-07-01 12:00Z", "2026-07-01T06:15Z"},
        {"Asia/Almaty", "2026-07-01 12:00Z", "2026-07-01T07:00Z"},
        {"Europe/Moscow", "2026-07-01 12:00Z", "2026-07-01T09:00Z"},
        {"Africa/Casablanca", "2026-02-10 12:00Z", "2026-02-10T11:00Z"},
        {"Africa/Casablanca", "2026-02-18 12:00Z", "2026-02-18T12:00Z"},
        {"UTC", "2026-02-18 12:00Z", "2026-02-18T12:00Z"},
        {"Pacific/Kiritimati", "2026-01-01 00:00Z", "2025-12-31T10:00Z"},
        {"Pacific/Pago_Pago", "2026-01-01 00:00Z", "2026-01-01T11:00Z"},
        /* the last year of ids */
        {"Europe/Berlin", "2109-07-01 12:00Z", "2109-07-01T10:00Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(wall(cases[i].zone, cases[i].local), instant(cases[i].utc));
    }
}

static void days_start_when_they_do(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        const char *day;
        const char *start;
        int minute;
    } cases[] = {
        {"Africa/Cairo", "2026-04-24 00:00Z", "2026-04-23T22:00Z", 60},
        {"America/Santiago", "2026-09-06 00:00Z", "2026-09-06T04:00Z", 60},
        {"Europe/Berlin", "2026-03-29 00:00Z", "2026-03-28T23:00Z", 0},
        {"Pacific/Apia", "2011-12-29 00:00Z", "2011-12-29T10:00Z", 0},
        {"Pacific/Apia", "2011-12-31 00:00Z", "2011-12-30T10:00Z", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t day = instant(cases[i].day) / DAY_MS;
        int64_t start = calendar_day_start(zone(cases[i].zone), day);
        assert_int_equal(start, instant(cases[i].start));
        assert_int_equal(calendar_local_day(zone(cases[i].zone), start), day);
        assert_true(calendar_local_day(zone(cases[i].zone), start - 1) < day);
        assert_int_equal(calendar_local_minute(zone(cases[i].zone), start), cases[i].minute);
    }
    /* The day that never was begins where the next one does. */
    assert_int_equal(
        calendar_day_start(zone("Pacific/Apia"), instant("2011-12-30 00:00Z") / DAY_MS),
        instant("2011-12-30T10:00Z"));
}

static void next_minute_comes_once_or_when_it_shows_again(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        const char *from;
        int minute;
        const char *next;
    } cases[] = {
        {"Europe/Berlin", "2026-07-01T05:59:59.999Z", 8 * 60, "2026-07-01T06:00Z"},
        {"Europe/Berlin", "2026-07-01T06:00:00Z", 8 * 60, "2026-07-01T06:00Z"},
        {"Europe/Berlin", "2026-07-01T06:00:00.001Z", 8 * 60, "2026-07-02T06:00Z"},
        {"Europe/Berlin", "2026-07-01T06:00:20Z", 8 * 60, "2026-07-02T06:00Z"},
        /* skipped: the first instant after the gap, once */
        {"Europe/Berlin", "2026-03-29T00:30:00Z", 150, "2026-03-29T01:00Z"},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", 150, "2026-03-29T01:00Z"},
        {"Europe/Berlin", "2026-03-29T01:00:00.001Z", 150, "2026-03-30T00:30Z"},
        {"Europe/Berlin", "2026-03-29T00:30:00Z", 180, "2026-03-29T01:00Z"},
        /* twice: the first; the second for who comes between them */
        {"Europe/Berlin", "2026-10-24T22:00:00Z", 150, "2026-10-25T00:30Z"},
        {"Europe/Berlin", "2026-10-25T01:10:00Z", 150, "2026-10-25T01:30Z"},
        {"Europe/Berlin", "2026-10-25T01:31:00Z", 150, "2026-10-26T01:30Z"},
        /* a whole day skipped */
        {"Pacific/Apia", "2011-12-30T09:30:00Z", 720, "2011-12-30T10:00Z"},
        {"Pacific/Apia", "2011-12-30T10:00:01Z", 720, "2011-12-30T22:00Z"},
        {"Africa/Cairo", "2026-04-23T20:00:00Z", 0, "2026-04-23T22:00Z"},
        {"UTC", "2026-07-01T23:59:00Z", 0, "2026-07-02T00:00Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t next =
            calendar_next_minute(zone(cases[i].zone), instant(cases[i].from), cases[i].minute);
        assert_int_equal(next, instant(cases[i].next));
    }
}

static void windows_may_span_midnight(void **state)
{
    (void)state;
    static const struct {
        const char *at;
        int from, to;
        bool inside;
    } cases[] = {
        {"2026-07-01T20:00Z", 1320, 480, true}, /* 22:00 */
        {"2026-07-01T19:59Z", 1320, 480, false}, {"2026-07-02T05:59Z", 1320, 480, true},
        {"2026-07-02T06:00Z", 1320, 480, false}, {"2026-07-02T10:00Z", 720, 780, true},
        {"2026-07-02T11:00Z", 720, 780, false},  {"2026-07-02T10:00Z", 720, 720, false},
        {"2026-07-01T22:00Z", 0, 1439, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(calendar_in_window(zone("Europe/Berlin"), instant(cases[i].at),
                                            cases[i].from, cases[i].to),
                         cases[i].inside);
    }
}

static void only_names_of_zones_are_found(void **state)
{
    (void)state;
    static const char *const unknown[] = {"",
                                          "Europe",
                                          "Europe/Nowhere",
                                          "europe/berlin",
                                          "../etc/passwd",
                                          "+02:00",
                                          "EST5",
                                          "Z",
                                          "localtime",
                                          "posix/UTC",
                                          "right/UTC",
                                          "Europe/Berlin ",
                                          "Europe//../UTC",
                                          "Factory",
                                          "/usr/share/zoneinfo/UTC",
                                          "UTC0",
                                          "zone.tab",
                                          "Europe/"};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        assert_null(zone_find(str_of(unknown[i])));
    }
    char longest[LIMIT_ZONE_BYTES + 2];
    memset(longest, 'A', sizeof(longest));
    assert_null(zone_find((struct str){longest, sizeof(longest)}));
    assert_null(zone_find((struct str){"Europe/Berlin\0", 14}));
    assert_ptr_equal(zone("Europe/Berlin"), zone("Europe/Berlin"));
    assert_ptr_equal(zone("UTC"), zone_utc());
    assert_string_equal(zone_name(zone("Asia/Kathmandu")), "Asia/Kathmandu");
    assert_string_equal(zone_name(zone_utc()), "UTC");
    assert_non_null(zone_find(STR("America/Argentina/ComodRivadavia")));
    assert_int_equal(strncmp(calendar_tzdata_version(), "20", 2), 0);
}

/* xorshift: the same instants in every run */
static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static const char *const many_zones[] = {
    "Africa/Cairo",      "Africa/Casablanca",   "America/Caracas",  "America/New_York",
    "America/Sao_Paulo", "America/St_Johns",    "America/Santiago", "America/Mexico_City",
    "Antarctica/Troll",  "Asia/Almaty",         "Asia/Gaza",        "Asia/Kathmandu",
    "Asia/Kolkata",      "Asia/Pyongyang",      "Asia/Tehran",      "Asia/Tokyo",
    "Atlantic/Azores",   "Australia/Lord_Howe", "Europe/Berlin",    "Europe/Dublin",
    "Europe/Istanbul",   "Europe/Moscow",       "Europe/London",    "Pacific/Apia",
    "Pacific/Chatham",   "Pacific/Kiritimati",  "Pacific/Norfolk",  "Etc/GMT+12"};

static void local_times_equal_the_c_librarys(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252ULL;
    for (size_t i = 0; i < sizeof(many_zones) / sizeof(many_zones[0]); i++) {
        setenv("TZ", many_zones[i], 1);
        tzset();
        for (int n = 0; n < 3000; n++) {
            time_t at_s = (time_t)(draw(&seed) % 2145916800U); /* until 2038 */
            struct tm tm;
            assert_non_null(localtime_r(&at_s, &tm));
            struct local_time local = calendar_local(zone(many_zones[i]), at_s * 1000 + 999);
            assert_int_equal(local.offset_s, tm.tm_gmtoff);
            assert_int_equal(local.year, tm.tm_year + 1900);
            assert_int_equal(local.month, tm.tm_mon + 1);
            assert_int_equal(local.day, tm.tm_mday);
            assert_int_equal(local.hour, tm.tm_hour);
            assert_int_equal(local.minute, tm.tm_min);
            assert_int_equal(local.second, tm.tm_sec);
            assert_int_equal(local.weekday % 7, tm.tm_wday);
        }
    }
    unsetenv("TZ");
    tzset();
}

/* By definition: no earlier instant of the days around shows that time or a later one. */
static void instants_are_the_first_that_reach_the_time(void **state)
{
    (void)state;
    uint64_t seed = 362436069;
    for (size_t i = 0; i < sizeof(many_zones) / sizeof(many_zones[0]); i++) {
        const struct zone *z = zone(many_zones[i]);
        for (int n = 0; n < 200; n++) {
            int64_t day = (int64_t)(draw(&seed) % 30000);
            int minute = (int)(draw(&seed) % 1440);
            int64_t at_ms = calendar_instant(z, day, minute);
            int64_t shown = calendar_local_day(z, at_ms) * 1440 + calendar_local_minute(z, at_ms);
            assert_true(shown >= day * 1440 + minute);
            for (int64_t back = 1; back <= 120; back++) {
                int64_t before = at_ms - back * MINUTE_MS;
                assert_true(calendar_local_day(z, before) * 1440 +
                                calendar_local_minute(z, before) <
                            day * 1440 + minute);
            }
        }
    }
}

static void civil_dates_go_both_ways(void **state)
{
    (void)state;
    for (int64_t day = -800000; day < 800000; day += 97) {
        int year;
        int month;
        int date;
        calendar_civil(day, &year, &month, &date);
        assert_int_equal(calendar_day_number(year, month, date), day);
        assert_true(month >= 1 && month <= 12 && date >= 1 && date <= 31);
    }
    assert_int_equal(calendar_day_number(1970, 1, 1), 0);
    assert_int_equal(calendar_day_number(2000, 2, 29), 11016);
    assert_int_equal(calendar_day_number(1969, 12, 31), -1);
}

static void iso_instants_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at_ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00.5Z", 500},
        {"1970-01-01T00:00:00.123456789Z", 123},
        {"1970-01-01T00:00Z", 0},
        {"1970-01-01t01:00:00z", 3600000},
        {"1970-01-01T02:00:00+02:00", 0},
        {"1970-01-01T02:00:00+0200", 0},
        {"1970-01-01T02:00:00+02", 0},
        {"1969-12-31T18:30:00-05:30", 0},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2024-02-29T12:00:00Z", 1709208000000},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t at_ms;
        assert_true(calendar_parse_iso(str_of(cases[i].text), &at_ms));
        assert_int_equal(at_ms, cases[i].at_ms);
    }
    static const char *const wrong[] = {
        "",
        "2026",
        "2026-11-22",
        "2026-11-22T08:30:00",
        "2026-11-22T08:30:00X",
        "2026-11-22T08:30:00Z ",
        "2026-02-29T08:30:00Z",
        "2026-13-01T08:30:00Z",
        "2026-00-01T08:30:00Z",
        "2026-01-32T08:30:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T08:60:00Z",
        "2026-01-01T08:30:60Z",
        "2026-01-01T08:30:00.Z",
        "2026-01-01T08:30:00+24:00",
        "2026-01-01T08:30:00+2",
        "2026-01-01T08Z",
        "26-01-01T08:30:00Z",
        "+2026-01-01T08:30:00Z",
        "2026-1-1T08:30:00Z",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        int64_t at_ms = 7;
        assert_false(calendar_parse_iso(str_of(wrong[i]), &at_ms));
        assert_int_equal(at_ms, 7);
    }
}

static void iso_instants_are_written(void **state)
{
    (void)state;
    struct arena *arena = arena_new(256);
    assert_string_equal(calendar_iso(arena, 0).ptr, "1970-01-01T00:00:00.000Z");
    assert_string_equal(calendar_iso(arena, -1).ptr, "1969-12-31T23:59:59.999Z");
    assert_string_equal(calendar_iso(arena, instant("2026-11-22T08:30:00.007Z")).ptr,
                        "2026-11-22T08:30:00.007Z");
    arena_free(arena);
}

static void times_of_day_are_read(void **state)
{
    (void)state;
    int minute = -1;
    assert_true(calendar_parse_hh_mm(STR("22:00"), &minute));
    assert_int_equal(minute, 1320);
    assert_true(calendar_parse_hh_mm(STR("8:05"), &minute));
    assert_int_equal(minute, 485);
    assert_true(calendar_parse_hh_mm(STR("00:00"), &minute));
    assert_int_equal(minute, 0);
    static const char *const wrong[] = {"",       "24:00", "8:60", "8",     "8:5",
                                        "008:00", "8:00 ", "a:00", "-1:00", "22-00"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(calendar_parse_hh_mm(str_of(wrong[i]), &minute));
    }
}

static void *find_zones(void *result)
{
    size_t *same = result;
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < sizeof(many_zones) / sizeof(many_zones[0]); i++) {
            const struct zone *found = zone_find(str_of(many_zones[i]));
            *same += found != NULL && found == zone_find(str_of(many_zones[i])) &&
                     calendar_local(found, 0).year >= 1969;
        }
    }
    return NULL;
}

static void threads_share_the_zones(void **state)
{
    (void)state;
    pthread_t threads[4];
    size_t same[4] = {0};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, find_zones, &same[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(same[i], 20 * sizeof(many_zones) / sizeof(many_zones[0]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_share_the_zones), /* first, while no zone is known */
        cmocka_unit_test(wall_clock_times_become_instants),
        cmocka_unit_test(days_start_when_they_do),
        cmocka_unit_test(next_minute_comes_once_or_when_it_shows_again),
        cmocka_unit_test(windows_may_span_midnight),
        cmocka_unit_test(only_names_of_zones_are_found),
        cmocka_unit_test(local_times_equal_the_c_librarys),
        cmocka_unit_test(instants_are_the_first_that_reach_the_time),
        cmocka_unit_test(civil_dates_go_both_ways),
        cmocka_unit_test(iso_instants_are_read),
        cmocka_unit_test(iso_instants_are_written),
        cmocka_unit_test(times_of_day_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
