/* E-mail through Resend. One request for each message, named by an idempotency key that follows
 * from the delivery: asked twice, Resend sends once (it remembers keys for 24 hours). So an answer
 * that was lost is no reason not to try again. */
#pragma once

#include "channel/channel.h"
#include "channel/mail.h"
#include "net/http_client.h"

struct resend_options {
    struct http_client *client; /* not owned; must outlive the channel */
    struct clock *clock;
    const char *api_key;
    const char *base_url;         /* "https://api.resend.com" */
    const char *from;             /* "Name <address>" or an address */
    const struct mail_site *site; /* not owned; complete before the first message */
    struct channel_sink sink;
};
/* What an account lets us send; static storage. */
const struct channel_limits *resend_limits(void);
/* ERR_CONFIG: the key, the address or the sender cannot be right. */
MUST_CHECK enum err resend_new(const struct resend_options *options, struct channel **ret_channel,
                               struct err_detail *detail);

/* The body of the request for a message. Pure. */
struct str resend_body(struct arena *arena, const struct mail_site *site, struct str from,
                       const struct outgoing *outgoing);

enum { RESEND_ID_BYTES = 64 };

/* What an answer means (resend_answer.c). Pure. */
struct resend_verdict {
    enum report_kind report;
    const char *reason;             /* short machine word, static; "" when sent */
    char email_id[RESEND_ID_BYTES]; /* REPORT_SENT */
    int64_t retry_after_ms;         /* REPORT_PAUSED: always the whole channel */
    bool refused; /* the account, not the message: nothing works until it is changed */
};
struct resend_verdict resend_judge(const struct http_response *response);

/* What a verified event of its webhook means (resend_event.c); strings live in the arena or the
 * event. *ret_relevant false: it is of a kind that means nothing to us, or about no mail of ours.
 * ERR_LIMIT, ERR_INVALID: it is no event. Pure. */
MUST_CHECK enum err resend_read_event(struct arena *arena, struct str id, struct str json,
                                      struct input *ret_input, bool *ret_relevant,
                                      struct err_detail *detail);
