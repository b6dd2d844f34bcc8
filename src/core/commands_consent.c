/* What a person allows: /pause, /resume, /stop, and what they can do with what we hold about them:
 * /export, /delete. */
#include "core/commands_parts.h"

#include "base/limits.h"
#include "base/text.h"
#include "core/compose.h"
#include "core/run.h"

static void consent_event(struct deciding *deciding, enum event_type type, const char *rule)
{
    struct event *event = decision_event(deciding->arena, deciding->decision, type);
    event->user_id = deciding->person->user.id;
    event->at_ms = deciding->world->now_ms;
    event->rule = str_of(rule);
}

/* The number at the start of "3", "3 days", "3d"; false when there is none in 1..365. */
static bool pause_days(struct str rest, int64_t *ret_days)
{
    size_t digits = 0;
    while (digits < rest.length && rest.ptr[digits] >= '0' && rest.ptr[digits] <= '9') {
        digits++;
    }
    return digits > 0 && digits <= 3 && str_to_int64((struct str){rest.ptr, digits}, ret_days) &&
           *ret_days >= 1 && *ret_days <= LIMIT_PAUSE_DAYS;
}

void command_pause(struct deciding *deciding, struct str rest)
{
    struct user *user = &deciding->person->user;
    int64_t days = PAUSE_DAYS;
    if (rest.length > 0 && !pause_days(rest, &days)) {
        struct str most = say_number(deciding, LIMIT_PAUSE_DAYS, 0);
        say(deciding, "pause_wrong", &most, 1);
        return;
    }
    user->paused_until_ms = deciding->world->now_ms + days * DAY_MS;
    user->operator_holds &= ~(unsigned)OPERATOR_PAUSED;
    if (user->next_at_ms == 0 || user->next_at_ms > user->paused_until_ms) {
        user->next_at_ms = user->paused_until_ms;
    }
    user->changed = true;
    consent_event(deciding, EVENT_PAUSED, "command.pause");
    struct str values[] = {say_count(deciding, "days", days),
                           say_when(deciding, user->paused_until_ms)};
    struct say_buttons buttons = {.count = 0};
    say_button(deciding, &buttons, say_plain(deciding, "button_resume"), "x:resume");
    say_with(deciding, "paused", values, 2, buttons.items, buttons.count);
}

void command_resume(struct deciding *deciding, struct str rest)
{
    (void)rest;
    struct user *user = &deciding->person->user;
    bool held =
        user->stopped || user->crisis_hold || user->paused_until_ms > deciding->world->now_ms;
    user->stopped = false;
    user->crisis_hold = false;
    user->paused_until_ms = 0;
    user->operator_holds = 0;
    user->changed = true;
    if (!held) {
        say(deciding, "resume_nothing", NULL, 0);
        return;
    }
    consent_event(deciding, EVENT_RESUMED, "command.resume");
    if (!run_lift(deciding)) {
        say(deciding, "resumed", NULL, 0);
    }
}

void command_stop(struct deciding *deciding, struct str rest)
{
    (void)rest;
    struct user *user = &deciding->person->user;
    user->stopped = true;
    user->operator_holds &= ~(unsigned)OPERATOR_STOPPED;
    user->changed = true;
    consent_event(deciding, EVENT_STOPPED, "command.stop");
    run_end_all(deciding, RUN_STOPPED);
    struct say_buttons buttons = {.count = 0};
    say_button(deciding, &buttons, say_plain(deciding, "button_resume"), "x:resume");
    say_with(deciding, "stopped", NULL, 0, buttons.items, buttons.count);
}

void command_export(struct deciding *deciding, struct str rest)
{
    (void)rest;
    deciding->decision->export_file = true;
    say(deciding, "export_coming", NULL, 0);
}

void command_delete(struct deciding *deciding, struct str rest)
{
    (void)rest;
    dialog_open(deciding, DIALOG_DELETE, 0);
    struct say_buttons buttons = {.count = 0};
    say_button(deciding, &buttons, say_plain(deciding, "button_delete"), "x:delete");
    say_button(deciding, &buttons, say_plain(deciding, "button_keep"), "x:keep");
    say_with(deciding, "delete_ask", NULL, 0, buttons.items, buttons.count);
}

static void erase(struct deciding *deciding)
{
    dialog_close(deciding);
    deciding->decision->erase = true;
    say(deciding, "deleted", NULL, 0);
}

bool consent_dialog_delete(struct deciding *deciding, struct str text)
{
    struct str word = text_fold(deciding->arena, commitment_text(deciding->arena, text));
    struct str wanted = text_fold(deciding->arena, say_plain(deciding, "delete_word"));
    if (str_equal(word, wanted)) {
        erase(deciding);
    } else {
        say(deciding, "delete_kept", NULL, 0);
    }
    return true;
}

/* x:delete counts only while the question is open: an old message must not erase anyone. */
static bool delete_confirmed(struct deciding *deciding)
{
    if (deciding->person->user.dialog != DIALOG_DELETE || !dialog_is_open(deciding)) {
        tap_text(deciding, "button_expired");
        return true;
    }
    tap_text(deciding, "tap_deleting");
    erase(deciding);
    return true;
}

static bool list_from(struct deciding *deciding, struct str rest)
{
    int64_t offset = 0;
    if (rest.length > 0 && !str_to_int64(rest, &offset)) {
        return false;
    }
    commitments_show_list(deciding, offset < LIMIT_COMMITMENTS_OPEN ? (int)offset : 0);
    return true;
}

bool confirm_button(struct deciding *deciding, struct str rest)
{
    struct str argument;
    struct str what = str_split(rest, ':', &argument);
    if (link_button(deciding)) {
        return true;
    }
    if (str_is(what, "list")) {
        return list_from(deciding, argument);
    }
    if (str_is(what, "delete")) {
        return delete_confirmed(deciding);
    }
    if (str_is(what, "keep")) {
        dialog_close(deciding);
        answer_here(deciding, "tap_kept", say_text(deciding, "delete_kept", NULL, 0), NULL);
    } else if (str_is(what, "cancel")) {
        dialog_close(deciding);
        answer_here(deciding, "tap_cancelled", say_text(deciding, "cancelled", NULL, 0), NULL);
    } else if (str_is(what, "commit")) {
        tap_text(deciding, NULL);
        command_commit(deciding, STR_NONE);
    } else if (str_is(what, "help")) {
        tap_text(deciding, NULL);
        command_help(deciding, STR_NONE);
    } else if (str_is(what, "resume")) {
        tap_text(deciding, NULL);
        command_resume(deciding, STR_NONE);
    } else if (str_is(what, "problem")) {
        struct feedback *problem = decision_feedback(deciding->arena, deciding->decision);
        problem->user_id = deciding->person->user.id;
        problem->is_problem = true;
        answer_here(deciding, "tap_problem", say_text(deciding, "feedback_thanks", NULL, 0), NULL);
    } else {
        return false;
    }
    return true;
}
