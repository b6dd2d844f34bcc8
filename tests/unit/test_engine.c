/* The loop: what goes in is decided once, in order, saved before it is answered, and survives. */
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

static void a_first_text_makes_a_person_and_an_answer(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_text(fixture, 77, "/start");
    assert_int_equal(fixture->answers, 0);
    fixture_settle(fixture);
    assert_int_equal(fixture->answers, 1);
    assert_int_equal(fixture->error, OK);
    assert_true(fixture->handled);
    assert_false(fixture->duplicate);
    assert_int_equal(fixture_int(fixture, "SELECT id FROM users"), fixture->user_id);
    assert_int_equal(fixture_int(fixture, "SELECT user_id FROM identities WHERE value = '77'"),
                     fixture->user_id);
    assert_true(fixture_messages(fixture) >= 1);
    assert_string_equal(fixture_last(fixture)->address, "77");
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE state = 3"),
                     fixture_messages(fixture));
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE state < 3"), 0);
}

static void the_same_input_counts_once(void **state)
{
    struct engine_fixture *fixture = *state;
    struct input input = fixture_input(fixture, 77, "/help");
    fixture_submit(fixture, &input);
    fixture_submit(fixture, &input); /* in the same batch */
    fixture_settle(fixture);
    int messages = fixture_messages(fixture);
    assert_int_equal(fixture->answers, 2);
    assert_true(fixture->duplicate);
    fixture_submit(fixture, &input); /* later */
    fixture_settle(fixture);
    assert_true(fixture->duplicate);
    fixture_restart(fixture); /* and after a restart */
    fixture_submit(fixture, &input);
    fixture_settle(fixture);
    assert_true(fixture->duplicate);
    assert_int_equal(fixture_messages(fixture), messages);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users"), 1);
}

/* The clock was wrong and is set forward: for the source hardly any time has passed. */
static void an_input_is_known_after_the_clock_was_set_forward(void **state)
{
    struct engine_fixture *fixture = *state;
    struct input input = fixture_input(fixture, 77, "/help");
    fixture_submit(fixture, &input);
    fixture_settle(fixture);
    clock_set(fixture->clock, fixture_start_ms + 2 * DAY_MS);
    fixture_text(fixture, 78, "/help");
    fixture_settle(fixture); /* what is old is forgotten on the way */
    fixture_submit(fixture, &input);
    fixture_settle(fixture);
    assert_true(fixture->duplicate);
    clock_set(fixture->clock, fixture_start_ms + 4 * DAY_MS);
    fixture_text(fixture, 78, "/help");
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM seen"), 2);
}

static void inputs_of_one_person_are_decided_in_order(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_text(fixture, 77, "/help");
    fixture_settle(fixture);
    fixture_text(fixture, 77, "/commit first");
    fixture_text(fixture, 77, "/commit second");
    fixture_text(fixture, 78, "/commit other");
    fixture_text(fixture, 77, "/commit third");
    fixture_settle(fixture);
    char texts[200];
    fixture_string(fixture,
                   "SELECT group_concat(text, ',') FROM (SELECT c.text FROM commitments AS c JOIN "
                   "identities AS i ON i.user_id = c.user_id WHERE i.value = '77' ORDER BY c.id)",
                   texts, sizeof(texts));
    assert_string_equal(texts, "first,second,third");
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users"), 2);
}

/* Each event names the one before it of the same person. */
static void events_form_a_chain(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_text(fixture, 77, "/help");
    fixture_text(fixture, 78, "/help");
    fixture_text(fixture, 77, "/commit run");
    fixture_settle(fixture);
    fixture_text(fixture, 77, "/list");
    fixture_settle(fixture);
    assert_true(fixture_int(fixture, "SELECT count(*) FROM events") > 4);
    assert_int_equal(
        fixture_int(fixture,
                    "WITH RECURSIVE walk(id, prev) AS (SELECT e.id, e.previous_event_id FROM users "
                    "AS u JOIN events AS e ON e.id = u.event_last_id UNION ALL SELECT e.id, "
                    "e.previous_event_id FROM walk JOIN events AS e ON e.id = walk.prev) "
                    "SELECT count(*) = (SELECT count(*) FROM events) FROM walk"),
        1);
}

