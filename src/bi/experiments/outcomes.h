/* What people did after they were exposed to an experiment, as sums for each arm, as they stood at
 * one instant or at many. People count by their first exposure; an outcome counts within the
 * experiment's window, and a person is judged when it is over. One thread, the store's. */
#pragma once

#include "bi/experiments/weighted.h"
#include "core/experiment.h"
#include "store/store.h"

enum { LOOKS_MAX = 60 };

/* The instants started_at + step, started_at + 2 step, …, of which the last is last_ms instead. */
struct looks {
    int64_t step_ms, last_ms;
    int count; /* 1..LOOKS_MAX */
};
/* The only look of an analysis: now. */
struct looks looks_once(int64_t now_ms);
/* From the start until now, or until the last person of an ended experiment is judged, whatever is
 * first: at whole hours or days since the start, at most LOOKS_MAX. */
struct looks looks_since_start(const struct experiment *experiment, int64_t now_ms);
int64_t look_at_ms(const struct looks *looks, const struct experiment *experiment, int look);

/* Which events are an outcome (sql/experiments.sql). */
struct outcome_rule {
    struct str type, name, rule;
    bool of_step, is_money;
};
struct outcome_rule outcome_of_metric(struct str metric);

struct arm_counts {
    int64_t exposed;             /* until then */
    int64_t unknown;             /* of them, without a note of how likely the arm was */
    struct weighted_sums shown;  /* w and ww of the others */
    struct paired_sums sums;     /* of those who were judged until then */
    struct weighted_sums judged; /* likewise, weighted */
};
struct look_counts {
    struct arm_counts arms[EXPERIMENT_ARMS_MAX]; /* in the experiment's order */
};
/* One reading for all looks; ret_counts has looks->count rows. Errors are the store's. */
MUST_CHECK enum err outcomes_read(struct store *store, struct arena *arena,
                                  const struct experiment *experiment,
                                  const struct outcome_rule *outcome, const struct looks *looks,
                                  struct look_counts *ret_counts, struct err_detail *detail);
