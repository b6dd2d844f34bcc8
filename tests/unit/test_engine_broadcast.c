/* Broadcasts: counted, sent at their pace and time, paused, cancelled; replies are never behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "lib/engine_fixture.h"

static void run(struct engine_fixture *fixture, const char *kind, const char *payload)
{
    int before = fixture->answers;
    fixture_command(fixture, kind, payload);
    fixture_settle(fixture);
    assert_int_equal(fixture->answers, before + 1);
}

static void know_many(struct engine_fixture *fixture, int count)
{
    run(fixture, "sending", "{\"mode\":\"dry-run\"}");
    for (int i = 0; i < count; i++) {
        fixture_text(fixture, 1000 + i, i % 2 == 0 ? "/start" : "/commit walk");
        if (i % 1000 == 999) {
            fixture_settle(fixture); /* the queue has an end */
        }
    }
    fixture_settle(fixture);
    run(fixture, "sending", "{\"mode\":\"on\"}");
    fake_channel_forget(fixture->telegram);
}

/* Whether a reply was handed over at this very instant. */
static bool answered_now(struct engine_fixture *fixture)
{
    int count;
    bool found = false;
    const struct fake_sent *sent = fake_channel_sent(fixture->telegram, &count);
    for (int i = count - 1; i >= 0 && sent[i].at_ms == clock_now_ms(fixture->clock); i--) {
        found |= sent[i].class == CLASS_REPLY && !sent[i].is_act;
    }
    return found;
}

static void a_preview_sends_nothing(void **state)
{
    struct engine_fixture *fixture = *state;
    know_many(fixture, 150);
    run(fixture, "broadcast",
        "{\"text\":{\"en\":\"Hi {{first_name|you}}\"},\"filter\":\"commitments_total > 0\","
        "\"preview\":true}");
    assert_int_equal(fixture->error, OK);
    assert_string_equal(fixture->result,
                        "{\"broadcast_id\":\"\",\"examples\":[\"Hi Ada\",\"Hi Ada\",\"Hi Ada\"],"
                        "\"recipients\":75}");
    assert_int_equal(fixture_messages(fixture), 0);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM broadcasts"), 0);
}

static void a_test_goes_to_one_person(void **state)
{
    struct engine_fixture *fixture = *state;
    know_many(fixture, 3);
    run(fixture, "broadcast",
        "{\"text\":{\"en\":\"Hello **all**\"},\"test\":{\"channel\":\"telegram\",\"identity\":"
        "\"1001\"}}");
    assert_int_equal(fixture->error, OK);
    assert_int_equal(fixture_messages(fixture), 1);
    assert_string_equal(fixture_last(fixture)->address, "1001");
    assert_string_equal(fixture_last(fixture)->text, "Hello **all**");
}

/* Five a second, a restart in the middle, and a reply that is not held up. */
static void a_broadcast_keeps_its_pace(void **state)
{
    struct engine_fixture *fixture = *state;
    know_many(fixture, 100);
    run(fixture, "broadcast", "{\"text\":{\"en\":\"News\"},\"per_second\":5}");
    assert_int_equal(fixture->error, OK);
    fixture_advance(fixture, 9500);
    int half = fixture_messages(fixture);
    assert_in_range(half, 40, 52);
    fixture_restart(fixture);
    fixture_text(fixture, 1001, "/help");
    fixture_settle(fixture);
    assert_true(answered_now(fixture));
    fixture_advance(fixture, 30000);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8 AND "
                                          "state = 3"),
                     100);
    assert_int_equal(fixture_int(fixture, "SELECT count(DISTINCT user_id) FROM deliveries WHERE "
                                          "kind = 8"),
                     100);
    assert_int_equal(fixture_int(fixture, "SELECT state FROM broadcasts"), 3);
    assert_int_equal(fixture_int(fixture, "SELECT matched FROM broadcasts"), 100);
}

static void a_scheduled_broadcast_waits(void **state)
{
    struct engine_fixture *fixture = *state;
    know_many(fixture, 5);
    char payload[200];
    snprintf(payload, sizeof(payload), "{\"text\":{\"en\":\"News\"},\"at_ms\":%lld}",
             (long long)(clock_now_ms(fixture->clock) + HOUR_MS));
    run(fixture, "broadcast", payload);
    fixture_restart(fixture);
    fixture_advance(fixture, HOUR_MS - 1000);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8"), 0);
    fixture_advance(fixture, 5000);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8"), 5);
}

