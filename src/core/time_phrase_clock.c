/* Clocks as people write them: "18:30", "6pm", "half past 7"; "18 Uhr", "halb 8". */
#include "core/time_phrase_parts.h"

#include "base/check.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool digits(struct str word, int *ret_value)
{
    int64_t value;
    if (word.length > 2 || !str_to_int64(word, &value)) {
        return false;
    }
    *ret_value = (int)value;
    return true;
}

bool phrase_clock_digits(struct str word, int *ret_hour, int *ret_minute, bool *ret_zero)
{
    for (size_t i = 1; i < word.length; i++) {
        if (word.ptr[i] != ':' && word.ptr[i] != '.') {
            continue;
        }
        struct str hour = {word.ptr, i};
        struct str minute = {word.ptr + i + 1, word.length - i - 1};
        *ret_zero = hour.length == 2 && hour.ptr[0] == '0';
        return minute.length == 2 && digits(hour, ret_hour) && digits(minute, ret_minute) &&
               *ret_hour <= 23 && *ret_minute <= 59;
    }
    return false;
}

/* An hour as a number or a word, 0..23. */
static bool hour_of(const struct phrase_language *language, const struct phrase_token *token,
                    int *ret_hour)
{
    int tenths;
    if (digits(token->word, ret_hour)) {
        return *ret_hour <= 23;
    }
    if (!phrase_token_is(language, token, WORD_NUMBER, &tenths) || tenths % 10 != 0 ||
        tenths < 10 || tenths > 120) {
        return false;
    }
    *ret_hour = tenths / 10;
    return true;
}

static void put_clock(struct phrase_parts *parts, int hour, int minute, bool open)
{
    parts->hour = hour;
    parts->minute = minute;
    parts->hour_is_open = open && hour >= 1 && hour <= 12;
}

/* "am", "pm" and their forms with points: 0 or 12; -1: none. */
static int half_day(struct str word)
{
    if (str_is(word, "am") || str_is(word, "a.m")) {
        return 0;
    }
    return str_is(word, "pm") || str_is(word, "p.m") ? 12 : -1;
}

/* The hour on the 24-hour clock; false when 13pm or 0am was written. */
static bool put_half_day(struct phrase_parts *parts, int hour, int minute, int half)
{
    if (hour < 1 || hour > 12) {
        return false;
    }
    put_clock(parts, hour % 12 + half, minute, false);
    return true;
}

/* "6pm", "6:30pm". */
static bool glued_half_day(struct str word, struct phrase_parts *parts)
{
    size_t at = 0;
    while (at < word.length &&
           (is_digit(word.ptr[at]) || word.ptr[at] == ':' ||
            (word.ptr[at] == '.' && at + 1 < word.length && is_digit(word.ptr[at + 1])))) {
        at++;
    }
    struct str clock = {word.ptr, at};
    int half = half_day((struct str){word.ptr + at, word.length - at});
    int hour;
    int minute = 0;
    bool zero;
    if (half < 0 || (!digits(clock, &hour) && !phrase_clock_digits(clock, &hour, &minute, &zero))) {
        return false;
    }
    return put_half_day(parts, hour, minute, half);
}

/* "noon", "midnight": the minute of the day, or -1. */
static int named_clock(struct str word)
{
    if (str_is(word, "noon") || str_is(word, "midday")) {
        return 12;
    }
    return str_is(word, "midnight") || str_is(word, "mitternacht") ? 24 : -1;
}

/* The minutes that words before an hour add: "half past", "quarter to"; false: none of them. */
static bool english_fraction(const struct phrase_token *tokens, size_t count, int *ret_minutes)
{
    if (count < 3) {
        return false;
    }
    bool past = str_is(tokens[1].word, "past");
    bool to = str_is(tokens[1].word, "to");
    if (str_is(tokens[0].word, "half") && past) {
        *ret_minutes = 30;
        return true;
    }
    *ret_minutes = past ? 15 : -15;
    return str_is(tokens[0].word, "quarter") && (past || to);
}

static void put_fraction(struct phrase_parts *parts, int hour, int minutes)
{
    if (minutes < 0) {
        hour = hour == 0 ? 23 : hour - 1;
        minutes += 60;
    }
    put_clock(parts, hour, minutes, true);
}

