/* Journeys that change under people in the middle: who finishes as they began, who goes on by the
 * new version, at which step, and that a restart amid it loses nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/limits.h"
#include "bi/journeys/waiting.h"
#include "core/catalog.h"
#include "lib/engine_fixture.h"

#define VERSION_OLD   "version: \"2.0\"\nset: optimized\nclass: onboarding"
#define VERSION_NEW   "version: \"2.1\"\nset: optimized\nclass: onboarding"
#define FIRST_STEP    "  - id: first_win\n"
#define RENAMED_STEP  "  - id: early_win\n"
#define DECLARED_STEP "  - id: early_win\n    was: first_win\n"
#define OTHER_BUTTON  "      - {id: finished, text: {en: \"✅ Done\""
#define FIRST_BUTTON  "      - {id: done, text: {en: \"✅ Done\""

static void run(struct engine_fixture *fixture, const char *kind, const char *payload)
{
    int before = fixture->answers;
    fixture_command(fixture, kind, payload);
    fixture_settle(fixture);
    assert_int_equal(fixture->answers, before + 1);
}

static void apply(struct engine_fixture *fixture, const char *replace, const char *with,
                  const char *policy, const char *steps)
{
    char *payload = fixture_journeys(replace, with, policy, steps);
    run(fixture, "journeys_apply", payload);
    free(payload);
}

/* People who were just shown the first step of the optimized onboarding. */
static void begin(struct engine_fixture *fixture, int people)
{
    run(fixture, "rollout_set", "{\"name\":\"superior_onboarding\",\"share\":100}");
    for (int i = 0; i < people; i++) {
        fixture_text(fixture, 70 + i, "/start");
        fixture_settle(fixture);
    }
}

static int64_t versions(struct engine_fixture *fixture)
{
    return fixture_int(fixture, "SELECT count(DISTINCT definition) FROM runs WHERE outcome = 0 AND "
                                "journey = 'superior_onboarding'");
}

static int64_t moves(struct engine_fixture *fixture)
{
    return fixture_int(fixture, "SELECT count(*) FROM events WHERE type = 'run_moved'");
}

static int64_t completed(struct engine_fixture *fixture)
{
    return fixture_int(fixture, "SELECT count(*) FROM events WHERE type = 'step_completed'");
}

static void press(struct engine_fixture *fixture, int64_t chat, const char *step,
                  const char *button)
{
    char token[96];
    snprintf(token, sizeof(token), "r:%lld:%s:%s",
             (long long)fixture_int(fixture, "SELECT min(id) FROM runs"), step, button);
    fixture_button(fixture, chat, token);
    fixture_settle(fixture);
}

static void pinned_people_finish_as_they_began(void **state)
{
    struct engine_fixture *fixture = *state;
    begin(fixture, 1);
    apply(fixture, VERSION_OLD, VERSION_NEW, "pin", "");
    assert_int_equal(fixture->error, OK);
    assert_int_equal(moves(fixture), 0);
    begin(fixture, 2);
    assert_int_equal(versions(fixture), 2);
}

static void followers_go_on_at_the_same_step(void **state)
{
    struct engine_fixture *fixture = *state;
    begin(fixture, 2);
    int64_t due = fixture_int(fixture, "SELECT next_at_ms FROM runs LIMIT 1");
    apply(fixture, VERSION_OLD, VERSION_NEW, "follow", "");
    assert_int_equal(fixture->error, OK);
    assert_non_null(strstr(fixture->result, "\"policy\":\"follow\""));
    assert_int_equal(moves(fixture), 2);
    assert_int_equal(versions(fixture), 1);
    assert_int_equal(fixture_int(fixture, "SELECT next_at_ms FROM runs LIMIT 1"), due);
    char before[80];
    fixture_string(fixture, "SELECT data FROM events WHERE type = 'run_moved' LIMIT 1", before,
                   sizeof(before));
    assert_string_equal(before, "{\"version\":\"2.1\",\"version_before\":\"2.0\"}");
    press(fixture, 70, "first_win", "done");
    assert_int_equal(completed(fixture), 1);
    fixture_restart(fixture);
    fixture_advance(fixture, 10 * DAY_MS);
    assert_int_equal(versions(fixture), 0);
}

