/* Every command in both languages, with wrong arguments, buttons and dialogs, as a person meets
 * them. */
#include "core/commands.h"

#include <math.h>
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
#include "core/bot_texts.h"
#include "core/run.h"
#include "lib/chat_cases.h"

static struct commitment *last(struct chat *chat)
{
    assert_true(chat->person.commitment_count > 0);
    return chat->person.commitments[chat->person.commitment_count - 1];
}

/* ---- the table --------------------------------------------------------------------------------
 */

static void each_command_is_answered(void **state)
{
    static const struct {
        const char *text, *english, *german;
    } cases[] = {
        {"/start", "small thing", "kleine Sache"},
        {"/start again", "small thing", "kleine Sache"},
        {"/commit", "What small thing", "Welche Kleinigkeit"},
        {"/commit read 10 pages", "Noted: **read 10 pages**", "Notiert: **read 10 pages**"},
        {"/COMMIT@Our_Bot  water the plants ", "Noted: **water the plants**",
         "Notiert: **water the plants**"},
        {"/list", "2 open commitments", "2 offene Vorhaben"},
        {"/done", "Which one", "Welches"},
        {"/done 7", "not sure", "nicht sicher"},
        {"/done nothing like that", "not sure", "nicht sicher"},
        {"/done plants", "Done: **water the plants**", "Geschafft: **water the plants**"},
        {"/metrics", "Your progress", "Dein Fortschritt"},
        {"/progress", "Your progress", "Dein Fortschritt"},
        {"/stats", "Your progress", "Dein Fortschritt"},
        {"/insights", "What your days tell", "Was deine Tage"},
        {"/streaks", "a streak begins", "So fängt eine Serie an"},
        {"/leaderboard", "It is up to you", "Es liegt bei dir"},
        {"/champions", "It is up to you", "Es liegt bei dir"},
        {"/feedback", "all ears", "ganz Ohr"},
        {"/feedback I like it", "a person reads it", "ein Mensch liest es"},
        {"/settings", "Your settings", "Deine Einstellungen"},
        {"/pause", "7 days", "7 Tage"},
        {"/pause 1", "one day", "ein Tag"},
        {"/pause 30 days", "30 days", "30 Tage"},
        {"/pause 0", "From 1 to 365", "Von 1 bis 365"},
        {"/pause 366", "From 1 to 365", "Von 1 bis 365"},
        {"/pause -3", "From 1 to 365", "Von 1 bis 365"},
        {"/pause 99999999999999999999", "From 1 to 365", "Von 1 bis 365"},
        {"/pause soon", "From 1 to 365", "Von 1 bis 365"},
        {"/sequences", "on a break", "machst Pause"},
        {"/resume", "Welcome back", "Willkommen zurück"},
        {"/resume", "not on a break", "keine Pause"},
        {"/stop", "not write on my own", "nicht mehr von mir aus"},
        {"/stop_sequences", "not write on my own", "nicht mehr von mir aus"},
        {"/sequences", "stopped", "beendet"},
        {"/resume", "Welcome back", "Willkommen zurück"},
        {"/sequences", "/pause takes a break", "/pause macht Pause"},
        {"/export", "as one file", "in einer Datei"},
        {"/delete", "cannot be undone", "nicht rückgängig"},
        {"/cancel", "never mind", "schon vergessen"},
        {"/fix", "a person reads it", "das liest ein Mensch"},
        {"/debug", "/export", "/export"},
        {"/help", "/commit", "/commit"},
        {"/frobnicate now", "do not know that command", "kenne ich nicht"},
        {"/", "do not know that command", "kenne ich nicht"},
        {"/\xff\xfe", "do not know that command", "kenne ich nicht"},
        {"/aVeryLongCommandNameThatNobodyEverWroteAnywhere x", "do not know that command",
         "kenne ich nicht"},
        {"what is this", "/commit", "/commit"},
    };
    struct chat *chat = *state;
    bool is_german = chat->person.user.language[0] == 'd';
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        chat_say(chat, cases[i].text);
        assert_said(chat, is_german ? cases[i].german : cases[i].english);
        assert_null(strstr(chat_said(chat), "%1"));
        assert_null(strstr(chat_said(chat), "{{"));
    }
}

