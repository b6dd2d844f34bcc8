/* Our Markdown in the forms of channels: whatever people's names put into it, the result is valid
 * text within its limit, and Telegram's HTML is balanced. */
#include "channel/markdown.h"

#include "base/check.h"
#include "base/text.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { UNITS_MAX = 200, TEXT_BYTES_MAX = 4096, OPEN_TAGS_MAX = 8192 };

/* Every tag that opens closes, in order; nothing else looks like a tag. */
static void check_tags(struct str html)
{
    static const char *open[OPEN_TAGS_MAX];
    static size_t lengths[OPEN_TAGS_MAX];
    int depth = 0;
    for (size_t i = 0; i < html.length; i++) {
        if (html.ptr[i] != '<') {
            continue;
        }
        const char *name = html.ptr + i + 1;
        bool closes = i + 1 < html.length && *name == '/';
        name += closes;
        size_t left = html.length - (size_t)(name - html.ptr);
        const char *end = memchr(name, '>', left);
        ASSERT(end != NULL);
        size_t length = 0;
        while (name + length < end && name[length] != ' ') {
            length++;
        }
        ASSERT(length > 0);
        if (closes) {
            depth--;
            ASSERT(depth >= 0 && lengths[depth] == length);
            ASSERT(memcmp(open[depth], name, length) == 0);
        } else {
            ASSERT(depth < OPEN_TAGS_MAX);
            open[depth] = name;
            lengths[depth] = length;
            depth++;
        }
        i = (size_t)(end - html.ptr);
    }
    ASSERT(depth == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > TEXT_BYTES_MAX) {
        return 0;
    }
    struct arena *arena = arena_new(4096);
    struct str source = text_clean(arena, (struct str){(const char *)data, size});
    struct markdown_text html = markdown_telegram(arena, source, UNITS_MAX);
    ASSERT(text_is_utf8(html.text) && html.utf16_units <= UNITS_MAX);
    check_tags(html.text);
    struct markdown_text plain = markdown_plain(arena, source, UNITS_MAX);
    ASSERT(text_is_utf8(plain.text) && plain.utf16_units <= UNITS_MAX);
    ASSERT(text_utf16_units(plain.text) == plain.utf16_units);
    arena_free(arena);
    return 0;
}
