/* Commands about the installation: what they change, what they answer, that they survive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/embed.h"
#include "base/json.h"
#include "base/limits.h"
#include "lib/engine_fixture.h"

static void run(struct engine_fixture *fixture, const char *kind, const char *payload)
{
    int before = fixture->answers;
    fixture_command(fixture, kind, payload);
    fixture_settle(fixture);
    assert_int_equal(fixture->answers, before + 1);
}

static void mistakes_are_answered(void **state)
{
    struct engine_fixture *fixture = *state;
    static const struct {
        const char *kind, *payload;
        enum err error;
    } cases[] = {
        {"explode", "{}", ERR_NOT_FOUND},
        {"sending", "", ERR_INVALID},
        {"sending", "[]", ERR_INVALID},
        {"sending", "{\"mode\":7}", ERR_INVALID},
        {"rollout_set", "{\"name\":\"other\",\"share\":5}", ERR_NOT_FOUND},
        {"rollout_set", "{\"name\":\"superior_onboarding\",\"share\":101}", ERR_INVALID},
        {"rollout_set", "{\"name\":\"superior_onboarding\"}", ERR_INVALID},
        {"rollback", "{\"what\":\"me\"}", ERR_INVALID},
        {"rollout_stage", "{\"stage\":\"x\",\"open\":true}", ERR_INVALID},
        {"rollout_plan", "{\"action\":\"dance\"}", ERR_INVALID},
        {"rollout_plan", "{\"action\":\"advance\"}", ERR_NOT_FOUND},
        {"rollout_plan", "{\"action\":\"start\"}", ERR_INVALID},
        {"rollout_plan", "{\"action\":\"start\",\"plan\":{\"name\":\"p\",\"stages\":[]}}",
         ERR_INVALID},
        {"rollout_plan",
         "{\"action\":\"start\",\"plan\":{\"name\":\"p\",\"stages\":[{\"name\":\"a\",\"share\":200}"
         "]}}",
         ERR_INVALID},
        {"input", "{\"kind\":\"trigger\"}", ERR_INVALID},
        {"input", "{\"kind\":\"dance\",\"user_id\":\"5\"}", ERR_INVALID},
        {"input", "{\"kind\":\"trigger\",\"user_id\":\"5\"}", ERR_NOT_FOUND},
        {"input", "{\"kind\":\"trigger\",\"channel\":\"pigeon\",\"identity\":\"5\"}", ERR_INVALID},
        {"broadcast", "{}", ERR_INVALID},
        {"broadcast", "{\"text\":{\"en\":\"Hi {{nonsense}}\"}}", ERR_INVALID},
        {"broadcast", "{\"text\":{\"en\":\"Hi\"},\"filter\":\"commitments_total >\"}", ERR_INVALID},
        {"broadcast", "{\"text\":{\"en\":\"Hi\"},\"test\":{\"user_id\":\"5\"}}", ERR_NOT_FOUND},
        {"journeys_apply", "{\"files\":[]}", ERR_INVALID},
        {"journeys_apply", "{\"files\":[{\"name\":\"a.yaml\",\"yaml\":\"journey: [\"}]}",
         ERR_INVALID},
        {"setting_put", "{\"name\":\"sending\",\"value\":1}", ERR_INVALID},
        {"setting_put", "{\"name\":\"x\"}", ERR_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        run(fixture, cases[i].kind, cases[i].payload);
        if (fixture->error != cases[i].error) {
            fail_msg("%s %s: %s: %s", cases[i].kind, cases[i].payload, err_text(fixture->error),
                     fixture->detail);
        }
        assert_true(fixture->detail[0] != '\0');
    }
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM audit_log"), 0);
}

#define PLAN                                                                                       \
    "{\"action\":\"start\",\"automatic\":true,\"plan\":{\"name\":\"p\",\"stages\":["               \
    "{\"name\":\"a\",\"share\":5},{\"name\":\"b\",\"share\":25},"                                  \
    "{\"name\":\"c\",\"opens\":\"existing_rescue\"}]}}"

static double share_now(struct engine_fixture *fixture)
{
    return (double)fixture_int(fixture, "SELECT json_extract(json, '$.share') * 100 FROM settings "
                                        "WHERE name = 'rollout/superior_onboarding'") /
           100;
}

static int64_t plan_number(struct engine_fixture *fixture, const char *member)
{
    char sql[160];
    snprintf(sql, sizeof(sql),
             "SELECT json_extract(json, '$.%s') FROM settings "
             "WHERE name = 'rollout/superior_onboarding/plan'",
             member);
    return fixture_int(fixture, sql);
}

static void refused(struct engine_fixture *fixture, const char *payload, enum err error)
{
    run(fixture, "rollout_plan", payload);
    assert_int_equal(fixture->error, error);
}

static void a_plan_goes_from_stage_to_stage(void **state)
{
    struct engine_fixture *fixture = *state;
    run(fixture, "rollout_plan", PLAN);
    assert_int_equal(fixture->error, OK);
    assert_true(share_now(fixture) == 5);
    refused(fixture, PLAN, ERR_CONFLICT);
    refused(fixture, "{\"action\":\"advance\",\"from\":1}", ERR_CONFLICT);
    refused(fixture, "{\"action\":\"resume\"}", ERR_CONFLICT);
    run(fixture, "rollout_plan", "{\"action\":\"advance\",\"from\":0,\"reason\":\"open\"}");
    assert_true(share_now(fixture) == 25);
    assert_int_equal(plan_number(fixture, "at"), 1);

    /* Whoever sets the share by hand, or goes back, does not want it to go on by itself. */
    run(fixture, "rollout_set", "{\"name\":\"superior_onboarding\",\"share\":10}");
    assert_int_equal(plan_number(fixture, "held"), 1);
    run(fixture, "rollout_plan", "{\"action\":\"resume\"}");
    assert_true(share_now(fixture) == 25);
    assert_int_equal(plan_number(fixture, "held"), 0);
    run(fixture, "rollback", "{\"what\":\"all\"}");
    assert_int_equal(plan_number(fixture, "held"), 1);

    run(fixture, "rollout_plan", "{\"action\":\"advance\"}");
    assert_int_equal(plan_number(fixture, "at"), 2);
    assert_int_equal(
        fixture_int(fixture, "SELECT json_extract(json, '$.stage_existing_rescue') FROM settings "
                             "WHERE name = 'rollout/superior_onboarding'"),
        1);
    refused(fixture, "{\"action\":\"advance\"}", ERR_CONFLICT);
    assert_int_equal(
        fixture_int(fixture, "SELECT count(*) FROM audit_log WHERE action = 'rollout_plan'"), 4);
}

