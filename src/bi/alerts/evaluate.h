/* Looking at the figures with the rules of alerting in hand: what holds now. What follows from it
 * (core/alert.h) is decided where the alerts are kept, in the engine. Pure but for the readers of
 * figures. One thread, the store's. */
#pragma once

#include "bi/alerts/rules.h"
#include "bi/kpi.h"

/* Figures of the treated people who joined within so long, or since the rollout's start (0). */
struct alert_people {
    int64_t joined_ms;
    struct metrics figures;
};

/* What is looked at. */
struct alert_view {
    const struct alert_people *people; /* of each time that the rules name */
    int people_count;                  /* 0: no rollout has begun, their figures are unknown */
    const struct alert_signals *signals;
    int64_t started_at_ms; /* of the rollout; 0: not yet */
    int64_t now_ms;
};

struct alert_result {
    const struct alert_rule *rule;
    enum alert_finding finding;
    const struct alert_figure *figure; /* the one that passed the bound, else the first */
    struct kpi_reading reading;        /* of that figure */
};

struct alert_result alert_judge(const struct alert_rule *rule, const struct alert_view *view);

/* "step_1_completion is 61.2 % (55.0 to 67.1 %, of 243), below 80 %". */
struct str alert_says(struct arena *arena, const struct alert_result *result,
                      const struct alert_view *view);

/* What is looked at how often: signals cost little. */
enum alert_scope { ALERTS_ALL, ALERTS_OF_SIGNALS };

/* Everything of that scope, as the engine's command "alerts" takes it: {"partial": rules are left
 * out, "findings": [{"rule",
 * "finding", "says", "value", "severity", "owner", "advice", "action", "auto", "for_ms",
 * "escalate_ms"}]}. New reference. */
json_t *alerts_evaluate(struct arena *arena, const struct alert_rules *rules,
                        const struct alert_view *view, enum alert_scope scope);
/* Reads all that the rules need, then evaluates. ret_payload gets a new reference. */
MUST_CHECK enum err alerts_look(struct store *store, struct arena *arena,
                                const struct catalog *catalog, const struct kpi_plan *plan,
                                const struct alert_rules *rules, enum alert_scope scope,
                                int64_t now_ms, json_t **ret_payload, struct err_detail *detail);
