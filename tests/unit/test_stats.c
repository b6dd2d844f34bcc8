/* Rates, their intervals and rounding against values computed by hand or known from tables. */
#include "bi/stats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void rates_have_wilson_intervals(void **state)
{
    (void)state;
    /* The score interval without continuity correction, reckoned by a second program. */
    static const struct {
        int64_t hits, n;
        double percent, low, high;
    } cases[] = {
        {5, 18, 27.7777777778, 12.49975, 50.87266},
        {36, 75, 48.0, 37.06911, 59.12578},
        {34, 36, 94.4444444444, 81.85534, 98.46300},
        {0, 10, 0.0, 0.0, 27.75328},
        {10, 10, 100.0, 72.24672, 100.0},
        {1, 1, 100.0, 20.65493, 100.0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rate rate = rate_of(cases[i].hits, cases[i].n);
        assert_true(fabs(rate.percent - cases[i].percent) < 1e-9);
        assert_true(fabs(rate.low - cases[i].low) < 1e-4);
        assert_true(fabs(rate.high - cases[i].high) < 1e-4);
    }
}

static void nothing_is_known_of_nobody(void **state)
{
    (void)state;
    struct rate rate = rate_of(0, 0);
    assert_true(isnan(rate.percent) && isnan(rate.low) && isnan(rate.high));
    assert_int_equal(rate_tenths(&rate), -1);
    assert_true(rate_is_thin(&rate));
    assert_true(isnan(ratio(1, 0)));
    assert_true(isnan(round_tenth((double)NAN)));
}

static void tenths_are_rounded_half_up(void **state)
{
    (void)state;
    static const struct {
        int64_t hits, n, tenths;
    } cases[] = {
        {5, 18, 278},
        {36, 75, 480},
        {34, 36, 944},
        {13, 18, 722},
        {3, 18, 167},
        {45, 75, 600},
        {1, 3, 333},
        {2, 3, 667},
        {1, 8, 125},
        {1, 16, 63} /* 6.25 */,
        {1, 2000, 1} /* 0.05 */,
        {1, 2001, 0},
        {0, 7, 0},
        {7, 7, 1000},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rate rate = rate_of(cases[i].hits, cases[i].n);
        assert_int_equal(rate_tenths(&rate), cases[i].tenths);
    }
    assert_int_equal(tenths_of(3.4), 34);
    assert_int_equal(tenths_of(0.25), 3);
    assert_true(fabs(round_tenth(2.25) - 2.3) < 1e-12);
    struct arena *arena = arena_new(256);
    assert_string_equal(decimal_text(arena, 2.25), "2.3");
    assert_string_equal(decimal_text(arena, -1.5), "-1.5");
    assert_string_equal(decimal_text(arena, -0.04), "0.0");
    assert_string_equal(decimal_text(arena, (double)NAN), "–");
    arena_free(arena);
}

static void few_people_are_fewer_than_ten(void **state)
{
    (void)state;
    struct rate nine = rate_of(3, 9);
    struct rate ten = rate_of(3, 10);
    assert_true(rate_is_thin(&nine));
    assert_false(rate_is_thin(&ten));
}

static void percentiles_lie_between_neighbours(void **state)
{
    (void)state;
    struct quantile_place place = quantile_place(1, 0.9);
    assert_int_equal(place.index, 0);
    assert_true(place.weight == 0);
    place = quantile_place(4, 0.5);
    assert_int_equal(place.index, 1);
    assert_true(fabs(place.weight - 0.5) < 1e-12);
    place = quantile_place(11, 0.9);
    assert_int_equal(place.index, 9);
    assert_true(fabs(place.weight) < 1e-12);
    place = quantile_place(36, 0.9);
    assert_int_equal(place.index, 31);
    assert_true(fabs(place.weight - 0.5) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_have_wilson_intervals),
        cmocka_unit_test(nothing_is_known_of_nobody),
        cmocka_unit_test(tenths_are_rounded_half_up),
        cmocka_unit_test(few_people_are_fewer_than_ten),
        cmocka_unit_test(percentiles_lie_between_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
