/* A stream that says when something changed, so that pages read again then and not by the clock. It
 * tells nothing else: what changed is read with a key that is still valid. */
#include "http/api/api.h"

static void closed(void *context, struct stream *stream)
{
    (void)context, (void)stream; /* nothing was kept for it */
}

bool api_run_live(struct api_call *call)
{
    struct str session = arena_printf(call->arena, HTTP_LIVE_SESSION "%.*s",
                                      STR_ARG(http_client_address(call->request)));
    if (http_stream_allowed(call->request, session)) {
        (void)http_reply_stream(call->request, session, closed, NULL);
    }
    return true;
}
