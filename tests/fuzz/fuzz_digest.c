/* Base64 from outside, as in signatures: what decodes encodes to the same bytes again. */
#include "base/check.h"
#include "base/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct arena *arena = arena_new(1024);
    struct str coded = digest_base64(arena, text);
    ASSERT(coded.length == (size + 2) / 3 * 4);
    struct str back = digest_base64_decode(arena, coded);
    ASSERT(back.ptr != NULL && str_equal(back, text));
    struct str decoded = digest_base64_decode(arena, text);
    if (decoded.ptr != NULL) {
        struct str again = digest_base64_decode(arena, digest_base64(arena, decoded));
        ASSERT(again.ptr != NULL && str_equal(again, decoded));
    }
    ASSERT(digest_base64url(arena, text).length == (size * 4 + 2) / 3);
    ASSERT(digest_equal_secret(text, text) == (size > 0));
    arena_free(arena);
    return 0;
}
