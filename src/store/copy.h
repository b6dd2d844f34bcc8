/* Copying a whole store into another one, of the same kind or of the other.
 *
 * The tables and columns are the catalogue's: both stores must have the same, and all of them are
 * carried but for the record of migrations and the engine's lease. Source and target are walked
 * side by side in the order of their keys, a page at a time; a page that differs is written anew in
 * one transaction. So a copy that was interrupted goes on by being started again, also when the
 * source went on meanwhile: what is there already is only compared. Until it has ended, and both
 * sides were read once more and agree, the target bears a mark that everything else refuses. */
#pragma once

#include "base/clock.h"
#include "base/digest.h"
#include "store/store.h"

struct copy_job {
    struct store *source; /* opened to read and made ready, outside of transactions */
    struct store *target; /* opened to write */
    const struct clock *clock;
    int64_t owner; /* random: of the lease on the target */
    int64_t pid;
    /* Rows of a table that are done, of all its rows; `checking` in the last reading. */
    void (*progress)(void *context, const char *table, int64_t done, int64_t total, bool checking);
    void *context;
};

/* One table, read from both stores. */
struct copy_side {
    int64_t rows;
    char hash[DIGEST_HEX_BYTES + 1]; /* over every value, in the order of the key */
};
struct copy_proof {
    const char *table;
    struct copy_side source, target;
};
bool copy_proof_holds(const struct copy_proof *proof);

/* ERR_SCHEMA: the target is not as this program wants it; ERR_CONFLICT: the target holds people of
 * its own, is served, or is the source. An SQLite file without tables is migrated. *ret_proofs is
 * filled on OK, in the arena; the target stays marked unless all of them hold. */
MUST_CHECK enum err store_copy(const struct copy_job *job, struct arena *arena,
                               struct copy_proof **ret_proofs, int *ret_count,
                               struct err_detail *detail);

/* ---- the catalogue (copy_tables.c) ----------------------------------------------------------- */

enum copy_kind { COPY_INT, COPY_REAL, COPY_TEXT, COPY_BYTES };
struct copy_column {
    const char *name;
    enum copy_kind kind;
    int key;          /* place in the table's key from 1; 0: not part of it */
    bool is_numbered; /* the database gives its values */
};
struct copy_table {
    const char *name;
    struct copy_column *columns; /* by name */
    int column_count;
    int key_count;
};
/* Tables that are copied, by name, in the arena. ERR_SCHEMA: one cannot be. */
MUST_CHECK enum err copy_tables(struct store *store, struct arena *arena,
                                struct copy_table **ret_tables, int *ret_count,
                                struct err_detail *detail);
/* ERR_SCHEMA with the first difference. */
MUST_CHECK enum err copy_tables_compare(const struct copy_table *source, int source_count,
                                        const struct copy_table *target, int target_count,
                                        struct err_detail *detail);