static void every_command_has_a_description(void **state)
{
    struct chat *chat = *state;
    int count;
    const struct command_row *rows = commands_rows(&count);
    int listed = 0;
    for (int i = 0; i < count; i++) {
        assert_non_null(catalog_text(chat->catalog, rows[i].description_key));
        listed += rows[i].listed;
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(rows[i].name, rows[k].name);
        }
        /* As Telegram wants them: 1 to 32 lower-case letters, digits, underscores. */
        assert_in_range(strlen(rows[i].name), 1, 32);
        assert_int_equal(strspn(rows[i].name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
                         strlen(rows[i].name));
    }
    assert_int_equal(listed, 17);
}

static void a_clock_set_back_makes_nobody_more_silent(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/metrics");
    int64_t last_ms = chat->world.now_ms;
    chat->world.now_ms -= 8 * MINUTE_MS;
    chat_say(chat, "/help");
    assert_int_equal(chat->person.user.activity_last_at_ms, last_ms);
}

static void each_use_is_recorded(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/metrics");
    assert_int_equal(chat_events(chat, EVENT_COMMAND_USED), 1);
    assert_int_equal(chat->person.user.activity_last_at_ms, chat->world.now_ms);
    chat_say(chat, "/help");
    assert_int_equal(chat_events(chat, EVENT_TRACKED), 0);
    chat->world.now_ms += 59 * MINUTE_MS;
    chat_say(chat, "/help");
    assert_int_equal(chat_events(chat, EVENT_TRACKED), 1); /* a request for support */
    assert_said(chat, "Still stuck?");
    chat->world.now_ms += 61 * MINUTE_MS;
    chat_say(chat, "/help");
    assert_int_equal(chat_events(chat, EVENT_TRACKED), 0);
}

/* ---- /start -----------------------------------------------------------------------------------
 */

static void the_payload_becomes_the_source_once(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/start spring_2026-a <b>&\"'");
    assert_true(str_is(chat->person.user.source, "spring_2026-ab"));
    chat_say(chat, "/start other");
    assert_true(str_is(chat->person.user.source, "spring_2026-ab"));
}

static void a_link_is_no_source(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/start link_abcdef");
    assert_int_equal(chat->person.user.source.length, 0);
    assert_said(chat, "link is not valid");
}

static void a_newcomer_is_greeted_by_onboarding_alone(void **state)
{
    struct chat *chat = *state;
    struct user *user = &chat->person.user;
    user->is_new = true;
    user->onboarding_completed = false;
    user->onboarding_completed_at_ms = 0;
    user->set_assigned = false;
    user->joined_at_ms = chat->world.now_ms;
    user->activity_last_at_ms = 0;
    chat_text(chat, STR("/start blog"));
    assert_true(str_is(user->source, "blog"));
    assert_int_equal(chat->person.delivery_count - chat->said_from, 1);
    assert_int_equal(chat->person.run_count, 1);
    assert_null(strstr(chat_said(chat), "Five minutes is plenty"));
}

/* ---- /commit ----------------------------------------------------------------------------------
 */

