/* Thousands of random inputs in random order: whatever people, channels, operators and clocks do,
 * all invariants of core/run.h hold after every decision (actor.c asks run_check), counters never
 * contradict each other, and nobody's run waits for ever. A failing seed is printed. */
#include "actor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/limits.h"
#include "core/delivery.h"
#include "core/run.h"

#define START_MS ((int64_t)1795420800000)
enum { PEOPLE = 60, STEPS_EACH = 250 };

/* xorshift64*: the same seed gives the same people everywhere. */
static uint32_t draw(uint64_t *state, uint32_t below)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 2685821657736338717u) >> 33) % below;
}

static const char *const texts[] = {
    "hello",
    "/start",
    "/start@nudge_test_bot",
    "done",
    "calm",
    "too much",
    "/list",
    "read two pages at 8",
    "at 9:30",
    "/commit walk",
    "/done",
    "/pause 2",
    "/resume",
    "/stop",
    "/settings",
    "/metrics",
    "/insights",
    "/feedback great",
    "/delete",
    "no",
    "🙂",
    "/commit",
    "tomorrow morning",
    "/sequences",
    "/export",
    "/help",
    "I give up",
    "/commit run by 18:00",
    "/leaderboard",
    "",
    "kill myself",
    "/commit drink water every day",
    "/streaks",
    "das ist mir zu viel",
    "\xff\xfe",
};
static const char *const buttons[] = {
    "done",    "too_much",  "hello",     "one_breath", "water",     "working",   "too_big",
    "push_up", "more_time", "smaller",   "drop",       "level_up",  "same_size", "breath",
    "hi",      "helpful",   "unhelpful", "plan_water", "easy_calm", "undo",      "resume",
};
static const char *const tokens[] = {
    "r:1:first_win:done",
    "r:",
    "r:::",
    "c:1:done",
    "x:delete",
    "s:language:de",
    "complete_1",
    "r:9223372036854775807:momentum:x",
    "r:-1:a:b",
    "x:",
    "c:",
    "",
    "r:1:_rating:helpful",
};
static const enum report_kind kinds[] = {
    REPORT_SENT,    REPORT_RETRY,   REPORT_PAUSED,     REPORT_UNCERTAIN, REPORT_FAILED,
    REPORT_BLOCKED, REPORT_GONE,    REPORT_MIGRATED,   REPORT_DELIVERED, REPORT_OPENED,
    REPORT_CLICKED, REPORT_BOUNCED, REPORT_COMPLAINED,
};
static const char *const admin_names[] = {"pause", "resume",    "stop",   "lift_crisis",
                                          "reply", "broadcast", "test",   "no_test",
                                          "retry", "withdraw",  "nothing"};
static const char *const moves[] = {"rollback", "existing_rescue", "existing_amplification", "up"};
static const char *const journeys[] = {"onboarding", "superior_onboarding", "inactive_rescue",
                                       "streak_celebration", "nowhere"};

#define PICK(list, state) list[draw(state, sizeof(list) / sizeof(list[0]))]

/* A report about any delivery of the person, also long after. */
static void stray_report(struct actor *actor, uint64_t *state)
{
    if (actor->person->delivery_count == 0) {
        return;
    }
    uint32_t index = draw(state, (uint32_t)actor->person->delivery_count);
    struct input input = {.kind = INPUT_REPORT,
                          .ref_kind = DUE_DELIVERY,
                          .ref_id = actor->person->deliveries[index]->id,
                          .report = PICK(kinds, state),
                          .new_address = STR("778")};
    actor_input(actor, &input);
}

static void ask(struct actor *actor, enum input_kind kind, const char *name, const char *text,
                int64_t ref_id)
{
    struct input input = {.kind = kind,
                          .source = STR("api"),
                          .name = str_of(name),
                          .text = str_of(text),
                          .ref_id = ref_id};
    actor_input(actor, &input);
}

static void api(struct actor *actor, uint64_t *state)
{
    int64_t any_commitment =
        actor->person->commitment_count > 0 ? actor->person->commitments[0]->id : 5;
    int64_t any_delivery = actor->person->delivery_count > 0 ? actor->person->deliveries[0]->id : 5;
    switch (draw(state, 6)) {
    case 0:
        ask(actor, INPUT_TRIGGER, PICK(journeys, state), "", 0);
        return;
    case 1:
        ask(actor, INPUT_COMMITMENT, "", PICK(texts, state),
            draw(state, 2) == 0 ? any_commitment : 0);
        return;
    case 2:
        ask(actor, INPUT_ANSWER, "", PICK(texts, state), 0);
        return;
    case 3:
        ask(actor, INPUT_ADMIN, PICK(admin_names, state), "Hello", any_delivery);
        return;
    case 4:
        ask(actor, INPUT_MOVE, PICK(moves, state), "", 0);
        return;
    case 5:
        ask(actor, INPUT_TRACK, "Opened", "", 0);
        return;
    }
}

