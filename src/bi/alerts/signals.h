/* Figures about the running installation itself, of the last day or hours: what alerts need beside
 * the figures of people. One thread, the store's. */
#pragma once

#include "bi/stats.h"
#include "store/store.h"

/* X(constant, name, whether it is a share, label) */
#define ALERT_SIGNALS(X)                                                                           \
    X(SIGNAL_SEND_FAILURE_RATE, "send_failure_rate", true, "messages that could not be sent")      \
    X(SIGNAL_OPT_OUT_RATE, "opt_out_rate", true, "people written to who blocked or stopped")       \
    X(SIGNAL_BACKLOG_MINUTES, "backlog_minutes", false, "minutes the oldest message waits")        \
    X(SIGNAL_SCHEDULER_LAG_MINUTES, "scheduler_lag_minutes", false, "minutes decisions are late")  \
    X(SIGNAL_REQUESTS_5XX_TODAY, "requests_5xx_today", false, "requests answered 5xx today")       \
    X(SIGNAL_SAMPLE_RATIO_P, "sample_ratio_p", false, "chance of the most uneven split")           \
    X(SIGNAL_SILENT_JOURNEYS, "silent_journeys", false, "journeys that went silent")

enum alert_signal {
#define SIGNAL_CONSTANT(constant, name, is_share, label) constant,
    ALERT_SIGNALS(SIGNAL_CONSTANT)
#undef SIGNAL_CONSTANT
        SIGNAL_COUNT
};

const char *alert_signal_name(enum alert_signal signal);
const char *alert_signal_label(enum alert_signal signal);
bool alert_signal_is_share(enum alert_signal signal);
/* SIGNAL_COUNT: there is none of that name. */
enum alert_signal alert_signal_of(struct str name);

struct alert_signals {
    struct rate shares[SIGNAL_COUNT]; /* of those that are shares */
    double values[SIGNAL_COUNT];      /* of the others; NAN: unknown */
    struct str silent;                /* names of the silent journeys, with commas between */
};

/* As of now_ms. Everything lives in the arena. */
MUST_CHECK enum err alert_signals_read(struct store *store, struct arena *arena, int64_t now_ms,
                                       struct alert_signals *ret_signals,
                                       struct err_detail *detail);
