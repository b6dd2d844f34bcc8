/* yajl's events become nodes in the arena. Strings without escapes are views of the text. Checked
 * here, since yajl is less strict: UTF-8, escapes of half a character, the depth, control
 * characters (some of which it takes for white space or the end), and what follows the document.
 * What yajl quotes from the input never reaches a detail: it may be the text of a message. */
#include "base/json_tree.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/check.h"
#include "base/limits.h"

enum { INT_DIGITS_MAX = 20 }; /* with the sign */

enum node_kind { NODE_NULL, NODE_BOOL, NODE_INT, NODE_REAL, NODE_STRING, NODE_ARRAY, NODE_OBJECT };

struct json_node {
    enum node_kind kind;
    struct str key;  /* of a member */
    struct str text; /* NODE_STRING */
    int64_t number;  /* NODE_INT, NODE_BOOL */
    struct json_node *next;
    struct json_node *first;
};

struct building {
    struct arena *arena;
    struct str text;
    struct str key;
    struct json_node *root;
    struct json_node **end[LIMIT_JSON_DEPTH]; /* where the next child of each goes */
    int depth;
    bool too_deep;
    bool has_nul;
};

/* ---- yajl's events: 1 goes on, 0 ends the parsing ---- */

static struct json_node *add(struct building *building, enum node_kind kind)
{
    struct json_node *node = ARENA_NEW(building->arena, struct json_node);
    node->kind = kind;
    node->key = building->key;
    building->key = STR_NONE;
    if (building->depth == 0) {
        building->root = node;
    } else {
        *building->end[building->depth - 1] = node;
        building->end[building->depth - 1] = &node->next;
    }
    return node;
}

/* yajl gives what it unescaped in a buffer of its own, all else where it stands. */
static struct str keep(struct building *building, const unsigned char *bytes, size_t length)
{
    struct str text = {(const char *)bytes, length};
    building->has_nul |= length > 0 && memchr(bytes, '\0', length) != NULL;
    bool is_view =
        text.ptr >= building->text.ptr && text.ptr < building->text.ptr + building->text.length;
    return is_view || length == 0 ? text : arena_str(building->arena, text);
}

static int on_null(void *context)
{
    add(context, NODE_NULL);
    return 1;
}

static int on_bool(void *context, int value)
{
    add(context, NODE_BOOL)->number = value;
    return 1;
}

/* yajl's own reading of whole numbers refuses the least one. */
static int on_number(void *context, const char *digits, size_t length)
{
    struct building *building = context;
    char whole[INT_DIGITS_MAX + 1];
    errno = 0;
    if (memchr(digits, '.', length) != NULL || memchr(digits, 'e', length) != NULL ||
        memchr(digits, 'E', length) != NULL) {
        double value = strtod(arena_str(building->arena, (struct str){digits, length}).ptr, NULL);
        add(building, NODE_REAL); /* nothing that is only read here is one */
        return !(errno == ERANGE && isinf(value));
    }
    if (length > INT_DIGITS_MAX) {
        return 0;
    }
    memcpy(whole, digits, length);
    whole[length] = '\0';
    add(building, NODE_INT)->number = strtoll(whole, NULL, 10);
    return errno == 0;
}

static int on_string(void *context, const unsigned char *bytes, size_t length)
{
    struct building *building = context;
    add(building, NODE_STRING)->text = keep(building, bytes, length);
    return !building->has_nul;
}

static int on_key(void *context, const unsigned char *bytes, size_t length)
{
    struct building *building = context;
    building->key = keep(building, bytes, length);
    return !building->has_nul;
}

static int begin(struct building *building, enum node_kind kind)
{
    if (building->depth == LIMIT_JSON_DEPTH) {
        building->too_deep = true;
        return 0;
    }
    struct json_node *node = add(building, kind);
    building->end[building->depth] = &node->first;
    building->depth++;
    return 1;
}

static int on_object(void *context)
{
    return begin(context, NODE_OBJECT);
}

static int on_array(void *context)
{
    return begin(context, NODE_ARRAY);
}

static int on_end(void *context)
{
    struct building *building = context;
    building->depth--;
    return 1;
}

static const yajl_callbacks CALLBACKS = {
    .yajl_null = on_null,
    .yajl_boolean = on_bool,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end,
    .yajl_start_array = on_array,
    .yajl_end_array = on_end,
};

/* ---- reading ---- */

/* How many bytes at the start are plain ASCII without control characters: nearly all of what comes,
 * eight at a time. */
static size_t plain_length(struct str text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = 0x80 * ones;
    size_t at = 0;
    for (; at + sizeof(uint64_t) <= text.length; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text.ptr + at, sizeof(word));
        if (((word | (word - 0x20 * ones)) & highs) != 0) {
            break;
        }
    }
    return at;
}

/* NULL, or what is wrong with the characters. JSON has three control characters, all of them white
 * space; inside strings they are escaped. */
static const char *wrong_characters(struct str text)
{
    while (text.length > 0) {
        size_t length = plain_length(text);
        if (length == 0) {
            unsigned char c = (unsigned char)text.ptr[0];
            if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') {
                return "JSON with a control character in it";
            }
            length = c < 0x80 ? 1 : str_utf8_length(text);
            if (length == 0) {
                return "JSON that is not valid UTF-8";
            }
        }
        text.ptr += length;
        text.length -= length;
    }
    return NULL;
}

