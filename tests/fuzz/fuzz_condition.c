/* Conditions of journeys: any text is compiled or refused with a place in it; what was compiled
 * keeps its text and compiles again. */
#include "core/condition.h"

#include "base/check.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct str source = {(const char *)data, size};
    struct condition *condition = NULL;
    struct err_detail detail = {""};
    size_t offset = 0;
    enum err error = condition_compile(arena, source, &condition, &offset, &detail);
    if (error == OK) {
        struct condition *again = NULL;
        struct str kept = condition_source(condition);
        error = condition_compile(arena, kept, &again, &offset, &detail);
        ASSERT(error == OK && str_equal(condition_source(again), kept));
    } else {
        ASSERT(error == ERR_INVALID || error == ERR_LIMIT);
        ASSERT(offset <= size && detail.text[0] != '\0');
    }
    arena_free(arena);
    return 0;
}
