/* What the engine asks about an input before it loads anything. Tokens are hostile bytes. */
#include "core/input.h"

/* The command word of a text ("/metrics" of "/metrics@our_bot now"); empty when it is none. */
static struct str command_of(struct str text)
{
    struct str trimmed = str_trim(text);
    if (trimmed.length < 2 || trimmed.ptr[0] != '/') {
        return STR_NONE;
    }
    size_t length = 1;
    while (length < trimmed.length && trimmed.ptr[length] != ' ' && trimmed.ptr[length] != '\n' &&
           trimmed.ptr[length] != '@') {
        length++;
    }
    return (struct str){trimmed.ptr, length};
}

bool input_needs_history(const struct input *input)
{
    static const char *const commands[] = {"/metrics",     "/progress",  "/stats",
                                           "/insights",    "/streaks",   "/settings",
                                           "/leaderboard", "/champions", "/sequences"};
    if (input->kind != INPUT_TEXT) {
        return false;
    }
    struct str command = command_of(input->text);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (str_is(command, commands[i])) {
            return true;
        }
    }
    return false;
}

struct str input_start_payload(const struct input *input)
{
    struct str text = str_trim(input->text);
    if (input->kind != INPUT_TEXT || !str_is(command_of(text), "/start")) {
        return STR_NONE;
    }
    size_t at = 0;
    while (at < text.length && text.ptr[at] != ' ' && text.ptr[at] != '\n') {
        at++;
    }
    return str_trim((struct str){text.ptr + at, text.length - at});
}

bool input_creates_user(const struct input *input)
{
    switch (input->kind) {
    case INPUT_TEXT:
    case INPUT_UNSUPPORTED:
        return input->may_create && !input->in_group;
    case INPUT_TRIGGER:
    case INPUT_TRACK:
    case INPUT_COMMITMENT:
    case INPUT_ANSWER:
    case INPUT_ADMIN:
        return input->may_create;
    case INPUT_TEXT_EDITED:
    case INPUT_BUTTON:
    case INPUT_GROUP:
    case INPUT_BLOCKED:
    case INPUT_UNBLOCKED:
    case INPUT_MIGRATED:
    case INPUT_REPORT:
    case INPUT_TIMER:
    case INPUT_MOVE:
        return false;
    }
    return false;
}

void input_token_refs(struct str token, int64_t *ret_run_id, int64_t *ret_commitment_id)
{
    *ret_run_id = 0;
    *ret_commitment_id = 0;
    struct str rest;
    struct str kind = str_split(token, ':', &rest);
    struct str number = str_split(rest, ':', &rest);
    int64_t id;
    if (!str_to_int64(number, &id) || rest.length == 0) {
        return;
    }
    if (str_is(kind, "r")) {
        *ret_run_id = id;
    } else if (str_is(kind, "c")) {
        *ret_commitment_id = id;
    }
}