static void a_rollout_decides_about_new_people(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 70);
    run(fixture, "rollout_set", "{\"name\":\"superior_onboarding\",\"share\":100}");
    assert_string_equal(fixture->result,
                        "{\"name\":\"superior_onboarding\",\"share\":100.0,\"share_before\":0.0}");
    fixture_restart(fixture); /* it is stored */
    fixture_know(fixture, 71);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users WHERE journey_set = 1"), 1);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM runs WHERE journey = "
                                          "'superior_onboarding'"),
                     1);
    run(fixture, "rollback", "{\"what\":\"all\"}");
    assert_string_equal(fixture->result, "{\"moved\":0,\"what\":\"all\"}");
    fixture_know(fixture, 72);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM runs WHERE journey = "
                                          "'superior_onboarding'"),
                     1);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM audit_log WHERE actor = 'test'"),
                     2);
}

static void a_rollback_with_move_ends_what_runs(void **state)
{
    struct engine_fixture *fixture = *state;
    run(fixture, "rollout_set", "{\"name\":\"superior_onboarding\",\"share\":100}");
    for (int i = 0; i < 150; i++) { /* more than two pages */
        fixture_text(fixture, 100 + i, "/start");
    }
    fixture_advance(fixture, MINUTE_MS);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM runs WHERE outcome = 0 AND "
                                          "journey = 'superior_onboarding'"),
                     150);
    run(fixture, "rollback", "{\"what\":\"all\",\"move\":true}");
    assert_string_equal(fixture->result, "{\"moved\":150,\"what\":\"all\"}");
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM runs WHERE outcome = 5"), 150);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM runs WHERE outcome = 0 AND "
                                          "journey = 'superior_onboarding'"),
                     0);
    assert_int_equal(fixture_int(fixture, "SELECT json = 'null' FROM settings WHERE name = "
                                          "'move/rollback'"),
                     1);
}

static void an_interrupted_move_goes_on(void **state)
{
    struct engine_fixture *fixture = *state;
    run(fixture, "rollout_set", "{\"name\":\"superior_onboarding\",\"share\":100}");
    for (int i = 0; i < 150; i++) {
        fixture_text(fixture, 100 + i, "/start");
    }
    fixture_advance(fixture, MINUTE_MS);
    fixture_command(fixture, "rollback", "{\"move\":true}");
    struct step_result result;
    struct err_detail detail;
    assert_int_equal(engine_step(fixture->engine, &result, &detail), OK);
    assert_int_equal(engine_step(fixture->engine, &result, &detail), OK); /* one page */
    assert_true(result.more);
    int64_t moved = fixture_int(fixture, "SELECT count(*) FROM runs WHERE outcome = 5");
    assert_true(moved > 0 && moved < 150);
    fixture_restart(fixture);
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM runs WHERE outcome = 5"), 150);
}

