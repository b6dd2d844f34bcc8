/* Tells operators what stands unsent among the messages to them (engine/operators.c), by every way
 * there is: their chats, their e-mail, a webhook. A message counts as told, and is marked by the
 * engine, when each of them has it or refused it for good. Should the process die in between it is
 * told again: at least once, to who can tell by its id also exactly once. One thread of its own,
 * with a reader of its own. */
#pragma once

#include "channel/channel.h"
#include "engine/engine.h"

struct notifier;

struct notifier_options {
    const struct config *config;
    struct clock *clock;
    struct engine *engine; /* outlives the notifier */
};

MUST_CHECK enum err notifier_new(const struct notifier_options *options,
                                 struct notifier **ret_notifier, struct err_detail *detail);
/* For the channels that are added. */
struct channel_sink notifier_sink(struct notifier *notifier);
/* Another way; before the start. Takes the channel over; `addresses` with commas between, each is
 * told by itself. */
void notifier_add(struct notifier *notifier, struct channel *channel, struct str addresses);
void notifier_start(struct notifier *notifier);
/* Ends the thread, then the channels: what is under way is given up after wait_ms. Accepts NULL. */
void notifier_free(struct notifier *notifier, int64_t wait_ms);
