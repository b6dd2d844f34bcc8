/* Texts of error codes and the formatting of details. */
#include "base/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const texts[] = {
#define ERR_TEXT(name, text) [name] = (text),
    ERR_LIST(ERR_TEXT)
#undef ERR_TEXT
};

const char *err_text(enum err code)
{
    size_t index = (size_t)code;
    return index < sizeof(texts) / sizeof(texts[0]) ? texts[index] : "unknown error";
}

/* A cut in the middle of a UTF-8 sequence would make the detail unprintable as JSON. */
static void cut_to_whole_character(char *text, size_t size)
{
    size_t length = strnlen(text, size);
    if (length + 1 < size) {
        return;
    }
    size_t start = length;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0U) == 0x80U) {
        start--;
    }
    if (start > 0 && (unsigned char)text[start - 1] >= 0xC0U) {
        unsigned char lead = (unsigned char)text[start - 1];
        size_t need = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
        if (length - (start - 1) < need) {
            text[start - 1] = '\0';
        }
    }
}

enum err err_set(struct err_detail *detail, enum err code, const char *format, ...)
{
    if (detail != NULL) {
        va_list args;
        va_start(args, format);
        vsnprintf(detail->text, sizeof(detail->text), format, args);
        va_end(args);
        cut_to_whole_character(detail->text, sizeof(detail->text));
    }
    return code;
}

enum err err_wrap(struct err_detail *detail, enum err code, const char *format, ...)
{
    if (detail != NULL) {
        char inner[sizeof(detail->text)];
        memcpy(inner, detail->text, sizeof(inner));
        va_list args;
        va_start(args, format);
        int used = vsnprintf(detail->text, sizeof(detail->text), format, args);
        va_end(args);
        size_t at = used < 0 ? 0 : (size_t)used;
        if (at + 3 < sizeof(detail->text)) {
            snprintf(detail->text + at, sizeof(detail->text) - at, ": %s", inner);
        }
        cut_to_whole_character(detail->text, sizeof(detail->text));
    }
    return code;
}
