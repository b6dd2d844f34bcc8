/* Views of text. */
#include "base/str.h"

#include <string.h>

bool str_starts(struct str text, struct str prefix)
{
    return text.length >= prefix.length &&
           (prefix.length == 0 || memcmp(text.ptr, prefix.ptr, prefix.length) == 0);
}

int str_compare(struct str a, struct str b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter == 0 ? 0 : memcmp(a.ptr, b.ptr, shorter);
    if (order == 0) {
        order = a.length < b.length ? -1 : a.length > b.length;
    }
    return order < 0 ? -1 : order > 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

struct str str_trim(struct str text)
{
    while (text.length > 0 && is_space(text.ptr[0])) {
        text.ptr++;
        text.length--;
    }
    while (text.length > 0 && is_space(text.ptr[text.length - 1])) {
        text.length--;
    }
    return text;
}

struct str str_split(struct str text, char separator, struct str *ret_rest)
{
    const char *found = text.length == 0 ? NULL : memchr(text.ptr, separator, text.length);
    if (found == NULL) {
        *ret_rest = STR_NONE;
        return text;
    }
    size_t length = (size_t)(found - text.ptr);
    *ret_rest = (struct str){found + 1, text.length - length - 1};
    return (struct str){text.ptr, length};
}

size_t str_copy(char *buffer, size_t size, struct str text)
{
    if (size == 0) {
        return 0;
    }
    size_t length = text.length;
    if (length > size - 1) {
        length = size - 1;
        while (length > 0 && ((unsigned char)text.ptr[length] & 0xC0U) == 0x80U) {
            length--;
        }
    }
    if (length > 0) {
        memcpy(buffer, text.ptr, length);
    }
    buffer[length] = '\0';
    return length;
}

bool str_to_int64(struct str text, int64_t *ret_value)
{
    if (text.length == 0 || text.length > 19) {
        return false;
    }
    int64_t value = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.ptr[i];
        if (c < '0' || c > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, c - '0', &value)) {
            return false;
        }
    }
    *ret_value = value;
    return true;
}

size_t str_utf8_length(struct str text)
{
    if (text.length == 0) {
        return 0;
    }
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    if (bytes[0] < 0x80U) {
        return 1;
    }
    size_t need = bytes[0] >= 0xF0U ? 4 : bytes[0] >= 0xE0U ? 3 : 2;
    if (bytes[0] < 0xC2U || bytes[0] > 0xF4U || text.length < need) {
        return 0;
    }
    /* Overlong forms, surrogates and values over U+10FFFF show in the second byte. */
    unsigned char low = bytes[0] == 0xE0U ? 0xA0U : bytes[0] == 0xF0U ? 0x90U : 0x80U;
    unsigned char high = bytes[0] == 0xEDU ? 0x9FU : bytes[0] == 0xF4U ? 0x8FU : 0xBFU;
    if (bytes[1] < low || bytes[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < need; i++) {
        if ((bytes[i] & 0xC0U) != 0x80U) {
            return 0;
        }
    }
    return need;
}

uint32_t str_utf8_next(struct str *text)
{
    size_t length = str_utf8_length(*text);
    uint32_t c = 0xFFFD;
    if (length == 1) {
        c = (unsigned char)text->ptr[0];
    } else if (length > 1) {
        c = (unsigned char)text->ptr[0] & (0x7FU >> length);
        for (size_t i = 1; i < length; i++) {
            c = c << 6 | ((unsigned char)text->ptr[i] & 0x3FU);
        }
    }
    size_t step = length == 0 ? 1 : length;
    *text = (struct str){text->ptr + step, text->length - step};
    return c;
}
