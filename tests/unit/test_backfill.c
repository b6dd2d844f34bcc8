/* core/backfill.h: what happened elsewhere counts as if it had happened here. */
#include "core/backfill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/ids.h"
#include "base/limits.h"
#include "core/commitment.h"

#define START_MS INT64_C(1768471200000) /* 2026-01-15 10:00 UTC */

struct past {
    struct arena *arena;
    struct person *person;
    struct id_source ids;
    struct backfill backfill;
};

static int set_up(void **state)
{
    struct arena *arena = arena_new(4096);
    struct past *past = ARENA_NEW(arena, struct past);
    past->arena = arena;
    past->person = ARENA_NEW(arena, struct person);
    person_init(past->person, 256, START_MS);
    past->backfill = (struct backfill){.arena = arena,
                                       .person = past->person,
                                       .zone = zone_find(STR("UTC")),
                                       .ids = &past->ids,
                                       .rule = STR("test")};
    *state = past;
    return 0;
}

static int tear_down(void **state)
{
    struct past *past = *state;
    arena_free(past->arena);
    return 0;
}

/* One without a size, made on that day, that ends an hour or three days later. */
static void lived(struct past *past, int day, enum commitment_state state, int64_t after_ms)
{
    int64_t at_ms = START_MS + day * DAY_MS;
    const struct commitment made = {
        .text = STR("walk"), .created_at_ms = at_ms, .due_at_ms = at_ms + DAY_MS};
    struct commitment *commitment = backfill_made(&past->backfill, &made);
    assert_int_equal(commitment->next_at_ms, made.due_at_ms + COMMITMENT_MISSED_AFTER_MS);
    backfill_ended(&past->backfill, commitment, state, at_ms + after_ms);
}

static void three_quick_ones_move_the_suggestion_of_who_had_no_size(void **state)
{
    struct past *past = *state;
    const struct user *user = &past->person->user;
    int first = commitment_suggested_rung(user);
    for (int day = 0; day < 3; day++) {
        assert_int_equal(commitment_suggested_rung(user), first);
        lived(past, day, COMMITMENT_COMPLETED, HOUR_MS);
    }
    assert_int_equal(commitment_suggested_rung(user), first + 1);
    assert_int_equal(user->streak_days, 3);
    assert_int_equal(user->commitments_quick, 3);
    assert_int_equal(user->completion_ms_sum, 3 * HOUR_MS);
}

static void two_misses_move_it_down_and_a_slow_one_begins_anew(void **state)
{
    struct past *past = *state;
    const struct user *user = &past->person->user;
    int first = commitment_suggested_rung(user);
    lived(past, 0, COMMITMENT_MISSED, 2 * DAY_MS);
    lived(past, 3, COMMITMENT_MISSED, 2 * DAY_MS);
    assert_int_equal(commitment_suggested_rung(user), first - 1);
    lived(past, 10, COMMITMENT_COMPLETED, HOUR_MS);
    lived(past, 11, COMMITMENT_COMPLETED, HOUR_MS);
    lived(past, 12, COMMITMENT_COMPLETED, 3 * DAY_MS);
    lived(past, 20, COMMITMENT_COMPLETED, HOUR_MS);
    assert_int_equal(commitment_suggested_rung(user), first - 1);
    assert_int_equal(user->commitments_quick, 3);
    assert_int_equal(user->commitments_missed, 2);
    assert_int_equal(user->streak_days, 1);
    assert_int_equal(user->streak_best_days, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(three_quick_ones_move_the_suggestion_of_who_had_no_size,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_misses_move_it_down_and_a_slow_one_begins_anew, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
