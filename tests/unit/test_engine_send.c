/* Sending: retries, pauses, modes, the allow-list, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "lib/engine_fixture.h"

static void script(struct engine_fixture *fixture, enum report_kind kind, const char *reason)
{
    const struct report report = {.kind = kind, .reason = str_of(reason)};
    fake_channel_script(fixture->telegram, &report);
}

static void a_failed_attempt_is_repeated_until_it_works(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    for (int i = 0; i < 3; i++) {
        script(fixture, REPORT_RETRY, "http_5xx");
    }
    fixture_text(fixture, 77, "/help");
    fixture_settle(fixture);
    assert_int_equal(fixture_messages(fixture), 1);
    fixture_advance(fixture, HOUR_MS);
    assert_int_equal(fixture_messages(fixture), 4);
    assert_int_equal(
        fixture_int(fixture, "SELECT attempts FROM deliveries ORDER BY id DESC LIMIT 1"), 4);
    assert_int_equal(fixture_int(fixture, "SELECT state FROM deliveries ORDER BY id DESC LIMIT 1"),
                     3);
}

static void retries_end(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    for (int i = 0; i < 40; i++) {
        script(fixture, REPORT_RETRY, "http_5xx");
    }
    fixture_text(fixture, 77, "/help");
    fixture_advance(fixture, 5 * HOUR_MS);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE state = 10"), 1);
    int tried = fixture_messages(fixture);
    assert_in_range(tried, 5, 10);
    /* By hand it goes on. */
    char id[32], payload[64];
    fixture_string(fixture, "SELECT id FROM deliveries WHERE state = 10", id, sizeof(id));
    snprintf(payload, sizeof(payload), "{\"id\":\"%s\"}", id);
    fixture_command(fixture, "delivery_retry", payload);
    fixture_settle(fixture);
    assert_int_equal(fixture->error, OK);
    assert_string_equal(fixture->result, "{\"retried\":1}");
    assert_true(fixture_messages(fixture) > tried);
    fixture_command(fixture, "delivery_retry", "{\"id\":\"5\"}");
    fixture_settle(fixture);
    assert_int_equal(fixture->error, ERR_NOT_FOUND);
}

static void a_refusal_is_final(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    fixture_know(fixture, 78);
    script(fixture, REPORT_FAILED, "too_long");
    script(fixture, REPORT_BLOCKED, "blocked");
    fixture_text(fixture, 77, "/help");
    fixture_advance(fixture, 2 * HOUR_MS);
    assert_int_equal(fixture_messages(fixture), 1);
    char reason[32];
    fixture_string(fixture, "SELECT reason FROM deliveries WHERE state = 9", reason,
                   sizeof(reason));
    assert_string_equal(reason, "too_long");
    fixture_text(fixture, 78, "/help");
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT telegram_reach FROM users WHERE id = (SELECT "
                                          "user_id FROM identities WHERE value = '78')"),
                     REACH_BLOCKED);
}

/* A message that was refused counts against the caps of the day on which it goes out by hand. */
static void what_was_refused_counts_when_it_arrives(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    fixture_text(fixture, 77, "/commit read");
    fixture_settle(fixture);
    script(fixture, REPORT_FAILED, "http_400");
    fixture_advance(fixture, 7 * HOUR_MS);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE class = 2 AND "
                                          "state = 9"),
                     1);
    assert_int_equal(fixture_int(fixture, "SELECT sum(followup_count) FROM users"), 0);
    assert_int_equal(fixture_int(fixture, "SELECT sum(followups) FROM commitments"), 0);
    fixture_command(fixture, "delivery_retry", "{\"all\":true}");
    fixture_advance(fixture, MINUTE_MS);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE class = 2 AND "
                                          "state = 3"),
                     1);
    assert_int_equal(fixture_int(fixture, "SELECT sum(followup_count) FROM users"), 1);
    assert_int_equal(fixture_int(fixture, "SELECT sum(followups) FROM commitments"), 1);
}

/* A message that was believed not to have arrived counts once it is known that it did. */
static void what_arrived_after_all_counts(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    fixture_text(fixture, 77, "/commit read");
    fixture_settle(fixture);
    fixture_advance(fixture, 6 * HOUR_MS - MINUTE_MS);
    script(fixture, REPORT_RETRY, "connection_reset");
    fixture_advance(fixture, MINUTE_MS);
    const char *id = "SELECT id FROM deliveries WHERE class = 2";
    assert_int_equal(fixture_int(fixture, "SELECT sum(followup_count) FROM users"), 0);
    struct channel_sink sink = engine_sink(fixture->engine);
    struct report report = {.delivery_id = fixture_int(fixture, id),
                            .user_id = fixture_int(fixture, "SELECT id FROM users"),
                            .channel = CHANNEL_TELEGRAM,
                            .address = STR("77"),
                            .kind = REPORT_SENT};
    sink.report(sink.context, &report);
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT state FROM deliveries WHERE class = 2"), 3);
    assert_int_equal(fixture_int(fixture, "SELECT sum(followup_count) FROM users"), 1);
}

