/* Nothing but asking chat.h and failing with what was said. */
#include "lib/chat_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

int chat_english(void **state)
{
    *state = chat_new("en");
    return 0;
}

int chat_german(void **state)
{
    *state = chat_new("de");
    return 0;
}

int chat_teardown(void **state)
{
    chat_free(*state);
    return 0;
}

void assert_said(struct chat *chat, const char *part)
{
    const char *said = chat_said(chat);
    if (strstr(said, part) == NULL) {
        fail_msg("expected \"%s\" in:\n%s", part, said);
    }
}

void chat_say(struct chat *chat, const char *text)
{
    chat_text(chat, str_of(text));
    assert_int_equal(chat->decision.error, OK);
    assert_true(chat->decision.handled);
    assert_true(chat_said(chat)[0] != '\0');
}

void chat_tap(struct chat *chat, const char *label)
{
    const char *token = chat_token(chat, label);
    if (token == NULL) {
        fail_msg("no button \"%s\" in:\n%s", label, chat_said(chat));
    }
    chat_press(chat, token);
    assert_true(chat->decision.handled);
}
