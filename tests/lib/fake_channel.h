/* A channel in memory: keeps what it is given, and reports what the test scripted. */
#pragma once

#include "base/clock.h"
#include "channel/channel.h"

enum { FAKE_TEXT_BYTES = 600 };

struct fake_sent {
    bool is_act;
    int64_t delivery_id;
    int64_t user_id;
    enum message_class class;
    enum act_kind act;
    char address[64];
    char text[FAKE_TEXT_BYTES];
    char tokens[8][65]; /* of its buttons */
    int button_count;
    int64_t at_ms;
};

struct channel *fake_channel_new(enum channel_kind kind, struct clock *clock,
                                 const struct channel_limits *limits);
void fake_channel_sink(struct channel *channel, const struct channel_sink *sink);
/* The report of the next message that has no script yet; strings must outlive it. Without one:
 * sent. */
void fake_channel_script(struct channel *channel, const struct report *report);
/* Messages are taken and nothing is reported: as when the process dies in between. */
void fake_channel_swallow(struct channel *channel, bool swallow);
/* send() answers ERR_BUSY. */
void fake_channel_refuse(struct channel *channel, bool refuse);
/* What was given so far, messages and acts; *ret_count. Valid until the next message. */
const struct fake_sent *fake_channel_sent(const struct channel *channel, int *ret_count);
void fake_channel_forget(struct channel *channel);
