/* Buttons of a message and the instants of a run's steps as small JSON arrays.
 *
 * They are read and written for every message, and a general JSON reader would cost more than all
 * else of the row. So this writes one fixed form, without blanks, and reads back exactly that form;
 * anything else means that somebody else wrote the column, and is refused. */
#include "store/driver.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"

/* ---- writing --------------------------------------------------------------------------------- */

static bool needs_escape(char c)
{
    return c == '"' || c == '\\' || (unsigned char)c < 0x20;
}

static size_t escaped_length(struct str text)
{
    size_t length = 2;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.ptr[i];
        length += !needs_escape(c) ? 1 : (unsigned char)c < 0x20 ? 6 : 2;
    }
    return length;
}

static char *write_string(char *out, struct str text)
{
    static const char hex[] = "0123456789abcdef";
    *out++ = '"';
    for (size_t i = 0; i < text.length; i++) {
        char c = text.ptr[i];
        if ((unsigned char)c < 0x20) {
            memcpy(out, "\\u00", 4);
            out[4] = hex[(unsigned char)c >> 4];
            out[5] = hex[c & 15];
            out += 6;
        } else {
            if (needs_escape(c)) {
                *out++ = '\\';
            }
            *out++ = c;
        }
    }
    *out++ = '"';
    return out;
}

static char *write_plain(char *out, struct str text)
{
    memcpy(out, text.ptr, text.length);
    return out + text.length;
}

struct str buttons_write(struct arena *arena, const struct button *buttons, int count)
{
    if (count == 0) {
        return STR("");
    }
    enum { BUTTON_BYTES = sizeof("{\"text\":,\"token\":,\"url\":},") };
    size_t size = 2;
    for (int i = 0; i < count; i++) {
        size += BUTTON_BYTES + escaped_length(buttons[i].text) + escaped_length(buttons[i].token) +
                escaped_length(buttons[i].url);
    }
    char *start = arena_alloc(arena, size);
    char *out = start;
    *out++ = '[';
    for (int i = 0; i < count; i++) {
        if (i > 0) {
            *out++ = ',';
        }
        out = write_string(write_plain(out, STR("{\"text\":")), buttons[i].text);
        out = write_string(write_plain(out, STR(",\"token\":")), buttons[i].token);
        out = write_string(write_plain(out, STR(",\"url\":")), buttons[i].url);
        *out++ = '}';
    }
    *out++ = ']';
    ASSERT((size_t)(out - start) <= size);
    return (struct str){start, (size_t)(out - start)};
}

static char *write_number(char *out, int64_t value)
{
    char digits[20];
    int count = 0;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        digits[count++] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0) {
        *out++ = '-';
    }
    while (count > 0) {
        *out++ = digits[--count];
    }
    return out;
}

struct str steps_write(struct arena *arena, const struct run *run)
{
    int count = RUN_STEPS_MAX;
    while (count > 0 && run->step_sent_at_ms[count - 1] == 0 &&
           run->step_completed_at_ms[count - 1] == 0) {
        count--;
    }
    if (count == 0) {
        return STR("[]");
    }
    enum { PAIR_BYTES = sizeof("[,],") + 2 * 20 };
    char *start = arena_alloc(arena, (size_t)count * PAIR_BYTES + 2);
    char *out = start;
    for (int i = 0; i < count; i++) {
        *out++ = i == 0 ? '[' : ',';
        *out++ = '[';
        out = write_number(out, run->step_sent_at_ms[i]);
        *out++ = ',';
        out = write_number(out, run->step_completed_at_ms[i]);
        *out++ = ']';
    }
    *out++ = ']';
    return (struct str){start, (size_t)(out - start)};
}

/* ---- reading --------------------------------------------------------------------------------- */

struct scan {
    const char *at, *end;
};

static bool take(struct scan *scan, char wanted)
{
    if (scan->at == scan->end || *scan->at != wanted) {
        return false;
    }
    scan->at++;
    return true;
}

static bool take_all(struct scan *scan, struct str wanted)
{
    if (!str_starts((struct str){scan->at, (size_t)(scan->end - scan->at)}, wanted)) {
        return false;
    }
    scan->at += wanted.length;
    return true;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character of an escape, -1 when it is none of those that write_string makes. */
static int take_escape(struct scan *scan)
{
    if (scan->at == scan->end) {
        return -1;
    }
    char c = *scan->at++;
    if (c == '"' || c == '\\') {
        return c;
    }
    if (c != 'u' || scan->end - scan->at < 4 || scan->at[0] != '0' || scan->at[1] != '0') {
        return -1;
    }
    int high = hex_value(scan->at[2]);
    int low = hex_value(scan->at[3]);
    scan->at += 4;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool take_string(struct arena *arena, struct scan *scan, struct str *ret_text)
{
    if (!take(scan, '"')) {
        return false;
    }
    const char *start = scan->at;
    while (scan->at < scan->end && !needs_escape(*scan->at)) {
        scan->at++;
    }
    if (take(scan, '"')) { /* the usual case: nothing was escaped */
        *ret_text = arena_str(arena, (struct str){start, (size_t)(scan->at - 1 - start)});
        return true;
    }
    char *text = arena_alloc(arena, (size_t)(scan->end - start) + 1);
    size_t length = (size_t)(scan->at - start);
    memcpy(text, start, length);
    while (scan->at < scan->end) {
        char c = *scan->at++;
        if (c == '"') {
            *ret_text = (struct str){text, length};
            return true;
        }
        int value = c == '\\' ? take_escape(scan) : (unsigned char)c;
        if (value < 0) {
            return false;
        }
        text[length++] = (char)value;
    }
    return false;
}

bool buttons_read(struct arena *arena, struct str json, struct button **ret_buttons, int *ret_count)
{
    *ret_buttons = NULL;
    *ret_count = 0;
    if (json.length == 0) {
        return true;
    }
    struct button *buttons = ARENA_ARRAY(arena, struct button, LIMIT_BUTTONS);
    struct scan scan = {json.ptr, json.ptr + json.length};
    int count = 0;
    if (!take(&scan, '[')) {
        return false;
    }
    do {
        if (count == LIMIT_BUTTONS) {
            return false;
        }
        struct button *button = &buttons[count++];
        if (!take_all(&scan, STR("{\"text\":")) || !take_string(arena, &scan, &button->text) ||
            !take_all(&scan, STR(",\"token\":")) || !take_string(arena, &scan, &button->token) ||
            !take_all(&scan, STR(",\"url\":")) || !take_string(arena, &scan, &button->url) ||
            !take(&scan, '}')) {
            return false;
        }
    } while (take(&scan, ','));
    *ret_buttons = buttons;
    *ret_count = count;
    return take(&scan, ']') && scan.at == scan.end;
}

static bool take_instant(struct scan *scan, int64_t *ret_value)
{
    const char *start = scan->at;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9') {
        scan->at++;
    }
    return str_to_int64((struct str){start, (size_t)(scan->at - start)}, ret_value);
}

bool steps_read(struct str json, struct run *run)
{
    if (str_is(json, "[]")) {
        return true;
    }
    struct scan scan = {json.ptr, json.ptr + json.length};
    int count = 0;
    if (!take(&scan, '[')) {
        return false;
    }
    do {
        if (count == RUN_STEPS_MAX || !take(&scan, '[') ||
            !take_instant(&scan, &run->step_sent_at_ms[count]) || !take(&scan, ',') ||
            !take_instant(&scan, &run->step_completed_at_ms[count]) || !take(&scan, ']')) {
            return false;
        }
        count++;
    } while (take(&scan, ','));
    return take(&scan, ']') && scan.at == scan.end;
}
