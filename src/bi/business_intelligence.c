/* See business_intelligence.h. */
#include "bi/business_intelligence.h"

#include <math.h>

#include "base/calendar.h"

enum {
    HEALTH_FULL = 100,
    HEALTH_LESS_SLOW = 30,
    HEALTH_LESS_EMPTY = 50,
    HEALTH_LESS_LATE = 30,
    HEALTHY_ABOVE = 80,
    WARNING_ABOVE = 50,
    SLOW_ABOVE_MS = 1000,
    LATE_ABOVE_MS = 5 * 60 * 1000,
    DAYS_OF_AVERAGES = 30
};

/* One decimal; null when unknown. */
static json_t *tenths(double value)
{
    return isnan(value) ? json_null() : json_real(round_tenth(value));
}

static json_t *percent(const struct rate *rate)
{
    int64_t value = rate_tenths(rate);
    return value < 0 ? json_null() : json_real((double)value / 10.0);
}

static void put_count(json_t *object, const char *key, int64_t count)
{
    json_object_set_new(object, key, json_integer(count));
}

static void put_health(json_t *object, enum health health)
{
    json_object_set_new(object, "health_status", json_string(health_name(health)));
}

json_t *bi_funnel_json(const struct metrics *metrics)
{
    double target = metrics_target(metrics, "conversion_rate").target;
    double missing = target - metrics->conversion_rate.percent;
    json_t *object = json_object();
    json_object_set_new(object, "conversion_rate", percent(&metrics->conversion_rate));
    put_count(object, "users_with_commitments", metrics->users_with_commitments);
    put_count(object, "total_users", metrics->total_users);
    put_count(object, "recent_signups", metrics->joins_last_7_days);
    put_health(object, metrics->conversion_health);
    json_object_set_new(object, "target_rate", tenths(target));
    json_object_set_new(object, "improvement_needed", tenths(missing < 0 ? 0 : missing));
    return object;
}

static void tell(json_t *list, struct arena *arena, const struct rate *rate, const char *what)
{
    int64_t value = rate_tenths(rate);
    if (value >= 0) {
        json_array_append_new(
            list, json_str(arena_printf(arena, "%lld.%lld %% %s", (long long)(value / 10),
                                        (long long)(value % 10), what)));
    }
}

static json_t *patterns(struct arena *arena, const struct metrics *metrics)
{
    json_t *list = json_array();
    tell(list, arena, &metrics->quick_completion_rate,
         "of completed commitments are completed within 24 hours");
    if (!isnan(metrics->avg_completion_hours)) {
        int64_t hours = tenths_of(metrics->avg_completion_hours);
        json_array_append_new(
            list, json_str(arena_printf(arena, "completing takes %lld.%lld hours on average",
                                        (long long)(hours / 10), (long long)(hours % 10))));
    }
    tell(list, arena, &metrics->inactive_rate, "of people never made a commitment");
    tell(list, arena, &metrics->power_activity_share, "of commitments are power users'");
    return list;
}

json_t *bi_insights_json(struct arena *arena, const struct metrics *metrics)
{
    json_t *object = json_object();
    json_object_set_new(object, "completion_rate", percent(&metrics->completion_rate));
    put_count(object, "total_commitments", metrics->total_commitments);
    put_count(object, "completed_commitments", metrics->completed_commitments);
    put_count(object, "quick_completions", metrics->quick_completions);
    json_object_set_new(object, "avg_completion_hours", tenths(metrics->avg_completion_hours));
    json_object_set_new(object, "behavioral_patterns", patterns(arena, metrics));
    put_health(object, metrics->completion_health);
    return object;
}

static json_t *three(int64_t week_1, int64_t week_2, int64_t month_1)
{
    json_t *object = json_object();
    put_count(object, "week_1", week_1);
    put_count(object, "week_2", week_2);
    put_count(object, "month_1", month_1);
    return object;
}

