/* A growing buffer and the two escapes that bodies of requests need. */
#include "channel/out.h"

#include <stdio.h>
#include <string.h>

void out_init(struct out *out, struct arena *arena, size_t size)
{
    *out = (struct out){.arena = arena, .size = size < 64 ? 64 : size};
    out->bytes = arena_alloc(arena, out->size);
}

void out_bytes(struct out *out, struct str text)
{
    if (out->size - out->used <= text.length) {
        size_t size = 2 * out->size + text.length + 1;
        out->bytes = arena_grow(out->arena, out->bytes, out->used, size);
        out->size = size;
    }
    if (text.length > 0) {
        memcpy(out->bytes + out->used, text.ptr, text.length);
        out->used += text.length;
    }
}

void out_text(struct out *out, const char *text)
{
    out_bytes(out, str_of(text));
}

void out_int(struct out *out, int64_t value)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%lld", (long long)value);
    out_bytes(out, (struct str){digits, (size_t)length});
}

/* Writes text[from, to). */
static void out_part(struct out *out, struct str text, size_t from, size_t to)
{
    out_bytes(out, (struct str){text.ptr + from, to - from});
}

static const char *json_escape(unsigned char c, char buffer[8])
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    default:
        snprintf(buffer, 8, "\\u%04x", c);
        return buffer;
    }
}

void out_json(struct out *out, struct str text)
{
    char escape[8];
    size_t plain = 0;
    size_t at = 0;
    out_text(out, "\"");
    while (at < text.length) {
        unsigned char c = (unsigned char)text.ptr[at];
        if (c < 0x20 || c == '"' || c == '\\') {
            out_part(out, text, plain, at);
            out_text(out, json_escape(c, escape));
            plain = ++at;
        } else if (c < 0x80) {
            at++;
        } else {
            size_t length = str_utf8_length((struct str){text.ptr + at, text.length - at});
            if (length == 0) {
                out_part(out, text, plain, at);
                out_text(out, "\xEF\xBF\xBD");
                plain = ++at;
            } else {
                at += length;
            }
        }
    }
    out_part(out, text, plain, at);
    out_text(out, "\"");
}

void out_html(struct out *out, struct str text)
{
    size_t plain = 0;
    for (size_t i = 0; i < text.length; i++) {
        const char *escape = NULL;
        switch (text.ptr[i]) {
        case '<':
            escape = "&lt;";
            break;
        case '>':
            escape = "&gt;";
            break;
        case '&':
            escape = "&amp;";
            break;
        case '"':
            escape = "&quot;";
            break;
        default:
            continue;
        }
        out_part(out, text, plain, i);
        out_text(out, escape);
        plain = i + 1;
    }
    out_part(out, text, plain, text.length);
}

struct str out_str(struct out *out)
{
    out_bytes(out, STR("\0"));
    out->used--;
    return (struct str){out->bytes, out->used};
}
