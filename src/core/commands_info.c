/* Commands that tell: /start, /help, /sequences, /streaks, /leaderboard, /feedback, and what is
 * left of the commands of earlier bots. */
#include "core/commands_parts.h"

#include "base/calendar.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "core/classes.h"
#include "core/compose.h"
#include "core/link.h"
#include "core/run.h"

enum {
    PAYLOAD_BYTES_MAX = 64, /* as Telegram limits deep links */
    FEEDBACK_BYTES_MAX = 4000,
    SEQUENCES_SHOWN = 12,
};
#define HELP_AGAIN_MS HOUR_MS

/* ---- /start -----------------------------------------------------------------------------------
 */

/* Only what deep links may hold: letters, digits, '_' and '-'. */
static struct str payload_of(struct arena *arena, struct str rest)
{
    char *payload = arena_alloc(arena, PAYLOAD_BYTES_MAX + 1);
    size_t used = 0;
    for (size_t i = 0; i < rest.length && used < PAYLOAD_BYTES_MAX; i++) {
        char c = rest.ptr[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '_' || c == '-') {
            payload[used++] = c;
        }
    }
    return (struct str){payload, used};
}

void command_start(struct deciding *deciding, struct str rest)
{
    struct user *user = &deciding->person->user;
    struct str payload = payload_of(deciding->arena, rest);
    bool link = link_is_meant(payload);
    if (payload.length > 0 && !link && user->source.length == 0) {
        user->source = payload;
        user->changed = true;
    }
    bool greeted = compose_said_something(deciding); /* the onboarding greets by itself */
    if (link) {
        link_opened(deciding, payload);
    } else if (!greeted) {
        start_again(deciding, false);
    }
}

void start_again(struct deciding *deciding, bool is_linked)
{
    const struct user *user = &deciding->person->user;
    if (user->stopped || user->paused_until_ms > deciding->world->now_ms) {
        struct say_buttons buttons = {.count = 0};
        say_button(deciding, &buttons, say_plain(deciding, "button_resume"), "x:resume");
        say_with(deciding, user->stopped ? "start_stopped" : "start_paused", NULL, 0, buttons.items,
                 buttons.count);
    } else if (!run_reshow(deciding) && !is_linked) {
        struct say_buttons buttons = {.count = 0};
        say_button(deciding, &buttons, say_plain(deciding, "button_how_to_commit"), "x:commit");
        say_button(deciding, &buttons, say_plain(deciding, "button_list"), "x:list");
        say_with(deciding, user->commitments_total > 0 ? "start_again" : "start_welcome", NULL, 0,
                 buttons.items, buttons.count);
    }
}

/* ---- /help and what it replaces ---------------------------------------------------------------
 */

void command_help(struct deciding *deciding, struct str rest)
{
    (void)rest;
    struct user *user = &deciding->person->user;
    int64_t now_ms = deciding->world->now_ms;
    bool again = user->help_last_at_ms > 0 && now_ms - user->help_last_at_ms <= HELP_AGAIN_MS;
    if (again) {
        /* Counted as a request for support. */
        struct event *event = decision_event(deciding->arena, deciding->decision, EVENT_TRACKED);
        event->user_id = user->id;
        event->at_ms = now_ms;
        event->rule = STR("command.help_again");
        event->data = STR("{\"event\":\"Help Repeated\"}");
    }
    user->help_last_at_ms = now_ms;
    user->changed = true;
    struct say_lines lines = {.arena = deciding->arena};
    say_line(&lines, say_text(deciding, "help_heading", NULL, 0));
    say_line(&lines, say_text(deciding, "help_commitments", NULL, 0));
    say_line(&lines, say_text(deciding, "help_progress", NULL, 0));
    say_line(&lines, say_text(deciding, "help_messages", NULL, 0));
    say_line(&lines, say_text(deciding, "help_data", NULL, 0));
    if (again) {
        say_line(&lines, say_text(deciding, "help_again", NULL, 0));
    }
    compose_reply_text(deciding, say_lines_end(&lines), NULL, 0);
}

void command_cancel(struct deciding *deciding, struct str rest)
{
    (void)rest; /* any open dialog was closed when the command came */
    say(deciding, "cancelled", NULL, 0);
}

void command_fix(struct deciding *deciding, struct str rest)
{
    (void)rest;
    dialog_open(deciding, DIALOG_FEEDBACK_TEXT, 0);
    say(deciding, "fix_instead", NULL, 0);
}

void command_debug(struct deciding *deciding, struct str rest)
{
    (void)rest;
    say(deciding, "debug_instead", NULL, 0);
}

/* ---- /sequences -------------------------------------------------------------------------------
 */

/* "*Name*: why you get it" and when the next message is planned. */
static struct str sequence_line(struct deciding *deciding, const struct run *run)
{
    struct str key = arena_printf(deciding->arena, "journey_%.*s", STR_ARG(run->journey));
    struct str why = catalog_text(deciding->world->catalog, key.ptr) != NULL
                         ? say_text(deciding, key.ptr, NULL, 0)
                         : say_person(deciding, run->sequence, LIMIT_KEY_BYTES);
    const struct commitment *about =
        run->subject_id != 0 ? person_commitment(deciding->person, run->subject_id) : NULL;
    if (about != NULL) {
        why = arena_printf(deciding->arena, "%.*s (%.*s)", STR_ARG(why),
                           STR_ARG(say_person(deciding, about->text, 40)));
    }
    if (run->phase == PHASE_DUE && run->next_at_ms > deciding->world->now_ms) {
        struct str values[] = {why, say_when(deciding, run->next_at_ms)};
        return say_text(deciding, "sequence_next", values, 2);
    }
    return say_text(deciding, "sequence_line", &why, 1);
}

