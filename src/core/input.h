/* An input: something that happened and has to be decided on. Plain data; made by channels, HTTP,
 * CLI, timers and reports; pointers live as long as the input. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "core/channel_kind.h"
#include "core/person.h"

enum input_kind {
    INPUT_TEXT,        /* a message with text, commands included */
    INPUT_TEXT_EDITED, /* counts only while its step waits */
    INPUT_BUTTON,      /* callback or web-chat button; `token` as sent by the client: hostile */
    INPUT_UNSUPPORTED, /* a sticker, a photo without text, … */
    INPUT_GROUP,       /* anything in a group; only /start@bot is answered */
    INPUT_BLOCKED,
    INPUT_UNBLOCKED,
    INPUT_MIGRATED, /* chat got a new address (new_address) */
    INPUT_REPORT,   /* what became of a delivery */
    INPUT_TIMER,    /* the instant of a row came: ref_kind + ref_id */
    INPUT_TRIGGER,  /* API/CLI: enter journey `name` */
    INPUT_TRACK,    /* API: an event `name` with data and revenue */
    /* API: a commitment `text` was made (data: size_minutes, planned_at, external_id), or the one
     * of ref_id was completed. Result: {"commitment_id":"…"}; none for words of crisis, which get
     * the help lines instead. */
    INPUT_COMMITMENT,
    INPUT_ANSWER, /* API: an answer to the waiting step, as text; ERR_CONFLICT when none waits */
    /* API/CLI about one person, by `name`: pause (data {"days":7}), resume, stop, lift_crisis,
     * reply (`text`: Markdown sent as a reply), broadcast (`text`, ref_id: the broadcast), retry
     * (ref_id: a dead or failed delivery), withdraw (ref_id: a waiting delivery of no run), erase,
     * test / no_test (marks a test person). */
    INPUT_ADMIN,
    /* Change of set of one person, by `name`: existing_rescue or existing_amplification (the stage
     * was opened: for whom it is about the hold is lifted, the optimized set applies), rollback
     * (--move). Or of definitions: journeys_follow, journeys_migrate (text: pairs of step names),
     * core/version.h. */
    INPUT_MOVE
};

enum due_kind { DUE_USER = 0, DUE_COMMITMENT = 1, DUE_RUN = 2, DUE_DELIVERY = 3 };

/* Result of one attempt to send, or a later report of the provider. */
enum report_kind {
    REPORT_SENT,      /* accepted; provider_id set */
    REPORT_RETRY,     /* transient: 5xx, network before sending; retry_at_ms or backoff */
    REPORT_PAUSED,    /* 429: not counted as an attempt; the pacer knows until when */
    REPORT_UNCERTAIN, /* the answer was lost */
    REPORT_FAILED,    /* permanent for this message (reason) */
    REPORT_BLOCKED,   /* permanent: the person blocked us */
    REPORT_GONE,      /* permanent: account deleted, chat not found, never started */
    REPORT_MIGRATED,  /* the chat has a new address: new_address */
    REPORT_DELIVERED,
    REPORT_OPENED,
    REPORT_CLICKED,
    REPORT_BOUNCED,
    REPORT_COMPLAINED
};

struct input {
    enum input_kind kind;
    int64_t at_ms;      /* when it was taken in (batch time); all decisions use it */
    int64_t sent_at_ms; /* when the person did it, as the channel says; 0 unknown */
    /* "telegram", "webchat", "api", "cli", "timer", …; "unsubscribe": the link in a mail;
     * "sidecar": another bot owns the chat, so what is not ours stays without an answer
     * (decision.handled false). */
    struct str source;
    struct str external_id; /* for deduplication within source, "" none */

    /* who: user_id, or an identity that finds or creates the user */
    int64_t user_id;
    enum channel_kind channel;
    struct str identity;   /* value of identity kind = channel name */
    struct str address;    /* where replies go; usually = identity */
    struct str first_name; /* hints for a new user, and to keep up to date */
    struct str username;
    struct str language;
    bool may_create; /* create the user when unknown */
    /* Signed links (core/link.h), checked by the engine. Whose was taken, after the identity was
     * joined to them: then the person decided on is this one. 0: none, or none that counts. */
    int64_t linked_user_id;
    int64_t offered_user_id; /* whose was opened: the person is asked before anything is joined */

    struct str text;        /* of INPUT_BUTTON: the button's own text, "" unknown */
    struct str token;       /* INPUT_BUTTON */
    struct str callback_id; /* channel's handle to answer the tap */
    bool answers_tap;       /* whoever submitted it passes the answer on: no request of its own */
    struct str message_id;  /* channel's id of the message concerned (tapped, edited, own) */
    bool is_captioned;      /* INPUT_BUTTON: the message is a picture or file, its text a caption */
    struct str preview;     /* INPUT_BUTTON: address of the picture above the text, "" none */
    struct str new_address;
    bool in_group;
    struct str bot_name; /* INPUT_GROUP: our name, for the private link */

    enum due_kind ref_kind;
    int64_t ref_id;

    enum report_kind report;
    struct str provider_id;
    struct str reason;
    int64_t retry_at_ms;
    int64_t spread_ms; /* a broadcast: so long after the others when all are held alike */

    struct str name;
    struct str data; /* JSON object or "" */
    double revenue;
};

/* Whether deciding it needs the person's activity of the last 60 days (/metrics, /insights, …). */
bool input_needs_history(const struct input *input);
/* Whether it may create the user: only a private message, /start, or an API call that says so. */
bool input_creates_user(const struct input *input);
/* What follows "/start" in a text ("" when it is another text): where the person came from, or a
 * link (core/link.h). Hostile. */
struct str input_start_payload(const struct input *input);
/* Ids of rows that the button token refers to (0: none), so that the store can load them though
 * they ended long ago. Hostile text: anything malformed gives zeros. */
void input_token_refs(struct str token, int64_t *ret_run_id, int64_t *ret_commitment_id);