/* ---- the answer ---- */

static void the_answer_counts_those_it_goes_to(void **state)
{
    struct engine_fixture *fixture = *state;
    know_many(fixture, 200);
    run(fixture, "broadcast",
        "{\"text\":{\"en\":\"News\"},\"filter\":\"commitments_total > 0\",\"per_second\":50}");
    assert_int_equal(fixture->error, OK);
    assert_non_null(strstr(fixture->result, "\"recipients\":100"));
    fixture_advance(fixture, MINUTE_MS);
    assert_int_equal(fixture_messages(fixture), 100);
    assert_int_equal(fixture_int(fixture, "SELECT matched FROM broadcasts"), 100);
    assert_int_equal(fixture_int(fixture, "SELECT considered FROM broadcasts"), 200);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM audit_log WHERE action = "
                                          "'broadcast' AND after LIKE '%\"recipients\":100%'"),
                     1);
}

/* Whoever waits for the count is told once, also when the process ends before: it begins anew. */
static void a_count_that_was_interrupted_begins_anew(void **state)
{
    struct engine_fixture *fixture = *state;
    struct store *other = NULL;
    struct err_detail detail = {""};
    struct step_result result;
    int64_t id = 0;
    know_many(fixture, 200);
    assert_int_equal(store_open(fixture->url, STORE_WRITER, &other, &detail), OK);
    assert_int_equal(store_inbox_put(other, STR("broadcast"), STR("{\"text\":{\"en\":\"News\"}}"),
                                     STR("cli"), fixture_start_ms, &id, &detail),
                     OK);
    store_close(other);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(engine_step(fixture->engine, &result, &detail), OK);
    }
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM broadcasts"), 0);
    fixture_restart(fixture);
    fixture_advance(fixture, MINUTE_MS);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM broadcasts"), 1);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8"), 200);
    assert_int_equal(fixture_int(fixture, "SELECT result LIKE '%\"recipients\":200%' FROM inbox "
                                          "WHERE kind = 'broadcast'"),
                     1);
}

/* ---- pausing, resuming, cancelling ---- */

static void change(struct engine_fixture *fixture, const char *to, enum err error)
{
    char id[32], payload[100];
    fixture_string(fixture, "SELECT max(id) FROM broadcasts", id, sizeof(id));
    snprintf(payload, sizeof(payload), "{\"id\":\"%s\",\"state\":\"%s\"}", id, to);
    run(fixture, "broadcast_state", payload);
    if (fixture->error != error) {
        fail_msg("%s: %s: %s", to, err_text(fixture->error), fixture->detail);
    }
}

/* The time of the pause is not made up for. */
static void a_paused_broadcast_rests_until_it_is_resumed(void **state)
{
    struct engine_fixture *fixture = *state;
    know_many(fixture, 100);
    run(fixture, "broadcast", "{\"text\":{\"en\":\"News\"},\"per_second\":5}");
    fixture_advance(fixture, 4000);
    change(fixture, "running", ERR_CONFLICT);
    change(fixture, "paused", OK);
    change(fixture, "paused", ERR_CONFLICT);
    int sent = fixture_messages(fixture);
    assert_in_range(sent, 15, 25);
    fixture_advance(fixture, HOUR_MS);
    assert_int_equal(fixture_messages(fixture), sent);
    fixture_restart(fixture);
    fixture_advance(fixture, HOUR_MS);
    assert_int_equal(fixture_messages(fixture), sent);
    change(fixture, "running", OK);
    fixture_advance(fixture, 2000);
    assert_in_range(fixture_messages(fixture), sent + 8, sent + 14);
    fixture_advance(fixture, MINUTE_MS);
    assert_int_equal(fixture_int(fixture, "SELECT count(DISTINCT user_id) FROM deliveries WHERE "
                                          "kind = 8 AND state = 3"),
                     100);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8"), 100);
    change(fixture, "paused", ERR_CONFLICT);
    change(fixture, "cancelled", ERR_CONFLICT); /* nothing of it waits */
    change(fixture, "finished", ERR_INVALID);
    run(fixture, "broadcast_state", "{\"id\":\"5\",\"state\":\"paused\"}");
    assert_int_equal(fixture->error, ERR_NOT_FOUND);
}

