/* The state machine of a run: entering, sending steps, answers, recoveries, abandonment, leaving.
 * One function moves the phase and asserts that the move is legal. Pure.
 *
 * An active run has exactly one next action: its own next_at_ms (due, waiting, recovery,
 * abandoning) or its unfinished delivery (sending). What follows when a message of a run was not
 * sent:
 *
 *   onboarding   The person is treated as if it had been sent and nobody answered: the silence runs
 *                its course (recovery, abandonment, giving up), each message asking the gate anew.
 *                A step that never went out is sent when the person comes back.
 *   expired      Silence counts from the instant the message was due, so that after an outage only
 *                the newest due message is sent; the abandonment message itself never expires, so
 *                nobody is given up on without having been written to.
 *   otherwise    Nobody reachable or willing (blocked, gone, stopped, held): the run is left. Any
 *                other reason (cap, refused, retries used up): the next step, or the end.
 *
 * Uncertain messages that are not sent again count as sent. */
#pragma once

#include "core/commitment.h"

/* Enters everyone that the trigger and its conditions allow, by the user's set. `subject` may be
 * NULL. Does nothing for journeys of which an active run (about the subject) exists. */
void run_trigger(struct deciding *deciding, enum trigger trigger, struct commitment *subject);
/* Enters one journey regardless of its trigger and `again` (admin, API); NULL when one is active,
 * or any other onboarding when it is one. */
struct run *run_enter(struct deciding *deciding, const struct journey *journey,
                      struct commitment *subject);
/* The run's instant came. */
void run_timer(struct deciding *deciding, struct run *run);
/* The person pressed a button of the run's messages; the tap is answered in every case. */
void run_button(struct deciding *deciding, struct run *run, struct str step, struct str button);
/* The person wrote free text (an edited message too); true when a waiting run took it as its
 * answer.
 */
bool run_text(struct deciding *deciding, struct str text);
/* The next text after a plan's "when?" was asked (DIALOG_PLAN_WHEN); false: the step waits no more.
 */
bool run_plan_when(struct deciding *deciding, struct str text);
/* A sign without words (a sticker, a photo): true when it answered a smaller alternative. */
bool run_sign(struct deciding *deciding);
/* Free text says that it is too much: offers the smaller task of the waiting step, or calms. */
void run_overwhelmed(struct deciding *deciding);
/* Shows the message that waits for an answer once more, as a reply (/start again); true also when
 * this very input entered an onboarding run, which says enough. False: nothing waits. */
bool run_reshow(struct deciding *deciding);
/* Whether a message of an onboarding run was made in this batch and is about to go out: what was
 * said before it could be seen needs no other answer. */
bool run_greets(const struct deciding *deciding);
/* What was held by a pause, a crisis hold or a block is asked again now. After clearing the hold.
 */
void run_wake(struct deciding *deciding);
/* The same after a hold by the person or an operator; whose first words were words of crisis enters
 * onboarding only now. True when this entered it. */
bool run_lift(struct deciding *deciding);
/* The outcome of the run's delivery is known (sent, suppressed, failed, …). */
void run_delivery(struct deciding *deciding, struct run *run, const struct delivery *delivery);
/* Leave rules: something of this kind happened (about the commitment, may be NULL). */
void run_leave(struct deciding *deciding, enum leave_on on, struct commitment *about);
/* Ends the run with an outcome; suppresses its scheduled deliveries (reason = the outcome). */
void run_end(struct deciding *deciding, struct run *run, enum run_outcome outcome);
/* Whether the person joined before the rollout began. */
bool run_user_is_existing(const struct world *world, const struct user *user);
/* When the journey was last entered, 0: never. */
int64_t run_entered_at(const struct user *user, struct str journey);
/* Whether some onboarding was ever entered. */
bool run_was_onboarded(const struct world *world, const struct person *person);
/* Ends all active runs (/stop, erasure). */
void run_end_all(struct deciding *deciding, enum run_outcome outcome);
/* Journey of the run's pinned definition; never NULL for loaded runs (the engine loads it first).
 */
const struct journey *run_journey(const struct world *world, const struct run *run);
/* The set whose journeys the person enters now (theirs, or original after a rollback). */
enum journey_set run_effective_set(const struct world *world, const struct person *person,
                                   bool onboarding);
/* Whether this very input entered it. */
bool run_is_of_now(const struct deciding *deciding, const struct run *run);
/* The active onboarding run; NULL when there is none. */
struct run *run_onboarding(const struct world *world, const struct person *person);
/* Keeps the user's own timer at the earliest of the end of a pause and the next inactivity check.
 */
void run_rearm_user(struct deciding *deciding);
/* The user's own timer came: the pause is over, or inactivity journeys are entered. */
void run_user_timer(struct deciding *deciding);
/* A rollback with --move (input.h, INPUT_MOVE): the person goes back to the original set. */
void run_move_to_original(struct deciding *deciding);
/* Runs of older definitions go on by those in force, where they can (core/version.h). */
struct step_names;
void run_follow(struct deciding *deciding, const struct step_names *names);
/* A stage was opened (INPUT_MOVE): who was here before the rollout enters those of its journeys
 * that are about them now, and with it gets the optimized set; the others do when that comes true,
 * and their timer is armed for it. Who was held is not any more once both stages are open. False:
 * the person was not here before, or the stage is closed; nothing was changed. */
bool run_open_stage(struct deciding *deciding, enum stage stage);
/* What is wrong with the person's runs, deliveries and timers; NULL when every invariant holds
 * (each active run has exactly one next action, …). Static storage. For tests and doctor. */
const char *run_check(const struct world *world, const struct person *person);
