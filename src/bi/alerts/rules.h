/* Rules of alerting, read from YAML (journeys/alerts/rules.yaml, docs/reference/alerts.md).
 * Immutable once read, any thread may read. */
#pragma once

#include "bi/alerts/signals.h"
#include "bi/kpi_plan.h"
#include "core/alert.h"

/* Each time of joining costs a read of everybody's figures. */
enum { ALERT_RULES_MAX = 64, ALERT_FIGURES_MAX = 8, ALERT_JOINED_MAX = 4 };

/* Either a figure of the people treated, or a signal. */
struct alert_figure {
    const struct metric_row *metric; /* NULL: the signal */
    enum alert_signal signal;
};

struct alert_rule {
    struct str name, owner, advice;
    struct alert_figure figures[ALERT_FIGURES_MAX]; /* it holds when any of them passes the bound */
    int figure_count;
    enum kpi_test test; /* above, at least, below, at most */
    double bound;
    int min_people;    /* behind a share */
    int64_t joined_ms; /* of people who joined within so long; 0: since the rollout's start */
    int64_t after_ms;  /* not before so long after the rollout's start */
    struct alert_terms terms;
    enum alert_action action;
    bool automatic;
};

struct alert_rules {
    struct alert_rule rules[ALERT_RULES_MAX];
    int count;
};

/* ERR_INVALID: the mistakes, sorted, each with its place. Everything lives in the arena and as
 * long as `yaml`. */
MUST_CHECK enum err alert_rules_read(struct arena *arena, struct str file, struct str yaml,
                                     const struct alert_rules **ret_rules,
                                     struct mistakes *ret_mistakes);
/* The times of joining that rules about people name; how many. */
int alert_rules_joined(const struct alert_rules *rules, int64_t ret_joined[ALERT_JOINED_MAX]);
/* "step_1_completion", "backlog_minutes", … */
const char *alert_figure_name(const struct alert_figure *figure);
