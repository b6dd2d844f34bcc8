/* What people do next, or did before: the most frequent sequences of events after (before) one. */
#pragma once

#include "base/json.h"
#include "bi/behaviour/question.h"

enum { PATHS_STEPS_MAX = 6, PATHS_MAX = 100 };

struct paths_question {
    struct behaviour_question common;
    struct str around;  /* the event that paths begin (end) with */
    struct str through; /* events that are steps of paths; "" active */
    bool before;        /* what came before, the nearest first */
    int steps;          /* of a path at most; 0: 3 */
    int64_t window_ms;  /* steps are at most so far away from the event; 0: no bound */
    int count;          /* the most frequent so many; 0: 10 */
};

struct path {
    int step_count; /* fewer than asked for: nothing else happened */
    struct str steps[PATHS_STEPS_MAX];
    int64_t times;
};
struct paths_group {
    struct str name;
    int64_t times; /* that the event happened */
    int path_count;
    struct path *paths; /* the most frequent first; of equals by their names */
};
struct paths_answer {
    int group_count;
    struct paths_group *groups; /* in the arena; all together stand behind them */
};

/* ERR_LIMIT when there are too many different paths (65,536). */
MUST_CHECK enum err behaviour_paths(const struct behaviour_log *log, struct arena *arena,
                                    const struct paths_question *question,
                                    struct paths_answer *ret_answer, struct err_detail *detail);
/* New reference. */
json_t *behaviour_paths_json(const struct paths_answer *answer);
