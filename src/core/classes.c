/* Classes and scores of one person (classes.h). Shares are compared as products of integers, so
 * that 12 of 15 is exactly 80 %; only the engagement score is a real number. */
#include "core/classes.h"

#include <math.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "core/pressure.h"

enum {
    ENGAGEMENT_HIGH = 80,
    ENGAGEMENT_LOW = 30,
    ENGAGEMENT_DAYS = 28,      /* of which distinct active days are counted */
    ENGAGEMENT_DAYS_FULL = 12, /* so many of them count as full frequency */
    ENGAGEMENT_RATE_DAYS = 90,
    BEST_HOUR_DAYS = 60,
    BEST_HOUR_POINTS_MIN = 5,
    HOURS = 24,
};

/* part / whole compared with percent: negative, 0 or positive. whole > 0. */
static int64_t share_against(int64_t part, int64_t whole, int percent)
{
    return part * 100 - whole * percent;
}

static bool completion_at_least(const struct user *user, int percent)
{
    return user->commitments_total > 0 &&
           share_against(user->commitments_completed, user->commitments_total, percent) >= 0;
}

static bool completion_above(const struct user *user, int percent)
{
    return user->commitments_total > 0 &&
           share_against(user->commitments_completed, user->commitments_total, percent) > 0;
}

enum completion_pattern classes_pattern(const struct user *user)
{
    int64_t completed = user->commitments_completed;
    if (completed <= 0) {
        return PATTERN_UNKNOWN;
    }
    if (share_against(user->commitments_quick, completed, 80) > 0 &&
        user->completion_ms_sum < 6 * HOUR_MS * completed) {
        return PATTERN_QUICK_EXECUTOR;
    }
    if (user->completion_ms_sum > 48 * HOUR_MS * completed) {
        return PATTERN_THOUGHTFUL_PROCESSOR;
    }
    return PATTERN_BALANCED_COMPLETER;
}

enum performance_tier classes_tier(const struct user *user)
{
    if (user->commitments_total >= 10 && completion_at_least(user, 80)) {
        return TIER_POWER_USER;
    }
    if (user->commitments_total >= 5 && completion_at_least(user, 60)) {
        return TIER_ACTIVE_USER;
    }
    return user->commitments_total >= 1 ? TIER_DEVELOPING_USER : TIER_NEW_USER;
}

enum activity_status classes_status(const struct user *user, int64_t now_ms)
{
    if (user->commitments_total == 0) {
        return STATUS_INACTIVE;
    }
    return now_ms - user->activity_last_at_ms <= 7 * DAY_MS ? STATUS_ACTIVE : STATUS_DECLINING;
}

enum behavioral_type classes_type(const struct user *user)
{
    if (user->commitments_total >= 20 && completion_above(user, 80)) {
        return TYPE_HIGH_ACHIEVER;
    }
    if (user->commitments_total >= 10 && completion_above(user, 60)) {
        return TYPE_STEADY_PERFORMER;
    }
    return user->commitments_total >= 5 ? TYPE_BUILDING_MOMENTUM : TYPE_GETTING_STARTED;
}

enum opportunity classes_opportunity(const struct user *user)
{
    if (user->commitments_total == 0) {
        return OPPORTUNITY_ONBOARDING_CONVERSION;
    }
    if (!completion_at_least(user, 50)) {
        return OPPORTUNITY_COMPLETION_RATE;
    }
    if (user->completion_ms_sum > 24 * HOUR_MS * user->commitments_completed) {
        return OPPORTUNITY_EXECUTION_SPEED;
    }
    return OPPORTUNITY_PROGRESSIVE_SCALING;
}

enum progress_status classes_progress(const struct user *user, int64_t streak_days)
{
    if (user->commitments_total == 0) {
        return PROGRESS_NEW_USER;
    }
    if (completion_at_least(user, 80) && streak_days >= 5) {
        return PROGRESS_ON_FIRE;
    }
    if (completion_at_least(user, 60) && user->commitments_total >= 10) {
        return PROGRESS_STEADY;
    }
    return completion_at_least(user, 40) ? PROGRESS_BUILDING : PROGRESS_NEEDS_SUPPORT;
}

const char *completion_pattern_name(enum completion_pattern value)
{
    static const char *const names[] = {"unknown", "quick_executor", "thoughtful_processor",
                                        "balanced_completer"};
    return names[value];
}

const char *performance_tier_name(enum performance_tier value)
{
    static const char *const names[] = {"power_user", "active_user", "developing_user", "new_user"};
    return names[value];
}

const char *activity_status_name(enum activity_status value)
{
    static const char *const names[] = {"inactive", "active", "declining"};
    return names[value];
}

