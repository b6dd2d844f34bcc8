/* Two kinds of charts, drawn by hand: bars and lines. Numbers stand in the picture, so that colour
 * carries nothing alone. */
#include "sim/chart.h"

#include <math.h>

enum {
    WIDTH = 760,
    LABEL_WIDTH = 262,
    VALUE_WIDTH = 70,
    BAR_HEIGHT = 13,
    BAR_GAP = 3,
    ROW_GAP = 12,
    TOP = 8,
    LINES_HEIGHT = 200,
    AXIS = 26,
    SCALE_WIDTH = 56
};

void chart_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            fputc(*text, out);
            break;
        }
    }
}

static void begin(FILE *out, const char *title, const char *description, int height)
{
    fprintf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, height);
    chart_text(out, title);
    fputs(": ", out);
    chart_text(out, description);
    fputs("\"><title>", out);
    chart_text(out, title);
    fputs("</title>\n", out);
}

/* ---- bars
 * -------------------------------------------------------------------------------------------- */

static double place(const struct chart_bars *chart, double value)
{
    double share = value / chart->most;
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    return LABEL_WIDTH + share * (WIDTH - LABEL_WIDTH - VALUE_WIDTH);
}

static void bar(FILE *out, const struct chart_bars *chart, const struct chart_bar *row, int series,
                int y)
{
    double value = row->value[series];
    if (isnan(value)) {
        return;
    }
    double end = place(chart, value);
    double middle = y + BAR_HEIGHT / 2.0;
    fprintf(out,
            "<rect class=\"s%d\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>"
            "<text class=\"value\" x=\"%d\" y=\"%.1f\">%.*f %s</text>\n",
            series + 1, LABEL_WIDTH, y, end - LABEL_WIDTH, BAR_HEIGHT, WIDTH - VALUE_WIDTH + 6,
            middle + 4, chart->decimals, value, chart->unit);
    if (!isnan(row->low[series])) {
        fprintf(out, "<path class=\"interval\" d=\"M%.1f %.1fH%.1f\"/>\n",
                place(chart, row->low[series]), middle, place(chart, row->high[series]));
    }
}

void chart_bars(FILE *out, const struct chart_bars *chart)
{
    int shown = chart->series_count - chart->series_first;
    int row_height = shown * (BAR_HEIGHT + BAR_GAP) + ROW_GAP;
    begin(out, chart->title, chart->description, TOP + chart->bar_count * row_height);
    for (int i = 0; i < chart->bar_count; i++) {
        const struct chart_bar *row = &chart->bars[i];
        int y = TOP + i * row_height;
        int bars_height = row_height - ROW_GAP;
        fprintf(out, "<text class=\"label\" x=\"%d\" y=\"%.1f\">", LABEL_WIDTH - 10,
                y + bars_height / 2.0 + 3);
        chart_text(out, row->label);
        fputs("</text>\n", out);
        for (int i_shown = 0; i_shown < shown; i_shown++) {
            bar(out, chart, row, chart->series_first + i_shown,
                y + i_shown * (BAR_HEIGHT + BAR_GAP));
        }
        if (!isnan(row->target)) {
            fprintf(out,
                    "<path class=\"target\" d=\"M%.1f %dv%d\"><title>target %g</title></path>\n",
                    place(chart, row->target), y - 3, bars_height + 3, row->target);
        }
    }
    fputs("</svg>\n", out);
}

/* ---- lines
 * ------------------------------------------------------------------------------------------- */

/* 1, 2 or 5 times a power of ten, at least the value. */
static int64_t round_up(int64_t value)
{
    for (int64_t power = 1;; power *= 10) {
        for (int64_t factor = 1; factor <= 5; factor += factor == 1 ? 1 : 3) {
            if (factor * power >= value) {
                return factor * power;
            }
        }
    }
}

void chart_hours(FILE *out, const struct chart_hours *chart)
{
    int64_t most = 1;
    for (int series = 0; series < chart->series_count; series++) {
        for (int i = 0; i < chart->hour_count; i++) {
            most = chart->counts[series][i] > most ? chart->counts[series][i] : most;
        }
    }
    most = round_up(most);
    double across = (double)(WIDTH - SCALE_WIDTH - 8) / chart->hour_count;
    double up = (double)LINES_HEIGHT / (double)most;
    begin(out, chart->title, chart->description, TOP + LINES_HEIGHT + AXIS);
    for (int part = 0; part <= 4; part++) {
        double y = TOP + LINES_HEIGHT * (4 - part) / 4.0;
        fprintf(out,
                "<path class=\"grid\" d=\"M%d %.1fH%d\"/>"
                "<text class=\"axis\" x=\"%d\" y=\"%.1f\">%lld</text>\n",
                SCALE_WIDTH, y, WIDTH - 8, SCALE_WIDTH - 6, y + 4, (long long)(most * part / 4));
    }
    for (int day = 0; day * 24 < chart->hour_count; day += chart->hour_count > 1200 ? 28 : 7) {
        fprintf(out, "<text class=\"day\" x=\"%.1f\" y=\"%d\">day %d</text>\n",
                SCALE_WIDTH + day * 24 * across, TOP + LINES_HEIGHT + 18, day + 1);
    }
    for (int series = 0; series < chart->series_count; series++) {
        fprintf(out, "<polyline class=\"l%d\" points=\"", series + 1);
        for (int i = 0; i < chart->hour_count; i++) {
            fprintf(out, "%.1f,%.1f ", SCALE_WIDTH + i * across,
                    TOP + LINES_HEIGHT - up * (double)chart->counts[series][i]);
        }
        fputs("\"/>\n", out);
    }
    fputs("</svg>\n", out);
}
