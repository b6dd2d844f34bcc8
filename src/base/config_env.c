/* One pass over the lines of a `.env` file. */
#include "base/config_env.h"

#include <string.h>

static bool is_name_char(char c, bool first)
{
    bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    return letter || (!first && c >= '0' && c <= '9');
}

static struct str skip(struct str text, size_t count)
{
    return (struct str){text.ptr + count, text.length - count};
}

static struct str skip_export(struct str line)
{
    if (str_starts(line, STR("export ")) || str_starts(line, STR("export\t"))) {
        return str_trim(skip(line, strlen("export ")));
    }
    return line;
}

/* What stands after a value in quotes: nothing or a comment. */
static bool is_end(struct str rest)
{
    rest = str_trim(rest);
    return rest.length == 0 || rest.ptr[0] == '#';
}

static bool unescape(char c, char *ret_char)
{
    switch (c) {
    case 'n':
        *ret_char = '\n';
        return true;
    case 't':
        *ret_char = '\t';
        return true;
    case '"':
    case '\\':
    case '$':
        *ret_char = c;
        return true;
    default:
        return false;
    }
}

/* The value of a text that begins with a quote, into `value`; tells what is wrong, or NULL. */
static const char *take_quoted(struct str text, char *value)
{
    char quote = text.ptr[0];
    size_t used = 0;
    for (size_t i = 1; i < text.length; i++) {
        char c = text.ptr[i];
        if (c == quote) {
            return is_end(skip(text, i + 1)) ? NULL : "something follows the closing quote";
        }
        if (quote == '"' && c == '\\') {
            i++;
            if (i == text.length || !unescape(text.ptr[i], &c)) {
                return "after \\ in double quotes only n, t, \", \\ and $ are known";
            }
        }
        value[used++] = c;
    }
    return "the quote is not closed on the line";
}

static void take_plain(struct str text, char *value)
{
    size_t length = 0;
    while (length < text.length) {
        bool after_space =
            length == 0 || text.ptr[length - 1] == ' ' || text.ptr[length - 1] == '\t';
        if (text.ptr[length] == '#' && after_space) {
            break;
        }
        length++;
    }
    struct str trimmed = str_trim((struct str){text.ptr, length});
    if (trimmed.length > 0) {
        memcpy(value, trimmed.ptr, trimmed.length);
    }
}

/* One line that is neither empty nor a comment; tells what is wrong, or NULL. */
static const char *take_line(struct arena *arena, struct str line, struct env_pair *pair)
{
    struct str value;
    line = skip_export(line);
    struct str name = str_trim(str_split(line, '=', &value));
    if (value.ptr == NULL) {
        return "expected NAME=value";
    }
    for (size_t i = 0; i < name.length; i++) {
        if (!is_name_char(name.ptr[i], i == 0)) {
            return "a name has letters, digits and _ only";
        }
    }
    if (name.length == 0) {
        return "expected NAME=value";
    }
    if (value.length > 0 && memchr(value.ptr, '\0', value.length) != NULL) {
        return "the value holds the character NUL";
    }
    value = str_trim(value);
    char *bytes = arena_alloc(arena, value.length + 1);
    pair->name = arena_str(arena, name).ptr;
    pair->value = bytes;
    if (value.length > 0 && (value.ptr[0] == '"' || value.ptr[0] == '\'')) {
        return take_quoted(value, bytes);
    }
    take_plain(value, bytes);
    return NULL;
}

static const struct env_pair *find(const struct env_pair *pairs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].name, name) == 0) {
            return &pairs[i];
        }
    }
    return NULL;
}

enum err config_env_parse(struct arena *arena, struct str text, struct env_pair **ret_pairs,
                          size_t *ret_count, struct err_detail *detail)
{
    if (text.length > ENV_FILE_BYTES_MAX) {
        return err_set(detail, ERR_LIMIT, "longer than %d KB", ENV_FILE_BYTES_MAX / 1024);
    }
    struct env_pair *pairs = ARENA_ARRAY(arena, struct env_pair, ENV_PAIRS_MAX);
    size_t count = 0;
    if (str_starts(text, STR("\xEF\xBB\xBF"))) {
        text = skip(text, 3); /* a byte order mark */
    }
    for (int number = 1; text.length > 0; number++) {
        struct str line = str_split(text, '\n', &text);
        if (line.length > ENV_LINE_BYTES_MAX) {
            return err_set(detail, ERR_LIMIT, "line %d is longer than %d KB", number,
                           ENV_LINE_BYTES_MAX / 1024);
        }
        line = str_trim(line);
        if (line.length == 0 || line.ptr[0] == '#') {
            continue;
        }
        if (count == ENV_PAIRS_MAX) {
            return err_set(detail, ERR_LIMIT, "more than %d settings", ENV_PAIRS_MAX);
        }
        struct env_pair *pair = &pairs[count];
        const char *mistake = take_line(arena, line, pair);
        if (mistake != NULL) {
            return err_set(detail, ERR_CONFIG, "line %d: %s", number, mistake);
        }
        const struct env_pair *other = find(pairs, count, pair->name);
        if (other != NULL) {
            return err_set(detail, ERR_CONFIG, "lines %d and %d both set %s", other->line, number,
                           pair->name);
        }
        pair->line = number;
        count++;
    }
    *ret_pairs = pairs;
    *ret_count = count;
    return OK;
}
