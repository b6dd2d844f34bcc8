/* JSON that is only looked at, beside the reader that keeps it: both take and refuse the same
 * documents, but for keys that stand twice, and find the same in them. */
#include "base/json_tree.h"

#include <string.h>

#include "base/check.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DOCUMENT_BYTES_MAX = 64 * 1024 };

static void compare_elements(const struct json_node *node, const json_t *json);

static void compare_members(const struct json_node *node, json_t *json)
{
    const char *key;
    json_t *value;
    json_object_foreach(json, key, value)
    {
        ASSERT(json_node_has(node, key));
        ASSERT(str_equal(json_node_str(node, key), json_get_str(json, key)));
        ASSERT(json_node_int(node, key, -7) == json_get_int(json, key, -7));
        ASSERT(json_node_is_bool(node, key) == json_is_boolean(value));
        ASSERT(json_node_bool(node, key, false) == json_get_bool(json, key, false));
        const struct json_node *object = json_node_object(node, key);
        const struct json_node *array = json_node_array(node, key);
        ASSERT((object != NULL) == json_is_object(value));
        ASSERT((array != NULL) == json_is_array(value));
        if (object != NULL) {
            compare_members(object, value);
        } else if (array != NULL) {
            compare_elements(array, value);
        }
    }
}

static void compare_elements(const struct json_node *node, const json_t *json)
{
    const struct json_node *element = json_node_first(node);
    for (size_t i = 0; i < json_array_size(json); i++) {
        json_t *value = json_array_get(json, i);
        ASSERT(element != NULL && json_node_is_object(element) == json_is_object(value));
        if (json_is_object(value)) {
            compare_members(element, value);
        } else if (json_is_array(value)) {
            compare_elements(element, value);
        }
        element = json_node_next(element);
    }
    ASSERT(element == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct str text = {(const char *)data, size};
    struct err_detail detail = {""};
    struct err_detail kept_detail = {""};
    const struct json_node *root = NULL;
    json_t *kept = NULL;
    enum err error = json_tree_read(arena, text, DOCUMENT_BYTES_MAX, &root, &detail);
    enum err kept_error = json_read(text, DOCUMENT_BYTES_MAX, &kept, &kept_detail);
    ASSERT((error == OK) == (root != NULL));
    if (error != OK) {
        ASSERT((error == ERR_INVALID || error == ERR_LIMIT) && detail.text[0] != '\0');
        ASSERT(kept_error != OK);
    } else if (kept_error != OK) {
        ASSERT(strstr(kept_detail.text, "twice") != NULL);
    } else {
        ASSERT(json_node_is_object(root) == json_is_object(kept));
        if (json_is_object(kept)) {
            compare_members(root, kept);
        } else if (json_is_array(kept)) {
            compare_elements(root, kept);
        }
    }
    json_decref(kept);
    arena_free(arena);
    return 0;
}
