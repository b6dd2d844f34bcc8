/* Checks what the engine did against a simple model of its own: what people did and were told was
 * taken in, what providers were given, and plain SQL on the store. It knows nothing of the engine's
 * or the core's code, and shares no state with them.
 *
 * The first thing that is wrong is kept as text; later ones are not looked at. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct auditor;
struct sqlite3;

enum { AUDITED_REPLY = 0, AUDITED_ONBOARDING = 1, AUDITED_FOLLOWUP = 2, AUDITED_NUDGE = 3 };

/* What a person did, as far as the auditor's model knows its meaning. */
enum deed {
    DEED_OTHER,
    DEED_STOP,
    DEED_RESUME,
    DEED_PAUSE,      /* value: days */
    DEED_CRISIS,     /* words of crisis */
    DEED_ERASE,      /* confirmed to be erased */
    DEED_COMMITMENT, /* text: a commitment with a text that nobody else uses */
    DEED_RENAMES,    /* a button that renames a commitment or makes another one of the same text */
    DEED_BLOCK,
    DEED_UNBLOCK,
    /* What the e-mail server tells is no deed of the person's: */
    DEED_REPORT,    /* nothing that forbids anything */
    DEED_BOUNCED,   /* there is no such address */
    DEED_COMPLAINED /* the person calls it spam */
};

struct deed_done {
    enum deed deed;
    const char *source;      /* of the input */
    const char *external_id; /* "" none */
    int64_t user_id;         /* as the engine told */
    int64_t value;
    const char *text;
    bool duplicate; /* the engine says it had seen it */
    bool by_person; /* not an operator */
};

struct attempt {
    int64_t delivery_id;
    int64_t user_id;
    int class;
    bool has_key; /* the provider sends once what it is asked twice */
    const char *text;
};

struct auditor *auditor_new(void);
void auditor_free(struct auditor *auditor);
/* From now on it reads over the connection, which stays its owner's; closed before that is. */
void auditor_open(struct auditor *auditor, struct sqlite3 *db);
void auditor_close(struct auditor *auditor);
/* "" when all is well. */
const char *auditor_failure(const struct auditor *auditor);
/* Something outside of the auditor's own checks is wrong. */
void auditor_fail(struct auditor *auditor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- what it is told; now_ms is the engine's time ---- */

/* The engine was given something that a person did, or that was asked about them. What it allows
 * is allowed from now on; what it forbids, when it was confirmed. */
void auditor_offered(struct auditor *auditor, int64_t user_id, enum deed deed, bool by_person,
                     int64_t now_ms);
/* The engine confirmed an input: from now on it must never be lost. */
void auditor_done(struct auditor *auditor, const struct deed_done *done, int64_t now_ms);
/* Sending was switched by an operator. */
void auditor_sending(struct auditor *auditor, bool on);
/* Operators moved people between sets, which may change an assignment. */
void auditor_sets_may_change(struct auditor *auditor);
/* An operator asked for journeys that people in the middle go on with. */
void auditor_versions_may_change(struct auditor *auditor);
/* The provider is asked to deliver. */
void auditor_attempt(struct auditor *auditor, const struct attempt *attempt, int64_t now_ms);
/* The provider delivered it; told: its answer will reach the engine in time. */
void auditor_delivered(struct auditor *auditor, int64_t delivery_id, bool told, int64_t now_ms);
/* It was asked for what it has delivered already, and told so (or its answer was lost again). */
void auditor_known(struct auditor *auditor, int64_t delivery_id, bool told);
/* What was delivered came back: it may count as failed. */
void auditor_returned(struct auditor *auditor, int64_t delivery_id);
/* The engine learns what became of a message to that person. */
void auditor_reported(struct auditor *auditor, int64_t user_id);
/* The engine's clock showed from_ms and jumped. */
void auditor_clock_jumped(struct auditor *auditor, int64_t by_ms, int64_t from_ms);
/* Engine and store were opened again after a crash. */
void auditor_restarted(struct auditor *auditor, int64_t now_ms);

/* ---- when it looks ---- */

/* Before a round: who has something due. */
void auditor_round_begins(struct auditor *auditor, int64_t now_ms);
/* After it: nothing is left due, and all is well with everybody that it was about. */
void auditor_look(struct auditor *auditor, int64_t now_ms);
/* Everything in the store. */
void auditor_check(struct auditor *auditor, int64_t now_ms);
/* Nothing went wrong for days and people rest: nothing may be left under way. */
void auditor_drained(struct auditor *auditor, int64_t now_ms);
/* Weeks later: every run has come to its end. */
void auditor_ended(struct auditor *auditor, int64_t now_ms);

/* What production says of all people: a rate (hits of n) or a value, NAN unknown. */
struct audited_metric {
    const char *name;
    int64_t hits, n;
    double value;
};
/* All of them equal what their plain definitions give. */
void auditor_metrics(struct auditor *auditor, const struct audited_metric *metrics, int count,
                     int64_t now_ms);

int64_t auditor_resent(const struct auditor *auditor);
int64_t auditor_journeys(struct auditor *auditor);
/* For whoever has to find out why: rows of a person, to standard error. */
void auditor_dump(struct auditor *auditor, int64_t user_id);
