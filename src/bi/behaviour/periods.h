/* Days, weeks and months in a row, UTC: the rows and columns of grids. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { PERIODS_MAX = 400 };
enum period { PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH };

struct periods {
    enum period kind;
    int count;
    int64_t *begin_ms; /* count + 1 of them: the last is the end */
};

/* "day", "week", "month"; ERR_INVALID names the field. */
MUST_CHECK enum err period_read(const char *field, struct str text, enum period *ret_period,
                                struct err_detail *detail);
/* "monday" .. "sunday": 1 .. 7. */
MUST_CHECK enum err period_read_weekday(const char *field, struct str text, int *ret_weekday,
                                        struct err_detail *detail);
const char *period_name(enum period period);
/* Those from the one with from_ms to the one with to_ms; weeks begin on that day (1 Monday .. 7).
 * ERR_LIMIT when there are more than PERIODS_MAX. */
MUST_CHECK enum err periods_make(struct arena *arena, enum period kind, int week_starts,
                                 int64_t from_ms, int64_t to_ms, struct periods *ret_periods,
                                 struct err_detail *detail);
/* Its number; negative before the first, count after the last. */
int periods_find(const struct periods *periods, int64_t at_ms);
/* "2026-01-05": the first day of it. */
struct str periods_name(struct arena *arena, const struct periods *periods, int number);
/* How long one is when it is counted from an instant of one's own: 1, 7, 30 days. */
int64_t period_length_ms(enum period period);