static void inputs_come_as_json(void **state)
{
    struct engine_fixture *fixture = *state;
    run(fixture, "input",
        "{\"kind\":\"trigger\",\"channel\":\"telegram\",\"identity\":\"77\",\"name\":\"\","
        "\"test\":true,\"first_name\":\"Ada\"}");
    assert_int_equal(fixture->error, OK);
    assert_non_null(strstr(fixture->result, "\"user_id\":\""));
    assert_non_null(strstr(fixture->result, "\"handled\":true"));
    assert_int_equal(fixture_int(fixture, "SELECT is_test FROM users"), 1);
    assert_true(fixture_messages(fixture) > 0);
    run(fixture, "input",
        "{\"kind\":\"commitment\",\"channel\":\"telegram\",\"identity\":\"77\",\"text\":\"swim\","
        "\"external_id\":\"key-1\"}");
    assert_int_equal(fixture->error, OK);
    assert_non_null(strstr(fixture->result, "commitment_id"));
    /* The same key again changes nothing. */
    run(fixture, "input",
        "{\"kind\":\"commitment\",\"channel\":\"telegram\",\"identity\":\"77\",\"text\":\"swim\","
        "\"external_id\":\"key-1\"}");
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM commitments"), 1);
    run(fixture, "input", "{\"kind\":\"admin\",\"user_id\":\"1\",\"name\":\"stop\"}");
    assert_int_equal(fixture->error, ERR_NOT_FOUND);
}

static void the_inbox_of_other_processes_is_served(void **state)
{
    struct engine_fixture *fixture = *state;
    struct store *other = NULL;
    struct err_detail detail = {""};
    int64_t good, bad;
    assert_int_equal(store_open(fixture->url, STORE_WRITER, &other, &detail), OK);
    fixture_settle(fixture);
    assert_int_equal(store_inbox_put(other, STR("sending"), STR("{\"mode\":\"off\"}"), STR("cli"),
                                     fixture_start_ms, &good, &detail),
                     OK);
    assert_int_equal(store_inbox_put(other, STR("nonsense"), STR("{}"), STR("cli"),
                                     fixture_start_ms, &bad, &detail),
                     OK);
    fixture_settle(fixture);
    struct arena *arena = arena_new(1024);
    bool done = false;
    enum err error = OK;
    struct str result;
    assert_int_equal(store_inbox_result(other, arena, good, &done, &error, &result, &detail), OK);
    assert_true(done);
    assert_int_equal(error, OK);
    assert_true(str_is(result, "{\"mode\":\"off\",\"mode_before\":\"on\"}"));
    assert_int_equal(store_inbox_result(other, arena, bad, &done, &error, &result, &detail), OK);
    assert_true(done);
    assert_int_equal(error, ERR_NOT_FOUND);
    arena_free(arena);
    store_close(other);
}

/* As a process that stands by keeps a webhook's request. */
static void hand_on(struct store *other, int chat, const char *body)
{
    int64_t id;
    char payload[128];
    struct err_detail detail = {""};
    snprintf(payload, sizeof(payload), "{\"channel\":\"telegram\",\"id\":\"%d\",\"body\":\"%s\"}",
             chat, body);
    assert_int_equal(store_inbox_put(other, STR("webhook"), str_of(payload), STR("webhook"),
                                     fixture_start_ms, &id, &detail),
                     OK);
}

static void what_others_took_in_comes_before_what_came_here_afterwards(void **state)
{
    struct engine_fixture *fixture = *state;
    struct store *other = NULL;
    struct err_detail detail = {""};
    char text[64];
    assert_int_equal(store_open(fixture->url, STORE_WRITER, &other, &detail), OK);
    fixture_know(fixture, 77);
    hand_on(other, 77, "/commit swim");
    fixture_text(fixture, 77, "/commit run");
    fixture_settle(fixture);
    for (int i = 0; i < LIMIT_BATCH_INBOX; i++) { /* not all fit into the batch */
        hand_on(other, 1000 + i, "/start");
    }
    hand_on(other, 77, "/commit read");
    fixture_text(fixture, 77, "/commit write");
    fixture_settle(fixture);
    fixture_string(fixture,
                   "SELECT group_concat(text, ' ') FROM (SELECT text FROM commitments ORDER BY id)",
                   text, sizeof(text));
    assert_string_equal(text, "swim run read write");
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users"), LIMIT_BATCH_INBOX + 1);
    store_close(other);
}

