/* Identifiers: they rise whatever the clock does, and carry their slot and instant. */
#include "base/ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const int64_t now_ms = 1795597200000;

static void ids_carry_slot_and_instant(void **state)
{
    (void)state;
    struct id_source source = {0};
    for (int slot = 0; slot < ID_SLOT_COUNT; slot++) {
        int64_t at_ms = now_ms + slot * 1000;
        int64_t id = id_next(&source, at_ms, (uint8_t)slot);
        assert_true(id > 0);
        assert_int_equal(id_slot(id), slot);
        assert_int_equal(id_ms(id), at_ms);
    }
}

static void ids_follow_those_of_an_earlier_process(void **state)
{
    (void)state;
    struct id_source earlier = {0};
    struct id_source later = {0};
    int64_t last = id_next(&earlier, now_ms, 7);
    id_source_after(&later, last);
    id_source_after(&later, 0);
    assert_true(id_next(&later, now_ms - 1000, 7) > last);
    assert_int_equal(id_ms(id_next(&later, now_ms + 1000, 7)), now_ms + 1000);
}

static void ids_rise_when_the_clock_does_not(void **state)
{
    (void)state;
    struct id_source source = {0};
    int64_t last = 0;
    for (int i = 0; i < 30000; i++) {
        int64_t jump = i > 10000 ? -5000 : 0;
        int64_t id = id_next(&source, now_ms + jump, (uint8_t)(255 - i % 256));
        assert_true(id >> 8 > last >> 8);
        last = id;
    }
    /* 30,000 in one millisecond borrow from the next three. */
    assert_in_range(id_ms(last) - now_ms, 3, 4);
    int64_t later = id_next(&source, now_ms + 60000, 0);
    assert_int_equal(id_ms(later), now_ms + 60000);
}

static void the_first_and_the_last_instant_fit(void **state)
{
    (void)state;
    struct id_source source = {0};
    assert_true(id_next(&source, 0, 0) > 0);
    int64_t last_ms = (INT64_C(1) << 42) - 1; /* in the year 2109 */
    int64_t id = id_next(&source, last_ms, 255);
    assert_true(id > 0);
    assert_int_equal(id_ms(id), last_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_carry_slot_and_instant),
        cmocka_unit_test(ids_follow_those_of_an_earlier_process),
        cmocka_unit_test(ids_rise_when_the_clock_does_not),
        cmocka_unit_test(the_first_and_the_last_instant_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
