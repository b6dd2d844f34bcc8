/* See next_action.h. Advice names its figures, so that it can be checked. */
#include "bi/next_action.h"

#include <math.h>

enum { HALF_PERCENT = 50, SLOW_HOURS = 24 };

static void advise(json_t *list, const char *opportunity, const char *recommendation,
                   struct str why, struct str effect, const char *how)
{
    json_t *one = json_object();
    json_object_set_new(one, "opportunity", json_string(opportunity));
    json_object_set_new(one, "recommendation", json_string(recommendation));
    json_object_set_new(one, "why", json_str(why));
    json_object_set_new(one, "expected_effect", json_str(effect));
    json_object_set_new(one, "how", json_string(how));
    json_array_append_new(list, one);
}

static void advise_onboarding(json_t *list, struct arena *arena, const struct metrics *metrics)
{
    double target = metrics_target(metrics, "conversion_rate").target;
    double rate = metrics->conversion_rate.percent;
    if (!(rate < target)) {
        return;
    }
    double more = ceil((target - rate) * (double)metrics->total_users / 100.0);
    advise(list, "onboarding_conversion", "Bring more people to their first commitment",
           arena_printf(arena, "%lld of %lld people never made one",
                        (long long)metrics->inactive_users, (long long)metrics->total_users),
           arena_printf(arena, "%lld people more would be %.4g %%, the plan's target",
                        (long long)more, target),
           "Raise the share of the rollout; open the stage existing_rescue for those who joined "
           "before");
}

static void advise_completion(json_t *list, struct arena *arena, const struct metrics *metrics)
{
    const struct rate *rate = &metrics->completion_rate;
    if (!(rate->percent < HALF_PERCENT)) {
        return;
    }
    double target = metrics_target(metrics, "completion_rate").target;
    double more = ceil((target - rate->percent) * (double)rate->n / 100.0);
    advise(list, "completion_rate_improvement", "Follow up while people still act",
           arena_printf(arena, "%lld of %lld commitments were completed", (long long)rate->hits,
                        (long long)rate->n),
           arena_printf(arena, "%lld more completed would be %.4g %%, the plan's target",
                        (long long)more, target),
           "The optimized set asks after two and four hours and offers a smaller size; look at "
           "quick_execution_followup");
}

static void advise_speed(json_t *list, struct arena *arena, const struct metrics *metrics)
{
    if (metrics->avg_completion_hours > SLOW_HOURS) {
        advise(list, "execution_speed_optimization", "Make commitments smaller",
               arena_printf(arena, "completing takes %s hours on average",
                            decimal_text(arena, metrics->avg_completion_hours)),
               STR("What is done on the same day is completed more often"),
               "Suggest sizes of at most ten minutes, planned for today");
    }
}

static void advise_scaling(json_t *list, struct arena *arena, const struct metrics *metrics)
{
    if (metrics->power_users > 0) {
        advise(list, "progressive_scaling", "Let those who keep their word grow",
               arena_printf(arena, "%lld people made %s %% of all commitments",
                            (long long)metrics->power_users,
                            decimal_text(arena, metrics->power_activity_share.percent)),
               STR("More from those who do it already, and company for those who begin"),
               "Open the stage existing_amplification; progressive_scaling offers the next size");
    }
}

json_t *next_actions_json(struct arena *arena, const struct metrics *metrics)
{
    json_t *list = json_array();
    if (metrics->total_users > 0) {
        advise_onboarding(list, arena, metrics);
        advise_completion(list, arena, metrics);
        advise_speed(list, arena, metrics);
        advise_scaling(list, arena, metrics);
    }
    return list;
}
