/* Commitments: counters, streak over local days, ladder, repeats, undo, and texts nobody expects.
 */
#include "core/commitment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/text.h"
#include "core/classes.h"
#include "core/commitment_parts.h"
#include "lib/chat.h"

static int setup(void **state)
{
    *state = chat_new("en");
    return 0;
}

static int teardown(void **state)
{
    chat_free(*state);
    return 0;
}

static struct commitment *make_as(struct chat *chat, const struct commitment_plan *plan)
{
    struct deciding deciding = chat_deciding(chat);
    struct commitment *commitment = commitment_make(&deciding, plan);
    return commitment;
}

static struct commitment *make(struct chat *chat)
{
    struct commitment_plan plan = {.text = STR("read"), .size_s = 300, .source = STR("chat")};
    struct commitment *commitment = make_as(chat, &plan);
    assert_non_null(commitment);
    return commitment;
}

static bool complete(struct chat *chat, struct commitment *commitment)
{
    struct deciding deciding = chat_deciding(chat);
    return commitment_complete(&deciding, commitment);
}

static bool undo(struct chat *chat, struct commitment *commitment)
{
    struct deciding deciding = chat_deciding(chat);
    return commitment_undo(&deciding, commitment);
}

/* Made and completed after the time; the chat's clock stands after it. */
static void make_and_complete(struct chat *chat, int64_t after_ms)
{
    struct commitment *commitment = make(chat);
    chat->world.now_ms += after_ms;
    assert_true(complete(chat, commitment));
}

static void to(struct chat *chat, const char *iso)
{
    assert_true(calendar_parse_iso(str_of(iso), &chat->world.now_ms));
}

/* ---- ladder -----------------------------------------------------------------------------------
 */

static void rungs_are_the_twelve_sizes(void **state)
{
    (void)state;
    static const double minutes[] = {0.5, 1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120};
    for (int rung = 0; rung < LADDER_RUNGS; rung++) {
        assert_int_equal(ladder_size_s(rung), (int)(minutes[rung] * 60));
        assert_int_equal(ladder_rung_of(ladder_size_s(rung)), rung);
        assert_int_equal(ladder_rung_of(ladder_size_s(rung) - 1), rung > 0 ? rung - 1 : 0);
    }
    assert_int_equal(ladder_rung_of(1000000), LADDER_RUNGS - 1);
    assert_int_equal(ladder_rung_of(0), 0);
}

static void too_big_is_the_largest_rung_of_half(void **state)
{
    (void)state;
    static const struct {
        int minutes2; /* half minutes */
        int half2;
    } cases[] = {{1, 1},   {2, 1},   {4, 2},   {10, 4},   {20, 10},  {30, 10},
                 {40, 20}, {60, 30}, {90, 40}, {120, 60}, {180, 90}, {240, 120}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(ladder_size_s(ladder_halve(cases[i].minutes2 * 30)), cases[i].half2 * 30);
    }
}

static void three_quick_ones_in_a_row_climb(void **state)
{
    struct chat *chat = *state;
    struct user *user = &chat->person.user;
    make_and_complete(chat, HOUR_MS);
    assert_int_equal(user->ladder_rung, 3);
    make_and_complete(chat, HOUR_MS);
    assert_int_equal(user->ladder_rung, 3);
    make_and_complete(chat, DAY_MS); /* exactly 24 h is quick */
    assert_int_equal(user->ladder_rung, 4);
    assert_int_equal(user->quick_in_row, 0);
    make_and_complete(chat, HOUR_MS);
    make_and_complete(chat, HOUR_MS);
    make_and_complete(chat, DAY_MS + 1); /* slow: the row is broken */
    make_and_complete(chat, HOUR_MS);
    assert_int_equal(user->ladder_rung, 4);
    assert_int_equal(user->quick_in_row, 1);
    user->ladder_rung = LADDER_RUNGS - 1;
    for (int i = 0; i < 6; i++) {
        make_and_complete(chat, HOUR_MS);
    }
    assert_int_equal(user->ladder_rung, LADDER_RUNGS - 1);
}

