/* What compose*.c and run*.c share. Private to them; others use core/compose.h. */
#pragma once

#include "core/compose.h"
#include "core/facts.h"

/* Facts for texts about a commitment and a run (each may be NULL) in the person's language. */
struct facts compose_facts(const struct deciding *deciding, const struct commitment *commitment,
                           const struct run *run);
struct str compose_message(const struct deciding *deciding, const struct message *message,
                           const struct run *run, bool plain);
/* The text of a delivery of the run that is rendered later. */
const struct message *compose_source(const struct journey *journey, int step_index,
                                     enum message_kind kind, struct str variant);
/* Buttons with the run's tokens, in the arena. Buttons of `except` ("" none) are left out. */
struct button *compose_buttons(struct deciding *deciding, const struct run *run, struct str step_id,
                               const struct prompt *prompt, struct str except, int *ret_count);
/* Marks a rendered delivery as handed to its channel: attempt, dispatch, the instant it counts as
 * lost. */
void compose_send(struct deciding *deciding, struct delivery *delivery);
/* When the attempt of a delivery that is being sent was made. */
int64_t compose_attempted_at(const struct delivery *delivery);
/* Counts it against the caps, and in which language it is said, unless that was done. */
void compose_count(const struct deciding *deciding, struct delivery *delivery);
/* Holds, suppresses or expires it as the gate said. */
void compose_refuse(struct deciding *deciding, struct delivery *delivery, const struct gate *gate);
/* Whether a message still makes sense: one of a run does only while the run waits for it. */
bool compose_is_of_use(const struct deciding *deciding, const struct delivery *delivery);
/* Records an event about a delivery with its reason. */
void compose_delivery_event(struct deciding *deciding, const struct delivery *delivery,
                            enum event_type type);
/* Suppresses the run's messages that have not gone out (replies excepted). One that is under way is
 * not sent once more, whatever is reported. */
void compose_withdraw(struct deciding *deciding, struct run *run, struct str reason);
/* Answers a tap with a bot text; nothing else happens. */
void compose_tap_text(struct deciding *deciding, const char *key);
