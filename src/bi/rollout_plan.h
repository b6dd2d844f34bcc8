/* A plan of rolling out: stages, the day of each and the gates before it. Read from YAML
 * (journeys/rollout, docs/reference/rollout.md), or from the copy that the running plan keeps in
 * the store. Immutable once read, any thread may read. */
#pragma once

#include "bi/kpi.h"

enum { ROLLOUT_STAGES_MAX = 16, ROLLOUT_GATES_MAX = 12, ROLLOUT_DAYS_MAX = 365 };

struct rollout_stage {
    struct str name;
    int day;          /* 1: the first of the plan */
    double share;     /* percent of new people; NAN: it opens a stage */
    struct str opens; /* "existing_rescue", "existing_amplification"; "" */
    struct kpi_line gates[ROLLOUT_GATES_MAX];
    int gate_count;
};

struct rollout_plan {
    struct str name;
    struct rollout_stage stages[ROLLOUT_STAGES_MAX];
    int stage_count;
};

/* ERR_INVALID: the mistakes, sorted, each with its place. Everything lives in the arena and as
 * long as `yaml`. */
MUST_CHECK enum err rollout_plan_read(struct arena *arena, struct str file, struct str yaml,
                                      const struct rollout_plan **ret_plan,
                                      struct mistakes *ret_mistakes);
/* {"name", "stages": [{"name", "day", "share" or "opens", "gates"}]}, each gate with "metric",
 * "test" and "bound". New reference. */
json_t *rollout_plan_json(const struct rollout_plan *plan);

/* The plan that was started, as the store has it. */
struct rollout_run {
    bool is_started;
    struct rollout_plan plan; /* a figure that this program does not know is left out */
    int at;                   /* index of the stage */
    int64_t started_at_ms, since_ms;
    bool automatic, held;
    struct str reason; /* of the last move or of the hold; "" */
};
MUST_CHECK enum err rollout_run_read(struct store *store, struct arena *arena,
                                     struct rollout_run *ret_run, struct err_detail *detail);

/* What stands between the plan and its next stage. */
struct rollout_outlook {
    const struct rollout_stage *next; /* NULL: it is at its last stage */
    int64_t day_at_ms;                /* when the next stage's day begins */
    bool is_day;
    struct kpi_line_result gates[ROLLOUT_GATES_MAX]; /* of the next stage */
    int firing;                                      /* alerts that stand in its way */
    bool is_open; /* its day has come, every gate is met, no alert fires */
};
/* Whether there is a next stage and its day has come. */
bool rollout_is_day(const struct rollout_run *run, int64_t now_ms);
/* Judges the gates on the figures of the treated people; `firing`: of alerts_firing. */
void rollout_look(const struct rollout_run *run, const struct kpi_groups *groups, int firing,
                  int64_t now_ms, struct rollout_outlook *ret_outlook);