json_t *bi_retention_json(const struct metrics *metrics)
{
    const struct rate *week_1 = &metrics->week_1_retention;
    const struct rate *week_2 = &metrics->week_2_retention;
    const struct rate *month_1 = &metrics->month_1_retention;
    json_t *object = json_object();
    json_object_set_new(object, "week_1_retention", percent(week_1));
    json_object_set_new(object, "week_2_retention", percent(week_2));
    json_object_set_new(object, "month_1_retention", percent(month_1));
    json_object_set_new(object, "eligible_users", three(week_1->n, week_2->n, month_1->n));
    json_object_set_new(object, "active_users", three(week_1->hits, week_2->hits, month_1->hits));
    put_health(object, metrics->retention_health);
    return object;
}

static json_t *commitments(const struct metrics *metrics)
{
    struct rate engaged = rate_of(metrics->users_with_commitments, metrics->total_users);
    json_t *spread = json_object();
    put_count(spread, "no_commitments", metrics->users_0_commitments);
    put_count(spread, "light_users", metrics->users_1_to_3_commitments);
    put_count(spread, "active_users", metrics->users_4_to_10_commitments);
    put_count(spread, "power_users", metrics->users_over_10_commitments);
    json_t *object = json_object();
    put_count(object, "total_commitments", metrics->total_commitments);
    put_count(object, "active_users", metrics->users_with_commitments);
    json_object_set_new(object, "engagement_rate", percent(&engaged));
    json_object_set_new(
        object, "avg_commitments_per_user",
        tenths(ratio((double)metrics->total_commitments, (double)metrics->total_users)));
    put_count(object, "power_users", metrics->power_users);
    put_count(object, "inactive_users", metrics->inactive_users);
    json_object_set_new(object, "user_distribution", spread);
    return object;
}

static json_t *growth(const struct metrics *metrics)
{
    json_t *object = json_object();
    put_count(object, "last_7_days_signups", metrics->joins_last_7_days);
    put_count(object, "prev_7_days_signups", metrics->joins_previous_7_days);
    double rate = metrics->growth_rate;
    json_object_set_new(object, "growth_rate",
                        rate < 0 ? json_real(-round_tenth(-rate)) : tenths(rate));
    put_count(object, "total_last_30_days", metrics->joins_last_30_days);
    json_object_set_new(object, "avg_daily_signups",
                        tenths((double)metrics->joins_last_30_days / DAYS_OF_AVERAGES));
    json_object_set_new(object, "avg_daily_commitments",
                        tenths((double)metrics->commitments_last_30_days / DAYS_OF_AVERAGES));
    json_object_set_new(object, "trend", json_string(growth_name(metrics->growth)));
    return object;
}

static json_t *health(struct arena *arena, const struct metrics *metrics,
                      const struct bi_probe *probe)
{
    bool slow = probe->database_response_ms > SLOW_ABOVE_MS;
    bool empty = metrics->total_users == 0;
    int score = HEALTH_FULL - (slow ? HEALTH_LESS_SLOW : 0) - (empty ? HEALTH_LESS_EMPTY : 0) -
                (probe->backlog_age_ms > LATE_ABOVE_MS ? HEALTH_LESS_LATE : 0);
    score = score < 0 ? 0 : score;
    json_t *object = json_object();
    put_count(object, "health_score", score);
    put_count(object, "database_response_time", probe->database_response_ms);
    json_object_set_new(object, "database_status", json_string(slow ? "slow" : "healthy"));
    json_object_set_new(object, "data_availability", json_string(empty ? "limited" : "available"));
    json_object_set_new(object, "last_check", json_str(calendar_iso(arena, metrics->now_ms)));
    json_object_set_new(object, "status",
                        json_string(score > HEALTHY_ABOVE   ? "healthy"
                                    : score > WARNING_ABOVE ? "warning"
                                                            : "critical"));
    return object;
}

json_t *bi_all_json(struct arena *arena, const struct metrics *metrics,
                    const struct bi_probe *probe)
{
    json_t *made = commitments(metrics);
    json_t *object = json_object();
    json_object_set_new(object, "onboarding_funnel", bi_funnel_json(metrics));
    json_object_set_new(object, "behavioral_insights", bi_insights_json(arena, metrics));
    json_object_set(object, "commitment_analytics", made);
    json_object_set_new(object, "commitment_intelligence", made);
    json_object_set_new(object, "retention_analysis", bi_retention_json(metrics));
    json_object_set_new(object, "growth_indicators", growth(metrics));
    json_object_set_new(object, "system_health", health(arena, metrics, probe));
    return object;
}
