/* Reading JSON with limits, and its members without surprises. jansson parses; the depth is checked
 * before, since its own limit is fixed at 2048 levels. What jansson quotes from the input never
 * reaches a detail: it may be the text of a message. Writing is in json_write.c. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

struct place {
    int line;
    int column;
};

/* Whether brackets outside of strings stay within the depth; *ret_place is the first over it. Only
 * the document's well-formed part matters: what follows a mistake is jansson's to refuse. */
static bool depth_is_fine(struct str text, struct place *ret_place)
{
    int depth = 0;
    bool in_string = false;
    struct place place = {.line = 1, .column = 0};
    for (size_t i = 0; i < text.length; i++) {
        char c = text.ptr[i];
        place.column++;
        if (c == '\n') {
            place = (struct place){.line = place.line + 1, .column = 0};
        } else if (in_string) {
            if (c == '\\') {
                i++;
                place.column++;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > LIMIT_JSON_DEPTH) {
                *ret_place = place;
                return false;
            }
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return true;
}

static const char *mistake_text(enum json_error_code code)
{
    switch (code) {
    case json_error_premature_end_of_input:
        return "the input ends too early";
    case json_error_end_of_input_expected:
        return "something follows the end of the document";
    case json_error_invalid_utf8:
        return "not valid UTF-8";
    case json_error_duplicate_key:
        return "a key stands twice in one object";
    case json_error_numeric_overflow:
        return "a number is out of range";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a string holds the character NUL";
    case json_error_stack_overflow:
        return "nested too deeply";
    case json_error_unknown:
    case json_error_out_of_memory:
    case json_error_cannot_open_file:
    case json_error_invalid_argument:
    case json_error_invalid_syntax:
    case json_error_invalid_format:
    case json_error_wrong_type:
    case json_error_null_value:
    case json_error_item_not_found:
    case json_error_index_out_of_range:
        break;
    }
    return "the syntax is wrong";
}

enum err json_read(struct str text, size_t max_bytes, json_t **ret_json, struct err_detail *detail)
{
    if (text.length > max_bytes) {
        return err_set(detail, ERR_LIMIT, "JSON of %zu bytes, at most %zu are taken", text.length,
                       max_bytes);
    }
    if (str_trim(text).length == 0) {
        return err_set(detail, ERR_INVALID, "expected JSON, got nothing");
    }
    /* jansson takes one behind the document for its end. */
    if (memchr(text.ptr, '\0', text.length) != NULL) {
        return err_set(detail, ERR_INVALID, "JSON with a control character in it");
    }
    struct place place;
    if (!depth_is_fine(text, &place)) {
        return err_set(detail, ERR_LIMIT, "JSON line %d, column %d: deeper than %d levels",
                       place.line, place.column, LIMIT_JSON_DEPTH);
    }
    json_error_t error;
    json_t *json =
        json_loadb(text.ptr, text.length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (json == NULL) {
        ASSERT(json_error_code(&error) != json_error_out_of_memory);
        return err_set(detail, ERR_INVALID, "JSON line %d, column %d: %s", error.line, error.column,
                       mistake_text(json_error_code(&error)));
    }
    *ret_json = json;
    return OK;
}

struct str json_get_str(const json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);
    if (!json_is_string(member)) {
        return STR_NONE;
    }
    return (struct str){json_string_value(member), json_string_length(member)};
}

int64_t json_get_int(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *member = json_object_get(object, key);
    return json_is_integer(member) ? (int64_t)json_integer_value(member) : fallback;
}

double json_get_number(const json_t *object, const char *key, double fallback)
{
    const json_t *member = json_object_get(object, key);
    return json_is_number(member) ? json_number_value(member) : fallback;
}

bool json_get_bool(const json_t *object, const char *key, bool fallback)
{
    const json_t *member = json_object_get(object, key);
    return json_is_boolean(member) ? json_is_true(member) : fallback;
}

json_t *json_get_object(const json_t *object, const char *key)
{
    json_t *member = json_object_get(object, key);
    return json_is_object(member) ? member : NULL;
}

json_t *json_get_array(const json_t *object, const char *key)
{
    json_t *member = json_object_get(object, key);
    return json_is_array(member) ? member : NULL;
}

/* The same text with every byte that is NUL or not part of a valid character replaced by U+FFFD. */
static json_t *repaired(struct str text)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    char *copy = malloc(text.length * 3);
    ASSERT(copy != NULL);
    size_t used = 0;
    while (text.length > 0) {
        size_t length = text.ptr[0] == '\0' ? 0 : str_utf8_length(text);
        memcpy(copy + used, length == 0 ? replacement : text.ptr, length == 0 ? 3 : length);
        used += length == 0 ? 3 : length;
        size_t step = length == 0 ? 1 : length;
        text = (struct str){text.ptr + step, text.length - step};
    }
    json_t *json = json_stringn_nocheck(copy, used);
    free(copy);
    return json;
}

json_t *json_str(struct str text)
{
    if (text.length == 0) {
        return json_stringn_nocheck("", 0);
    }
    json_t *json = NULL;
    if (memchr(text.ptr, '\0', text.length) == NULL) {
        json = json_stringn(text.ptr, text.length);
    }
    if (json == NULL) {
        json = repaired(text);
    }
    ASSERT(json != NULL);
    return json;
}
