/* Phrases are compared word by word, so that "it" never matches inside "with", in any script that
 * base/text.h can cut into words. A phrase counts unless a near-miss covers it where it stands:
 * "too much" in "not too much" does not, but a second "too much" in the same text does. */
#include "core/recognise.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* "can't" and "cant" are the same word to people who type fast. */
static struct str without_apostrophes(struct arena *arena, struct str word)
{
    if (memchr(word.ptr, '\'', word.length) == NULL) {
        return word;
    }
    char *bytes = arena_alloc(arena, word.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < word.length; i++) {
        if (word.ptr[i] != '\'') {
            bytes[length++] = word.ptr[i];
        }
    }
    return (struct str){bytes, length};
}

/* Adds the words of a piece of text that has no "*". */
static void add_words(struct arena *arena, struct str text, struct phrase *phrase)
{
    struct str *words = NULL;
    size_t room = (size_t)(RECOGNISE_WORDS_MAX - phrase->count);
    size_t count = text_words(arena, text, room, &words);
    for (size_t i = 0; i < count; i++) {
        phrase->words[phrase->count++] = without_apostrophes(arena, words[i]);
    }
}

struct phrase recognise_words(struct arena *arena, struct str text, bool with_any)
{
    struct str folded = text_fold(arena, text);
    size_t room = folded.length < RECOGNISE_WORDS_MAX ? folded.length + 1 : RECOGNISE_WORDS_MAX;
    struct phrase phrase = {.words = ARENA_ARRAY(arena, struct str, room)};
    while (with_any && memchr(folded.ptr, '*', folded.length) != NULL) {
        add_words(arena, str_split(folded, '*', &folded), &phrase);
        phrase.words[phrase.count++] = STR("*");
        if (folded.length == 0) {
            return phrase;
        }
    }
    add_words(arena, folded, &phrase);
    return phrase;
}

static bool is_any(struct str word)
{
    return word.length == 1 && word.ptr[0] == '*';
}

static bool matches_at(const struct phrase *text, int at, const struct phrase *phrase)
{
    if (at < 0 || at + phrase->count > text->count) {
        return false;
    }
    for (int i = 0; i < phrase->count; i++) {
        if (!is_any(phrase->words[i]) && !str_equal(phrase->words[i], text->words[at + i])) {
            return false;
        }
    }
    return true;
}

bool recognise_occurs(const struct phrase *text, const struct phrase *phrase)
{
    for (int at = 0; at + phrase->count <= text->count; at++) {
        if (matches_at(text, at, phrase)) {
            return true;
        }
    }
    return false;
}

/* Whether some near-miss stands around the words [at, at + length). */
static bool is_covered(const struct phrase_list *near_misses, const struct phrase *text, int at,
                       int length)
{
    for (int i = 0; i < near_misses->count; i++) {
        const struct phrase *near_miss = &near_misses->items[i];
        for (int from = at + length - near_miss->count; from <= at; from++) {
            if (matches_at(text, from, near_miss)) {
                return true;
            }
        }
    }
    return false;
}

/* The first phrase that begins with the word or one after it, in the order of first words. */
static int first_not_before(const struct phrase_list *list, struct str word)
{
    int low = 0;
    int high = list->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (str_compare(list->items[middle].words[0], word) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool recognise_state(const struct state_words *state, const struct phrase *text)
{
    const struct phrase_list *phrases = &state->phrases;
    for (int at = 0; at < text->count; at++) {
        struct str word = text->words[at];
        for (int i = first_not_before(phrases, word);
             i < phrases->count && str_equal(phrases->items[i].words[0], word); i++) {
            if (matches_at(text, at, &phrases->items[i]) &&
                !is_covered(&state->near_misses, text, at, phrases->items[i].count)) {
                return true;
            }
        }
    }
    return false;
}

static int by_first_word(const void *left, const void *right)
{
    return str_compare(((const struct phrase *)left)->words[0],
                       ((const struct phrase *)right)->words[0]);
}

static void append(struct arena *arena, struct phrase_list *list, const struct phrase_list *more)
{
    size_t size = sizeof(struct phrase);
    list->items = arena_grow(arena, list->items, (size_t)list->count * size,
                             (size_t)(list->count + more->count) * size);
    for (int i = 0; i < more->count; i++) {
        list->items[list->count++] = more->items[i];
    }
}

void recognise_join(struct arena *arena, const struct word_list *lists, int count,
                    struct state_words *ret_overwhelm, struct state_words *ret_crisis)
{
    *ret_overwhelm = (struct state_words){0};
    *ret_crisis = (struct state_words){0};
    for (int i = 0; i < count; i++) {
        append(arena, &ret_overwhelm->phrases, &lists[i].overwhelm.phrases);
        append(arena, &ret_overwhelm->near_misses, &lists[i].overwhelm.near_misses);
        append(arena, &ret_crisis->phrases, &lists[i].crisis.phrases);
        append(arena, &ret_crisis->near_misses, &lists[i].crisis.near_misses);
    }
    struct phrase_list *sorted[] = {&ret_overwhelm->phrases, &ret_crisis->phrases};
    for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
        if (sorted[i]->count > 0) {
            qsort(sorted[i]->items, (size_t)sorted[i]->count, sizeof(struct phrase), by_first_word);
        }
    }
}
