/* What an answer of Resend means. Errors have a name; an unknown one counts by its status. What may
 * go through later is tried again under the same key; when the answer is lost, the mail may have
 * gone out, and the key keeps it from going out twice. */
#include "channel/resend.h"

#include <string.h>

#include "base/json_tree.h"
#include "base/limits.h"

enum {
    REFUSED_PAUSE_MS = 60 * 1000, /* between tries while the key or the domain is not accepted */
    QUOTA_PAUSE_MS = 3600 * 1000,
    RETRY_AFTER_DEFAULT_S = 1,
    RETRY_AFTER_MAX_S = 24 * 3600,
    ANSWER_ARENA_BYTES = 4096
};

static struct resend_verdict verdict_of(enum report_kind report, const char *reason)
{
    return (struct resend_verdict){.report = report, .reason = reason};
}

static struct resend_verdict paused(const char *reason, int64_t pause_ms)
{
    struct resend_verdict verdict = verdict_of(REPORT_PAUSED, reason);
    verdict.retry_after_ms = pause_ms;
    return verdict;
}

static struct resend_verdict refused(const char *reason)
{
    struct resend_verdict verdict = paused(reason, REFUSED_PAUSE_MS);
    verdict.refused = true;
    return verdict;
}

static struct resend_verdict judge_limit(struct str name, int64_t retry_after_s)
{
    bool monthly = str_is(name, "monthly_quota_exceeded");
    int64_t wait_ms =
        (retry_after_s < RETRY_AFTER_MAX_S ? retry_after_s : RETRY_AFTER_MAX_S) * 1000;
    if (monthly || str_is(name, "daily_quota_exceeded")) {
        return paused(monthly ? "monthly_quota" : "daily_quota",
                      wait_ms > QUOTA_PAUSE_MS ? wait_ms : QUOTA_PAUSE_MS);
    }
    return paused("too_many_requests", wait_ms > 0 ? wait_ms : RETRY_AFTER_DEFAULT_S * 1000);
}

static bool contains(struct str text, const char *part)
{
    return memmem(text.ptr, text.length, part, strlen(part)) != NULL;
}

/* A rule of the account, or of this recipient. */
static struct resend_verdict judge_forbidden(struct str name, struct str message)
{
    if (contains(message, "testing emails")) {
        return verdict_of(REPORT_FAILED, "test_account");
    }
    return refused(contains(message, "not verified")  ? "domain_not_verified"
                   : str_is(name, "validation_error") ? "forbidden"
                                                      : "unauthorized");
}

/* Of the whole message only the recipient is the person's; all else is the same for everybody. */
static struct resend_verdict judge_invalid(struct str name, struct str message)
{
    static const char *const names[] = {
        "invalid_attachment", "invalid_from_address",    "invalid_access",
        "invalid_parameter",  "invalid_region",          "missing_required_field",
        "validation_error",   "invalid_idempotency_key", "invalid_idempotent_request"};
    if (contains(message, "Invalid `to` field")) {
        return verdict_of(REPORT_GONE, "bad_address");
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (str_is(name, names[i])) {
            return verdict_of(REPORT_FAILED, names[i]);
        }
    }
    return verdict_of(REPORT_FAILED, "rejected");
}

static struct resend_verdict judge_error(int status, const struct json_node *body,
                                         int64_t retry_after_s)
{
    struct str name = json_node_str(body, "name");
    if (name.length == 0) {
        name = json_node_str(body, "type");
    }
    struct str message = json_node_str(body, "message");
    switch (status) {
    case 401:
        return refused("unauthorized");
    case 403:
        return judge_forbidden(name, message);
    case 409:
        return str_is(name, "concurrent_idempotent_requests")
                   ? verdict_of(REPORT_RETRY, "under_way")
                   : judge_invalid(name, message);
    case 429:
        return judge_limit(name, retry_after_s);
    case 451:
        return verdict_of(REPORT_FAILED, "security_error");
    default:
        break;
    }
    if (status >= 500 || status == 408) {
        return verdict_of(REPORT_RETRY, "http_5xx");
    }
    if (status == 404 || status == 405 || (status >= 300 && status < 400)) {
        return refused("wrong_address");
    }
    return status >= 400 ? judge_invalid(name, message) : verdict_of(REPORT_RETRY, "bad_answer");
}

struct resend_verdict resend_judge(const struct http_response *response)
{
    if (response->outcome != HTTP_ANSWERED) {
        return verdict_of(response->outcome == HTTP_LOST ? REPORT_UNCERTAIN : REPORT_RETRY,
                          response->reason);
    }
    struct arena *arena = arena_new(ANSWER_ARENA_BYTES);
    const struct json_node *body = NULL;
    bool read = json_tree_read(arena, response->body, LIMIT_HTTP_BODY_BYTES, &body, NULL) == OK;
    struct str id = read ? json_node_str(body, "id") : STR_NONE;
    struct resend_verdict verdict;
    if (response->status >= 200 && response->status < 300) {
        verdict = verdict_of(REPORT_SENT, "");
        if (id.length == 0 || id.length >= sizeof(verdict.email_id)) {
            verdict = verdict_of(REPORT_UNCERTAIN, "bad_answer");
        }
        str_copy(verdict.email_id, sizeof(verdict.email_id), id);
    } else {
        verdict = judge_error(response->status, read ? body : NULL, response->retry_after_s);
    }
    arena_free(arena);
    return verdict;
}
