/* A person who does anything at all, for a long time: whatever they write and press, whenever they
 * come back, the counters equal a recount, and every answer is fit to be sent. The walk is the same
 * in every run; NUDGE_SEED walks another way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/text.h"
#include "core/classes.h"
#include "core/pressure.h"
#include "lib/chat.h"

enum { WALKS = 12, STEPS = 400 };

struct walk {
    struct chat *chat;
    uint64_t seed;
    const char *tokens[64]; /* of buttons seen, some of them old */
    int token_count;
};

static uint64_t draw(struct walk *walk, uint64_t below)
{
    walk->seed ^= walk->seed << 13;
    walk->seed ^= walk->seed >> 7;
    walk->seed ^= walk->seed << 17;
    return walk->seed % below;
}

/* ---- what must hold -------------------------------------------------------------------- */

static void check_counters(const struct chat *chat)
{
    const struct user *user = &chat->person.user;
    int counts[4] = {0}, outside = 0, outside_completed = 0, quick = 0;
    int64_t sum_ms = 0, first_made = 0, first_completed = 0;
    for (int i = 0; i < chat->person.commitment_count; i++) {
        const struct commitment *c = chat->person.commitments[i];
        bool is_outside = !str_is(c->source, "onboarding");
        counts[c->state]++;
        outside += is_outside;
        if (first_made == 0 || c->created_at_ms < first_made) {
            first_made = c->created_at_ms;
        }
        if (c->state == COMMITMENT_COMPLETED) {
            outside_completed += is_outside;
            quick += c->completed_at_ms - c->created_at_ms <= DAY_MS;
            sum_ms += c->completed_at_ms - c->created_at_ms;
            if (first_completed == 0 || c->completed_at_ms < first_completed) {
                first_completed = c->completed_at_ms;
            }
        }
        assert_true((c->state == COMMITMENT_ACTIVE) == (c->next_at_ms > 0));
        assert_true((c->state == COMMITMENT_COMPLETED) == (c->completed_at_ms > 0));
    }
    assert_int_equal(user->commitments_total, chat->person.commitment_count);
    assert_int_equal(user->commitments_completed, counts[COMMITMENT_COMPLETED]);
    assert_int_equal(user->commitments_missed, counts[COMMITMENT_MISSED]);
    assert_int_equal(user->commitments_dropped, counts[COMMITMENT_DROPPED]);
    assert_int_equal(user->commitments_outside, outside);
    assert_int_equal(user->commitments_outside_completed, outside_completed);
    assert_int_equal(user->commitments_quick, quick);
    assert_int_equal(user->completion_ms_sum, sum_ms);
    assert_int_equal(user->first_commitment_at_ms, first_made);
    assert_int_equal(user->first_completion_at_ms, first_completed);
    assert_in_range(counts[COMMITMENT_ACTIVE], 0, LIMIT_COMMITMENTS_OPEN);
    assert_in_range(user->ladder_rung + 1, 0, LADDER_RUNGS);
}

/* The streak by the days on which something is completed; the person does not travel. */
static void check_streak(const struct chat *chat)
{
    const struct user *user = &chat->person.user;
    const struct zone *zone = person_zone(&chat->world, &chat->person);
    int64_t last = INT64_MIN;
    for (int i = 0; i < chat->person.commitment_count; i++) {
        const struct commitment *c = chat->person.commitments[i];
        int64_t day = calendar_local_day(zone, c->completed_at_ms);
        last = c->state == COMMITMENT_COMPLETED && day > last ? day : last;
    }
    int days = 0;
    for (bool found = last != INT64_MIN; found; days += found) {
        found = false;
        for (int i = 0; i < chat->person.commitment_count; i++) {
            const struct commitment *c = chat->person.commitments[i];
            found = found || (c->state == COMMITMENT_COMPLETED &&
                              calendar_local_day(zone, c->completed_at_ms) == last - days);
        }
    }
    bool alive = last >= calendar_local_day(zone, chat->world.now_ms) - 1;
    assert_int_equal(classes_streak_days(&chat->world, &chat->person), alive ? days : 0);
    assert_true(user->streak_best_days >= user->streak_days);
}

