/* The requests of webhooks and what their answers mean. */
#include "channel/webhook.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/queue.h"
#include "channel/out.h"
#include "channel/webhook_signature.h"

enum { BODY_BYTES = 4096, REQUEST_MS = 15 * 1000, STOP_STEP_MS = 20, RETRY_AFTER_S = 60 };

struct webhook {
    struct channel channel;
    struct http_client *client;
    struct clock *clock;
    struct channel_sink sink;
    char *url;
    char *secret;
    struct queue *idle; /* only ever woken */
    atomic_int in_flight;
};

struct job {
    struct webhook *webhook;
    struct outgoing *outgoing;
};

struct str webhook_body(struct arena *arena, const struct outgoing *outgoing, int64_t now_ms)
{
    struct out out;
    out_init(&out, arena, BODY_BYTES);
    out_text(&out, "{\"type\":\"notice\",\"timestamp\":");
    out_json(&out, calendar_iso(arena, now_ms));
    out_text(&out, ",\"data\":{\"id\":\"");
    out_int(&out, outgoing->delivery_id);
    out_text(&out, "\",\"text\":");
    out_json(&out, outgoing->text);
    out_text(&out, "}}");
    return out_str(&out);
}

static struct webhook_outcome outcome_of(enum report_kind report, const char *reason)
{
    return (struct webhook_outcome){.report = report, .reason = reason};
}

struct webhook_outcome webhook_judge(const struct http_response *response)
{
    if (response->outcome == HTTP_NOT_SENT) {
        return outcome_of(REPORT_RETRY, response->reason);
    }
    if (response->outcome == HTTP_LOST) {
        return outcome_of(REPORT_UNCERTAIN, response->reason);
    }
    int status = response->status;
    if (status >= 200 && status < 300) {
        return outcome_of(REPORT_SENT, "");
    }
    if (status == 429 || status == 503) {
        struct webhook_outcome paused = outcome_of(REPORT_PAUSED, "too_many_requests");
        int64_t seconds = response->retry_after_s > 0 ? response->retry_after_s : RETRY_AFTER_S;
        paused.retry_after_ms = (seconds < HOUR_MS / 1000 ? seconds * 1000 : HOUR_MS);
        return paused;
    }
    return status >= 500 || status == 408 ? outcome_of(REPORT_RETRY, "http_5xx")
                                          : outcome_of(REPORT_FAILED, "refused");
}

static void job_done(void *context, const struct http_response *response)
{
    struct job *job = context;
    struct webhook *webhook = job->webhook;
    struct webhook_outcome outcome = webhook_judge(response);
    const struct report report = {.delivery_id = job->outgoing->delivery_id,
                                  .user_id = job->outgoing->user_id,
                                  .attempt_ms = job->outgoing->attempt_ms,
                                  .kind = outcome.report,
                                  .address = job->outgoing->address,
                                  .reason = str_of(outcome.reason),
                                  .retry_after_ms = outcome.retry_after_ms};
    webhook->sink.report(webhook->sink.context, &report);
    outgoing_free(job->outgoing);
    free(job);
    atomic_fetch_sub(&webhook->in_flight, 1);
}

static enum err begin_request(struct job *job)
{
    struct webhook *webhook = job->webhook;
    struct arena *arena = arena_new(BODY_BYTES);
    int64_t now_ms = clock_now_ms(webhook->clock);
    struct str body = webhook_body(arena, job->outgoing, now_ms);
    struct str id = arena_printf(arena, "notice_%lld", (long long)job->outgoing->delivery_id);
    struct str seconds = arena_printf(arena, "%lld", (long long)(now_ms / 1000));
    struct http_request request = {
        .method = HTTP_POST,
        .url = str_of(webhook->url),
        .body = body,
        .headers = {arena_printf(arena, "webhook-id: %.*s", STR_ARG(id)),
                    arena_printf(arena, "webhook-timestamp: %.*s", STR_ARG(seconds))},
        .header_count = 2,
        .timeout_ms = REQUEST_MS,
        .owner = webhook};
    if (webhook->secret[0] != '\0') {
        struct str signature = webhook_sign(arena, str_of(webhook->secret), id, seconds, body);
        request.headers[request.header_count++] =
            arena_printf(arena, "webhook-signature: %.*s", STR_ARG(signature));
    }
    enum err error = http_client_request(webhook->client, &request, job_done, job);
    arena_free(arena);
    return error;
}

static enum err send_one(struct channel *channel, struct outgoing *outgoing)
{
    struct webhook *webhook = (struct webhook *)channel;
    struct job *job = calloc(1, sizeof(*job));
    ASSERT(job != NULL);
    *job = (struct job){webhook, outgoing};
    atomic_fetch_add(&webhook->in_flight, 1);
    if (begin_request(job) != OK) {
        const struct http_response none = {.outcome = HTTP_NOT_SENT, .reason = "busy"};
        job_done(job, &none);
    }
    return OK;
}

/* ---- the contract ---- */

static enum err start(struct channel *channel, struct err_detail *detail)
{
    (void)channel;
    (void)detail;
    return OK;
}

static int in_flight(const struct channel *channel)
{
    return atomic_load(&((const struct webhook *)channel)->in_flight);
}

static void stop(struct channel *channel, int64_t wait_ms)
{
    struct webhook *webhook = (struct webhook *)channel;
    int64_t until_ms = clock_monotonic_ms(webhook->clock) + wait_ms;
    while (in_flight(channel) > 0) {
        if (clock_monotonic_ms(webhook->clock) >= until_ms) {
            http_client_cancel(webhook->client, webhook);
        }
        queue_take(webhook->idle, NULL, 0, STOP_STEP_MS);
    }
}

static void webhook_free(struct channel *channel)
{
    struct webhook *webhook = (struct webhook *)channel;
    if (webhook == NULL) {
        return;
    }
    stop(channel, 0);
    queue_free(webhook->idle);
    free(webhook->url);
    free(webhook->secret);
    free(webhook);
}

static const struct channel_ops OPS = {
    .kind = CHANNEL_NONE,
    .send = send_one,
    .start = start,
    .stop = stop,
    .free = webhook_free,
    .in_flight = in_flight,
};

enum err webhook_new(const struct webhook_options *options, struct channel **ret_channel,
                     struct err_detail *detail)
{
    struct arena *arena = arena_new(256);
    bool plausible =
        options->secret[0] == '\0' || webhook_secret_is_plausible(arena, str_of(options->secret));
    arena_free(arena);
    if (!plausible) {
        return err_set(detail, ERR_CONFIG,
                       "ADMIN_WEBHOOK_SECRET is no secret; expected whsec_ and base64 of 16 to 64 "
                       "bytes");
    }
    struct webhook *webhook = calloc(1, sizeof(*webhook));
    ASSERT(webhook != NULL);
    webhook->channel.ops = &OPS;
    webhook->client = options->client;
    webhook->clock = options->clock;
    webhook->sink = options->sink;
    webhook->url = strdup(options->url);
    webhook->secret = strdup(options->secret);
    webhook->idle = queue_new(1);
    ASSERT(webhook->url != NULL && webhook->secret != NULL);
    *ret_channel = &webhook->channel;
    return OK;
}
