/* The gate (core/pressure.h): every class against every reason, on the edges of the hours and caps.
 */
#include "core/pressure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "actor.h"
#include "base/limits.h"

#define MONDAY_9 ((int64_t)1795420800000) /* 23 November 2026, 09:00 in Berlin */

struct fixture {
    struct actor *actor;
    struct delivery delivery;
};

enum { RELEASE_MS = 15 * 60 * 1000 };

static void *must(void *pointer)
{
    assert_non_null(pointer);
    return pointer;
}

static int setup(void **state)
{
    struct fixture *fixture = must(calloc(1, sizeof(*fixture)));
    fixture->actor = actor_new(4711, MONDAY_9);
    struct user *user = &fixture->actor->person->user;
    user->contacts[CHANNEL_TELEGRAM] = (struct contact){STR("4711"), REACH_OK};
    user->channel = CHANNEL_TELEGRAM;
    fixture->delivery = (struct delivery){
        .channel = CHANNEL_TELEGRAM, .class = CLASS_NUDGE, .expires_at_ms = MONDAY_9 + 10 * DAY_MS};
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    actor_free(fixture->actor);
    free(fixture);
    return 0;
}

static struct gate ask(struct fixture *fixture, enum message_class class, int64_t at_ms)
{
    fixture->actor->world.now_ms = at_ms;
    fixture->delivery.class = class;
    return pressure_gate(&fixture->actor->world, fixture->actor->person, &fixture->delivery);
}

static void expect(struct gate gate, enum gate_verdict verdict, const char *reason)
{
    assert_int_equal(gate.verdict, verdict);
    assert_string_equal(gate.reason, reason);
}

static void quiet_hours_hold_all_but_replies(void **state)
{
    struct fixture *fixture = *state;
    int64_t at_22 = MONDAY_9 + 13 * HOUR_MS, at_8 = MONDAY_9 + 23 * HOUR_MS;
    for (int i = CLASS_REPLY; i <= CLASS_NUDGE; i++) {
        enum message_class class = (enum message_class)i;
        expect(ask(fixture, class, at_22 - 1), GATE_SEND, "");
        expect(ask(fixture, class, at_8), GATE_SEND, "");
        if (class == CLASS_REPLY) {
            expect(ask(fixture, class, at_22), GATE_SEND, "");
            continue;
        }
        struct gate gate = ask(fixture, class, at_22);
        expect(gate, GATE_HOLD, "quiet_hours");
        assert_in_range(gate.until_ms - at_8, 0, RELEASE_MS - 1);
        assert_true(gate.hold_is_free);
        assert_int_equal(ask(fixture, class, at_8 - 1).until_ms, gate.until_ms);
        expect(ask(fixture, class, gate.until_ms), GATE_SEND, "");
    }
}

/* Everybody's mornings are spread alike, and each one's are the same. */
static void the_end_of_quiet_hours_releases_nobody_together(void **state)
{
    enum { PEOPLE = 9000, SECONDS = RELEASE_MS / 1000 };
    struct fixture *fixture = *state;
    struct person *person = fixture->actor->person;
    int64_t at_23 = MONDAY_9 + 14 * HOUR_MS, at_8 = MONDAY_9 + 23 * HOUR_MS;
    static int in_second[SECONDS];
    int most = 0;
    for (int i = 0; i < PEOPLE; i++) {
        person->user.id = ((int64_t)1800000000000 + i * 7) << 21;
        int64_t after_ms = ask(fixture, CLASS_FOLLOWUP, at_23).until_ms - at_8;
        assert_in_range(after_ms, 0, RELEASE_MS - 1);
        assert_int_equal(ask(fixture, CLASS_NUDGE, at_23 + 3 * DAY_MS).until_ms - at_8,
                         after_ms + 3 * DAY_MS);
        int count = ++in_second[after_ms / 1000];
        most = count > most ? count : most;
    }
    assert_in_range(most, PEOPLE / SECONDS, 3 * PEOPLE / SECONDS);
}

