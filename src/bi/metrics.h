/* The figures of the product: one definition, used by every surface (docs/reference/metrics.md).
 * They are read from the store by the blocks of sql/metrics.sql, in one read of the present state;
 * test people and erased ones are out. One thread, the store's. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "bi/stats.h"
#include "core/catalog.h"
#include "store/store.h"

/* Which people, and how much time each has. {0} means everybody. */
struct metrics_filter {
    int64_t from_ms;   /* joined at or after */
    int64_t to_ms;     /* joined before; 0: no bound */
    int64_t within_ms; /* conversion counts only commitments made so soon after joining; 0: all */
    struct str source; /* "" any */
    struct str language;
    struct str set;        /* "original", "optimized" */
    struct str experiment; /* of the funnel only; "" any */
    struct str variant;
    bool without_retention; /* which needs a walk through all events: there is none then */
};

/* The same as it is written; "" where nothing was. */
struct metrics_filter_words {
    struct str
        cohort; /* "2026-01-01..2026-02-01", either may be missing; instants of ISO 8601, too */
    struct str within; /* "48h", "7d", "90m" */
    struct str source, language, set;
    struct str variant; /* "EXPERIMENT=VARIANT" */
};
/* ERR_INVALID: the detail begins with the word's name. The filter's views are the words'. */
MUST_CHECK enum err metrics_filter_read(struct arena *arena,
                                        const struct metrics_filter_words *words,
                                        struct metrics_filter *ret_filter,
                                        struct err_detail *detail);

/* X(field, label): rates; n and hits are people unless the label says otherwise. */
#define METRIC_RATES(X)                                                                            \
    X(conversion_rate, "made a commitment")                                                        \
    X(conversion_rate_outside_onboarding, "made one outside onboarding")                           \
    X(activation_rate, "completed a commitment")                                                   \
    X(completion_rate, "commitments completed")                                                    \
    X(completion_rate_outside_onboarding, "commitments outside onboarding completed")              \
    X(quick_completion_rate, "completed within 24 h, of completed")                                \
    X(inactive_rate, "never made a commitment")                                                    \
    X(silent_7d_rate, "no activity for 7 days")                                                    \
    X(silent_30d_rate, "no activity for 30 days")                                                  \
    X(power_user_share, "power users")                                                             \
    X(power_activity_share, "commitments that are power users'")                                   \
    X(step_1_completion, "completed step 1, of sent")                                              \
    X(step_2_completion, "completed step 2, of sent")                                              \
    X(step_3_completion, "completed step 3, of sent")                                              \
    X(step_4_completion, "completed step 4, of sent")                                              \
    X(abandonment_rate, "onboardings abandoned, of those 8 days old")                              \
    X(week_1_retention, "active in their second week")                                             \
    X(week_2_retention, "active in their third week")                                              \
    X(month_1_retention, "active in their second month")                                           \
    X(stickiness, "of a month's people, active yesterday")                                         \
    X(feedback_positive_share, "ratings that are helpful")

/* X(field, label): hours; NAN when nothing was completed. */
#define METRIC_HOURS(X)                                                                            \
    X(avg_completion_hours, "mean time to completion")                                             \
    X(median_completion_hours, "median time to completion")                                        \
    X(p90_completion_hours, "nine of ten completed within")

/* X(field, label): counts. */
#define METRIC_COUNTS(X)                                                                           \
    X(total_users, "people")                                                                       \
    X(users_with_commitments, "people with a commitment")                                          \
    X(total_commitments, "commitments")                                                            \
    X(completed_commitments, "completed")                                                          \
    X(quick_completions, "completed within 24 h")                                                  \
    X(power_users, "power users")                                                                  \
    X(inactive_users, "people without commitment")                                                 \
    X(dau, "active on the last full day (UTC)")                                                    \
    X(wau, "active in 7 days")                                                                     \
    X(mau, "active in 30 days")                                                                    \
    X(joins_last_7_days, "joined in 7 days")                                                       \
    X(joins_previous_7_days, "joined in the 7 days before")                                        \
    X(joins_last_30_days, "joined in 30 days")                                                     \
    X(commitments_last_30_days, "commitments made in 30 days")                                     \
    X(users_0_commitments, "people with none")                                                     \
    X(users_1_to_3_commitments, "people with 1 to 3")                                              \
    X(users_4_to_10_commitments, "people with 4 to 10")                                            \
    X(users_over_10_commitments, "people with more than 10")                                       \
    X(support_requests, "requests for support in 7 days")                                          \
    X(support_requests_before, "requests for support in the 7 days before")                        \
    X(dead_deliveries, "messages given up in 7 days")                                              \
    X(invariant_failures, "rows that could not be as they were in 7 days")                         \
    X(requests_5xx, "requests answered 5xx in 7 days")                                             \
    X(critical_errors, "all three together")

/* X(field, label): other numbers; NAN when unknown. */
#define METRIC_NUMBERS(X)                                                                          \
    X(conversion_rate_implied, "conversion implied by steps 1 to 3, %")                            \
    X(growth_rate, "joins against the week before, %")                                             \
    X(gini, "inequality of commitments, 0 to 1")                                                   \
    X(revenue, "revenue")                                                                          \
    X(revenue_per_user, "revenue per person")                                                      \
    X(support_requests_per_100, "requests for support per 100 active people")

enum { METRICS_LORENZ_POINTS = 11, METRICS_STEPS = 4 };

enum health { HEALTH_UNKNOWN, HEALTH_CRITICAL, HEALTH_WARNING, HEALTH_GOOD };
enum growth { GROWTH_UNKNOWN, GROWTH_GROWING, GROWTH_STABLE, GROWTH_DECLINING };

