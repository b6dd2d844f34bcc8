/* Classes and scores of one person, by the definitions of docs/reference/metrics.md. Thresholds are
 * tested exactly in integers (12 of 15 is >= 80 %). First match wins, top to bottom. Pure. */
#pragma once

#include "core/decide.h"

enum completion_pattern {
    PATTERN_UNKNOWN,
    PATTERN_QUICK_EXECUTOR,
    PATTERN_THOUGHTFUL_PROCESSOR,
    PATTERN_BALANCED_COMPLETER
};
enum performance_tier { TIER_POWER_USER, TIER_ACTIVE_USER, TIER_DEVELOPING_USER, TIER_NEW_USER };
enum activity_status { STATUS_INACTIVE, STATUS_ACTIVE, STATUS_DECLINING };
enum behavioral_type {
    TYPE_HIGH_ACHIEVER,
    TYPE_STEADY_PERFORMER,
    TYPE_BUILDING_MOMENTUM,
    TYPE_GETTING_STARTED
};
enum opportunity {
    OPPORTUNITY_ONBOARDING_CONVERSION,
    OPPORTUNITY_COMPLETION_RATE,
    OPPORTUNITY_EXECUTION_SPEED,
    OPPORTUNITY_PROGRESSIVE_SCALING
};
/* Of /metrics in the chat. */
enum progress_status {
    PROGRESS_NEW_USER,
    PROGRESS_ON_FIRE,
    PROGRESS_STEADY,
    PROGRESS_BUILDING,
    PROGRESS_NEEDS_SUPPORT
};

enum completion_pattern classes_pattern(const struct user *user);
enum performance_tier classes_tier(const struct user *user);
enum activity_status classes_status(const struct user *user, int64_t now_ms);
enum behavioral_type classes_type(const struct user *user);
enum opportunity classes_opportunity(const struct user *user);
enum progress_status classes_progress(const struct user *user, int64_t streak_days);
/* Names as stored and shown ("quick_executor", …); static storage. */
const char *completion_pattern_name(enum completion_pattern value);
const char *performance_tier_name(enum performance_tier value);
const char *activity_status_name(enum activity_status value);
const char *behavioral_type_name(enum behavioral_type value);
const char *opportunity_name(enum opportunity value);
const char *progress_status_name(enum progress_status value);

/* 0..100: 40 c + 30 r + 30 f; c completion rate of the last 90 days (0.5 when none), r =
 * 2^(-days since last activity / 7), f = min(1, distinct active days of the last 28 / 12). */
double classes_engagement(const struct world *world, const struct person *person);
/* Multiplies a delay by the engagement rule: high (> 80): nudge and followup x 0.7, never under 1
 * h; low (< 30): nudge x 1.5; else unchanged. Delays of 0 stay 0. */
int64_t classes_scale_delay(const struct world *world, const struct person *person,
                            enum message_class class, int64_t delay_ms);
/* Current streak at now: consecutive local days with a completion, ending today or yesterday. */
int classes_streak_days(const struct world *world, const struct person *person);
/* Hour (0..23) of the local day with most activity over the loaded history, smoothed over +-1 h; -1
 * with fewer than 5 data points or no history. */
int classes_best_hour(const struct world *world, const struct person *person);
