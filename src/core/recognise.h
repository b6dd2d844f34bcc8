/* Recognising phrases of overwhelm and crisis in free text. Internal to the catalog. Pure. */
#pragma once

#include "core/schema.h"

/* The words of one phrase, ready to compare; "*" stands for any one word, "#" for any number. */
struct phrase {
    struct str *words;
    int count;
};

struct phrase_list {
    struct phrase *items; /* after recognise_join: by their first word */
    int count;
};

/* Of one language: what means it, and what only looks like it. */
enum { BEGINNINGS = 1024 };
struct state_words {
    struct phrase_list phrases;
    struct phrase_list near_misses;
    /* After recognise_join: a bit for whatever a phrase may begin with; most words have none. */
    unsigned char begins[BEGINNINGS / 8];
};

struct word_list {
    struct str language;
    struct state_words overwhelm, crisis;
};

enum { PHRASE_WORDS_MAX = 12, RECOGNISE_WORDS_MAX = 1000 };

/* The comparable words of a text: folded, cut at word boundaries, without apostrophes and umlauts.
 * "*" and "#" are kept when `with_wildcards` is set. At most RECOGNISE_WORDS_MAX; a longer text
 * counts by its beginning. */
struct phrase recognise_words(struct arena *arena, struct str text, bool with_wildcards);
/* Whether the phrase occurs in the text, anywhere. */
bool recognise_occurs(const struct phrase *text, const struct phrase *phrase);
/* Whether a phrase occurs that no near-miss covers. The state comes from recognise_join. */
bool recognise_state(const struct state_words *state, const struct phrase *text);
/* The phrases and near-misses of all languages together: people mix languages, and a phrase that
 * two languages share ("burnout") has near-misses in both. */
void recognise_join(struct arena *arena, const struct word_list *lists, int count,
                    struct state_words *ret_overwhelm, struct state_words *ret_crisis);
/* Reads words/LANGUAGE.yaml (words_parse.c). */
void words_parse(struct compiling *compiling, struct word_list *ret_list);
