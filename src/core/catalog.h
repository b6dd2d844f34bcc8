/* The catalog: all compiled journeys, the bot's own texts, and the words by which overwhelm and
 * crisis are recognised. Immutable once built; swapped whole. Older definitions that runs are
 * pinned to are added under their hash. Any thread may read. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "core/journey.h"

struct catalog;
struct embedded_file;

/* A mistake in a definition, ready to print: "file:line:column: what is wrong, what was expected".
 */
struct mistake {
    struct str file;
    int line, column; /* from 1 */
    struct str text;
};

struct mistakes {
    struct mistake *items; /* in the arena given to catalog_build */
    int count, capacity;
};

/* One file to compile. Kinds are told by the path: "bot/….yaml" texts of the bot, "words/….yaml"
 * recognition, "people/", "kpi/" and "rollout/" are skipped (others read them), else a journey. */
struct definition_file {
    struct str name;
    struct str yaml;
};

/* Compiles files into a new catalog, which has an arena of its own. Its languages are those of the
 * words files, "en" first (without words files: those that occur), and every text must have them
 * all. With bot files among them, the texts are compared with core/bot_texts.h. On ERR_INVALID
 * every mistake found is in *ret_mistakes (in the arena) and no catalog is made. */
MUST_CHECK enum err catalog_build(struct arena *arena, const struct definition_file *files,
                                  int count, struct catalog **ret_catalog,
                                  struct mistakes *ret_mistakes);
/* The same with the files compiled into the program. */
MUST_CHECK enum err catalog_build_embedded(struct arena *arena, struct catalog **ret_catalog,
                                           struct mistakes *ret_mistakes);
/* Compiles one older definition (a journey's YAML) into a catalog under its hash; it enters nobody.
 * Texts may lack languages: those fall back. Not while other threads read the catalog. */
MUST_CHECK enum err catalog_add_pinned(struct catalog *catalog, struct str yaml,
                                       struct mistakes *ret_mistakes);
void catalog_free(struct catalog *catalog);

/* The files that it was built from, as given: with them it can be built again. */
struct catalog_file {
    struct str name;
    struct str yaml;
    struct str hash; /* SHA-256, hex: of a journey the same as the journey's */
};
const struct catalog_file *catalog_files(const struct catalog *catalog, int *ret_count);
/* Tells these files from any others: 16 hexadecimal digits, in the arena. */
struct str catalog_revision(const struct catalog *catalog, struct arena *arena);

/* Current journeys in a fixed order (by name). */
int catalog_journey_count(const struct catalog *catalog);
const struct journey *catalog_journey_at(const struct catalog *catalog, int index);
/* By name; NULL when there is none. */
const struct journey *catalog_journey(const struct catalog *catalog, struct str name);
/* By content hash, current or pinned; NULL when not known. */
const struct journey *catalog_definition(const struct catalog *catalog, struct str hash);

/* Languages that are complete, the default one first; *ret_count. */
const char *const *catalog_languages(const struct catalog *catalog, int *ret_count);
/* Index of the language, of its main part ("pt" for "pt-BR"), or -1. */
int catalog_language_index(const struct catalog *catalog, const char *language);

/* A text of the bot by key ("help", "list_empty"); NULL when there is none. Keys that the code
 * needs are checked by catalog_build against the list in core/bot_texts.h. */
const struct message *catalog_text(const struct catalog *catalog, const char *key);
struct str message_render(struct arena *arena, const struct message *message,
                          const struct catalog *catalog, const struct facts *facts, bool plain);

/* What a free text says about the person's state, by the phrases of all languages with their
 * near-misses. Crisis wins over overwhelm. */
enum recognised { RECOGNISED_NOTHING = 0, RECOGNISED_OVERWHELM, RECOGNISED_CRISIS };
enum recognised catalog_recognise(const struct catalog *catalog, struct arena *arena,
                                  struct str text, const char *language);
