/* What run*.c share among themselves. Private to them; others use core/run.h. */
#pragma once

#include "core/compose_parts.h"
#include "core/run.h"

/* Moves the phase (the only place that does), with the run's own next instant (0: none). */
void run_phase(struct run *run, enum run_phase to, int64_t next_at_ms);
/* Records an event about the run; step -1: none. The rule is a static word. */
struct event *run_event(struct deciding *deciding, const struct run *run, enum event_type type,
                        int step, const char *rule);
const struct step *run_step_of(const struct deciding *deciding, const struct run *run);
/* The variant of the step's message that the run says, or said. */
struct str run_variant(const struct deciding *deciding, const struct run *run,
                       const struct step *step);

/* run.c */
void run_note_entered(struct deciding *deciding, struct str journey, int64_t at_ms);
/* Makes the row of a run as of at_ms; the caller schedules it. NULL when it may not be. */
struct run *run_make(struct deciding *deciding, const struct journey *journey,
                     struct commitment *subject, int64_t at_ms, const char *rule);
bool run_stage_is_open(const struct world *world, enum stage stage);
/* Whether the journey is one of the set, or one that an open stage gives to people who were here
 * before the rollout, whatever their set. */
bool run_reaches(const struct deciding *deciding, const struct journey *journey,
                 enum journey_set set);
/* Enters those journeys of an open stage that are about the person now. */
void run_enter_stage(struct deciding *deciding, enum stage stage);

/* run_version.c: index of a step by the name that it has, or had in a version that the run followed
 * before; -1: there is none. */
int run_step_now(struct deciding *deciding, const struct run *run, struct str name);

/* run_user.c: when the journey is entered if the silence lasts; 0: not in this silence. */
int64_t run_inactivity_due(const struct deciding *deciding, const struct journey *journey);
/* run_rearm_user looks at the journeys only when no timer is set; who gets other journeys may need
 * it sooner. */
void run_rearm_sooner(struct deciding *deciding);

/* run_move.c: gives the person the set, with its event, unless they have it. */
void run_set_journeys(struct deciding *deciding, enum journey_set set, const char *rule);

/* run_step.c: sets the time of the present step's message, and sends it when that has come. */
void run_schedule(struct deciding *deciding, struct run *run);
/* The same, but the message is sent by the run's timer, also when its time has come. */
void run_due_anew(struct deciding *deciding, struct run *run);
/* When the present step's message is due by the definition. */
int64_t run_step_due(const struct deciding *deciding, const struct run *run);
/* The same for a run entered as of the past: messages that were due before now are skipped. */
void run_skip_past(struct deciding *deciding, struct run *run);
/* The present step is over: the next one counts from anchor_ms, or the run ends (answered:
 * completed, else expired when an answer was wanted). */
void run_next_step(struct deciding *deciding, struct run *run, int64_t anchor_ms, bool answered);
/* Composes a message of the present step and waits for its outcome. */
void run_say(struct deciding *deciding, struct run *run, enum message_kind kind, int64_t due_at_ms);
/* Waits for the answer since the instant, in the phase. */
void run_wait(struct deciding *deciding, struct run *run, enum run_phase phase, int64_t since_ms);
/* Since when it is silent; meaningful in phases that wait for an answer. */
int64_t run_waits_since(const struct deciding *deciding, const struct run *run);
/* A run that waits for an answer gets the whole time anew: a hold was lifted. */
void run_wait_anew(struct deciding *deciding, struct run *run);
/* Notes that the step's message reached the person. */
void run_step_sent(struct deciding *deciding, struct run *run, int step, int64_t at_ms,
                   const char *rule);
/* The run's message that has no outcome yet; NULL when there is none. */
struct delivery *run_pending(const struct deciding *deciding, const struct run *run);

/* run_answer.c */
/* Whether the message of that kind of the present step has been shown (or is on its way). */
bool run_offered(const struct deciding *deciding, const struct run *run, enum message_kind kind);
/* Whether a smaller alternative was offered that any word answers. */
bool run_takes_any(const struct deciding *deciding, const struct run *run);
bool run_is_abandoning(const struct deciding *deciding, const struct run *run);
/* Marks the step as done; no messages, no next step. */
void run_mark_done(struct deciding *deciding, struct run *run, int step, bool assisted,
                   struct str button);
/* Celebrates and goes on to the next step, unless the run has ended meanwhile. */
void run_after_answer(struct deciding *deciding, struct run *run, int step);
/* The present step is answered by a text (or a button's value, then `button` is its id). False: the
 * text is no answer. */
bool run_answer(struct deciding *deciding, struct run *run, struct str text, struct str button,
                bool assisted);
void run_store_answer(struct deciding *deciding, struct run *run, struct str key, struct str value);
/* Value of a key in run->answers; "" when absent. */
struct str run_stored(struct deciding *deciding, const struct run *run, const char *key);
void run_overwhelm(struct deciding *deciding, struct run *run, const char *rule);
/* The step's message once more as a reply; the silence begins anew. */
void run_show_again(struct deciding *deciding, struct run *run);

/* run_plan.c: a plan for tomorrow from a text. */
enum plan_taken {
    PLAN_NOTHING,    /* the text says nothing */
    PLAN_ASKED_WHEN, /* taken; the rest was asked for */
    PLAN_MADE
};
/* must_end: nothing is asked, a time is assumed. */
enum plan_taken run_plan(struct deciding *deciding, struct run *run, struct str text,
                         bool must_end);
bool run_plan_has_when(struct deciding *deciding, struct str text);

/* run_finish.c */
bool run_graduates(const struct journey *journey);
enum graduation { GRADUATION_FULL, GRADUATION_EARLY, GRADUATION_PARTIAL };
void run_graduate(struct deciding *deciding, struct run *run, enum graduation how);
void run_rating(struct deciding *deciding, struct run *run, struct str button);
