/* What answers of the Bot API mean: one row for each known error, and for what is none. */
#include "channel/telegram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MARKUP = TELEGRAM_WITHOUT_MARKUP, PICTURE = TELEGRAM_WITHOUT_PICTURE };

static struct telegram_verdict judge(int status, const char *body)
{
    struct http_response response = {HTTP_ANSWERED, status, str_of(body), 0, "answered"};
    return telegram_judge(&response);
}

static struct telegram_verdict judge_error(int code, const char *description)
{
    char body[512];
    snprintf(body, sizeof(body), "{\"ok\":false,\"error_code\":%d,\"description\":\"%s\"}", code,
             description);
    return judge(code, body);
}

static void known_errors_have_their_meaning(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *description;
        enum report_kind report;
        const char *reason;
        unsigned without;
    } cases[] = {
        {400, "Bad Request: chat not found", REPORT_GONE, "chat_not_found", 0},
        {400, "Bad Request: message is not modified: specified new message content", REPORT_SENT,
         "", 0},
        {400, "Bad Request: can't parse entities: Unclosed start tag", REPORT_FAILED, "bad_markup",
         MARKUP},
        {400, "Bad Request: MESSAGE IS TOO LONG", REPORT_FAILED, "too_long", 0},
        {400, "Bad Request: BUTTON_DATA_INVALID", REPORT_FAILED, "bad_button", 0},
        {400, "Bad Request: query is too old and response timeout expired", REPORT_FAILED,
         "tap_too_old", 0},
        {400, "Bad Request: wrong file identifier/HTTP URL specified", REPORT_FAILED, "bad_picture",
         PICTURE},
        {400, "Bad Request: PHOTO_INVALID_DIMENSIONS", REPORT_FAILED, "bad_picture", PICTURE},
        {400, "Bad Request: message caption is too long", REPORT_FAILED, "too_long", PICTURE},
        {400, "Bad Request: something never seen", REPORT_FAILED, "rejected", PICTURE},
        {403, "Forbidden: bot was blocked by the user", REPORT_BLOCKED, "blocked", 0},
        {403, "Forbidden: user is deactivated", REPORT_GONE, "deactivated", 0},
        {403, "Forbidden: bot can't initiate conversation with a user", REPORT_GONE,
         "never_started", 0},
        {403, "Forbidden: bot was kicked from the supergroup chat", REPORT_GONE, "not_in_chat",
         false},
        {403, "Forbidden: something new", REPORT_BLOCKED, "forbidden", 0},
        {404, "Not Found: method not found", REPORT_FAILED, "no_method", 0},
        {409, "Conflict: x", REPORT_RETRY, "http_409", 0},
        {500, "Internal Server Error: restart", REPORT_RETRY, "http_5xx", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct telegram_verdict verdict = judge_error(cases[i].code, cases[i].description);
        assert_int_equal(verdict.report, cases[i].report);
        assert_string_equal(verdict.reason, cases[i].reason);
        assert_int_equal(verdict.without, cases[i].without);
        assert_false(verdict.refused);
    }
}

static void a_bad_token_stops_all(void **state)
{
    (void)state;
    static const int codes[] = {401, 404, 421};
    for (size_t i = 0; i < 3; i++) {
        struct telegram_verdict verdict = judge_error(codes[i], "Unauthorized");
        assert_int_equal(verdict.report, REPORT_PAUSED);
        assert_true(verdict.refused && verdict.pause_all && verdict.retry_after_ms > 0);
    }
}

static void success_gives_the_message_id(void **state)
{
    (void)state;
    struct telegram_verdict verdict =
        judge(200, "{\"ok\":true,\"result\":{\"message_id\":4711,\"date\":1}}");
    assert_int_equal(verdict.report, REPORT_SENT);
    assert_string_equal(verdict.message_id, "4711");
    assert_int_equal(judge(200, "{\"ok\":true,\"result\":true}").report, REPORT_SENT);
    assert_int_equal(judge(200, "{\"ok\":true,\"result\":null}").report, REPORT_SENT);
}

static void pauses_come_from_body_or_header(void **state)
{
    (void)state;
    struct telegram_verdict verdict =
        judge(429, "{\"ok\":false,\"error_code\":429,\"description\":\"Too Many Requests\","
                   "\"parameters\":{\"retry_after\":35}}");
    assert_int_equal(verdict.report, REPORT_PAUSED);
    assert_int_equal(verdict.retry_after_ms, 35000);
    assert_false(verdict.pause_all);
    struct http_response response = {HTTP_ANSWERED, 429, STR("slow down"), 12, "answered"};
    assert_int_equal(telegram_judge(&response).retry_after_ms, 12000);
    assert_true(judge(429, "{\"ok\":false,\"error_code\":429}").retry_after_ms > 0);
    verdict = judge(429, "{\"ok\":false,\"error_code\":429,"
                         "\"parameters\":{\"retry_after\":999999999999}}");
    assert_int_equal(verdict.retry_after_ms, 24 * 3600 * 1000);
}

static void a_migration_gives_the_new_chat(void **state)
{
    (void)state;
    struct telegram_verdict verdict =
        judge(400, "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: group chat was "
                   "upgraded to a supergroup chat\",\"parameters\":{\"migrate_to_chat_id\":"
                   "-1009876543210}}");
    assert_int_equal(verdict.report, REPORT_MIGRATED);
    assert_string_equal(verdict.new_address, "-1009876543210");
}

static void what_is_no_answer_of_the_api(void **state)
{
    (void)state;
    assert_int_equal(judge(200, "<html>").report, REPORT_UNCERTAIN);
    assert_int_equal(judge(200, "{\"ok\":tr").report, REPORT_UNCERTAIN);
    assert_int_equal(judge(200, "").report, REPORT_UNCERTAIN);
    assert_int_equal(judge(502, "<html>Bad Gateway</html>").report, REPORT_UNCERTAIN);
    assert_int_equal(judge(503, "busy").report, REPORT_RETRY);
    assert_int_equal(judge(413, "too large").report, REPORT_FAILED);
    assert_true(judge(302, "").refused);
    struct http_response response = {HTTP_NOT_SENT, 0, STR_NONE, 0, "connect"};
    assert_int_equal(telegram_judge(&response).report, REPORT_RETRY);
    response.outcome = HTTP_LOST;
    assert_int_equal(telegram_judge(&response).report, REPORT_UNCERTAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_errors_have_their_meaning),
        cmocka_unit_test(a_bad_token_stops_all),
        cmocka_unit_test(success_gives_the_message_id),
        cmocka_unit_test(pauses_come_from_body_or_header),
        cmocka_unit_test(a_migration_gives_the_new_chat),
        cmocka_unit_test(what_is_no_answer_of_the_api),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