static void commit_understands_times(void **state)
{
    struct chat *chat = *state;
    static const struct {
        const char *text, *rest, *planned;
        enum repeat_kind repeat;
    } cases[] = {
        {"/commit call mum in 20 minutes", "call mum", "2025-11-24T16:20:01Z", REPEAT_NONE},
        {"/commit write the letter by 18:00", "write the letter", "2025-11-24T18:00Z", REPEAT_NONE},
        {"/commit 10 Seiten lesen um 19:00", "10 Seiten lesen", "2025-11-24T19:00Z", REPEAT_NONE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(calendar_parse_iso(STR("2025-11-24T16:00:00Z"), &chat->world.now_ms));
        chat_say(chat, cases[i].text);
        int64_t planned_ms;
        assert_true(calendar_parse_iso(str_of(cases[i].planned), &planned_ms));
        assert_int_equal(last(chat)->planned_at_ms, planned_ms);
        assert_true(str_is(last(chat)->text, cases[i].rest));
        assert_said(chat, "Planned:");
        assert_said(chat, "today");
    }
    chat_say(chat, "/commit stretch every day at 7:00");
    assert_int_equal(last(chat)->repeat, REPEAT_DAILY);
    assert_int_equal(last(chat)->repeat_minute, 7 * 60);
    assert_said(chat, "every day");
    assert_said(chat, "tomorrow, 07:00");
}

static void commit_asks_for_a_text_and_takes_it(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/commit");
    assert_int_equal(chat->person.user.dialog, DIALOG_COMMITMENT_TEXT);
    chat_say(chat, "two push-ups");
    assert_true(str_is(last(chat)->text, "two push-ups"));
    assert_int_equal(last(chat)->size_s, 300);
    assert_int_equal(chat->person.user.dialog, DIALOG_NONE);
    chat_say(chat, "/commit");
    chat_tap(chat, "Never mind");
    assert_int_equal(chat->person.user.dialog, DIALOG_NONE);
    chat_say(chat, "/commit");
    chat->world.now_ms += 61 * MINUTE_MS;
    chat_say(chat, "what was that again"); /* too late: an ordinary text */
    assert_int_equal(chat->person.commitment_count, 1);
    chat_say(chat, "/commit");
    chat_say(chat, "/list"); /* another command ends the dialog */
    assert_int_equal(chat->person.user.dialog, DIALOG_NONE);
    chat_say(chat, "/commit \n\t ");
    assert_int_equal(chat->person.user.dialog, DIALOG_COMMITMENT_TEXT);
}

static void the_size_follows_the_suggestion(void **state)
{
    struct chat *chat = *state;
    chat->person.user.ladder_rung = 6;
    chat_say(chat, "/commit draw");
    assert_int_equal(last(chat)->size_s, 20 * 60);
    assert_said(chat, "about 20 min");
    chat->person.user.ladder_rung = 0;
    chat_say(chat, "/commit breathe");
    assert_int_equal(last(chat)->size_s, 30);
    assert_said(chat, "about 30 seconds");
}

static void commit_is_refused_politely_when_full(void **state)
{
    struct chat *chat = *state;
    for (int i = 0; i < LIMIT_COMMITMENTS_OPEN; i++) {
        chat_say(chat, "/commit one more");
    }
    chat_say(chat, "/commit too much");
    assert_said(chat, "50 open ones");
    assert_int_equal(chat->person.user.commitments_total, LIMIT_COMMITMENTS_OPEN);
    chat_say(chat, "/list");
    assert_true(chat_button_count(chat) <= LIMIT_BUTTONS);
    assert_true(text_utf16_units(str_of(chat_said(chat))) < 4096);
    chat_tap(chat, "More");
    assert_said(chat, "**9** ·");
    chat_tap(chat, "Back");
    assert_said(chat, "**1** ·");
}

static void any_text_is_safe_inside_markdown(void **state)
{
    struct chat *chat = *state;
    static const char *const texts[] = {"*bold* _it_ [x](http://e.vil) `code`",
                                        "# title",
                                        "<b>&amp;",
                                        "1. list",
                                        "![p](q)",
                                        "a\\b",
                                        "%1 %2 %9",
                                        "{{first_name}}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct str text = arena_printf(chat->arena, "/commit %s", texts[i]);
        chat_say(chat, text.ptr);
        assert_true(str_is(last(chat)->text, texts[i]));
        struct str escaped = template_escape(chat->arena, str_of(texts[i]));
        assert_said(chat, escaped.ptr);
        chat_say(chat, "/list");
        assert_said(chat, escaped.ptr);
        chat_say(chat, "/done");
        chat_tap(chat, "");
    }
}

static void floods_and_strange_scripts_are_borne(void **state)
{
    struct chat *chat = *state;
    static const char *const units[] = {"x ", "🎉", "א", "ก็", "\xff", "/commit ", "*"};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t unit = strlen(units[i]);
        char *flood = arena_alloc(chat->arena, 100 * 1024 + 16);
        memcpy(flood, "/commit ", 8);
        size_t at = 8;
        for (; at + unit <= 100 * 1024; at += unit) {
            memcpy(flood + at, units[i], unit);
        }
        chat_text(chat, (struct str){flood, at});
        assert_int_equal(chat->decision.error, OK);
        assert_true(last(chat)->text.length <= LIMIT_COMMITMENT_BYTES);
        assert_true(text_is_utf8(last(chat)->text));
        assert_true(text_is_utf8(str_of(chat_said(chat))));
        chat_text(chat, (struct str){flood + 8, at - 8}); /* the same as a free text */
        assert_true(chat_said(chat)[0] != '\0');
        chat_say(chat, "/list");
    }
    chat_say(chat, "/commit อ่านหนังสือสิบหน้า");
    assert_said(chat, "อ่านหนังสือสิบหน้า");
    chat_say(chat, "/commit לקרוא עשרה עמודים");
    assert_said(chat, "לקרוא עשרה עמודים");
}

