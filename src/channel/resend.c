/* The e-mail channel: each message is one request, side by side with others; acts (answers to taps,
 * edited messages, files) have no meaning in a mail and end here. */
#include "channel/resend.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/queue.h"
#include "channel/out.h"

enum { REQUEST_MS = 30 * 1000, STOP_STEP_MS = 100, BODY_BYTES = 16 * 1024, KEY_HEX_DIGITS = 12 };

struct resend {
    struct channel channel; /* first */
    struct http_client *client;
    struct clock *clock;
    const struct mail_site *site;
    struct channel_sink sink;
    char *url;
    char *authorization; /* a secret */
    char *from;

    pthread_mutex_t lock;
    int in_flight;
    bool stopping;
    bool refused;       /* said once */
    struct queue *idle; /* woken when in_flight reaches zero */
};

struct job {
    struct resend *resend;
    struct outgoing *outgoing;
};

struct str resend_body(struct arena *arena, const struct mail_site *site, struct str from,
                       const struct outgoing *outgoing)
{
    struct mail mail = mail_compose(arena, site, outgoing);
    struct out out;
    out_init(&out, arena, BODY_BYTES);
    out_text(&out, "{\"from\":");
    out_json(&out, from);
    out_text(&out, ",\"to\":[");
    out_json(&out, outgoing->address);
    out_text(&out, "],\"subject\":");
    out_json(&out, mail.subject);
    out_text(&out, ",\"html\":");
    out_json(&out, mail.html);
    out_text(&out, ",\"text\":");
    out_json(&out, mail.text);
    if (mail.unsubscribe_url.length > 0) {
        out_text(&out, ",\"headers\":{\"List-Unsubscribe\":");
        out_json(&out, arena_printf(arena, "<%.*s>", STR_ARG(mail.unsubscribe_url)));
        out_text(&out, ",\"List-Unsubscribe-Post\":\"List-Unsubscribe=One-Click\"}");
    }
    out_text(&out, ",\"tags\":[{\"name\":\"user\",\"value\":\"");
    out_int(&out, outgoing->user_id);
    out_text(&out, "\"},{\"name\":\"delivery\",\"value\":\"");
    out_int(&out, outgoing->delivery_id);
    out_text(&out, "\"}]}");
    return out_str(&out);
}

static void report(struct resend *resend, const struct outgoing *outgoing,
                   const struct resend_verdict *verdict)
{
    const struct report report = {.delivery_id = outgoing->delivery_id,
                                  .user_id = outgoing->user_id,
                                  .attempt_ms = outgoing->attempt_ms,
                                  .channel = CHANNEL_EMAIL,
                                  .kind = verdict->report,
                                  .address = outgoing->address,
                                  .provider_id = str_of(verdict->email_id),
                                  .reason = str_of(verdict->reason),
                                  .retry_after_ms = verdict->retry_after_ms,
                                  .pause_all = true};
    resend->sink.report(resend->sink.context, &report);
}

static void note_refused(struct resend *resend, const struct resend_verdict *verdict)
{
    pthread_mutex_lock(&resend->lock);
    bool changed = resend->refused != verdict->refused;
    resend->refused = verdict->refused;
    pthread_mutex_unlock(&resend->lock);
    if (changed && verdict->refused) {
        log_error("resend", "Resend accepts no e-mail of this account: they wait", "reason=%s",
                  verdict->reason);
    } else if (changed) {
        log_info("resend", "Resend accepts e-mail again", "");
    }
}

static void job_done(void *context, const struct http_response *response)
{
    struct job *job = context;
    struct resend *resend = job->resend;
    struct resend_verdict verdict = resend_judge(response);
    if (response->outcome == HTTP_ANSWERED) {
        note_refused(resend, &verdict);
    }
    report(resend, job->outgoing, &verdict);
    outgoing_free(job->outgoing);
    free(job);
    pthread_mutex_lock(&resend->lock);
    if (--resend->in_flight == 0) {
        queue_wake(resend->idle); /* with the lock: who sees it idle may free it */
    }
    pthread_mutex_unlock(&resend->lock);
}

/* A message to operators goes to several addresses under one number. */
static struct str idempotency_key(struct arena *arena, const struct outgoing *outgoing)
{
    char hex[DIGEST_HEX_BYTES + 1] = "";
    digest_sha256_hex(outgoing->address, hex);
    bool to_operators = outgoing->user_id == 0;
    return arena_printf(arena, "Idempotency-Key: nudge-%lld%s%.*s",
                        (long long)outgoing->delivery_id, to_operators ? "-" : "",
                        to_operators ? KEY_HEX_DIGITS : 0, hex);
}

static enum err begin_request(struct job *job)
{
    struct resend *resend = job->resend;
    struct arena *arena = arena_new(BODY_BYTES);
    struct str key = idempotency_key(arena, job->outgoing);
    const struct http_request request = {
        .method = HTTP_POST,
        .url = str_of(resend->url),
        .body = resend_body(arena, resend->site, str_of(resend->from), job->outgoing),
        .headers = {str_of(resend->authorization), key},
        .header_count = 2,
        .timeout_ms = REQUEST_MS,
        .owner = resend};
    enum err error = http_client_request(resend->client, &request, job_done, job);
    arena_free(arena);
    return error;
}