/* The first loss of a reply is sent once more, the second is not; each is counted. */
static void a_crash_after_the_commit_leaves_uncertain_ones(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_text(fixture, 77, "/help");
    fake_channel_swallow(fixture->telegram, true);
    fixture_settle(fixture);
    int first = fixture_messages(fixture);
    assert_true(first >= 1);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE state = 1"),
                     first);
    fixture_restart(fixture);
    fixture_settle(fixture);
    assert_int_equal(fixture_messages(fixture), first);
    fixture_advance(fixture, 5 * MINUTE_MS);
    assert_int_equal(fixture_messages(fixture), 2 * first);
    fixture_restart(fixture);
    fixture_advance(fixture, DAY_MS / 4);
    assert_int_equal(fixture_int(fixture, "SELECT min(uncertain) FROM deliveries WHERE kind = 7"),
                     2);
    assert_int_equal(fixture_messages(fixture), 2 * first);
}

static void what_was_not_committed_is_offered_again(void **state)
{
    struct engine_fixture *fixture = *state;
    struct input input = fixture_input(fixture, 77, "/help");
    fixture_submit(fixture, &input);
    fixture_restart(fixture); /* before any step */
    assert_int_equal(fixture->answers, 1);
    assert_int_equal(fixture->error, ERR_CANCELLED);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users"), 0);
    fixture_submit(fixture, &input);
    fixture_settle(fixture);
    assert_int_equal(fixture->error, OK);
    assert_false(fixture->duplicate);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users"), 1);
}

