/* Classes at their exact thresholds, the engagement score by hand, delays and the best hour. */
#include "core/classes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "lib/chat.h"

static const int64_t NOW_MS = 1764000000000;

static struct user with(int total, int completed, int quick, int64_t mean_ms)
{
    return (struct user){.commitments_total = total,
                         .commitments_completed = completed,
                         .commitments_quick = quick,
                         .completion_ms_sum = mean_ms * completed};
}

static void tiers_are_exact(void **state)
{
    (void)state;
    static const struct {
        int total, completed;
        const char *tier, *type;
    } cases[] = {
        {0, 0, "new_user", "getting_started"},
        {1, 0, "developing_user", "getting_started"},
        {4, 4, "developing_user", "getting_started"},
        {5, 3, "active_user", "building_momentum"}, /* exactly 60 % */
        {5, 2, "developing_user", "building_momentum"},
        {9, 9, "active_user", "building_momentum"},
        {10, 8, "power_user", "steady_performer"},
        {10, 7, "active_user", "steady_performer"},
        {10, 6, "active_user", "building_momentum"}, /* not above 60 % */
        {15, 12, "power_user", "steady_performer"},  /* exactly 80 % */
        {20, 16, "power_user", "steady_performer"},  /* not above 80 % */
        {20, 17, "power_user", "high_achiever"},
        {1000000, 799999, "active_user", "steady_performer"},
        {1000000, 800000, "power_user", "steady_performer"},
        {1000000, 800001, "power_user", "high_achiever"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct user user = with(cases[i].total, cases[i].completed, 0, 0);
        assert_string_equal(performance_tier_name(classes_tier(&user)), cases[i].tier);
        assert_string_equal(behavioral_type_name(classes_type(&user)), cases[i].type);
    }
}

static void patterns_are_exact(void **state)
{
    (void)state;
    static const struct {
        int completed, quick;
        int64_t mean_ms;
        const char *pattern;
    } cases[] = {
        {0, 0, 0, "unknown"},
        {1, 1, HOUR_MS, "quick_executor"},
        {5, 4, HOUR_MS, "balanced_completer"}, /* not above 80 % */
        {6, 5, HOUR_MS, "quick_executor"},
        {6, 5, 6 * HOUR_MS, "balanced_completer"}, /* not below 6 h */
        {6, 5, 6 * HOUR_MS - 1, "quick_executor"},
        {2, 0, 48 * HOUR_MS, "balanced_completer"}, /* not above 48 h */
        {2, 0, 48 * HOUR_MS + 1, "thoughtful_processor"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct user user =
            with(cases[i].completed, cases[i].completed, cases[i].quick, cases[i].mean_ms);
        assert_string_equal(completion_pattern_name(classes_pattern(&user)), cases[i].pattern);
    }
}

static void status_and_opportunity_are_exact(void **state)
{
    (void)state;
    struct user user = with(0, 0, 0, 0);
    user.activity_last_at_ms = NOW_MS;
    assert_int_equal(classes_status(&user, NOW_MS), STATUS_INACTIVE);
    assert_int_equal(classes_opportunity(&user), OPPORTUNITY_ONBOARDING_CONVERSION);
    user = with(2, 1, 1, HOUR_MS);
    user.activity_last_at_ms = NOW_MS - 7 * DAY_MS;
    assert_int_equal(classes_status(&user, NOW_MS), STATUS_ACTIVE);
    assert_int_equal(classes_status(&user, NOW_MS + 1), STATUS_DECLINING);
    assert_int_equal(classes_opportunity(&user), OPPORTUNITY_PROGRESSIVE_SCALING);
    user = with(201, 100, 0, HOUR_MS); /* just below half */
    assert_int_equal(classes_opportunity(&user), OPPORTUNITY_COMPLETION_RATE);
    user = with(2, 1, 0, 24 * HOUR_MS);
    assert_int_equal(classes_opportunity(&user), OPPORTUNITY_PROGRESSIVE_SCALING);
    user = with(2, 1, 0, 24 * HOUR_MS + 1);
    assert_int_equal(classes_opportunity(&user), OPPORTUNITY_EXECUTION_SPEED);
}

static void progress_is_exact(void **state)
{
    (void)state;
    static const struct {
        int total, completed, streak;
        enum progress_status status;
    } cases[] = {{0, 0, 0, PROGRESS_NEW_USER},     {5, 4, 5, PROGRESS_ON_FIRE},
                 {5, 4, 4, PROGRESS_BUILDING},     {15, 12, 4, PROGRESS_STEADY},
                 {10, 6, 9, PROGRESS_STEADY},      {9, 6, 9, PROGRESS_BUILDING},
                 {5, 2, 0, PROGRESS_BUILDING},     {100, 39, 0, PROGRESS_NEEDS_SUPPORT},
                 {1, 0, 0, PROGRESS_NEEDS_SUPPORT}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct user user = with(cases[i].total, cases[i].completed, 0, 0);
        assert_int_equal(classes_progress(&user, cases[i].streak), cases[i].status);
    }
}

static struct commitment *add(struct chat *chat, int64_t made_ago_ms, enum commitment_state state)
{
    struct commitment *commitment = person_add_commitment(chat->arena, &chat->person);
    commitment->created_at_ms = chat->world.now_ms - made_ago_ms;
    commitment->state = state;
    return commitment;
}

static void engagement_is_forty_thirty_thirty(void **state)
{
    (void)state;
    struct chat *chat = chat_new("en");
    struct user *user = &chat->person.user;
    user->activity_last_at_ms = chat->world.now_ms;
    user->activity_day = chat->world.now_ms / DAY_MS;
    user->activity_days = 1;
    /* Nothing made: half of 40, all of 30, one of twelve days. */
    assert_true(fabs(classes_engagement(&chat->world, &chat->person) - (20 + 30 + 2.5)) < 1e-9);
    add(chat, 10 * DAY_MS, COMMITMENT_COMPLETED);
    add(chat, 89 * DAY_MS, COMMITMENT_COMPLETED);
    add(chat, 5 * DAY_MS, COMMITMENT_MISSED);
    add(chat, DAY_MS, COMMITMENT_ACTIVE);
    add(chat, 91 * DAY_MS, COMMITMENT_MISSED); /* too old to count */
    assert_true(fabs(classes_engagement(&chat->world, &chat->person) - (20 + 30 + 2.5)) < 1e-9);
    user->activity_last_at_ms -= 7 * DAY_MS;
    assert_true(fabs(classes_engagement(&chat->world, &chat->person) - (20 + 15 + 2.5)) < 1e-9);
    /* Days older than 28 do not count; more than twelve are as good as twelve. */
    user->activity_last_at_ms = chat->world.now_ms;
    user->activity_days = UINT64_C(0x3ff) << 28;
    assert_true(fabs(classes_engagement(&chat->world, &chat->person) - (20 + 30)) < 1e-9);
    user->activity_days = UINT64_C(0xfff);
    assert_true(fabs(classes_engagement(&chat->world, &chat->person) - (20 + 30 + 30)) < 1e-9);
    user->activity_days = UINT64_MAX;
    assert_true(fabs(classes_engagement(&chat->world, &chat->person) - (20 + 30 + 30)) < 1e-9);
    /* Bit 0 is activity_day: seen 20 days later only the first eight bits are inside. */
    user->activity_day -= 20;
    user->activity_days = UINT64_C(0xfff);
    double days8 = 20 + 30 + 30.0 * 8 / 12;
    assert_true(fabs(classes_engagement(&chat->world, &chat->person) - days8) < 1e-9);
    chat_free(chat);
}

static void delays_follow_engagement(void **state)
{
    (void)state;
    struct chat *chat = chat_new("en");
    struct user *user = &chat->person.user;
    const struct world *world = &chat->world;
    user->activity_last_at_ms = world->now_ms;
    user->activity_day = world->now_ms / DAY_MS;
    user->activity_days = UINT64_C(0xfff);
    add(chat, DAY_MS, COMMITMENT_COMPLETED); /* 100 points */
    assert_int_equal(classes_scale_delay(world, &chat->person, CLASS_NUDGE, 10 * HOUR_MS),
                     7 * HOUR_MS);
    assert_int_equal(classes_scale_delay(world, &chat->person, CLASS_FOLLOWUP, 2 * HOUR_MS),
                     84 * MINUTE_MS);
    assert_int_equal(classes_scale_delay(world, &chat->person, CLASS_FOLLOWUP, 80 * MINUTE_MS),
                     HOUR_MS);
    assert_int_equal(classes_scale_delay(world, &chat->person, CLASS_FOLLOWUP, 30 * MINUTE_MS),
                     30 * MINUTE_MS); /* never longer than it was */
    assert_int_equal(classes_scale_delay(world, &chat->person, CLASS_ONBOARDING, 2 * HOUR_MS),
                     2 * HOUR_MS);
    assert_int_equal(classes_scale_delay(world, &chat->person, CLASS_NUDGE, 0), 0);
    /* 0 points but for recency: low. */
    chat->person.commitments[0]->state = COMMITMENT_MISSED;
    user->activity_days = 0;
    user->activity_last_at_ms = world->now_ms - 60 * DAY_MS;
    assert_int_equal(classes_scale_delay(world, &chat->person, CLASS_NUDGE, 10 * HOUR_MS),
                     15 * HOUR_MS);
    assert_int_equal(classes_scale_delay(world, &chat->person, CLASS_FOLLOWUP, 10 * HOUR_MS),
                     10 * HOUR_MS);
    chat_free(chat);
}

static void the_best_hour_is_local_and_smooth(void **state)
{
    (void)state;
    struct chat *chat = chat_new("en");
    struct person *person = &chat->person;
    str_copy(person->user.zone, sizeof(person->user.zone), STR("Asia/Kolkata")); /* +05:30 */
    int64_t day_ms = chat->world.now_ms / DAY_MS * DAY_MS;
    int64_t at_ms[16];
    int count = 0;
    for (int i = 1; i <= 4; i++) {
        at_ms[count++] = day_ms - i * DAY_MS + 3 * HOUR_MS; /* 08:30 there */
    }
    person->activity_at_ms = at_ms;
    person->activity_count = count;
    assert_int_equal(classes_best_hour(&chat->world, person), -1); /* no history loaded */
    person->has_history = true;
    assert_int_equal(classes_best_hour(&chat->world, person), -1); /* four points */
    at_ms[count++] = day_ms - 61 * DAY_MS;                         /* too old to be the fifth */
    person->activity_count = count;
    assert_int_equal(classes_best_hour(&chat->world, person), -1);
    at_ms[count - 1] = day_ms - 5 * DAY_MS + 3 * HOUR_MS;
    assert_int_equal(classes_best_hour(&chat->world, person), 8);
    /* Midnight has neighbours on both sides. */
    count = 0;
    for (int i = 1; i <= 3; i++) {
        at_ms[count++] = day_ms - i * DAY_MS + 17 * HOUR_MS + 35 * MINUTE_MS; /* 23:05 */
        at_ms[count++] = day_ms - i * DAY_MS + 18 * HOUR_MS + 35 * MINUTE_MS; /* 00:05 */
        at_ms[count++] = day_ms - i * DAY_MS + 19 * HOUR_MS + 35 * MINUTE_MS; /* 01:05 */
    }
    person->activity_count = count;
    assert_int_equal(classes_best_hour(&chat->world, person), 0);
    chat_free(chat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiers_are_exact),
        cmocka_unit_test(patterns_are_exact),
        cmocka_unit_test(status_and_opportunity_are_exact),
        cmocka_unit_test(progress_is_exact),
        cmocka_unit_test(engagement_is_forty_thirty_thirty),
        cmocka_unit_test(delays_follow_engagement),
        cmocka_unit_test(the_best_hour_is_local_and_smooth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
