/* The text of a commitment from whatever a person sent: valid, one line, without the characters
 * that turn the direction of what follows, and short enough for lists and buttons. */
#include "core/commitment.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"

enum { READ_BYTES_MAX = 8 * LIMIT_COMMITMENT_BYTES }; /* more cannot end up in it */

/* Bytes to leave out at the start: marks, embeddings and isolates of direction, and line and
 * paragraph separators; *ret_space: a space stands for them. */
static size_t left_out(const char *at, size_t length, bool *ret_space)
{
    const unsigned char *bytes = (const unsigned char *)at;
    *ret_space = false;
    if (length < 3 || bytes[0] != 0xE2) {
        return 0;
    }
    if (bytes[1] == 0x80 && (bytes[2] == 0xA8 || bytes[2] == 0xA9)) { /* U+2028, U+2029 */
        *ret_space = true;
        return 3;
    }
    if ((bytes[1] == 0x80 && bytes[2] >= 0xAA && bytes[2] <= 0xAE) || /* U+202A..U+202E */
        (bytes[1] == 0x81 && bytes[2] >= 0xA6 && bytes[2] <= 0xA9)) { /* U+2066..U+2069 */
        return 3;
    }
    return 0;
}

/* White space runs become one space. */
static struct str one_line(struct arena *arena, struct str text)
{
    char *line = arena_alloc(arena, text.length + 1);
    size_t used = 0;
    bool space = false;
    for (size_t i = 0; i < text.length;) {
        bool as_space = false;
        size_t skip = left_out(text.ptr + i, text.length - i, &as_space);
        char c = text.ptr[i];
        if (skip == 0 && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
            skip = 1;
            as_space = true;
        }
        if (skip > 0) {
            space = space || as_space;
            i += skip;
            continue;
        }
        if (space && used > 0) {
            line[used++] = ' ';
        }
        space = false;
        line[used++] = c;
        i++;
    }
    return (struct str){line, used};
}

struct str commitment_text(struct arena *arena, struct str text)
{
    if (text.length > READ_BYTES_MAX) {
        text.length = READ_BYTES_MAX;
    }
    struct str line = one_line(arena, text_clean(arena, text));
    size_t graphemes = text_graphemes(line);
    while (line.length > LIMIT_COMMITMENT_BYTES && graphemes > 1) {
        /* By the mean size of a character, and one less, so that it ends soon. */
        graphemes = graphemes * LIMIT_COMMITMENT_BYTES / line.length;
        graphemes = graphemes > 1 ? graphemes - 1 : 1;
        line = text_cut(arena, line, graphemes);
        graphemes = text_graphemes(line);
    }
    if (line.length > LIMIT_COMMITMENT_BYTES) {
        /* A single character with hundreds of combining marks. */
        char *cut = arena_alloc(arena, LIMIT_COMMITMENT_BYTES + 1);
        line = (struct str){cut, str_copy(cut, LIMIT_COMMITMENT_BYTES + 1, line)};
    }
    return line;
}
