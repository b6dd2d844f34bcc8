/* /settings: language, zone, quiet hours, channel, e-mail, leaderboard. Buttons "s:SETTING:VALUE";
 * an empty value opens the choice. What needs text opens a dialog. */
#include "core/commands_parts.h"

#include <string.h>

#include "base/calendar.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "core/compose.h"
#include "core/settings_zone.h"

enum { ZONE_BUTTONS = 8 };

void settings_event(struct deciding *deciding, const char *setting, struct str value)
{
    struct event *event =
        decision_event(deciding->arena, deciding->decision, EVENT_SETTINGS_CHANGED);
    event->user_id = deciding->person->user.id;
    event->at_ms = deciding->world->now_ms;
    event->rule = STR("command.settings");
    json_t *data = json_object();
    json_object_set_new(data, "setting", json_string(setting));
    json_object_set_new(data, "value", json_str(value));
    event->data = json_write(deciding->arena, data);
    json_decref(data);
    deciding->person->user.changed = true;
}

/* ---- the overview -----------------------------------------------------------------------------
 */

static struct str quiet_words(struct deciding *deciding)
{
    const struct user *user = &deciding->person->user;
    int from = user->quiet_from_minute;
    int to = user->quiet_to_minute;
    if (from < 0) {
        from = deciding->world->installation->quiet_from_minute;
        to = deciding->world->installation->quiet_to_minute;
    }
    if (from == to) {
        return say_text(deciding, "quiet_none", NULL, 0);
    }
    struct str values[] = {say_clock(deciding, from), say_clock(deciding, to)};
    return say_text(deciding, "quiet_hours", values, 2);
}

static const char *channel_key(enum channel_kind kind)
{
    switch (kind) {
    case CHANNEL_TELEGRAM:
        return "channel_telegram";
    case CHANNEL_WEBCHAT:
        return "channel_webchat";
    case CHANNEL_EMAIL:
        return "channel_email";
    case CHANNEL_NONE:
    case CHANNEL_COUNT:
        break;
    }
    return "channel_none";
}

void command_settings(struct deciding *deciding, struct str rest)
{
    (void)rest;
    const struct zone *zone = person_zone(deciding->world, deciding->person);
    const struct user *user = &deciding->person->user;
    struct str language = text_language_name(deciding->arena, say_language(deciding));
    struct str zone_words[] = {
        template_escape(deciding->arena, str_of(zone_name(zone))),
        say_clock(deciding, calendar_local_minute(zone, deciding->world->now_ms))};
    struct str quiet = quiet_words(deciding);
    struct str channel = say_text(deciding, channel_key(user->channel), NULL, 0);
    struct say_lines lines = {.arena = deciding->arena};
    say_line(&lines, say_text(deciding, "settings_heading", NULL, 0));
    say_line(&lines, say_text(deciding, "settings_language", &language, 1));
    say_line(&lines, say_text(deciding, "settings_zone", zone_words, 2));
    say_line(&lines, say_text(deciding, "settings_quiet", &quiet, 1));
    say_line(&lines, say_text(deciding, "settings_channel", &channel, 1));
    say_line(&lines, say_text(deciding,
                              user->leaderboard_opt_in ? "settings_board_on" : "settings_board_off",
                              NULL, 0));
    struct say_buttons buttons = {.count = 0};
    say_button(deciding, &buttons, say_plain(deciding, "button_language"), "s:lang:");
    say_button(deciding, &buttons, say_plain(deciding, "button_zone"), "s:zone:");
    say_button(deciding, &buttons, say_plain(deciding, "button_quiet"), "s:quiet:");
    say_button(deciding, &buttons, say_plain(deciding, "button_channel"), "s:channel:");
    if (deciding->world->installation->channels[CHANNEL_EMAIL]) {
        say_button(deciding, &buttons, say_plain(deciding, "button_email"), "s:email:");
    }
    say_button(deciding, &buttons, say_plain(deciding, "button_board"), "s:board:%s",
               user->leaderboard_opt_in ? "off" : "on");
    compose_reply_text(deciding, say_lines_end(&lines), buttons.items, buttons.count);
}

/* ---- language ---------------------------------------------------------------------------------
 */

static bool set_language(struct deciding *deciding, struct str value)
{
    int count;
    const char *const *languages = catalog_languages(deciding->world->catalog, &count);
    if (value.length == 0) {
        struct say_buttons buttons = {.count = 0};
        for (int i = 0; i < count; i++) {
            say_button(deciding, &buttons, text_language_name(deciding->arena, languages[i]),
                       "s:lang:%s", languages[i]);
        }
        answer_here(deciding, NULL, say_text(deciding, "settings_language_ask", NULL, 0), &buttons);
        return true;
    }
    for (int i = 0; i < count; i++) {
        if (str_is(value, languages[i])) {
            struct user *user = &deciding->person->user;
            str_copy(user->language, sizeof(user->language), value);
            settings_event(deciding, "language", value);
            struct str name = text_language_name(deciding->arena, languages[i]);
            answer_here(deciding, "tap_saved",
                        say_text(deciding, "settings_language_set", &name, 1), NULL);
            return true;
        }
    }
    return false;
}

