/* The one list of facts: X(constant, name, type, values, help). facts.c makes the table and the
 * reference page of it, facts_read.c a case for each constant (a test reads them all).
 * Facts that may be unknown say so; the others are always known. */
#pragma once

#define FACT_LIST(X)                                                                               \
    FACT_LIST_PERSON(X)                                                                            \
    FACT_LIST_COUNTS(X)                                                                            \
    FACT_LIST_HABIT(X)                                                                             \
    FACT_LIST_CLASSES(X)                                                                           \
    FACT_LIST_NOW(X)                                                                               \
    FACT_LIST_RUN(X)                                                                               \
    FACT_LIST_COMMITMENT(X)

#define FACT_LIST_PERSON(X)                                                                        \
    X(FIRST_NAME, "first_name", FACT_TEXT, NULL,                                                   \
      "first name; unknown when the channel gives none")                                           \
    X(USERNAME, "username", FACT_TEXT, NULL, "name on the channel; unknown when there is none")    \
    X(LANGUAGE, "language", FACT_TEXT, NULL, "language they are written to in, such as de")        \
    X(CHANNEL, "channel", FACT_TEXT, "telegram webchat email", "where we write to; else unknown")  \
    X(SOURCE, "source", FACT_TEXT, NULL, "where they came from (start payload); may be unknown")   \
    X(SET, "set", FACT_TEXT, "original optimized", "the set of journeys they belong to")           \
    X(IS_EXISTING, "is_existing", FACT_BOOL, NULL, "joined before the rollout began")              \
    X(IS_TEST, "is_test", FACT_BOOL, NULL, "a test person, left out of all figures")               \
    X(ONBOARDING_COMPLETED, "onboarding_completed", FACT_BOOL, NULL, "graduated from onboarding")  \
    X(ONBOARDING_VERSION, "onboarding_version", FACT_TEXT, NULL,                                   \
      "which onboarding they graduated from; unknown before")                                      \
    X(FEELING_WORD, "feeling_word", FACT_TEXT, NULL,                                               \
      "the word for how they want to feel (of this run, else their last); may be unknown")         \
    X(AMPLIFICATION_CHOICE, "amplification_choice", FACT_TEXT, NULL,                               \
      "what a power user chose to do; unknown before")                                             \
    X(IN_GROUP, "in_group", FACT_BOOL, NULL, "member of a group")                                  \
    X(GROUPS_IN_USE, "groups_in_use", FACT_BOOL, NULL, "this installation uses groups")            \
    X(LEADERBOARD_OPT_IN, "leaderboard_opt_in", FACT_BOOL, NULL, "wants to be on the leaderboard") \
    X(BOT_NAME, "bot_name", FACT_TEXT, NULL, "the bot's name on the channel; may be unknown")

#define FACT_LIST_COUNTS(X)                                                                        \
    X(COMMITMENTS_TOTAL, "commitments_total", FACT_NUMBER, NULL, "commitments ever made")          \
    X(COMMITMENTS_OPEN, "commitments_open", FACT_NUMBER, NULL, "open commitments")                 \
    X(COMMITMENTS_COMPLETED, "commitments_completed", FACT_NUMBER, NULL, "completed commitments")  \
    X(COMMITMENTS_QUICK, "commitments_quick", FACT_NUMBER, NULL,                                   \
      "completed within 24 h of being made")                                                       \
    X(COMMITMENTS_MISSED, "commitments_missed", FACT_NUMBER, NULL, "missed commitments")           \
    X(COMMITMENTS_DROPPED, "commitments_dropped", FACT_NUMBER, NULL, "dropped commitments")        \
    X(COMMITMENTS_OUTSIDE, "commitments_outside", FACT_NUMBER, NULL, "made outside onboarding")    \
    X(COMMITMENTS_OUTSIDE_COMPLETED, "commitments_outside_completed", FACT_NUMBER, NULL,           \
      "made outside onboarding and completed")                                                     \
    X(COMPLETION_RATE, "completion_rate", FACT_NUMBER, NULL,                                       \
      "completed of all commitments, 0 to 100; unknown without any")                               \
    X(QUICK_COMPLETION_RATE, "quick_completion_rate", FACT_NUMBER, NULL,                           \
      "quick of all completed ones, 0 to 100; unknown without any")                                \
    X(AVG_COMPLETION_HOURS, "avg_completion_hours", FACT_NUMBER, NULL,                             \
      "mean hours from made to completed; unknown without any")

#define FACT_LIST_HABIT(X)                                                                         \
    X(DAYS_SINCE_JOINED, "days_since_joined", FACT_NUMBER, NULL,                                   \
      "whole days (24 h) since joining")                                                           \
    X(SINCE_JOINED_MS, "since_joined_ms", FACT_NUMBER, NULL, "milliseconds: compare with 36h, 3d") \
    X(DAYS_SINCE_ACTIVITY, "days_since_activity", FACT_NUMBER, NULL,                               \
      "whole days (24 h) since the last activity, else since joining")                             \
    X(SINCE_ACTIVITY_MS, "since_activity_ms", FACT_NUMBER, NULL,                                   \
      "the same in milliseconds: compare with 36h, 3d")                                            \
    X(STREAK_DAYS, "streak_days", FACT_NUMBER, NULL, "days in a row with a completion, up to now") \
    X(STREAK_BEST_DAYS, "streak_best_days", FACT_NUMBER, NULL, "the longest such streak")          \
    X(SUGGESTED_SIZE, "suggested_size", FACT_TEXT, NULL,                                           \
      "suggested size of the next commitment, such as 5 min")                                      \
    X(SUGGESTED_MINUTES, "suggested_minutes", FACT_NUMBER, NULL, "the same as a number")           \
    X(NEXT_SIZE, "next_size", FACT_TEXT, NULL,                                                     \
      "one rung above the size of this commitment, else above the suggestion")                     \
    X(NEXT_MINUTES, "next_minutes", FACT_NUMBER, NULL, "the same as a number")                     \
    X(BEST_HOUR, "best_hour", FACT_NUMBER, NULL,                                                   \
      "hour of their day with most activity, 0 to 23; "                                            \
      "known only where the history is read (/metrics, /insights) and large enough")