static void two_misses_in_a_row_descend(void **state)
{
    struct chat *chat = *state;
    struct user *user = &chat->person.user;
    make(chat);
    chat_wait(chat, 3 * DAY_MS);
    assert_int_equal(user->commitments_missed, 1);
    assert_int_equal(user->ladder_rung, 3);
    make(chat);
    chat_wait(chat, 3 * DAY_MS);
    assert_int_equal(user->ladder_rung, 2);
    assert_int_equal(user->misses_in_row, 0);
    make(chat);
    chat_wait(chat, 3 * DAY_MS);
    make_and_complete(chat, HOUR_MS);
    make(chat);
    chat_wait(chat, 3 * DAY_MS);
    assert_int_equal(user->ladder_rung, 2); /* a completion between them */
    user->ladder_rung = 0;
    for (int i = 0; i < 4; i++) {
        make(chat);
        chat_wait(chat, 3 * DAY_MS);
    }
    assert_int_equal(user->ladder_rung, 0);
}

static void too_big_moves_the_suggestion(void **state)
{
    struct chat *chat = *state;
    struct commitment_plan plan = {.text = STR("run"), .size_s = 2700, .source = STR("chat")};
    struct commitment *commitment = make_as(chat, &plan);
    assert_int_equal(chat->person.user.ladder_rung, 8);
    struct deciding deciding = chat_deciding(chat);
    assert_true(commitment_halve(&deciding, commitment));
    assert_int_equal(commitment->size_s, 1200);
    assert_int_equal(chat->person.user.ladder_rung, 6);
    assert_int_equal(chat_events(chat, EVENT_COMMITMENT_CHANGED), 1);
    assert_int_equal(chat_events(chat, EVENT_LADDER_MOVED), 1);
}

/* ---- states -----------------------------------------------------------------------------------
 */

static void counters_follow_every_change(void **state)
{
    struct chat *chat = *state;
    struct user *user = &chat->person.user;
    struct commitment *first = make(chat);
    assert_int_equal(user->commitments_total, 1);
    assert_int_equal(user->commitments_outside, 1);
    assert_int_equal(user->first_commitment_at_ms, chat->world.now_ms);
    assert_int_equal(first->due_at_ms, first->created_at_ms + DAY_MS);
    assert_int_equal(first->next_at_ms, first->created_at_ms + 2 * DAY_MS);
    chat->world.now_ms += 2 * HOUR_MS;
    assert_true(complete(chat, first));
    assert_false(complete(chat, first));
    assert_int_equal(user->commitments_completed, 1);
    assert_int_equal(user->commitments_quick, 1);
    assert_int_equal(user->completion_ms_sum, 2 * HOUR_MS);
    assert_int_equal(user->first_completion_at_ms, chat->world.now_ms);
    assert_int_equal(first->next_at_ms, 0);
    struct commitment *second = make(chat);
    struct deciding deciding = chat_deciding(chat);
    assert_true(commitment_drop(&deciding, second));
    assert_false(commitment_drop(&deciding, second));
    assert_false(commitment_complete(&deciding, second));
    assert_false(commitment_rename(&deciding, second, STR("other")));
    assert_false(commitment_postpone(&deciding, second, HOUR_MS));
    assert_false(commitment_halve(&deciding, second));
    assert_int_equal(user->commitments_dropped, 1);
    assert_int_equal(user->commitments_total, 2);
}

/* Nothing is completed before it was made, and first is what is earliest. */
static void a_clock_set_back_breaks_no_figure(void **state)
{
    struct chat *chat = *state;
    struct user *user = &chat->person.user;
    make_and_complete(chat, MINUTE_MS);
    int64_t before_ms = chat->world.now_ms - 2 * HOUR_MS;
    struct commitment *second = make(chat);
    chat->world.now_ms = before_ms;
    assert_true(complete(chat, second));
    assert_int_equal(second->completed_at_ms, second->created_at_ms);
    assert_int_equal(user->completion_ms_sum, MINUTE_MS);
    make_and_complete(chat, MINUTE_MS);
    assert_int_equal(user->first_commitment_at_ms, before_ms);
    assert_int_equal(user->first_completion_at_ms, before_ms + MINUTE_MS);
    assert_int_equal(user->commitments_quick, 3);
}

