/* Rows that nothing can be done with: they are set aside and named once, and all else goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/limits.h"
#include "lib/engine_fixture.h"

static void run_sql(struct engine_fixture *fixture, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(fixture->reader, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
}

static int64_t user_of(struct engine_fixture *fixture, int64_t chat)
{
    char query[100];
    snprintf(query, sizeof(query), "SELECT user_id FROM identities WHERE value = '%lld'",
             (long long)chat);
    int64_t id = fixture_int(fixture, query);
    assert_true(id != 0);
    return id;
}

/* ?1 of the statement is the person of the chat. */
static void at_user(struct engine_fixture *fixture, const char *sql, int64_t chat)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(fixture->reader, sql, -1, &statement, NULL), SQLITE_OK);
    sqlite3_bind_int64(statement, 1, user_of(fixture, chat));
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_finalize(statement);
}

/* How many disagreements doctor finds that say so. */
static int found(struct engine_fixture *fixture, const char *text)
{
    enum { FINDINGS_MAX = 100 };
    struct store *store = NULL;
    struct err_detail detail = {""};
    struct finding *findings = NULL;
    int count = 0;
    int checks = 0;
    int matching = 0;
    assert_int_equal(store_open(fixture->url, STORE_READER, &store, &detail), OK);
    assert_int_equal(
        store_doctor(store, fixture->arena, FINDINGS_MAX, &findings, &count, &checks, &detail), OK);
    for (int i = 0; i < count; i++) {
        matching +=
            memmem(findings[i].text.ptr, findings[i].text.length, text, strlen(text)) != NULL;
    }
    store_close(store);
    return matching;
}

/* Everybody's next message comes a day after the first. */
static void know(struct engine_fixture *fixture, int count)
{
    for (int i = 0; i < count; i++) {
        fixture_text(fixture, 70 + i, "/start");
    }
    fixture_advance(fixture, MINUTE_MS);
    fake_channel_forget(fixture->telegram);
}

static void others_were_written_to(struct engine_fixture *fixture, int expected)
{
    fixture_advance(fixture, 25 * HOUR_MS);
    assert_int_equal(fixture_messages(fixture), expected);
    int64_t now_ms = clock_now_ms(fixture->clock);
    struct step_result result;
    struct err_detail detail;
    assert_int_equal(engine_step(fixture->engine, &result, &detail), OK);
    assert_false(result.more); /* it rests */
    assert_true(result.next_due_at_ms > now_ms);
    struct engine_status status;
    engine_status(fixture->engine, &status);
    assert_true(status.healthy);
    assert_int_equal(status.store_errors, 0);
}

static void rows_that_cannot_be_read_are_set_aside(void **state)
{
    struct engine_fixture *fixture = *state;
    static const char *const spoilt[] = {
        "UPDATE runs SET steps = '{broken' WHERE user_id = ?1",
        "UPDATE runs SET phase = 77 WHERE user_id = ?1",
        "UPDATE users SET channel = 99 WHERE id = ?1",
    };
    enum { SPOILT = sizeof(spoilt) / sizeof(*spoilt), PEOPLE = SPOILT + 3 };
    know(fixture, PEOPLE);
    for (int i = 0; i < SPOILT; i++) {
        at_user(fixture, spoilt[i], 70 + i);
    }
    others_were_written_to(fixture, PEOPLE - SPOILT);
    int64_t aside = fixture_int(fixture, "SELECT count(*) FROM due_failed");
    assert_in_range(aside, SPOILT, 2 * SPOILT); /* the run's and the person's own */
    assert_int_equal(found(fixture, "could not be worked on: table"), aside);
    assert_int_equal(found(fixture, "has no due row"), 0);

    /* What such a person writes is refused; what is decided about others is not. */
    fixture_text(fixture, 70, "/help");
    fixture_settle(fixture);
    assert_int_equal(fixture->error, ERR_STORE);
    assert_non_null(strstr(fixture->detail, "table runs"));
    fixture_text(fixture, 70 + SPOILT, "/help");
    fixture_settle(fixture);
    assert_int_equal(fixture->error, OK);

    /* A start tries once more; when the row was mended, it goes on. */
    fake_channel_forget(fixture->telegram);
    at_user(fixture, "UPDATE runs SET steps = '[]' WHERE user_id = ?1", 70);
    fixture_restart(fixture);
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM due_failed"), aside - 1);
    fixture_text(fixture, 70, "/help");
    fixture_settle(fixture);
    assert_int_equal(fixture->error, OK);
    assert_int_equal(fixture_messages(fixture), 2); /* what was due, and the answer */
}

