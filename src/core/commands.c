/* The bot's commands: one table, the dispatch of texts, dialogs and buttons. What a command does
 * stands in commands_*.c and progress.c. Nothing a person sends is met with silence: unknown
 * commands, expired buttons and texts that fit nowhere get a short, helpful answer. */
#include "core/commands_parts.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "core/compose.h"
#include "core/run.h"

enum { COMMAND_BYTES_MAX = 32, TEXT_SHOWN_GRAPHEMES = 1000 };
#define DIALOG_OPEN_MS   HOUR_MS
#define DIALOG_DELETE_MS (10 * MINUTE_MS)

/* COMMAND_LIST(X): X(name, key of the description, listed, handler) */
#define COMMAND_LIST(X)                                                                            \
    X("start", "command_start", true, command_start)                                               \
    X("commit", "command_commit", true, command_commit)                                            \
    X("list", "command_list", true, command_list)                                                  \
    X("done", "command_done", true, command_done)                                                  \
    X("metrics", "command_metrics", true, command_metrics)                                         \
    X("progress", "command_metrics", false, command_metrics)                                       \
    X("stats", "command_metrics", false, command_metrics)                                          \
    X("insights", "command_insights", true, command_insights)                                      \
    X("streaks", "command_streaks", true, command_streaks)                                         \
    X("leaderboard", "command_leaderboard", true, command_leaderboard)                             \
    X("champions", "command_leaderboard", false, command_leaderboard)                              \
    X("feedback", "command_feedback", true, command_feedback)                                      \
    X("settings", "command_settings", true, command_settings)                                      \
    X("pause", "command_pause", true, command_pause)                                               \
    X("resume", "command_resume", true, command_resume)                                            \
    X("stop", "command_stop", true, command_stop)                                                  \
    X("stop_sequences", "command_stop", false, command_stop)                                       \
    X("sequences", "command_sequences", true, command_sequences)                                   \
    X("export", "command_export", true, command_export)                                            \
    X("delete", "command_delete", true, command_delete)                                            \
    X("help", "command_help", true, command_help)                                                  \
    X("cancel", "command_help", false, command_cancel)                                             \
    X("fix", "command_help", false, command_fix)                                                   \
    X("debug", "command_help", false, command_debug)

static const struct command_row rows[] = {
#define COMMAND_ROW(name, key, listed, handler) {name, key, listed},
    COMMAND_LIST(COMMAND_ROW)
#undef COMMAND_ROW
};
static command_handler *const handlers[] = {
#define COMMAND_HANDLER(name, key, listed, handler) handler,
    COMMAND_LIST(COMMAND_HANDLER)
#undef COMMAND_HANDLER
};
enum { COMMAND_COUNT = sizeof(rows) / sizeof(rows[0]) };

const struct command_row *commands_rows(int *ret_count)
{
    *ret_count = COMMAND_COUNT;
    return rows;
}

/* ---- texts ------------------------------------------------------------------------------------
 */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* "/Commit@our_bot  text" -> "commit", "text". The name is lower case; "" when it is too long to be
 * one of ours. */
static struct str command_name(char buffer[COMMAND_BYTES_MAX], struct str text,
                               struct str *ret_rest)
{
    size_t end = 0;
    while (end < text.length && text.ptr[end] != ' ' && text.ptr[end] != '\n' &&
           text.ptr[end] != '\t' && text.ptr[end] != '\r') {
        end++;
    }
    *ret_rest = str_trim((struct str){text.ptr + end, text.length - end});
    struct str after;
    struct str name = str_split((struct str){text.ptr, end}, '@', &after);
    if (name.length < 2 || name.length > COMMAND_BYTES_MAX) {
        return STR_NONE;
    }
    for (size_t i = 1; i < name.length; i++) {
        buffer[i - 1] = lower(name.ptr[i]);
    }
    return (struct str){buffer, name.length - 1};
}

static int command_find(struct str name)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (str_is(name, rows[i].name)) {
            return i;
        }
    }
    return -1;
}

/* The page of the web chat shows the conversation from the events after a reload; other channels
 * keep it themselves, so what was written is not stored for them. */
static void command_event(struct deciding *deciding, const char *name)
{
    struct event *event = decision_event(deciding->arena, deciding->decision, EVENT_COMMAND_USED);
    event->user_id = deciding->person->user.id;
    event->at_ms = deciding->world->now_ms;
    event->rule = STR("command");
    struct json_writer data = json_begin(deciding->arena);
    json_put_str(&data, "command", str_of(name));
    if (deciding->input->channel == CHANNEL_WEBCHAT) {
        struct str text = text_cut(deciding->arena, deciding->input->text, TEXT_SHOWN_GRAPHEMES);
        json_put_str(&data, "text", text);
    }
    event->data = json_end(&data);
}

void commands_text(struct deciding *deciding, struct str text)
{
    char buffer[COMMAND_BYTES_MAX];
    struct str rest;
    deciding->decision->handled = true;
    int index = command_find(command_name(buffer, str_trim(text), &rest));
    dialog_close(deciding);
    if (index < 0) {
        command_event(deciding, "unknown");
        say(deciding, "unknown_command", NULL, 0);
        return;
    }
    command_event(deciding, rows[index].name);
    handlers[index](deciding, rest);
}