/* ---- zone -------------------------------------------------------------------------------------
 */

static void zone_saved(struct deciding *deciding, const struct zone *zone)
{
    struct user *user = &deciding->person->user;
    str_copy(user->zone, sizeof(user->zone), str_of(zone_name(zone)));
    settings_event(deciding, "zone", str_of(zone_name(zone)));
    struct str values[] = {
        template_escape(deciding->arena, str_of(zone_name(zone))),
        say_clock(deciding, calendar_local_minute(zone, deciding->world->now_ms))};
    answer_here(deciding, "tap_saved", say_text(deciding, "settings_zone_set", values, 2), NULL);
}

static bool set_zone(struct deciding *deciding, struct str value)
{
    if (value.length > 0) {
        const struct zone *zone = zone_find(value);
        if (zone == NULL) {
            return false;
        }
        dialog_close(deciding);
        zone_saved(deciding, zone);
        return true;
    }
    static const char *const common[ZONE_BUTTONS] = {
        "Europe/Berlin",     "Europe/London", "America/New_York", "America/Los_Angeles",
        "America/Sao_Paulo", "Asia/Kolkata",  "Asia/Bangkok",     "Australia/Sydney"};
    struct say_buttons buttons = {.count = 0};
    for (int i = 0; i < ZONE_BUTTONS; i++) {
        struct str zone = str_of(common[i]);
        say_button(deciding, &buttons, zone, "s:zone:%.*s", STR_ARG(zone));
    }
    say_button(deciding, &buttons, say_plain(deciding, "button_never_mind"), "x:cancel");
    dialog_open(deciding, DIALOG_ZONE, 0);
    answer_here(deciding, NULL, say_text(deciding, "settings_zone_ask", NULL, 0), &buttons);
    return true;
}

void settings_dialog_zone(struct deciding *deciding, struct str text)
{
    const struct zone *zone = settings_zone_find(deciding->arena, text);
    if (zone != NULL) {
        zone_saved(deciding, zone);
        return;
    }
    dialog_open(deciding, DIALOG_ZONE, 0);
    say(deciding, "settings_zone_unknown", NULL, 0);
}

/* ---- quiet hours ------------------------------------------------------------------------------
 */

/* "22:00-08:00", "22-8", "22:30 – 7". */
static bool read_quiet(struct deciding *deciding, struct str text, int *ret_from, int *ret_to)
{
    struct str folded = text_fold(deciding->arena, commitment_text(deciding->arena, text));
    int minutes[2] = {-1, -1};
    int found = 0;
    size_t i = 0;
    while (i < folded.length && found < 2) {
        size_t end = i;
        while (end < folded.length &&
               ((folded.ptr[end] >= '0' && folded.ptr[end] <= '9') || folded.ptr[end] == ':')) {
            end++;
        }
        if (end == i) {
            i++;
            continue;
        }
        struct str word = {folded.ptr + i, end - i};
        struct str full = memchr(word.ptr, ':', word.length) != NULL
                              ? word
                              : arena_printf(deciding->arena, "%.*s:00", STR_ARG(word));
        if (!calendar_parse_hh_mm(full, &minutes[found])) {
            return false;
        }
        found++;
        i = end;
    }
    *ret_from = minutes[0];
    *ret_to = minutes[1];
    return found == 2;
}

static void quiet_saved(struct deciding *deciding, int from, int to, struct str value)
{
    deciding->person->user.quiet_from_minute = from;
    deciding->person->user.quiet_to_minute = to;
    settings_event(deciding, "quiet_hours", value);
    struct str quiet = quiet_words(deciding);
    answer_here(deciding, "tap_saved", say_text(deciding, "settings_quiet_set", &quiet, 1), NULL);
}

static bool set_quiet(struct deciding *deciding, struct str value)
{
    if (value.length == 0) {
        struct say_buttons buttons = {.count = 0};
        say_button(deciding, &buttons, STR("22:00-08:00"), "s:quiet:22-8");
        say_button(deciding, &buttons, STR("20:00-07:00"), "s:quiet:20-7");
        say_button(deciding, &buttons, say_plain(deciding, "button_quiet_none"), "s:quiet:off");
        say_button(deciding, &buttons, say_plain(deciding, "button_never_mind"), "x:cancel");
        dialog_open(deciding, DIALOG_QUIET_HOURS, 0);
        answer_here(deciding, NULL, say_text(deciding, "settings_quiet_ask", NULL, 0), &buttons);
        return true;
    }
    int from = 0;
    int to = 0;
    if (!str_is(value, "off") && !read_quiet(deciding, value, &from, &to)) {
        return false;
    }
    dialog_close(deciding);
    quiet_saved(deciding, from, to, value);
    return true;
}

