/* Opening a break iterator takes 30 times as long as walking a short text, so each thread keeps its
 * own. ICU falls back to the process's default locale when a language is unknown: that default is
 * fixed here, so that no environment variable changes what people read. */
#include "base/text_icu.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uloc.h>
#include <unicode/utext.h>

#include "base/check.h"

enum { LANGUAGES_KEPT = 8 };

struct cache {
    UBreakIterator *graphemes;
    UBreakIterator *words;
    UCaseMap *case_map;
    struct text_language languages[LANGUAGES_KEPT];
    size_t languages_opened; /* the next one replaces the oldest */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void language_close(struct text_language *language)
{
    uplrules_close(language->plural);
    udat_close(language->date);
    for (size_t i = 0; i <= TEXT_DECIMALS_MAX; i++) {
        unumf_close(language->numbers[i]);
    }
    memset(language, 0, sizeof(*language));
}

static void cache_free(void *data)
{
    struct cache *cache = data;
    ubrk_close(cache->graphemes);
    ubrk_close(cache->words);
    ucasemap_close(cache->case_map);
    for (size_t i = 0; i < LANGUAGES_KEPT; i++) {
        language_close(&cache->languages[i]);
    }
    free(cache);
}

static void start_once(void)
{
    UErrorCode status = U_ZERO_ERROR;
    uloc_setDefault("en_001", &status);
    ASSERT(U_SUCCESS(status));
    int failed = pthread_key_create(&key, cache_free);
    ASSERT(failed == 0);
}

static struct cache *cache_of_thread(void)
{
    pthread_once(&once, start_once);
    struct cache *cache = pthread_getspecific(key);
    if (cache == NULL) {
        cache = calloc(1, sizeof(*cache));
        ASSERT(cache != NULL);
        int failed = pthread_setspecific(key, cache);
        ASSERT(failed == 0);
    }
    return cache;
}

static UBreakIterator *iterator_on(UBreakIterator **iterator, UBreakIteratorType type,
                                   struct str text)
{
    UErrorCode status = U_ZERO_ERROR;
    if (*iterator == NULL) {
        *iterator = ubrk_open(type, "", NULL, 0, &status);
        ASSERT(U_SUCCESS(status));
    }
    UText source = UTEXT_INITIALIZER;
    const char *bytes = text.length == 0 ? "" : text.ptr;
    utext_openUTF8(&source, bytes, (int64_t)text.length, &status);
    ubrk_setUText(*iterator, &source, &status); /* keeps a copy of its own */
    ASSERT(U_SUCCESS(status));
    utext_close(&source);
    return *iterator;
}

UBreakIterator *text_graphemes_of(struct str text)
{
    return iterator_on(&cache_of_thread()->graphemes, UBRK_CHARACTER, text);
}

UBreakIterator *text_words_of(struct str text)
{
    return iterator_on(&cache_of_thread()->words, UBRK_WORD, text);
}

const UCaseMap *text_case_map(void)
{
    struct cache *cache = cache_of_thread();
    if (cache->case_map == NULL) {
        UErrorCode status = U_ZERO_ERROR;
        cache->case_map = ucasemap_open("", U_FOLD_CASE_DEFAULT, &status);
        ASSERT(U_SUCCESS(status));
    }
    return cache->case_map;
}

/* The tag as ICU's name of a language that it has data for; "" otherwise. */
static void locale_of(const char *tag, char locale[TEXT_LOCALE_BYTES])
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t parsed = 0;
    int32_t length = uloc_forLanguageTag(tag, locale, TEXT_LOCALE_BYTES, &parsed, &status);
    char language[ULOC_LANG_CAPACITY];
    if (U_SUCCESS(status) && length > 0 && (size_t)parsed == strlen(tag)) {
        int32_t language_length = uloc_getLanguage(locale, language, sizeof(language), &status);
        for (int32_t i = 0; U_SUCCESS(status) && language_length > 0 && i < uloc_countAvailable();
             i++) {
            const char *available = uloc_getAvailable(i);
            if (strncmp(available, language, (size_t)language_length) == 0 &&
                (available[language_length] == '\0' || available[language_length] == '_')) {
                return;
            }
        }
    }
    locale[0] = '\0';
}

struct text_language *text_language_of(const char *tag)
{
    struct cache *cache = cache_of_thread();
    if (tag == NULL || tag[0] == '\0' || strlen(tag) >= sizeof(cache->languages[0].tag)) {
        tag = "en";
    }
    for (size_t i = 0; i < LANGUAGES_KEPT; i++) {
        if (strcmp(cache->languages[i].tag, tag) == 0) {
            return &cache->languages[i];
        }
    }
    struct text_language *language = &cache->languages[cache->languages_opened % LANGUAGES_KEPT];
    cache->languages_opened++;
    language_close(language);
    str_copy(language->tag, sizeof(language->tag), str_of(tag));
    locale_of(tag, language->locale);
    language->known = language->locale[0] != '\0';
    if (!language->known || strcmp(language->locale, "en") == 0) {
        /* English of no country: days before months. */
        str_copy(language->locale, sizeof(language->locale), STR("en_001"));
    }
    return language;
}
