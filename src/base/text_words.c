/* Graphemes, words and emoji: where text may be cut, by ICU's boundaries. */
#include <string.h>
#include <unicode/uchar.h>

#include "base/text.h"
#include "base/text_icu.h"

enum {
    VARIATION_TEXT = 0xFE0E,
    VARIATION_EMOJI = 0xFE0F,
    KEYCAP = 0x20E3,
};

/* ASCII without carriage returns: every byte is a grapheme. */
static bool bytes_are_graphemes(struct str text)
{
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.ptr[i] >= 0x80U || text.ptr[i] == '\r') {
            return false;
        }
    }
    return true;
}

static struct str part(struct str text, int32_t from, int32_t to)
{
    return (struct str){text.ptr + from, (size_t)(to - from)};
}

size_t text_graphemes(struct str text)
{
    if (bytes_are_graphemes(text)) {
        return text.length;
    }
    UBreakIterator *iterator = text_graphemes_of(text);
    size_t count = 0;
    while (ubrk_next(iterator) != UBRK_DONE) {
        count++;
    }
    return count;
}

/* The first `count` graphemes. */
static struct str first_graphemes(struct str text, size_t count)
{
    if (text.length <= count) {
        return text; /* a grapheme has at least one byte */
    }
    if (bytes_are_graphemes(text)) {
        return (struct str){text.ptr, count};
    }
    UBreakIterator *iterator = text_graphemes_of(text);
    int32_t end = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t next = ubrk_next(iterator);
        if (next == UBRK_DONE) {
            return text;
        }
        end = next;
    }
    return part(text, 0, end);
}

struct str text_cut(struct arena *arena, struct str text, size_t count)
{
    if (first_graphemes(text, count).length == text.length) {
        return text;
    }
    if (count == 0) {
        return STR_NONE;
    }
    static const char ellipsis[] = "\xE2\x80\xA6";
    struct str kept = first_graphemes(text, count - 1);
    while (kept.length > 0 && strchr(" \t\n\r", kept.ptr[kept.length - 1]) != NULL) {
        kept.length--;
    }
    char *bytes = arena_alloc(arena, kept.length + sizeof(ellipsis));
    memcpy(bytes, text.ptr, kept.length);
    memcpy(bytes + kept.length, ellipsis, sizeof(ellipsis));
    return (struct str){bytes, kept.length + sizeof(ellipsis) - 1};
}

/* Whether the grapheme is shown as a picture. */
static bool is_emoji(struct str grapheme)
{
    UChar32 first = (UChar32)str_utf8_next(&grapheme);
    UChar32 second = grapheme.length > 0 ? (UChar32)str_utf8_next(&grapheme) : 0;
    if (u_hasBinaryProperty(first, UCHAR_EMOJI_PRESENTATION)) {
        return second != VARIATION_TEXT;
    }
    if (!u_hasBinaryProperty(first, UCHAR_EMOJI)) {
        return false;
    }
    /* "❤" and "1" need something behind them to become pictures. */
    return second == VARIATION_EMOJI || second == KEYCAP ||
           u_hasBinaryProperty(second, UCHAR_EMOJI_MODIFIER);
}

size_t text_emoji(struct str text)
{
    if (bytes_are_graphemes(text)) {
        return 0;
    }
    UBreakIterator *iterator = text_graphemes_of(text);
    size_t count = 0;
    int32_t from = 0;
    for (int32_t to = ubrk_next(iterator); to != UBRK_DONE; to = ubrk_next(iterator)) {
        count += is_emoji(part(text, from, to));
        from = to;
    }
    return count;
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_letter(char c)
{
    return is_alphanumeric(c) && c > '9';
}

/* Whether the byte at that place surely belongs to a word ("can't") or surely to none. Points and
 * commas within numbers, colons, underscores and the at sign are left to ICU. */
enum byte_kind { BYTE_WORD, BYTE_GAP, BYTE_UNSURE };

static enum byte_kind kind_of(struct str text, size_t at)
{
    char c = text.ptr[at];
    if (is_alphanumeric(c)) {
        return BYTE_WORD;
    }
    if ((unsigned char)c >= 0x80U || c == '_' || c == '@') {
        return BYTE_UNSURE;
    }
    if (strchr("'.,:;\"", c) == NULL || c == '\0') {
        return BYTE_GAP;
    }
    char before = at > 0 ? text.ptr[at - 1] : ' ';
    char after = at + 1 < text.length ? text.ptr[at + 1] : ' ';
    if (!is_alphanumeric(before) || !is_alphanumeric(after)) {
        return BYTE_GAP;
    }
    return c == '\'' && is_letter(before) && is_letter(after) ? BYTE_WORD : BYTE_UNSURE;
}

/* Words of a text whose boundaries are plain to see: most of what people write. False: they are
 * not. */
static bool plain_words(struct str text, struct str *words, size_t room, size_t *ret_count)
{
    size_t from = 0;
    *ret_count = 0;
    for (size_t at = 0; at <= text.length; at++) {
        enum byte_kind kind = at < text.length ? kind_of(text, at) : BYTE_GAP;
        if (kind == BYTE_UNSURE) {
            return false;
        }
        if (kind == BYTE_WORD) {
            continue;
        }
        if (at > from && *ret_count < room) {
            words[(*ret_count)++] = part(text, (int32_t)from, (int32_t)at);
        }
        from = at + 1;
    }
    return true;
}

/* The first word, or the first emoji when there is none; empty when there is neither. */
static struct str find_first_word(struct str text)
{
    struct str word = STR_NONE;
    size_t count;
    if (plain_words(text, &word, 1, &count)) {
        return word;
    }
    UBreakIterator *iterator = text_words_of(text);
    struct str emoji = STR_NONE;
    int32_t from = 0;
    for (int32_t to = ubrk_next(iterator); to != UBRK_DONE; to = ubrk_next(iterator)) {
        if (ubrk_getRuleStatus(iterator) >= UBRK_WORD_NONE_LIMIT) {
            return part(text, from, to);
        }
        if (emoji.length == 0 && is_emoji(part(text, from, to))) {
            emoji = part(text, from, to);
        }
        from = to;
    }
    return emoji;
}

struct str text_first_word(struct arena *arena, struct str text, size_t max_graphemes)
{
    struct str clean = text_clean(arena, text);
    return first_graphemes(find_first_word(clean), max_graphemes);
}

size_t text_words(struct arena *arena, struct str text, size_t max_words, struct str **ret_words)
{
    /* Two words need two bytes and one between them. */
    size_t possible = text.length / 2 + 1;
    size_t room = max_words < possible ? max_words : possible;
    struct str *words = ARENA_ARRAY(arena, struct str, room);
    *ret_words = words;
    size_t count = 0;
    if (plain_words(text, words, room, &count)) {
        return count;
    }
    count = 0;
    UBreakIterator *iterator = text_words_of(text);
    int32_t from = 0;
    for (int32_t to = ubrk_next(iterator); to != UBRK_DONE && count < room;
         to = ubrk_next(iterator)) {
        if (ubrk_getRuleStatus(iterator) >= UBRK_WORD_NONE_LIMIT) {
            words[count++] = part(text, from, to);
        }
        from = to;
    }
    return count;
}
