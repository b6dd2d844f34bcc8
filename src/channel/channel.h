/* The contract of a channel: it takes messages that are already decided, saved and paced, tries
 * each once, and reports what became of it. It keeps nothing that must survive; it never repeats a
 * request by itself. Reports come back as inputs, on any thread, by the sink. */
#pragma once

#include "core/decision.h"
#include "core/person.h"

/* What the channel needs of one delivery; owned by the channel from send() on (channel frees it
 * with outgoing_free). */
struct outgoing {
    struct arena *arena; /* everything below lives in it */
    int64_t delivery_id; /* 0: an act */
    int64_t user_id;
    int64_t attempt_ms; /* which attempt this is; its report gives it back */
    enum message_class class;
    struct str address;
    struct str language;    /* of the text; "": the installation's */
    struct str text;        /* Markdown */
    struct str picture;     /* URL, "" none */
    struct str picture_alt; /* what it shows, in words */
    struct button *buttons;
    int button_count;
    struct act act; /* delivery_id == 0 */
};

/* Where reports go. Called on any thread; copies what it needs. retry_at_ms 0: by backoff. */
struct report {
    int64_t delivery_id;
    int64_t user_id;
    int64_t attempt_ms; /* as in the outgoing; 0: whichever is under way */
    enum channel_kind channel;
    enum report_kind kind;
    struct str address;
    struct str provider_id;
    struct str reason; /* short machine word: "too_many_requests", "http_500", "blocked", … */
    struct str new_address;
    int64_t retry_after_ms; /* REPORT_PAUSED: as the provider says */
    bool pause_all;         /* REPORT_PAUSED: the whole channel, not only this chat */
};
struct channel_sink {
    void *context;
    void (*report)(void *context, const struct report *report);
    /* An input from the channel (polling). `done` is called after its transaction committed (error
     * OK) or when it was refused (ERR_BUSY: offer it again); on any thread; may be NULL. */
    enum err (*input)(void *context, const struct input *input,
                      void (*done)(void *done_context, enum err error), void *done_context);
};

/* Sending limits, for the engine's pacer. 0: no limit. */
struct channel_limits {
    double per_second; /* of the whole channel (bot) */
    double per_second_per_address;
    int burst_per_address;
    int per_minute_per_group; /* addresses that are groups */
    bool needs_idempotency;   /* uncertain ones may be resent with the same key */
};

/* A request to a channel's webhook that was verified, as it came. */
struct taken_request {
    struct str id; /* what names the event beside its body; "": the body does */
    struct str body;
    int64_t at_ms; /* when it was taken in */
};

struct channel;
struct channel_ops {
    enum channel_kind kind;
    struct channel_limits limits;
    /* Takes ownership; never blocks. Of a message a report follows within LIMIT_SEND_MS, however
     * long it has to wait behind others: what could not be tried by then is reported paused, as
     * what the provider never saw. ERR_BUSY: more than LIMIT_IN_FLIGHT under way (not taken). */
    enum err (*send)(struct channel *channel, struct outgoing *outgoing);
    /* Between hold(true) and hold(false) of the same thread what is sent may wait, so that many
     * begin together. May be NULL. */
    void (*hold)(struct channel *channel, bool held);
    /* Begins receiving (polling, registering commands). May be called again after stop. */
    enum err (*start)(struct channel *channel, struct err_detail *detail);
    /* Stops taking inputs, finishes or gives up what is under way within wait_ms; each unfinished
     * send is reported uncertain. */
    void (*stop)(struct channel *channel, int64_t wait_ms);
    void (*free)(struct channel *channel);
    int (*in_flight)(const struct channel *channel);
    /* Our name there, for links; "" unknown. May be NULL. Any thread; valid as long as the channel.
     */
    struct str (*bot_name)(const struct channel *channel);
    /* The input of a request that another process has taken; *ret_relevant false: nothing is to be
     * decided. ERR_INVALID, ERR_LIMIT: none of ours. May be NULL: there is no webhook. Any thread.
     */
    enum err (*read_request)(const struct channel *channel, struct arena *arena,
                             const struct taken_request *taken, struct input *ret_input,
                             bool *ret_relevant, struct err_detail *detail);
};
/* First member of every implementation. */
struct channel {
    const struct channel_ops *ops;
};

void outgoing_free(struct outgoing *outgoing);
/* A copy of the delivery for its channel. */
struct outgoing *outgoing_of_delivery(const struct delivery *delivery);
struct outgoing *outgoing_of_act(const struct act *act, int64_t user_id);
