/* A scanner of single characters: a word ends where a sign begins. */
#include "bi/behaviour/words.h"

#include "base/calendar.h"
#include "base/limits.h"

static const char SIGNS[] = ">|{},=!\"";
static const int64_t DURATION_MAX_MS = 3650 * DAY_MS;

struct scanner {
    const char *field;
    struct str text, rest;
    struct err_detail *detail;
};

static enum err begin(struct scanner *scanner, const char *field, struct str text,
                      struct err_detail *detail)
{
    *scanner = (struct scanner){field, text, str_trim(text), detail};
    return text.length <= BEHAVIOUR_TEXT_MAX
               ? OK
               : err_set(detail, ERR_LIMIT, "%s: %zu bytes, at most %d are taken", field,
                         text.length, BEHAVIOUR_TEXT_MAX);
}

static bool is_sign(char c)
{
    return c == '\0' || strchr(SIGNS, c) != NULL;
}

static void skip(struct scanner *scanner, size_t count)
{
    scanner->rest = str_trim((struct str){scanner->rest.ptr + count, scanner->rest.length - count});
}

static bool take(struct scanner *scanner, char sign)
{
    bool found = scanner->rest.length > 0 && scanner->rest.ptr[0] == sign;
    if (found) {
        skip(scanner, 1);
    }
    return found;
}

static enum err expected(struct scanner *scanner, const char *what)
{
    if (scanner->rest.length == 0) {
        return err_set(scanner->detail, ERR_INVALID, "%s: expected %s at its end", scanner->field,
                       what);
    }
    struct str there = scanner->rest;
    there.length = there.length < 20 ? there.length : 20;
    return err_set(scanner->detail, ERR_INVALID, "%s: expected %s before \"%.*s\"", scanner->field,
                   what, STR_ARG(there));
}

static enum err take_word(struct scanner *scanner, const char *what, struct str *ret_word)
{
    struct str rest = scanner->rest;
    size_t length = 0;
    if (rest.length > 0 && rest.ptr[0] == '"') {
        const char *end = memchr(rest.ptr + 1, '"', rest.length - 1);
        if (end == NULL) {
            return err_set(scanner->detail, ERR_INVALID, "%s: a quote is not closed",
                           scanner->field);
        }
        *ret_word = (struct str){rest.ptr + 1, (size_t)(end - rest.ptr) - 1};
        skip(scanner, (size_t)(end - rest.ptr) + 1);
        return OK;
    }
    while (length < rest.length && !is_sign(rest.ptr[length])) {
        length++;
    }
    struct str word = str_trim((struct str){rest.ptr, length});
    if (word.length == 0) {
        return expected(scanner, what);
    }
    skip(scanner, length);
    *ret_word = word;
    return OK;
}

/* name=value or name!=value */
static enum err take_condition(struct scanner *scanner, struct behaviour_condition *condition)
{
    enum err error = take_word(scanner, "a name", &condition->name);
    if (error != OK) {
        return error;
    }
    condition->negate = take(scanner, '!');
    if (!take(scanner, '=')) {
        return expected(scanner, condition->negate ? "= after !" : "= or !=");
    }
    /* Nothing stands for "none". */
    if (scanner->rest.length == 0 || scanner->rest.ptr[0] == ',' || scanner->rest.ptr[0] == '}') {
        condition->value = STR("");
        return OK;
    }
    return take_word(scanner, "a value", &condition->value);
}

static enum err take_conditions(struct scanner *scanner, struct behaviour_condition *conditions,
                                int *ret_count)
{
    do {
        if (*ret_count == BEHAVIOUR_CONDITIONS_MAX) {
            return err_set(scanner->detail, ERR_LIMIT, "%s: more than %d conditions",
                           scanner->field, BEHAVIOUR_CONDITIONS_MAX);
        }
        enum err error = take_condition(scanner, &conditions[*ret_count]);
        if (error != OK) {
            return error;
        }
        ++*ret_count;
    } while (take(scanner, ','));
    return OK;
}

