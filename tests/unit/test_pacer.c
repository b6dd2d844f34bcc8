/* The pacer: rates hold over every second, replies come first, a chat's instants are kept once. */
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

static struct grant ask(struct pacer *pacer, int chat, enum priority priority, bool reserved,
                        int64_t now_ms)
{
    char address[24];
    int length = snprintf(address, sizeof(address), "%d", chat);
    return pacer_ask(pacer, CHANNEL_TELEGRAM, (struct str){address, (size_t)length}, priority,
                     reserved, now_ms);
}

static bool goes(struct pacer *pacer, int chat, enum priority priority, int64_t now_ms)
{
    return ask(pacer, chat, priority, false, now_ms).verdict == GRANT_SEND;
}

/* A thousand nudges: looked at whenever there is room, they go at the rate and no second sees much
 * more than it. */
static void a_flood_is_spread_at_the_rate(void **state)
{
    struct pacer *pacer = *state;
    enum { COUNT = 1000, START_MS = 1000000 };
    int sent_at_ms[COUNT];
    int sent = 0;
    int looks = 0;
    int64_t now_ms = START_MS;
    while (sent < COUNT) {
        int64_t at_ms = now_ms;
        int room = pacer_room(pacer, CHANNEL_TELEGRAM, PRIORITY_NUDGE, now_ms, &at_ms);
        looks++;
        for (int i = 0; i < room && sent < COUNT; i++) {
            assert_true(goes(pacer, sent + 1, PRIORITY_NUDGE, now_ms));
            sent_at_ms[sent++] = (int)(now_ms - START_MS);
        }
        assert_true(room > 0 || at_ms > now_ms);
        now_ms = room > 0 ? now_ms : at_ms;
    }
    for (int from = 0; from < COUNT; from++) {
        int count = 0;
        while (from + count < COUNT && sent_at_ms[from + count] < sent_at_ms[from] + 1000) {
            count++;
        }
        assert_true(count <= (sent_at_ms[from] == 0 ? 45 : 38));
    }
    assert_in_range(sent_at_ms[COUNT - 1], (COUNT - 15) * 1000 / 30, COUNT * 1000 / 30);
    assert_true(looks < 2 * (4 * COUNT / 30 + 10)); /* not one by one */
}

static void replies_do_not_wait_behind_nudges(void **state)
{
    struct pacer *pacer = *state;
    int64_t now_ms = 1000000;
    int64_t at_ms = 0;
    int nudges = 0;
    while (goes(pacer, nudges + 1, PRIORITY_NUDGE, now_ms)) {
        nudges++;
    }
    assert_in_range(nudges, 5, 14);
    assert_int_equal(ask(pacer, 99, PRIORITY_NUDGE, false, now_ms).verdict, GRANT_LINE);
    assert_int_equal(pacer_room(pacer, CHANNEL_TELEGRAM, PRIORITY_NUDGE, now_ms, &at_ms), 0);
    assert_int_equal(pacer_room(pacer, CHANNEL_TELEGRAM, PRIORITY_BROADCAST, now_ms, &at_ms), 0);
    assert_true(pacer_room(pacer, CHANNEL_TELEGRAM, PRIORITY_ONBOARDING, now_ms, &at_ms) >= 2);
    assert_true(goes(pacer, 4000, PRIORITY_ONBOARDING, now_ms));
    for (int i = 0; i < 5; i++) {
        assert_true(goes(pacer, 5000 + i, PRIORITY_REPLY, now_ms));
    }
}

static void one_chat_has_its_own_rate(void **state)
{
    struct pacer *pacer = *state;
    int64_t now_ms = 1000000;
    for (int i = 0; i < 3; i++) {
        assert_true(goes(pacer, 7, PRIORITY_REPLY, now_ms));
    }
    struct grant first = ask(pacer, 7, PRIORITY_REPLY, false, now_ms);
    struct grant second = ask(pacer, 7, PRIORITY_REPLY, false, now_ms);
    assert_int_equal(first.verdict, GRANT_RESERVED);
    assert_int_equal(second.verdict, GRANT_RESERVED);
    assert_in_range(first.at_ms - now_ms, 900, 1100);
    assert_in_range(second.at_ms - first.at_ms, 900, 1100);
    assert_true(goes(pacer, 8, PRIORITY_REPLY, now_ms));
    assert_int_equal(ask(pacer, 7, PRIORITY_REPLY, true, first.at_ms).verdict, GRANT_SEND);
    assert_int_equal(ask(pacer, 7, PRIORITY_REPLY, true, second.at_ms).verdict, GRANT_SEND);
}

/* Ten nudges to one chat have instants of their own; a reply in between goes at once, and does not
 * take theirs away. */
static void a_reply_goes_before_reserved_instants(void **state)
{
    struct pacer *pacer = *state;
    int64_t now_ms = 1000000;
    int64_t at_ms[10];
    int kept = 0;
    for (int i = 0; i < 10; i++) {
        struct grant grant = ask(pacer, 7, PRIORITY_ONBOARDING, false, now_ms);
        at_ms[kept] = grant.at_ms;
        kept += grant.verdict == GRANT_RESERVED;
    }
    assert_int_equal(kept, 7);
    int64_t reply_at_ms = now_ms + 1500;
    assert_int_equal(ask(pacer, 7, PRIORITY_ONBOARDING, true, at_ms[0]).verdict, GRANT_SEND);
    struct grant reply = ask(pacer, 7, PRIORITY_REPLY, false, reply_at_ms);
    assert_int_equal(reply.verdict, GRANT_RESERVED); /* the burst is used up: a moment */
    assert_in_range(reply.at_ms, reply_at_ms + 1, reply_at_ms + 1000);
    assert_int_equal(ask(pacer, 7, PRIORITY_REPLY, true, reply.at_ms).verdict, GRANT_SEND);
    for (int i = 1; i < kept; i++) {
        assert_int_equal(ask(pacer, 7, PRIORITY_ONBOARDING, true, at_ms[i]).verdict, GRANT_SEND);
    }
}