/* What was said of the first attempt is no word about the second, which is under way. */
static void a_report_of_another_attempt_says_nothing(void **state)
{
    static const enum report_kind kinds[] = {REPORT_RETRY, REPORT_PAUSED, REPORT_UNCERTAIN};
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    fixture_text(fixture, 77, "/commit read");
    fixture_settle(fixture);
    fixture_advance(fixture, 6 * HOUR_MS - MINUTE_MS);
    fake_channel_swallow(fixture->telegram, true);
    fixture_advance(fixture, MINUTE_MS);
    struct channel_sink sink = engine_sink(fixture->engine);
    const char *under_way = "SELECT next_at_ms FROM deliveries WHERE class = 2 AND state = 1";
    struct report first = {.delivery_id =
                               fixture_int(fixture, "SELECT id FROM deliveries WHERE class = 2"),
                           .user_id = fixture_int(fixture, "SELECT id FROM users"),
                           .attempt_ms = fixture_int(fixture, under_way),
                           .channel = CHANNEL_TELEGRAM,
                           .address = STR("77"),
                           .kind = REPORT_RETRY};
    sink.report(sink.context, &first);
    fixture_settle(fixture);
    fixture_advance(fixture, MINUTE_MS);
    int64_t second_ms = fixture_int(fixture, under_way);
    assert_true(second_ms > first.attempt_ms);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        first.kind = kinds[i];
        sink.report(sink.context, &first);
        fixture_settle(fixture);
        assert_int_equal(fixture_int(fixture, under_way), second_ms);
    }
    first.attempt_ms = second_ms;
    sink.report(sink.context, &first);
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT state FROM deliveries WHERE class = 2"), 2);
}

static void pause(struct engine_fixture *fixture, bool all)
{
    const struct report report = {.kind = REPORT_PAUSED,
                                  .reason = STR("too_many_requests"),
                                  .retry_after_ms = 60000,
                                  .pause_all = all};
    fake_channel_script(fixture->telegram, &report);
}

/* The pause of a chat holds this chat only, also over a restart, and costs no attempt. */
static void a_pause_of_a_chat_survives_a_restart(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    fixture_know(fixture, 78);
    pause(fixture, false);
    fixture_text(fixture, 77, "/help");
    fixture_settle(fixture);
    assert_int_equal(fixture_messages(fixture), 1);
    fixture_restart(fixture);
    fixture_text(fixture, 77, "/help");
    fixture_text(fixture, 78, "/help");
    fixture_settle(fixture);
    assert_int_equal(fixture_messages(fixture), 2); /* only the other chat's */
    assert_string_equal(fixture_last(fixture)->address, "78");
    fixture_advance(fixture, 59000);
    assert_int_equal(fixture_messages(fixture), 2);
    fixture_advance(fixture, 5000);
    assert_int_equal(fixture_messages(fixture), 4);
    assert_int_equal(fixture_int(fixture, "SELECT max(attempts) FROM deliveries"), 1);
}

static void a_pause_of_the_bot_holds_everybody(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    for (int i = 0; i < 10; i++) {
        fixture_know(fixture, 80 + i);
    }
    pause(fixture, true);
    fixture_text(fixture, 77, "/help");
    fixture_settle(fixture);
    fixture_restart(fixture);
    for (int i = 0; i < 10; i++) {
        fixture_text(fixture, 80 + i, "/help");
    }
    fixture_settle(fixture);
    assert_int_equal(fixture_messages(fixture), 1);
    fixture_advance(fixture, 59000);
    assert_int_equal(fixture_messages(fixture), 1);
    fixture_advance(fixture, 5000);
    assert_int_equal(fixture_messages(fixture), 12);
}

static void a_migrated_chat_is_written_to_at_its_new_address(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    const struct report report = {
        .kind = REPORT_MIGRATED, .reason = STR("migrated"), .new_address = STR("-1009")};
    fake_channel_script(fixture->telegram, &report);
    fixture_text(fixture, 77, "/help");
    fixture_advance(fixture, MINUTE_MS);
    assert_int_equal(fixture_messages(fixture), 2);
    assert_string_equal(fixture_last(fixture)->address, "-1009");
}

