/* A script in the place of people who throw dice: what somebody does and how time passes, in the
 * language of tests/golden/README.md and a little more, so that two lives through it can be
 * compared.
 *
 *   NAME: LINE          it is NAME who does it; nobody named: Ada. Web… is in the web chat
 *   blocks | unblocks   of the bot
 *   joins NAME          opens the signed link of NAME
 *   illustrates         new journeys are applied: the first step has a picture
 *   asks KIND PAYLOAD   a command in the inbox (engine/engine.h)
 *
 * Of the golden language: +DURATION, says, taps, triggers, commits, answers, tracks, outage,
 * set share, set rollback.
 *
 * Everybody gets the optimized journeys unless the script says otherwise.
 *
 * Whoever acts has first seen what they had seen by then in the life that was remembered: a message
 * that comes later than then is waited for, for a while. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "channel/channel.h"

struct sim;
struct script;

/* What everybody had seen before each line; of the first life, for those that follow. */
struct script_memory {
    int seen[400];
    int lines;
};

/* Ends the process when the file cannot be read or a line is not understood. */
struct script *script_new(struct sim *world, const char *path, struct script_memory *memory);
void script_free(struct script *script);
bool script_is_done(const struct script *script);
void script_receive(struct script *script, int person, int64_t message_id,
                    const struct outgoing *outgoing);
/* Everything that is visible in the end, of a kind that is the same whenever exactly it happened;
 * the caller's to free. */
char *script_outcome(struct script *script);
/* Messages that are lost or came twice since the answer about them was lost. */
int64_t script_uncertain(struct script *script);
