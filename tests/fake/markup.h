/* reply_markup: keyboards under a message, checked as the Bot API does. */
#ifndef FAKE_MARKUP_H
#define FAKE_MARKUP_H

#include "call.h"

/* Reads the parameter. NULL with call->code 200: none was given, or an empty one. On an error the
 * call has failed. The caller frees the JSON returned. *ret_inline: it is an inline keyboard. */
char *markup_read(struct call *call, bool *ret_inline);

#endif
