/* Clocks: the real one moves, the virtual one only by hand, the scaled one at its rate. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void the_real_clock_is_todays(void **state)
{
    (void)state;
    struct clock *clock = clock_new_real();
    int64_t first = clock_now_ms(clock);
    assert_true(first > 1700000000000 && first < INT64_C(1) << 42);
    int64_t monotonic = clock_monotonic_ms(clock);
    assert_true(clock_monotonic_ms(clock) >= monotonic);
    assert_int_equal(clock_wait_ms(clock, first - 1), 0);
    int64_t wait = clock_wait_ms(clock, first + 3600000);
    assert_in_range(wait, 3500000, 3600001);
    clock_set_rate(clock, 5.0); /* ignored */
    clock_free(clock);
    clock_free(NULL);
}

static void the_virtual_clock_stands_still(void **state)
{
    (void)state;
    struct clock *clock = clock_new_virtual(1000);
    assert_int_equal(clock_now_ms(clock), 1000);
    assert_int_equal(clock_monotonic_ms(clock), 1000);
    assert_true(clock_wait_ms(clock, 1001) == INT64_MAX);
    assert_int_equal(clock_wait_ms(clock, 1000), 0);
    clock_advance(clock, 500);
    assert_int_equal(clock_now_ms(clock), 1500);
    clock_set(clock, 99);
    assert_int_equal(clock_now_ms(clock), 99);
    clock_free(clock);
}

/* Waits by reading the real clock until it moved, with a generous end. */
static void wait_for_real_ms(int64_t ms)
{
    struct clock *real = clock_new_real();
    int64_t until = clock_monotonic_ms(real) + ms;
    while (clock_monotonic_ms(real) < until) {
    }
    clock_free(real);
}

static void the_scaled_clock_runs_faster(void **state)
{
    (void)state;
    struct clock *clock = clock_new_scaled(1000000, 3600.0);
    struct clock *real = clock_new_real();
    int64_t real_before = clock_monotonic_ms(real);
    int64_t before = clock_now_ms(clock);
    assert_true(before >= 1000000);
    wait_for_real_ms(5);
    int64_t gone = clock_now_ms(clock) - before;
    int64_t real_gone = clock_monotonic_ms(real) - real_before;
    assert_true(gone >= (real_gone - 2) * 3600 && gone <= (real_gone + 2) * 3600);
    /* An hour of it is a second of ours. */
    int64_t wait = clock_wait_ms(clock, clock_now_ms(clock) + 3600000);
    assert_in_range(wait, 1, 1001);
    /* A new rate begins from what it shows now. */
    before = clock_now_ms(clock);
    clock_set_rate(clock, 1.0);
    int64_t after = clock_now_ms(clock);
    assert_true(after >= before);
    wait = clock_wait_ms(clock, after + 3600000);
    assert_true(wait > 3000000);
    clock_free(real);
    clock_free(clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_clock_is_todays),
        cmocka_unit_test(the_virtual_clock_stands_still),
        cmocka_unit_test(the_scaled_clock_runs_faster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
