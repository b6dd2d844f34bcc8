/* Writing JSON into an arena. Not jansson's own writer: it prints 27.8 as 27.800000000000001, and
 * people read what we print. A number gets the fewest digits that read back as the same number. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/limits.h"

static void write_bytes(struct json_writer *writer, const char *bytes, size_t length)
{
    if (writer->size - writer->used < length) {
        size_t size = 2 * writer->size + length;
        writer->bytes = arena_grow(writer->arena, writer->bytes, writer->used, size);
        writer->size = size;
    }
    if (length > 0) { /* nothing may be nowhere */
        memcpy(writer->bytes + writer->used, bytes, length);
    }
    writer->used += length;
}

static void write_char(struct json_writer *writer, char c)
{
    write_bytes(writer, &c, 1);
}

static void write_escape(struct json_writer *writer, unsigned char c)
{
    static const char letters[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                   ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};
    if (c < sizeof(letters) && letters[c] != 0) {
        char escape[2] = {'\\', letters[c]};
        write_bytes(writer, escape, 2);
    } else {
        char escape[8];
        int length = snprintf(escape, sizeof(escape), "\\u%04x", c);
        write_bytes(writer, escape, (size_t)length);
    }
}

static void write_string(struct json_writer *writer, struct str text)
{
    write_char(writer, '"');
    size_t plain = 0; /* start of what needs no escape */
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == '"' || c == '\\') {
            write_bytes(writer, text.ptr + plain, i - plain);
            write_escape(writer, c);
            plain = i + 1;
        }
    }
    write_bytes(writer, text.ptr + plain, text.length - plain);
    write_char(writer, '"');
}

static void write_real(struct json_writer *writer, double value)
{
    char digits[40];
    int length = 0;
    for (int precision = 15; precision <= 17; precision++) {
        length = snprintf(digits, sizeof(digits), "%.*g", precision, value);
        if (strtod(digits, NULL) == value) {
            break;
        }
    }
    write_bytes(writer, digits, (size_t)length);
    if (strpbrk(digits, ".e") == NULL) {
        write_bytes(writer, ".0", 2); /* so that it reads back as a real */
    }
}

static void write_integer(struct json_writer *writer, json_int_t value)
{
    struct str digits = arena_printf(writer->arena, "%lld", (long long)value);
    write_bytes(writer, digits.ptr, digits.length);
}

static void write_value(struct json_writer *writer, const json_t *json);

struct member {
    struct str key;
    const json_t *value;
};

static int compare_members(const void *a, const void *b)
{
    return str_compare(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static void write_object(struct json_writer *writer, const json_t *json)
{
    size_t count = json_object_size(json);
    struct member *members = ARENA_ARRAY(writer->arena, struct member, count);
    json_t *object = (json_t *)(uintptr_t)json; /* iterators want it writable; nothing is changed */
    size_t filled = 0;
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        members[filled].key = str_of(json_object_iter_key(at));
        members[filled].value = json_object_iter_value(at);
        filled++;
    }
    ASSERT(filled == count);
    qsort(members, count, sizeof(*members), compare_members);
    write_char(writer, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            write_char(writer, ',');
        }
        write_string(writer, members[i].key);
        write_char(writer, ':');
        write_value(writer, members[i].value);
    }
    write_char(writer, '}');
}

static void write_array(struct json_writer *writer, const json_t *json)
{
    write_char(writer, '[');
    size_t count = json_array_size(json);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            write_char(writer, ',');
        }
        write_value(writer, json_array_get(json, i));
    }
    write_char(writer, ']');
}

/* Depth is bounded by what was read or built; both are ours or checked by json_read. */
static void write_value(struct json_writer *writer, const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        write_object(writer, json);
        return;
    case JSON_ARRAY:
        write_array(writer, json);
        return;
    case JSON_STRING:
        write_string(writer, (struct str){json_string_value(json), json_string_length(json)});
        return;
    case JSON_INTEGER:
        write_integer(writer, json_integer_value(json));
        return;
    case JSON_REAL:
        write_real(writer, json_real_value(json));
        return;
    case JSON_TRUE:
        write_bytes(writer, "true", 4);
        return;
    case JSON_FALSE:
        write_bytes(writer, "false", 5);
        return;
    case JSON_NULL:
        write_bytes(writer, "null", 4);
        return;
    }
}

struct str json_write(struct arena *arena, const json_t *json)
{
    ASSERT(json != NULL);
    enum { FIRST_BYTES = PORTION(512, 1) }; /* most documents of ours fit */
    struct json_writer writer = {.arena = arena, .size = FIRST_BYTES};
    writer.bytes = arena_alloc(arena, FIRST_BYTES);
    write_value(&writer, json);
    write_char(&writer, '\0');
    return (struct str){writer.bytes, writer.used - 1};
}

/* ---- without a tree ---------------------------------------------------------------------------
 */

struct json_writer json_begin(struct arena *arena)
{
    enum { FIRST_BYTES = PORTION(96, 1) };
    struct json_writer writer = {.arena = arena, .size = FIRST_BYTES};
    writer.bytes = arena_alloc(arena, FIRST_BYTES);
    write_char(&writer, '{');
    return writer;
}

static void write_key(struct json_writer *writer, const char *key)
{
    ASSERT(writer->last_key == NULL || strcmp(writer->last_key, key) < 0);
    if (writer->last_key != NULL) {
        write_char(writer, ',');
    }
    writer->last_key = key;
    write_string(writer, str_of(key));
    write_char(writer, ':');
}

void json_put_int(struct json_writer *writer, const char *key, int64_t value)
{
    write_key(writer, key);
    write_integer(writer, value);
}

/* Printable ASCII is written as it stands. */
static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.ptr[i] < ' ' || text.ptr[i] > '~') { /* from 0x80 on a char is negative */
            return false;
        }
    }
    return true;
}

void json_put_str(struct json_writer *writer, const char *key, struct str value)
{
    write_key(writer, key);
    if (is_plain(value)) {
        write_string(writer, value);
        return;
    }
    json_t *repaired = json_str(value);
    write_value(writer, repaired);
    json_decref(repaired);
}

struct str json_end(struct json_writer *writer)
{
    write_bytes(writer, "}", 2); /* and its NUL */
    return (struct str){writer->bytes, writer->used - 1};
}
