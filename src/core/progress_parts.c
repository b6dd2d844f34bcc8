/* Figures of /metrics that are more than a counter (progress_parts.h). */
#include "core/progress_parts.h"

#include <stdlib.h>

#include "base/limits.h"
#include "core/classes.h"

enum { CLUB_COMMITMENTS_MIN = 5 };

int progress_completed_between(const struct person *person, int64_t from_ms, int64_t to_ms)
{
    int count = 0;
    for (int i = 0; i < person->commitment_count; i++) {
        const struct commitment *commitment = person->commitments[i];
        count += commitment->state == COMMITMENT_COMPLETED &&
                 commitment->completed_at_ms >= from_ms && commitment->completed_at_ms < to_ms;
    }
    return count;
}

static int compare_int64(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

int64_t progress_typical_ms(struct arena *arena, const struct person *person)
{
    const struct user *user = &person->user;
    if (user->commitments_completed <= 0) {
        return -1;
    }
    int64_t *took_ms = ARENA_ARRAY(arena, int64_t, (size_t)person->commitment_count + 1);
    int count = 0;
    for (int i = 0; i < person->commitment_count; i++) {
        const struct commitment *commitment = person->commitments[i];
        if (commitment->state == COMMITMENT_COMPLETED) {
            took_ms[count++] = commitment->completed_at_ms - commitment->created_at_ms;
        }
    }
    if (count == 0) {
        return user->completion_ms_sum / user->commitments_completed;
    }
    qsort(took_ms, (size_t)count, sizeof(took_ms[0]), compare_int64);
    int middle = count / 2;
    return count % 2 == 1 ? took_ms[middle] : (took_ms[middle - 1] + took_ms[middle]) / 2;
}

static const struct {
    int64_t goal;
    const char *key;
} commitment_goals[] = {{1, "achieved_1"},   {5, "achieved_5"},   {10, "achieved_10"},
                        {25, "achieved_25"}, {50, "achieved_50"}, {100, "achieved_100"}};
static const struct {
    int64_t goal;
    const char *key;
} streak_goals[] = {{3, "achieved_streak_3"}, {7, "achieved_streak_7"}, {30, "achieved_streak_30"}};
enum {
    COMMITMENT_GOALS = sizeof(commitment_goals) / sizeof(commitment_goals[0]),
    STREAK_GOALS = sizeof(streak_goals) / sizeof(streak_goals[0]),
};

int progress_achievements(const struct user *user, const char *ret_keys[PROGRESS_ACHIEVEMENTS_MAX])
{
    int count = 0;
    for (int i = COMMITMENT_GOALS - 1; i >= 0; i--) {
        if (user->commitments_total >= commitment_goals[i].goal) {
            ret_keys[count++] = commitment_goals[i].key;
            break;
        }
    }
    if (user->commitments_completed > 0) {
        ret_keys[count++] = "achieved_first_completion";
    }
    if (user->commitments_total >= CLUB_COMMITMENTS_MIN) {
        int64_t percent = (int64_t)user->commitments_completed * 100;
        int64_t total = user->commitments_total;
        if (percent == 100 * total) {
            ret_keys[count++] = "achieved_perfect";
        } else if (percent >= 90 * total) {
            ret_keys[count++] = "achieved_club_90";
        } else if (percent >= 75 * total) {
            ret_keys[count++] = "achieved_club_75";
        } else if (percent >= 50 * total) {
            ret_keys[count++] = "achieved_club_50";
        }
    }
    for (int i = STREAK_GOALS - 1; i >= 0; i--) {
        if (user->streak_best_days >= streak_goals[i].goal) {
            ret_keys[count++] = streak_goals[i].key;
            break;
        }
    }
    return count;
}

struct progress_milestone progress_next_milestone(const struct user *user, int streak_days)
{
    struct progress_milestone next = {NULL, 0, 0};
    for (int i = 0; i < COMMITMENT_GOALS && next.key == NULL; i++) {
        if (user->commitments_total < commitment_goals[i].goal) {
            next = (struct progress_milestone){"commitments", commitment_goals[i].goal,
                                               commitment_goals[i].goal - user->commitments_total};
        }
    }
    for (int i = 0; i < STREAK_GOALS; i++) {
        int64_t missing = streak_goals[i].goal - streak_days;
        /* A streak that was reached before is no new milestone. */
        if (user->streak_best_days < streak_goals[i].goal && missing > 0 && streak_days > 0 &&
            (next.key == NULL || missing < next.missing)) {
            next = (struct progress_milestone){"streak_goal", streak_goals[i].goal, missing};
        }
    }
    return next;
}

int progress_recommendations(const struct world *world, const struct person *person,
                             const char *ret_keys[PROGRESS_RECOMMENDATIONS_MAX])
{
    const struct user *user = &person->user;
    int count = 0;
    switch (classes_opportunity(user)) {
    case OPPORTUNITY_ONBOARDING_CONVERSION:
        ret_keys[count++] = "advice_first_commitment";
        break;
    case OPPORTUNITY_COMPLETION_RATE:
        /* While nothing has ended nothing was too big. */
        ret_keys[count++] = user->commitments_missed + user->commitments_dropped > 0
                                ? "advice_smaller"
                                : "advice_open_one";
        break;
    case OPPORTUNITY_EXECUTION_SPEED:
        ret_keys[count++] = "advice_sooner";
        break;
    case OPPORTUNITY_PROGRESSIVE_SCALING:
        ret_keys[count++] = "advice_grow";
        break;
    }
    if (classes_status(user, world->now_ms) == STATUS_DECLINING) {
        ret_keys[count++] = "advice_restart";
    } else if (classes_pattern(user) == PATTERN_THOUGHTFUL_PROCESSOR) {
        ret_keys[count++] = "advice_plan_time";
    } else if (user->commitments_total > 0 && classes_streak_days(world, person) == 0) {
        ret_keys[count++] = "advice_streak";
    }
    return count;
}
