/* An `.env` file from any bytes, and the kinds of values in it. */
#include "base/check.h"
#include "base/config.h"
#include "base/config_env.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct str text = {(const char *)data, size};
    struct err_detail detail = {""};
    struct env_pair *pairs = NULL;
    size_t count = 0;
    enum err error = config_env_parse(arena, text, &pairs, &count, &detail);
    if (error == OK) {
        ASSERT(count <= ENV_PAIRS_MAX);
        for (size_t i = 0; i < count; i++) {
            ASSERT(pairs[i].name[0] != '\0' && pairs[i].value != NULL && pairs[i].line > 0);
            ASSERT(i == 0 || pairs[i - 1].line < pairs[i].line);
            ASSERT(strlen(pairs[i].value) <= ENV_LINE_BYTES_MAX);
        }
    } else {
        ASSERT(error == ERR_CONFIG || error == ERR_LIMIT);
        ASSERT(detail.text[0] != '\0');
    }
    int64_t duration_ms = -1;
    ASSERT(!config_parse_duration(text, &duration_ms) || duration_ms >= 0);
    arena_free(arena);
    return 0;
}