static void missed_is_a_day_past_due(void **state)
{
    struct chat *chat = *state;
    struct commitment_plan plan = {.text = STR("call"),
                                   .size_s = 300,
                                   .source = STR("chat"),
                                   .planned_at_ms = chat->world.now_ms + 5 * HOUR_MS};
    struct commitment *commitment = make_as(chat, &plan);
    chat_wait(chat, 29 * HOUR_MS - 1);
    assert_int_equal(commitment->state, COMMITMENT_ACTIVE);
    chat_wait(chat, 1);
    assert_int_equal(commitment->state, COMMITMENT_MISSED);
    assert_int_equal(commitment->ended_at_ms, commitment->planned_at_ms + DAY_MS);
    struct deciding deciding = chat_deciding(chat);
    assert_true(commitment_done_after_all(&deciding, commitment));
    assert_false(commitment_done_after_all(&deciding, commitment));
    assert_int_equal(chat->person.user.commitments_missed, 0);
    assert_int_equal(chat->person.user.commitments_completed, 1);
    assert_int_equal(chat->person.user.commitments_quick, 0);
}

static void a_missed_one_starts_smaller_anew(void **state)
{
    struct chat *chat = *state;
    struct commitment *commitment = make(chat);
    chat_wait(chat, 3 * DAY_MS);
    struct deciding deciding = chat_deciding(chat);
    assert_true(commitment_halve(&deciding, commitment));
    assert_int_equal(commitment->state, COMMITMENT_MISSED);
    assert_int_equal(chat->person.commitment_count, 2);
    struct commitment *smaller = chat->person.commitments[1];
    assert_int_equal(smaller->state, COMMITMENT_ACTIVE);
    assert_int_equal(smaller->size_s, 120);
    assert_true(str_equal(smaller->text, commitment->text));
}

static void postponing_moves_the_plan(void **state)
{
    struct chat *chat = *state;
    struct commitment *unplanned = make(chat);
    chat->world.now_ms += 3 * HOUR_MS;
    struct deciding deciding = chat_deciding(chat);
    assert_true(commitment_postpone(&deciding, unplanned, 4 * HOUR_MS));
    assert_int_equal(unplanned->planned_at_ms, chat->world.now_ms + 4 * HOUR_MS);
    assert_int_equal(unplanned->next_at_ms, unplanned->planned_at_ms + DAY_MS);
    int64_t planned_ms = unplanned->planned_at_ms;
    chat->world.now_ms = planned_ms + 2 * HOUR_MS;
    deciding = chat_deciding(chat);
    assert_true(commitment_postpone(&deciding, unplanned, 4 * HOUR_MS));
    assert_int_equal(unplanned->planned_at_ms, planned_ms + 4 * HOUR_MS);
    chat->world.now_ms = unplanned->planned_at_ms + 6 * HOUR_MS;
    deciding = chat_deciding(chat);
    assert_true(commitment_postpone(&deciding, unplanned, 4 * HOUR_MS));
    assert_int_equal(unplanned->planned_at_ms, chat->world.now_ms + 4 * HOUR_MS);
}

static void fifty_open_ones_are_enough(void **state)
{
    struct chat *chat = *state;
    for (int i = 0; i < LIMIT_COMMITMENTS_OPEN; i++) {
        make(chat);
    }
    struct commitment_plan plan = {.text = STR("one more"), .source = STR("api")};
    assert_null(make_as(chat, &plan));
    assert_int_equal(chat->decision.error, ERR_LIMIT);
    assert_int_equal(chat->person.user.commitments_total, LIMIT_COMMITMENTS_OPEN);
    assert_true(complete(chat, chat->person.commitments[0]));
    assert_non_null(make_as(chat, &plan));
}

