/* Messages as webhooks: a signed POST for each, after the Standard Webhooks specification 1.0. The
 * receiver knows a message that comes again by its id. Sends only; there is nothing to receive. */
#pragma once

#include "channel/channel.h"
#include "net/http_client.h"

struct webhook_options {
    struct http_client *client; /* not owned; must outlive the channel */
    struct clock *clock;
    const char *url;
    const char *secret; /* "whsec_…"; "": unsigned */
    struct channel_sink sink;
};
/* ERR_CONFIG: the secret cannot be right. */
MUST_CHECK enum err webhook_new(const struct webhook_options *options, struct channel **ret_channel,
                                struct err_detail *detail);

/* {"type":"notice","timestamp":…,"data":{"id":…,"text":…}}. Pure. */
struct str webhook_body(struct arena *arena, const struct outgoing *outgoing, int64_t now_ms);

struct webhook_outcome {
    enum report_kind report;
    const char *reason; /* short machine word, static; "" when taken */
    int64_t retry_after_ms;
};
/* What an answer means: any 2xx is taken; 429 and 503 say when to come again; another 4xx is a
 * refusal for good. Pure. */
struct webhook_outcome webhook_judge(const struct http_response *response);
