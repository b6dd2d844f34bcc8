/* What a rollout is measured against, read from YAML (journeys/kpi/plan.yaml,
 * docs/reference/kpi.md): targets by week, and the verdicts' lines. Immutable once read, any thread
 * may read. */
#pragma once

#include "bi/metrics.h"
#include "core/mistakes.h"
#include "core/schema.h"

enum { KPI_TARGETS_MAX = 32, KPI_VERDICTS_MAX = 8, KPI_LINES_MAX = 16 };

/* In the figure's unit; NAN where the plan says nothing. */
struct kpi_target {
    const struct metric_row *metric;
    double baseline, week_1, week_2, success;
};

enum kpi_test { KPI_ABOVE, KPI_AT_LEAST, KPI_BELOW, KPI_AT_MOST, KPI_RISES, KPI_FALLS };
struct kpi_line {
    const struct metric_row *metric;
    enum kpi_test test;
    double bound; /* of the first four */
};
/* "above", "at_least", … */
const char *kpi_test_name(enum kpi_test test);
/* Whether the value has passed the bound (rises, falls: the figure it is compared with); NAN never
 * has. */
bool kpi_test_passes(enum kpi_test test, double value, double bound);

struct kpi_verdict {
    struct str name;
    int64_t due_ms; /* after the rollout's start */
    struct kpi_line lines[KPI_LINES_MAX];
    int line_count;
};

struct kpi_plan {
    int64_t conversion_age_ms;
    int minimum_people;
    struct kpi_target targets[KPI_TARGETS_MAX];
    int target_count;
    struct kpi_verdict verdicts[KPI_VERDICTS_MAX];
    int verdict_count;
};

/* ERR_INVALID: the mistakes, sorted, each with its place. `file` is for them. Everything lives in
 * the arena and as long as `yaml`. */
MUST_CHECK enum err kpi_plan_read(struct arena *arena, struct str file, struct str yaml,
                                  const struct kpi_plan **ret_plan, struct mistakes *ret_mistakes);

/* One line, wherever a file has such; what is wrong becomes a mistake. */
void kpi_line_read(struct compiling *compiling, const struct tree_node *node,
                   struct kpi_line *ret_line);
/* NULL: there is none of that name. */
const struct metric_row *kpi_figure(struct str name);
/* False: it is no test's name. */
bool kpi_test_of(struct str name, enum kpi_test *ret_test);

/* What is aimed at in the week that holds `age_ms` after the start: the first, the second, then
 * success. */
double kpi_target_at(const struct kpi_target *target, int64_t age_ms);