void commands_unknown_text(struct deciding *deciding)
{
    deciding->decision->handled = true;
    struct say_buttons buttons = {.count = 0};
    struct str text = commitment_text(deciding->arena, deciding->input->text);
    if (deciding->input->kind == INPUT_TEXT && text.length > 0 &&
        text.length <= LIMIT_COMMITMENT_BYTES / 2) {
        say_button(deciding, &buttons, say_plain(deciding, "button_how_to_commit"), "x:commit");
    }
    say_button(deciding, &buttons, say_plain(deciding, "button_list"), "x:list");
    say_button(deciding, &buttons, say_plain(deciding, "button_help"), "x:help");
    say_with(deciding, deciding->input->kind == INPUT_TEXT ? "unknown_text" : "unsupported", NULL,
             0, buttons.items, buttons.count);
}

/* ---- dialogs ----------------------------------------------------------------------------------
 */

void dialog_open(struct deciding *deciding, enum dialog dialog, int64_t ref)
{
    struct user *user = &deciding->person->user;
    user->dialog = dialog;
    user->dialog_ref = ref;
    user->dialog_at_ms = deciding->world->now_ms;
    user->changed = true;
}

void dialog_close(struct deciding *deciding)
{
    if (deciding->person->user.dialog != DIALOG_NONE) {
        dialog_open(deciding, DIALOG_NONE, 0);
    }
}

bool dialog_is_open(const struct deciding *deciding)
{
    const struct user *user = &deciding->person->user;
    int64_t open_ms = user->dialog == DIALOG_DELETE ? DIALOG_DELETE_MS : DIALOG_OPEN_MS;
    return user->dialog != DIALOG_NONE && deciding->world->now_ms - user->dialog_at_ms <= open_ms;
}

bool commands_dialog(struct deciding *deciding, struct str text)
{
    struct user *user = &deciding->person->user;
    enum dialog dialog = user->dialog;
    int64_t ref = user->dialog_ref;
    if (dialog == DIALOG_NONE || dialog == DIALOG_PLAN_WHEN) {
        return false; /* the latter belongs to the run that asked */
    }
    bool open = dialog_is_open(deciding);
    dialog_close(deciding);
    if (!open) {
        return false;
    }
    bool taken = true;
    switch (dialog) {
    case DIALOG_NONE:
    case DIALOG_PLAN_WHEN:
        return false;
    case DIALOG_COMMITMENT_TEXT:
        taken = commitments_dialog_text(deciding, text);
        break;
    case DIALOG_RENAME:
        taken = commitments_dialog_rename(deciding, ref, text);
        break;
    case DIALOG_FEEDBACK_TEXT:
        feedback_take(deciding, text);
        break;
    case DIALOG_ZONE:
        settings_dialog_zone(deciding, text);
        break;
    case DIALOG_QUIET_HOURS:
        settings_dialog_quiet(deciding, text);
        break;
    case DIALOG_EMAIL:
    case DIALOG_EMAIL_CODE:
        say(deciding, "settings_email_off", NULL, 0);
        break;
    case DIALOG_DELETE:
        taken = consent_dialog_delete(deciding, text);
        break;
    }
    deciding->decision->handled = deciding->decision->handled || taken;
    return taken;
}

/* ---- buttons ----------------------------------------------------------------------------------
 */

void tap_text(struct deciding *deciding, const char *key)
{
    compose_tap_edit(deciding, key != NULL ? say_plain(deciding, key) : STR_NONE, STR_NONE, NULL,
                     0);
}

void answer_here(struct deciding *deciding, const char *tap_key, struct str markdown,
                 const struct say_buttons *buttons)
{
    const struct input *input = deciding->input;
    int count = buttons != NULL ? buttons->count : 0;
    const struct button *items = buttons != NULL ? buttons->items : NULL;
    bool has_place = input->message_id.length > 0 && !input->is_captioned; /* captions are short */
    if (input->kind == INPUT_BUTTON && has_place) {
        struct str tap = tap_key != NULL ? say_plain(deciding, tap_key) : STR_NONE;
        compose_tap_edit(deciding, tap, markdown, items, count);
        return;
    }
    if (input->kind == INPUT_BUTTON) {
        tap_text(deciding, tap_key);
    }
    compose_reply_text(deciding, markdown, items, count);
}

bool commands_button(struct deciding *deciding, struct str token)
{
    bool valid = false;
    if (str_starts(token, STR("c:"))) {
        valid = commitments_button(deciding, (struct str){token.ptr + 2, token.length - 2});
    } else if (str_starts(token, STR("s:"))) {
        valid = settings_button(deciding, (struct str){token.ptr + 2, token.length - 2});
    } else if (str_starts(token, STR("x:"))) {
        valid = confirm_button(deciding, (struct str){token.ptr + 2, token.length - 2});
    } else if (str_starts(token, STR("complete_"))) {
        valid = commitments_old_button(deciding, (struct str){token.ptr + 9, token.length - 9});
    } else if (str_is(token, "cancel_done") || str_is(token, "cancel_commit") ||
               str_starts(token, STR("save_smart_")) || str_starts(token, STR("save_original_"))) {
        tap_text(deciding, "button_expired");
        valid = true;
    }
    deciding->decision->handled = deciding->decision->handled || valid;
    return valid;
}