static void onboarding_moves_no_ladder_and_starts_nothing(void **state)
{
    struct chat *chat = *state;
    struct user *user = &chat->person.user;
    int runs = chat->person.run_count;
    struct commitment_plan plan = {.text = STR("one stretch"),
                                   .size_s = 60,
                                   .source = STR("onboarding"),
                                   .completed_at_once = true};
    for (int i = 0; i < 5; i++) {
        struct commitment *commitment = make_as(chat, &plan);
        assert_int_equal(commitment->state, COMMITMENT_COMPLETED);
    }
    assert_int_equal(user->ladder_rung, -1);
    assert_int_equal(user->quick_in_row, 0);
    assert_int_equal(user->commitments_outside, 0);
    assert_int_equal(user->commitments_outside_completed, 0);
    assert_int_equal(user->commitments_completed, 5);
    assert_int_equal(user->commitments_quick, 5);
    assert_int_equal(chat->person.run_count, runs);
}

static void an_onboarding_plan_is_followed_like_any_other(void **state)
{
    struct chat *chat = *state;
    struct user *user = &chat->person.user;
    struct commitment_plan plan = {
        .text = STR("walk tomorrow"), .size_s = 300, .source = STR("onboarding")};
    for (int i = 0; i < 2; i++) {
        make_as(chat, &plan);
        chat_wait(chat, 3 * DAY_MS);
    }
    assert_int_equal(user->commitments_missed, 2);
    assert_int_equal(user->commitments_outside, 0);
    assert_int_equal(user->ladder_rung, 2); /* from the first suggestion */
    struct commitment *third = make_as(chat, &plan);
    assert_true(complete(chat, third));
    assert_int_equal(user->quick_in_row, 0); /* at once: as good as reported */
}

/* ---- undo -------------------------------------------------------------------------------------
 */

static void undo_takes_everything_back(void **state)
{
    struct chat *chat = *state;
    struct user *user = &chat->person.user;
    make_and_complete(chat, HOUR_MS);
    make_and_complete(chat, HOUR_MS);
    struct commitment *third = make(chat);
    struct user before = *user;
    chat->world.now_ms += 5 * HOUR_MS;
    assert_true(complete(chat, third));
    assert_int_equal(user->ladder_rung, 4);
    chat->world.now_ms += 10 * MINUTE_MS;
    assert_true(undo(chat, third));
    assert_false(undo(chat, third));
    assert_int_equal(third->state, COMMITMENT_ACTIVE);
    assert_int_equal(third->next_at_ms, third->created_at_ms + 2 * DAY_MS);
    assert_int_equal(third->completed_at_ms, 0);
    assert_int_equal(user->commitments_completed, before.commitments_completed);
    assert_int_equal(user->commitments_quick, before.commitments_quick);
    assert_int_equal(user->completion_ms_sum, before.completion_ms_sum);
    assert_int_equal(user->commitments_outside_completed, before.commitments_outside_completed);
    assert_int_equal(user->first_completion_at_ms, before.first_completion_at_ms);
    assert_int_equal(user->ladder_rung, before.ladder_rung);
    assert_int_equal(user->quick_in_row, before.quick_in_row);
    assert_int_equal(user->streak_days, before.streak_days);
    assert_int_equal(user->streak_day, before.streak_day);
    assert_int_equal(user->streak_best_days, before.streak_best_days);
}

static void undo_is_over_after_ten_minutes(void **state)
{
    struct chat *chat = *state;
    struct commitment *commitment = make(chat);
    assert_true(complete(chat, commitment));
    chat->world.now_ms += 10 * MINUTE_MS + 1;
    assert_false(undo(chat, commitment));
    assert_int_equal(commitment->state, COMMITMENT_COMPLETED);
}

static void undo_of_the_only_completion_leaves_no_streak(void **state)
{
    struct chat *chat = *state;
    struct user *user = &chat->person.user;
    struct commitment *commitment = make(chat);
    assert_true(complete(chat, commitment));
    assert_int_equal(user->streak_days, 1);
    assert_true(undo(chat, commitment));
    assert_int_equal(user->streak_days, 0);
    assert_int_equal(user->streak_best_days, 0);
    assert_int_equal(user->first_completion_at_ms, 0);
    assert_true(complete(chat, commitment));
    assert_int_equal(user->streak_days, 1);
}

