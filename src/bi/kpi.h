/* The plan's targets and verdicts against the figures (docs/reference/kpi.md): people who joined
 * since the rollout's start, those with the optimized set beside the concurrent control group.
 * One thread, the store's. */
#pragma once

#include "bi/kpi_plan.h"

enum kpi_state { KPI_NOT_ENOUGH_DATA, KPI_NOT_MET, KPI_MET };
/* "not enough data", "not met", "met". Static storage. */
const char *kpi_state_name(enum kpi_state state);

/* A target: reached so far? */
struct kpi_value {
    const struct kpi_target *target;
    double due; /* what this week aims at */
    struct rate treated;
    struct rate control; /* n = 0: there is none */
    enum kpi_state state;
};

struct kpi_line_result {
    const struct kpi_line *line;
    double value;     /* NAN unknown */
    int64_t n;        /* -1: the figure is no rate */
    double compared;  /* of rises and falls: with this; NAN: there is nothing to compare with */
    const char *with; /* "the period before", "the control group", "those before the rollout", "" */
    enum kpi_state state;
};
struct kpi_verdict_result {
    const struct kpi_verdict *verdict;
    int64_t due_at_ms;
    bool is_due;
    enum kpi_state state; /* met: every line; not met: any line */
    struct kpi_line_result lines[KPI_LINES_MAX];
};

struct kpi_report {
    const struct kpi_plan *plan;
    int64_t started_at_ms; /* 0: the rollout has not begun; then nothing else is set */
    int64_t now_ms;
    int64_t treated, control; /* people */
    struct kpi_value values[KPI_TARGETS_MAX];
    struct kpi_verdict_result verdicts[KPI_VERDICTS_MAX];
};

/* The figures of the people who are compared: treated, control, and those who joined in as long a
 * time before the start. In the arena; the plan must outlive them. */
struct kpi_groups;
MUST_CHECK enum err kpi_groups_read(struct store *store, struct arena *arena,
                                    const struct catalog *catalog, const struct kpi_plan *plan,
                                    int64_t started_at_ms, int64_t now_ms,
                                    struct kpi_groups **ret_groups, struct err_detail *detail);
/* Only those of the treated people who joined since from_ms. */
MUST_CHECK enum err kpi_treated_read(struct store *store, struct arena *arena,
                                     const struct catalog *catalog, const struct kpi_plan *plan,
                                     int64_t from_ms, int64_t now_ms, struct metrics *ret_metrics,
                                     struct err_detail *detail);
/* One figure of a group. */
struct kpi_reading {
    double value;     /* NAN unknown */
    int64_t n;        /* people behind it; -1: a count, which speaks for itself */
    double low, high; /* of a share: its 95 % interval; else the value */
};
struct kpi_reading kpi_reading_of(const struct metrics *metrics, const struct metric_row *row);
void kpi_judge(const struct kpi_groups *groups, const struct kpi_line *line,
               struct kpi_line_result *ret_result);
void kpi_evaluate(const struct kpi_groups *groups, struct kpi_report *ret_report);

/* {"started_at", "week", "treated_people", "control_people", "targets": [...], "verdicts": [...]};
 * of a rollout that has not begun (started_at_ms 0) {"started_at": null}. New reference. */
json_t *kpi_json(struct arena *arena, const struct kpi_report *report);
/* {"metric", "test", "state", "value", "n", "bound" or "compared" and "with"}. New reference. */
json_t *kpi_line_json(const struct kpi_line_result *result);
