/* core/delivery.h: names go round, the state only moves forward, and what ends stays ended. */
#include "core/delivery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void names_go_round(void **state)
{
    (void)state;
    for (int i = 0; i < DELIVERY_STATE_COUNT; i++) {
        enum delivery_state one = (enum delivery_state)i;
        assert_int_equal(delivery_state_of(str_of(delivery_state_name(one))), i);
    }
    assert_int_equal(delivery_state_of(STR("gone")), DELIVERY_STATE_COUNT);
    bool known;
    assert_int_equal(message_class_of(STR("followup"), &known), CLASS_FOLLOWUP);
    assert_true(known);
    message_class_of(STR("other"), &known);
    assert_false(known);
}

/* Reports come in any order: whatever the order, the furthest one stands at the end. */
static void reports_in_any_order_reach_the_furthest(void **state)
{
    (void)state;
    const enum delivery_state reports[4] = {DELIVERY_SENT, DELIVERY_DELIVERED, DELIVERY_OPENED,
                                            DELIVERY_CLICKED};
    for (int order = 0; order < 256; order++) {
        struct delivery delivery = {.state = DELIVERY_SENDING, .next_at_ms = 5};
        enum delivery_state furthest = DELIVERY_SENDING;
        for (int i = 0; i < 4; i++) {
            enum delivery_state report = reports[(order >> (2 * i)) & 3];
            enum delivery_state before = delivery.state;
            bool moved = delivery_move(&delivery, report, STR_NONE);
            assert_true(moved == (delivery.state != before));
            furthest = report > furthest ? report : furthest;
            assert_int_equal(delivery.state, furthest);
            assert_int_equal(delivery.next_at_ms, 0);
        }
    }
}

static void a_retry_goes_back_and_the_end_stays(void **state)
{
    (void)state;
    struct delivery delivery = {.state = DELIVERY_SENDING, .dispatch = true, .next_at_ms = 9};
    assert_true(delivery_move(&delivery, DELIVERY_SCHEDULED, STR("http_500")));
    assert_false(delivery.dispatch);
    assert_int_equal(delivery.next_at_ms, 9);
    assert_true(delivery_move(&delivery, DELIVERY_EXPIRED, STR("late")));
    assert_int_equal(delivery.next_at_ms, 0);
    assert_false(delivery_move(&delivery, DELIVERY_SENDING, STR_NONE));
    assert_true(str_is(delivery.reason, "late"));
    delivery.state = DELIVERY_SUPPRESSED;
    for (int i = 0; i < DELIVERY_STATE_COUNT; i++) {
        assert_false(delivery_move(&delivery, (enum delivery_state)i, STR_NONE));
    }
}

static void dead_ones_can_be_retried_by_hand(void **state)
{
    (void)state;
    assert_true(delivery_may_move(DELIVERY_DEAD, DELIVERY_SCHEDULED));
    assert_true(delivery_may_move(DELIVERY_FAILED, DELIVERY_SCHEDULED));
    assert_false(delivery_may_move(DELIVERY_SENT, DELIVERY_SCHEDULED));
}

static void who_waits_gets_uncertain_messages_once_more(void **state)
{
    (void)state;
    struct delivery delivery = {.class = CLASS_REPLY, .uncertain = 1};
    assert_true(delivery_resends_uncertain(&delivery));
    delivery.uncertain = 2;
    assert_false(delivery_resends_uncertain(&delivery));
    delivery.channel = CHANNEL_EMAIL; /* has a key */
    assert_true(delivery_resends_uncertain(&delivery));
    delivery.class = CLASS_NUDGE; /* was counted when it was tried, and may not come hours later */
    assert_false(delivery_resends_uncertain(&delivery));
    delivery = (struct delivery){.class = CLASS_NUDGE, .uncertain = 1};
    assert_false(delivery_resends_uncertain(&delivery));
    delivery.class = CLASS_FOLLOWUP;
    assert_false(delivery_resends_uncertain(&delivery));
    delivery.class = CLASS_ONBOARDING;
    assert_true(delivery_resends_uncertain(&delivery));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_go_round),
        cmocka_unit_test(reports_in_any_order_reach_the_furthest),
        cmocka_unit_test(a_retry_goes_back_and_the_end_stays),
        cmocka_unit_test(dead_ones_can_be_retried_by_hand),
        cmocka_unit_test(who_waits_gets_uncertain_messages_once_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
