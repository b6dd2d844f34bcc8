/* Webhooks that are sent: signed as they are checked, and what their answers mean. */
#include "channel/webhook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "channel/webhook_signature.h"

static const char SECRET[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/* The published example of the specification. */
static void the_signature_is_that_of_the_specification(void **state)
{
    struct arena *arena = *state;
    struct str id = STR("msg_p5jXN8AQM9LWM0D4loKWxJek");
    struct str body = STR("{\"test\": 2432232314}");
    struct str signature = webhook_sign(arena, str_of(SECRET), id, STR("1614265330"), body);
    assert_string_equal(signature.ptr, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    const struct webhook_headers headers = {id, STR("1614265330"), signature};
    assert_int_equal(
        webhook_verify(arena, str_of(SECRET), &headers, body, (int64_t)1614265330 * 1000),
        WEBHOOK_GENUINE);
}

static void the_body_is_json_whatever_the_text_holds(void **state)
{
    struct arena *arena = *state;
    const struct outgoing outgoing = {.delivery_id = 7, .text = STR("a \"b\"\n\xff c")};
    assert_string_equal(webhook_body(arena, &outgoing, 1764000000000).ptr,
                        "{\"type\":\"notice\",\"timestamp\":\"2025-11-24T16:00:00.000Z\","
                        "\"data\":{\"id\":\"7\",\"text\":\"a \\\"b\\\"\\n\xef\xbf\xbd c\"}}");
}

static void answers_say_whether_to_come_again(void **state)
{
    static const struct {
        struct http_response response;
        enum report_kind report;
        int64_t retry_after_ms;
    } cases[] = {
        {{.outcome = HTTP_ANSWERED, .status = 200}, REPORT_SENT, 0},
        {{.outcome = HTTP_ANSWERED, .status = 204}, REPORT_SENT, 0},
        {{.outcome = HTTP_ANSWERED, .status = 301}, REPORT_FAILED, 0},
        {{.outcome = HTTP_ANSWERED, .status = 408}, REPORT_RETRY, 0},
        {{.outcome = HTTP_ANSWERED, .status = 410}, REPORT_FAILED, 0},
        {{.outcome = HTTP_ANSWERED, .status = 500}, REPORT_RETRY, 0},
        {{.outcome = HTTP_ANSWERED, .status = 503}, REPORT_PAUSED, MINUTE_MS},
        {{.outcome = HTTP_ANSWERED, .status = 429, .retry_after_s = 7}, REPORT_PAUSED, 7000},
        {{.outcome = HTTP_ANSWERED, .status = 429, .retry_after_s = 1 << 30},
         REPORT_PAUSED,
         HOUR_MS},
        {{.outcome = HTTP_NOT_SENT, .reason = "connect"}, REPORT_RETRY, 0},
        {{.outcome = HTTP_LOST, .reason = "timeout"}, REPORT_UNCERTAIN, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct webhook_outcome outcome = webhook_judge(&cases[i].response);
        assert_int_equal(outcome.report, cases[i].report);
        assert_int_equal(outcome.retry_after_ms, cases[i].retry_after_ms);
    }
}

static int setup(void **state)
{
    *state = arena_new(4096);
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_signature_is_that_of_the_specification),
        CASE(the_body_is_json_whatever_the_text_holds),
        CASE(answers_say_whether_to_come_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