#define FACT_LIST_CLASSES(X)                                                                       \
    X(COMPLETION_PATTERN, "completion_pattern", FACT_TEXT,                                         \
      "unknown quick_executor thoughtful_processor balanced_completer", "how fast they complete")  \
    X(PERFORMANCE_TIER, "performance_tier", FACT_TEXT,                                             \
      "power_user active_user developing_user new_user", "how much and how reliably")              \
    X(ACTIVITY_STATUS, "activity_status", FACT_TEXT, "inactive active declining",                  \
      "whether they are active now")                                                               \
    X(BEHAVIORAL_TYPE, "behavioral_type", FACT_TEXT,                                               \
      "high_achiever steady_performer building_momentum getting_started", "how they work")         \
    X(OPPORTUNITY, "opportunity", FACT_TEXT,                                                       \
      "onboarding_conversion completion_rate_improvement execution_speed_optimization "            \
      "progressive_scaling",                                                                       \
      "what would help them most")                                                                 \
    X(PROGRESS_STATUS, "progress_status", FACT_TEXT,                                               \
      "new_user on_fire steady building needs_support", "their state as /metrics names it")        \
    X(ENGAGEMENT, "engagement", FACT_NUMBER, NULL, "engagement score, 0 to 100")                   \
    X(PERCENTILE, "percentile", FACT_NUMBER, NULL,                                                 \
      "place among the active users, 0 to 100; known only in /metrics and /insights")

#define FACT_LIST_NOW(X)                                                                           \
    X(LOCAL_TIME, "local_time", FACT_TEXT, NULL, "their wall clock, such as 18:05")                \
    X(LOCAL_HOUR, "local_hour", FACT_NUMBER, NULL, "the hour of it, 0 to 23")                      \
    X(LOCAL_WEEKDAY, "local_weekday", FACT_NUMBER, NULL, "1 Monday to 7 Sunday")                   \
    X(IS_WEEKEND, "is_weekend", FACT_BOOL, NULL, "Saturday or Sunday where they are")

#define FACT_LIST_RUN(X)                                                                           \
    X(STEPS_COMPLETED, "steps_completed", FACT_NUMBER, NULL,                                       \
      "completed steps of this run; unknown outside a run")                                        \
    X(RUN_ASSISTED, "run_assisted", FACT_BOOL, NULL,                                               \
      "a step was completed by a smaller alternative; unknown outside a run")                      \
    X(RUN_SAME_DAY, "run_same_day", FACT_BOOL, NULL,                                               \
      "their day on which the run's first message was sent is not over")                           \
    X(CHOSEN_ACTION, "chosen_action", FACT_TEXT, NULL, "the action done in onboarding")            \
    X(PLAN_WHAT, "plan_what", FACT_TEXT, NULL, "what was planned for tomorrow in onboarding")      \
    X(PLAN_WHEN, "plan_when", FACT_TEXT, NULL, "when it was planned, in their words")              \
    X(TOMORROW_COMMITMENT, "tomorrow_commitment", FACT_TEXT, NULL, "the whole plan")

#define FACT_LIST_COMMITMENT(X)                                                                    \
    X(COMMITMENT_TEXT, "commitment_text", FACT_TEXT, NULL,                                         \
      "the commitment this is about; as all below unknown when it is about none")                  \
    X(COMMITMENT_STATE, "commitment_state", FACT_TEXT, "active completed missed dropped",          \
      "its state")                                                                                 \
    X(COMMITMENT_OPEN, "commitment_open", FACT_BOOL, NULL, "whether it is open")                   \
    X(COMMITMENT_SOURCE, "commitment_source", FACT_TEXT, NULL, "where it was made")                \
    X(COMMITMENT_PLANNED, "commitment_planned", FACT_BOOL, NULL, "whether it has a planned time")  \
    X(COMMITMENT_REPEATS, "commitment_repeats", FACT_BOOL, NULL, "whether it repeats")             \
    X(COMMITMENT_FOLLOWUPS, "commitment_followups", FACT_NUMBER, NULL,                             \
      "follow-up messages sent about it")                                                          \
    X(COMMITMENT_SIZE, "commitment_size", FACT_TEXT, NULL,                                         \
      "its size, such as 5 min; unknown without one")                                              \
    X(COMMITMENT_MINUTES, "commitment_minutes", FACT_NUMBER, NULL, "the same as a number")         \
    X(COMMITMENT_HOURS, "commitment_hours", FACT_NUMBER, NULL,                                     \
      "hours from made to completed, else to now")                                                 \
    X(COMMITMENT_TIME, "commitment_time", FACT_TEXT, NULL,                                         \
      "the same in words, such as 42 min or 3.4 h")                                                \
    X(PLANNED_TIME, "planned_time", FACT_TEXT, NULL,                                               \
      "when it is planned, such as 18:00 or Tue, 24 Nov, 08:00; unknown without a plan")

enum fact {
#define FACT_ENUM(constant, name, type, values, help) FACT_##constant,
    FACT_LIST(FACT_ENUM)
#undef FACT_ENUM
        FACT_COUNT
};
