/* JSON with limits. jansson is the vocabulary type for JSON in the folders above base; this header
 * is the only place that includes it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Parses one JSON document of at most max_bytes and LIMIT_JSON_DEPTH levels. The new reference is
 * the caller's (json_decref). Errors: ERR_LIMIT, ERR_INVALID with line, column and what is wrong;
 * numbers out of range, duplicate keys and NUL in strings are mistakes. Any thread. */
MUST_CHECK enum err json_read(struct str text, size_t max_bytes, json_t **ret_json,
                              struct err_detail *detail);

/* Compact text with sorted keys, in the arena. */
struct str json_write(struct arena *arena, const json_t *json);

/* An object of few members, written as it comes: what every decision records needs no tree. Keys
 * are literals of ours, in the order of their bytes; texts may hold any bytes, as with json_str. */
struct json_writer {
    struct arena *arena;
    char *bytes;
    size_t used, size;
    const char *last_key;
};
struct json_writer json_begin(struct arena *arena);
void json_put_int(struct json_writer *writer, const char *key, int64_t value);
void json_put_str(struct json_writer *writer, const char *key, struct str value);
struct str json_end(struct json_writer *writer);

/* Members of an object; the empty view, fallback or NULL when absent or of another type. Views are
 * valid as long as the JSON value. */
struct str json_get_str(const json_t *object, const char *key);
int64_t json_get_int(const json_t *object, const char *key, int64_t fallback);
double json_get_number(const json_t *object, const char *key, double fallback);
bool json_get_bool(const json_t *object, const char *key, bool fallback);
json_t *json_get_object(const json_t *object, const char *key); /* borrowed, or NULL */
json_t *json_get_array(const json_t *object, const char *key);  /* borrowed, or NULL */

/* A string value from a view that may hold any bytes: invalid UTF-8 and NUL are replaced by U+FFFD.
 */
json_t *json_str(struct str text);