static void only_what_we_choose_is_spread(void **state)
{
    struct fixture *fixture = *state;
    struct actor *actor = fixture->actor;
    struct user *user = &actor->person->user;
    int64_t at_23 = MONDAY_9 + 14 * HOUR_MS, at_8 = MONDAY_9 + 23 * HOUR_MS;
    assert_true(ask(fixture, CLASS_FOLLOWUP, at_23).until_ms > at_8);
    /* They asked for half past seven: as soon as it may be. */
    struct commitment *commitment = person_add_commitment(actor->arena, actor->person);
    commitment->id = fixture->delivery.commitment_id = 100;
    commitment->planned_at_ms = at_8 - 30 * MINUTE_MS;
    assert_int_equal(ask(fixture, CLASS_FOLLOWUP, at_8 - 30 * MINUTE_MS).until_ms, at_8);
    commitment->planned_at_ms = MONDAY_9 + 12 * HOUR_MS; /* before they began */
    assert_true(ask(fixture, CLASS_FOLLOWUP, at_23).until_ms > at_8);
    fixture->delivery.commitment_id = 0;
    fixture->delivery.kind = KIND_BROADCAST; /* has a pace */
    assert_int_equal(ask(fixture, CLASS_NUDGE, at_23).until_ms, at_8);
    fixture->delivery.kind = KIND_STEP;
    /* Where one minute is not quiet, it is that one. */
    user->quiet_from_minute = 8 * 60 + 1;
    user->quiet_to_minute = 8 * 60;
    assert_int_equal(ask(fixture, CLASS_NUDGE, at_23).until_ms, at_8);
}

static void own_quiet_hours_and_zone_count(void **state)
{
    struct fixture *fixture = *state;
    struct user *user = &fixture->actor->person->user;
    user->quiet_from_minute = 9 * 60;
    user->quiet_to_minute = 10 * 60;
    struct gate gate = ask(fixture, CLASS_NUDGE, MONDAY_9);
    expect(gate, GATE_HOLD, "quiet_hours");
    assert_in_range(gate.until_ms - MONDAY_9 - HOUR_MS, 0, RELEASE_MS - 1);
    user->quiet_to_minute = 9 * 60; /* none */
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9 + 15 * HOUR_MS), GATE_SEND, "");
    user->quiet_from_minute = user->quiet_to_minute = -1;
    str_copy(user->zone, sizeof(user->zone), STR("America/New_York")); /* 03:00 there */
    assert_in_range(ask(fixture, CLASS_NUDGE, MONDAY_9).until_ms - MONDAY_9 - 5 * HOUR_MS, 0,
                    RELEASE_MS - 1);
}

static void stop_pause_crisis_and_holds(void **state)
{
    struct fixture *fixture = *state;
    struct user *user = &fixture->actor->person->user;
    user->paused_until_ms = MONDAY_9 + DAY_MS;
    struct gate gate = ask(fixture, CLASS_FOLLOWUP, MONDAY_9);
    expect(gate, GATE_HOLD, "paused");
    assert_int_equal(gate.until_ms, MONDAY_9 + DAY_MS);
    assert_true(gate.hold_is_free);
    user->crisis_hold = true;
    expect(ask(fixture, CLASS_ONBOARDING, MONDAY_9), GATE_HOLD, "crisis");
    user->is_held = true;
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9), GATE_SUPPRESS, "held");
    expect(ask(fixture, CLASS_FOLLOWUP, MONDAY_9), GATE_HOLD, "crisis");
    user->stopped = true;
    for (int i = CLASS_ONBOARDING; i <= CLASS_NUDGE; i++) {
        expect(ask(fixture, (enum message_class)i, MONDAY_9), GATE_SUPPRESS, "stopped");
    }
    expect(ask(fixture, CLASS_REPLY, MONDAY_9), GATE_SEND, "");
}

