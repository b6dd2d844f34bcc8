/* What metrics*.c share. Private to them. */
#pragma once

#include "bi/metrics.h"

struct metrics_reading {
    struct store *store;
    struct arena *arena;
    const struct catalog *catalog; /* NULL where no steps are read */
    const struct metrics_filter *filter;
    int64_t now_ms;
    struct err_detail *detail;
};

/* Runs a block of metrics.sql with its five common arguments and `more`. */
MUST_CHECK enum err metrics_query(struct metrics_reading *reading, const char *block,
                                  const struct arg *more, int more_count, int row_max,
                                  struct rows *ret_rows);
/* JSON array of the types of events that are activity. */
struct arg metrics_activity_types(struct arena *arena);
/* The cohorts, and week_1, week_2 and month_1 over all of them. */
MUST_CHECK enum err metrics_read_retention(struct metrics_reading *reading,
                                           struct metrics *metrics);
