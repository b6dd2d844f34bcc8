/* Files compiled into the program, so that one binary is the whole installation.
 * tools/embed/embed.py writes one array for each group at build time (tools/embed/meson.build lists
 * the groups); an array is sorted by name. Names are relative to the group's folder and use '/'.
 * A byte 0 that is not counted in `length` follows the data, so text may be read as a C string.
 * Everything here is constant; any thread may read it. */
#pragma once

#include <stddef.h>

struct embedded_file {
    const char *name;
    const unsigned char *data;
    size_t length;
};

/* journeys/: the default journey definitions, such as "optimized/superior.yaml". */
extern const struct embedded_file nudge_journeys[];
extern const size_t nudge_journeys_count;

/* migrations/sqlite/: numbered schema changes, such as "0001_initial.sql". */
extern const struct embedded_file nudge_migrations_sqlite[];
extern const size_t nudge_migrations_sqlite_count;

/* migrations/postgres/: the same for PostgreSQL. */
extern const struct embedded_file nudge_migrations_postgres[];
extern const size_t nudge_migrations_postgres_count;

/* src/store/sql/: the named statements of the store. */
extern const struct embedded_file nudge_sql[];
extern const size_t nudge_sql_count;

/* The built dashboard and chat pages; empty when the build was told to leave them out. */
extern const struct embedded_file nudge_web[];
extern const size_t nudge_web_count;
