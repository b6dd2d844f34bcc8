/* The named statements of src/store/sql: "-- name: user_load", then comment lines that say why,
 * then one statement. Those of the folder itself serve both databases; one of sql/sqlite or
 * sql/postgres serves that database alone, and stands before one of the same name for both.
 *
 * Parameters are ?1, ?2, … everywhere. In sql/postgres "-- name: user_update of many" takes an
 * array for each parameter, and changes as many rows as they are long.
 * Parsed once from the embedded files; constant afterwards. Any thread. */
#pragma once

#include <stdbool.h>

enum dialect { DIALECT_SQLITE, DIALECT_POSTGRES, DIALECT_COUNT };

struct block {
    const char *name;
    struct block_text {
        const char *sql; /* one statement with its comments, NUL-terminated; NULL none */
        int parameters;
        bool is_own; /* of the dialect's folder */
        bool of_many;
    } text[DIALECT_COUNT];
};

/* All blocks sorted by name. */
const struct block *blocks_all(int *ret_count);
/* Index into blocks_all, -1 when there is none of this name. */
int blocks_find(const char *name);
/* How many parameters the block takes. */
int blocks_parameters(enum dialect dialect, int block);
