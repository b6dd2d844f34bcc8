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

/* Evaluates as of now_ms. The plan and the catalog must outlive the report. */
MUST_CHECK enum err kpi_evaluate(struct store *store, struct arena *arena,
                                 const struct catalog *catalog, const struct kpi_plan *plan,
                                 int64_t started_at_ms, int64_t now_ms,
                                 struct kpi_report *ret_report, struct err_detail *detail);

/* {"started_at", "week", "targets": [...], "verdicts": [...]}. New reference. */
json_t *kpi_json(struct arena *arena, const struct kpi_report *report);
