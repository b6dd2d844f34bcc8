/* What answers of Resend mean: one row for each known error, and for what is none. */
#include "channel/resend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct resend_verdict judge(int status, const char *body, int64_t retry_after_s)
{
    struct http_response response = {HTTP_ANSWERED, status, str_of(body), retry_after_s,
                                     "answered"};
    return resend_judge(&response);
}

static void errors_have_their_meaning(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *name, *message;
        enum report_kind report;
        const char *reason;
        bool refused;
    } cases[] = {
        {400, "validation_error", "subject", REPORT_FAILED, "validation_error", false},
        {401, "missing_api_key", "Missing API key", REPORT_PAUSED, "unauthorized", true},
        {401, "restricted_api_key", "", REPORT_PAUSED, "unauthorized", true},
        {403, "invalid_api_key", "API key is invalid", REPORT_PAUSED, "unauthorized", true},
        {403, "validation_error", "The x.org domain is not verified.", REPORT_PAUSED,
         "domain_not_verified", true},
        {403, "validation_error", "You can only send testing emails to your own address",
         REPORT_FAILED, "test_account", false},
        {403, "1010", "", REPORT_PAUSED, "unauthorized", true},
        {404, "not_found", "", REPORT_PAUSED, "wrong_address", true},
        {409, "invalid_idempotent_request", "", REPORT_FAILED, "invalid_idempotent_request", false},
        {409, "concurrent_idempotent_requests", "", REPORT_RETRY, "under_way", false},
        {422, "validation_error", "Invalid `to` field. The email address needs", REPORT_GONE,
         "bad_address", false},
        {422, "invalid_from_address", "", REPORT_FAILED, "invalid_from_address", false},
        {422, "never_seen", "", REPORT_FAILED, "rejected", false},
        {429, "rate_limit_exceeded", "", REPORT_PAUSED, "too_many_requests", false},
        {429, "daily_quota_exceeded", "", REPORT_PAUSED, "daily_quota", false},
        {429, "monthly_quota_exceeded", "", REPORT_PAUSED, "monthly_quota", false},
        {451, "security_error", "", REPORT_FAILED, "security_error", false},
        {500, "application_error", "", REPORT_RETRY, "http_5xx", false},
        {503, "", "", REPORT_RETRY, "http_5xx", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        static const char *const members[] = {"name", "type"};
        for (int member = 0; member < 2; member++) {
            char body[512];
            snprintf(body, sizeof(body), "{\"statusCode\":%d,\"%s\":\"%s\",\"message\":\"%s\"}",
                     cases[i].status, members[member], cases[i].name, cases[i].message);
            struct resend_verdict verdict = judge(cases[i].status, body, 0);
            assert_int_equal(verdict.report, cases[i].report);
            assert_string_equal(verdict.reason, cases[i].reason);
            assert_int_equal(verdict.refused, cases[i].refused);
        }
    }
}

static void what_is_sent_has_its_id(void **state)
{
    (void)state;
    struct resend_verdict verdict = judge(200, "{\"id\":\"4ef9-11\"}", 0);
    assert_int_equal(verdict.report, REPORT_SENT);
    assert_string_equal(verdict.email_id, "4ef9-11");
    /* It may have been sent. */
    static const char *const odd[] = {"",
                                      "<html>",
                                      "{}",
                                      "{\"id\":7}",
                                      "{\"id\":\"\"}",
                                      "[1]",
                                      ("{\"id\":\"0123456789012345678901234567890123456789"
                                       "01234567890123456789012345678901234567890\"}")};
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
        verdict = judge(200, odd[i], 0);
        assert_int_equal(verdict.report, REPORT_UNCERTAIN);
        assert_string_equal(verdict.reason, "bad_answer");
    }
}

static void pauses_last_as_long_as_asked(void **state)
{
    (void)state;
    assert_int_equal(judge(429, "{\"name\":\"rate_limit_exceeded\"}", 7).retry_after_ms, 7000);
    assert_int_equal(judge(429, "proxy", 0).retry_after_ms, 1000);
    assert_int_equal(judge(429, "", 1000000).retry_after_ms, 86400000);
    assert_int_equal(judge(429, "{\"name\":\"daily_quota_exceeded\"}", 5).retry_after_ms, 3600000);
    assert_int_equal(judge(401, "", 0).retry_after_ms, 60000);
}

static void a_lost_answer_is_asked_for_again(void **state)
{
    (void)state;
    const struct http_response lost = {.outcome = HTTP_LOST, .reason = "timeout"};
    assert_int_equal(resend_judge(&lost).report, REPORT_UNCERTAIN);
    assert_string_equal(resend_judge(&lost).reason, "timeout");
    const struct http_response none = {.outcome = HTTP_NOT_SENT, .reason = "connect"};
    assert_int_equal(resend_judge(&none).report, REPORT_RETRY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_have_their_meaning),
        cmocka_unit_test(what_is_sent_has_its_id),
        cmocka_unit_test(pauses_last_as_long_as_asked),
        cmocka_unit_test(a_lost_answer_is_asked_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
