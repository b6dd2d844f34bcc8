/* An outage ends and thousands of messages are due at once, at Telegram's rates: a process that was
 * down for a day, recoveries of a journey and a broadcast that waited for the morning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/limits.h"
#include "lib/engine_fixture.h"

enum {
    PEOPLE = 5000, /* two messages each */
    FIRST_CHAT = 1000,
    LATE = 50,   /* whose broadcast has expired when the outage ends */
    CAPPED = 30, /* who had another nudge an hour ago */
    RATE = 30
};

static void sql(struct engine_fixture *fixture, const char *text)
{
    char *problem = NULL;
    if (sqlite3_exec(fixture->reader, text, NULL, NULL, &problem) != SQLITE_OK) {
        fail_msg("%s: %s", text, problem);
    }
}

/* How often a message is written and then still waits: made waiting, or put off later. */
static void count_moves(struct engine_fixture *fixture)
{
    sql(fixture, "CREATE TABLE moves (id INTEGER PRIMARY KEY, count INTEGER NOT NULL)");
    sql(fixture, "CREATE TRIGGER made AFTER INSERT ON deliveries WHEN new.state = 0 AND new.reason "
                 "<> 'paced' BEGIN INSERT INTO moves VALUES (new.id, 1); END");
    sql(fixture, "CREATE TRIGGER moved AFTER UPDATE ON deliveries WHEN new.state = 0 BEGIN INSERT "
                 "INTO moves VALUES (new.id, 1) ON CONFLICT (id) DO UPDATE SET count = count + 1; "
                 "END");
}

/* Everybody has step 1 and ignores it; at night a broadcast is made for the morning. Then nothing
 * runs until 11:00. */
static void an_outage_of_a_night(struct engine_fixture *fixture)
{
    char text[300];
    fixture->pacing = false;
    fixture_restart(fixture);
    for (int i = 0; i < PEOPLE; i++) {
        fixture_text(fixture, FIRST_CHAT + i, "/start");
        if (i % 1000 == 999) {
            fixture_settle(fixture); /* the queue has an end */
        }
    }
    clock_advance(fixture->clock, 13 * HOUR_MS); /* 23:00 */
    fixture_settle(fixture);
    fixture_command(fixture, "broadcast", "{\"text\":{\"en\":\"News\"}}");
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8 AND "
                                          "state = 0 AND reason = 'quiet_hours'"),
                     PEOPLE);
    fixture->pacing = true;
    fixture_restart(fixture);
    clock_advance(fixture->clock, 12 * HOUR_MS);
    int64_t now_ms = clock_now_ms(fixture->clock);
    snprintf(text, sizeof(text),
             "UPDATE deliveries SET expires_at_ms = %lld WHERE id IN (SELECT id FROM deliveries "
             "WHERE kind = 8 ORDER BY id DESC LIMIT %d)",
             (long long)now_ms + 20000, LATE);
    sql(fixture, text);
    snprintf(
        text, sizeof(text),
        "UPDATE users SET nudge_last_at_ms = %lld, nudge_count = 1 WHERE id IN (SELECT user_id "
        "FROM deliveries WHERE kind = 8 ORDER BY id LIMIT %d)",
        (long long)(now_ms - HOUR_MS), CAPPED);
    sql(fixture, text);
    count_moves(fixture);
    fake_channel_forget(fixture->telegram);
}

struct course {
    int64_t began_at_ms;
    int due, sent, steps, replies, failures;
    int worst_due; /* rows loaded by one step beyond what it sent, while only lines were left */
};

/* Whether a reply went out at this very instant. */
static bool answered_now(struct engine_fixture *fixture)
{
    int count;
    bool found = false;
    const struct fake_sent *sent = fake_channel_sent(fixture->telegram, &count);
    for (int i = count - 1; i >= 0 && sent[i].at_ms == clock_now_ms(fixture->clock); i--) {
        found |= sent[i].class == CLASS_REPLY;
    }
    return found;
}

static bool step(struct engine_fixture *fixture, struct course *course,
                 struct step_result *ret_result)
{
    struct err_detail detail = {""};
    if (engine_step(fixture->engine, ret_result, &detail) != OK) {
        course->failures++;
        ret_result->more = true;
        return false;
    }
    course->due += ret_result->due;
    course->sent += ret_result->sent;
    course->steps++;
    int beyond = ret_result->due - ret_result->sent;
    if (clock_now_ms(fixture->clock) > course->began_at_ms && beyond > course->worst_due) {
        course->worst_due = beyond;
    }
    return true;
}

/* Somebody writes; two batches fail; the provider asks for a pause; the process is restarted. */
static void disturb(struct engine_fixture *fixture, struct course *course, int second)
{
    struct step_result result;
    if (second % 40 == 10) {
        fixture_text(fixture, FIRST_CHAT + second, "/help");
        assert_true(step(fixture, course, &result));
        assert_true(answered_now(fixture));
        course->replies++;
    } else if (second % 40 == 20) {
        sql(fixture, "CREATE TRIGGER refuse BEFORE UPDATE ON deliveries BEGIN SELECT raise(ABORT, "
                     "'not now'); END");
        for (int i = 0; i < 2; i++) {
            step(fixture, course, &result);
        }
        sql(fixture, "DROP TRIGGER refuse");
    } else if (second == 70) {
        const struct report pause = {.kind = REPORT_PAUSED,
                                     .reason = STR("too_many_requests"),
                                     .retry_after_ms = 15000,
                                     .pause_all = true};
        fake_channel_script(fixture->telegram, &pause);
    } else if (second == 120) {
        fixture_restart(fixture);
    }
}