static void channel(struct actor *actor, uint64_t *state)
{
    switch (draw(state, 5)) {
    case 0:
        actor->sending = ACTOR_SENDS;
        return;
    case 1:
        actor->sending = ACTOR_SILENT;
        return;
    case 2:
        actor->sending = ACTOR_REPORTS;
        actor->report = PICK(kinds, state);
        return;
    case 3:
    case 4: {
        struct input input = {.kind = draw(state, 2) == 0 ? INPUT_BLOCKED : INPUT_UNBLOCKED,
                              .channel = CHANNEL_TELEGRAM};
        actor_input(actor, &input);
        return;
    }
    }
}

static void installation(struct actor *actor, uint64_t *state)
{
    struct rollout *rollout = &actor->installation.rollout;
    rollout->rolled_back_entries = draw(state, 3) == 0;
    rollout->rolled_back_nurture = draw(state, 3) == 0;
    rollout->stage_existing_rescue = draw(state, 2) == 0;
    rollout->stage_existing_amplification = draw(state, 2) == 0;
}

static void pass_time(struct actor *actor, uint64_t *state)
{
    static const int64_t spans[] = {1000,        MINUTE_MS,    20 * MINUTE_MS, 2 * HOUR_MS,
                                    5 * HOUR_MS, 13 * HOUR_MS, 2 * DAY_MS,     9 * DAY_MS};
    int64_t span_ms = PICK(spans, state);
    if (draw(state, 12) == 0) {
        actor_outage(actor, span_ms);
        actor_pass(actor, 0);
    } else {
        actor_pass(actor, span_ms);
    }
}

static void one_thing(struct actor *actor, uint64_t *state)
{
    uint32_t what = draw(state, 100);
    if (what < 35) {
        pass_time(actor, state);
    } else if (what < 55) {
        actor_text(actor, PICK(texts, state));
    } else if (what < 60) {
        actor_edit(actor, PICK(texts, state));
    } else if (what < 80) {
        actor_tap(actor, PICK(buttons, state));
    } else if (what < 84) {
        actor_tap_token(actor, str_of(PICK(tokens, state)));
    } else if (what < 88) {
        stray_report(actor, state);
    } else if (what < 92) {
        channel(actor, state);
    } else if (what < 98) {
        api(actor, state);
    } else {
        installation(actor, state);
    }
}

static void counters_agree(const struct person *person)
{
    const struct user *user = &person->user;
    int counts[4] = {0};
    int outside = 0;
    for (int i = 0; i < person->commitment_count; i++) {
        counts[person->commitments[i]->state]++;
        outside += !str_is(person->commitments[i]->source, "onboarding");
    }
    assert_int_equal(user->commitments_total, person->commitment_count);
    assert_int_equal(user->commitments_outside, outside);
    assert_int_equal(user->commitments_completed, counts[COMMITMENT_COMPLETED]);
    assert_int_equal(user->commitments_missed, counts[COMMITMENT_MISSED]);
    assert_int_equal(user->commitments_dropped, counts[COMMITMENT_DROPPED]);
}

/* Left alone for half a year every run comes to its end. */
static void everything_ends(struct actor *actor)
{
    actor->sending = ACTOR_SENDS;
    actor->person->user.crisis_hold = false;
    actor_pass(actor, 180 * DAY_MS);
    for (int i = 0; i < actor->person->run_count; i++) {
        const struct run *run = actor->person->runs[i];
        if (run->outcome == RUN_ACTIVE) {
            /* A repeating commitment starts a new one every day. */
            const struct commitment *subject = person_commitment(actor->person, run->subject_id);
            assert_non_null(subject);
            assert_true(actor->world.now_ms - run->entered_at_ms < 10 * DAY_MS);
        }
    }
    for (int i = 0; i < actor->person->delivery_count; i++) {
        enum delivery_state state = actor->person->deliveries[i]->state;
        assert_true(delivery_state_is_final(state) || state == DELIVERY_UNCERTAIN ||
                    actor->person->deliveries[i]->created_at_ms >
                        actor->world.now_ms - 10 * DAY_MS);
    }
}

static void live(uint64_t seed)
{
    uint64_t state = seed * 7919 + 1;
    struct actor *actor = actor_new((int64_t)(1000 + seed), START_MS);
    if (draw(&state, 3) == 0) {
        actor->installation.rollout.share_permyriad = (int)draw(&state, 10000);
    }
    if (draw(&state, 4) == 0) {
        actor->installation.rollout.started_at_ms = START_MS + 1;
        actor->person->user.is_held = draw(&state, 2) == 0;
    }
    for (int i = 0; i < STEPS_EACH && !actor->decision.erase; i++) {
        one_thing(actor, &state);
        counters_agree(actor->person);
    }
    if (!actor->decision.erase) {
        everything_ends(actor);
        counters_agree(actor->person);
    }
    actor_free(actor);
}

static void invariants_hold_whatever_happens(void **state)
{
    (void)state;
    const char *one = getenv("SEED");
    int64_t first = 1;
    if (one != NULL) {
        assert_true(str_to_int64(str_of(one), &first));
    }
    for (int64_t seed = first; seed < first + (one != NULL ? 1 : PEOPLE); seed++) {
        fprintf(stderr, "# seed %lld\n", (long long)seed);
        live((uint64_t)seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invariants_hold_whatever_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