static void a_broken_message_does_not_touch_its_person(void **state)
{
    struct engine_fixture *fixture = *state;
    know(fixture, 2);
    fixture_text(fixture, 70, "/settings");
    fixture_text(fixture, 71, "/settings");
    fake_channel_swallow(fixture->telegram, true);
    fixture_settle(fixture);
    fake_channel_swallow(fixture->telegram, false);
    at_user(fixture, "UPDATE deliveries SET buttons = '[[[' WHERE user_id = ?1 AND state = 1", 70);
    assert_int_equal(sqlite3_changes(fixture->reader), 1);
    fake_channel_forget(fixture->telegram);
    /* Its timer and what the person writes come in one batch. */
    clock_advance(fixture->clock, HOUR_MS);
    fixture_text(fixture, 70, "/help");
    fixture_settle(fixture);
    assert_int_equal(fixture->error, OK);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM due_failed"), 1);
    assert_int_equal(found(fixture, "table deliveries"), 1);
    fixture_advance(fixture, HOUR_MS);
    assert_true(fixture_messages(fixture) >= 2); /* the answer, and the other's settings again */
}

static void a_due_row_of_nobody_is_deleted(void **state)
{
    struct engine_fixture *fixture = *state;
    know(fixture, 3);
    at_user(fixture, "DELETE FROM users WHERE id = ?1", 70);
    others_were_written_to(fixture, 2);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM due_failed"), 0);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM due AS d LEFT JOIN users AS u ON "
                                          "u.id = d.user_id WHERE u.id IS NULL"),
                     0);
}

/* The run goes on with the journey of its name; when there is none, or no such step, it ends. */
static void a_run_whose_definition_is_gone_is_no_obstacle(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture->tampered = true;
    know(fixture, 5);
    at_user(fixture, "UPDATE runs SET definition = 'gone' WHERE user_id = ?1", 70);
    at_user(fixture, "UPDATE runs SET definition = 'gone', journey = 'nowhere' WHERE user_id = ?1",
            71);
    at_user(fixture, "UPDATE runs SET definition = 'gone', step = 31 WHERE user_id = ?1", 72);
    run_sql(fixture, "INSERT INTO definitions VALUES ('bad', 'onboarding', '1', 'journey: [', 1), "
                     "('other', 'onboarding', '1', 'journey: x', 1)");
    at_user(fixture, "UPDATE runs SET definition = 'bad' WHERE user_id = ?1", 73);
    others_were_written_to(fixture, 3);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM due_failed"), 0);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM runs WHERE outcome = 2"), 2);
    assert_int_equal(found(fixture, "an ended run"), 0);
    assert_int_equal(found(fixture, "the definition"), 0);
}

static void broken_answers_are_taken_for_none(void **state)
{
    struct engine_fixture *fixture = *state;
    know(fixture, 3);
    at_user(fixture, "UPDATE runs SET answers = '{\"a\":', variants = '[' WHERE user_id = ?1", 70);
    others_were_written_to(fixture, 3);
    fixture_text(fixture, 70, "/commit read");
    fixture_settle(fixture);
    assert_int_equal(fixture->error, OK);
}

/* A row that cannot be saved fails the whole batch: one thing at a time is tried, that row is set
 * aside, and then all goes on together. The loop's own pauses are left out. */
