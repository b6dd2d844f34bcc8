/* The pacer keeps a channel's sending limits: so many messages a second for the whole bot, for each
 * chat, for each group, and the pauses a provider asked for. Asked for a slot it grants one now or
 * names the instant at which one is reserved, so that a message waits once instead of asking again
 * and again. Replies can use all of the rate, onboarding and followups most of it, nudges and
 * broadcasts the rest: a reply never waits behind a broadcast.
 *
 * It lives in memory only: reservations are the due times of deliveries, pauses are kept by the
 * store. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "channel/channel.h"

struct pacer;

struct pacer *pacer_new(void);
void pacer_free(struct pacer *pacer);
/* The limits of a channel; without a call it has none. */
void pacer_limit(struct pacer *pacer, enum channel_kind kind, const struct channel_limits *limits);

struct slot_grant {
    bool granted;
    int64_t at_ms; /* refused: ask again then, saying that it was reserved; > now_ms */
};
/* Asks for a slot for one message now. reserved: it waited for an instant named earlier. A granted
 * slot is used up. */
struct slot_grant pacer_ask(struct pacer *pacer, enum channel_kind kind, struct str address,
                            enum message_class class, bool reserved, int64_t now_ms);
/* Counts a request that is sent in any case (answering a tap, editing). */
void pacer_note(struct pacer *pacer, enum channel_kind kind, int64_t now_ms);
/* Nothing to the address ("" the whole channel) before the instant. The later end counts. */
void pacer_pause(struct pacer *pacer, enum channel_kind kind, struct str address, int64_t until_ms);
/* How far ahead the instants reserved for a class are: 0 when a slot is free now. */
int64_t pacer_backlog_ms(const struct pacer *pacer, enum channel_kind kind,
                         enum message_class class, int64_t now_ms);