/* ---- lists and their buttons ------------------------------------------------------------------
 */

static void few_ones_have_all_buttons(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/commit one");
    chat_say(chat, "/commit two");
    chat_say(chat, "/list");
    assert_int_equal(chat_button_count(chat), 6);
    chat_tap(chat, "✓ Done 2");
    assert_int_equal(last(chat)->state, COMMITMENT_COMPLETED);
    assert_said(chat, "Done: **two**");
    assert_said(chat, "One open commitment"); /* the list that is left */
    chat_tap(chat, "Undo");
    assert_int_equal(last(chat)->state, COMMITMENT_ACTIVE);
    assert_said(chat, "Back to where it was");
    chat_say(chat, "/list");
    chat_tap(chat, "✕ Drop 1");
    assert_int_equal(chat->person.commitments[0]->state, COMMITMENT_DROPPED);
    chat_tap(chat, "Undo");
    assert_int_equal(chat->person.commitments[0]->state, COMMITMENT_ACTIVE);
    chat_say(chat, "/list");
    chat_tap(chat, "✎ Rename 2");
    chat_say(chat, "two and a half");
    assert_true(str_is(last(chat)->text, "two and a half"));
    assert_said(chat, "Now it says: **two and a half**");
}

static void many_ones_are_opened_by_number(void **state)
{
    struct chat *chat = *state;
    for (int i = 0; i < 5; i++) {
        chat_say(chat, arena_printf(chat->arena, "/commit thing %c", 'a' + i).ptr);
    }
    chat_say(chat, "/list");
    assert_int_equal(chat_button_count(chat), 5);
    chat_tap(chat, "4");
    assert_said(chat, "**thing d**");
    chat_tap(chat, "✓ Done");
    assert_int_equal(chat->person.commitments[3]->state, COMMITMENT_COMPLETED);
}

static void undo_ends_after_ten_minutes(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/commit one");
    chat_tap(chat, "Done");
    const char *undo = chat_token(chat, "Undo");
    assert_non_null(undo);
    chat->world.now_ms += 11 * MINUTE_MS;
    chat_press(chat, undo);
    assert_said(chat, "Too late to undo");
    assert_int_equal(last(chat)->state, COMMITMENT_COMPLETED);
}

static void a_second_press_changes_nothing(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/commit one");
    const char *done = chat_token(chat, "Done");
    chat_press(chat, done);
    int64_t completed_ms = last(chat)->completed_at_ms;
    chat->world.now_ms += HOUR_MS;
    chat_press(chat, done);
    assert_said(chat, "done already");
    assert_int_equal(last(chat)->completed_at_ms, completed_ms);
    assert_int_equal(chat->person.user.commitments_completed, 1);
}

static void hostile_tokens_change_nothing(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/commit one");
    long long id = (long long)last(chat)->id;
    const char *own[] = {"c:%lld:",      "c:%lld:fly",   "c:%lld",      "c:%lld:done:",
                         "c:%lld :done", "c:-%lld:done", "c:%lld0:done"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        char token[80];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(token, sizeof(token), own[i], id);
#pragma GCC diagnostic pop
        chat_press(chat, token);
        assert_int_equal(last(chat)->state, COMMITMENT_ACTIVE);
        assert_true(chat_said(chat)[0] != '\0');
    }
    static const char *const wrong[] = {"c:",
                                        "c:1:done",
                                        "c:99999999999999999999:done",
                                        "s:",
                                        "s:lang:xx",
                                        "s:zone:Nowhere/City",
                                        "s:zone:../etc/passwd",
                                        "s:quiet:99-1",
                                        "s:channel:email",
                                        "s:channel:pigeon",
                                        "s:board:maybe",
                                        "s:frobnicate:1",
                                        "x:",
                                        "x:list:-4",
                                        "x:list:99999999999999999",
                                        "x:fly",
                                        "z:1",
                                        "",
                                        "complete_",
                                        "complete_123",
                                        "cancel_done",
                                        "save_smart_5",
                                        "save_original_7",
                                        "cancel_commit",
                                        "\xff\xfe\xfd"};
    struct user before = chat->person.user;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        chat_press(chat, wrong[i]);
        assert_int_equal(last(chat)->state, COMMITMENT_ACTIVE);
        assert_string_equal(chat->person.user.language, before.language);
        assert_string_equal(chat->person.user.zone, before.zone);
        assert_int_equal(chat->person.user.quiet_from_minute, before.quiet_from_minute);
        assert_int_equal(chat->person.user.channel, before.channel);
        assert_false(chat->decision.erase);
        assert_true(chat_said(chat)[0] != '\0');
    }
}

