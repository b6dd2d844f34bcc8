/* Records of decisions, and of the worlds that they were made in: any bytes are read or refused,
 * and what was read can be shown. */
#include "core/record_json.h"

#include "base/check.h"

enum { WORDS = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct str bytes = {(const char *)data, size};
    struct record record;
    struct record_world world;
    struct err_detail detail = {""};
    struct codec_words words = {.count = 0};
    for (int i = 0; i < WORDS; i++) { /* of some world: seeds name them by their index */
        codec_words_add(&words, arena_printf(arena, "word_%d", i));
    }
    enum err error =
        record_read(arena, INT64_C(3765285421056000445), &words, bytes, &record, &detail);
    ASSERT(error == OK || error == ERR_INVALID);
    if (error == OK) {
        json_decref(record_json(&record));
    }
    error = record_world_read(arena, bytes, &world, &detail);
    ASSERT(error == OK || error == ERR_INVALID);
    arena_free(arena);
    return 0;
}
