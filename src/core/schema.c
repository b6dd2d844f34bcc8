/* The table-driven reader of maps, and the readers of simple values. Texts are schema_text.c's. */
#include "core/schema.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/limits.h"
#include "core/nearest.h"

/* Ten years: sums of instants and delays stay far from their limits. */
enum { DURATION_DAYS_MAX = 3660 };

static void add_mistake(struct compiling *compiling, int line, int column, const char *format,
                        va_list args)
{
    struct str text = arena_vprintf(compiling->scratch, format, args);
    mistakes_add(compiling->scratch, compiling->mistakes, compiling->tree->file, line, column,
                 "%.*s", STR_ARG(text));
}

void schema_mistake(struct compiling *compiling, const struct tree_node *node, const char *format,
                    ...)
{
    va_list args;
    va_start(args, format);
    add_mistake(compiling, node->line, node->column, format, args);
    va_end(args);
}

void schema_mistake_at(struct compiling *compiling, const struct tree_node *node, const char *key,
                       const char *format, ...)
{
    const struct tree_node *member = tree_member(node, key);
    va_list args;
    va_start(args, format);
    if (member != NULL) {
        add_mistake(compiling, member->key_line, member->key_column, format, args);
    } else {
        add_mistake(compiling, node->line, node->column, format, args);
    }
    va_end(args);
}

bool schema_list(struct compiling *compiling, const struct tree_node *node, const char *what,
                 int most)
{
    if (node->kind != TREE_LIST) {
        schema_mistake(compiling, node, "%s is %s; expected a list", what,
                       tree_kind_name(node->kind));
        return false;
    }
    if (node->count == 0 || node->count > most) {
        schema_mistake(compiling, node, "%s has %d entries; expected 1 to %d", what, node->count,
                       most);
        return false;
    }
    return true;
}

struct str schema_path(struct compiling *compiling, struct str part)
{
    if (compiling->path.length == 0) {
        return arena_str(compiling->arena, part);
    }
    return arena_printf(compiling->arena, "%.*s/%.*s", STR_ARG(compiling->path), STR_ARG(part));
}

/* ---- simple values -------------------------------------------------------------------------- */

/* What is shown of a value that does not fit: enough to find it. */
static struct str shown(struct str text)
{
    return text.length > 40 ? (struct str){text.ptr, 40} : text;
}

