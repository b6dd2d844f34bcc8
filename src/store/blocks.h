/* The named statements of src/store/sql: "-- name: user_load", then comment lines that say why,
 * then one statement. Parsed once from the embedded files; constant afterwards. Any thread. */
#pragma once

struct block {
    const char *name;
    const char *sql; /* one statement with its comments, NUL-terminated */
};

/* All blocks sorted by name. */
const struct block *blocks_all(int *ret_count);
/* Index into blocks_all, -1 when there is none of this name. */
int blocks_find(const char *name);
