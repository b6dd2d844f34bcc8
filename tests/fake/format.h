/* Message text in HTML parse mode, checked as strictly as Telegram does, with its error texts. */
#ifndef FAKE_FORMAT_H
#define FAKE_FORMAT_H

#include "buf.h"

#include <stdbool.h>

#define FORMAT_ERROR_BYTES 256

/* Appends the plain text to `plain` and, when there are any, a JSON array of MessageEntity to
 * `entities`. False: `error` says why, as Telegram says it after "can't parse entities: ". */
bool format_html(const char *html, struct buf *plain, struct buf *entities,
                 char error[FORMAT_ERROR_BYTES]);

bool utf8_valid(const char *text);
size_t utf8_length(const char *text); /* code points */
bool text_is_blank(const char *text); /* nothing but white space */

#endif
