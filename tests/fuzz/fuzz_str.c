/* Views of text from any bytes: what base/str.h promises holds for each input. */
#include "base/str.h"

#include "base/check.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_split(struct str text)
{
    struct str rest = text;
    size_t parts_length = 0;
    while (rest.length > 0) {
        size_t before = rest.length;
        struct str part = str_split(rest, ',', &rest);
        ASSERT(part.length == 0 || memchr(part.ptr, ',', part.length) == NULL);
        ASSERT(part.length + rest.length <= before && rest.length < before);
        parts_length += part.length;
    }
    ASSERT(parts_length <= text.length);
}

static void check_copy(struct str text)
{
    char buffer[17];
    size_t copied = str_copy(buffer, sizeof(buffer), text);
    ASSERT(copied < sizeof(buffer) && copied <= text.length);
    ASSERT(buffer[copied] == '\0' && memcmp(buffer, text.ptr, copied) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct str trimmed = str_trim(text);
    ASSERT(trimmed.length <= text.length);
    ASSERT(str_equal(str_trim(trimmed), trimmed));
    ASSERT(str_starts(text, text) && str_compare(text, text) == 0);
    int64_t value = -1;
    if (str_to_int64(text, &value)) {
        ASSERT(value >= 0 && text.length > 0 && text.length <= 19);
    } else {
        ASSERT(value == -1);
    }
    check_split(text);
    check_copy(text);
    return 0;
}