enum { RETENTION_CELLS = 13 };
struct retention_cohort {
    int64_t monday_ms; /* begin of the ISO week of joining, UTC */
    int cells;         /* some of the cohort have lived so many whole ones */
    int64_t imported;  /* of its people: before their import only commitments are known of them */
    struct rate active[RETENTION_CELLS];
    struct rate month_1; /* [joined + 30 d, joined + 60 d) */
};

struct metrics {
    int64_t now_ms;
    struct metrics_filter filter;
#define METRIC_FIELD(field, label) struct rate field;
    METRIC_RATES(METRIC_FIELD)
#undef METRIC_FIELD
#define METRIC_FIELD(field, label) double field;
    METRIC_HOURS(METRIC_FIELD)
    METRIC_NUMBERS(METRIC_FIELD)
#undef METRIC_FIELD
#define METRIC_FIELD(field, label) int64_t field;
    METRIC_COUNTS(METRIC_FIELD)
#undef METRIC_FIELD
    struct retention_cohort *cohorts; /* oldest first, in the arena */
    int cohort_count;
    /* Share of all commitments (0..1) of the least committed 0, 10, … 100 % of people. */
    double lorenz[METRICS_LORENZ_POINTS];
    /* Percent of those a step was sent to, as the journey says; NAN: it names none. */
    double step_target[METRICS_STEPS];
    enum growth growth;
    enum health conversion_health, completion_health, retention_health;
};

/* The instant to evaluate at for whoever looks from outside: clock_ms, or the newest event when the
 * process that writes lets time run ahead (the demonstration). */
MUST_CHECK enum err metrics_now(struct store *store, struct arena *arena, int64_t clock_ms,
                                int64_t *ret_now_ms, struct err_detail *detail);

/* Reads all of them as of now_ms. The catalog in force says how long each step of the onboarding
 * waits for its answer, and what is aimed at. */
MUST_CHECK enum err metrics_read(struct store *store, struct arena *arena,
                                 const struct catalog *catalog, const struct metrics_filter *filter,
                                 int64_t now_ms, struct metrics *ret_metrics,
                                 struct err_detail *detail);

/* Only the two rates of conversion, which cost a walk through the people alone. */
MUST_CHECK enum err metrics_conversion(struct store *store, struct arena *arena,
                                       const struct metrics_filter *filter, int64_t now_ms,
                                       struct rate *ret_all, struct rate *ret_outside,
                                       struct err_detail *detail);

/* Only the median hours to completion and the quick share, for who needs no more; NAN unknown. */
MUST_CHECK enum err metrics_typical(struct store *store, struct arena *arena,
                                    const struct metrics_filter *filter, int64_t now_ms,
                                    double *ret_median_hours, double *ret_quick_percent,
                                    struct err_detail *detail);

/* The table of figures, for whoever shows them all. */
enum metric_kind { METRIC_RATE, METRIC_HOUR, METRIC_COUNT, METRIC_NUMBER };
struct metric_row {
    const char *name; /* the name everywhere */
    const char *label;
    enum metric_kind kind;
    size_t offset; /* in struct metrics */
};
/* Whether the row of metrics_rows is one of those that filter.without_retention leaves out. */
bool metrics_row_is_retention(const struct metric_row *row);
const struct metric_row *metrics_rows(int *ret_count);

/* "critical", "growing", …; "unknown" without data. Static storage. */
const char *health_name(enum health health);
const char *growth_name(enum growth growth);

/* The plan's targets (those of steps are the journey's) and where the product stood before; NAN
 * when the figure has none. */
struct metric_target {
    double baseline;
    double target;
};
struct metric_target metrics_target(const struct metrics *metrics, const char *name);

/* ---- funnel and retention -----------------------------------------------------------------------
 */

struct funnel_stage {
    const char *name; /* "joined", "step_1_sent", … */
    int64_t people;
    struct rate of_joined;
};
enum { FUNNEL_STAGES = 9 };
MUST_CHECK enum err metrics_funnel(struct store *store, struct arena *arena,
                                   const struct metrics_filter *filter, int64_t now_ms,
                                   struct funnel_stage ret_stages[FUNNEL_STAGES],
                                   struct err_detail *detail);

/* The cohorts alone. Oldest first, at most 520 of them (ten years). */
MUST_CHECK enum err metrics_retention(struct store *store, struct arena *arena,
                                      const struct metrics_filter *filter, int64_t now_ms,
                                      struct retention_cohort **ret_cohorts, int *ret_count,
                                      struct err_detail *detail);

/* Revenue of people by the ISO week (UTC) of joining, and by variant of each experiment that they
 * have an assignment of. */
struct revenue_group {
    int64_t monday_ms; /* of a cohort */
    struct str experiment, variant;
    int64_t people;
    double revenue;
};
struct revenue_groups {
    struct revenue_group *cohorts, *variants; /* in the arena */
    int cohort_count, variant_count;
};
MUST_CHECK enum err metrics_revenue_groups(struct store *store, struct arena *arena,
                                           const struct metrics_filter *filter, int64_t now_ms,
                                           struct revenue_groups *ret_groups,
                                           struct err_detail *detail);

/* Everything as one JSON object: plain numbers at the top level under exactly the names, null when
 * unknown, siblings NAME_n, NAME_low, NAME_high. New reference. */
json_t *metrics_json(struct arena *arena, const struct metrics *metrics);
json_t *funnel_json(const struct funnel_stage stages[FUNNEL_STAGES]);
json_t *revenue_json(struct arena *arena, const struct revenue_groups *groups);
json_t *retention_json(struct arena *arena, const struct retention_cohort *cohorts, int count);