size_t phrase_clock_english(const struct phrase_language *language,
                            const struct phrase_token *tokens, size_t count,
                            struct phrase_parts *parts, int *ret_level)
{
    int hour;
    int minute;
    bool zero;
    ASSERT(count > 0);
    *ret_level = 2;
    if (named_clock(tokens[0].word) >= 0) {
        put_clock(parts, named_clock(tokens[0].word), 0, false);
        *ret_level = 1;
        return 1;
    }
    if (glued_half_day(tokens[0].word, parts)) {
        return 1;
    }
    if (english_fraction(tokens, count, &minute) && hour_of(language, &tokens[2], &hour)) {
        put_fraction(parts, hour, minute);
        return 3;
    }
    bool full = phrase_clock_digits(tokens[0].word, &hour, &minute, &zero);
    if (!full && !hour_of(language, &tokens[0], &hour)) {
        return 0;
    }
    minute = full ? minute : 0;
    int half = count > 1 ? half_day(tokens[1].word) : -1;
    if (half >= 0) {
        return put_half_day(parts, hour, minute, half) ? 2 : 0;
    }
    if (!full && count > 1 && str_is(tokens[1].word, "o'clock")) {
        put_clock(parts, hour, 0, true);
        return 2;
    }
    put_clock(parts, hour, minute, !full || !zero);
    *ret_level = full ? 1 : 0;
    return 1;
}

/* "halb 8" is 7:30, "viertel nach 7", "viertel vor 8", "dreiviertel 8" is 7:45. */
static size_t german_fraction(const struct phrase_language *language,
                              const struct phrase_token *tokens, size_t count,
                              struct phrase_parts *parts)
{
    int hour;
    int minutes = 0;
    size_t words = 1;
    if (str_is(tokens[0].word, "halb")) {
        minutes = -30;
    } else if (str_is(tokens[0].word, "dreiviertel")) {
        minutes = -15;
    } else if (count > 2 && str_is(tokens[0].word, "viertel")) {
        words = 2;
        minutes = str_is(tokens[1].word, "nach") ? 15 : str_is(tokens[1].word, "vor") ? -15 : 0;
    }
    if (minutes == 0 || count <= words || !hour_of(language, &tokens[words], &hour)) {
        return 0;
    }
    put_fraction(parts, hour, minutes);
    return words + 1;
}

static bool is_uhr(const struct phrase_token *tokens, size_t count, size_t at)
{
    return at < count && (str_is(tokens[at].word, "uhr") || str_is(tokens[at].word, "h"));
}

/* "18h", "18uhr". */
static bool glued_uhr(struct str word, int *ret_hour)
{
    size_t at = 0;
    while (at < word.length && is_digit(word.ptr[at])) {
        at++;
    }
    struct str unit = {word.ptr + at, word.length - at};
    return digits((struct str){word.ptr, at}, ret_hour) && *ret_hour <= 23 &&
           (str_is(unit, "uhr") || str_is(unit, "h"));
}

size_t phrase_clock_german(const struct phrase_language *language,
                           const struct phrase_token *tokens, size_t count,
                           struct phrase_parts *parts, int *ret_level)
{
    int hour;
    int minute;
    bool zero = false;
    ASSERT(count > 0);
    *ret_level = 2;
    if (named_clock(tokens[0].word) >= 0) {
        put_clock(parts, named_clock(tokens[0].word), 0, false);
        *ret_level = 1;
        return 1;
    }
    size_t taken = german_fraction(language, tokens, count, parts);
    if (taken > 0) {
        return taken;
    }
    if (glued_uhr(tokens[0].word, &hour)) {
        put_clock(parts, hour, 0, hour < 6);
        return 1;
    }
    bool full = phrase_clock_digits(tokens[0].word, &hour, &minute, &zero);
    if (!full && !hour_of(language, &tokens[0], &hour)) {
        return 0;
    }
    minute = full ? minute : 0;
    if (is_uhr(tokens, count, 1)) {
        taken = 2;
        if (!full && count > 2 && digits(tokens[2].word, &minute) && minute <= 59 &&
            tokens[2].word.length == 2) {
            taken = 3; /* "18 Uhr 30" */
        } else if (!full) {
            minute = 0;
        }
        /* Who says "Uhr" reads a clock of 24 hours, but for the small hours. */
        put_clock(parts, hour, minute, hour < 6 && !zero);
        return taken;
    }
    put_clock(parts, hour, minute, full ? hour < 6 && !zero : true);
    *ret_level = full ? 1 : 0;
    return 1;
}