static void a_scheduled_one_is_paused_and_cancelled(void **state)
{
    struct engine_fixture *fixture = *state;
    know_many(fixture, 5);
    char payload[200];
    snprintf(payload, sizeof(payload), "{\"text\":{\"en\":\"News\"},\"at_ms\":%lld}",
             (long long)(clock_now_ms(fixture->clock) + HOUR_MS));
    run(fixture, "broadcast", payload);
    change(fixture, "paused", OK);
    fixture_advance(fixture, 30 * MINUTE_MS);
    change(fixture, "running", OK);
    fixture_advance(fixture, 29 * MINUTE_MS);
    assert_int_equal(fixture_messages(fixture), 0);
    change(fixture, "cancelled", OK);
    fixture_advance(fixture, HOUR_MS);
    assert_int_equal(fixture_messages(fixture), 0);
    assert_int_equal(fixture_int(fixture, "SELECT state FROM broadcasts"), 4);
    assert_true(fixture_int(fixture, "SELECT ended_at_ms FROM broadcasts") > 0);
    change(fixture, "cancelled", ERR_CONFLICT);
}

/* At night all messages are made and wait for the morning: they are taken back, though the
 * broadcast is done, and the process is restarted in the middle. */
static void cancelling_takes_back_what_waits(void **state)
{
    struct engine_fixture *fixture = *state;
    know_many(fixture, 200);
    fixture_advance(fixture, 13 * HOUR_MS); /* 23:00 */
    fake_channel_forget(fixture->telegram);
    run(fixture, "broadcast", "{\"text\":{\"en\":\"News\"}}");
    fixture_advance(fixture, MINUTE_MS);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8 AND "
                                          "state = 0"),
                     200);
    assert_int_equal(fixture_int(fixture, "SELECT state FROM broadcasts"), 3);
    char id[32], payload[100];
    struct step_result result;
    struct err_detail detail;
    fixture_string(fixture, "SELECT max(id) FROM broadcasts", id, sizeof(id));
    snprintf(payload, sizeof(payload), "{\"id\":\"%s\",\"state\":\"cancelled\"}", id);
    fixture_command(fixture, "broadcast_state", payload);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(engine_step(fixture->engine, &result, &detail), OK);
    }
    assert_non_null(strstr(fixture->result, "\"unsent\":200"));
    int64_t left = fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8 AND "
                                        "state = 0");
    assert_in_range(left, 1, 199);
    fixture_restart(fixture);
    fixture_advance(fixture, 10 * HOUR_MS); /* into the day */
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8 AND "
                                          "state = 7 AND reason = 'cancelled'"),
                     200);
    assert_int_equal(fixture_int(fixture, "SELECT state FROM broadcasts"), 4);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM events WHERE type = "
                                          "'message_suppressed' AND data LIKE '%cancelled%'"),
                     200);
}

/* One that is under way comes back with a refusal that asks for another attempt: not any more. */
static void cancelling_waits_for_what_is_under_way(void **state)
{
    struct engine_fixture *fixture = *state;
    know_many(fixture, 2);
    fake_channel_swallow(fixture->telegram, true);
    run(fixture, "broadcast", "{\"text\":{\"en\":\"News\"}}");
    assert_int_equal(fixture_messages(fixture), 2);
    change(fixture, "cancelled", OK);
    fixture_advance(fixture, 3000);
    assert_int_equal(fixture_int(fixture, "SELECT ended_at_ms FROM broadcasts"), 0);
    struct channel_sink sink = engine_sink(fixture->engine);
    int count;
    const struct fake_sent *sent = fake_channel_sent(fixture->telegram, &count);
    assert_int_equal(count, 2);
    for (int i = 0; i < 2; i++) {
        const struct report report = {.delivery_id = sent[i].delivery_id,
                                      .user_id = sent[i].user_id,
                                      .channel = CHANNEL_TELEGRAM,
                                      .address = str_of(sent[i].address),
                                      .kind = i == 0 ? REPORT_SENT : REPORT_RETRY};
        sink.report(sink.context, &report);
    }
    fixture_advance(fixture, MINUTE_MS);
    assert_int_equal(fixture_messages(fixture), 2);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8 AND "
                                          "reason = 'cancelled'"),
                     1);
    assert_true(fixture_int(fixture, "SELECT ended_at_ms FROM broadcasts") > 0);
}

