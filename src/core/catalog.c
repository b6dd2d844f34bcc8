/* Reading the catalog: journeys, texts, languages, and what a free text says about a person's
 * state. Building it is catalog_build.c's. */
#include "core/catalog.h"

#include <string.h>

#include "base/digest.h"
#include "base/hash.h"
#include "core/catalog_parts.h"

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
    const struct journey *journey = likely > 0 ? catalog->journeys[likely - 1] : NULL;
    if (journey != NULL && (journey->hash.ptr == hash.ptr || has_hash(journey, hash))) {
        return journey;
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

struct str catalog_revision(const struct catalog *catalog, struct arena *arena)
{
    enum { REVISION_DIGITS = 16 };
    char hex[DIGEST_HEX_BYTES + 1] = "";
    for (int i = 0; i < catalog->file_count; i++) {
        const struct catalog_file *file = &catalog->files[i];
        digest_sha256_hex(
            arena_printf(arena, "%s %.*s %.*s", hex, STR_ARG(file->name), STR_ARG(file->hash)),
            hex);
    }
    return arena_str(arena, (struct str){hex, REVISION_DIGITS});
}

const char *const *catalog_languages(const struct catalog *catalog, int *ret_count)
{
    *ret_count = catalog->languages.count;
    return catalog->languages.names;
}

/* A tag has two letters, mostly. */
static bool same_tag(const char *a, const char *b)
{
    while (*a == *b && *a != '\0') {
        a++;
        b++;
    }
    return *a == *b;
}

int catalog_language_index(const struct catalog *catalog, const char *language)
{
    for (int i = 0; i < catalog->languages.count; i++) {
        const char *name = catalog->languages.names[i];
        if (language == name || same_tag(language, name)) {
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

/* The place of the key, or the free one where it belongs. Every answer looks some keys up. */
static int text_slot(const struct catalog *catalog, struct str key)
{
    uint64_t slot = hash_bytes(key) % TEXT_SLOTS;
    while (catalog->text_slots[slot] != 0 &&
           !str_equal(catalog->texts[catalog->text_slots[slot] - 1].key, key)) {
        slot = (slot + 1) % TEXT_SLOTS;
    }
    return (int)slot;
}

void catalog_index_texts(struct catalog *catalog)
{
    for (int i = 0; i < catalog->text_count; i++) {
        catalog->text_slots[text_slot(catalog, catalog->texts[i].key)] = (uint16_t)(i + 1);
    }
}

const struct message *catalog_text(const struct catalog *catalog, const char *key)
{
    int index = catalog->text_slots[text_slot(catalog, str_of(key))] - 1;
    return index >= 0 ? catalog->texts[index].message : NULL;
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
