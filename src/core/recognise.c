/* Phrases are compared word by word, so that "it" never matches inside "with", in any script that
 * base/text.h can cut into words. Apostrophes and umlauts are what people leave out on a strange
 * keyboard: "cant" is "can't", and "moechte" and "mochte" are "möchte". A phrase counts unless a
 * near-miss covers it where it stands: "too much" in "not too much" does not, but a second "too
 * much" in the same text does; nor does a near-miss cover a longer phrase. */
#include "core/recognise.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool is_umlaut(const char *bytes, size_t length)
{
    return length >= 2 && bytes[0] == '\xc3' &&
           (bytes[1] == '\xa4' || bytes[1] == '\xb6' || bytes[1] == '\xbc');
}

/* Whether the word is compared as it stands. */
static bool is_comparable(struct str word)
{
    for (size_t i = 0; i < word.length; i++) {
        char c = word.ptr[i];
        if (c == '\'' || c == '\xc3' || (c == 'e' && i > 0)) {
            return false;
        }
    }
    return true;
}

/* The word as it is compared: no apostrophes; ä, ae and a are one letter, so are the others. */
static struct str comparable(struct arena *arena, struct str word)
{
    if (is_comparable(word)) {
        return word;
    }
    char *bytes = arena_alloc(arena, word.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < word.length; i++) {
        char before = i > 0 ? word.ptr[i - 1] : '\0';
        bool marks_umlaut = word.ptr[i] == 'e' && (before == 'a' || before == 'o' || before == 'u');
        if (is_umlaut(word.ptr + i, word.length - i)) {
            i++;
            bytes[length++] = word.ptr[i] == '\xa4' ? 'a' : word.ptr[i] == '\xb6' ? 'o' : 'u';
        } else if (word.ptr[i] != '\'' && !marks_umlaut) {
            bytes[length++] = word.ptr[i];
        }
    }
    return (struct str){bytes, length};
}

/* Adds the words of a piece of text that has no wildcard. */
static void add_words(struct arena *arena, struct str text, struct phrase *phrase)
{
    struct str *words = NULL;
    size_t room = (size_t)(RECOGNISE_WORDS_MAX - phrase->count);
    size_t count = text_words(arena, text, room, &words);
    for (size_t i = 0; i < count; i++) {
        phrase->words[phrase->count++] = comparable(arena, words[i]);
    }
}

static bool is_wildcard(char byte)
{
    return byte == '*' || byte == '#';
}

struct phrase recognise_words(struct arena *arena, struct str text, bool with_wildcards)
{
    struct str folded = text_fold(arena, text);
    size_t room = folded.length < RECOGNISE_WORDS_MAX ? folded.length + 1 : RECOGNISE_WORDS_MAX;
    struct phrase phrase = {.words = ARENA_ARRAY(arena, struct str, room)};
    size_t from = 0;
    for (size_t i = 0; with_wildcards && i < folded.length; i++) {
        if (is_wildcard(folded.ptr[i]) && phrase.count < RECOGNISE_WORDS_MAX) {
            add_words(arena, (struct str){folded.ptr + from, i - from}, &phrase);
            if (phrase.count < RECOGNISE_WORDS_MAX) {
                phrase.words[phrase.count++] = (struct str){folded.ptr + i, 1};
            }
            from = i + 1;
        }
    }
    add_words(arena, (struct str){folded.ptr + from, folded.length - from}, &phrase);
    return phrase;
}

/* Whether a word of a text is what a word of a phrase asks for. */
static bool fits(struct str wanted, struct str word)
{
    if (str_is(wanted, "*")) {
        return true;
    }
    if (str_is(wanted, "#")) {
        return word.length > 0 && word.ptr[0] >= '0' && word.ptr[0] <= '9';
    }
    return str_equal(wanted, word);
}

static bool matches_at(const struct phrase *text, int at, const struct phrase *phrase)
{
    if (at < 0 || at + phrase->count > text->count) {
        return false;
    }
    for (int i = 0; i < phrase->count; i++) {
        if (!fits(phrase->words[i], text->words[at + i])) {
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

/* The bit of a word among those that begin phrases. */
static unsigned beginning_of(struct str word)
{
    unsigned first = (unsigned char)word.ptr[0];
    unsigned last = (unsigned char)word.ptr[word.length - 1];
    return (first * 31 + last * 7 + (unsigned)word.length) % BEGINNINGS;
}

static bool may_begin(const struct state_words *state, struct str word)
{
    unsigned bit = word.length > 0 ? beginning_of(word) : 0;
    return word.length > 0 && (state->begins[bit / 8] >> bit % 8 & 1) != 0;
}

bool recognise_state(const struct state_words *state, const struct phrase *text)
{
    const struct phrase_list *phrases = &state->phrases;
    for (int at = 0; at < text->count; at++) {
        struct str word = text->words[at];
        if (!may_begin(state, word)) {
            continue;
        }
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

static void index_by_first_word(struct state_words *state)
{
    struct phrase_list *phrases = &state->phrases;
    if (phrases->count > 0) {
        qsort(phrases->items, (size_t)phrases->count, sizeof(struct phrase), by_first_word);
    }
    for (int i = 0; i < phrases->count; i++) {
        struct str first = phrases->items[i].words[0];
        unsigned bit = first.length > 0 ? beginning_of(first) : 0;
        state->begins[bit / 8] |= (unsigned char)(1u << bit % 8);
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
    index_by_first_word(ret_overwhelm);
    index_by_first_word(ret_crisis);
}