static enum err take_term(struct scanner *scanner, struct behaviour_term *term)
{
    const char *from = scanner->rest.ptr;
    do {
        if (term->name_count == BEHAVIOUR_ALTERNATIVES_MAX) {
            return err_set(scanner->detail, ERR_LIMIT, "%s: more than %d alternatives in a step",
                           scanner->field, BEHAVIOUR_ALTERNATIVES_MAX);
        }
        enum err error = take_word(scanner, "the name of an event", &term->names[term->name_count]);
        if (error != OK) {
            return error;
        }
        term->name_count++;
    } while (take(scanner, '|'));
    if (take(scanner, '{')) {
        enum err error = take_conditions(scanner, term->conditions, &term->condition_count);
        if (error != OK) {
            return error;
        }
        if (!take(scanner, '}')) {
            return expected(scanner, "}");
        }
    }
    const char *end = scanner->rest.ptr; /* at its end, too: trimming moves it there */
    term->text = str_trim((struct str){from, (size_t)(end - from)});
    return OK;
}

enum err behaviour_parse_steps(struct arena *arena, const char *field, struct str text, int max,
                               struct behaviour_term **ret_terms, int *ret_count,
                               struct err_detail *detail)
{
    struct scanner scanner;
    enum err error = begin(&scanner, field, text, detail);
    if (error != OK) {
        return error;
    }
    int written = 1;
    for (size_t i = 0; i < text.length; i++) {
        written += text.ptr[i] == '>';
    }
    struct behaviour_term *terms = ARENA_ARRAY(arena, struct behaviour_term, (size_t)max);
    int count = 0;
    do {
        if (count == max) {
            return err_set(detail, ERR_LIMIT, "%s: %d given, at most %d are taken", field, written,
                           max);
        }
        error = take_term(&scanner, &terms[count++]);
        if (error != OK) {
            return error;
        }
    } while (take(&scanner, '>'));
    if (scanner.rest.length > 0) {
        return expected(&scanner, max > 1 ? "> or the end" : "the end");
    }
    *ret_terms = terms;
    *ret_count = count;
    return OK;
}

enum err
behaviour_parse_conditions(const char *field, struct str text,
                           struct behaviour_condition ret_conditions[BEHAVIOUR_CONDITIONS_MAX],
                           int *ret_count, struct err_detail *detail)
{
    struct scanner scanner;
    enum err error = begin(&scanner, field, text, detail);
    *ret_count = 0;
    if (error != OK || scanner.rest.length == 0) {
        return error;
    }
    error = take_conditions(&scanner, ret_conditions, ret_count);
    return error == OK && scanner.rest.length > 0 ? expected(&scanner, "a comma or the end")
                                                  : error;
}

enum err behaviour_parse_instant(struct arena *arena, const char *field, struct str text,
                                 int64_t *ret_at_ms, struct err_detail *detail)
{
    text = str_trim(text);
    if (text.length == 10) {
        text = arena_printf(arena, "%.*sT00:00Z", STR_ARG(text));
    }
    return calendar_parse_iso(text, ret_at_ms)
               ? OK
               : err_set(detail, ERR_INVALID, "%s: takes a day or an instant, such as 2026-01-01",
                         field);
}

enum err behaviour_parse_duration(const char *field, struct str text, int64_t *ret_ms,
                                  struct err_detail *detail)
{
    text = str_trim(text);
    int64_t count = 0;
    int64_t each_ms = 0;
    if (text.length >= 2 && str_to_int64((struct str){text.ptr, text.length - 1}, &count)) {
        char unit = text.ptr[text.length - 1];
        each_ms = unit == 'd'   ? DAY_MS
                  : unit == 'h' ? HOUR_MS
                  : unit == 'm' ? MINUTE_MS
                  : unit == 's' ? (int64_t)1000
                                : 0;
    }
    if (each_ms == 0) {
        return err_set(detail, ERR_INVALID, "%s: takes a time such as 90s, 15m, 24h or 7d", field);
    }
    if (count < 1 || count > DURATION_MAX_MS / each_ms) {
        return err_set(detail, ERR_LIMIT, "%s: must be from 1s to 3650d", field);
    }
    *ret_ms = count * each_ms;
    return OK;
}
