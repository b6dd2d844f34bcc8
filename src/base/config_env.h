/* The syntax of `.env` files. Pure; any bytes are taken. Private to the configuration and its
 * tests.
 *
 *   # a comment
 *   NAME=value            the rest of the line, without white space around it, up to " #"
 *   export NAME='value'   single quotes: as it stands
 *   NAME="value"          double quotes: \n \t \" \\ \$ are escapes
 *
 * Nothing is expanded, and a value ends with its line. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
    ENV_FILE_BYTES_MAX = 64 * 1024,
    ENV_LINE_BYTES_MAX = 4 * 1024,
    ENV_PAIRS_MAX = 1024,
};

struct env_pair {
    const char *name;
    const char *value;
    int line; /* from 1 */
};

/* Reads all lines; the pairs are in the arena, in order. Errors: ERR_LIMIT, and ERR_CONFIG with the
 * line and what is wrong there, never the value. A name that stands twice is a mistake. */
MUST_CHECK enum err config_env_parse(struct arena *arena, struct str text,
                                     struct env_pair **ret_pairs, size_t *ret_count,
                                     struct err_detail *detail);
