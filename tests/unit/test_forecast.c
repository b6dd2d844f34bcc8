/* Forecasts of sending: what fits goes out at once, earlier priorities first, the rest waits. */
#include "bi/forecast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct forecast *forecast_new(double per_second)
{
    struct forecast *forecast = calloc(1, sizeof(*forecast));
    assert_non_null(forecast);
    forecast->per_second[CHANNEL_TELEGRAM] = per_second;
    return forecast;
}

static void nothing_is_out_at_once(void **state)
{
    (void)state;
    struct forecast *forecast = forecast_new(1);
    forecast_make(forecast);
    assert_int_equal(forecast->messages[CHANNEL_TELEGRAM][PRIORITY_NUDGE], 0);
    assert_int_equal(forecast->out_after_s[CHANNEL_TELEGRAM][PRIORITY_NUDGE], 0);
    free(forecast);
}

static void what_fits_goes_in_its_minute(void **state)
{
    (void)state;
    struct forecast *forecast = forecast_new(1);
    forecast->due[CHANNEL_TELEGRAM][PRIORITY_NUDGE][5] = 60;
    forecast_make(forecast);
    assert_int_equal(forecast->messages[CHANNEL_TELEGRAM][PRIORITY_NUDGE], 60);
    assert_int_equal(forecast->waits_most_s[CHANNEL_TELEGRAM][PRIORITY_NUDGE], 0);
    assert_int_equal(forecast->out_after_s[CHANNEL_TELEGRAM][PRIORITY_NUDGE], 6 * 60);
    free(forecast);
}

static void earlier_priorities_go_first(void **state)
{
    (void)state;
    struct forecast *forecast = forecast_new(1);
    forecast->due[CHANNEL_TELEGRAM][PRIORITY_NUDGE][0] = 90;
    forecast->due[CHANNEL_TELEGRAM][PRIORITY_FOLLOWUP][1] = 50;
    forecast_make(forecast);
    /* 60 nudges, then 50 followups and 10 nudges, then the last 20 */
    assert_int_equal(forecast->out_after_s[CHANNEL_TELEGRAM][PRIORITY_FOLLOWUP], 2 * 60);
    assert_int_equal(forecast->waits_most_s[CHANNEL_TELEGRAM][PRIORITY_FOLLOWUP], 0);
    assert_int_equal(forecast->out_after_s[CHANNEL_TELEGRAM][PRIORITY_NUDGE], 3 * 60);
    assert_int_equal(forecast->waits_most_s[CHANNEL_TELEGRAM][PRIORITY_NUDGE], 2 * 60);
    free(forecast);
}

static void a_day_is_not_the_end(void **state)
{
    (void)state;
    struct forecast *forecast = forecast_new(1);
    forecast->due[CHANNEL_TELEGRAM][PRIORITY_BROADCAST][FORECAST_MINUTES - 1] = 600;
    forecast->due[CHANNEL_EMAIL][PRIORITY_NUDGE][3] = 1000; /* no limit */
    forecast_make(forecast);
    assert_int_equal(forecast->out_after_s[CHANNEL_TELEGRAM][PRIORITY_BROADCAST],
                     (FORECAST_MINUTES + 9) * 60);
    assert_int_equal(forecast->out_after_s[CHANNEL_EMAIL][PRIORITY_NUDGE], 4 * 60);
    free(forecast);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_out_at_once),
        cmocka_unit_test(what_fits_goes_in_its_minute),
        cmocka_unit_test(earlier_priorities_go_first),
        cmocka_unit_test(a_day_is_not_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
