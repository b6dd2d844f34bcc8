/* Answers of the Bot API: whatever comes back, the verdict is one of those that the core knows how
 * to act on, and only what was surely answered counts as sent or refused. The first line is outcome
 * (sent, lost, unsent), status and Retry-After; the rest is the body. */
#include "channel/telegram.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_number(const char *text)
{
    text += text[0] == '-';
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

static void check(const struct http_response *response, const struct telegram_verdict *verdict)
{
    bool answered = response->outcome == HTTP_ANSWERED;
    ASSERT(verdict->reason != NULL);
    ASSERT((verdict->report == REPORT_SENT) == (verdict->reason[0] == '\0'));
    ASSERT(memchr(verdict->message_id, '\0', sizeof(verdict->message_id)) != NULL);
    ASSERT(memchr(verdict->new_address, '\0', sizeof(verdict->new_address)) != NULL);
    ASSERT(verdict->message_id[0] == '\0' || is_number(verdict->message_id));
    ASSERT(verdict->retry_after_ms >= 0 && verdict->retry_after_ms <= DAY_MS);
    switch (verdict->report) {
    case REPORT_SENT:
    case REPORT_FAILED:
    case REPORT_BLOCKED:
    case REPORT_GONE:
        ASSERT(answered);
        return;
    case REPORT_MIGRATED:
        ASSERT(answered && is_number(verdict->new_address));
        return;
    case REPORT_PAUSED:
        ASSERT(answered && verdict->retry_after_ms > 0);
        return;
    case REPORT_RETRY:
        ASSERT(response->outcome != HTTP_LOST);
        return;
    case REPORT_UNCERTAIN:
        ASSERT(response->outcome != HTTP_NOT_SENT);
        return;
    case REPORT_DELIVERED:
    case REPORT_OPENED:
    case REPORT_CLICKED:
    case REPORT_BOUNCED:
    case REPORT_COMPLAINED:
        break;
    }
    ASSERT(!"a verdict that no answer to sending can be");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body;
    struct str head = str_split((struct str){(const char *)data, size}, '\n', &body);
    struct str rest;
    struct str outcome = str_split(head, ' ', &rest);
    struct str status = str_split(rest, ' ', &rest);
    int64_t code = 0;
    struct http_response response = {.body = body, .reason = "timeout"};
    if (!str_to_int64(status, &code) || code < 100 || code > 999) {
        return 0;
    }
    if (!str_to_int64(rest, &response.retry_after_s) || response.retry_after_s < 0) {
        response.retry_after_s = 0;
    }
    response.outcome = str_is(outcome, "lost")     ? HTTP_LOST
                       : str_is(outcome, "unsent") ? HTTP_NOT_SENT
                                                   : HTTP_ANSWERED;
    response.status = response.outcome == HTTP_ANSWERED ? (int)code : 0;
    struct telegram_verdict verdict = telegram_judge(&response);
    check(&response, &verdict);
    return 0;
}
