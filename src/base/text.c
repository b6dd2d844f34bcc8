/* Cleaning, folding and measuring text. Most text is ASCII, so everything first tries to answer
 * without ICU; the rest is in text_words.c (boundaries) and text_format.c (languages). */
#include "base/text.h"

#include <string.h>
#include <unicode/ucasemap.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/check.h"
#include "base/text_icu.h"

static const uint64_t high_bits = 0x8080808080808080ULL;

/* Length of the ASCII part at the start. */
static size_t ascii_length(struct str text)
{
    size_t at = 0;
    while (text.length - at >= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text.ptr + at, sizeof(word));
        if ((word & high_bits) != 0) {
            break;
        }
        at += sizeof(word);
    }
    while (at < text.length && (unsigned char)text.ptr[at] < 0x80U) {
        at++;
    }
    return at;
}

bool text_is_utf8(struct str text)
{
    while (text.length > 0) {
        size_t step = ascii_length(text);
        if (step == 0) {
            step = str_utf8_length(text);
            if (step == 0) {
                return false;
            }
        }
        text = (struct str){text.ptr + step, text.length - step};
    }
    return true;
}

/* Code points, and beside them those beyond 16 bits. */
static size_t count_code_points(struct str text, size_t *ret_beyond)
{
    size_t count = 0;
    size_t beyond = 0;
    while (text.length > 0) {
        size_t ascii = ascii_length(text);
        size_t step = ascii;
        if (ascii == 0) {
            step = str_utf8_length(text);
            beyond += step == 4;
        }
        count += ascii > 0 ? ascii : 1;
        step = step == 0 ? 1 : step;
        text = (struct str){text.ptr + step, text.length - step};
    }
    *ret_beyond = beyond;
    return count;
}

size_t text_code_points(struct str text)
{
    size_t beyond;
    return count_code_points(text, &beyond);
}

size_t text_utf16_units(struct str text)
{
    size_t beyond;
    size_t count = count_code_points(text, &beyond);
    return count + beyond;
}

/* Whether the bytes are as text_clean leaves them: valid, no control characters, and nothing that
 * normalization could touch (combining marks begin at U+0300, whose first byte is 0xCC). */
static bool is_surely_clean(struct str text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20U ? c != '\t' && c != '\n' : c >= 0x7FU) {
            return false;
        }
    }
    return true;
}

static void append(char *bytes, size_t *used, const char *from, size_t length)
{
    memcpy(bytes + *used, from, length);
    *used += length;
}

/* Everything but normalization. *ret_plain tells that no code point is U+0300 or above. */
static struct str replace_bad(struct arena *arena, struct str text, bool *ret_plain)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    char *bytes = arena_alloc(arena, 3 * text.length + 1);
    size_t used = 0;
    bool plain = true;
    while (text.length > 0) {
        size_t length = str_utf8_length(text);
        unsigned char c = (unsigned char)text.ptr[0];
        bool c1 = length == 2 && c == 0xC2U && (unsigned char)text.ptr[1] < 0xA0U;
        size_t step = length == 0 ? 1 : length;
        if (c == '\r') {
            step = text.length > 1 && text.ptr[1] == '\n' ? 2 : 1;
            append(bytes, &used, "\n", 1);
        } else if (length == 0 || c1 || c == 0x7FU || (c < 0x20U && c != '\t' && c != '\n')) {
            append(bytes, &used, replacement, 3);
        } else {
            append(bytes, &used, text.ptr, length);
            plain = plain && c < 0xCCU;
        }
        text = (struct str){text.ptr + step, text.length - step};
    }
    *ret_plain = plain;
    return (struct str){bytes, used};
}

/* Valid UTF-8 to NFC; the same view when it is. */
static struct str normalized(struct arena *arena, struct str text)
{
    ASSERT(text.length < INT32_MAX / 8);
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    int32_t length = 0;
    UChar *units = ARENA_ARRAY(arena, UChar, text.length + 1);
    u_strFromUTF8(units, (int32_t)text.length + 1, &length, text.ptr, (int32_t)text.length,
                  &status);
    if (unorm2_isNormalized(nfc, units, length, &status)) {
        ASSERT(U_SUCCESS(status));
        return text;
    }
    int32_t room = 3 * length + 1; /* NFC grows UTF-16 by at most 3 */
    UChar *composed = ARENA_ARRAY(arena, UChar, (size_t)room);
    length = unorm2_normalize(nfc, units, length, composed, room, &status);
    ASSERT(U_SUCCESS(status));
    char *bytes = arena_alloc(arena, 3 * (size_t)length + 1);
    int32_t bytes_length = 0;
    u_strToUTF8(bytes, 3 * length + 1, &bytes_length, composed, length, &status);
    ASSERT(U_SUCCESS(status));
    return (struct str){bytes, (size_t)bytes_length};
}