static void uncertain_nudges_are_never_repeated(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_text(fixture, 77, "/start");
    fixture_settle(fixture);
    fake_channel_forget(fixture->telegram);
    /* The next proactive message of the original set: a nudge after a day. */
    for (int i = 0; i < 3; i++) {
        script(fixture, REPORT_UNCERTAIN, "timeout");
    }
    fixture_advance(fixture, 12 * DAY_MS);
    int64_t lost = fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE uncertain > 0");
    assert_true(lost > 0);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE class = 3 AND "
                                          "uncertain > 0 AND attempts > 1"),
                     0);
}

static void a_dry_run_lets_nothing_out(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_command(fixture, "sending", "{\"mode\":\"dry-run\"}");
    fixture_settle(fixture);
    assert_string_equal(fixture->result, "{\"mode\":\"dry-run\",\"mode_before\":\"on\"}");
    fixture_text(fixture, 77, "/start");
    fixture_text(fixture, 77, "/export");
    fixture_advance(fixture, 4 * DAY_MS);
    int count;
    fake_channel_sent(fixture->telegram, &count);
    assert_int_equal(count, 0);
    assert_true(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE state = 7 AND reason "
                                     "= 'dry_run'") >= 2);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE state <> 7"), 0);
    /* It is remembered. */
    fixture_restart(fixture);
    fixture_text(fixture, 77, "/help");
    fixture_settle(fixture);
    fake_channel_sent(fixture->telegram, &count);
    assert_int_equal(count, 0);
}

static void switched_off_only_replies_go_out(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 78);
    fixture_text(fixture, 78, "/stop");
    fixture_know(fixture, 77);
    fixture_command(fixture, "sending", "{\"mode\":\"off\"}");
    fixture_settle(fixture);
    fake_channel_forget(fixture->telegram);
    fixture_advance(fixture, 25 * HOUR_MS);
    assert_int_equal(fixture_messages(fixture), 0);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE state = 0 AND "
                                          "reason = 'sending_off'"),
                     1);
    fixture_text(fixture, 78, "/help");
    fixture_settle(fixture);
    assert_int_equal(fixture_messages(fixture), 1);
    assert_string_equal(fixture_last(fixture)->address, "78");
    /* Switched on again, what was held goes at once. */
    fixture_command(fixture, "sending", "{\"mode\":\"on\"}");
    fixture_settle(fixture);
    assert_int_equal(fixture_messages(fixture), 2);
    assert_string_equal(fixture_last(fixture)->address, "77");
    fixture_command(fixture, "sending", "{\"mode\":\"loud\"}");
    fixture_settle(fixture);
    assert_int_equal(fixture->error, ERR_INVALID);
}

static void only_the_allowed_are_written_to(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    fixture_know(fixture, 78);
    fixture->config.recipient_allow_list = "email:a@b.example, telegram:78 ,webchat:*";
    fixture_text(fixture, 77, "/help");
    fixture_text(fixture, 78, "/help");
    fixture_settle(fixture);
    assert_int_equal(fixture_messages(fixture), 1);
    assert_string_equal(fixture_last(fixture)->address, "78");
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE state = 7 AND "
                                          "reason = 'allow_list'"),
                     1);
}

/* Two hundred people write in one second: everybody is answered, no faster than allowed. */
static void many_replies_keep_to_the_rate(void **state)
{
    struct engine_fixture *fixture = *state;
    enum { PEOPLE = 200 };
    fixture_command(fixture, "sending", "{\"mode\":\"dry-run\"}");
    for (int i = 0; i < PEOPLE; i++) {
        fixture_text(fixture, 1000 + i, "/start");
    }
    fixture_settle(fixture);
    fixture_command(fixture, "sending", "{\"mode\":\"on\"}");
    fixture_settle(fixture);
    assert_int_equal(fixture_messages(fixture), 0);
    for (int i = 0; i < PEOPLE; i++) {
        fixture_text(fixture, 1000 + i, "/help");
    }
    fixture_advance(fixture, 30000);
    assert_int_equal(fixture_messages(fixture), PEOPLE);
    int count;
    const struct fake_sent *sent = fake_channel_sent(fixture->telegram, &count);
    for (int i = 0; i < count; i++) {
        int within = 0;
        for (int j = i; j < count && sent[j].at_ms < sent[i].at_ms + 1000; j++) {
            within++;
        }
        assert_true(within <= 46);
    }
    assert_true(sent[count - 1].at_ms - sent[0].at_ms <= 8000);
    assert_int_equal(fixture_int(fixture, "SELECT max(attempts) FROM deliveries WHERE state = 3"),
                     1);
}

