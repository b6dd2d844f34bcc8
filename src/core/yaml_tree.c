/* libyaml's events become a tree. The reading is a loop with a stack of open collections of bounded
 * depth, not a recursion; libyaml's own composer is not used, since it loses places and follows
 * aliases. Meaning (which keys, which types) is not judged here. */
#include "core/yaml_tree.h"

#include <string.h>
#include <yaml.h>

#include "base/check.h"
#include "base/limits.h"

/* More children of one list or map than any definition has; looking for a key twice stays cheap. */
enum { CHILDREN_MAX = 1000 };

/* An open collection, and the key that its next value belongs to. */
struct level {
    struct tree_node *node;
    struct tree_node **tail;
    bool has_key, is_repeated;
    struct str key;
    int key_line, key_column;
};

struct reading {
    struct arena *arena;
    struct tree *tree;
    struct mistakes *mistakes;
    struct level levels[LIMIT_YAML_DEPTH];
    int depth;
    bool refused; /* no use in reading on */
    bool done;
};

const char *tree_kind_name(enum tree_kind kind)
{
    switch (kind) {
    case TREE_SCALAR:
        return "a text";
    case TREE_LIST:
        return "a list";
    case TREE_MAP:
        return "a map";
    }
    return "nothing";
}

const struct tree_node *tree_member(const struct tree_node *node, const char *key)
{
    if (node == NULL || node->kind != TREE_MAP) {
        return NULL;
    }
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        if (str_is(child->key, key)) {
            return child;
        }
    }
    return NULL;
}

/* ---- what may not be in the bytes ----------------------------------------------------------- */

/* A reason why the character may not stand in a definition, or NULL. */
static const char *forbidden(const char *character, size_t length)
{
    unsigned char byte = (unsigned char)character[0];
    if (length == 1) {
        if (byte == '\0') {
            return "a NUL byte";
        }
        if (byte == '\t') {
            return "a tab; expected spaces";
        }
        if ((byte < 0x20 && byte != '\n' && byte != '\r') || byte == 0x7f) {
            return "a control character";
        }
        return NULL;
    }
    if (length == 2 && byte == 0xc2 && (unsigned char)character[1] < 0xa0) {
        return "a control character";
    }
    if (length == 3 &&
        (memcmp(character, "\xe2\x80\xa8", 3) == 0 || memcmp(character, "\xe2\x80\xa9", 3) == 0)) {
        return "a Unicode line separator; expected a line feed";
    }
    if (length == 3 && memcmp(character, "\xef\xbb\xbf", 3) == 0) {
        return "a byte order mark";
    }
    return NULL;
}

/* libyaml reports bad bytes without a line; this does, and refuses invisible ones that it accepts.
 */
static bool check_bytes(struct reading *reading)
{
    struct str yaml = reading->tree->yaml;
    if (yaml.length > LIMIT_YAML_BYTES) {
        mistakes_add(reading->arena, reading->mistakes, reading->tree->file, 1, 1,
                     "the file has %zu bytes; expected at most %d", yaml.length, LIMIT_YAML_BYTES);
        return false;
    }
    int line = 1;
    int column = 1;
    for (size_t at = 0; at < yaml.length;) {
        size_t length = str_utf8_length((struct str){yaml.ptr + at, yaml.length - at});
        const char *reason =
            length == 0 ? "a byte that is not UTF-8" : forbidden(yaml.ptr + at, length);
        if (reason != NULL) {
            mistakes_add(reading->arena, reading->mistakes, reading->tree->file, line, column,
                         "the file holds %s", reason);
            return false;
        }
        column++;
        if (yaml.ptr[at] == '\n') {
            line++;
            column = 1;
        }
        at += length;
    }
    return true;
}

/* ---- building the tree ---------------------------------------------------------------------- */

static void refuse(struct reading *reading, yaml_mark_t mark, const char *text)
{
    mistakes_add(reading->arena, reading->mistakes, reading->tree->file, (int)mark.line + 1,
                 (int)mark.column + 1, "%s", text);
    reading->refused = true;
}

/* What stands below a key for the second time is read and left out: nobody counts on that. */
static void check_key_is_new(struct reading *reading, struct level *level)
{
    level->is_repeated = false;
    for (const struct tree_node *child = level->node->first; child != NULL; child = child->next) {
        if (str_equal(child->key, level->key)) {
            mistakes_add(reading->arena, reading->mistakes, reading->tree->file, level->key_line,
                         level->key_column, "the key \"%.*s\" stands twice, first in line %d",
                         STR_ARG(level->key), child->key_line);
            level->is_repeated = true;
            return;
        }
    }
}

/* Hangs the node below the innermost open collection, or makes it the root. */
static void attach(struct reading *reading, struct tree_node *node)
{
    if (reading->depth == 0) {
        reading->tree->root = node;
        return;
    }
    struct level *level = &reading->levels[reading->depth - 1];
    if (level->node->kind == TREE_MAP) {
        node->key = level->key;
        node->key_line = level->key_line;
        node->key_column = level->key_column;
        level->has_key = false;
        if (level->is_repeated) {
            return;
        }
    }
    *level->tail = node;
    level->tail = &node->next;
    level->node->count++;
}