/* ---- pace ---- */

/* What waited for the end of quiet hours comes at the same pace. */
static void the_pace_holds_in_the_morning(void **state)
{
    struct engine_fixture *fixture = *state;
    know_many(fixture, 100);
    fixture_advance(fixture, 13 * HOUR_MS); /* 23:00 */
    run(fixture, "broadcast", "{\"text\":{\"en\":\"News\"},\"per_second\":2}");
    fixture_advance(fixture, HOUR_MS);
    fake_channel_forget(fixture->telegram);
    fixture_advance(fixture, 8 * HOUR_MS + 5000); /* 08:00:05 */
    int count;
    int early = 0;
    const struct fake_sent *sent = fake_channel_sent(fixture->telegram, &count);
    for (int i = 0; i < count; i++) {
        early += strcmp(sent[i].text, "News") == 0;
    }
    assert_in_range(early, 8, 13);
    fixture_advance(fixture, MINUTE_MS);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8 AND "
                                          "state = 3"),
                     100);
}

/* Ten thousand without a pace: as fast as the channel allows, and whoever writes is answered in the
 * same batch, early, in the middle and near the end. */
static void a_reply_overtakes_ten_thousand(void **state)
{
    enum { PEOPLE = 10000, RATE = 30 };
    struct engine_fixture *fixture = *state;
    know_many(fixture, PEOPLE);
    run(fixture, "broadcast", "{\"text\":{\"en\":\"News\"}}");
    assert_non_null(strstr(fixture->result, "\"recipients\":10000"));
    static const int64_t waits_ms[] = {3000, 150000, 150000};
    for (int i = 0; i < 3; i++) {
        fixture_advance(fixture, waits_ms[i]);
        assert_int_equal(fixture_int(fixture, "SELECT state FROM broadcasts"), 1);
        struct step_result result;
        struct err_detail detail;
        fixture_text(fixture, 1000 + PEOPLE - 1 - i, "/help");
        assert_int_equal(engine_step(fixture->engine, &result, &detail), OK);
        assert_true(answered_now(fixture));
    }
    fixture_advance(fixture, 10 * MINUTE_MS);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8 AND "
                                          "state = 3"),
                     PEOPLE);
    int count;
    const struct fake_sent *sent = fake_channel_sent(fixture->telegram, &count);
    for (int from = 0, to = 0; to < count; to++) {
        while (sent[from].at_ms <= sent[to].at_ms - 1000) {
            from++;
        }
        assert_true(to - from + 1 <= RATE + RATE / 2 + 1);
    }
    assert_true(sent[count - 1].at_ms - sent[0].at_ms < (int64_t)PEOPLE * 1000 / RATE * 3 / 2);
}

#define ENGINE_TEST(name)                                                                          \
    cmocka_unit_test_setup_teardown(name, engine_fixture_set_up, engine_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(a_preview_sends_nothing),
        ENGINE_TEST(a_test_goes_to_one_person),
        ENGINE_TEST(a_broadcast_keeps_its_pace),
        ENGINE_TEST(a_scheduled_broadcast_waits),
        ENGINE_TEST(the_answer_counts_those_it_goes_to),
        ENGINE_TEST(a_count_that_was_interrupted_begins_anew),
        ENGINE_TEST(a_paused_broadcast_rests_until_it_is_resumed),
        ENGINE_TEST(a_scheduled_one_is_paused_and_cancelled),
        ENGINE_TEST(cancelling_takes_back_what_waits),
        ENGINE_TEST(cancelling_waits_for_what_is_under_way),
        ENGINE_TEST(the_pace_holds_in_the_morning),
        ENGINE_TEST(a_reply_overtakes_ten_thousand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
