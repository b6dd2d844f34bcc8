/* Pressure rules: may this delivery go out now? Pure. The only place where quiet hours, caps,
 * consent, holds and expiry are decided; it is asked when a delivery is due, at every attempt.
 *
 * reply: never delayed, never capped. onboarding, followup: outside quiet hours; followups at most
 * 5 per commitment and 6 a local day. nudge: outside quiet hours, at most one per gap (4 h) and
 * three per local day; a capped one waits until it expires, then suppressed(cap). /stop ends all
 * but replies; /pause holds them; a crisis hold holds them. Time held by quiet hours or pause does
 * not count towards expiry.
 *
 * What was held by quiet hours or a day's cap goes out within 15 minutes after their end, each
 * person at a distance of their own (a hash of their id), so that a zone does not wake in one
 * second. Not spread: broadcasts, which have a pace, and what the person planned for those quiet
 * hours. */
#pragma once

#include "core/decide.h"

enum gate_verdict { GATE_SEND, GATE_HOLD, GATE_SUPPRESS, GATE_EXPIRE };

struct gate {
    enum gate_verdict verdict;
    int64_t until_ms;   /* GATE_HOLD: ask again then */
    bool hold_is_free;  /* GATE_HOLD: the time does not count towards expiry (quiet hours, pause) */
    const char *reason; /* static word: "quiet_hours", "cap", "paused", "stopped", "blocked", … */
    const char *limit;  /* of "cap": "day", "gap" or "commitment"; NULL else */
    int used, allowed;  /* of "day" and "commitment" */
};

struct gate pressure_gate(const struct world *world, const struct person *person,
                          const struct delivery *delivery);
/* Counts a delivery that goes out now against the person's caps. */
void pressure_count(const struct world *world, struct person *person, struct delivery *delivery);
/* Takes that back: its attempt of attempted_at_ms is known not to have arrived. Whenever it goes
 * out, it is gated and counted anew, on the day and in the gap of then. */
void pressure_uncount(const struct world *world, struct person *person, struct delivery *delivery,
                      int64_t attempted_at_ms);
/* Whether it stands counted now. Of a reply it says nothing. */
bool pressure_is_counted(const struct delivery *delivery);
/* The person's zone (their own, else the installation's). */
const struct zone *person_zone(const struct world *world, const struct person *person);
/* The person's language as far as the catalog has it, else the installation's. */
const char *person_language(const struct world *world, const struct person *person);
