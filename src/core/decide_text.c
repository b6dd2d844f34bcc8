/* Texts, taps and what a group says. Words of crisis come before everything: then nobody is given a
 * task, whatever they are in the middle of. */
#include "core/decide_parts.h"

#include <string.h>

#include "base/limits.h"
#include "core/commands.h"

/* ---- crisis
 * ----------------------------------------------------------------------------------------- */

static void crisis(struct deciding *deciding)
{
    struct user *user = &deciding->person->user;
    decide_activity(deciding, EVENT_CRISIS);
    user->crisis_hold = true;
    user->dialog = DIALOG_NONE;
    user->dialog_ref = 0;
    user->changed = true;
    compose_reply(deciding, "crisis", NULL, 0);
    struct notice *notice = decision_notice(deciding->arena, deciding->decision);
    notice->kind = STR("crisis");
    notice->user_id = user->id;
    notice->text = arena_printf(deciding->arena,
                                "User %lld wrote words of crisis and got the help lines. All "
                                "messages of our own are held until the hold is lifted.",
                                (long long)user->id);
}

enum recognised decide_recognise(struct deciding *deciding, struct str text)
{
    if (text.length == 0 || (text.ptr[0] == '/' && memchr(text.ptr, ' ', text.length) == NULL)) {
        return RECOGNISED_NOTHING;
    }
    return catalog_recognise(deciding->world->catalog, deciding->arena, text,
                             person_language(deciding->world, deciding->person));
}

/* ---- texts
 * ------------------------------------------------------------------------------------------ */

static struct str command_of(struct str text)
{
    size_t length = 0;
    while (length < text.length && text.ptr[length] != ' ' && text.ptr[length] != '@' &&
           text.ptr[length] != '\n') {
        length++;
    }
    return (struct str){text.ptr, length};
}

/* Beside another bot only what concerns our messages is ours. */
static bool is_ours(const struct deciding *deciding, struct str text, bool entered)
{
    static const char *const ours[] = {"/stop_sequences", "/stop", "/pause", "/resume",
                                       "/sequences"};
    if (!str_is(deciding->input->source, "sidecar")) {
        return true;
    }
    struct str command = command_of(text);
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (str_is(command, ours[i])) {
            return true;
        }
    }
    return str_is(command, "/start") && (entered || deciding->input->linked_user_id != 0 ||
                                         deciding->input->offered_user_id != 0);
}

static void command(struct deciding *deciding, struct str text, bool entered)
{
    if (is_ours(deciding, text, entered)) {
        commands_text(deciding, text);
    } else {
        decide_activity(deciding, EVENT_MESSAGE_RECEIVED);
    }
}

/* A dialog of ours takes the text as it is, whatever it says. */
static bool dialog_takes(struct deciding *deciding, struct str text)
{
    const struct user *user = &deciding->person->user;
    return user->dialog != DIALOG_NONE && user->dialog != DIALOG_PLAN_WHEN &&
           commands_dialog(deciding, text);
}

static void plain_text(struct deciding *deciding, struct str text, enum recognised recognised)
{
    if (dialog_takes(deciding, text)) {
        return;
    }
    bool sidecar = str_is(deciding->input->source, "sidecar");
    if (run_greets(deciding)) {
        deciding->decision->handled = true;
        return;
    }
    if (recognised == RECOGNISED_OVERWHELM) {
        run_overwhelmed(deciding);
        return;
    }
    if (deciding->person->user.dialog == DIALOG_PLAN_WHEN && run_plan_when(deciding, text)) {
        return;
    }
    if (run_text(deciding, text)) {
        deciding->decision->handled = true;
        if (!compose_said_something(deciding) && !sidecar) { /* nobody is answered by silence */
            compose_reply(deciding, "answer_noted", NULL, 0);
        }
    } else if (!sidecar) {
        commands_unknown_text(deciding);
    }
}

void decide_text(struct deciding *deciding)
{
    struct str text = str_trim(deciding->input->text);
    bool is_command = text.length > 0 && text.ptr[0] == '/';
    decide_arrive(deciding, true);
    enum recognised recognised = decide_recognise(deciding, text);
    if (recognised == RECOGNISED_CRISIS) {
        crisis(deciding);
        decide_settle(deciding);
        return;
    }
    decide_activity(deciding, is_command ? EVENT_TYPE_COUNT : EVENT_MESSAGE_RECEIVED);
    /* Who may turn out to be somebody we know is not greeted as a newcomer before they said so. */
    bool entered = deciding->input->offered_user_id == 0 && decide_contact(deciding);
    if (entered) {
        deciding->decision->handled =
            true; /* the first step greets; the text itself is no answer */
    }
    if (is_command) {
        command(deciding, text, entered);
    } else if (!entered) {
        plain_text(deciding, text, recognised);
    }
    decide_settle(deciding);
}

