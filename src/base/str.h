/* A view of text: pointer and length, not owned, UTF-8 unless said otherwise, not NUL-terminated
 * unless its maker says so. {NULL, 0} is the empty view. Pure functions, any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *ptr;
    size_t length;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NONE     ((struct str){NULL, 0})
/* For printf: "%.*s", STR_ARG(text). */
#define STR_ARG(text) (int)(text).length, (text).ptr != NULL ? (text).ptr : ""

/* The view of a C string; NULL gives the empty view. Here, so that the length of a literal is known
 * when it is compiled: every decision compares dozens. */
static inline struct str str_of(const char *text)
{
    return text == NULL ? STR_NONE : (struct str){text, strlen(text)};
}
static inline bool str_equal(struct str a, struct str b)
{
    return a.length == b.length &&
           (a.length == 0 || a.ptr == b.ptr || memcmp(a.ptr, b.ptr, a.length) == 0);
}
/* Whether the view equals the C string. */
static inline bool str_is(struct str a, const char *b)
{
    return str_equal(a, str_of(b));
}
bool str_starts(struct str text, struct str prefix);
/* -1, 0, 1 by bytes. */
int str_compare(struct str a, struct str b);
/* Without ASCII white space at both ends. */
struct str str_trim(struct str text);
/* The part before the first `separator` (all, when there is none); *ret_rest is what follows it. */
struct str str_split(struct str text, char separator, struct str *ret_rest);
/* Copies into buffer with a closing NUL, cut at a whole UTF-8 character; returns the bytes copied.
 */
size_t str_copy(char *buffer, size_t size, struct str text);
/* Decimal number without sign, spaces or more than 19 digits; false when it is none or too large.
 */
bool str_to_int64(struct str text, int64_t *ret_value);
/* Length in bytes (1..4) of the valid UTF-8 character at the start; 0 when there is none. */
size_t str_utf8_length(struct str text);
/* Takes the first character off a text that is not empty and gives its code point; a byte that is
 * not part of a valid character is taken alone and counts as U+FFFD. */
uint32_t str_utf8_next(struct str *text);
