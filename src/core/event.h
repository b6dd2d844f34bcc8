/* Types of recorded events: what happened to or by a person. The names are stored and shown. Those
 * marked A are activity (something the person did); all metrics start from this list. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* X(constant, name, is activity) */
#define EVENT_LIST(X)                                                                              \
    X(EVENT_USER_JOINED, "user_joined", false)                                                     \
    X(EVENT_MESSAGE_RECEIVED, "message_received", true)                                            \
    X(EVENT_BUTTON_PRESSED, "button_pressed", true)                                                \
    X(EVENT_COMMAND_USED, "command_used", true)                                                    \
    X(EVENT_COMMITMENT_MADE, "commitment_made", true)                                              \
    X(EVENT_COMMITMENT_COMPLETED, "commitment_completed", true)                                    \
    X(EVENT_COMMITMENT_MISSED, "commitment_missed", false)                                         \
    X(EVENT_COMMITMENT_DROPPED, "commitment_dropped", true)                                        \
    X(EVENT_COMMITMENT_RENAMED, "commitment_renamed", true)                                        \
    X(EVENT_COMMITMENT_UNDONE, "commitment_undone", true)                                          \
    X(EVENT_COMMITMENT_CHANGED, "commitment_changed", true)                                        \
    X(EVENT_RUN_ENTERED, "run_entered", false)                                                     \
    X(EVENT_RUN_ENDED, "run_ended", false)                                                         \
    X(EVENT_STEP_SENT, "step_sent", false)                                                         \
    X(EVENT_STEP_COMPLETED, "step_completed", true)                                                \
    X(EVENT_STEP_SKIPPED, "step_skipped", false)                                                   \
    X(EVENT_STEP_ANSWERED, "step_answered", true)                                                  \
    X(EVENT_RECOVERY_SENT, "recovery_sent", false)                                                 \
    X(EVENT_ULTRA_SENT, "ultra_sent", false)                                                       \
    X(EVENT_ABANDONMENT_SENT, "abandonment_sent", false)                                           \
    X(EVENT_GRADUATED, "graduated", false)                                                         \
    X(EVENT_OVERWHELMED, "overwhelmed", true)                                                      \
    X(EVENT_CRISIS, "crisis", true)                                                                \
    X(EVENT_MESSAGE_SENT, "message_sent", false)                                                   \
    X(EVENT_MESSAGE_SUPPRESSED, "message_suppressed", false)                                       \
    X(EVENT_MESSAGE_EXPIRED, "message_expired", false)                                             \
    X(EVENT_MESSAGE_FAILED, "message_failed", false)                                               \
    X(EVENT_BLOCKED, "blocked", false)                                                             \
    X(EVENT_UNBLOCKED, "unblocked", false)                                                         \
    X(EVENT_STOPPED, "stopped", true)                                                              \
    X(EVENT_PAUSED, "paused", true)                                                                \
    X(EVENT_RESUMED, "resumed", true)                                                              \
    X(EVENT_FEEDBACK, "feedback", true)                                                            \
    X(EVENT_RATED, "rated", true)                                                                  \
    X(EVENT_SETTINGS_CHANGED, "settings_changed", true)                                            \
    X(EVENT_SET_ASSIGNED, "set_assigned", false)                                                   \
    X(EVENT_EXPERIMENT_EXPOSED, "experiment_exposed", false)                                       \
    X(EVENT_TRACKED, "tracked", false)                                                             \
    X(EVENT_IDENTITY_ADDED, "identity_added", false)                                               \
    X(EVENT_COMMITMENT_REPEATED, "commitment_repeated", false) /* the next of a repeating one */   \
    X(EVENT_LADDER_MOVED, "ladder_moved", false)                                                   \
    X(EVENT_RUN_MOVED, "run_moved", false) /* goes on by a newer definition */

enum event_type {
#define EVENT_ENUM(constant, name, activity) constant,
    EVENT_LIST(EVENT_ENUM)
#undef EVENT_ENUM
        EVENT_TYPE_COUNT
};

/* The stored name; static storage. */
const char *event_type_name(enum event_type type);
bool event_type_is_activity(enum event_type type);
/* EVENT_TYPE_COUNT when it is no type's name. */
enum event_type event_type_of(struct str name);

/* One row of the append-only history. */
struct event {
    int64_t id;
    int64_t user_id;
    int64_t at_ms;
    enum event_type type;
    int64_t previous_event_id; /* of the same user, 0: the first; set by the engine */
    struct str journey;        /* "" when none */
    struct str step;           /* step id, "" when none */
    int64_t ref_id;            /* run, commitment or delivery it is about; 0: none */
    struct str rule;           /* which rule of the core decided it, for explain */
    struct str data;           /* JSON object, or "". In the web chat message_received, command_used
                                  and button_pressed carry {"text": what was written or pressed}:
                                  its page shows them after a reload; other channels keep the
                                  conversation themselves */
    double revenue;            /* of tracked events; 0 else */
};
