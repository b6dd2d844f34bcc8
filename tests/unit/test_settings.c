/* /settings: language, zone, quiet hours, where we write, the leaderboard. */
#include "core/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "lib/chat_cases.h"

static void settings_change_the_language(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/settings");
    chat_tap(chat, "Language");
    chat_tap(chat, "Deutsch");
    assert_string_equal(chat->person.user.language, "de");
    assert_said(chat, "Ab jetzt: Deutsch");
    assert_int_equal(chat_events(chat, EVENT_SETTINGS_CHANGED), 1);
}

static void settings_change_the_zone(void **state)
{
    struct chat *chat = *state;
    static const struct {
        const char *text, *zone;
    } cases[] = {
        {"Europe/Berlin", "Europe/Berlin"},
        {"berlin", "Europe/Berlin"},
        {"New York", "America/New_York"},
        {"Port of Spain", "America/Port_of_Spain"},
        {"BUENOS AIRES", "America/Buenos_Aires"},
        {"utc+2", "Etc/GMT-2"},
        {"GMT -5", "Etc/GMT+5"},
        {"+3", "Etc/GMT-3"},
        {"UTC", "UTC"},
        {"Tokyo", "Asia/Tokyo"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        chat_say(chat, "/settings");
        chat_tap(chat, "Time zone");
        chat_say(chat, cases[i].text);
        assert_string_equal(chat->person.user.zone, cases[i].zone);
        assert_said(chat, "Your time zone is");
    }
    chat_say(chat, "/settings");
    chat_tap(chat, "Time zone");
    chat_say(chat, "Atlantis");
    assert_said(chat, "do not find that place");
    assert_string_equal(chat->person.user.zone, "Asia/Tokyo");
    chat_say(chat, "lisbon"); /* still asked */
    assert_string_equal(chat->person.user.zone, "Europe/Lisbon");
    chat_say(chat, "/settings");
    chat_tap(chat, "Time zone");
    chat_tap(chat, "Asia/Kolkata");
    assert_string_equal(chat->person.user.zone, "Asia/Kolkata");
    assert_int_equal(chat->person.user.dialog, DIALOG_NONE);
}

static void settings_change_quiet_hours(void **state)
{
    struct chat *chat = *state;
    struct user *user = &chat->person.user;
    static const struct {
        const char *text;
        int from, to;
    } cases[] = {{"22:30-07:00", 1350, 420},
                 {"23 to 6", 1380, 360},
                 {"von 21:15 bis 8", 1275, 480},
                 {"0:00 – 0:00", 0, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        chat_say(chat, "/settings");
        chat_tap(chat, "Quiet hours");
        chat_say(chat, cases[i].text);
        assert_int_equal(user->quiet_from_minute, cases[i].from);
        assert_int_equal(user->quiet_to_minute, cases[i].to);
    }
    chat_say(chat, "/settings");
    chat_tap(chat, "Quiet hours");
    chat_tap(chat, "22:00");
    assert_int_equal(user->quiet_from_minute, 1320);
    assert_int_equal(user->quiet_to_minute, 480);
    chat_say(chat, "/settings");
    chat_tap(chat, "Quiet hours");
    chat_say(chat, "25:00-99");
    assert_said(chat, "Write two times");
    assert_int_equal(user->quiet_from_minute, 1320);
    chat_say(chat, "never");
    assert_said(chat, "Write two times");
}

static void settings_say_what_is_not_there(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/settings");
    assert_null(chat_token(chat, "E-mail"));
    chat_press(chat, "s:email:"); /* of an older message */
    assert_said(chat, "not set up");
    chat_say(chat, "/settings");
    chat_tap(chat, "Where I write");
    assert_said(chat, "only this place");
    chat->person.user.contacts[CHANNEL_WEBCHAT] = (struct contact){STR("s"), REACH_OK};
    chat_say(chat, "/settings");
    chat_tap(chat, "Where I write");
    chat_tap(chat, "Web chat");
    assert_int_equal(chat->person.user.channel, CHANNEL_WEBCHAT);
}

/* Only channels that exist here are offered, whatever is known of the person. */
static void settings_offer_the_channels_that_exist(void **state)
{
    struct chat *chat = *state;
    struct contact *email = &chat->person.user.contacts[CHANNEL_EMAIL];
    *email = (struct contact){STR("rowan_a@example.org"), REACH_OK};
    chat_press(chat, "s:channel:email");
    assert_int_equal(chat->person.user.channel, CHANNEL_TELEGRAM);
    chat->installation.channels[CHANNEL_EMAIL] = true;
    chat_say(chat, "/settings");
    chat_tap(chat, "E-mail");
    assert_said(chat, "rowan\\_a@example.org");
    chat_tap(chat, "Where I write");
    chat_tap(chat, "E-mail");
    assert_int_equal(chat->person.user.channel, CHANNEL_EMAIL);
    email->reach = REACH_GONE;
    chat_say(chat, "/settings");
    chat_tap(chat, "E-mail");
    assert_said(chat, "do not arrive");
    *email = (struct contact){STR(""), REACH_NONE};
    chat_say(chat, "/settings");
    chat_tap(chat, "E-mail");
    assert_said(chat, "no confirmed e-mail");
}

static void the_leaderboard_is_opt_in(void **state)
{
    struct chat *chat = *state;
    chat->population = (struct population){.active_users = 30,
                                           .percentile = 75,
                                           .leaderboard = STR("**1** · Ash · 12 ✓"),
                                           .typical_hours = 2,
                                           .quick_percent = 90};
    chat->world.population = &chat->population;
    chat_say(chat, "/leaderboard");
    assert_null(strstr(chat_said(chat), "Ash"));
    chat_tap(chat, "Count me in");
    assert_true(chat->person.user.leaderboard_opt_in);
    chat_say(chat, "/leaderboard");
    assert_said(chat, "**1** · Ash · 12 ✓");
    chat_tap(chat, "Take me off");
    assert_false(chat->person.user.leaderboard_opt_in);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, chat_english, chat_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(settings_change_the_language),
        TEST(settings_change_the_zone),
        TEST(settings_change_quiet_hours),
        TEST(settings_say_what_is_not_there),
        TEST(settings_offer_the_channels_that_exist),
        TEST(the_leaderboard_is_opt_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
