/* The list of the bot's text keys: one a line, in alphabetical order, grouped by nothing, so that
 * two people adding keys seldom meet. The texts themselves stand in journeys/bot/. */
#include "core/bot_texts.h"

#include <stddef.h>

static const char *const KEYS[] = {
    /* keep sorted */
    NULL, /* closes the list */
};

const char *const *bot_text_keys(int *ret_count)
{
    *ret_count = (int)(sizeof(KEYS) / sizeof(KEYS[0])) - 1;
    return KEYS;
}