static void undo_of_a_drop_keeps_missed_missed(void **state)
{
    struct chat *chat = *state;
    struct commitment *commitment = make(chat);
    chat_wait(chat, 3 * DAY_MS);
    struct deciding deciding = chat_deciding(chat);
    assert_true(commitment_drop(&deciding, commitment));
    assert_int_equal(chat->person.user.commitments_missed, 0);
    assert_true(undo(chat, commitment));
    assert_int_equal(commitment->state, COMMITMENT_MISSED);
    assert_int_equal(chat->person.user.commitments_missed, 1);
    assert_int_equal(chat->person.user.commitments_dropped, 0);
    assert_int_equal(commitment->next_at_ms, 0);
}

/* ---- repeats ----------------------------------------------------------------------------------
 */

static struct commitment *make_repeating(struct chat *chat, enum repeat_kind repeat,
                                         const char *planned)
{
    struct commitment_plan plan = {
        .text = STR("stretch"), .size_s = 300, .source = STR("chat"), .repeat = repeat};
    assert_true(calendar_parse_iso(str_of(planned), &plan.planned_at_ms));
    struct local_time local = calendar_local(zone_utc(), plan.planned_at_ms);
    plan.repeat_weekday = local.weekday;
    plan.repeat_minute = local.hour * 60 + local.minute;
    return make_as(chat, &plan);
}

static int64_t instant(const char *iso)
{
    int64_t at_ms;
    assert_true(calendar_parse_iso(str_of(iso), &at_ms));
    return at_ms;
}