static void a_row_that_cannot_be_saved_is_found_and_set_aside(void **state)
{
    enum { PEOPLE = 40, STEPS = 400 };
    struct engine_fixture *fixture = *state;
    know(fixture, PEOPLE);
    char trigger[200];
    snprintf(trigger, sizeof(trigger),
             "CREATE TRIGGER refuse BEFORE UPDATE ON runs WHEN new.user_id = %lld BEGIN SELECT "
             "raise(ABORT, 'not this one'); END",
             (long long)user_of(fixture, 70 + PEOPLE / 2));
    run_sql(fixture, trigger);
    clock_advance(fixture->clock, 25 * HOUR_MS);
    int failures = 0;
    struct step_result result = {.more = true};
    for (int i = 0; i < STEPS && (result.more || failures == 0); i++) {
        struct err_detail detail = {""};
        failures += engine_step(fixture->engine, &result, &detail) != OK;
    }
    fixture_advance(fixture, MINUTE_MS);
    assert_int_equal(fixture_messages(fixture), PEOPLE - 1);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM due_failed"), 1);
    assert_int_equal(found(fixture, "not this one"), 1);
    assert_in_range(failures, 3, 5);
    run_sql(fixture, "DROP TRIGGER refuse");
    fixture_restart(fixture);
    fixture_advance(fixture, MINUTE_MS);
    assert_int_equal(fixture_messages(fixture), PEOPLE);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM due_failed"), 0);
}

/* A day later it is tried again, without a restart. */
static void what_was_set_aside_is_tried_again(void **state)
{
    struct engine_fixture *fixture = *state;
    know(fixture, 1);
    at_user(fixture, "UPDATE runs SET steps = '{broken' WHERE user_id = ?1", 70);
    others_were_written_to(fixture, 0);
    at_user(fixture, "UPDATE runs SET steps = '[]' WHERE user_id = ?1", 70);
    assert_true(fixture_int(fixture, "SELECT count(*) FROM due_failed") > 0);
    clock_advance(fixture->clock, 25 * HOUR_MS);
    fixture_settle(fixture);
    fixture_advance(fixture, HOUR_MS);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM due_failed"), 0);
}

static void a_broken_person_is_no_recipient_and_can_be_erased(void **state)
{
    struct engine_fixture *fixture = *state;
    know(fixture, 3);
    at_user(fixture, "UPDATE users SET stopped = 7 WHERE id = ?1", 70);
    fixture_advance(fixture, 5 * HOUR_MS);
    fixture_command(fixture, "broadcast", "{\"text\":{\"en\":\"News\"}}");
    fixture_advance(fixture, MINUTE_MS);
    assert_non_null(strstr(fixture->result, "\"recipients\":2"));
    assert_int_equal(fixture_messages(fixture), 2);
    fixture_command(fixture, "input",
                    "{\"kind\":\"admin\",\"channel\":\"telegram\",\"identity\":\"70\",\"name\":"
                    "\"erase\"}");
    fixture_settle(fixture);
    assert_int_equal(fixture->error, OK);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users WHERE is_erased = 1"), 1);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM identities WHERE value = '70'"), 0);
}

#define ENGINE_TEST(name)                                                                          \
    cmocka_unit_test_setup_teardown(name, engine_fixture_set_up, engine_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(rows_that_cannot_be_read_are_set_aside),
        ENGINE_TEST(a_broken_message_does_not_touch_its_person),
        ENGINE_TEST(a_due_row_of_nobody_is_deleted),
        ENGINE_TEST(a_run_whose_definition_is_gone_is_no_obstacle),
        ENGINE_TEST(broken_answers_are_taken_for_none),
        ENGINE_TEST(a_row_that_cannot_be_saved_is_found_and_set_aside),
        ENGINE_TEST(what_was_set_aside_is_tried_again),
        ENGINE_TEST(a_broken_person_is_no_recipient_and_can_be_erased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