/* What a channel has no room for goes out when it has, in order. */
static void a_full_channel_is_tried_again(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    fake_channel_refuse(fixture->telegram, true);
    fixture_text(fixture, 77, "/help");
    fixture_settle(fixture);
    fixture_text(fixture, 77, "/list");
    fixture_settle(fixture);
    assert_int_equal(fixture_messages(fixture), 0);
    fake_channel_refuse(fixture->telegram, false);
    fixture_text(fixture, 77, "/streaks");
    fixture_settle(fixture);
    fixture_advance(fixture, 10 * 1000);
    assert_int_equal(fixture_messages(fixture), 3);
    int count;
    const struct fake_sent *sent = fake_channel_sent(fixture->telegram, &count);
    assert_true(sent[0].delivery_id < sent[1].delivery_id &&
                sent[1].delivery_id < sent[2].delivery_id);
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE state < 3 AND "
                                          "attempts > 0"),
                     0);
}

/* Whoever blocks the bot while a message waits for room does not get it. */
static void what_waits_for_room_asks_the_person_again(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    fake_channel_refuse(fixture->telegram, true);
    fixture_text(fixture, 77, "/help");
    fixture_settle(fixture);
    struct input blocked = {.kind = INPUT_BLOCKED,
                            .source = STR("telegram"),
                            .external_id = STR("9001"),
                            .channel = CHANNEL_TELEGRAM,
                            .identity = STR("77"),
                            .address = STR("77")};
    assert_int_equal(engine_submit(fixture->engine, &blocked, NULL, NULL), OK);
    fixture_settle(fixture);
    fake_channel_refuse(fixture->telegram, false);
    fixture_advance(fixture, MINUTE_MS);
    assert_int_equal(fixture_messages(fixture), 0);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE state = 7 AND "
                                          "reason = 'blocked'"),
                     1);
}

/* Reports may come twice, late, or about nothing. */
static void odd_reports_do_no_harm(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    fixture_text(fixture, 77, "/help");
    fixture_settle(fixture);
    struct channel_sink sink = engine_sink(fixture->engine);
    const struct fake_sent *sent = fixture_last(fixture);
    struct report report = {.delivery_id = sent->delivery_id,
                            .user_id = sent->user_id,
                            .channel = CHANNEL_TELEGRAM,
                            .address = STR("77"),
                            .kind = REPORT_RETRY};
    sink.report(sink.context, &report);
    report.kind = REPORT_UNCERTAIN;
    sink.report(sink.context, &report);
    report.delivery_id = 12345;
    sink.report(sink.context, &report);
    report.user_id = 99;
    sink.report(sink.context, &report);
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE state <> 3 AND "
                                          "sent_at_ms > 0"),
                     0);
    struct engine_status status;
    engine_status(fixture->engine, &status);
    assert_int_equal(status.sent, fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE "
                                                       "state = 3"));
    assert_true(status.healthy);
}

/* While a channel stays full, what it did not take is kept whole and in order. */
static void a_channel_full_for_long_loses_nothing(void **state)
{
    enum { PEOPLE = 100 };
    struct engine_fixture *fixture = *state;
    for (int i = 0; i < PEOPLE; i++) {
        fixture_know(fixture, 5000 + i);
    }
    fake_channel_refuse(fixture->telegram, true);
    for (int i = 0; i < PEOPLE; i++) {
        fixture_text(fixture, 5000 + i, "/help");
    }
    struct step_result result;
    struct err_detail detail;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(engine_step(fixture->engine, &result, &detail), OK);
    }
    assert_int_equal(fixture_messages(fixture), 0);
    fake_channel_refuse(fixture->telegram, false);
    fixture_advance(fixture, MINUTE_MS); /* the bot's own limit holds, too */
    assert_int_equal(fixture_messages(fixture), PEOPLE);
}

#define ENGINE_TEST(name)                                                                          \
    cmocka_unit_test_setup_teardown(name, engine_fixture_set_up, engine_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(a_failed_attempt_is_repeated_until_it_works),
        ENGINE_TEST(retries_end),
        ENGINE_TEST(a_refusal_is_final),
        ENGINE_TEST(what_was_refused_counts_when_it_arrives),
        ENGINE_TEST(what_arrived_after_all_counts),
        ENGINE_TEST(a_report_of_another_attempt_says_nothing),
        ENGINE_TEST(a_pause_of_a_chat_survives_a_restart),
        ENGINE_TEST(a_pause_of_the_bot_holds_everybody),
        ENGINE_TEST(a_migrated_chat_is_written_to_at_its_new_address),
        ENGINE_TEST(uncertain_nudges_are_never_repeated),
        ENGINE_TEST(a_dry_run_lets_nothing_out),
        ENGINE_TEST(switched_off_only_replies_go_out),
        ENGINE_TEST(only_the_allowed_are_written_to),
        ENGINE_TEST(many_replies_keep_to_the_rate),
        ENGINE_TEST(a_full_channel_is_tried_again),
        ENGINE_TEST(what_waits_for_room_asks_the_person_again),
        ENGINE_TEST(a_channel_full_for_long_loses_nothing),
        ENGINE_TEST(odd_reports_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
