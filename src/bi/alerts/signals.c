/* Reading the signals. */
#include "bi/alerts/signals.h"

#include <math.h>

#include "base/limits.h"
#include "bi/experiments/analysis.h"
#include "core/delivery.h"

enum { SILENT_MAX = 32 };

static const struct {
    const char *name, *label;
    bool is_share;
} signals[] = {
#define SIGNAL_ROW(constant, name, is_share, label) [constant] = {name, label, is_share},
    ALERT_SIGNALS(SIGNAL_ROW)
#undef SIGNAL_ROW
};

const char *alert_signal_name(enum alert_signal signal)
{
    return signals[signal].name;
}

const char *alert_signal_label(enum alert_signal signal)
{
    return signals[signal].label;
}

bool alert_signal_is_share(enum alert_signal signal)
{
    return signals[signal].is_share;
}

enum alert_signal alert_signal_of(struct str name)
{
    int signal = 0;
    while (signal < SIGNAL_COUNT && !str_is(name, signals[signal].name)) {
        signal++;
    }
    return (enum alert_signal)signal;
}

/* Where they are read. */
struct reading {
    struct store *store;
    struct arena *arena;
    int64_t now_ms;
    struct alert_signals *signals;
    struct err_detail *detail;
};

/* A row of two counts: of how many, and how many of them. */
static enum err read_share(struct reading *reading, const char *block, enum alert_signal signal)
{
    const struct arg now[] = {ARG_INT(reading->now_ms)};
    struct rows rows = {0};
    enum err error =
        store_query(reading->store, reading->arena, block, now, 1, 1, &rows, reading->detail);
    if (error == OK) {
        reading->signals->shares[signal] = rate_of(rows.cells[1].integer, rows.cells[0].integer);
    }
    return error;
}

static double minutes_since(int64_t since_ms, int64_t now_ms)
{
    return since_ms == 0 || since_ms > now_ms ? 0 : (double)(now_ms - since_ms) / MINUTE_MS;
}

static enum err read_waiting(struct reading *reading)
{
    const struct arg last[] = {ARG_INT(LINE_COUNT - 1)};
    struct rows rows = {0};
    double *values = reading->signals->values;
    enum err error = store_query(reading->store, reading->arena, "alert_waiting", last, 1,
                                 LINE_COUNT, &rows, reading->detail);
    for (int i = 0; error == OK && i < rows.count; i++) {
        const struct cell *cells = rows.cells + (ptrdiff_t)i * rows.columns;
        enum alert_signal signal =
            cells[0].integer == 0 ? SIGNAL_SCHEDULER_LAG_MINUTES : SIGNAL_BACKLOG_MINUTES;
        values[signal] = fmax(values[signal], minutes_since(cells[1].integer, reading->now_ms));
    }
    return error;
}

static enum err read_failed_requests(struct reading *reading)
{
    const struct arg now[] = {ARG_INT(reading->now_ms)};
    struct rows rows = {0};
    enum err error = store_query(reading->store, reading->arena, "alert_requests_5xx", now, 1, 1,
                                 &rows, reading->detail);
    if (error == OK) {
        reading->signals->values[SIGNAL_REQUESTS_5XX_TODAY] = (double)rows.cells[0].integer;
    }
    return error;
}

static enum err read_silent(struct reading *reading)
{
    const struct arg now[] = {ARG_INT(reading->now_ms)};
    struct rows rows = {0};
    struct str names = STR_NONE;
    enum err error = store_query(reading->store, reading->arena, "alert_silent_sequences", now, 1,
                                 SILENT_MAX, &rows, reading->detail);
    for (int i = 0; error == OK && i < rows.count; i++) {
        names = arena_printf(reading->arena, "%.*s%s%.*s", STR_ARG(names), i > 0 ? ", " : "",
                             STR_ARG(rows.cells[i].text));
    }
    reading->signals->silent = names;
    reading->signals->values[SIGNAL_SILENT_JOURNEYS] = rows.count;
    return error;
}

/* The most uneven of the running experiments; its probability stays valid under looking. */
static enum err read_sample_ratio(struct reading *reading)
{
    struct experiments *experiments = NULL;
    double *smallest = &reading->signals->values[SIGNAL_SAMPLE_RATIO_P];
    enum err error =
        analysis_experiments(reading->store, reading->arena, &experiments, reading->detail);
    for (int i = 0; error == OK && experiments != NULL && i < experiments->count; i++) {
        struct analysis analysis;
        if (experiments->items[i].state != EXPERIMENT_RUNNING) {
            continue;
        }
        error = analysis_read(reading->store, reading->arena, &experiments->items[i],
                              reading->now_ms, &analysis, reading->detail);
        if (error == OK) {
            *smallest = isnan(*smallest) ? analysis.split_p : fmin(*smallest, analysis.split_p);
        }
    }
    return error;
}

enum err alert_signals_read(struct store *store, struct arena *arena, int64_t now_ms,
                            struct alert_signals *ret_signals, struct err_detail *detail)
{
    struct reading reading = {store, arena, now_ms, ret_signals, detail};
    *ret_signals = (struct alert_signals){.silent = STR_NONE};
    ret_signals->values[SIGNAL_SAMPLE_RATIO_P] = (double)NAN;
    enum err error = read_share(&reading, "alert_sends", SIGNAL_SEND_FAILURE_RATE);
    if (error == OK) {
        error = read_share(&reading, "alert_opt_outs", SIGNAL_OPT_OUT_RATE);
    }
    if (error == OK) {
        error = read_waiting(&reading);
    }
    if (error == OK) {
        error = read_failed_requests(&reading);
    }
    if (error == OK) {
        error = read_silent(&reading);
    }
    return error == OK ? read_sample_ratio(&reading) : error;
}