static void of_what_others_took_in_nothing_is_kept(void **state)
{
    struct engine_fixture *fixture = *state;
    struct store *other = NULL;
    struct err_detail detail = {""};
    assert_int_equal(store_open(fixture->url, STORE_WRITER, &other, &detail), OK);
    hand_on(other, 77, "/start");
    hand_on(other, 78, "-"); /* nothing is to be decided */
    hand_on(other, 79, "");
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users"), 1);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM inbox WHERE answered_at_ms > 0 AND "
                                          "outcome = 'OK' AND payload = '' AND result = '{}'"),
                     2);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM inbox WHERE payload = '' AND "
                                          "outcome = 'ERR_INVALID'"),
                     1);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM audit_log"), 0);
    run(fixture, "webhook", "{\"channel\":\"email\",\"id\":\"\",\"body\":\"x\"}");
    assert_int_equal(fixture->error, ERR_CONFIG);
    store_close(other);
}

static void deliveries_process_answers_when_drained(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    clock_advance(fixture->clock, 25 * HOUR_MS); /* the next message is due */
    run(fixture, "deliveries_process", "{}");
    assert_string_equal(fixture->result,
                        "{\"email_failed\":0,\"email_sent\":0,\"telegram_failed\":0,"
                        "\"telegram_sent\":1,\"total_processed\":1}");
    assert_int_equal(fixture_messages(fixture), 1);
}

/* ---- definitions ---- */

/* Who is in the middle goes on by the definition they began with; new people get the new one. */
static void applied_journeys_hold_for_new_runs(void **state)
{
    struct engine_fixture *fixture = *state;
    run(fixture, "rollout_set", "{\"name\":\"superior_onboarding\",\"share\":100}");
    fixture_know(fixture, 70);
    char *payload =
        fixture_journeys("version: \"2.0\"\nset: optimized\nclass: onboarding",
                         "version: \"2.1\"\nset: optimized\nclass: onboarding", "pin", "");
    run(fixture, "journeys_apply", payload);
    free(payload);
    assert_int_equal(fixture->error, OK);
    assert_non_null(strstr(fixture->result, "\"changed\":"));
    assert_null(strstr(fixture->result, "\"changed\":0"));
    fixture_know(fixture, 71);
    assert_int_equal(fixture_int(fixture, "SELECT count(DISTINCT definition) FROM runs WHERE "
                                          "journey = 'superior_onboarding'"),
                     2);
    fixture_restart(fixture); /* the program's own journeys are older than those applied */
    fixture_know(fixture, 72);
    assert_int_equal(fixture_int(fixture, "SELECT count(DISTINCT definition) FROM runs WHERE "
                                          "journey = 'superior_onboarding'"),
                     2);
    /* The run of the old definition goes on: its definition comes out of the database. */
    fixture_advance(fixture, 10 * DAY_MS);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM runs WHERE outcome = 0 AND journey "
                                          "= 'superior_onboarding'"),
                     0);
}

static void settings_are_kept(void **state)
{
    struct engine_fixture *fixture = *state;
    run(fixture, "setting_put", "{\"name\":\"telegram/webhook\",\"value\":\"https://x.example\"}");
    assert_int_equal(fixture->error, OK);
    char json[64];
    fixture_string(fixture, "SELECT json FROM settings WHERE name = 'telegram/webhook'", json,
                   sizeof(json));
    assert_string_equal(json, "\"https://x.example\"");
}

#define ENGINE_TEST(name)                                                                          \
    cmocka_unit_test_setup_teardown(name, engine_fixture_set_up, engine_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(mistakes_are_answered),
        ENGINE_TEST(a_plan_goes_from_stage_to_stage),
        ENGINE_TEST(a_rollout_decides_about_new_people),
        ENGINE_TEST(a_rollback_with_move_ends_what_runs),
        ENGINE_TEST(an_interrupted_move_goes_on),
        ENGINE_TEST(inputs_come_as_json),
        ENGINE_TEST(the_inbox_of_other_processes_is_served),
        ENGINE_TEST(what_others_took_in_comes_before_what_came_here_afterwards),
        ENGINE_TEST(of_what_others_took_in_nothing_is_kept),
        ENGINE_TEST(deliveries_process_answers_when_drained),
        ENGINE_TEST(applied_journeys_hold_for_new_runs),
        ENGINE_TEST(settings_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
