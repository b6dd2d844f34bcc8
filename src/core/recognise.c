/* Phrases are compared word by word, so that "it" never matches inside "with", in any script that
 * base/text.h can cut into words. A phrase counts unless a near-miss covers it where it stands:
 * "too much" in "not too much" does not, but a second "too much" in the same text does. */
#include "core/recognise.h"

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

static bool matches_at(const struct phrase *text, int at, const struct phrase *phrase)
{
    if (at < 0 || at + phrase->count > text->count) {
        return false;
    }
    for (int i = 0; i < phrase->count; i++) {
        if (!str_is(phrase->words[i], "*") && !str_equal(phrase->words[i], text->words[at + i])) {
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

bool recognise_state(const struct state_words *state, const struct phrase *text)
{
    for (int i = 0; i < state->phrases.count; i++) {
        const struct phrase *phrase = &state->phrases.items[i];
        for (int at = 0; at + phrase->count <= text->count; at++) {
            if (matches_at(text, at, phrase) &&
                !is_covered(&state->near_misses, text, at, phrase->count)) {
                return true;
            }
        }
    }
    return false;
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
}