static bool is_name(struct str text)
{
    if (text.length == 0 || text.length > LIMIT_KEY_BYTES || text.ptr[0] < 'a' ||
        text.ptr[0] > 'z') {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.ptr[i];
        if (!((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_')) {
            return false;
        }
    }
    return true;
}

static bool read_name(struct compiling *compiling, const struct tree_node *node, struct str *target)
{
    if (!is_name(node->text)) {
        schema_mistake(compiling, node,
                       "not a name; expected small letters a-z, digits and _, a letter first, at "
                       "most %d",
                       LIMIT_KEY_BYTES);
        return false;
    }
    *target = arena_str(compiling->arena, node->text);
    return true;
}

static bool read_line(struct compiling *compiling, const struct tree_node *node, struct str *target)
{
    bool has_break = node->text.length > 0 && memchr(node->text.ptr, '\n', node->text.length);
    if (node->text.length == 0 || node->text.length > LIMIT_NAME_BYTES || has_break) {
        schema_mistake(compiling, node, "expected one line of 1 to %d bytes", LIMIT_NAME_BYTES);
        return false;
    }
    *target = arena_str(compiling->arena, node->text);
    return true;
}

bool schema_duration(struct str text, int64_t *ret_ms)
{
    int64_t duration_ms;
    if (!config_parse_duration(text, &duration_ms) || duration_ms > DURATION_DAYS_MAX * DAY_MS) {
        return false;
    }
    *ret_ms = duration_ms;
    return true;
}

static bool read_duration(struct compiling *compiling, const struct tree_node *node,
                          int64_t *target)
{
    if (!schema_duration(node->text, target)) {
        schema_mistake(compiling, node,
                       "not a duration; expected a number and a unit, such as 30s, 90m, 2h, 3d");
        return false;
    }
    return true;
}

static bool read_yes_no(struct compiling *compiling, const struct tree_node *node, bool *target)
{
    bool is_true = str_is(node->text, "true");
    if (node->is_quoted || (!is_true && !str_is(node->text, "false"))) {
        schema_mistake(compiling, node, "expected true or false");
        return false;
    }
    *target = is_true;
    return true;
}

static bool read_number(struct compiling *compiling, const struct tree_node *node, double *target)
{
    char digits[24];
    size_t points = 0;
    bool fits = !node->is_quoted && node->text.length > 0 && node->text.length < sizeof(digits);
    for (size_t i = 0; fits && i < node->text.length; i++) {
        char byte = node->text.ptr[i];
        points += byte == '.' ? 1 : 0;
        fits = (byte >= '0' && byte <= '9') || (byte == '.' && i > 0 && points == 1);
    }
    if (!fits) {
        schema_mistake(compiling, node, "not a number; expected digits, perhaps with a point");
        return false;
    }
    str_copy(digits, sizeof(digits), node->text);
    *target = strtod(digits, NULL);
    return true;
}

static bool read_count(struct compiling *compiling, const struct tree_node *node, int *target)
{
    int64_t value;
    if (node->is_quoted || !str_to_int64(node->text, &value) || value < 1 || value > 1000000) {
        schema_mistake(compiling, node, "expected a whole number from 1");
        return false;
    }
    *target = (int)value;
    return true;
}

static bool read_percent(struct compiling *compiling, const struct tree_node *node, int *target)
{
    double percent;
    if (!read_number(compiling, node, &percent)) {
        return false;
    }
    if (percent > 100) {
        schema_mistake(compiling, node, "expected a percentage from 0 to 100");
        return false;
    }
    *target = (int)(percent * 100 + 0.5);
    return true;
}

/* "original, optimized or both" */
static struct str word_list(struct arena *arena, const struct schema_word *words)
{
    struct str list = STR_NONE;
    for (int i = 0; words[i].word != NULL; i++) {
        const char *between = i == 0 ? "" : words[i + 1].word == NULL ? " or " : ", ";
        list = arena_printf(arena, "%.*s%s%s", STR_ARG(list), between, words[i].word);
    }
    return list;
}

static bool read_word(struct compiling *compiling, const struct tree_node *node,
                      const struct schema_word *words, void *target)
{
    for (int i = 0; words[i].word != NULL; i++) {
        if (str_is(node->text, words[i].word)) {
            memcpy(target, &words[i].value, sizeof(int));
            return true;
        }
    }
    struct nearest nearest = nearest_to(node->text);
    for (int i = 0; words[i].word != NULL; i++) {
        nearest_offer(&nearest, str_of(words[i].word));
    }
    if (nearest.best.length > 0) {
        schema_mistake(compiling, node, "there is no \"%.*s\" here; did you mean \"%.*s\"?",
                       STR_ARG(shown(node->text)), STR_ARG(nearest.best));
    } else {
        struct str list = word_list(compiling->scratch, words);
        schema_mistake(compiling, node, "there is no \"%.*s\" here; expected %.*s",
                       STR_ARG(shown(node->text)), STR_ARG(list));
    }
    return false;
}

static bool read_condition(struct compiling *compiling, const struct tree_node *node,
                           struct condition **target)
{
    size_t offset = 0;
    struct err_detail detail = {""};
    struct condition *condition = NULL;
    if (condition_compile(compiling->arena, node->text, &condition, &offset, &detail) != OK) {
        int line;
        int column;
        tree_place(compiling->tree, node, offset, &line, &column);
        mistakes_add(compiling->scratch, compiling->mistakes, compiling->tree->file, line, column,
                     "%s", detail.text);
        return false;
    }
    *target = condition;
    return true;
}

/* ---- maps ----------------------------------------------------------------------------------- */

static bool wants_scalar(enum schema_kind kind)
{
    return kind <= SCHEMA_CONDITION;
}

bool schema_value(struct compiling *compiling, const struct tree_node *node,
                  const struct schema_row *row, void *target)
{
    void *field = (char *)target + row->offset;
    if (wants_scalar(row->kind) && node->kind != TREE_SCALAR) {
        schema_mistake(compiling, node, "%s is %s; expected a single value", row->key,
                       tree_kind_name(node->kind));
        return false;
    }
    switch (row->kind) {
    case SCHEMA_NAME:
        return read_name(compiling, node, field);
    case SCHEMA_LINE:
        return read_line(compiling, node, field);
    case SCHEMA_DURATION:
        return read_duration(compiling, node, field);
    case SCHEMA_YES_NO:
        return read_yes_no(compiling, node, field);
    case SCHEMA_WORD:
        return read_word(compiling, node, row->words, field);
    case SCHEMA_NUMBER:
        return read_number(compiling, node, field);
    case SCHEMA_COUNT:
        return read_count(compiling, node, field);
    case SCHEMA_PERCENT:
        return read_percent(compiling, node, field);
    case SCHEMA_CONDITION:
        return read_condition(compiling, node, field);
    case SCHEMA_MESSAGE:
    case SCHEMA_BUTTON:
    case SCHEMA_VALUE:
    case SCHEMA_URL:
    case SCHEMA_BOT:
        *(const struct message **)field = schema_message(compiling, node, row->key, row->kind);
        return *(const struct message **)field != NULL;
    case SCHEMA_CUSTOM:
        row->read(compiling, node, target);
        return true;
    }
    return false;
}

static void report_unknown_key(struct compiling *compiling, const struct tree_node *child,
                               const char *what, const struct schema_row *rows, size_t row_count)
{
    struct nearest nearest = nearest_to(child->key);
    struct str all = STR_NONE;
    for (size_t i = 0; i < row_count; i++) {
        nearest_offer(&nearest, str_of(rows[i].key));
        all = arena_printf(compiling->scratch, "%.*s%s%s", STR_ARG(all), i == 0 ? "" : ", ",
                           rows[i].key);
    }
    bool is_near = nearest.best.length > 0;
    mistakes_add(compiling->scratch, compiling->mistakes, compiling->tree->file, child->key_line,
                 child->key_column, "%s has no key \"%.*s\"; %s%.*s%s", what,
                 STR_ARG(shown(child->key)), is_near ? "did you mean \"" : "expected one of: ",
                 STR_ARG(is_near ? nearest.best : all), is_near ? "\"?" : "");
}

static void check_unknown_keys(struct compiling *compiling, const struct tree_node *node,
                               const char *what, const struct schema_row *rows, size_t row_count)
{
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        bool is_known = false;
        for (size_t i = 0; i < row_count && !is_known; i++) {
            is_known = str_is(child->key, rows[i].key);
        }
        if (!is_known) {
            report_unknown_key(compiling, child, what, rows, row_count);
        }
    }
}

bool schema_read(struct compiling *compiling, const struct tree_node *node, const char *what,
                 const struct schema_row *rows, size_t row_count, void *target)
{
    if (node->kind != TREE_MAP) {
        schema_mistake(compiling, node, "%s is %s; expected a map of keys and values", what,
                       tree_kind_name(node->kind));
        return false;
    }
    check_unknown_keys(compiling, node, what, rows, row_count);
    for (size_t i = 0; i < row_count; i++) {
        const struct tree_node *member = tree_member(node, rows[i].key);
        if (member != NULL) {
            schema_value(compiling, member, &rows[i], target);
        } else if (rows[i].is_required) {
            schema_mistake(compiling, node, "%s has no \"%s\", which is needed", what, rows[i].key);
        }
    }
    return true;
}
