/* The reckoning behind /metrics (progress.c), apart from its words. Pure. */
#pragma once

#include "core/decide.h"

enum { PROGRESS_ACHIEVEMENTS_MAX = 16, PROGRESS_RECOMMENDATIONS_MAX = 2 };

/* Loaded commitments completed in [from, to). */
int progress_completed_between(const struct person *person, int64_t from_ms, int64_t to_ms);
/* Median time from making to completing over the loaded ones, else the mean of all; -1: none yet.
 */
int64_t progress_typical_ms(struct arena *arena, const struct person *person);
/* Text keys of what was reached, in a fixed order; of each row of thresholds only the highest. */
int progress_achievements(const struct user *user, const char *ret_keys[PROGRESS_ACHIEVEMENTS_MAX]);

struct progress_milestone {
    const char *key; /* of say_count; NULL: nothing left to reach */
    int64_t goal;
    int64_t missing;
};
/* The nearest of: 1, 5, 10, 25, 50, 100 commitments; streaks of 3, 7, 30 days. */
struct progress_milestone progress_next_milestone(const struct user *user, int streak_days);
/* At most two, by class. */
int progress_recommendations(const struct world *world, const struct person *person,
                             const char *ret_keys[PROGRESS_RECOMMENDATIONS_MAX]);
