/* Where in a text a phrase may stand, and what is left of the text without it. */
#include "core/time_phrase.h"

#include <string.h>

#include "base/text.h"
#include "core/time_phrase_parts.h"

struct sentence {
    struct str text;
    struct phrase_token *tokens;
    size_t count;
};

/* Tokens from..to-1 are a phrase. */
struct place {
    size_t from;
    size_t to;
    struct phrase_parts parts;
};

static bool is_punctuation(char c)
{
    return c != '\0' && strchr(",.;:!?()[]\"'", c) != NULL;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Whether the word has something to compare: letters of any script or digits. */
static bool is_wordlike(struct arena *arena, struct str word)
{
    for (size_t i = 0; i < word.length; i++) {
        char c = word.ptr[i];
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '@') {
            return true;
        }
    }
    struct str *words;
    return word.length > 0 && text_words(arena, word, 1, &words) > 0;
}

/* Adds the word of the bytes from..to; pictures and lone dashes are none. */
static void add_token(struct arena *arena, struct sentence *sentence, size_t from, size_t to)
{
    struct str word = text_fold(arena, (struct str){sentence->text.ptr + from, to - from});
    bool comma = false;
    while (word.length > 0 && is_punctuation(word.ptr[word.length - 1])) {
        comma = comma || word.ptr[word.length - 1] == ',';
        word.length--;
    }
    while (word.length > 0 && is_punctuation(word.ptr[0])) {
        word = (struct str){word.ptr + 1, word.length - 1};
    }
    if (is_wordlike(arena, word)) {
        sentence->tokens[sentence->count++] =
            (struct phrase_token){.word = word, .from = from, .to = to, .comma = comma};
    }
}

/* False when the text has too many words to be a commitment. */
static bool split_words(struct arena *arena, struct str text, struct sentence *sentence)
{
    *sentence = (struct sentence){.text = text};
    size_t most = text.length / 2 + 1;
    sentence->tokens = ARENA_ARRAY(arena, struct phrase_token,
                                   most < PHRASE_TOKENS_MAX ? most : PHRASE_TOKENS_MAX);
    size_t at = 0;
    while (at < text.length) {
        while (at < text.length && is_space(text.ptr[at])) {
            at++;
        }
        size_t from = at;
        while (at < text.length && !is_space(text.ptr[at])) {
            at++;
        }
        if (at > from) {
            if (sentence->count == PHRASE_TOKENS_MAX) {
                return false;
            }
            add_token(arena, sentence, from, at);
        }
    }
    return true;
}

static bool has_class(const struct phrase_language *language, const struct sentence *sentence,
                      size_t at, enum word_class class)
{
    int value;
    return at < sentence->count && phrase_token_is(language, &sentence->tokens[at], class, &value);
}

/* Whether the word before makes something else of it: "about tomorrow", "look at 7". */
static bool is_taken_before(const struct phrase_language *language, const struct sentence *sentence,
                            const struct place *place)
{
    if (place->from == 0) {
        return false;
    }
    return has_class(language, sentence, place->from - 1, WORD_BEFORE) ||
           (place->parts.clock_is_bare &&
            has_class(language, sentence, place->from - 1, WORD_CLOCK_BEFORE));
}

/* Whether the word behind does: "in 20 minutes a day", "at 7 people's". */
static bool is_taken_behind(const struct phrase_language *language, const struct sentence *sentence,
                            const struct place *place)
{
    bool open = (place->parts.kinds & PART_SPAN) != 0 || place->parts.clock_is_bare;
    return open && !sentence->tokens[place->to - 1].comma &&
           (has_class(language, sentence, place->to, WORD_AFTER) ||
            has_class(language, sentence, place->to, WORD_NUMBER));
}

/* Whether "and" leads on to another phrase: two times are more than is understood. */
static bool is_one_of_two(const struct phrase_language *language, const struct sentence *sentence,
                          const struct place *place)
{
    struct phrase_parts other;
    size_t next = place->to + 1;
    if (!has_class(language, sentence, place->to, WORD_JOINT) || next >= sentence->count) {
        return false;
    }
    char first = sentence->tokens[next].word.ptr[0];
    return (first >= '0' && first <= '9') || /* "at 7 or 8" */
           phrase_match(language, sentence->tokens + next, sentence->count - next, &other) > 0;
}

/* Whether nothing follows, or only the second half of a verb. */
static bool is_at_end(const struct phrase_language *language, const struct sentence *sentence,
                      const struct place *place)
{
    return place->to == sentence->count || (place->to + 1 == sentence->count &&
                                            has_class(language, sentence, place->to, WORD_TAIL));
}

static bool may_stand(const struct phrase_language *language, const struct sentence *sentence,
                      const struct place *place)
{
    const struct phrase_parts *parts = &place->parts;
    bool whole = place->from == 0 && place->to == sentence->count;
    if (whole) {
        return true;
    }
    if (parts->needs_other || is_taken_before(language, sentence, place)) {
        return false;
    }
    if (is_at_end(language, sentence, place)) {
        return true;
    }
    if (is_taken_behind(language, sentence, place) || is_one_of_two(language, sentence, place)) {
        return false;
    }
    if (place->from == 0) {
        return !parts->adjective || sentence->tokens[place->to - 1].comma;
    }
    unsigned with_clock = PART_DAY | PART_REPEAT;
    return parts->strong || ((parts->kinds & PART_CLOCK) != 0 && (parts->kinds & with_clock) != 0);
}

