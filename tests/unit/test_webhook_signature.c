/* Signatures of webhooks: vectors that the standardwebhooks library made, and all that is none. */
#include "channel/webhook_signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECRET    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OTHER     "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define ID        "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define AT        1614265330
#define AT_TEXT   "1614265330"
#define BODY      "{\"test\": 2432232314}"
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static int set_up(void **state)
{
    *state = arena_new(4096);
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static enum webhook_verdict verify(struct arena *arena, const char *secrets, const char *timestamp,
                                   const char *signature, struct str body, int64_t now_s)
{
    const struct webhook_headers headers = {
        .id = STR(ID), .timestamp = str_of(timestamp), .signature = str_of(signature)};
    return webhook_verify(arena, str_of(secrets), &headers, body, now_s * 1000);
}

static void vectors_are_genuine(void **state)
{
    static const struct {
        const char *secret, *id, *timestamp, *body, *signature;
        int64_t at;
    } vectors[] = {
        {SECRET, ID, AT_TEXT, BODY, SIGNATURE, AT},
        {SECRET, "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", "1674087231",
         "{\"type\":\"contact.created\",\"timestamp\":\"2022-11-03T20:26:10.344522Z\",\"data\":"
         "{\"id\":\"1f81eb52-5198-4599-803e-771906343485\"}}",
         "v1,ARw42xaAApl/nxRo+iPGYwSaMQaOwMo2eyH5JBRA+bQ=", 1674087231},
        {OTHER, "msg_1", "1700000000", "",
         "v1,1mgOj6TVhp3BSMcTTSkIcSqwMImLcuoATUkCX45722Q=", 1700000000},
        {"whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=", "msg_utf8", "1700000001",
         "{\"t\":\"Привет 👋\"}", "v1,PzNpiA621ZqjamAQa4k6E3IF438g+qCDHom22Yaywxw=", 1700000001},
        {"whsec_"
         "AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tng5+71/"
         "AMKERgfJi00O0JJUFdeZWxzeoGIj5adpKuyuQ==",
         "evt_2", "1900000000",
         "{\"type\":\"email.bounced\",\"created_at\":\"2026-11-22T08:00:00.000Z\",\"data\":{"
         "\"email_id\":\"x\"}}",
         "v1,5IdeEByeoB1A+iYHwH4Nj6y4ClbUCgXSDZ0z+BOwrcE=", 1900000000},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
        const struct webhook_headers headers = {.id = str_of(vectors[i].id),
                                                .timestamp = str_of(vectors[i].timestamp),
                                                .signature = str_of(vectors[i].signature)};
        assert_int_equal(webhook_verify(*state, str_of(vectors[i].secret), &headers,
                                        str_of(vectors[i].body), vectors[i].at * 1000),
                         WEBHOOK_GENUINE);
    }
}

static void one_of_several_is_enough(void **state)
{
    struct str body = STR(BODY);
    static const char *const secrets[] = {SECRET, OTHER "," SECRET, SECRET ", " OTHER,
                                          "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++) {
        assert_int_equal(verify(*state, secrets[i], AT_TEXT, SIGNATURE, body, AT), WEBHOOK_GENUINE);
    }
    static const char *const lists[] = {"v1,AAAA " SIGNATURE, SIGNATURE " v1a,x",
                                        "v2,x  " SIGNATURE};
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
        assert_int_equal(verify(*state, SECRET, AT_TEXT, lists[i], body, AT), WEBHOOK_GENUINE);
    }
}

static void what_does_not_fit_is_forged(void **state)
{
    struct str body = STR(BODY);
    static const char *const signatures[] = {
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1O",
        "v1,",
        "v1",
        ",",
        "v1,AAAA",
        ("v1,x," SIGNATURE),
    };
    for (size_t i = 0; i < sizeof(signatures) / sizeof(*signatures); i++) {
        assert_int_equal(verify(*state, SECRET, AT_TEXT, signatures[i], body, AT), WEBHOOK_FORGED);
    }
    assert_int_equal(verify(*state, OTHER, AT_TEXT, SIGNATURE, body, AT), WEBHOOK_FORGED);
    assert_int_equal(verify(*state, "", AT_TEXT, SIGNATURE, body, AT), WEBHOOK_FORGED);
    assert_int_equal(verify(*state, "whsec_,%", AT_TEXT, SIGNATURE, body, AT), WEBHOOK_FORGED);
    assert_int_equal(verify(*state, SECRET, "1614265331", SIGNATURE, body, AT), WEBHOOK_FORGED);
    static const char longer[] = BODY "\0x";
    assert_int_equal(
        verify(*state, SECRET, AT_TEXT, SIGNATURE, (struct str){longer, sizeof(longer) - 1}, AT),
        WEBHOOK_FORGED);
}

static void time_and_headers_are_held_to(void **state)
{
    struct str body = STR(BODY);
    assert_int_equal(verify(*state, SECRET, AT_TEXT, SIGNATURE, body, AT + 300), WEBHOOK_GENUINE);
    assert_int_equal(verify(*state, SECRET, AT_TEXT, SIGNATURE, body, AT - 300), WEBHOOK_GENUINE);
    assert_int_equal(verify(*state, SECRET, AT_TEXT, SIGNATURE, body, AT + 301), WEBHOOK_TOO_OLD);
    assert_int_equal(verify(*state, SECRET, AT_TEXT, SIGNATURE, body, AT - 301), WEBHOOK_TOO_NEW);
    static const char *const odd[] = {"",    "1614265330abc",        "-1614265330", " 1614265330",
                                      "1e9", "161426533000000000000"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
        assert_int_equal(verify(*state, SECRET, odd[i], SIGNATURE, body, AT), WEBHOOK_MISSING);
    }
    assert_int_equal(verify(*state, SECRET, AT_TEXT, "", body, AT), WEBHOOK_MISSING);
}

static void secrets_are_told_from_other_words(void **state)
{
    assert_true(webhook_secret_is_plausible(*state, STR(SECRET)));
    assert_true(webhook_secret_is_plausible(*state, STR("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")));
    static const char *const wrong[] = {"", "whsec_", "whsec_abc", "re_123 456", "whsec_%%%%%%%%"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        assert_false(webhook_secret_is_plausible(*state, str_of(wrong[i])));
    }
}

#define WEBHOOK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WEBHOOK_TEST(vectors_are_genuine),
        WEBHOOK_TEST(one_of_several_is_enough),
        WEBHOOK_TEST(what_does_not_fit_is_forged),
        WEBHOOK_TEST(time_and_headers_are_held_to),
        WEBHOOK_TEST(secrets_are_told_from_other_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
