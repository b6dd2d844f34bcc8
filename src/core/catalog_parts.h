/* The inside of the catalog while it is built and read; private to catalog*.c. */
#pragma once

#include "core/catalog.h"
#include "core/recognise.h"

struct bot_text {
    struct str key;
    const struct message *message;
    struct str file;
    int line, column;
};

enum {
    BOT_TEXTS_MAX = 1000,
    TEXT_SLOTS = 2048, /* more than twice as many */
};

struct catalog {
    struct arena *arena;
    struct languages languages;
    const struct journey **journeys; /* by name */
    int journey_count;
    uint8_t by_hash[256]; /* index + 1 of a journey by the beginning of its hash; 0: none */
    const struct journey **pinned;
    int pinned_count, pinned_capacity;
    struct catalog_file *files;
    int file_count;
    struct bot_text *texts; /* by key */
    int text_count;
    uint16_t text_slots[TEXT_SLOTS]; /* index + 1 of a text by the hash of its key; 0: free */
    struct word_list *words;         /* of each language, and of all together: */
    int word_count;
    struct state_words overwhelm, crisis;
};

enum file_kind { FILE_JOURNEY, FILE_BOT, FILE_WORDS, FILE_OF_OTHERS };

struct building {
    struct arena *arena; /* the caller's */
    struct catalog *catalog;
    struct mistakes *mistakes;
    struct tree *trees;
    int count;
    bool has_bot_files;
};

/* Told by the folder the file stands in (catalog_languages.c). */
enum file_kind catalog_file_kind(struct str name);
/* The languages of the words files, else those that occur in journeys. */
void catalog_collect_languages(struct building *building);
/* Sorts texts and journeys, and compares what several files say (catalog_check.c). */
void catalog_check(struct building *building);
/* Makes texts be found; once, when all are read. */
void catalog_index_texts(struct catalog *catalog);
/* Place in by_hash; the hash is not empty. */
uint8_t catalog_hash_slot(struct str hash);
