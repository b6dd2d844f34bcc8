/* The state machine of a run: entering, sending steps, answers, recoveries, abandonment, leaving.
 * One function moves the phase and asserts that the move is legal. Pure. */
#pragma once

#include "core/commitment.h"

/* Enters everyone that the trigger and its conditions allow, by the user's set. `subject` may be
 * NULL. Does nothing for journeys of which an active run (about the subject) exists. */
void run_trigger(struct deciding *deciding, enum trigger trigger, struct commitment *subject);
/* Enters one journey regardless of its trigger and `again` (admin, API); NULL when one is active.
 */
struct run *run_enter(struct deciding *deciding, const struct journey *journey,
                      struct commitment *subject);
/* The run's instant came. */
void run_timer(struct deciding *deciding, struct run *run);
/* The person pressed a button of the run's messages. False: it does not apply any more. */
bool run_button(struct deciding *deciding, struct run *run, struct str step, struct str button);
/* The person wrote free text; true when a waiting run took it as its answer. */
bool run_text(struct deciding *deciding, struct str text);
/* The outcome of the run's delivery is known (sent, suppressed, failed, …). */
void run_delivery(struct deciding *deciding, struct run *run, const struct delivery *delivery);
/* Leave rules: something of this kind happened (about the commitment, may be NULL). */
void run_leave(struct deciding *deciding, enum leave_on on, struct commitment *about);
/* Ends the run with an outcome; suppresses its scheduled deliveries (reason = the outcome). */
void run_end(struct deciding *deciding, struct run *run, enum run_outcome outcome);
/* Ends all active runs but those of class reply. */
void run_end_all(struct deciding *deciding, enum run_outcome outcome);
/* Journey of the run's pinned definition; never NULL for loaded runs (the engine loads it first).
 */
const struct journey *run_journey(const struct world *world, const struct run *run);
/* The set whose journeys the person enters now (theirs, or original after a rollback). */
enum journey_set run_effective_set(const struct world *world, const struct person *person,
                                   bool onboarding);
