/* The web chat as a channel: messages are kept by the store (the page reads its history from
 * there); sending means telling the pages that are open now. It can neither fail nor block. */
#pragma once

#include "channel/channel.h"

/* A web chat that reports to the sink. Never NULL. */
struct channel *webchat_new(const struct channel_sink *sink);

/* What an open page is told, on the engine's thread; valid during the call. */
typedef void webchat_listener(void *context, const struct outgoing *outgoing);
struct webchat_subscription;
/* Tells `listener` of everything sent to the address until webchat_unsubscribe. Any thread. */
struct webchat_subscription *webchat_subscribe(struct channel *channel, struct str address,
                                               webchat_listener *listener, void *context);
/* After it returns the listener is not called any more. Any thread but the listener itself. */
void webchat_unsubscribe(struct channel *channel, struct webchat_subscription *subscription);
