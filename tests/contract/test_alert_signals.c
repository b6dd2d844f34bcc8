/* Signals about the running installation, on both stores. */
#include "store_fixture.h"

#include "bi/alerts/signals.h"

#define FIXTURE    struct fixture *fixture = *state
#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

static const int64_t TODAY = NOW_MS / DAY_MS;

static struct alert_signals signals_now(struct fixture *fixture)
{
    struct alert_signals signals;
    assert_ok(
        alert_signals_read(fixture->store, fixture->arena, NOW_MS, &signals, &fixture->detail));
    return signals;
}

static struct person *somebody(struct fixture *fixture)
{
    struct person *person = fixture_person(fixture);
    person->user.is_test = false;
    fixture_run(fixture, person, RUN_ACTIVE);
    return person;
}

/* So many messages of the sequence on a day, counted back from today. */
static void send(struct fixture *fixture, struct person *person, const char *sequence, int days_ago,
                 int count)
{
    for (int i = 0; i < count; i++) {
        struct delivery *delivery =
            fixture_delivery(fixture, person, person->runs[0], DELIVERY_SENT);
        delivery->sequence = str_of(sequence);
        delivery->sent_at_ms = (TODAY - days_ago) * DAY_MS + i;
    }
}

static void sequences_are_silent_when_messages_are_missing(void **state)
{
    FIXTURE;
    struct person *person = somebody(fixture);
    for (int day = 2; day < 12; day++) {
        send(fixture, person, "often", day, 12);       /* a day of silence misses twelve */
        send(fixture, person, "now_and_then", day, 2); /* misses two */
        send(fixture, person, "at_work", day, 12);
        send(fixture, person, "once_more_today", day, 12);
        send(fixture, person, "rare", day + 10, 1); /* ten days of silence, one a day before */
    }
    send(fixture, person, "at_work", 1, 3);
    send(fixture, person, "once_more_today", 0, 1);
    send(fixture, person, "one_broadcast", 3, 500);
    for (int day = 3; day < 50; day += 5) {
        send(fixture, person, "weekly", day, 30); /* not on most days */
    }
    fixture_save(fixture, person);
    struct alert_signals signals = signals_now(fixture);
    assert_str("often, rare", signals.silent);
    assert_true(signals.values[SIGNAL_SILENT_JOURNEYS] == 2);
}

static void a_sequence_just_begun_is_not_silent(void **state)
{
    FIXTURE;
    struct person *person = somebody(fixture);
    for (int day = 2; day < 8; day++) {
        send(fixture, person, "six_days", day, 100);
    }
    fixture_save(fixture, person);
    assert_str("", signals_now(fixture).silent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sequences_are_silent_when_messages_are_missing),
        CASE(a_sequence_just_begun_is_not_silent),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
