/* The pacer: rates hold over every second, replies come first, instants are reserved once. */
#include "engine/pacer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

static const struct channel_limits telegram = {.per_second = 30,
                                               .per_second_per_address = 1,
                                               .burst_per_address = 3,
                                               .per_minute_per_group = 20};

static int set_up(void **state)
{
    struct pacer *pacer = pacer_new();
    pacer_limit(pacer, CHANNEL_TELEGRAM, &telegram);
    *state = pacer;
    return 0;
}

static int tear_down(void **state)
{
    pacer_free(*state);
    return 0;
}

static struct slot_grant ask(struct pacer *pacer, int chat, enum message_class class, bool reserved,
                             int64_t now_ms)
{
    char address[24];
    int length = snprintf(address, sizeof(address), "%d", chat);
    return pacer_ask(pacer, CHANNEL_TELEGRAM, (struct str){address, (size_t)length}, class,
                     reserved, now_ms);
}

struct waiting {
    int64_t at_ms;
    int chat;
    int moves;
};

/* A thousand nudges at once: all go, no second sees more than the rate, each is moved once or
 * twice. */
static void a_flood_is_spread_at_the_rate(void **state)
{
    struct pacer *pacer = *state;
    enum { COUNT = 1000 };
    struct waiting *waiting = calloc(COUNT, sizeof(*waiting));
    assert_non_null(waiting);
    int64_t start_ms = 1000000;
    int sent = 0;
    int worst_moves = 0;
    int per_second[100] = {0};
    int64_t end_ms = start_ms;
    for (int i = 0; i < COUNT; i++) {
        waiting[i] = (struct waiting){start_ms, i + 1, 0};
    }
    for (int64_t now_ms = start_ms; sent < COUNT; now_ms++) {
        assert_true(now_ms < start_ms + 90000);
        for (int i = 0; i < COUNT; i++) {
            if (waiting[i].at_ms != 0 && waiting[i].at_ms <= now_ms) {
                struct slot_grant grant =
                    ask(pacer, waiting[i].chat, CLASS_NUDGE, waiting[i].moves > 0, now_ms);
                if (grant.granted) {
                    sent++;
                    waiting[i].at_ms = 0;
                    per_second[(now_ms - start_ms) / 1000]++;
                    end_ms = now_ms;
                } else {
                    assert_true(grant.at_ms > now_ms);
                    waiting[i].at_ms = grant.at_ms;
                    waiting[i].moves++;
                }
                worst_moves = waiting[i].moves > worst_moves ? waiting[i].moves : worst_moves;
            }
        }
    }
    for (int i = 0; i < 100; i++) {
        assert_true(per_second[i] <=
                    45); /* the rate, and half of it as the burst at the beginning */
    }
    for (int i = 1; i < 100; i++) {
        assert_true(per_second[i] <= 30);
    }
    assert_true(worst_moves <= 2);
    /* Nudges get four fifths of the rate. */
    assert_in_range((end_ms - start_ms), COUNT * 1000 / 30, COUNT * 1000 / 22);
    free(waiting);
}

static void replies_do_not_wait_behind_nudges(void **state)
{
    struct pacer *pacer = *state;
    int64_t now_ms = 1000000;
    int granted = 0;
    for (int i = 0; i < 2000; i++) {
        granted += ask(pacer, i + 1, CLASS_NUDGE, false, now_ms).granted;
    }
    assert_true(granted > 0 && granted < 15);
    /* Eighty seconds of nudges are reserved; replies still go at once, several of them. */
    for (int i = 0; i < 5; i++) {
        assert_true(ask(pacer, 5000 + i, CLASS_REPLY, false, now_ms).granted);
    }
    assert_true(pacer_backlog_ms(pacer, CHANNEL_TELEGRAM, CLASS_NUDGE, now_ms) > 60000);
    assert_int_equal(pacer_backlog_ms(pacer, CHANNEL_TELEGRAM, CLASS_REPLY, now_ms), 0);
}

static void one_chat_has_its_own_rate(void **state)
{
    struct pacer *pacer = *state;
    int64_t now_ms = 1000000;
    for (int i = 0; i < 3; i++) {
        assert_true(ask(pacer, 7, CLASS_REPLY, false, now_ms).granted);
    }
    struct slot_grant first = ask(pacer, 7, CLASS_REPLY, false, now_ms);
    struct slot_grant second = ask(pacer, 7, CLASS_REPLY, false, now_ms);
    assert_false(first.granted);
    assert_false(second.granted);
    assert_in_range(first.at_ms - now_ms, 900, 1100);
    assert_in_range(second.at_ms - first.at_ms, 900, 1100);
    assert_true(ask(pacer, 8, CLASS_REPLY, false, now_ms).granted);
    assert_true(ask(pacer, 7, CLASS_REPLY, true, first.at_ms).granted);
    assert_true(ask(pacer, 7, CLASS_REPLY, true, second.at_ms).granted);
}

static void groups_are_slower(void **state)
{
    struct pacer *pacer = *state;
    int granted = 0;
    for (int64_t now_ms = 1000000; now_ms < 1000000 + MINUTE_MS; now_ms += 100) {
        granted +=
            pacer_ask(pacer, CHANNEL_TELEGRAM, STR("-100123"), CLASS_REPLY, true, now_ms).granted;
    }
    assert_in_range(granted, 20, 23);
}

static void pauses_hold_a_chat_or_all(void **state)
{
    struct pacer *pacer = *state;
    int64_t now_ms = 1000000;
    pacer_pause(pacer, CHANNEL_TELEGRAM, STR("7"), now_ms + 5000);
    pacer_pause(pacer, CHANNEL_TELEGRAM, STR("7"), now_ms + 4000); /* the later end counts */
    struct slot_grant grant = ask(pacer, 7, CLASS_REPLY, false, now_ms);
    assert_false(grant.granted);
    assert_in_range(grant.at_ms, now_ms + 5000, now_ms + 5002);
    assert_true(ask(pacer, 8, CLASS_REPLY, false, now_ms).granted);
    pacer_pause(pacer, CHANNEL_TELEGRAM, STR_NONE, now_ms + 9000);
    grant = ask(pacer, 8, CLASS_REPLY, false, now_ms);
    assert_false(grant.granted);
    assert_true(grant.at_ms >= now_ms + 9000);
    assert_true(ask(pacer, 8, CLASS_REPLY, true, grant.at_ms).granted);
}

static void a_channel_without_limits_grants_all(void **state)
{
    struct pacer *pacer = *state;
    for (int i = 0; i < 10000; i++) {
        assert_true(
            pacer_ask(pacer, CHANNEL_WEBCHAT, STR("session"), CLASS_NUDGE, false, 5).granted);
    }
}

/* Half a million chats: idle ones are forgotten, and it stays quick. */
static void many_chats_do_not_pile_up(void **state)
{
    struct pacer *pacer = *state;
    int64_t now_ms = 1000000;
    for (int i = 0; i < 500000; i++) {
        now_ms += 50;
        assert_true(ask(pacer, i + 1, CLASS_REPLY, false, now_ms).granted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_flood_is_spread_at_the_rate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replies_do_not_wait_behind_nudges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_chat_has_its_own_rate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_are_slower, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pauses_hold_a_chat_or_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_channel_without_limits_grants_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_chats_do_not_pile_up, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
