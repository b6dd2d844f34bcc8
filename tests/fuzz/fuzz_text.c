/* Text in any script from any bytes: lengths agree with each other, and cleaning is final. */
#include "base/text.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_BYTES_MAX = 4096, WORDS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > TEXT_BYTES_MAX) {
        return 0;
    }
    struct arena *arena = arena_new(4096);
    struct str clean = text_clean(arena, (struct str){(const char *)data, size});
    ASSERT(text_is_utf8(clean));
    ASSERT(str_equal(text_clean(arena, clean), clean));

    size_t points = text_code_points(clean);
    size_t graphemes = text_graphemes(clean);
    size_t units = text_utf16_units(clean);
    ASSERT(graphemes <= points && points <= units && units <= clean.length);
    ASSERT(text_emoji(clean) <= graphemes);
    ASSERT(text_graphemes(text_cut(arena, clean, 5)) <= 6);
    ASSERT(text_graphemes(text_first_word(arena, clean, 5)) <= 6);

    struct str folded = text_fold(arena, clean);
    ASSERT(text_is_utf8(folded));
    struct str *words = NULL;
    size_t count = text_words(arena, folded, WORDS_MAX, &words);
    ASSERT(count <= WORDS_MAX);
    for (size_t i = 0; i < count; i++) {
        ASSERT(words[i].length > 0);
    }
    ASSERT(text_is_utf8(text_title(arena, clean, "en")));
    arena_free(arena);
    return 0;
}
