/* States of a delivery: one table of name, allowed next states, final or not; one function that
 * moves. Reports may arrive in any order; the state only moves forward. Pure. */
#pragma once

#include "core/person.h"

/* "scheduled", "sending", …; static storage. */
const char *delivery_state_name(enum delivery_state state);
/* DELIVERY_STATE_COUNT when it is no name. */
enum delivery_state delivery_state_of(struct str name);
bool delivery_state_is_final(enum delivery_state state);
bool delivery_may_move(enum delivery_state from, enum delivery_state to);
/* Moves; asserts nothing for reports that come too late: returns false and changes nothing. */
bool delivery_move(struct delivery *delivery, enum delivery_state to, struct str reason);
/* Messages that are to be sent wait in lines, one for each channel and priority; within a line the
 * older instant goes first. A line is a number of the store: do not renumber. */
enum priority {
    PRIORITY_REPLY = CLASS_REPLY,
    PRIORITY_ONBOARDING = CLASS_ONBOARDING,
    PRIORITY_FOLLOWUP = CLASS_FOLLOWUP,
    PRIORITY_NUDGE = CLASS_NUDGE,
    PRIORITY_BROADCAST = 4,
    PRIORITY_COUNT
};
enum { LINES_OF_CHANNEL = 8, LINE_COUNT = (CHANNEL_COUNT + 1) * LINES_OF_CHANNEL };
enum priority delivery_priority(const struct delivery *delivery);
int line_number(enum channel_kind channel, enum priority priority);
/* The line that it waits in; 0 when it is not waiting to be sent. */
int delivery_line(const struct delivery *delivery);
const char *message_class_name(enum message_class class);
enum message_class message_class_of(struct str name, bool *ret_known);
const char *message_kind_name(enum message_kind kind);
const char *run_outcome_name(enum run_outcome outcome);
const char *run_phase_name(enum run_phase phase);
const char *commitment_state_name(enum commitment_state state);
const char *journey_set_name(enum journey_set set);
/* What is preferred after the provider's answer was lost: replies and onboarding steps are sent
 * once more (a person waits for them), and as often as it takes where a key keeps them from going
 * out twice; followups and nudges never. */
bool delivery_resends_uncertain(const struct delivery *delivery);
/* Whether it may have gone out under a key that the provider still knows for a while, until it
 * expires. */
bool delivery_has_key(const struct delivery *delivery);
/* Back to waiting for another attempt, where it may only go to the same address once it is
 * uncertain; false: it is not under way. */
bool delivery_wait_again(struct delivery *delivery, struct str reason);
