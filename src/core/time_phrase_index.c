/* Which words and patterns of a language may fit a word of a text, by the word's first byte: nearly
 * all fall out there. Made at first use, the same for all threads. */
#include <pthread.h>

#include "base/check.h"
#include "core/time_phrase_parts.h"

enum { LANGUAGES = 2, BYTES = 256, ENTRIES_MAX = 2048 };

struct list {
    uint16_t from[BYTES + 1]; /* the entries of a byte end where those of the next begin */
    uint16_t entries[ENTRIES_MAX];
};

struct index {
    struct list words, patterns;
};

static struct index indexes[LANGUAGES];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Whether a word that begins with the byte may be the listed one: "ueber" is "über". */
static bool may_be(const char *listed, int byte)
{
    static const char umlauts[] = {'\xA4', 'a', '\xB6', 'o', '\xBC', 'u'};
    if ((unsigned char)listed[0] == byte) {
        return true;
    }
    for (size_t i = 0; i < sizeof(umlauts) && listed[0] == '\xC3'; i += 2) {
        if (listed[1] == umlauts[i]) {
            return byte == umlauts[i + 1];
        }
    }
    return false;
}

static void add(struct list *list, int byte, size_t entry)
{
    ASSERT(list->from[byte + 1] < ENTRIES_MAX);
    list->entries[list->from[byte + 1]++] = (uint16_t)entry;
}

static void make(const struct phrase_language *language, struct index *index)
{
    for (int byte = 0; byte < BYTES; byte++) {
        index->words.from[byte + 1] = index->words.from[byte];
        index->patterns.from[byte + 1] = index->patterns.from[byte];
        for (size_t i = 0; i < language->word_count; i++) {
            if (may_be(language->words[i].text, byte)) {
                add(&index->words, byte, i);
            }
        }
        for (size_t i = 0; i < language->pattern_count; i++) {
            const char *text = language->patterns[i].text;
            if (text[0] == '%' || may_be(text, byte)) {
                add(&index->patterns, byte, i);
            }
        }
    }
}

static void make_all(void)
{
    make(&phrase_english, &indexes[0]);
    make(&phrase_german, &indexes[1]);
}

static const struct index *index_of(const struct phrase_language *language)
{
    pthread_once(&once, make_all);
    return &indexes[language == &phrase_german];
}

static struct phrase_candidates candidates_of(const struct list *list, struct str word)
{
    int byte = (unsigned char)word.ptr[0];
    return (struct phrase_candidates){list->entries + list->from[byte],
                                      (size_t)(list->from[byte + 1] - list->from[byte])};
}

struct phrase_candidates phrase_words(const struct phrase_language *language, struct str word)
{
    return word.length > 0 ? candidates_of(&index_of(language)->words, word)
                           : (struct phrase_candidates){NULL, 0};
}

struct phrase_candidates phrase_patterns(const struct phrase_language *language, struct str word)
{
    return candidates_of(&index_of(language)->patterns, word);
}
