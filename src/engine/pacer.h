/* The pacer keeps a channel's sending limits: so many messages a second for the whole bot, for each
 * chat, for each group, and the pauses a provider asked for. What the whole channel has no room for
 * stays in its line (core/delivery.h) until pacer_room says how many may go; only a chat's own rate
 * names an instant, reserved for that message. Replies can use all of the rate, later priorities
 * leave some of it to those before: a reply never waits behind a broadcast.
 *
 * It lives in memory only: lines are due rows, pauses are kept by the store. What a batch was
 * granted counts once the batch is committed. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "channel/channel.h"
#include "core/delivery.h"

struct pacer;

struct pacer *pacer_new(void);
void pacer_free(struct pacer *pacer);
/* The limits of a channel; without a call it has none. */
void pacer_limit(struct pacer *pacer, enum channel_kind kind, const struct channel_limits *limits);

/* A batch begins. pacer_roll_back gives back all that was granted and reserved since. */
void pacer_begin(struct pacer *pacer, int64_t now_ms);
void pacer_roll_back(struct pacer *pacer);

enum grant_verdict {
    GRANT_SEND,     /* the slot is used up */
    GRANT_LINE,     /* the channel has no room: it waits in its line */
    GRANT_RESERVED, /* the chat's own rate: it may go at the instant, which is kept for it */
    GRANT_PAUSED    /* the chat is paused until the instant */
};
struct grant {
    enum grant_verdict verdict;
    int64_t at_ms; /* GRANT_RESERVED, GRANT_PAUSED; > now_ms */
};
/* Asks for a slot for one message now. reserved: the instant kept for it in its chat has come. */
struct grant pacer_ask(struct pacer *pacer, enum channel_kind kind, struct str address,
                       enum priority priority, bool reserved, int64_t now_ms);
/* How many messages of the priority the channel takes now; 0: *ret_at_ms says when it does. */
int pacer_room(struct pacer *pacer, enum channel_kind kind, enum priority priority, int64_t now_ms,
               int64_t *ret_at_ms);
/* Counts a request that is sent in any case (answering a tap, editing). */
void pacer_note(struct pacer *pacer, enum channel_kind kind, int64_t now_ms);
/* Nothing to the address ("" the whole channel) before the instant. The later end counts. */
void pacer_pause(struct pacer *pacer, enum channel_kind kind, struct str address, int64_t until_ms);