static void the_previous_bots_button_is_honoured_for_its_owner(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/commit from before");
    last(chat)->external_id = STR("4711");
    chat_press(chat, "complete_4712");
    assert_int_equal(last(chat)->state, COMMITMENT_ACTIVE);
    assert_said(chat, "too old");
    chat_press(chat, "complete_4711");
    assert_int_equal(last(chat)->state, COMMITMENT_COMPLETED);
}

/* ---- consent and data -------------------------------------------------------------------------
 */

static void pause_stop_and_resume_set_what_they_say(void **state)
{
    struct chat *chat = *state;
    struct user *user = &chat->person.user;
    chat_say(chat, "/pause 3");
    assert_int_equal(user->paused_until_ms, chat->world.now_ms + 3 * DAY_MS);
    assert_true(user->next_at_ms > 0 && user->next_at_ms <= user->paused_until_ms);
    assert_int_equal(chat_events(chat, EVENT_PAUSED), 1);
    chat_tap(chat, "Go on");
    assert_int_equal(user->paused_until_ms, 0);
    assert_int_equal(chat_events(chat, EVENT_RESUMED), 1);
    chat_say(chat, "/commit something");
    assert_true(chat->person.run_count > 0);
    chat_say(chat, "/stop");
    assert_true(user->stopped);
    for (int i = 0; i < chat->person.run_count; i++) {
        assert_true(chat->person.runs[i]->outcome != RUN_ACTIVE ||
                    run_journey(&chat->world, chat->person.runs[i])->class == CLASS_REPLY);
    }
    chat_say(chat, "/resume");
    assert_false(user->stopped);
    user->crisis_hold = true;
    chat_say(chat, "/resume");
    assert_false(user->crisis_hold);
}

static void erasing_needs_a_fresh_yes(void **state)
{
    struct chat *chat = *state;
    chat_press(chat, "x:delete"); /* never asked */
    assert_false(chat->decision.erase);
    chat_say(chat, "/delete");
    assert_false(chat->decision.erase);
    const char *yes = chat_token(chat, "Yes");
    chat_tap(chat, "No");
    assert_said(chat, "stays as it is");
    chat_press(chat, yes); /* the question is over */
    assert_false(chat->decision.erase);
    chat_say(chat, "/delete");
    yes = chat_token(chat, "Yes");
    chat->world.now_ms += 11 * MINUTE_MS;
    chat_press(chat, yes);
    assert_false(chat->decision.erase);
    chat_say(chat, "/delete");
    chat_say(chat, "hm, no");
    assert_false(chat->decision.erase);
    assert_said(chat, "stays as it is");
    chat_say(chat, "/delete");
    chat_say(chat, "DELETE");
    assert_true(chat->decision.erase);
    chat_say(chat, "/delete");
    chat_tap(chat, "Yes");
    assert_true(chat->decision.erase);
    assert_said(chat, "erased");
}

static void export_asks_the_engine_for_a_file(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/export");
    assert_true(chat->decision.export_file);
}

static void feedback_is_kept(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/feedback it is *great*");
    assert_int_equal(chat->decision.feedback_count, 1);
    assert_true(str_is(chat->decision.feedback[0].text, "it is *great*"));
    assert_false(chat->decision.feedback[0].is_problem);
    chat_tap(chat, "It is a problem");
    assert_int_equal(chat->decision.feedback_count, 1);
    assert_true(chat->decision.feedback[0].is_problem);
    chat_say(chat, "/feedback");
    chat_say(chat, "second thought");
    assert_true(str_is(chat->decision.feedback[0].text, "second thought"));
}

