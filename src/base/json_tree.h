/* JSON that is only looked at: what comes from providers many times a second. The tree lives in an
 * arena and is never changed, which costs a sixth of json_read; use that (base/json.h) wherever
 * JSON is kept, changed or written. yajl parses. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct json_node;

/* Parses one document of at most max_bytes and LIMIT_JSON_DEPTH levels. The tree refers to the text
 * and lives in the arena. Errors: ERR_LIMIT, ERR_INVALID with the byte and what is wrong; numbers
 * out of range and NUL in strings are mistakes; of a key that stands twice the first counts. Any
 * thread. */
MUST_CHECK enum err json_tree_read(struct arena *arena, struct str text, size_t max_bytes,
                                   const struct json_node **ret_root, struct err_detail *detail);

/* All take NULL as something absent. */
bool json_node_is_object(const struct json_node *node);
/* Members of an object; the empty view, fallback or NULL when absent or of another type. */
bool json_node_has(const struct json_node *object, const char *key);
struct str json_node_str(const struct json_node *object, const char *key);
int64_t json_node_int(const struct json_node *object, const char *key, int64_t fallback);
bool json_node_bool(const struct json_node *object, const char *key, bool fallback);
/* Whether the member is there and true or false. */
bool json_node_is_bool(const struct json_node *object, const char *key);
const struct json_node *json_node_object(const struct json_node *object, const char *key);
const struct json_node *json_node_array(const struct json_node *object, const char *key);
/* Elements of an array: the first, then each one's next; NULL at the end. */
const struct json_node *json_node_first(const struct json_node *array);
const struct json_node *json_node_next(const struct json_node *element);
