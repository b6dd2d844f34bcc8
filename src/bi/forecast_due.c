/* Reading what waits by the minute. */
#include "bi/forecast_due.h"

#include "base/limits.h"

const char *forecast_priority(enum priority priority)
{
    static const char *const priorities[PRIORITY_COUNT] = {"reply", "onboarding", "followup",
                                                           "nudge", "broadcast"};
    return priorities[priority];
}

/* A row of forecast_due: a line, a minute, how many. */
static void put_row(struct forecast *forecast, int64_t line, int64_t minute, int64_t count)
{
    if (line == 0) {
        forecast->decisions += count;
    }
    for (int channel = 1; channel < CHANNEL_COUNT; channel++) {
        for (int priority = 0; priority < PRIORITY_COUNT; priority++) {
            if (line == line_number((enum channel_kind)channel, (enum priority)priority) &&
                minute >= 0 && minute < FORECAST_MINUTES) {
                forecast->due[channel][priority][minute] += count;
            }
        }
    }
}

enum err forecast_read(struct store *store, struct arena *arena, int64_t now_ms,
                       struct forecast *forecast, struct err_detail *detail)
{
    const struct arg args[] = {ARG_INT(now_ms), ARG_INT(now_ms + DAY_MS)};
    struct rows rows = {0};
    enum err error = store_query(store, arena, "forecast_due", args, 2,
                                 LINE_COUNT * FORECAST_MINUTES, &rows, detail);
    for (int i = 0; error == OK && i < rows.count; i++) {
        const struct cell *cells = rows.cells + (ptrdiff_t)i * rows.columns;
        put_row(forecast, cells[0].integer, cells[1].integer, cells[2].integer);
    }
    return error;
}

json_t *forecast_json(const struct forecast *forecast)
{
    json_t *list = json_array();
    for (int channel = 1; channel < CHANNEL_COUNT; channel++) {
        for (int priority = 0; priority < PRIORITY_COUNT; priority++) {
            if (forecast->messages[channel][priority] > 0) {
                json_array_append_new(
                    list,
                    json_pack("{s:s, s:s, s:I, s:I, s:I}", "channel",
                              channel_kind_name((enum channel_kind)channel), "priority",
                              forecast_priority((enum priority)priority), "messages",
                              (json_int_t)forecast->messages[channel][priority], "waits_most_s",
                              (json_int_t)forecast->waits_most_s[channel][priority], "out_after_s",
                              (json_int_t)forecast->out_after_s[channel][priority]));
            }
        }
    }
    return json_pack("{s:o, s:I}", "lines", list, "decisions", (json_int_t)forecast->decisions);
}
