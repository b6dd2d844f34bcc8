/* What the files of the Telegram channel share. Private. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/queue.h"
#include "channel/telegram.h"

struct job;
struct lane;

/* A hundred updates of the longest texts, every character escaped. */
enum { TELEGRAM_ANSWER_BYTES = 16 * 1024 * 1024 };

/* Receiving by getUpdates; guarded by telegram.lock. */
struct poll {
    bool enabled;
    bool running;        /* between start and stop */
    bool busy;           /* a request, or inputs that are not done, exist */
    int64_t asked_at_ms; /* monotonic */
    int64_t offset;      /* 0: from the oldest unconfirmed */
    int64_t last_id;     /* of the previous answer: the same again means offsets are ignored */
    int limit;
    int failures;        /* in a row */
    int garbled;         /* answers in a row of one update that could not be read */
    const char *trouble; /* reason last logged; NULL: all is well */
};

struct telegram {
    struct channel channel; /* first */
    struct http_client *client;
    struct clock *clock;
    struct channel_sink sink;
    char *base_url; /* "https://api.telegram.org/bot<token>/": a secret */
    _Atomic(char *) bot_name;
    atomic_int_fast64_t unreadable;
    int64_t send_ms; /* within which a message is reported */

    struct telegram_command *commands;
    int command_count;

    pthread_mutex_t lock;
    struct lane *lanes;      /* messages to one chat go one after the other */
    int in_flight;           /* messages and acts */
    int calls;               /* other requests under way, answers to polling until dealt with */
    int batches;             /* of these: updates that the engine has, and is not done with */
    bool stopping;           /* nothing new is taken */
    bool given_up;           /* nothing more begins */
    bool refused;            /* the token was not accepted: said once */
    struct queue *idle;      /* woken when in_flight and calls reach zero */
    char paused_address[24]; /* chat of the last 429, to tell a chat's limit from the bot's */
    int64_t paused_until_ms; /* monotonic */
    struct poll poll;
};

/* Starts a request to a method, `delay_ms` later. The body is JSON unless a type is given. owner:
 * what it is cancelled by. ERR_CANCELLED when the channel has given up. */
enum err telegram_request(struct telegram *telegram, const char *method, struct str body,
                          struct str content_type, int64_t delay_ms, int64_t timeout_ms,
                          const void *owner, http_done *done, void *context);
/* Counts requests that are no messages, so that stop can wait for them. */
void telegram_call_begins(struct telegram *telegram);
void telegram_call_ends(struct telegram *telegram);
/* Says once that the token is not accepted, or works again. */
void telegram_note_refused(struct telegram *telegram, bool refused);

/* telegram_poll.c */
void telegram_poll_start(struct telegram *telegram);
void telegram_poll_stop(struct telegram *telegram);
/* telegram_send.c */
enum err telegram_send(struct channel *channel, struct outgoing *outgoing);
/* Gives up what waits behind another message. */
void telegram_drop_waiting(struct telegram *telegram);
