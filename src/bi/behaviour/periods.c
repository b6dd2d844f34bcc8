/* Where days, weeks and months begin. */
#include "bi/behaviour/periods.h"

#include "base/calendar.h"
#include "base/limits.h"

static const char *const NAMES[] = {"day", "week", "month"};

enum err period_read(const char *field, struct str text, enum period *ret_period,
                     struct err_detail *detail)
{
    for (int i = PERIOD_DAY; i <= PERIOD_MONTH; i++) {
        if (str_is(text, NAMES[i])) {
            *ret_period = (enum period)i;
            return OK;
        }
    }
    return err_set(detail, ERR_INVALID, "%s: takes day, week or month", field);
}

enum err period_read_weekday(const char *field, struct str text, int *ret_weekday,
                             struct err_detail *detail)
{
    static const char *const days[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};
    for (int i = 0; i < 7; i++) {
        if (str_is(text, days[i])) {
            *ret_weekday = i + 1;
            return OK;
        }
    }
    return err_set(detail, ERR_INVALID, "%s: takes monday, tuesday … sunday", field);
}

const char *period_name(enum period period)
{
    return NAMES[period];
}

int64_t period_length_ms(enum period period)
{
    return (period == PERIOD_DAY ? 1 : period == PERIOD_WEEK ? 7 : 30) * DAY_MS;
}

/* The day that the period of this day begins with. 1970-01-01 was a Thursday. */
static int64_t begin_day(enum period kind, int week_starts, int64_t day)
{
    if (kind == PERIOD_DAY) {
        return day;
    }
    if (kind == PERIOD_WEEK) {
        int64_t since = (day + 4 - week_starts) % 7;
        return day - (since < 0 ? since + 7 : since);
    }
    int year;
    int month;
    int of_month;
    calendar_civil(day, &year, &month, &of_month);
    return day - of_month + 1;
}

enum err periods_make(struct arena *arena, enum period kind, int week_starts, int64_t from_ms,
                      int64_t to_ms, struct periods *ret_periods, struct err_detail *detail)
{
    struct periods periods = {.kind = kind};
    periods.begin_ms = ARENA_ARRAY(arena, int64_t, PERIODS_MAX + 1);
    int64_t day = begin_day(kind, week_starts, (from_ms > 0 ? from_ms : 0) / DAY_MS);
    periods.begin_ms[0] = day * DAY_MS;
    while (periods.begin_ms[periods.count] <= to_ms) {
        if (periods.count == PERIODS_MAX) {
            return err_set(detail, ERR_LIMIT,
                           "period: more than %d of a %s from the oldest on; take a longer one, or "
                           "begin later (from)",
                           PERIODS_MAX, NAMES[kind]);
        }
        day = begin_day(kind, week_starts,
                        day + (kind == PERIOD_DAY    ? 1
                               : kind == PERIOD_WEEK ? 7
                                                     : 31));
        periods.begin_ms[++periods.count] = day * DAY_MS;
    }
    *ret_periods = periods;
    return OK;
}

int periods_find(const struct periods *periods, int64_t at_ms)
{
    if (periods->kind != PERIOD_MONTH) { /* all of one length */
        int64_t since_ms = at_ms - periods->begin_ms[0];
        int64_t number = since_ms < 0 ? -1 : since_ms / period_length_ms(periods->kind);
        return number < periods->count ? (int)number : periods->count;
    }
    int low = -1; /* the last that begins at or before the instant */
    int high = periods->count;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (periods->begin_ms[middle] <= at_ms) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

struct str periods_name(struct arena *arena, const struct periods *periods, int number)
{
    int year;
    int month;
    int day;
    calendar_civil(periods->begin_ms[number] / DAY_MS, &year, &month, &day);
    return arena_printf(arena, "%04d-%02d-%02d", year, month, day);
}
