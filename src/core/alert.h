/* The life of an alert: one for each rule (docs/reference/alerts.md). What a look at the figures
 * found is put to it, and it says what follows: nothing, an action, something to tell operators. It
 * fires once and is over once, however often one looks. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"

/* What a look found. */
enum alert_finding {
    ALERT_CLEAR,  /* the figure is where it should be */
    ALERT_UNSURE, /* too few people, or the interval holds the bound: ends no alert, begins none */
    ALERT_HOLDS   /* the rule's condition holds */
};

enum alert_severity { ALERT_MILESTONE, ALERT_NOTICE, ALERT_WARNING, ALERT_CRITICAL };

/* What is proposed; holding and rolling back are done when the rule says auto. */
enum alert_action { ALERT_INVESTIGATE, ALERT_HOLD, ALERT_ROLLBACK, ALERT_SIMPLIFY };

enum alert_phase {
    ALERT_QUIET,
    ALERT_PENDING,     /* the condition holds, not long enough yet */
    ALERT_FIRING,      /* nobody has said that they saw it */
    ALERT_ACKNOWLEDGED /* still so, somebody is at it */
};

/* What a rule says about time. */
struct alert_terms {
    enum alert_severity severity;
    int64_t for_ms;      /* the condition must have held so long */
    int64_t escalate_ms; /* told again when nobody acknowledged so long; 0: never */
};

/* Kept in the store. All zero: nothing ever happened. */
struct alert {
    enum alert_phase phase;
    int64_t since_ms;          /* when the phase was entered */
    int64_t holds_since_ms;    /* 0: the condition does not hold */
    int64_t told_ms;           /* operators know of this firing since; 0: not yet */
    int64_t silenced_until_ms; /* nobody is told until then */
    int64_t seen_ms;           /* when it was looked at last */
    bool is_escalated;
};

/* What follows from a look; any of them together. */
struct alert_outcome {
    bool fired;     /* the rule's action is due: exactly once for each firing */
    bool resolved;  /* it is over */
    bool tell;      /* operators are told that it fires */
    bool tell_over; /* … that it is over, since they had been told that it fires */
    bool escalate;  /* … once more, louder */
};

/* A milestone is reached once and never over. Where nobody looked for longer than
 * ALERT_LOOKS_APART_MS, the time before says nothing about how long the condition has held. */
#define ALERT_LOOKS_APART_MS ((int64_t)2 * 60 * 60 * 1000)
struct alert_outcome alert_look(struct alert *alert, const struct alert_terms *terms,
                                enum alert_finding finding, int64_t now_ms);
/* False: it does not fire. */
bool alert_acknowledge(struct alert *alert, int64_t now_ms);

/* {"phase", "since_ms", …}; what JSON lacks is read as nothing. New reference. */
json_t *alert_json(const struct alert *alert);
void alert_from_json(const json_t *json, struct alert *ret_alert);

/* "firing", "warning", "rollback", …; static storage. The readers: false when there is no such. */
const char *alert_phase_name(enum alert_phase phase);
const char *alert_severity_name(enum alert_severity severity);
const char *alert_action_name(enum alert_action action);
bool alert_phase_of(struct str name, enum alert_phase *ret_phase);
bool alert_severity_of(struct str name, enum alert_severity *ret_severity);
bool alert_action_of(struct str name, enum alert_action *ret_action);
