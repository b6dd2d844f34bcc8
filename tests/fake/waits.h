/* Requests whose answer waits: long polls, waits for a log entry, delayed and withheld answers.
 *
 * A waiter ends when its time has come (by the steady clock, by the bot's clock, or both) or when
 * whoever watches for its event ends it. Ending calls `done`, which must answer the request. */
#ifndef FAKE_WAITS_H
#define FAKE_WAITS_H

#include "server.h"
#include "state.h"

enum wait_kind { WAIT_UPDATES, WAIT_LOG, WAIT_SENT, WAIT_ANSWER };

struct waiter {
    enum wait_kind kind;
    struct bot *bot;
    struct request *request;
    int64_t steady_until_ms; /* -1: not by this clock */
    int64_t bot_until_ms;    /* -1: not by this clock */
    void (*done)(struct waiter *waiter);
    void *data; /* freed with the waiter, by free() */
    struct waiter *prev;
    struct waiter *next;
};

struct waiter *wait_add(struct bot *bot, struct request *request, enum wait_kind kind,
                        void (*done)(struct waiter *waiter));
void wait_end(struct waiter *waiter);
/* Frees the waiter without a word; the caller takes over its request. */
void wait_forget(struct waiter *waiter);
/* Closes every connection that waits for this bot. */
void waits_end(struct bot *bot);
/* Ends what is due. Returns the milliseconds until the next is, -1 when none is in sight. */
int64_t waits_tick(struct world *world);

#endif