/* The code of an escape "\uXXXX" at the start, -1 when there is none. */
static int escaped_unit(struct str text)
{
    int unit = 0;
    if (text.length < 6 || text.ptr[0] != '\\' || text.ptr[1] != 'u') {
        return -1;
    }
    for (size_t i = 2; i < 6; i++) {
        char c = text.ptr[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Escapes of characters beyond U+FFFF come in pairs; of one alone yajl makes "?" or broken UTF-8.
 */
static bool has_half_a_pair(struct str text)
{
    const char *found;
    while (text.length > 0 && (found = memchr(text.ptr, '\\', text.length)) != NULL) {
        text.length -= (size_t)(found - text.ptr);
        text.ptr = found;
        int unit = escaped_unit(text);
        size_t length = 2;
        if (unit >= 0xD800 && unit < 0xE000) {
            int second = escaped_unit((struct str){text.ptr + 6, text.length - 6});
            if (unit >= 0xDC00 || second < 0xDC00 || second >= 0xE000) {
                return true;
            }
            length = 12;
        }
        length = length < text.length ? length : text.length;
        text = (struct str){text.ptr + length, text.length - length};
    }
    return false;
}

static enum err mistake(const struct building *building, size_t byte, struct err_detail *detail)
{
    if (building->too_deep) {
        return err_set(detail, ERR_LIMIT, "JSON byte %zu: deeper than %d levels", byte,
                       LIMIT_JSON_DEPTH);
    }
    if (building->has_nul) {
        return err_set(detail, ERR_INVALID, "JSON byte %zu: a string holds the character NUL",
                       byte);
    }
    return err_set(detail, ERR_INVALID,
                   "JSON byte %zu: the syntax is wrong, or a number is out of "
                   "range",
                   byte);
}

enum err json_tree_read(struct arena *arena, struct str text, size_t max_bytes,
                        const struct json_node **ret_root, struct err_detail *detail)
{
    if (text.length > max_bytes) {
        return err_set(detail, ERR_LIMIT, "JSON of %zu bytes, at most %zu are taken", text.length,
                       max_bytes);
    }
    if (str_trim(text).length == 0) {
        return err_set(detail, ERR_INVALID, "expected JSON, got nothing");
    }
    const char *wrong = wrong_characters(text);
    if (wrong != NULL) {
        return err_set(detail, ERR_INVALID, "%s", wrong);
    }
    if (has_half_a_pair(text)) {
        return err_set(detail, ERR_INVALID, "JSON with half a character (a surrogate alone) in it");
    }
    struct building building = {.arena = arena, .text = text};
    yajl_handle parser = yajl_alloc(&CALLBACKS, NULL, &building);
    ASSERT(parser != NULL);
    yajl_config(parser, yajl_dont_validate_strings, 1);
    /* What follows the document is looked at here: yajl would take half a token for the end. */
    yajl_config(parser, yajl_allow_trailing_garbage, 1);
    yajl_status status = yajl_parse(parser, (const unsigned char *)text.ptr, text.length);
    size_t byte = yajl_get_bytes_consumed(parser);
    if (status == yajl_status_ok) {
        status = yajl_complete_parse(parser);
    }
    yajl_free(parser);
    struct str rest = {text.ptr + byte, text.length - byte};
    if (status != yajl_status_ok || str_trim(rest).length > 0) {
        return mistake(&building, byte, detail);
    }
    *ret_root = building.root;
    return OK;
}

/* ---- looking ---- */

static const struct json_node *member(const struct json_node *object, const char *key)
{
    if (!json_node_is_object(object)) {
        return NULL;
    }
    const struct json_node *node = object->first;
    while (node != NULL && !str_is(node->key, key)) {
        node = node->next;
    }
    return node;
}

static const struct json_node *member_of_kind(const struct json_node *object, const char *key,
                                              enum node_kind kind)
{
    const struct json_node *node = member(object, key);
    return node != NULL && node->kind == kind ? node : NULL;
}

bool json_node_is_object(const struct json_node *node)
{
    return node != NULL && node->kind == NODE_OBJECT;
}

bool json_node_has(const struct json_node *object, const char *key)
{
    return member(object, key) != NULL;
}

struct str json_node_str(const struct json_node *object, const char *key)
{
    const struct json_node *node = member_of_kind(object, key, NODE_STRING);
    return node != NULL ? node->text : STR_NONE;
}

int64_t json_node_int(const struct json_node *object, const char *key, int64_t fallback)
{
    const struct json_node *node = member_of_kind(object, key, NODE_INT);
    return node != NULL ? node->number : fallback;
}

bool json_node_bool(const struct json_node *object, const char *key, bool fallback)
{
    const struct json_node *node = member_of_kind(object, key, NODE_BOOL);
    return node != NULL ? node->number != 0 : fallback;
}

bool json_node_is_bool(const struct json_node *object, const char *key)
{
    return member_of_kind(object, key, NODE_BOOL) != NULL;
}

const struct json_node *json_node_object(const struct json_node *object, const char *key)
{
    return member_of_kind(object, key, NODE_OBJECT);
}

const struct json_node *json_node_array(const struct json_node *object, const char *key)
{
    return member_of_kind(object, key, NODE_ARRAY);
}

const struct json_node *json_node_first(const struct json_node *array)
{
    return array != NULL && array->kind == NODE_ARRAY ? array->first : NULL;
}

const struct json_node *json_node_next(const struct json_node *element)
{
    return element->next;
}