static void sequences_name_what_runs(void **state)
{
    struct chat *chat = *state;
    chat_say(chat, "/commit read *this*");
    chat_say(chat, "/sequences");
    assert_said(chat, "because you made a commitment");
    assert_said(chat, "read \\*this\\*");
    assert_said(chat, "next: ");
}

/* ---- progress ---------------------------------------------------------------------------------
 */

static void metrics_tell_the_person_their_figures(void **state)
{
    struct chat *chat = *state;
    chat->population = (struct population){
        .active_users = 9, .percentile = 75, .typical_hours = 2, .quick_percent = 90};
    chat->world.population = &chat->population;
    chat_say(chat, "/metrics");
    assert_said(chat, "first step is just ahead");
    assert_said(chat, "Next: one commitment (1 to go)");
    for (int day = 0; day < 5; day++) {
        chat_say(chat, "/commit one thing");
        chat->world.now_ms += 90 * MINUTE_MS;
        chat_say(chat, "/done 1");
        chat->world.now_ms += DAY_MS - 90 * MINUTE_MS;
    }
    chat_say(chat, "/metrics");
    assert_said(chat, "You are on fire!");
    assert_said(chat, "So far 5 commitments, 5 done (100 %)");
    assert_said(chat, "Streak: 5 days, longest: 5 days");
    assert_said(chat, "Here for 25 days, 1.4 a week");
    assert_said(chat, "Last 7 days: 5 done, up from 0");
    assert_said(chat, "It usually takes you 1.5 h");
    assert_said(chat, "\n□□□□□□□\n□□□□□□□\n□□□□□□□\n□■■■■■□\n");
    assert_said(chat, "Achieved: 5 commitments, first one done, perfect record, 3 days in a row");
    assert_said(chat, "Next: a streak of 7 days (2 to go)");
    assert_null(strstr(chat_said(chat), "ahead of"));
    chat->population.active_users = 10;
    chat_say(chat, "/metrics");
    assert_said(chat, "ahead of 75 %");
    assert_true(text_utf16_units(str_of(chat_said(chat))) < 4096);
    chat_say(chat, "/insights");
    assert_said(chat, "Half of all things are done within 2 h, 90 %");
    assert_said(chat, "picking up speed");
}

static void all_texts_are_in_use(void **state)
{
    struct chat *chat = *state;
    int count;
    const char *const *keys = bot_text_keys(&count);
    assert_true(count > 200);
    for (int i = 0; i < count; i++) {
        assert_non_null(catalog_text(chat->catalog, keys[i]));
        assert_true(i == 0 || strcmp(keys[i - 1], keys[i]) < 0);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, chat_english, chat_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_command_is_answered),
        {"each_command_is_answered_in_german", each_command_is_answered, chat_german, chat_teardown,
         NULL},
        TEST(every_command_has_a_description),
        TEST(a_clock_set_back_makes_nobody_more_silent),
        TEST(each_use_is_recorded),
        TEST(the_payload_becomes_the_source_once),
        TEST(a_link_is_no_source),
        TEST(a_newcomer_is_greeted_by_onboarding_alone),
        TEST(commit_understands_times),
        TEST(commit_asks_for_a_text_and_takes_it),
        TEST(the_size_follows_the_suggestion),
        TEST(commit_is_refused_politely_when_full),
        TEST(any_text_is_safe_inside_markdown),
        TEST(floods_and_strange_scripts_are_borne),
        TEST(few_ones_have_all_buttons),
        TEST(many_ones_are_opened_by_number),
        TEST(undo_ends_after_ten_minutes),
        TEST(a_second_press_changes_nothing),
        TEST(hostile_tokens_change_nothing),
        TEST(the_previous_bots_button_is_honoured_for_its_owner),
        TEST(pause_stop_and_resume_set_what_they_say),
        TEST(erasing_needs_a_fresh_yes),
        TEST(export_asks_the_engine_for_a_file),
        TEST(feedback_is_kept),
        TEST(sequences_name_what_runs),
        TEST(metrics_tell_the_person_their_figures),
        TEST(all_texts_are_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