/* What was granted to a batch that failed is granted again. */
static void a_batch_that_fails_gives_back(void **state)
{
    struct pacer *pacer = *state;
    int64_t now_ms = 1000000;
    int64_t at_ms = 0;
    assert_true(goes(pacer, 7, PRIORITY_REPLY, now_ms));
    int room = pacer_room(pacer, CHANNEL_TELEGRAM, PRIORITY_REPLY, now_ms, &at_ms);
    struct grant kept[2];
    for (int i = 0; i < 50; i++) {
        pacer_begin(pacer, now_ms);
        assert_true(goes(pacer, 7, PRIORITY_REPLY, now_ms));
        assert_true(goes(pacer, 7, PRIORITY_REPLY, now_ms));
        kept[0] = ask(pacer, 7, PRIORITY_REPLY, false, now_ms);
        kept[1] = ask(pacer, 7, PRIORITY_NUDGE, false, now_ms);
        assert_int_equal(kept[0].verdict, GRANT_RESERVED);
        assert_in_range(kept[0].at_ms, now_ms + 900, now_ms + 1100);
        assert_int_equal(kept[1].verdict, GRANT_RESERVED);
        assert_in_range(kept[1].at_ms, now_ms + 1900, now_ms + 2100);
        for (int k = 0; k < 5; k++) {
            assert_true(goes(pacer, 100 + i * 5 + k, PRIORITY_REPLY, now_ms));
        }
        pacer_roll_back(pacer);
    }
    assert_int_equal(pacer_room(pacer, CHANNEL_TELEGRAM, PRIORITY_REPLY, now_ms, &at_ms), room);
}

static void groups_are_slower(void **state)
{
    struct pacer *pacer = *state;
    int granted = 0;
    int64_t may_at_ms = 0;
    for (int64_t now_ms = 1000000; now_ms < 1000000 + MINUTE_MS; now_ms += 100) {
        if (now_ms >= may_at_ms) {
            struct grant grant = pacer_ask(pacer, CHANNEL_TELEGRAM, STR("-100123"), PRIORITY_REPLY,
                                           may_at_ms > 0, now_ms);
            granted += grant.verdict == GRANT_SEND;
            may_at_ms = grant.verdict == GRANT_SEND ? 0 : grant.at_ms;
        }
    }
    assert_in_range(granted, 20, 23);
}

static void pauses_hold_a_chat_or_all(void **state)
{
    struct pacer *pacer = *state;
    int64_t now_ms = 1000000;
    int64_t at_ms = 0;
    pacer_pause(pacer, CHANNEL_TELEGRAM, STR("7"), now_ms + 5000);
    pacer_pause(pacer, CHANNEL_TELEGRAM, STR("7"), now_ms + 4000); /* the later end counts */
    struct grant grant = ask(pacer, 7, PRIORITY_REPLY, false, now_ms);
    assert_int_equal(grant.verdict, GRANT_PAUSED);
    assert_int_equal(grant.at_ms, now_ms + 5000);
    assert_true(goes(pacer, 7, PRIORITY_REPLY, now_ms + 5000));
    assert_true(goes(pacer, 8, PRIORITY_REPLY, now_ms));
    pacer_pause(pacer, CHANNEL_TELEGRAM, STR_NONE, now_ms + 9000);
    assert_int_equal(ask(pacer, 8, PRIORITY_REPLY, false, now_ms).verdict, GRANT_LINE);
    assert_int_equal(pacer_room(pacer, CHANNEL_TELEGRAM, PRIORITY_REPLY, now_ms, &at_ms), 0);
    assert_int_equal(at_ms, now_ms + 9000);
    assert_true(goes(pacer, 8, PRIORITY_REPLY, at_ms));
}

static void a_channel_without_limits_grants_all(void **state)
{
    struct pacer *pacer = *state;
    int64_t at_ms;
    assert_true(pacer_room(pacer, CHANNEL_WEBCHAT, PRIORITY_BROADCAST, 5, &at_ms) > 100000);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(
            pacer_ask(pacer, CHANNEL_WEBCHAT, STR("session"), PRIORITY_NUDGE, false, 5).verdict,
            GRANT_SEND);
    }
}

/* Half a million chats: idle ones are forgotten, and it stays quick. */
static void many_chats_do_not_pile_up(void **state)
{
    struct pacer *pacer = *state;
    int64_t now_ms = 1000000;
    for (int i = 0; i < 500000; i++) {
        now_ms += 50;
        pacer_begin(pacer, now_ms);
        assert_true(goes(pacer, i + 1, PRIORITY_REPLY, now_ms));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_flood_is_spread_at_the_rate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replies_do_not_wait_behind_nudges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_chat_has_its_own_rate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reply_goes_before_reserved_instants, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_that_fails_gives_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_are_slower, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pauses_hold_a_chat_or_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_channel_without_limits_grants_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_chats_do_not_pile_up, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
