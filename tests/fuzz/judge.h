/* The judge of fuzzed decisions: looks at one person after each of them, with a model and rules of
 * its own. It shares no code with the core's checks: what the person asked for, who may be sent
 * what and when, how often, and what a run waits for is worked out from what happened and was sent
 * so far. Whatever is against a rule aborts with its words. One thread; all is told to it. */
#pragma once

#include "actor.h"

struct judge;

struct judge *judge_new(void);
void judge_free(struct judge *judge);
/* After each decision, before anything is saved or sent: the actor's `watch`. */
void judge_look(void *judge, const struct actor *actor, const struct input *input);
/* Days after the last thing happened, with every message sent: nothing is left under way. */
void judge_end(const struct judge *judge, const struct actor *actor);
