/* How many people came how far along ordered steps, within a time of their first step. */
#pragma once

#include "base/json.h"
#include "bi/behaviour/question.h"
#include "bi/stats.h"

struct funnel_question {
    struct behaviour_question common;
    struct str steps;
    int64_t window_ms; /* from the first step to the last; 0: no bound */
    /* false: other events may lie between the steps. true: a step directly follows the one before
     * it, among what the person did (activity) and the events that any step names. */
    bool strict;
};

struct funnel_group {
    struct str name;                     /* value of `by`, "" without one */
    int64_t people[BEHAVIOUR_STEPS_MAX]; /* reached that step, or a later one */
};

struct funnel_answer {
    int step_count;
    struct str steps[BEHAVIOUR_STEPS_MAX]; /* as written */
    int group_count;
    struct funnel_group *groups; /* in the arena; all groups together stand behind them */
};

/* A person has reached step k when some events of theirs, in the order of the log, are those of the
 * steps 1 .. k, and the last of them is at most window_ms after the first. Errors: ERR_INVALID and
 * ERR_LIMIT name the field. */
MUST_CHECK enum err behaviour_funnel(const struct behaviour_log *log, struct arena *arena,
                                     const struct funnel_question *question,
                                     struct funnel_answer *ret_answer, struct err_detail *detail);
/* New reference. */
json_t *behaviour_funnel_json(const struct funnel_answer *answer);