static bool wants_key(const struct reading *reading)
{
    return reading->depth > 0 && reading->levels[reading->depth - 1].node->kind == TREE_MAP &&
           !reading->levels[reading->depth - 1].has_key;
}

/* Whether the innermost collection takes another child. */
static bool has_room(struct reading *reading, yaml_mark_t mark)
{
    if (reading->depth == 0 || reading->levels[reading->depth - 1].node->count < CHILDREN_MAX) {
        return true;
    }
    refuse(reading, mark, "too many entries; expected at most 1000 in one list or map");
    return false;
}

static struct tree_node *new_node(struct reading *reading, enum tree_kind kind, yaml_mark_t mark)
{
    struct tree_node *node = ARENA_NEW(reading->arena, struct tree_node);
    node->kind = kind;
    node->line = (int)mark.line + 1;
    node->column = (int)mark.column + 1;
    return node;
}

static void read_scalar(struct reading *reading, const yaml_event_t *event)
{
    struct str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL) {
        refuse(reading, event->start_mark, "anchors and tags are not allowed; write the text out");
        return;
    }
    /* A quoted text may spell one as \0. */
    if (text.length > 0 && memchr(text.ptr, '\0', text.length) != NULL) {
        refuse(reading, event->start_mark, "the text holds a NUL byte");
        return;
    }
    if (!has_room(reading, event->start_mark)) {
        return;
    }
    text = arena_str(reading->arena, text);
    if (wants_key(reading)) {
        struct level *level = &reading->levels[reading->depth - 1];
        level->has_key = true;
        level->key = text;
        level->key_line = (int)event->start_mark.line + 1;
        level->key_column = (int)event->start_mark.column + 1;
        check_key_is_new(reading, level);
        return;
    }
    struct tree_node *node = new_node(reading, TREE_SCALAR, event->start_mark);
    node->text = text;
    node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    attach(reading, node);
}

static void open_collection(struct reading *reading, enum tree_kind kind, yaml_mark_t mark,
                            bool decorated)
{
    if (decorated) {
        refuse(reading, mark, "anchors and tags are not allowed; write the value out");
        return;
    }
    if (wants_key(reading)) {
        refuse(reading, mark, "a key is a list or a map; expected a name");
        return;
    }
    if (reading->depth == LIMIT_YAML_DEPTH) {
        refuse(reading, mark, "nested too deeply; expected at most 16 levels");
        return;
    }
    if (!has_room(reading, mark)) {
        return;
    }
    struct tree_node *node = new_node(reading, kind, mark);
    attach(reading, node);
    struct level *level = &reading->levels[reading->depth++];
    *level = (struct level){.node = node, .tail = &node->first};
}

_Static_assert(LIMIT_YAML_DEPTH == 16 && CHILDREN_MAX == 1000,
               "the mistakes above name the limits");

static void take_event(struct reading *reading, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    case YAML_DOCUMENT_START_EVENT:
        if (reading->tree->root != NULL) {
            refuse(reading, event->start_mark, "a second document begins; expected one a file");
        }
        break;
    case YAML_STREAM_END_EVENT:
        reading->done = true;
        break;
    case YAML_ALIAS_EVENT:
        refuse(reading, event->start_mark, "aliases are not allowed; write the value out");
        break;
    case YAML_SCALAR_EVENT:
        read_scalar(reading, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        open_collection(reading, TREE_LIST, event->start_mark,
                        event->data.sequence_start.anchor != NULL ||
                            event->data.sequence_start.tag != NULL);
        break;
    case YAML_MAPPING_START_EVENT:
        open_collection(reading, TREE_MAP, event->start_mark,
                        event->data.mapping_start.anchor != NULL ||
                            event->data.mapping_start.tag != NULL);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        reading->depth--;
        break;
    }
}

static void report_syntax(struct reading *reading, const yaml_parser_t *parser)
{
    mistakes_add(reading->arena, reading->mistakes, reading->tree->file,
                 (int)parser->problem_mark.line + 1, (int)parser->problem_mark.column + 1,
                 "not YAML: %s%s%s", parser->problem != NULL ? parser->problem : "unreadable",
                 parser->context != NULL ? " " : "",
                 parser->context != NULL ? parser->context : "");
    reading->refused = true;
}

void tree_read(struct arena *arena, struct str file, struct str yaml, struct tree *ret_tree,
               struct mistakes *mistakes)
{
    *ret_tree = (struct tree){.file = file, .yaml = yaml};
    struct reading reading = {.arena = arena, .tree = ret_tree, .mistakes = mistakes};
    if (!check_bytes(&reading)) {
        return;
    }
    yaml_parser_t parser;
    ASSERT(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)(yaml.ptr != NULL ? yaml.ptr : ""),
                                 yaml.length);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    while (!reading.done && !reading.refused) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            report_syntax(&reading, &parser);
            break;
        }
        take_event(&reading, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (reading.refused) {
        ret_tree->root = NULL;
    } else if (ret_tree->root == NULL) {
        mistakes_add(arena, mistakes, file, 1, 1, "the file is empty; expected a definition");
    }
}