static void nobody_unreachable_is_written_to(void **state)
{
    struct fixture *fixture = *state;
    struct contact *contact = &fixture->actor->person->user.contacts[CHANNEL_TELEGRAM];
    contact->reach = REACH_BLOCKED;
    expect(ask(fixture, CLASS_REPLY, MONDAY_9), GATE_SUPPRESS, "blocked");
    contact->reach = REACH_GONE;
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9), GATE_SUPPRESS, "gone");
    contact->reach = REACH_NONE;
    expect(ask(fixture, CLASS_ONBOARDING, MONDAY_9), GATE_SUPPRESS, "no_address");
    fixture->actor->person->user.is_erased = true;
    expect(ask(fixture, CLASS_REPLY, MONDAY_9), GATE_SUPPRESS, "erased");
}

static void nudges_keep_their_gap_and_daily_cap(void **state)
{
    struct fixture *fixture = *state;
    struct person *person = fixture->actor->person;
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9), GATE_SEND, "");
    pressure_count(&fixture->actor->world, person, &fixture->delivery);
    struct gate gate = ask(fixture, CLASS_NUDGE, MONDAY_9 + 4 * HOUR_MS - 1);
    expect(gate, GATE_HOLD, "cap");
    assert_int_equal(gate.until_ms, MONDAY_9 + 4 * HOUR_MS);
    assert_false(gate.hold_is_free);
    for (int i = 1; i <= 2; i++) {
        expect(ask(fixture, CLASS_NUDGE, MONDAY_9 + i * 4 * HOUR_MS), GATE_SEND, "");
        pressure_count(&fixture->actor->world, person, &fixture->delivery);
    }
    gate = ask(fixture, CLASS_NUDGE, MONDAY_9 + 12 * HOUR_MS);
    expect(gate, GATE_HOLD, "cap"); /* the fourth: tomorrow after the quiet hours */
    assert_in_range(gate.until_ms - MONDAY_9 - 23 * HOUR_MS, 0, RELEASE_MS - 1);
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9 + 23 * HOUR_MS), GATE_SEND, "");
    /* Others have nothing to do with it. */
    expect(ask(fixture, CLASS_FOLLOWUP, MONDAY_9 + 12 * HOUR_MS), GATE_SEND, "");
    expect(ask(fixture, CLASS_ONBOARDING, MONDAY_9 + 12 * HOUR_MS), GATE_SEND, "");
}

static void moving_between_zones_gives_no_more_of_them(void **state)
{
    struct fixture *fixture = *state;
    struct person *person = fixture->actor->person;
    str_copy(person->user.zone, sizeof(person->user.zone), STR("Pacific/Auckland"));
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9 + 12 * HOUR_MS), GATE_SEND, ""); /* Tuesday, 09:00 */
    pressure_count(&fixture->actor->world, person, &fixture->delivery);
    person->user.nudge_count = 3;
    str_copy(person->user.zone, sizeof(person->user.zone), STR("America/Los_Angeles"));
    /* Monday afternoon: the three of Tuesday count, on Tuesday morning as well. */
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9 + 16 * HOUR_MS), GATE_HOLD, "cap");
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9 + 33 * HOUR_MS), GATE_HOLD, "cap");
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9 + 57 * HOUR_MS), GATE_SEND, "");
}

static void a_capped_nudge_waits_until_it_expires(void **state)
{
    struct fixture *fixture = *state;
    pressure_count(&fixture->actor->world, fixture->actor->person, &fixture->delivery);
    fixture->delivery.expires_at_ms = MONDAY_9 + HOUR_MS;
    struct gate gate = ask(fixture, CLASS_NUDGE, MONDAY_9 + 1);
    expect(gate, GATE_HOLD, "cap");
    assert_int_equal(gate.until_ms, MONDAY_9 + HOUR_MS);
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9 + HOUR_MS), GATE_SUPPRESS, "cap");
    fixture->actor->person->user.nudge_last_at_ms = 0;
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9 + HOUR_MS), GATE_EXPIRE, "late");
    expect(ask(fixture, CLASS_REPLY, MONDAY_9 + HOUR_MS), GATE_EXPIRE, "late");
}