static enum err resend_send(struct channel *channel, struct outgoing *outgoing)
{
    struct resend *resend = (struct resend *)channel;
    if (outgoing->delivery_id == 0) {
        if (outgoing->act.kind == ACT_SEND_FILE) {
            log_warn("resend", "a file was not sent: e-mail does not carry it", "user=%lld",
                     (long long)outgoing->user_id);
        }
        outgoing_free(outgoing);
        return OK;
    }
    pthread_mutex_lock(&resend->lock);
    bool full = resend->in_flight >= LIMIT_IN_FLIGHT || resend->stopping;
    resend->in_flight += full ? 0 : 1;
    pthread_mutex_unlock(&resend->lock);
    if (full) {
        return ERR_BUSY;
    }
    struct job *job = calloc(1, sizeof(*job));
    ASSERT(job != NULL);
    *job = (struct job){resend, outgoing};
    if (begin_request(job) != OK) {
        const struct http_response none = {.outcome = HTTP_NOT_SENT, .reason = "busy"};
        job_done(job, &none);
    }
    return OK;
}

/* ---- the contract ---- */

static enum err start(struct channel *channel, struct err_detail *detail)
{
    struct resend *resend = (struct resend *)channel;
    (void)detail;
    pthread_mutex_lock(&resend->lock);
    resend->stopping = false;
    pthread_mutex_unlock(&resend->lock);
    return OK;
}

static int in_flight(const struct channel *channel)
{
    struct resend *resend = (struct resend *)(uintptr_t)channel;
    pthread_mutex_lock(&resend->lock);
    int count = resend->in_flight;
    pthread_mutex_unlock(&resend->lock);
    return count;
}

static void stop(struct channel *channel, int64_t wait_ms)
{
    struct resend *resend = (struct resend *)channel;
    pthread_mutex_lock(&resend->lock);
    resend->stopping = true;
    pthread_mutex_unlock(&resend->lock);
    int64_t until_ms = clock_monotonic_ms(resend->clock) + wait_ms;
    while (in_flight(channel) > 0) {
        if (clock_monotonic_ms(resend->clock) >= until_ms) {
            http_client_cancel(resend->client, resend);
        }
        queue_take(resend->idle, NULL, 0, STOP_STEP_MS);
    }
}

static void resend_free(struct channel *channel)
{
    struct resend *resend = (struct resend *)channel;
    if (resend == NULL) {
        return;
    }
    stop(channel, 0);
    free(resend->url);
    free(resend->authorization);
    free(resend->from);
    queue_free(resend->idle);
    pthread_mutex_destroy(&resend->lock);
    free(resend);
}

static void hold(struct channel *channel, bool held)
{
    http_client_hold(((struct resend *)channel)->client, held);
}

static enum err read_request(const struct channel *channel, struct arena *arena,
                             const struct taken_request *taken, struct input *ret_input,
                             bool *ret_relevant, struct err_detail *detail)
{
    (void)channel;
    return resend_read_event(arena, taken->id, taken->body, ret_input, ret_relevant, detail);
}

/* All keys of an account share its limit, two to five requests a second. */
static const struct channel_ops OPS = {
    .kind = CHANNEL_EMAIL,
    .limits = {.per_second = 2, .needs_idempotency = true},
    .send = resend_send,
    .hold = hold,
    .start = start,
    .stop = stop,
    .free = resend_free,
    .in_flight = in_flight,
    .read_request = read_request,
};

const struct channel_limits *resend_limits(void)
{
    return &OPS.limits;
}

static bool is_header_text(struct str text)
{
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f) {
            return false;
        }
    }
    return text.length > 0;
}

enum err resend_new(const struct resend_options *options, struct channel **ret_channel,
                    struct err_detail *detail)
{
    struct str key = str_of(options->api_key);
    struct str from = str_of(options->from);
    if (!is_header_text(key) || memchr(key.ptr, ' ', key.length) != NULL) {
        return err_set(detail, ERR_CONFIG,
                       "RESEND_API_KEY is no key; expected letters and digits, as re_123abc");
    }
    if (!is_header_text(from) || memchr(from.ptr, '@', from.length) == NULL) {
        return err_set(detail, ERR_CONFIG,
                       "EMAIL_FROM is no sender; expected an address, or Name <address>");
    }
    struct resend *resend = calloc(1, sizeof(*resend));
    ASSERT(resend != NULL);
    resend->channel.ops = &OPS;
    resend->client = options->client;
    resend->clock = options->clock;
    resend->site = options->site;
    resend->sink = options->sink;
    int url = asprintf(&resend->url, "%s/emails", options->base_url);
    int authorization =
        asprintf(&resend->authorization, "Authorization: Bearer %s", options->api_key);
    int sender = asprintf(&resend->from, "%s", options->from);
    ASSERT(url > 0 && authorization > 0 && sender > 0);
    pthread_mutex_init(&resend->lock, NULL);
    resend->idle = queue_new(1);
    *ret_channel = &resend->channel;
    return OK;
}