/* Another process holds the database: nothing is lost, nothing is answered, nothing is sent. */
static void a_locked_database_loses_nothing(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_text(fixture, 77, "/help");
    fixture_text(fixture, 78, "/help");
    fixture_command(fixture, "sending", "{\"mode\":\"off\"}");
    assert_int_equal(sqlite3_exec(fixture->reader, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct step_result result = {0};
    struct err_detail detail = {""};
    assert_int_equal(engine_step(fixture->engine, &result, &detail), ERR_BUSY);
    assert_int_equal(fixture->answers, 0);
    assert_int_equal(fixture_messages(fixture), 0);
    struct engine_status status;
    engine_status(fixture->engine, &status);
    assert_false(status.healthy);
    assert_int_equal(sqlite3_exec(fixture->reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    fixture_settle(fixture);
    assert_int_equal(fixture->answers, 3);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users"), 2);
    engine_status(fixture->engine, &status);
    assert_true(status.healthy);
    assert_int_equal(status.store_errors, 1);
}

/* Inputs that the database always refuses must not hold up the others, however many they are. */
static void poisonous_inputs_do_not_block_the_rest(struct engine_fixture *fixture, int poisonous)
{
    assert_int_equal(sqlite3_exec(fixture->reader,
                                  "CREATE TRIGGER poison BEFORE INSERT ON users WHEN "
                                  "NEW.first_name = 'Poison' BEGIN SELECT raise(ABORT, 'no'); END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    for (int i = 0; i < poisonous; i++) {
        struct input bad = fixture_input(fixture, 1000 + i, "/help");
        bad.first_name = STR("Poison");
        fixture_submit(fixture, &bad);
    }
    for (int i = 0; i < 5; i++) {
        fixture_text(fixture, 70 + i, "/help");
    }
    int failures = 0;
    for (int i = 0; i < 4 * poisonous + 30; i++) {
        struct step_result result = {0};
        struct err_detail detail = {""};
        failures += engine_step(fixture->engine, &result, &detail) != OK;
    }
    assert_true(failures > 3);
    assert_int_equal(fixture->answers, 5);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users"), 5);
    assert_int_equal(sqlite3_exec(fixture->reader, "DROP TRIGGER poison", NULL, NULL, NULL),
                     SQLITE_OK);
    fixture_settle(fixture);
    assert_int_equal(fixture->answers, 5 + poisonous);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users"), 5 + poisonous);
}

static void a_poisonous_input_does_not_block_the_rest(void **state)
{
    poisonous_inputs_do_not_block_the_rest(*state, 1);
}

static void a_batch_of_poisonous_inputs_does_not_block_the_rest(void **state)
{
    poisonous_inputs_do_not_block_the_rest(*state, LIMIT_BATCH_INPUTS);
}

static void a_second_server_is_refused(void **state)
{
    struct engine_fixture *fixture = *state;
    struct engine *first = fixture->engine;
    struct err_detail detail = {""};
    fixture->engine = NULL;
    struct store *own = fixture->store;
    assert_int_equal(store_open(fixture->url, STORE_WRITER, &fixture->store, &detail), OK);
    struct lease lease;
    assert_int_equal(store_lease_take(fixture->store, 99, 1, fixture_start_ms,
                                      fixture_start_ms + 1000, &lease, &detail),
                     ERR_CONFLICT);
    assert_non_null(strstr(detail.text, "process"));
    store_close(fixture->store);
    fixture->store = own;
    fixture->engine = first;
    /* The lease is renewed as long as the loop runs, and given back at its end. */
    clock_advance(fixture->clock, 60000);
    fixture_settle(fixture);
    assert_true(fixture_int(fixture, "SELECT until_ms FROM engine_lease") >
                clock_now_ms(fixture->clock));
    engine_free(fixture->engine);
    fixture->engine = NULL;
    assert_int_equal(fixture_int(fixture, "SELECT until_ms FROM engine_lease"), 0);
}

static void a_full_queue_says_so(void **state)
{
    struct engine_fixture *fixture = *state;
    struct input input = fixture_input(fixture, 77, "/help");
    for (int i = 0; i < LIMIT_QUEUE_INPUTS; i++) {
        assert_int_equal(engine_submit(fixture->engine, &input, NULL, NULL), OK);
    }
    assert_int_equal(engine_submit(fixture->engine, &input, NULL, NULL), ERR_BUSY);
    fixture_settle(fixture);
    assert_int_equal(engine_submit(fixture->engine, &input, NULL, NULL), OK);
}

static void nobody_is_made_by_a_button_or_a_group(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_button(fixture, 77, "x:delete");
    fixture_settle(fixture);
    int count;
    const struct fake_sent *sent = fake_channel_sent(fixture->telegram, &count);
    assert_int_equal(count, 1); /* the spinner ends */
    assert_int_equal(sent[0].act, ACT_ANSWER_TAP);
    struct input group = fixture_input(fixture, 78, "/start@our_bot");
    group.kind = INPUT_GROUP;
    group.in_group = true;
    group.address = STR("-100");
    group.bot_name = STR("our_bot");
    group.may_create = false;
    fixture_submit(fixture, &group);
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users"), 0);
    sent = fake_channel_sent(fixture->telegram, &count);
    assert_int_equal(count, 2);
    assert_int_equal(sent[1].act, ACT_SEND_TEXT);
    assert_string_equal(sent[1].address, "-100");
}

static void keep_tap(void *context, const struct outcome *outcome)
{
    char *callback = context;
    assert_int_equal(outcome->error, OK);
    if (outcome->tap_answer != NULL) {
        str_copy(callback, 16, outcome->tap_answer->callback_id);
    }
}

static void a_tap_is_answered_by_whoever_submitted_it(void **state)
{
    struct engine_fixture *fixture = *state;
    char callback[16] = "";
    int count;
    struct input tap = fixture_input(fixture, 77, "");
    tap.kind = INPUT_BUTTON;
    tap.may_create = false;
    tap.token = STR("x:delete");
    tap.callback_id = STR("cb");
    tap.answers_tap = true;
    assert_int_equal(engine_submit(fixture->engine, &tap, keep_tap, callback), OK);
    fixture_settle(fixture);
    assert_string_equal(callback, "cb");
    fake_channel_sent(fixture->telegram, &count);
    assert_int_equal(count, 0); /* no request beside it */
    callback[0] = '\0';
    assert_int_equal(engine_submit(fixture->engine, &tap, keep_tap, callback), OK);
    fixture_settle(fixture);
    assert_string_equal(callback, ""); /* the same update again */
}

static void erasure_leaves_nothing_to_find(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_text(fixture, 77, "/commit secret plan");
    fixture_settle(fixture);
    fixture_text(fixture, 77, "/delete");
    fixture_settle(fixture);
    fixture_button(fixture, 77, "x:delete");
    fixture_text(fixture, 77, "are you still there?"); /* in the same batch */
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users WHERE is_erased = 1"), 1);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM commitments"), 0);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users WHERE is_erased = 0"), 1);
    fixture_advance(fixture, 3 * DAY_MS);
}

static void export_sends_a_file(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_text(fixture, 77, "/commit read");
    fixture_text(fixture, 77, "/export");
    fixture_settle(fixture);
    int count;
    const struct fake_sent *sent = fake_channel_sent(fixture->telegram, &count);
    int files = 0;
    for (int i = 0; i < count; i++) {
        if (sent[i].is_act && sent[i].act == ACT_SEND_FILE) {
            files++;
            assert_non_null(strstr(sent[i].text, "{"));
        }
    }
    assert_int_equal(files, 1);
}

static void operators_are_to_be_told_of_a_crisis(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    fixture_text(fixture, 77, "I want to kill myself");
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM operator_messages "
                                          "WHERE sent_at_ms = 0 AND text NOT LIKE '%kill%'"),
                     1);
    int64_t id = fixture_int(fixture, "SELECT id FROM operator_messages");
    char told[64];
    snprintf(told, sizeof(told), "{\"id\":\"%lld\"}", (long long)id);
    fixture_command(fixture, "operators_told", told);
    fixture_settle(fixture);
    assert_int_equal(
        fixture_int(fixture, "SELECT count(*) FROM operator_messages WHERE sent_at_ms > 0"), 1);
}

static void a_month_passes(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_command(fixture, "rollout_set", "{\"name\":\"superior_onboarding\",\"share\":50}");
    for (int i = 0; i < 20; i++) {
        fixture_text(fixture, 100 + i, i % 3 == 0 ? "/commit walk" : "/start");
    }
    fixture_advance(fixture, 30 * DAY_MS);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE state IN (1, 2)"),
                     0);
    struct arena *arena = arena_new(4096);
    struct finding *findings = NULL;
    int count = 0;
    int checks = 0;
    struct err_detail detail = {""};
    assert_int_equal(store_doctor(fixture->store, arena, 10, &findings, &count, &checks, &detail),
                     OK);
    for (int i = 0; i < count; i++) {
        print_message("%.*s: %.*s\n", STR_ARG(findings[i].check), STR_ARG(findings[i].text));
    }
    assert_int_equal(count, 0);
    arena_free(arena);
}

