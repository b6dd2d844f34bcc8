/* Charts as inline SVG: colours come from the page's style, which knows light and dark; each has a
 * name and a description for those who do not see it, and stands beside a table of the same
 * numbers. Writes to any stream. */
#pragma once

#include <stdint.h>
#include <stdio.h>

enum { CHART_SERIES_MAX = 2 };

/* Escaped for text and attributes of HTML. */
void chart_text(FILE *out, const char *text);

/* Horizontal bars, one for each series, with the interval as a thin line and the target as a mark.
 * NAN: nothing to show. */
struct chart_bar {
    const char *label;
    double value[CHART_SERIES_MAX], low[CHART_SERIES_MAX], high[CHART_SERIES_MAX];
    double target;
};
struct chart_bars {
    const char *title;
    const char *description;
    const char *unit; /* "%" */
    double most;      /* the right end of the scale; > 0 */
    int decimals;
    const struct chart_bar *bars;
    int bar_count;
    int series_first; /* those from here on have values */
    int series_count; /* 1 .. CHART_SERIES_MAX, the first ones included */
};
void chart_bars(FILE *out, const struct chart_bars *chart);

/* Lines over time, a point each hour. */
struct chart_hours {
    const char *title;
    const char *description;
    const int64_t *counts[CHART_SERIES_MAX];
    int hour_count;
    int series_count;
};
void chart_hours(FILE *out, const struct chart_hours *chart);
