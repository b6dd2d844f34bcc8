/* Our messages are Markdown (CommonMark); channels want their own form of it. What a channel cannot
 * show becomes text; raw HTML is shown as it stands, never passed on; links lead to http, https, tg
 * and mailto only. Pure, any thread. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct markdown_text {
    struct str text;
    size_t utf16_units; /* of the text that people see */
    bool cut;           /* it was longer than allowed and ends with "…" */
};

/* Telegram's HTML, at most units_max UTF-16 units once its tags are read. */
struct markdown_text markdown_telegram(struct arena *arena, struct str markdown, size_t units_max);
/* Without any markup; links as "text (address)". */
struct markdown_text markdown_plain(struct arena *arena, struct str markdown, size_t units_max);