/* Many at once are one write; the figure is by day. */
static void errors_are_counted_by_day(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    engine_count_error(fixture->engine, ENGINE_ERROR_HTTP_5XX);
    engine_count_error(fixture->engine, ENGINE_ERROR_HTTP_5XX);
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT count FROM error_counts WHERE kind = 'http_5xx'"),
                     2);
    /* The definition of a run is lost, which cannot be: the run goes on, and it is counted. */
    assert_int_equal(sqlite3_exec(fixture->reader,
                                  "UPDATE runs SET definition = 'gone' WHERE outcome = 0", NULL,
                                  NULL, NULL),
                     SQLITE_OK);
    fixture_advance(fixture, DAY_MS);
    engine_count_error(fixture->engine, ENGINE_ERROR_HTTP_5XX);
    fixture_advance(fixture, HOUR_MS);
    assert_int_equal(
        fixture_int(fixture, "SELECT sum(count) FROM error_counts WHERE kind = 'invariant'"), 1);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM error_counts WHERE kind = "
                                          "'http_5xx'"),
                     2);
    assert_int_equal(
        fixture_int(fixture, "SELECT sum(count) FROM error_counts WHERE kind = 'http_5xx'"), 3);
}

#define ENGINE_TEST(name)                                                                          \
    cmocka_unit_test_setup_teardown(name, engine_fixture_set_up, engine_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(a_first_text_makes_a_person_and_an_answer),
        ENGINE_TEST(the_same_input_counts_once),
        ENGINE_TEST(an_input_is_known_after_the_clock_was_set_forward),
        ENGINE_TEST(inputs_of_one_person_are_decided_in_order),
        ENGINE_TEST(events_form_a_chain),
        ENGINE_TEST(a_crash_after_the_commit_leaves_uncertain_ones),
        ENGINE_TEST(what_was_not_committed_is_offered_again),
        ENGINE_TEST(a_locked_database_loses_nothing),
        ENGINE_TEST(a_poisonous_input_does_not_block_the_rest),
        ENGINE_TEST(a_batch_of_poisonous_inputs_does_not_block_the_rest),
        ENGINE_TEST(a_second_server_is_refused),
        ENGINE_TEST(a_full_queue_says_so),
        ENGINE_TEST(nobody_is_made_by_a_button_or_a_group),
        ENGINE_TEST(a_tap_is_answered_by_whoever_submitted_it),
        ENGINE_TEST(erasure_leaves_nothing_to_find),
        ENGINE_TEST(export_sends_a_file),
        ENGINE_TEST(operators_are_to_be_told_of_a_crisis),
        ENGINE_TEST(errors_are_counted_by_day),
        ENGINE_TEST(a_month_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
