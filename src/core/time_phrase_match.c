/* Patterns against tokens. From a place in the text, parts are taken as long as patterns fit, the
 * longest first, and a part of each kind at most once: "tomorrow at 9" and "at 9 tomorrow" alike.
 */
#include "core/time_phrase_parts.h"

#include <string.h>

#include "base/limits.h"

enum {
    SPAN_MINUTES_MAX = 366 * 24 * 60,
    DAY_MINUTES = 24 * 60,
};

/* What stood in the places of a pattern. */
struct places {
    int tenths; /* of a unit; 0: not named */
    int unit_minutes;
    int weekday;
    int hours; /* -1: not named */
    struct phrase_parts clock;
};

/* Whether the listed letter is an umlaut that the word writes out there: "ueber". */
static bool is_written_out(struct str word, size_t at, const char *listed)
{
    if (listed[0] != '\xC3' || word.length - at < 2 || word.ptr[at + 1] != 'e') {
        return false;
    }
    char plain = listed[1] == '\xA4' ? 'a' : listed[1] == '\xB6' ? 'o' : 'u';
    return word.ptr[at] == plain && (plain != 'u' || listed[1] == '\xBC');
}

bool phrase_word_is(struct str word, const char *listed)
{
    size_t at = 0;
    while (*listed != '\0' && *listed != ' ') {
        if (at < word.length && word.ptr[at] == *listed) {
            at++;
            listed++;
        } else if (at < word.length && is_written_out(word, at, listed)) {
            at += 2;
            listed += 2;
        } else {
            return false;
        }
    }
    return at == word.length;
}

bool phrase_lookup(const struct phrase_language *language, struct str word, enum word_class class,
                   int *ret_value)
{
    struct phrase_candidates candidates = phrase_words(language, word);
    for (size_t i = 0; i < candidates.count; i++) {
        const struct phrase_word *listed = &language->words[candidates.items[i]];
        if (listed->class == class && phrase_word_is(word, listed->text)) {
            *ret_value = listed->value;
            return true;
        }
    }
    return false;
}

bool phrase_token_is(const struct phrase_language *language, const struct phrase_token *token,
                     enum word_class class, int *ret_value)
{
    return (token->classes & (1u << class)) != 0 &&
           phrase_lookup(language, token->word, class, ret_value);
}

/* "20", "1.5", "1,5", in tenths. */
static bool digits_of(struct str word, int *ret_tenths)
{
    struct str whole = word;
    int64_t tenth = 0;
    if (word.length > 2 && (word.ptr[word.length - 2] == '.' || word.ptr[word.length - 2] == ',')) {
        whole.length -= 2;
        if (!str_to_int64((struct str){word.ptr + word.length - 1, 1}, &tenth)) {
            return false;
        }
    }
    int64_t value;
    if (whole.length <= 4 && str_to_int64(whole, &value)) {
        *ret_tenths = (int)(value * 10 + tenth);
        return *ret_tenths > 0;
    }
    return false;
}

/* "20min", "2h". */
static bool span_of(const struct phrase_language *language, struct str word, struct places *places)
{
    size_t digits = 0;
    while (digits < word.length && strchr("0123456789.,", word.ptr[digits]) != NULL) {
        digits++;
    }
    struct str unit = {word.ptr + digits, word.length - digits};
    return digits > 0 && digits_of((struct str){word.ptr, digits}, &places->tenths) &&
           phrase_lookup(language, unit, WORD_UNIT, &places->unit_minutes);
}

/* "freitagabend". */
static bool weekday_and_hours(const struct phrase_language *language, struct str word,
                              struct places *places)
{
    struct phrase_candidates candidates = phrase_words(language, word);
    for (size_t i = 0; i < candidates.count; i++) {
        const struct phrase_word *weekday = &language->words[candidates.items[i]];
        if (weekday->class != WORD_WEEKDAY) {
            continue;
        }
        struct str name = str_of(weekday->text);
        if (str_starts(word, name) &&
            phrase_lookup(language, (struct str){word.ptr + name.length, word.length - name.length},
                          WORD_HOURS, &places->hours)) {
            places->weekday = weekday->value;
            return true;
        }
    }
    return false;
}

static size_t take_clock(const struct phrase_language *language, const struct phrase_token *tokens,
                         size_t count, int level_min, struct places *places)
{
    int level = 0;
    size_t taken = language->clock(language, tokens, count, &places->clock, &level);
    places->clock.clock_is_bare = level == 0;
    return taken > 0 && level >= level_min ? taken : 0;
}

