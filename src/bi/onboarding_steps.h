/* How the steps of the optimized onboarding go: how soon people answer, how many needed a recovery
 * or the smaller version, and what they answered. One thread, the store's. */
#pragma once

#include "bi/metrics.h"

enum { ONBOARDING_STEPS_MAX = 16, ONBOARDING_TIMES = 8 };

struct onboarding_step {
    struct str id; /* of the definition in force; "" it has no such step any more */
    int64_t sent, completed;
    double median_ms, p90_ms;        /* from sending to completion; NAN nobody completed it */
    int64_t times[ONBOARDING_TIMES]; /* completions by their time, see onboarding_time_ms */
    int64_t recoveries, smaller, skipped;
};

struct onboarding_answer {
    struct str question, answer;
    int64_t people;
};

struct onboarding_steps {
    struct onboarding_step steps[ONBOARDING_STEPS_MAX];
    int step_count;
    struct onboarding_answer *answers; /* by question, the most frequent first */
    int answer_count;
};

/* The upper end of that place in `times` (within it); INT64_MAX of the last. */
int64_t onboarding_time_ms(int place);

/* Of the people of the filter, whose variant and within_ms do not matter; as of now_ms. */
MUST_CHECK enum err onboarding_steps_read(struct store *store, struct arena *arena,
                                          const struct catalog *catalog,
                                          const struct metrics_filter *filter, int64_t now_ms,
                                          struct onboarding_steps *ret_steps,
                                          struct err_detail *detail);
/* {"steps": […], "answers": […]}. New reference. */
json_t *onboarding_steps_json(const struct onboarding_steps *steps);
