/* The checks of markup.h. */
#include "markup.h"

#include "format.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CALLBACK_DATA_BYTES_MAX 64
#define BUTTONS_MAX             100

static const char *const button_actions[] = {
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
};

static bool button_url_valid(const char *url)
{
    static const char *const schemes[] = {"http://", "https://", "tg://", "tonsite://", "ton://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t len = strlen(schemes[i]);
        if (!strncasecmp(url, schemes[i], len)) {
            return url[len] && !strpbrk(url, " \t\r\n");
        }
    }
    /* Without a scheme Telegram takes it for a host name. */
    return !strstr(url, "://") && strchr(url, '.') && !strpbrk(url, " \t\r\n");
}

static void check_action(struct call *call, const char *action, json_t *value)
{
    if (!strcmp(action, "callback_data")) {
        size_t len = json_is_string(value) ? json_string_length(value) : 0;
        if (!json_is_string(value)) {
            call_fail(call, 400,
                      "Bad Request: can't parse inline keyboard button: Field \"callback_data\" "
                      "must be of type String");
        } else if (len > CALLBACK_DATA_BYTES_MAX) {
            call_fail(call, 400, "Bad Request: BUTTON_DATA_INVALID");
        }
    } else if (!strcmp(action, "url")) {
        const char *url = json_string_value(value);
        if (!url || !button_url_valid(url)) {
            call_fail(call, 400,
                      "Bad Request: inline keyboard button URL '%s' is invalid: Wrong HTTP URL",
                      url ? url : "");
        }
    } else if (!strcmp(action, "web_app")) {
        const char *url = json_string_value(json_object_get(value, "url"));
        if (!url || strncasecmp(url, "https://", 8)) {
            call_fail(call, 400,
                      "Bad Request: inline keyboard button Web App URL '%s' is invalid: Only HTTPS "
                      "links are allowed",
                      url ? url : "");
        }
    }
}

static void check_inline_button(struct call *call, json_t *button)
{
    if (!json_is_object(button)) {
        call_fail(call, 400,
                  "Bad Request: can't parse inline keyboard button: InlineKeyboardButton must be "
                  "an Object");
        return;
    }
    json_t *text = json_object_get(button, "text");
    if (!json_is_string(text)) {
        call_fail(call, 400, "Bad Request: can't parse inline keyboard button: %s",
                  text ? "Field \"text\" must be of type String" : "Can't find field \"text\"");
        return;
    }
    if (text_is_blank(json_string_value(text))) {
        call_fail(call, 400, "Bad Request: inline keyboard button text must be non-empty");
        return;
    }
    size_t actions = 0;
    for (size_t i = 0; i < sizeof button_actions / sizeof button_actions[0]; i++) {
        json_t *value = json_object_get(button, button_actions[i]);
        bool empty = !value || json_is_null(value) ||
                     (!strcmp(button_actions[i], "callback_data") && json_is_string(value) &&
                      !json_string_length(value));
        if (!empty) {
            actions++;
            check_action(call, button_actions[i], value);
        }
    }
    if (actions == 0) {
        call_fail(call, 400,
                  "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in "
                  "the inline keyboard");
    } else if (actions > 1) {
        /* The real server silently takes one of them; a caller who means that is mistaken. */
        call_fail(call, 400,
                  "Bad Request: can't parse inline keyboard button: exactly one action is allowed");
    }
}

static void check_text_button(struct call *call, json_t *button)
{
    json_t *text = json_is_object(button) ? json_object_get(button, "text") : button;
    if (!json_is_string(text) || !json_string_length(text)) {
        call_fail(call, 400, "Bad Request: can't parse keyboard button: Can't find field \"text\"");
    }
}

/* Returns how many buttons there are. */
static size_t check_rows(struct call *call, const char *field, json_t *rows,
                         void (*check)(struct call *call, json_t *button))
{
    if (!json_is_array(rows)) {
        call_fail(call, 400, "Bad Request: field \"%s\" must be of type Array", field);
        return 0;
    }
    size_t count = 0;
    size_t row_index;
    json_t *row;
    json_array_foreach(rows, row_index, row)
    {
        if (!json_is_array(row)) {
            call_fail(call, 400, "Bad Request: field \"%s\" must be an Array of Arrays", field);
            return 0;
        }
        size_t index;
        json_t *button;
        json_array_foreach(row, index, button)
        {
            check(call, button);
            count++;
        }
    }
    if (count > BUTTONS_MAX) {
        call_fail(call, 400, "Bad Request: reply markup is too long");
    }
    return count;
}

char *markup_read(struct call *call, bool *ret_inline)
{
    *ret_inline = false;
    const char *given = NULL;
    json_t *raw = json_object_get(call->params, "reply_markup");
    if (!raw || json_is_null(raw)) {
        return NULL;
    }
    if (json_is_string(raw)) {
        given = json_string_value(raw);
        if (!*given) {
            return NULL;
        }
    }
    json_t *markup = call_json(call, "reply_markup");
    if (!markup) {
        call_fail(call, 400, "Bad Request: can't parse reply keyboard markup JSON object");
        return NULL;
    }
    if (!json_is_object(markup)) {
        call_fail(call, 400, "Bad Request: object expected as reply markup");
        return NULL;
    }
    size_t count = 1;
    json_t *rows = json_object_get(markup, "inline_keyboard");
    if (rows) {
        *ret_inline = true;
        count = check_rows(call, "inline_keyboard", rows, check_inline_button);
    } else if ((rows = json_object_get(markup, "keyboard"))) {
        count = check_rows(call, "keyboard", rows, check_text_button);
    } else if (!json_is_true(json_object_get(markup, "remove_keyboard")) &&
               !json_is_true(json_object_get(markup, "force_reply"))) {
        return NULL;
    }
    return call->code == 200 && count ? json_dumps(markup, JSON_COMPACT) : NULL;
}