const char *behavioral_type_name(enum behavioral_type value)
{
    static const char *const names[] = {"high_achiever", "steady_performer", "building_momentum",
                                        "getting_started"};
    return names[value];
}

const char *opportunity_name(enum opportunity value)
{
    static const char *const names[] = {"onboarding_conversion", "completion_rate_improvement",
                                        "execution_speed_optimization", "progressive_scaling"};
    return names[value];
}

const char *progress_status_name(enum progress_status value)
{
    static const char *const names[] = {"new_user", "on_fire", "steady", "building",
                                        "needs_support"};
    return names[value];
}

/* Distinct active local days among today and the `days` - 1 before it. */
static int active_days(const struct user *user, int64_t today, int days)
{
    int64_t age = today - user->activity_day; /* of bit 0 */
    uint64_t marked = user->activity_days;
    if (age < 0) {
        marked = age > -64 ? marked >> -age : 0; /* days to come, of who has moved west */
        age = 0;
    }
    int64_t seen = days - age;
    marked &= seen <= 0 ? 0 : seen < 64 ? (UINT64_C(1) << seen) - 1 : UINT64_MAX;
    return __builtin_popcountll(marked);
}

/* Completion rate of the commitments made in the last 90 days; one half when there is none. */
static double recent_completion(const struct world *world, const struct person *person)
{
    int64_t from_ms = world->now_ms - ENGAGEMENT_RATE_DAYS * DAY_MS;
    trace_read_ended(world->trace);
    int made = 0;
    int completed = 0;
    for (int i = 0; i < person->commitment_count; i++) {
        const struct commitment *commitment = person->commitments[i];
        if (commitment->created_at_ms >= from_ms) {
            made++;
            completed += commitment->state == COMMITMENT_COMPLETED;
        }
    }
    return made == 0 ? 0.5 : (double)completed / made;
}

double classes_engagement(const struct world *world, const struct person *person)
{
    const struct user *user = &person->user;
    int64_t last_ms =
        user->activity_last_at_ms > 0 ? user->activity_last_at_ms : user->joined_at_ms;
    int64_t silent_ms = world->now_ms > last_ms ? world->now_ms - last_ms : 0;
    double recency = exp2(-((double)silent_ms / (double)DAY_MS) / 7.0);
    int64_t today = calendar_local_day(person_zone(world, person), world->now_ms);
    double frequency =
        (double)active_days(user, today, ENGAGEMENT_DAYS) / (double)ENGAGEMENT_DAYS_FULL;
    if (frequency > 1.0) {
        frequency = 1.0;
    }
    return 40.0 * recent_completion(world, person) + 30.0 * recency + 30.0 * frequency;
}

int64_t classes_scale_delay(const struct world *world, const struct person *person,
                            enum message_class class, int64_t delay_ms)
{
    if (delay_ms <= 0 || (class != CLASS_NUDGE && class != CLASS_FOLLOWUP)) {
        return delay_ms;
    }
    double score = classes_engagement(world, person);
    if (score > ENGAGEMENT_HIGH) {
        int64_t shorter_ms = delay_ms / 10 * 7;
        int64_t least_ms = delay_ms < HOUR_MS ? delay_ms : HOUR_MS;
        return shorter_ms < least_ms ? least_ms : shorter_ms;
    }
    if (score < ENGAGEMENT_LOW && class == CLASS_NUDGE) {
        return delay_ms + delay_ms / 2;
    }
    return delay_ms;
}

int classes_streak_days(const struct world *world, const struct person *person)
{
    const struct user *user = &person->user;
    int64_t today = calendar_local_day(person_zone(world, person), world->now_ms);
    return user->streak_days > 0 && user->streak_day >= today - 1 ? user->streak_days : 0;
}

int classes_best_hour(const struct world *world, const struct person *person)
{
    if (!person->has_history) {
        return -1;
    }
    const struct zone *zone = person_zone(world, person);
    int counts[HOURS] = {0};
    int points = 0;
    for (int i = 0; i < person->activity_count; i++) {
        int64_t at_ms = person->activity_at_ms[i];
        if (at_ms > world->now_ms - BEST_HOUR_DAYS * DAY_MS && at_ms <= world->now_ms) {
            counts[calendar_local_minute(zone, at_ms) / 60]++;
            points++;
        }
    }
    if (points < BEST_HOUR_POINTS_MIN) {
        return -1;
    }
    /* The hour itself counts double, so that a lone peak wins over the two beside it. */
    int best = 0;
    int best_weight = -1;
    for (int hour = 0; hour < HOURS; hour++) {
        int weight =
            counts[(hour + HOURS - 1) % HOURS] + 2 * counts[hour] + counts[(hour + 1) % HOURS];
        if (weight > best_weight) {
            best = hour;
            best_weight = weight;
        }
    }
    return best;
}