static void the_next_one_comes_after_completion(void **state)
{
    struct chat *chat = *state;
    static const struct {
        enum repeat_kind repeat;
        const char *planned, *completed, *next;
    } cases[] = {
        {REPEAT_DAILY, "2025-11-27T18:00Z", "2025-11-27T17:00Z", "2025-11-28T18:00Z"},
        {REPEAT_DAILY, "2025-11-27T18:00Z", "2025-11-26T09:00Z", "2025-11-28T18:00Z"},
        {REPEAT_DAILY, "2025-11-27T18:00Z", "2025-11-28T09:00Z", "2025-11-28T18:00Z"},
        {REPEAT_WEEKDAYS, "2025-11-28T07:30Z", "2025-11-28T08:00Z", "2025-12-01T07:30Z"},
        {REPEAT_WEEKLY, "2025-11-28T07:30Z", "2025-11-28T08:00Z", "2025-12-05T07:30Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        to(chat, "2025-11-25T10:00Z");
        struct commitment *commitment = make_repeating(chat, cases[i].repeat, cases[i].planned);
        int count = chat->person.commitment_count;
        to(chat, cases[i].completed);
        assert_true(complete(chat, commitment));
        assert_int_equal(chat->person.commitment_count, count + 1);
        struct commitment *next = chat->person.commitments[count];
        assert_int_equal(next->planned_at_ms, instant(cases[i].next));
        assert_int_equal(next->repeat, cases[i].repeat);
        assert_string_equal(next->source.ptr, "repeat");
        /* Undoing takes the successor back. */
        assert_true(undo(chat, commitment));
        assert_int_equal(next->state, COMMITMENT_DROPPED);
        struct deciding deciding = chat_deciding(chat);
        assert_true(commitment_drop(&deciding, commitment));
        assert_int_equal(chat->person.commitment_count, count + 1); /* dropping ends the row */
    }
}

static void an_onboarding_plan_that_repeats_stays_one(void **state)
{
    struct chat *chat = *state;
    to(chat, "2025-11-25T10:00Z");
    chat->person.user.activity_last_at_ms = chat->world.now_ms;
    struct commitment_plan plan = {.text = STR("stretch"),
                                   .source = STR("onboarding"),
                                   .planned_at_ms = instant("2025-11-26T08:00Z"),
                                   .repeat = REPEAT_DAILY,
                                   .repeat_minute = 8 * 60};
    struct deciding deciding = chat_deciding(chat);
    struct commitment *first = commitment_make(&deciding, &plan);
    chat_wait(chat, 3 * DAY_MS);
    assert_true(chat->person.commitment_count >= 2);
    assert_int_equal(chat->person.user.commitments_outside, 0);
    struct commitment *second = chat->person.commitments[1];
    assert_int_equal(first->state, COMMITMENT_MISSED);
    assert_true(complete(chat, second) || second->state == COMMITMENT_MISSED);
    assert_int_equal(chat->person.user.commitments_outside_completed, 0);
}

static void the_next_one_comes_after_a_miss_while_someone_is_there(void **state)
{
    struct chat *chat = *state;
    to(chat, "2025-11-25T10:00Z");
    chat->person.user.activity_last_at_ms = chat->world.now_ms;
    make_repeating(chat, REPEAT_DAILY, "2025-11-25T18:00Z");
    chat_wait(chat, 32 * HOUR_MS);
    assert_int_equal(chat->person.commitment_count, 2);
    assert_int_equal(chat->person.commitments[1]->planned_at_ms, instant("2025-11-26T18:00Z"));
    assert_int_equal(chat_events(chat, EVENT_COMMITMENT_REPEATED), 1);
    assert_int_equal(chat_events(chat, EVENT_COMMITMENT_MADE), 0); /* nobody did anything */
    chat_wait(chat, 60 * DAY_MS);
    /* Two weeks of silence end the row. */
    assert_true(chat->person.commitment_count < 18);
    assert_int_equal(chat->person.commitments[chat->person.commitment_count - 1]->state,
                     COMMITMENT_MISSED);
}

static void occurrences_keep_the_wall_clock(void **state)
{
    (void)state;
    const struct zone *berlin = zone_find(STR("Europe/Berlin"));
    struct commitment commitment = {.repeat = REPEAT_DAILY, .repeat_minute = 8 * 60};
    commitment.due_at_ms = instant("2026-03-28T07:00Z"); /* 08:00, the day before the change */
    int64_t next_ms = commitment_next_occurrence(berlin, &commitment, instant("2026-03-28T08:00Z"));
    assert_int_equal(next_ms, instant("2026-03-29T06:00Z"));
    commitment.repeat_minute = 2 * 60 + 30; /* does not exist that night */
    next_ms = commitment_next_occurrence(berlin, &commitment, instant("2026-03-28T08:00Z"));
    assert_int_equal(next_ms, instant("2026-03-29T01:00Z"));
}

static void one_put_off_past_midnight_skips_no_day(void **state)
{
    (void)state;
    const struct zone *utc = zone_find(STR("UTC"));
    static const struct {
        enum repeat_kind repeat;
        const char *due, *now, *next;
    } cases[] = {
        {REPEAT_DAILY, "2025-11-25T21:00Z", "2025-11-25T21:30Z", "2025-11-26T21:00Z"},
        {REPEAT_DAILY, "2025-11-26T01:00Z", "2025-11-26T00:30Z", "2025-11-26T21:00Z"},
        {REPEAT_DAILY, "2025-11-26T20:59Z", "2025-11-26T20:00Z", "2025-11-26T21:00Z"},
        {REPEAT_DAILY, "2025-11-26T22:00Z", "2025-11-26T21:30Z", "2025-11-27T21:00Z"},
        {REPEAT_DAILY, "2025-11-26T01:00Z", "2025-11-27T01:00Z", "2025-11-27T21:00Z"}, /* missed */
        {REPEAT_WEEKDAYS, "2025-11-29T01:00Z", "2025-11-29T00:30Z", "2025-12-01T21:00Z"},
        {REPEAT_WEEKLY, "2025-11-26T01:00Z", "2025-11-26T00:30Z", "2025-12-02T21:00Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct commitment commitment = {.repeat = cases[i].repeat,
                                        .repeat_minute = 21 * 60,
                                        .repeat_weekday = 2, /* Tuesday */
                                        .due_at_ms = instant(cases[i].due)};
        assert_int_equal(commitment_next_occurrence(utc, &commitment, instant(cases[i].now)),
                         instant(cases[i].next));
    }
}

/* ---- streak -----------------------------------------------------------------------------------
 */

static void days_in_a_row_are_local_days(void **state)
{
    struct chat *chat = *state;
    static const struct {
        const char *zone;
        const char *at[5];
        int days[5];
    } cases[] = {
        /* the night of the change: 23 and 25 hours long days */
        {"Europe/Berlin",
         {"2026-03-28T22:30Z", "2026-03-29T21:30Z", "2026-03-29T22:30Z", "2026-03-31T22:30Z", NULL},
         {1, 2, 3, 1}},
        {"America/New_York",
         {"2026-11-01T03:30Z", "2026-11-01T04:30Z", "2026-11-02T04:30Z", "2026-11-02T05:30Z", NULL},
         {1, 2, 2, 3}},
        /* two completions of one local day, on two days of UTC */
        {"Pacific/Auckland",
         {"2026-01-10T23:00Z", "2026-01-11T10:00Z", "2026-01-11T12:00Z", NULL},
         {1, 1, 2}},
        {"Pacific/Pago_Pago", {"2026-01-11T10:00Z", "2026-01-11T12:00Z", NULL}, {1, 2}},
        {"Asia/Kathmandu", {"2026-01-11T18:00Z", "2026-01-11T18:20Z", NULL}, {1, 2}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct user *user = &chat->person.user;
        user->streak_days = 0;
        user->streak_best_days = 0;
        user->streak_day = 0;
        str_copy(user->zone, sizeof(user->zone), str_of(cases[i].zone));
        for (int k = 0; cases[i].at[k] != NULL; k++) {
            to(chat, cases[i].at[k]);
            make_and_complete(chat, 0);
            assert_int_equal(user->streak_days, cases[i].days[k]);
        }
    }
}

static void moving_west_breaks_no_streak(void **state)
{
    struct chat *chat = *state;
    struct user *user = &chat->person.user;
    str_copy(user->zone, sizeof(user->zone), STR("Asia/Tokyo"));
    to(chat, "2026-01-10T15:30Z"); /* the 11th in Tokyo */
    make_and_complete(chat, 0);
    str_copy(user->zone, sizeof(user->zone), STR("America/Los_Angeles"));
    to(chat, "2026-01-10T20:00Z"); /* the 10th there */
    make_and_complete(chat, 0);
    assert_int_equal(user->streak_days, 1);
    assert_int_equal(classes_streak_days(&chat->world, &chat->person), 1);
    to(chat, "2026-01-12T20:00Z");
    make_and_complete(chat, 0);
    assert_int_equal(user->streak_days, 2);
}

static void a_streak_ends_today_or_yesterday(void **state)
{
    struct chat *chat = *state;
    to(chat, "2026-01-10T12:00Z");
    make_and_complete(chat, 0);
    to(chat, "2026-01-11T12:00Z");
    make_and_complete(chat, 0);
    assert_int_equal(classes_streak_days(&chat->world, &chat->person), 2);
    to(chat, "2026-01-12T23:59Z");
    assert_int_equal(classes_streak_days(&chat->world, &chat->person), 2);
    to(chat, "2026-01-13T00:00Z");
    assert_int_equal(classes_streak_days(&chat->world, &chat->person), 0);
    assert_int_equal(chat->person.user.streak_best_days, 2);
}

/* ---- texts ------------------------------------------------------------------------------------
 */

static struct str cleaned(struct chat *chat, struct str text)
{
    struct str clean = commitment_text(chat->arena, text);
    assert_true(clean.length <= LIMIT_COMMITMENT_BYTES);
    assert_true(text_is_utf8(clean));
    assert_true(clean.length == 0 || memchr(clean.ptr, '\n', clean.length) == NULL);
    return clean;
}

static void texts_become_one_clean_line(void **state)
{
    struct chat *chat = *state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"read 10 pages", "read 10 pages"},
        {"  read\n\n10\t pages \r\n", "read 10 pages"},
        {"", ""},
        {" \n\t ", ""},
        {"a\xE2\x80\xA8 b\xE2\x80\xA9"
         "c",
         "a b c"}, /* line separators */
        {"abc\xE2\x80\xAE"
         "def\xE2\x80\xAC",
         "abcdef"}, /* direction overrides */
        {"\xE2\x81\xA7"
         "x\xE2\x81\xA9",
         "x"},                                            /* isolates */
        {"אני אקרא עשרה עמודים", "אני אקרא עשרה עמודים"}, /* right to left stays as it is */
        {"อ่านหนังสือสิบหน้า", "อ่านหนังสือสิบหน้า"},               /* no spaces between words */
        {"👨‍👩‍👧‍👦 🏃🏽‍♀️",
         "👨‍👩‍👧‍👦 🏃🏽‍♀️"}, /* joiners stay */
        {"bad \xff\xfe bytes", "bad \xEF\xBF\xBD\xEF\xBF\xBD bytes"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str clean = cleaned(chat, str_of(cases[i].from));
        if (!str_is(clean, cases[i].to)) {
            fail_msg("\"%s\" became \"%.*s\"", cases[i].from, STR_ARG(clean));
        }
    }
}

static void floods_are_cut_at_whole_characters(void **state)
{
    struct chat *chat = *state;
    static const char *const units[] = {
        "x", "🎉", "👨‍👩‍👧‍👦", "א", "ก็", "word ", "\xff", "e\xCC\x81"};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t unit = strlen(units[i]);
        size_t length = 100 * 1024 / unit * unit;
        char *flood = arena_alloc(chat->arena, length);
        for (size_t at = 0; at < length; at += unit) {
            memcpy(flood + at, units[i], unit);
        }
        struct str clean = cleaned(chat, (struct str){flood, length});
        assert_true(clean.length > LIMIT_COMMITMENT_BYTES / 2);
    }
    /* One letter with 20,000 marks on it. */
    char *tower = arena_alloc(chat->arena, 40001);
    tower[0] = 'a';
    for (size_t i = 0; i < 20000; i++) {
        memcpy(tower + 1 + 2 * i, "\xCC\x81", 2);
    }
    assert_true(cleaned(chat, (struct str){tower, 40001}).length > 0);
}

