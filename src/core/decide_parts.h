/* What decide*.c share, and commands_link.c, after which somebody may have to be greeted. Private
 * to them; others use core/decide.h. */
#pragma once

#include "core/compose_parts.h"
#include "core/run.h"

/* Notes who and where from, assigns a new person, lifts a block. `is_theirs`: the person did it. */
void decide_arrive(struct deciding *deciding, bool is_theirs);
/* Counts what the person did as activity; the event is recorded unless it is EVENT_TYPE_COUNT. */
void decide_activity(struct deciding *deciding, enum event_type event);
/* What follows when the input is done with: leave rules on activity, the user's timer. */
void decide_settle(struct deciding *deciding);
/* Enters onboarding at first contact, and existing people when their stage is open. True when this
 * input entered an onboarding run. */
bool decide_contact(struct deciding *deciding);
/* Makes the channel reachable or not, with its event. */
void decide_reach(struct deciding *deciding, enum channel_kind channel, enum reach reach,
                  const char *rule);

/* Asks the lists of words; a command without an argument has none. */
enum recognised decide_recognise(struct deciding *deciding, struct str text);
void decide_text(struct deciding *deciding);
void decide_edited(struct deciding *deciding);
void decide_button(struct deciding *deciding);
void decide_unsupported(struct deciding *deciding);
void decide_group(struct deciding *deciding);
void decide_report(struct deciding *deciding);
/* The instant of a delivery came: it is due, or its sending counts as lost. */
void decide_delivery_timer(struct deciding *deciding, struct delivery *delivery);
void decide_trigger(struct deciding *deciding);
void decide_track(struct deciding *deciding);
void decide_commitment(struct deciding *deciding);
void decide_answer(struct deciding *deciding);
void decide_admin(struct deciding *deciding);
void decide_move(struct deciding *deciding);
