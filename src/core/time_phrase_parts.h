/* What the files of time phrases share. Private to core/time_phrase*.c.
 *
 * A text becomes tokens, tokens become parts (a day, a part of the day, a clock, a span, a repeat)
 * by the patterns of a language, and parts become an instant. */
#pragma once

#include "core/time_phrase.h"

enum { PHRASE_TOKENS_MAX = 256 };

/* A word of the text between white space. */
struct phrase_token {
    struct str word; /* folded, without punctuation around it; never empty */
    size_t from;     /* bytes of the text it stands in, with its punctuation */
    size_t to;
    bool comma;       /* one follows it */
    unsigned classes; /* bits of enum word_class: what it is in the language being tried */
    bool begins;      /* some pattern of that language may begin with it */
};

/* Bits: which parts a phrase has. */
enum {
    PART_SPAN = 1,
    PART_DAY = 2,
    PART_HOURS = 4,
    PART_CLOCK = 8,
    PART_REPEAT = 16,
};

enum day_kind { DAY_AFTER, DAY_WEEKDAY, DAY_NEXT_WEEKDAY };
enum hours_kind { HOURS_MORNING, HOURS_NOON, HOURS_AFTERNOON, HOURS_EVENING };

struct phrase_parts {
    unsigned kinds;
    int64_t span_ms;
    enum day_kind day;
    int day_value; /* days after today, or the weekday */
    enum hours_kind hours;
    int hour; /* 0..24 */
    int minute;
    bool hour_is_open;  /* 7 may be 19 */
    bool clock_is_bare; /* a number alone: "at 7" */
    enum repeat_kind repeat;
    int repeat_weekday; /* 0: not named */
    bool strong;        /* cannot be anything else, also in the middle of a text */
    bool needs_other;   /* too weak alone: "morning", "9:30" */
    bool adjective;     /* at the start it may belong to the next word: "daily walk" */
};

/* The classes of words that patterns have places for. */
enum word_class {
    WORD_NUMBER,        /* value: tenths */
    WORD_UNIT,          /* value: minutes */
    WORD_WEEKDAY,       /* 1..7 */
    WORD_WEEKDAY_SHORT, /* 1..7 */
    WORD_WEEKDAYS,      /* "Mondays": 1..7 */
    WORD_HOURS,         /* enum hours_kind */
    WORD_BEFORE,        /* what follows it is no phrase: "about tomorrow" */
    WORD_AFTER,         /* what stands before it is no phrase: "in 20 minutes of silence" */
    WORD_TAIL,          /* ends a sentence behind a phrase: "ich rufe Oma am Sonntag an" */
    WORD_JOINT,         /* two phrases may stand around it: "Monday and Thursday" */
    WORD_CLOCK_BEFORE,  /* what follows it is no bare hour: "look at 7" */
    WORD_CLOCK,         /* a clock may begin with it: "noon", "half past seven" */
};

struct phrase_word {
    const char *text; /* folded */
    enum word_class class;
    int value;
};

/* What a pattern means. */
enum effect {
    EFFECT_SPAN,         /* value: tenths of the unit when the pattern has no number */
    EFFECT_DAY,          /* value: days after today */
    EFFECT_DAY_HOURS,    /* value: days after today; the hours from the pattern */
    EFFECT_WEEKDAY,      /* value: the weekday when the pattern has none */
    EFFECT_NEXT_WEEKDAY, /* after today; value as above */
    EFFECT_HOURS,        /* value: when the pattern has none */
    EFFECT_CLOCK,
    EFFECT_DAILY,
    EFFECT_DAILY_HOURS,
    EFFECT_WEEKDAYS,
    EFFECT_WEEKLY, /* value: the weekday when the pattern has none; 0: not named */
};

enum {
    PATTERN_STRONG = 1,
    PATTERN_NEEDS_OTHER = 2,
    PATTERN_ADJECTIVE = 4,
};

/* Words with a space between; places: %n number, %u unit, %s both in one word ("20min"), %w
 * weekday, %v weekday or its short form, %W weekdays in the plural, %p part of the day, %x weekday
 * and part of the day in one word ("freitagabend"), %c clock, %f clock that shows it is one
 * ("18:00", "6pm"), %g clock that can be nothing else ("6pm", "18 Uhr"). */
struct phrase_pattern {
    const char *text;
    enum effect effect;
    int value;
    unsigned flags;
};

struct phrase_language {
    const char *code;
    const struct phrase_pattern *patterns;
    size_t pattern_count;
    const struct phrase_word *words;
    size_t word_count;
    /* Takes a clock off the tokens; returns how many make it, 0: none. *ret_level: 0 a bare number,
     * 1 the form of a clock, 2 nothing else. */
    size_t (*clock)(const struct phrase_language *language, const struct phrase_token *tokens,
                    size_t count, struct phrase_parts *parts, int *ret_level);
};

extern const struct phrase_language phrase_english;
extern const struct phrase_language phrase_german;

/* time_phrase_index.c: the words and the patterns that a word of a text may be or begin, as indices
 * in the language's order. The word of phrase_patterns is not empty. */
struct phrase_candidates {
    const uint16_t *items;
    size_t count;
};
struct phrase_candidates phrase_words(const struct phrase_language *language, struct str word);
struct phrase_candidates phrase_patterns(const struct phrase_language *language, struct str word);

/* time_phrase_match.c: the parts that the tokens begin with; returns how many tokens they take. */
size_t phrase_match(const struct phrase_language *language, const struct phrase_token *tokens,
                    size_t count, struct phrase_parts *ret_parts);
/* Whether two groups of parts can be one phrase, and making them one. */
bool phrase_parts_fit(const struct phrase_parts *a, const struct phrase_parts *b);
void phrase_parts_add(struct phrase_parts *parts, const struct phrase_parts *added);
/* Whether the word of the text is the word of a table, or the first one of a pattern; "ae" is taken
 * for "ä" and so on. */
bool phrase_word_is(struct str word, const char *listed);
/* Notes what the tokens are in the language; before anything else is asked about them. */
void phrase_classify(const struct phrase_language *language, struct phrase_token *tokens,
                     size_t count);
/* The value of the token in the class; false when it is none of it. */
bool phrase_token_is(const struct phrase_language *language, const struct phrase_token *token,
                     enum word_class class, int *ret_value);
/* The same of any word. */
bool phrase_lookup(const struct phrase_language *language, struct str word, enum word_class class,
                   int *ret_value);

/* time_phrase_clock.c: h:mm or h.mm into the parts; *ret_zero: written with a leading zero. */
bool phrase_clock_digits(struct str word, int *ret_hour, int *ret_minute, bool *ret_zero);
size_t phrase_clock_english(const struct phrase_language *language,
                            const struct phrase_token *tokens, size_t count,
                            struct phrase_parts *parts, int *ret_level);
size_t phrase_clock_german(const struct phrase_language *language,
                           const struct phrase_token *tokens, size_t count,
                           struct phrase_parts *parts, int *ret_level);

/* time_phrase_resolve.c: fills all of *ret but `rest`. */
void phrase_resolve(const struct phrase_parts *parts, const struct zone *zone, int64_t now_ms,
                    struct time_phrase *ret);