static void any_bytes_are_borne(void **state)
{
    struct chat *chat = *state;
    uint64_t seed = 2463534242;
    for (int n = 0; n < 3000; n++) {
        char bytes[600];
        size_t length = (size_t)(seed % sizeof(bytes));
        for (size_t i = 0; i < length; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            bytes[i] = (char)seed;
        }
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        cleaned(chat, (struct str){bytes, length});
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rungs_are_the_twelve_sizes),
        cmocka_unit_test(too_big_is_the_largest_rung_of_half),
        TEST(three_quick_ones_in_a_row_climb),
        TEST(two_misses_in_a_row_descend),
        TEST(too_big_moves_the_suggestion),
        TEST(counters_follow_every_change),
        TEST(a_clock_set_back_breaks_no_figure),
        TEST(missed_is_a_day_past_due),
        TEST(a_missed_one_starts_smaller_anew),
        TEST(postponing_moves_the_plan),
        TEST(fifty_open_ones_are_enough),
        TEST(onboarding_moves_no_ladder_and_starts_nothing),
        TEST(an_onboarding_plan_is_followed_like_any_other),
        TEST(undo_takes_everything_back),
        TEST(undo_is_over_after_ten_minutes),
        TEST(undo_of_the_only_completion_leaves_no_streak),
        TEST(undo_of_a_drop_keeps_missed_missed),
        TEST(the_next_one_comes_after_completion),
        TEST(an_onboarding_plan_that_repeats_stays_one),
        TEST(one_put_off_past_midnight_skips_no_day),
        TEST(the_next_one_comes_after_a_miss_while_someone_is_there),
        cmocka_unit_test(occurrences_keep_the_wall_clock),
        TEST(days_in_a_row_are_local_days),
        TEST(moving_west_breaks_no_streak),
        TEST(a_streak_ends_today_or_yesterday),
        TEST(texts_become_one_clean_line),
        TEST(floods_are_cut_at_whole_characters),
        TEST(any_bytes_are_borne),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