struct str text_clean(struct arena *arena, struct str text)
{
    if (is_surely_clean(text)) {
        return text;
    }
    bool plain;
    struct str valid = replace_bad(arena, text, &plain);
    if (!plain) {
        valid = normalized(arena, valid);
    }
    return str_equal(valid, text) ? text : valid;
}

/* Whether folding would change nothing in an ASCII text. */
static bool is_folded_ascii(struct str text)
{
    bool after_space = true;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.ptr[i];
        if (c < ' ' || c == 0x7F || c == '`' || (c >= 'A' && c <= 'Z') ||
            (c == ' ' && after_space)) {
            return false;
        }
        after_space = c == ' ';
    }
    return text.length == 0 || !after_space;
}

/* The plain form of white space, quotes and apostrophes: ' ', '"', '\''; 0 for all else. */
static char plain_form(uint32_t c)
{
    switch (c) {
    case '`':
    case 0xB4:   /* acute accent */
    case 0x2BC:  /* modifier letter apostrophe */
    case 0x2018: /* quotation marks */
    case 0x2019:
    case 0x201A:
    case 0x201B:
    case 0x2032: /* prime */
    case 0x2039: /* angle quotation marks */
    case 0x203A:
    case 0xFF07: /* full width */
        return '\'';
    case 0xAB:
    case 0xBB:
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0x201F:
    case 0x2033:
    case 0xFF02:
        return '"';
    default:
        return (char)(u_isUWhiteSpace((UChar32)c) ? ' ' : 0);
    }
}

/* White space runs made one space and trimmed, quotes unified. The text is valid UTF-8. */
static struct str simplified(struct arena *arena, struct str text)
{
    char *bytes = arena_alloc(arena, text.length + 1);
    size_t used = 0;
    while (text.length > 0) {
        const char *start = text.ptr;
        char plain = plain_form(str_utf8_next(&text));
        if (plain == 0) {
            append(bytes, &used, start, (size_t)(text.ptr - start));
        } else if (plain != ' ' || (used > 0 && bytes[used - 1] != ' ')) {
            bytes[used++] = plain;
        }
    }
    used -= used > 0 && bytes[used - 1] == ' ';
    return (struct str){bytes, used};
}

static struct str fold_ascii(struct arena *arena, struct str text)
{
    char *bytes = arena_alloc(arena, text.length + 1);
    size_t used = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.ptr[i];
        if (c >= 'A' && c <= 'Z') {
            bytes[used++] = (char)(c - 'A' + 'a');
        } else if (c > ' ') {
            bytes[used++] = (char)(c == '`' ? '\'' : c);
        } else if (used > 0 && bytes[used - 1] != ' ') {
            bytes[used++] = ' '; /* clean text has no other control characters */
        }
    }
    used -= used > 0 && bytes[used - 1] == ' ';
    return (struct str){bytes, used};
}

struct str text_fold(struct arena *arena, struct str text)
{
    if (is_folded_ascii(text)) {
        return text;
    }
    struct str clean = text_clean(arena, text);
    if (ascii_length(clean) == clean.length) {
        return fold_ascii(arena, clean);
    }
    struct str simple = simplified(arena, clean);
    ASSERT(simple.length < INT32_MAX / 8);
    int32_t room = 3 * (int32_t)simple.length + 1; /* folding grows UTF-8 by at most 3 */
    char *bytes = arena_alloc(arena, (size_t)room);
    UErrorCode status = U_ZERO_ERROR;
    int32_t length = ucasemap_utf8FoldCase(text_case_map(), bytes, room, simple.ptr,
                                           (int32_t)simple.length, &status);
    ASSERT(U_SUCCESS(status));
    return normalized(arena, (struct str){bytes, (size_t)length});
}