/* The new version waits shorter: what is silent is silent since the message, not since the move. */
static void silence_counts_from_the_message(void **state)
{
    struct engine_fixture *fixture = *state;
    begin(fixture, 1);
    int64_t sent = fixture_int(fixture, "SELECT max(sent_at_ms) FROM deliveries");
    fixture_advance(fixture, HOUR_MS);
    apply(fixture, "    no_answer: 6h\n", "    no_answer: 3h\n", "follow", "");
    assert_int_equal(moves(fixture), 1);
    assert_int_equal(fixture_int(fixture, "SELECT next_at_ms FROM runs") - sent, 3 * HOUR_MS);
    fixture_advance(fixture, 2 * HOUR_MS + MINUTE_MS);
    assert_int_equal(
        fixture_int(fixture, "SELECT count(*) FROM events WHERE type = 'recovery_sent'"), 1);
}

static void whose_step_is_gone_stays(void **state)
{
    struct engine_fixture *fixture = *state;
    begin(fixture, 1);
    apply(fixture, FIRST_STEP, RENAMED_STEP, "follow", "");
    assert_int_equal(fixture->error, OK);
    assert_int_equal(moves(fixture), 0);
    press(fixture, 70, "first_win", "done");
    assert_int_equal(completed(fixture), 1);
}

static void whose_button_is_gone_stays(void **state)
{
    struct engine_fixture *fixture = *state;
    begin(fixture, 1);
    apply(fixture, FIRST_BUTTON, OTHER_BUTTON, "follow", "");
    assert_int_equal(fixture->error, OK);
    assert_int_equal(moves(fixture), 0);
    press(fixture, 70, "first_win", "done");
    assert_int_equal(completed(fixture), 1);
}

/* Buttons of the message that was sent before carry the old name, and count. */
static void renamed_steps_keep_their_people(void **state)
{
    struct engine_fixture *fixture = *state;
    begin(fixture, 1);
    apply(fixture, FIRST_STEP, RENAMED_STEP, "migrate", "first_win=early_win");
    assert_int_equal(fixture->error, OK);
    assert_int_equal(moves(fixture), 1);
    press(fixture, 70, "first_win", "done");
    assert_int_equal(completed(fixture), 1);
    char step[40];
    fixture_string(fixture, "SELECT step FROM events WHERE type = 'step_completed'", step,
                   sizeof(step));
    assert_string_equal(step, "early_win");
    apply(fixture, FIRST_STEP, FIRST_STEP, "migrate", "early_win=first_win");
    assert_int_equal(moves(fixture), 2);
    press(fixture, 70, "early_win", "done"); /* again: it was done */
    assert_int_equal(completed(fixture), 1);
}

static void the_definition_may_say_what_a_step_was(void **state)
{
    struct engine_fixture *fixture = *state;
    begin(fixture, 1);
    apply(fixture, FIRST_STEP, DECLARED_STEP, "migrate", "");
    assert_int_equal(fixture->error, OK);
    assert_int_equal(moves(fixture), 1);
    press(fixture, 70, "first_win", "done");
    assert_int_equal(completed(fixture), 1);
}

/* What waits to be sent is sent once, with the new version's words. */
static void a_message_that_waits_is_of_the_new_version(void **state)
{
    struct engine_fixture *fixture = *state;
    begin(fixture, 1);
    run(fixture, "sending", "{\"mode\":\"off\"}");
    fixture_advance(fixture, 6 * HOUR_MS + MINUTE_MS);
    assert_int_equal(fixture_int(fixture, "SELECT phase FROM runs"), PHASE_SENDING);
    int before = fixture_messages(fixture);
    apply(fixture, FIRST_STEP, RENAMED_STEP, "migrate", "first_win=early_win");
    assert_int_equal(moves(fixture), 1);
    run(fixture, "sending", "{\"mode\":\"on\"}");
    assert_int_equal(fixture_messages(fixture), before + 1);
    press(fixture, 70, "early_win", "hello");
    assert_int_equal(completed(fixture), 1);
}

static void mistakes_change_nothing(void **state)
{
    struct engine_fixture *fixture = *state;
    static const struct {
        const char *policy, *steps;
        const char *said;
    } cases[] = {
        {"drift", "", "none of pin, follow, migrate"},
        {"follow", "a=b", "only the policy migrate"},
        {"migrate", "first_win", "no list"},
        {"migrate", "first_win=First Win", "no list"},
        {"migrate", "first_win=nowhere", "no journey has a step"},
    };
    begin(fixture, 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        apply(fixture, VERSION_OLD, VERSION_NEW, cases[i].policy, cases[i].steps);
        assert_int_equal(fixture->error, ERR_INVALID);
        assert_non_null(strstr(fixture->detail, cases[i].said));
    }
    assert_int_equal(
        fixture_int(fixture, "SELECT count(*) FROM settings WHERE name = 'journeys/current'"), 0);
    assert_int_equal(moves(fixture), 0);
}