/* How many tokens fill the place; 0: they do not. */
static size_t take_place(const struct phrase_language *language, char place,
                         const struct phrase_token *tokens, size_t count, struct places *places)
{
    struct str word = tokens[0].word;
    switch (place) {
    case 'n':
        return digits_of(word, &places->tenths) ||
               phrase_token_is(language, tokens, WORD_NUMBER, &places->tenths);
    case 'u':
        return phrase_token_is(language, tokens, WORD_UNIT, &places->unit_minutes);
    case 's':
        return span_of(language, word, places);
    case 'w':
        return phrase_token_is(language, tokens, WORD_WEEKDAY, &places->weekday);
    case 'v':
        return phrase_token_is(language, tokens, WORD_WEEKDAY, &places->weekday) ||
               phrase_token_is(language, tokens, WORD_WEEKDAY_SHORT, &places->weekday);
    case 'W':
        return phrase_token_is(language, tokens, WORD_WEEKDAYS, &places->weekday);
    case 'p':
        return phrase_token_is(language, tokens, WORD_HOURS, &places->hours);
    case 'x':
        return weekday_and_hours(language, word, places);
    case 'c':
        return take_clock(language, tokens, count, 0, places);
    case 'f':
        return take_clock(language, tokens, count, 1, places);
    case 'g':
        return take_clock(language, tokens, count, 2, places);
    default:
        return 0;
    }
}

/* How many tokens the pattern takes; 0: it does not fit. */
static size_t take_pattern(const struct phrase_language *language, const char *pattern,
                           const struct phrase_token *tokens, size_t count, struct places *places)
{
    size_t at = 0;
    for (const char *part = pattern;;) {
        if (at == count) {
            return 0;
        }
        size_t taken;
        if (part[0] == '%') {
            taken = take_place(language, part[1], tokens + at, count - at, places);
        } else {
            taken = phrase_word_is(tokens[at].word, part);
        }
        if (taken == 0) {
            return 0;
        }
        at += taken;
        part = strchr(part, ' ');
        if (part == NULL) {
            return at;
        }
        part++;
    }
}

static bool put_span(const struct phrase_pattern *pattern, const struct places *places,
                     struct phrase_parts *parts)
{
    int tenths = places->tenths > 0 ? places->tenths : pattern->value;
    int64_t minutes = (int64_t)tenths * places->unit_minutes / 10;
    if (minutes < 1 || minutes > SPAN_MINUTES_MAX) {
        return false;
    }
    if (places->unit_minutes < DAY_MINUTES) {
        parts->kinds = PART_SPAN;
        parts->span_ms = minutes * MINUTE_MS;
        return true;
    }
    parts->kinds = PART_DAY;
    parts->day = DAY_AFTER;
    parts->day_value = (int)(minutes / DAY_MINUTES);
    return minutes % DAY_MINUTES == 0;
}

static void put_day(struct phrase_parts *parts, enum day_kind kind, int value)
{
    parts->kinds |= PART_DAY;
    parts->day = kind;
    parts->day_value = value;
}

static void put_hours(struct phrase_parts *parts, int hours)
{
    parts->kinds |= PART_HOURS;
    parts->hours = (enum hours_kind)hours;
}

static void put_repeat(struct phrase_parts *parts, enum repeat_kind repeat, int weekday)
{
    parts->kinds |= PART_REPEAT;
    parts->repeat = repeat;
    parts->repeat_weekday = weekday;
}

/* The parts that the pattern means; false when its numbers make no sense. */
static bool put_effect(const struct phrase_pattern *pattern, const struct places *places,
                       struct phrase_parts *parts)
{
    int weekday = places->weekday > 0 ? places->weekday : pattern->value;
    int hours = places->hours >= 0 ? places->hours : pattern->value;
    *parts = (struct phrase_parts){0};
    switch (pattern->effect) {
    case EFFECT_SPAN:
        return put_span(pattern, places, parts);
    case EFFECT_DAY:
        put_day(parts, DAY_AFTER, pattern->value);
        return true;
    case EFFECT_DAY_HOURS:
        put_day(parts, DAY_AFTER, pattern->value);
        put_hours(parts, places->hours >= 0 ? places->hours : (int)HOURS_EVENING);
        return true;
    case EFFECT_WEEKDAY:
        put_day(parts, DAY_WEEKDAY, weekday);
        if (places->hours >= 0) {
            put_hours(parts, places->hours);
        }
        return true;
    case EFFECT_NEXT_WEEKDAY:
        put_day(parts, DAY_NEXT_WEEKDAY, weekday);
        return true;
    case EFFECT_HOURS:
        put_hours(parts, hours);
        return true;
    case EFFECT_CLOCK:
        *parts = places->clock;
        parts->kinds = PART_CLOCK;
        return true;
    case EFFECT_DAILY:
        put_repeat(parts, REPEAT_DAILY, 0);
        return true;
    case EFFECT_DAILY_HOURS:
        put_repeat(parts, REPEAT_DAILY, 0);
        put_hours(parts, hours);
        return true;
    case EFFECT_WEEKDAYS:
        put_repeat(parts, REPEAT_WEEKDAYS, 0);
        return true;
    case EFFECT_WEEKLY:
        put_repeat(parts, REPEAT_WEEKLY, weekday);
        return true;
    }
    return false;
}