static void check_text(struct str text, const struct button *buttons, int count)
{
    assert_true(text_is_utf8(text));
    assert_true(text_utf16_units(text) <= 4096);
    assert_in_range(count, 0, LIMIT_BUTTONS);
    for (int i = 0; i < count; i++) {
        assert_true(buttons[i].text.length > 0);
        assert_in_range(buttons[i].token.length, 1, LIMIT_CALLBACK_BYTES);
    }
}

static void remember(struct walk *walk, const struct button *buttons, int count)
{
    for (int i = 0; i < count; i++) {
        int at = walk->token_count < 64 ? walk->token_count++ : (int)draw(walk, 64);
        walk->tokens[at] = arena_str(walk->chat->arena, buttons[i].token).ptr;
    }
}

static void check(struct walk *walk)
{
    struct chat *chat = walk->chat;
    check_counters(chat);
    check_streak(chat);
    assert_int_equal(chat->decision.error, OK);
    /* /stop ends every run, each with an event of its own and one of its message. */
    assert_in_range(chat->decision.event_count, 0, 2 * LIMIT_RUNS_ACTIVE + 8);
    for (int i = chat->said_from; i < chat->person.delivery_count; i++) {
        const struct delivery *delivery = chat->person.deliveries[i];
        check_text(delivery->text, delivery->buttons, delivery->button_count);
        remember(walk, delivery->buttons, delivery->button_count);
    }
    for (int i = 0; i < chat->decision.act_count; i++) {
        const struct act *act = &chat->decision.acts[i];
        check_text(act->text, act->buttons, act->button_count);
        remember(walk, act->buttons, act->button_count);
    }
}

/* ---- what they do ----------------------------------------------------------------------- */

static void write_something(struct walk *walk)
{
    static const char *const texts[] = {
        "/commit read 10 pages",
        "/commit walk in 20 minutes",
        "/commit stretch every day at 7:00",
        "/commit laufen jeden Montag um 8",
        "/commit write tomorrow morning",
        "/commit",
        "call mum",
        "/list",
        "/done",
        "/done 1",
        "/done walk",
        "/metrics",
        "/insights",
        "/streaks",
        "/leaderboard",
        "/feedback",
        "/feedback so so",
        "/settings",
        "22:00-07:00",
        "Berlin",
        "/pause",
        "/pause 2",
        "/resume",
        "/stop",
        "/sequences",
        "/export",
        "/delete",
        "/help",
        "/cancel",
        "/start again",
        "/nonsense",
        "hello there",
        "it is all too much",
        "👍🏽",
        "\xff\xc0",
        "",
    };
    chat_text(walk->chat, str_of(texts[draw(walk, sizeof(texts) / sizeof(texts[0]))]));
}

static void act(struct walk *walk)
{
    uint64_t what = draw(walk, 10);
    if (what < 5) {
        write_something(walk);
    } else if (what < 9 && walk->token_count > 0) {
        const char *token = walk->tokens[draw(walk, (uint64_t)walk->token_count)];
        /* The zone stays: the streak of a traveller cannot be recounted from days. */
        if (strncmp(token, "s:zone:", 7) != 0) {
            chat_press(walk->chat, token);
        }
    } else {
        static const int64_t waits_ms[] = {MINUTE_MS,   9 * MINUTE_MS, HOUR_MS,
                                           5 * HOUR_MS, 20 * HOUR_MS,  3 * DAY_MS};
        chat_wait(walk->chat, waits_ms[draw(walk, 6)]);
    }
}

static void whatever_they_do_the_counters_hold(void **state)
{
    (void)state;
    const char *seed = getenv("NUDGE_SEED");
    uint64_t start = seed != NULL ? strtoull(seed, NULL, 10) : 20251124;
    for (int n = 0; n < WALKS; n++) {
        struct walk walk = {.chat = chat_new(n % 2 == 0 ? "en" : "de"),
                            .seed = start * 2654435761U + (uint64_t)n + 1};
        str_copy(walk.chat->person.user.zone, LIMIT_ZONE_BYTES,
                 n % 3 == 0 ? STR("Pacific/Auckland") : STR("America/New_York"));
        for (int step = 0; step < STEPS; step++) {
            act(&walk);
            walk.chat->person.user.dialog = walk.chat->person.user.dialog == DIALOG_ZONE
                                                ? DIALOG_NONE
                                                : walk.chat->person.user.dialog;
            check(&walk);
        }
        assert_true(walk.chat->person.commitment_count > 5);
        chat_free(walk.chat);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_they_do_the_counters_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
