/* The chat of chat.h as cmocka's tests use it: fixtures, and words and taps that must succeed. A
 * source of each test program that names it, since it uses cmocka. */
#pragma once

#include "lib/chat.h"

/* Set-up: a chat in the language. */
int chat_english(void **state);
int chat_german(void **state);
int chat_teardown(void **state);

/* Fails unless it is part of what was said to the last input. */
void assert_said(struct chat *chat, const char *part);
/* Writes the text, which must be answered without a mistake. */
void chat_say(struct chat *chat, const char *text);
/* Presses the button that begins with the label, which must be there and be taken. */
void chat_tap(struct chat *chat, const char *label);