/* Until all that is left waits for longer than a minute. */
static struct course live_through(struct engine_fixture *fixture)
{
    struct course course = {.began_at_ms = clock_now_ms(fixture->clock)};
    int64_t second_at_ms = course.began_at_ms + 1000;
    for (;;) {
        struct step_result result = {0};
        int64_t now_ms = clock_now_ms(fixture->clock);
        step(fixture, &course, &result);
        if (result.more) {
            continue;
        }
        if (result.next_due_at_ms > now_ms + MINUTE_MS) {
            return course;
        }
        if (result.next_due_at_ms >= second_at_ms) {
            clock_set(fixture->clock, second_at_ms);
            disturb(fixture, &course, (int)((second_at_ms - course.began_at_ms) / 1000));
            second_at_ms += 1000;
        } else {
            clock_set(fixture->clock, result.next_due_at_ms);
        }
    }
}

/* Onboarding first, then the broadcast, no chat twice the same, no second over the rate. */
static void check_order(struct engine_fixture *fixture, int64_t began_at_ms)
{
    int count;
    int from = 0;
    int64_t last_step_at_ms = 0;
    int64_t first_news_at_ms = INT64_MAX;
    const struct fake_sent *sent = fake_channel_sent(fixture->telegram, &count);
    for (int i = 0; i < count; i++) {
        bool news = strcmp(sent[i].text, "News") == 0;
        if (sent[i].class == CLASS_ONBOARDING) {
            last_step_at_ms = sent[i].at_ms;
        } else if (news && sent[i].at_ms < first_news_at_ms) {
            first_news_at_ms = sent[i].at_ms;
        }
        while (sent[i].at_ms - sent[from].at_ms >= 1000) {
            from++;
        }
        assert_true(i - from < (sent[from].at_ms - began_at_ms < 1000 ? RATE + 15 : RATE + 10));
    }
    assert_true(last_step_at_ms <= first_news_at_ms);
}

static void a_backlog_goes_out_in_order_at_the_rate(void **state)
{
    struct engine_fixture *fixture = *state;
    an_outage_of_a_night(fixture);
    struct course course = live_through(fixture);
    int64_t took_ms = clock_now_ms(fixture->clock) - course.began_at_ms;
    /* Everything but what came too late or is capped went out once. */
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8 AND "
                                          "state = 3"),
                     PEOPLE - LATE - CAPPED);
    assert_int_equal(
        fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8 AND state = 8"), LATE);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM deliveries WHERE kind = 8 AND "
                                          "state = 0 AND reason = 'cap'"),
                     CAPPED);
    int wanted = 2 * PEOPLE - LATE - CAPPED;
    assert_int_equal(course.sent, wanted + course.replies + 1 /* paused once */);
    assert_int_equal(fixture_int(fixture, "SELECT max(attempts) FROM deliveries"), 1);
    assert_true(course.replies >= 5 && course.failures >= 8);
    check_order(fixture, course.began_at_ms);
    /* The whole rate was used: no slot was lost to a batch that failed or to the restart. */
    assert_in_range(took_ms, (wanted - 15) * 1000 / RATE,
                    (wanted + 100) * 1000 / RATE + 15000 + 2000);
    /* Nobody was moved for the others' sake. */
    assert_true(fixture_int(fixture, "SELECT max(count) FROM moves") <= 2);
    assert_true(fixture_int(fixture, "SELECT count(*) FROM moves") <= CAPPED + 10);
    /* What may not go is not loaded: a run and a message of each, and those ended or held. */
    assert_true(course.due <= 2 * (PEOPLE + wanted));
    assert_true(course.worst_due <= LATE + CAPPED);
    int findings = 0;
    int checks = 0;
    struct finding *found = NULL;
    struct err_detail detail = {""};
    assert_int_equal(
        store_doctor(fixture->store, fixture->arena, 10, &found, &findings, &checks, &detail), OK);
    assert_int_equal(findings, 0);
}

/* Many answers for one person: in order, a second apart, each moved once; nobody else waits. */
static void one_chat_gets_its_messages_in_order(void **state)
{
    struct engine_fixture *fixture = *state;
    enum { MESSAGES = 12, BURST = 3 };
    fixture_know(fixture, 77);
    fixture_know(fixture, 78);
    count_moves(fixture);
    for (int i = 0; i < MESSAGES; i++) {
        fixture_text(fixture, 77, "/help");
    }
    fixture_text(fixture, 78, "/help");
    fixture_settle(fixture);
    assert_int_equal(fixture_messages(fixture), BURST + 1);
    assert_string_equal(fixture_last(fixture)->address, "78");
    fixture_advance(fixture, MESSAGES * 1000);
    int count;
    int seen = 0;
    const struct fake_sent *before = NULL;
    const struct fake_sent *sent = fake_channel_sent(fixture->telegram, &count);
    for (int i = 0; i < count; i++) {
        if (strcmp(sent[i].address, "77") == 0) {
            seen++;
            assert_true(before == NULL || before->delivery_id < sent[i].delivery_id);
            assert_true(seen <= BURST || sent[i].at_ms - before->at_ms >= 999);
            before = &sent[i];
        }
    }
    assert_int_equal(seen, MESSAGES);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM moves"), MESSAGES - BURST);
    assert_int_equal(fixture_int(fixture, "SELECT max(count) FROM moves"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_backlog_goes_out_in_order_at_the_rate,
                                        engine_fixture_set_up, engine_fixture_tear_down),
        cmocka_unit_test_setup_teardown(one_chat_gets_its_messages_in_order, engine_fixture_set_up,
                                        engine_fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
