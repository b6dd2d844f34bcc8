/* A YAML file as a small tree that knows where everything stands, so that each mistake in a
 * definition can name its line and column. A strict subset: one document of maps, lists and
 * scalars; anchors, aliases, tags, NUL and other control characters are refused, a key twice is a
 * mistake.
 *
 * The tree and all views into it live in the arena and as long as `yaml`. Pure, any thread. */
#pragma once

#include "core/mistakes.h"

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree_node {
    enum tree_kind kind;
    int line, column; /* of its beginning, from 1; columns count characters */
    struct str text;  /* of a scalar */
    bool is_quoted;   /* a scalar in quotes or a block: never a number or true/false */
    struct str key;   /* of a map's member; its place: */
    int key_line, key_column;
    struct tree_node *first; /* children of a list or map, in order */
    struct tree_node *next;
    int count; /* of children */
};

struct tree {
    struct str file;
    struct str yaml;
    struct tree_node *root; /* NULL when the file could not be read */
};

/* Reads the whole file. What is wrong goes to *mistakes; when the text is no YAML at all, it is too
 * large or too deep, the reading ends there and root stays NULL. */
void tree_read(struct arena *arena, struct str file, struct str yaml, struct tree *ret_tree,
               struct mistakes *mistakes);
/* A member of a map by its key; NULL when absent or when the node is no map. */
const struct tree_node *tree_member(const struct tree_node *node, const char *key);
/* Where the byte `offset` of a scalar's text stands in the file, whatever its style (quotes,
 * blocks, folded lines); the end of the text for an offset at or past its length. */
void tree_place(const struct tree *tree, const struct tree_node *scalar, size_t offset,
                int *ret_line, int *ret_column);
/* "a map", "a list", "a text", for mistakes. */
const char *tree_kind_name(enum tree_kind kind);
