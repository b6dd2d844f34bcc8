/* The providers behind the channels: they take messages, lose some, repeat some answers, and give
 * the rest to the people. */
#pragma once

#include "channel/channel.h"

struct sim;

struct channel *provider_new(struct sim *world, enum channel_kind kind);
/* Where reports of the present process go. */
void provider_connect(struct channel *channel, const struct channel_sink *sink);
