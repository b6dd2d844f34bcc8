/* Where a byte of a scalar's value stands in the file.
 *
 * A scalar's value and its source differ by quotes, escapes, indentation and folding, but only in
 * white space and escapes. So the n-th character of the value that is no white space is the n-th
 * such character of the source: counting finds the place in every style alike. */
#include <string.h>

#include "core/yaml_tree.h"

struct cursor {
    struct str yaml;
    size_t at;
    int line, column;
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static void advance(struct cursor *cursor)
{
    if (cursor->at >= cursor->yaml.length) {
        return;
    }
    if (cursor->yaml.ptr[cursor->at] == '\n') {
        cursor->line++;
        cursor->column = 1;
        cursor->at++;
        return;
    }
    size_t length = str_utf8_length(
        (struct str){cursor->yaml.ptr + cursor->at, cursor->yaml.length - cursor->at});
    cursor->at += length == 0 ? 1 : length;
    cursor->column++;
}

static char look(const struct cursor *cursor)
{
    return cursor->at < cursor->yaml.length ? cursor->yaml.ptr[cursor->at] : '\0';
}

/* Characters of the source that one escape sequence has, and whether it stands for white space. */
static int escape_length(char letter, bool *ret_blank)
{
    *ret_blank = strchr("ntr \n\r", letter) != NULL;
    switch (letter) {
    case 'x':
        return 4;
    case 'u':
        return 6;
    case 'U':
        return 10;
    default:
        return 2;
    }
}

/* Passes one unit of the source: a character, an escape, a doubled quote. True when the value has a
 * character for it that is no white space. */
static bool pass_unit(struct cursor *cursor, char quote)
{
    char byte = look(cursor);
    if (quote == '"' && byte == '\\') {
        struct cursor ahead = *cursor;
        advance(&ahead);
        bool blank = false;
        for (int left = escape_length(look(&ahead), &blank); left > 0; left--) {
            advance(cursor);
        }
        return !blank;
    }
    advance(cursor);
    if (quote == '\'' && byte == '\'') {
        advance(cursor);
    }
    return !is_blank(byte);
}

static size_t solid_characters(struct str text, size_t end)
{
    size_t count = 0;
    for (size_t at = 0; at < end;) {
        size_t length = str_utf8_length((struct str){text.ptr + at, text.length - at});
        count += is_blank(text.ptr[at]) ? 0 : 1;
        at += length == 0 ? 1 : length;
    }
    return count;
}

static struct cursor begin(const struct tree *tree, const struct tree_node *scalar, char *ret_quote)
{
    struct cursor cursor = {.yaml = tree->yaml, .line = 1, .column = 1};
    while (cursor.at < cursor.yaml.length &&
           (cursor.line < scalar->line || cursor.column < scalar->column)) {
        advance(&cursor);
    }
    char byte = look(&cursor);
    *ret_quote = '\0';
    if (!scalar->is_quoted) {
        return cursor;
    }
    if (byte == '"' || byte == '\'') {
        *ret_quote = byte;
        advance(&cursor);
    } else { /* the head of a block: "|", ">-", a comment */
        while (cursor.at < cursor.yaml.length && look(&cursor) != '\n') {
            advance(&cursor);
        }
    }
    return cursor;
}

void tree_place(const struct tree *tree, const struct tree_node *scalar, size_t offset,
                int *ret_line, int *ret_column)
{
    char quote;
    struct cursor cursor = begin(tree, scalar, &quote);
    bool at_end = offset >= scalar->text.length;
    size_t before = solid_characters(scalar->text, at_end ? scalar->text.length : offset);
    while (before > 0 && cursor.at < cursor.yaml.length) {
        before -= pass_unit(&cursor, quote) ? 1 : 0;
    }
    /* White space of the value stands right after the last solid character; all else is solid. */
    if (!at_end && !is_blank(scalar->text.ptr[offset])) {
        struct cursor ahead = cursor;
        while (ahead.at < ahead.yaml.length && !pass_unit(&ahead, quote)) {
            cursor = ahead;
        }
    }
    *ret_line = cursor.line;
    *ret_column = cursor.column;
}
