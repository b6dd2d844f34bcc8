/* Definition files: any YAML is compiled or refused with at least one mistake that has a place. */
#include "core/catalog.h"

#include "base/check.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the kind of file, which its path tells. */
static const char *const names[] = {"optimized/a.yaml", "words/en.yaml", "bot/en.yaml"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct arena *arena = arena_new(4096);
    struct definition_file file = {
        .name = str_of(names[data[0] % (sizeof(names) / sizeof(names[0]))]),
        .yaml = {(const char *)data + 1, size - 1},
    };
    struct catalog *catalog = NULL;
    struct mistakes mistakes = {0};
    enum err error = catalog_build(arena, &file, 1, &catalog, &mistakes);
    if (error == OK) {
        ASSERT(catalog != NULL && mistakes.count == 0);
        catalog_free(catalog);
    } else {
        ASSERT(error == ERR_INVALID || error == ERR_LIMIT);
        ASSERT(mistakes.count > 0);
        for (int i = 0; i < mistakes.count; i++) {
            ASSERT(mistakes.items[i].text.length > 0);
            ASSERT(mistakes.items[i].line >= 0 && mistakes.items[i].column >= 0);
        }
    }
    arena_free(arena);
    return 0;
}