static unsigned classes_of(const struct phrase_language *language, struct str word)
{
    unsigned classes = 0;
    struct phrase_candidates candidates = phrase_words(language, word);
    for (size_t i = 0; i < candidates.count; i++) {
        const struct phrase_word *listed = &language->words[candidates.items[i]];
        if (phrase_word_is(word, listed->text)) {
            classes |= 1u << listed->class;
        }
    }
    return classes;
}

/* Whether the token may fill a place at the beginning of a pattern. */
static bool fills_place(const struct phrase_language *language, const struct phrase_token *token)
{
    enum {
        PLACES = 1u << WORD_NUMBER | 1u << WORD_UNIT | 1u << WORD_WEEKDAY |
                 1u << WORD_WEEKDAY_SHORT | 1u << WORD_WEEKDAYS | 1u << WORD_HOURS |
                 1u << WORD_CLOCK,
    };
    struct places places;
    char first = token->word.ptr[0]; /* of a number, a span or a clock in digits */
    return (first >= '0' && first <= '9') || (token->classes & PLACES) != 0 ||
           weekday_and_hours(language, token->word, &places);
}

static bool may_begin(const struct phrase_language *language, const struct phrase_token *token)
{
    if (fills_place(language, token)) {
        return true;
    }
    struct phrase_candidates candidates = phrase_patterns(language, token->word);
    for (size_t i = 0; i < candidates.count; i++) {
        const char *text = language->patterns[candidates.items[i]].text;
        if (text[0] != '%' && phrase_word_is(token->word, text)) {
            return true;
        }
    }
    return false;
}

void phrase_classify(const struct phrase_language *language, struct phrase_token *tokens,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tokens[i].classes = classes_of(language, tokens[i].word);
        tokens[i].begins = may_begin(language, &tokens[i]);
    }
}

/* The longest pattern that fits and whose parts do not stand yet. */
static size_t take_part(const struct phrase_language *language, const struct phrase_token *tokens,
                        size_t count, unsigned kinds, struct phrase_parts *ret_parts)
{
    size_t best = 0;
    struct phrase_candidates candidates = phrase_patterns(language, tokens[0].word);
    for (size_t i = 0; i < candidates.count; i++) {
        const struct phrase_pattern *pattern = &language->patterns[candidates.items[i]];
        struct places places = {.hours = -1};
        struct phrase_parts parts;
        size_t taken = take_pattern(language, pattern->text, tokens, count, &places);
        if (taken <= best || !put_effect(pattern, &places, &parts) || (parts.kinds & kinds) != 0) {
            continue;
        }
        parts.strong = (pattern->flags & PATTERN_STRONG) != 0;
        parts.needs_other = (pattern->flags & PATTERN_NEEDS_OTHER) != 0;
        parts.adjective = (pattern->flags & PATTERN_ADJECTIVE) != 0;
        best = taken;
        *ret_parts = parts;
    }
    return best;
}

bool phrase_parts_fit(const struct phrase_parts *a, const struct phrase_parts *b)
{
    unsigned both = a->kinds | b->kinds;
    if ((a->kinds & b->kinds) != 0) {
        return false;
    }
    /* A span is an instant already; a repeat has days of its own. */
    return (both & PART_SPAN) == 0 && (both & (PART_DAY | PART_REPEAT)) != (PART_DAY | PART_REPEAT);
}

void phrase_parts_add(struct phrase_parts *parts, const struct phrase_parts *added)
{
    struct phrase_parts sum = *parts;
    sum.kinds |= added->kinds;
    if ((added->kinds & PART_DAY) != 0) {
        sum.day = added->day;
        sum.day_value = added->day_value;
    }
    if ((added->kinds & PART_HOURS) != 0) {
        sum.hours = added->hours;
    }
    if ((added->kinds & PART_CLOCK) != 0) {
        sum.hour = added->hour;
        sum.minute = added->minute;
        sum.hour_is_open = added->hour_is_open;
        sum.clock_is_bare = added->clock_is_bare;
    }
    if ((added->kinds & PART_REPEAT) != 0) {
        sum.repeat = added->repeat;
        sum.repeat_weekday = added->repeat_weekday;
    }
    sum.strong = parts->strong || added->strong;
    sum.needs_other = false;
    sum.adjective = parts->adjective && (sum.kinds & PART_CLOCK) == 0;
    *parts = sum;
}

size_t phrase_match(const struct phrase_language *language, const struct phrase_token *tokens,
                    size_t count, struct phrase_parts *ret_parts)
{
    struct phrase_parts sum;
    if (!tokens[0].begins) {
        return 0;
    }
    size_t at = take_part(language, tokens, count, 0, &sum);
    while (at > 0 && at < count && tokens[at].begins) {
        struct phrase_parts next;
        size_t taken = take_part(language, tokens + at, count - at, sum.kinds, &next);
        if (taken == 0 || !phrase_parts_fit(&sum, &next)) {
            break;
        }
        phrase_parts_add(&sum, &next);
        at += taken;
    }
    if (at > 0) {
        *ret_parts = sum;
    }
    return at;
}
