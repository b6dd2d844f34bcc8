/* Resend's webhook: what became of mails. Answered after the report was committed; an event that
 * comes twice counts once, by its id. */
#include <microhttpd.h>

#include "channel/resend.h"
#include "channel/webhook_signature.h"
#include "http/request.h"
#include "http/routes.h"

static void answer_taken(struct request *request, const struct outcome *outcome)
{
    if (outcome->error != OK) {
        http_problem_of(request, outcome->error, outcome->detail);
    } else {
        http_reply_constant(request, MHD_HTTP_OK, "application/json", "{}", 2);
    }
}

/* Headers of one family, Svix's or the standard's; never some of each. */
static struct webhook_headers headers_of(struct request *request)
{
    struct webhook_headers headers = {.id = http_header(request, "svix-id"),
                                      .timestamp = http_header(request, "svix-timestamp"),
                                      .signature = http_header(request, "svix-signature")};
    if (headers.id.length == 0 && headers.timestamp.length == 0 && headers.signature.length == 0) {
        headers.id = http_header(request, "webhook-id");
        headers.timestamp = http_header(request, "webhook-timestamp");
        headers.signature = http_header(request, "webhook-signature");
    }
    return headers;
}

/* Answers what is wrong with the signature; true when it is right. */
static bool is_resend(struct request *request, const struct webhook_headers *headers)
{
    const struct http_app *app = http_app(request);
    switch (webhook_verify(http_arena(request), str_of(app->config->resend_webhook_secret), headers,
                           http_body(request), clock_now_ms(app->clock))) {
    case WEBHOOK_GENUINE:
        return true;
    case WEBHOOK_MISSING:
        http_problem(request, MHD_HTTP_UNAUTHORIZED,
                     "svix-id, svix-timestamp or svix-signature is missing or malformed");
        return false;
    case WEBHOOK_TOO_OLD:
    case WEBHOOK_TOO_NEW:
        http_problem(request, MHD_HTTP_UNAUTHORIZED,
                     "svix-timestamp is more than five minutes from the server's time");
        return false;
    case WEBHOOK_FORGED:
        break;
    }
    http_problem(request, MHD_HTTP_UNAUTHORIZED, "no signature fits the body");
    return false;
}

void route_resend_webhook(struct request *request)
{
    const struct http_app *app = http_app(request);
    if (app->config->resend_webhook_secret[0] == '\0') {
        http_problem(request, MHD_HTTP_NOT_FOUND, "RESEND_WEBHOOK_SECRET is not set");
        return;
    }
    struct webhook_headers headers = headers_of(request);
    if (!is_resend(request, &headers)) {
        return;
    }
    struct input input;
    bool relevant = false;
    struct err_detail detail = {""};
    enum err error = resend_read_event(http_arena(request), headers.id, http_body(request), &input,
                                       &relevant, &detail);
    if (error != OK) {
        http_problem_of(request, error, &detail);
    } else if (app->engine == NULL) {
        http_hand_on(request, CHANNEL_EMAIL, headers.id);
    } else if (relevant) {
        http_submit(request, &input, answer_taken);
    } else {
        http_reply_constant(request, MHD_HTTP_OK, "application/json", "{}", 2);
    }
}
