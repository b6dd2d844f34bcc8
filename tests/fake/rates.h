/* Telegram's published sending limits, off unless switched on for a bot. */
#ifndef FAKE_RATES_H
#define FAKE_RATES_H

#include "call.h"

/* Counts one request of the bot, in the chat when there is one. Over a limit the call fails with
 * 429 and the seconds to wait. */
void rates_count(struct call *call, struct chat *chat);

#endif