/* The longest phrase that ends the text; without one, the first that may stand where it stands
 * (ret_first->to 0: there is none either). */
static bool find_end(const struct phrase_language *language, const struct sentence *sentence,
                     struct place *ret_end, struct place *ret_first)
{
    size_t next = 0; /* not a piece of what was refused */
    *ret_first = (struct place){0};
    for (size_t from = 0; from < sentence->count; from++) {
        struct place place = {.from = from};
        size_t taken =
            phrase_match(language, sentence->tokens + from, sentence->count - from, &place.parts);
        place.to = from + taken;
        bool stands = taken > 0 && may_stand(language, sentence, &place);
        if (stands && is_at_end(language, sentence, &place)) {
            *ret_end = place;
            return true;
        }
        if (from >= next && ret_first->to == 0 && taken > 0) {
            next = place.to;
            *ret_first = stands ? place : *ret_first;
        }
    }
    return false;
}

/* The first phrase that may stand where it stands, before `limit`. */
static bool find_first(const struct phrase_language *language, const struct sentence *sentence,
                       size_t limit, struct place *ret_place)
{
    size_t from = 0;
    while (from < limit) {
        struct place place = {.from = from};
        size_t taken = phrase_match(language, sentence->tokens + from, limit - from, &place.parts);
        place.to = from + taken;
        if (taken > 0 && may_stand(language, sentence, &place)) {
            *ret_place = place;
            return true;
        }
        from += taken > 0 ? taken : 1; /* not a piece of what was refused */
    }
    return false;
}

static bool is_joint(char c)
{
    return is_space(c) || c == ',' || c == ';' || c == ':' || c == '-';
}

/* Without what joined it to the phrase that was taken out: white space, commas, dashes. */
static struct str trim_joints(struct str text)
{
    static const struct str dashes[] = {{"\xE2\x80\x93", 3}, {"\xE2\x80\x94", 3}};
    size_t before;
    do {
        before = text.length;
        while (text.length > 0 && is_joint(text.ptr[0])) {
            text = (struct str){text.ptr + 1, text.length - 1};
        }
        while (text.length > 0 && is_joint(text.ptr[text.length - 1])) {
            text.length--;
        }
        for (size_t i = 0; i < 2; i++) {
            size_t length = dashes[i].length;
            if (str_starts(text, dashes[i])) {
                text = (struct str){text.ptr + length, text.length - length};
            }
            if (text.length >= length &&
                memcmp(text.ptr + text.length - length, dashes[i].ptr, length) == 0) {
                text.length -= length;
            }
        }
    } while (text.length < before);
    return text;
}

/* Takes the tokens from..to-1 out of the text. */
static struct str without(struct arena *arena, const struct sentence *sentence, size_t from,
                          size_t to)
{
    struct str text = sentence->text;
    size_t end = sentence->tokens[to - 1].to;
    struct str before = trim_joints((struct str){text.ptr, sentence->tokens[from].from});
    struct str behind = trim_joints((struct str){text.ptr + end, text.length - end});
    if (before.length == 0 || behind.length == 0) {
        return before.length == 0 ? behind : before;
    }
    return arena_printf(arena, "%.*s %.*s", STR_ARG(before), STR_ARG(behind));
}

/* A phrase at the end, one before it, or both when they complete each other. */
static bool parse_in(struct arena *arena, const struct phrase_language *language,
                     const struct sentence *sentence, struct phrase_parts *ret_parts,
                     struct str *ret_rest)
{
    struct place end;
    struct place first;
    phrase_classify(language, sentence->tokens, sentence->count);
    if (!find_end(language, sentence, &end, &first)) {
        if (first.to == 0) {
            return false;
        }
        *ret_parts = first.parts;
        *ret_rest = without(arena, sentence, first.from, first.to);
        return true;
    }
    *ret_parts = end.parts;
    *ret_rest = without(arena, sentence, end.from, end.to);
    if (find_first(language, sentence, end.from, &first) &&
        phrase_parts_fit(&first.parts, &end.parts) && first.from == 0 && first.to < end.from) {
        phrase_parts_add(ret_parts, &first.parts);
        struct sentence shorter = {.tokens = sentence->tokens};
        shorter.text = (struct str){sentence->text.ptr, sentence->tokens[end.from].from};
        *ret_rest = without(arena, &shorter, first.from, first.to);
    }
    return true;
}

void time_phrase_parse(struct arena *arena, struct str text, const char *language,
                       const struct zone *zone, int64_t now_ms, struct time_phrase *ret)
{
    bool german = language != NULL && str_starts(str_of(language), STR("de"));
    const struct phrase_language *order[2] = {&phrase_english, &phrase_german};
    struct sentence sentence;
    *ret = (struct time_phrase){.rest = str_trim(text)};
    if (!split_words(arena, text, &sentence)) {
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        struct phrase_parts parts;
        struct str rest;
        if (parse_in(arena, order[german ? 1 - i : i], &sentence, &parts, &rest)) {
            phrase_resolve(&parts, zone, now_ms, ret);
            ret->rest = rest;
            return;
        }
    }
}