void command_sequences(struct deciding *deciding, struct str rest)
{
    (void)rest;
    const struct user *user = &deciding->person->user;
    int64_t now_ms = deciding->world->now_ms;
    struct say_lines lines = {.arena = deciding->arena};
    int shown = 0;
    for (int i = 0; i < deciding->person->run_count && shown < SEQUENCES_SHOWN; i++) {
        if (deciding->person->runs[i]->outcome == RUN_ACTIVE) {
            if (shown++ == 0) {
                say_line(&lines, say_text(deciding, "sequences_heading", NULL, 0));
            }
            say_line(&lines, sequence_line(deciding, deciding->person->runs[i]));
        }
    }
    if (shown == 0) {
        say_line(&lines, say_text(deciding, "sequences_none", NULL, 0));
    }
    if (user->stopped) {
        say_line(&lines, say_text(deciding, "sequences_stopped", NULL, 0));
    } else if (user->paused_until_ms > now_ms) {
        struct str until = say_when(deciding, user->paused_until_ms);
        say_line(&lines, say_text(deciding, "sequences_paused", &until, 1));
    } else {
        say_line(&lines, say_text(deciding, "sequences_how", NULL, 0));
    }
    compose_reply_text(deciding, say_lines_end(&lines), NULL, 0);
}

/* ---- /streaks, /leaderboard -------------------------------------------------------------------
 */

void command_streaks(struct deciding *deciding, struct str rest)
{
    (void)rest;
    const struct user *user = &deciding->person->user;
    int days = classes_streak_days(deciding->world, deciding->person);
    struct say_lines lines = {.arena = deciding->arena};
    if (days > 0) {
        say_line(&lines, say_count(deciding, "streak_now", days));
    } else {
        say_line(&lines, say_text(deciding, "streak_none", NULL, 0));
    }
    if (user->streak_best_days > 0) {
        say_line(&lines, say_count(deciding, "streak_best", user->streak_best_days));
    }
    int64_t today =
        calendar_local_day(person_zone(deciding->world, deciding->person), deciding->world->now_ms);
    if (days > 0 && user->streak_day < today) {
        say_line(&lines, say_text(deciding, "streak_today_open", NULL, 0));
    }
    compose_reply_text(deciding, say_lines_end(&lines), NULL, 0);
}

void command_leaderboard(struct deciding *deciding, struct str rest)
{
    (void)rest;
    const struct user *user = &deciding->person->user;
    const struct population *population = deciding->world->population;
    struct say_buttons buttons = {.count = 0};
    if (!user->leaderboard_opt_in) {
        say_button(deciding, &buttons, say_plain(deciding, "button_board_join"), "s:board:on");
        say_with(deciding, "board_ask", NULL, 0, buttons.items, buttons.count);
        return;
    }
    say_button(deciding, &buttons, say_plain(deciding, "button_board_leave"), "s:board:off");
    if (population == NULL || population->leaderboard.length == 0) {
        say_with(deciding, "board_empty", NULL, 0, buttons.items, buttons.count);
        return;
    }
    struct say_lines lines = {.arena = deciding->arena};
    say_line(&lines, say_text(deciding, "board_heading", NULL, 0));
    say_line(&lines, population->leaderboard);
    compose_reply_text(deciding, say_lines_end(&lines), buttons.items, buttons.count);
}

/* ---- /feedback --------------------------------------------------------------------------------
 */

void feedback_take(struct deciding *deciding, struct str text)
{
    struct str clean = str_trim(text_clean(deciding->arena, text));
    if (clean.length > FEEDBACK_BYTES_MAX) {
        char *cut = arena_alloc(deciding->arena, FEEDBACK_BYTES_MAX + 1);
        clean = (struct str){cut, str_copy(cut, FEEDBACK_BYTES_MAX + 1, clean)};
    }
    if (clean.length == 0) {
        command_feedback(deciding, STR_NONE);
        return;
    }
    struct feedback *feedback = decision_feedback(deciding->arena, deciding->decision);
    feedback->user_id = deciding->person->user.id;
    feedback->text = clean;
    struct event *event = decision_event(deciding->arena, deciding->decision, EVENT_FEEDBACK);
    event->user_id = deciding->person->user.id;
    event->at_ms = deciding->world->now_ms;
    event->rule = STR("command.feedback");
    struct say_buttons buttons = {.count = 0};
    say_button(deciding, &buttons, say_plain(deciding, "button_problem"), "x:problem");
    say_with(deciding, "feedback_thanks", NULL, 0, buttons.items, buttons.count);
}

void command_feedback(struct deciding *deciding, struct str rest)
{
    if (rest.length > 0) {
        feedback_take(deciding, rest);
        return;
    }
    dialog_open(deciding, DIALOG_FEEDBACK_TEXT, 0);
    struct say_buttons buttons = {.count = 0};
    say_button(deciding, &buttons, say_plain(deciding, "button_never_mind"), "x:cancel");
    say_with(deciding, "feedback_ask", NULL, 0, buttons.items, buttons.count);
}

/* ---- figures ----------------------------------------------------------------------------------
 */

void command_metrics(struct deciding *deciding, struct str rest)
{
    (void)rest;
    progress_metrics(deciding);
}

void command_insights(struct deciding *deciding, struct str rest)
{
    (void)rest;
    progress_insights(deciding);
}