/* A page a batch: the process ends after the first one, and the next process goes on. Meanwhile
 * nothing else is put into force. */
static void a_restart_amid_the_move_loses_nobody(void **state)
{
    struct engine_fixture *fixture = *state;
    enum { PEOPLE = LIMIT_PAGE_USERS + 20 };
    begin(fixture, PEOPLE);
    char *payload = fixture_journeys(VERSION_OLD, VERSION_NEW, "follow", "");
    fixture_command(fixture, "journeys_apply", payload);
    struct step_result result;
    struct err_detail detail = {""};
    while (moves(fixture) == 0) {
        assert_int_equal(engine_step(fixture->engine, &result, &detail), OK);
    }
    assert_int_equal(moves(fixture), LIMIT_PAGE_USERS);
    int before = fixture->answers;
    fixture_command(fixture, "journeys_apply", payload);
    while (fixture->answers == before) {
        assert_int_equal(engine_step(fixture->engine, &result, &detail), OK);
        fixture_restart(fixture);
        break;
    }
    free(payload);
    fixture_settle(fixture);
    assert_int_equal(moves(fixture), PEOPLE);
    assert_int_equal(versions(fixture), 1);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM settings WHERE name = "
                                          "'move/journeys_follow' AND json <> 'null'"),
                     0);
}

/* ---- what is shown before ---- */

static const json_t *group_of(const json_t *list, const char *fate)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (str_is(json_get_str(json_array_get(list, i), "fate"), fate)) {
            return json_array_get(list, i);
        }
    }
    return NULL;
}

static json_t *people_under(struct engine_fixture *fixture, const char *with,
                            const struct step_names *names)
{
    json_t *payload = NULL;
    char *text = fixture_journeys(FIRST_STEP, with, "pin", "");
    assert_int_equal(json_read(str_of(text), strlen(text), &payload, NULL), OK);
    free(text);
    const json_t *list = json_get_array(payload, "files");
    struct definition_file files[64];
    size_t count = json_array_size(list);
    assert_in_range(count, 1, 64);
    for (size_t i = 0; i < count; i++) {
        files[i] = (struct definition_file){json_get_str(json_array_get(list, i), "name"),
                                            json_get_str(json_array_get(list, i), "yaml")};
    }
    struct catalog *catalog = NULL;
    struct mistakes mistakes = {0};
    assert_int_equal(catalog_build(fixture->arena, files, (int)count, &catalog, &mistakes), OK);
    json_t *people = NULL;
    struct err_detail detail;
    assert_int_equal(
        waiting_people(fixture->store, fixture->arena, catalog, names, false, &people, &detail),
        OK);
    catalog_free(catalog);
    json_decref(payload);
    return people;
}

static void the_preview_counts_people_at_each_step(void **state)
{
    struct engine_fixture *fixture = *state;
    begin(fixture, 3);
    json_t *people = people_under(fixture, FIRST_STEP, NULL);
    assert_int_equal(json_array_size(people), 0); /* nothing changes */
    json_decref(people);

    people = people_under(fixture, RENAMED_STEP, NULL);
    assert_int_equal(json_array_size(people), 1);
    assert_int_equal(json_get_int(group_of(people, "finish"), "people", 0), 3);
    json_decref(people);

    const struct step_names follow = {false, STR_NONE};
    people = people_under(fixture, RENAMED_STEP, &follow);
    const json_t *group = group_of(people, "stay");
    assert_int_equal(json_get_int(group, "people", 0), 3);
    assert_true(str_is(json_get_str(group, "step"), "first_win"));
    assert_true(str_is(json_get_str(group, "why"), "the new version has no such step"));
    json_decref(people);

    const struct step_names migrate = {true, STR("first_win=early_win")};
    people = people_under(fixture, RENAMED_STEP, &migrate);
    group = group_of(people, "move");
    assert_int_equal(json_get_int(group, "people", 0), 3);
    assert_true(str_is(json_get_str(group, "step_after"), "early_win"));
    assert_true(str_is(json_get_str(group, "version"), "2.0"));
    json_decref(people);
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, engine_fixture_set_up, engine_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pinned_people_finish_as_they_began),
        TEST(followers_go_on_at_the_same_step),
        TEST(silence_counts_from_the_message),
        TEST(whose_step_is_gone_stays),
        TEST(whose_button_is_gone_stays),
        TEST(renamed_steps_keep_their_people),
        TEST(the_definition_may_say_what_a_step_was),
        TEST(a_message_that_waits_is_of_the_new_version),
        TEST(mistakes_change_nothing),
        TEST(a_restart_amid_the_move_loses_nobody),
        TEST(the_preview_counts_people_at_each_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