static void followups_are_five_about_one_and_six_a_day(void **state)
{
    struct fixture *fixture = *state;
    struct actor *actor = fixture->actor;
    struct commitment *commitments[2];
    for (int i = 0; i < 2; i++) {
        commitments[i] = person_add_commitment(actor->arena, actor->person);
        commitments[i]->id = 100 + i;
    }
    fixture->delivery.commitment_id = 100;
    for (int i = 0; i < 5; i++) {
        expect(ask(fixture, CLASS_FOLLOWUP, MONDAY_9), GATE_SEND, "");
        pressure_count(&actor->world, actor->person, &fixture->delivery);
    }
    assert_int_equal(commitments[0]->followups, 5);
    expect(ask(fixture, CLASS_FOLLOWUP, MONDAY_9), GATE_SUPPRESS, "cap");
    fixture->delivery.commitment_id = 101;
    expect(ask(fixture, CLASS_FOLLOWUP, MONDAY_9), GATE_SEND, "");
    pressure_count(&actor->world, actor->person, &fixture->delivery);
    struct gate gate = ask(fixture, CLASS_FOLLOWUP, MONDAY_9 + HOUR_MS);
    expect(gate, GATE_HOLD, "cap");
    assert_in_range(gate.until_ms - MONDAY_9 - 23 * HOUR_MS, 0, RELEASE_MS - 1);
    expect(ask(fixture, CLASS_FOLLOWUP, MONDAY_9 + 23 * HOUR_MS), GATE_SEND, "");
}

/* What is known not to have arrived counts when it does: for its own day, its own gap. */
static void a_retried_attempt_does_not_count(void **state)
{
    struct fixture *fixture = *state;
    struct actor *actor = fixture->actor;
    struct user *user = &actor->person->user;
    struct commitment *commitment = person_add_commitment(actor->arena, actor->person);
    commitment->id = fixture->delivery.commitment_id = 100;
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9), GATE_SEND, "");
    fixture->delivery.language = STR("en");
    pressure_count(&actor->world, actor->person, &fixture->delivery);
    pressure_uncount(&actor->world, actor->person, &fixture->delivery, MONDAY_9);
    assert_false(pressure_is_counted(&fixture->delivery));
    assert_int_equal(user->nudge_count, 0);
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9 + 1), GATE_SEND, "");
    expect(ask(fixture, CLASS_FOLLOWUP, MONDAY_9), GATE_SEND, "");
    fixture->delivery.language = STR("en");
    pressure_count(&actor->world, actor->person, &fixture->delivery);
    pressure_uncount(&actor->world, actor->person, &fixture->delivery, MONDAY_9);
    assert_int_equal(user->followup_count, 0);
    assert_int_equal(commitment->followups, 0);
    /* Taken back on a later day: that day's count stays. */
    fixture->delivery.language = STR("en");
    pressure_count(&actor->world, actor->person, &fixture->delivery);
    user->followup_day++;
    pressure_uncount(&actor->world, actor->person, &fixture->delivery, MONDAY_9);
    assert_int_equal(user->followup_count, 1);
}

/* What was counted at its first attempt neither counts nor waits for itself at the next. */
static void a_retry_does_not_wait_for_itself(void **state)
{
    struct fixture *fixture = *state;
    pressure_count(&fixture->actor->world, fixture->actor->person, &fixture->delivery);
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9 + 1), GATE_HOLD, "cap");
    fixture->delivery.language = STR("en");
    expect(ask(fixture, CLASS_NUDGE, MONDAY_9 + 1), GATE_SEND, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(quiet_hours_hold_all_but_replies, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_of_quiet_hours_releases_nobody_together, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(only_what_we_choose_is_spread, setup, teardown),
        cmocka_unit_test_setup_teardown(own_quiet_hours_and_zone_count, setup, teardown),
        cmocka_unit_test_setup_teardown(stop_pause_crisis_and_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_unreachable_is_written_to, setup, teardown),
        cmocka_unit_test_setup_teardown(nudges_keep_their_gap_and_daily_cap, setup, teardown),
        cmocka_unit_test_setup_teardown(moving_between_zones_gives_no_more_of_them, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_capped_nudge_waits_until_it_expires, setup, teardown),
        cmocka_unit_test_setup_teardown(followups_are_five_about_one_and_six_a_day, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_retried_attempt_does_not_count, setup, teardown),
        cmocka_unit_test_setup_teardown(a_retry_does_not_wait_for_itself, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