void decide_edited(struct deciding *deciding)
{
    struct str text = str_trim(deciding->input->text);
    decide_arrive(deciding, true);
    enum recognised recognised = decide_recognise(deciding, text);
    if (recognised == RECOGNISED_CRISIS) {
        crisis(deciding);
        decide_settle(deciding);
        return;
    }
    decide_activity(deciding, EVENT_MESSAGE_RECEIVED);
    enum dialog dialog = deciding->person->user.dialog;
    bool may_answer = text.length > 0 && text.ptr[0] != '/' && recognised == RECOGNISED_NOTHING;
    if (may_answer && dialog == DIALOG_PLAN_WHEN) {
        run_plan_when(deciding, text);
    } else if (may_answer && dialog == DIALOG_NONE) {
        run_text(deciding, text);
    }
    deciding->decision->handled = true;
    decide_settle(deciding);
}

void decide_unsupported(struct deciding *deciding)
{
    decide_arrive(deciding, true);
    decide_activity(deciding, EVENT_MESSAGE_RECEIVED);
    bool sidecar = str_is(deciding->input->source, "sidecar");
    if (decide_contact(deciding)) {
        deciding->decision->handled = true;
    } else if (!run_sign(deciding) && !sidecar) {
        commands_unknown_text(deciding);
    }
    decide_settle(deciding);
}

/* ---- taps
 * ------------------------------------------------------------------------------------------- */

static void run_tap(struct deciding *deciding, struct str token)
{
    struct str rest, button;
    int64_t run_id;
    str_split(token, ':', &rest);
    struct str number = str_split(rest, ':', &rest);
    struct str step = str_split(rest, ':', &button);
    struct run *run = str_to_int64(number, &run_id) ? person_run(deciding->person, run_id) : NULL;
    if (step.length == 0 || button.length == 0) {
        compose_tap_text(deciding, "tap_unknown");
    } else if (run == NULL || run->user_id != deciding->person->user.id) {
        /* Forged, of somebody else, or of a run long gone: the same word for all three. */
        compose_tap_text(deciding, "tap_expired");
    } else {
        run_button(deciding, run, step, button);
    }
}

void decide_button(struct deciding *deciding)
{
    struct str token = deciding->input->token;
    decide_arrive(deciding, true);
    decide_activity(deciding, EVENT_BUTTON_PRESSED);
    if (token.length > LIMIT_CALLBACK_BYTES) {
        compose_tap_text(deciding, "tap_unknown");
    } else if (str_starts(token, STR("r:"))) {
        run_tap(deciding, token);
    } else if (!commands_button(deciding, token)) {
        if (str_is(deciding->input->source, "sidecar")) {
            deciding->decision->handled = false; /* a button of the other bot */
        } else {
            compose_tap_text(deciding, "tap_expired");
        }
    }
    decide_settle(deciding);
}

/* ---- groups
 * ----------------------------------------------------------------------------------------- */

static bool same_letters(struct str a, struct str b)
{
    if (a.length != b.length) {
        return false;
    }
    for (size_t i = 0; i < a.length; i++) {
        unsigned char x = (unsigned char)a.ptr[i], y = (unsigned char)b.ptr[i];
        x = x >= 'A' && x <= 'Z' ? (unsigned char)(x + 32) : x;
        y = y >= 'A' && y <= 'Z' ? (unsigned char)(y + 32) : y;
        if (x != y) {
            return false;
        }
    }
    return true;
}

void decide_group(struct deciding *deciding)
{
    const struct input *input = deciding->input;
    struct str ours =
        input->bot_name.length > 0 ? input->bot_name : deciding->world->installation->bot_name;
    struct str name;
    struct str text = str_trim(input->text);
    struct str command = str_split(str_split(text, ' ', &name), '@', &name);
    if (ours.length == 0 || !str_is(command, "/start") || !same_letters(name, ours)) {
        return;
    }
    /* Whoever asks may be nobody we know: the text is written to nobody in particular. */
    struct person *nobody = ARENA_NEW(deciding->arena, struct person);
    if (input->language.length > 0 && input->language.length < sizeof(nobody->user.language)) {
        str_copy(nobody->user.language, sizeof(nobody->user.language), input->language);
    }
    struct deciding asking = *deciding;
    asking.person = nobody;
    struct act *act = decision_act(deciding->arena, deciding->decision, ACT_SEND_TEXT);
    act->channel = input->channel;
    act->address = input->address;
    act->text = arena_printf(deciding->arena, "%.*s https://t.me/%.*s?start=group",
                             STR_ARG(compose_text(&asking, "group_private", NULL, NULL, false)),
                             STR_ARG(ours));
    deciding->decision->handled = true;
}
