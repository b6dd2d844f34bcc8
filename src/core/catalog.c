/* Reading the catalog: journeys, texts, languages, and what a free text says about a person's
 * state. Building it is catalog_build.c's. */
#include "core/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "core/catalog_parts.h"

int catalog_text_order(const void *left, const void *right)
{
    return str_compare(((const struct bot_text *)left)->key, ((const struct bot_text *)right)->key);
}

const struct bot_text *catalog_find_text(const struct catalog *catalog, struct str key)
{
    if (catalog->text_count == 0) {
        return NULL;
    }
    const struct bot_text wanted = {.key = key};
    return bsearch(&wanted, catalog->texts, (size_t)catalog->text_count, sizeof(wanted),
                   catalog_text_order);
}

int catalog_journey_count(const struct catalog *catalog)
{
    return catalog->journey_count;
}

const struct journey *catalog_journey_at(const struct catalog *catalog, int index)
{
    return catalog->journeys[index];
}

const struct journey *catalog_journey(const struct catalog *catalog, struct str name)
{
    for (int i = 0; i < catalog->journey_count; i++) {
        if (str_equal(catalog->journeys[i]->name, name)) {
            return catalog->journeys[i];
        }
    }
    return NULL;
}

/* Asked for every run at every input. */
static bool has_hash(const struct journey *journey, struct str hash)
{
    return journey->hash.ptr == hash.ptr ||
           (hash.length == journey->hash.length && journey->hash.ptr[0] == hash.ptr[0] &&
            str_equal(journey->hash, hash));
}

uint8_t catalog_hash_slot(struct str hash)
{
    return (uint8_t)(hash.ptr[0] * 16 + hash.ptr[1]);
}

const struct journey *catalog_definition(const struct catalog *catalog, struct str hash)
{
    if (hash.length < 2) {
        return NULL;
    }
    int likely = catalog->by_hash[catalog_hash_slot(hash)];
    if (likely > 0 && has_hash(catalog->journeys[likely - 1], hash)) {
        return catalog->journeys[likely - 1];
    }
    for (int i = 0; i < catalog->journey_count; i++) {
        if (has_hash(catalog->journeys[i], hash)) {
            return catalog->journeys[i];
        }
    }
    for (int i = 0; i < catalog->pinned_count; i++) {
        if (has_hash(catalog->pinned[i], hash)) {
            return catalog->pinned[i];
        }
    }
    return NULL;
}

const struct catalog_file *catalog_files(const struct catalog *catalog, int *ret_count)
{
    *ret_count = catalog->file_count;
    return catalog->files;
}

const char *const *catalog_languages(const struct catalog *catalog, int *ret_count)
{
    *ret_count = catalog->languages.count;
    return catalog->languages.names;
}

int catalog_language_index(const struct catalog *catalog, const char *language)
{
    for (int i = 0; i < catalog->languages.count; i++) {
        if (strcmp(language, catalog->languages.names[i]) == 0) {
            return i;
        }
    }
    struct str rest;
    struct str main_part = str_split(str_of(language), '-', &rest);
    for (int i = 0; i < catalog->languages.count && rest.ptr != NULL; i++) {
        if (str_is(main_part, catalog->languages.names[i])) {
            return i;
        }
    }
    return -1;
}

const struct message *catalog_text(const struct catalog *catalog, const char *key)
{
    const struct bot_text *text = catalog_find_text(catalog, str_of(key));
    return text != NULL ? text->message : NULL;
}

enum recognised catalog_recognise(const struct catalog *catalog, struct arena *arena,
                                  struct str text, const char *language)
{
    (void)language; /* all languages are tried at once, and crisis wins in any: no order matters */
    struct phrase words = recognise_words(arena, text, false);
    if (recognise_state(&catalog->crisis, &words)) {
        return RECOGNISED_CRISIS;
    }
    return recognise_state(&catalog->overwhelm, &words) ? RECOGNISED_OVERWHELM : RECOGNISED_NOTHING;
}