void settings_dialog_quiet(struct deciding *deciding, struct str text)
{
    int from;
    int to;
    if (read_quiet(deciding, text, &from, &to)) {
        struct str value = arena_printf(deciding->arena, "%02d:%02d-%02d:%02d", from / 60,
                                        from % 60, to / 60, to % 60);
        quiet_saved(deciding, from, to, value);
        return;
    }
    dialog_open(deciding, DIALOG_QUIET_HOURS, 0);
    say(deciding, "settings_quiet_unknown", NULL, 0);
}

/* ---- channel, e-mail, leaderboard -------------------------------------------------------------
 */

/* Whether the person can be written to there: the channel exists and knows them. */
static bool reaches(const struct deciding *deciding, enum channel_kind kind)
{
    return deciding->world->installation->channels[kind] &&
           deciding->person->user.contacts[kind].reach == REACH_OK;
}

static bool set_channel(struct deciding *deciding, struct str value)
{
    struct user *user = &deciding->person->user;
    if (value.length == 0) {
        struct say_buttons buttons = {.count = 0};
        for (int kind = CHANNEL_TELEGRAM; kind < CHANNEL_COUNT; kind++) {
            if (reaches(deciding, (enum channel_kind)kind)) {
                say_button(deciding, &buttons,
                           say_plain(deciding, channel_key((enum channel_kind)kind)),
                           "s:channel:%s", channel_kind_name((enum channel_kind)kind));
            }
        }
        bool choice = buttons.count > 1;
        answer_here(
            deciding, NULL,
            say_text(deciding, choice ? "settings_channel_ask" : "settings_channel_only", NULL, 0),
            choice ? &buttons : NULL);
        return true;
    }
    enum channel_kind kind = channel_kind_of(value);
    if (kind == CHANNEL_NONE || !reaches(deciding, kind)) {
        return false;
    }
    user->channel = kind;
    settings_event(deciding, "channel", value);
    struct str name = say_text(deciding, channel_key(kind), NULL, 0);
    answer_here(deciding, "tap_saved", say_text(deciding, "settings_channel_set", &name, 1), NULL);
    return true;
}

/* What we know of e-mail; a button of an older message may ask though there is none here. */
static void show_email(struct deciding *deciding)
{
    const struct contact *contact = &deciding->person->user.contacts[CHANNEL_EMAIL];
    struct say_buttons buttons = {.count = 0};
    if (!deciding->world->installation->channels[CHANNEL_EMAIL]) {
        answer_here(deciding, NULL, say_text(deciding, "settings_email_off", NULL, 0), NULL);
        return;
    }
    if (contact->address.length == 0 || contact->reach == REACH_NONE) {
        answer_here(deciding, NULL, say_text(deciding, "settings_email_unknown", NULL, 0), NULL);
        return;
    }
    struct str address = template_escape(deciding->arena, contact->address);
    if (contact->reach != REACH_OK) {
        answer_here(deciding, NULL, say_text(deciding, "settings_email_fails", &address, 1), NULL);
        return;
    }
    say_button(deciding, &buttons, say_plain(deciding, "button_channel"), "s:channel:");
    answer_here(deciding, NULL, say_text(deciding, "settings_email_known", &address, 1), &buttons);
}

static bool set_board(struct deciding *deciding, struct str value)
{
    bool on = str_is(value, "on");
    if (!on && !str_is(value, "off")) {
        return false;
    }
    deciding->person->user.leaderboard_opt_in = on;
    settings_event(deciding, "leaderboard", value);
    answer_here(deciding, "tap_saved",
                say_text(deciding, on ? "board_joined" : "board_left", NULL, 0), NULL);
    return true;
}

bool settings_button(struct deciding *deciding, struct str rest)
{
    struct str value;
    struct str setting = str_split(rest, ':', &value);
    if (str_is(setting, "lang")) {
        return set_language(deciding, value);
    }
    if (str_is(setting, "zone")) {
        return set_zone(deciding, value);
    }
    if (str_is(setting, "quiet")) {
        return set_quiet(deciding, value);
    }
    if (str_is(setting, "channel")) {
        return set_channel(deciding, value);
    }
    if (str_is(setting, "email")) {
        show_email(deciding);
        return true;
    }
    if (str_is(setting, "board")) {
        return set_board(deciding, value);
    }
    return false;
}
