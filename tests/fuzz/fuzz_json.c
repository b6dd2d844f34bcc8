/* JSON from outside: what is read can be written, and what was written reads as the same value. */
#include "base/json.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DOCUMENT_BYTES_MAX = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct err_detail detail = {""};
    json_t *json = NULL;
    enum err error = json_read(text, DOCUMENT_BYTES_MAX, &json, &detail);
    if (error != OK) {
        ASSERT(json == NULL && detail.text[0] != '\0');
        ASSERT(error == ERR_INVALID || error == ERR_LIMIT);
        return 0;
    }
    struct arena *arena = arena_new(4096);
    struct str written = json_write(arena, json);
    json_t *again = NULL;
    error = json_read(written, 8 * (size_t)DOCUMENT_BYTES_MAX, &again, &detail);
    ASSERT(error == OK);
    ASSERT(json_equal(json, again));
    ASSERT(str_equal(json_write(arena, again), written));
    json_decref(json);
    json_decref(again);
    arena_free(arena);
    return 0;
}
