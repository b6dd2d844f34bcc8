/* Writes to the write-ahead log gathered into large ones. SQLite writes each page of a transaction
 * in two small pieces, one after the other in the file; here they are collected until they are
 * synced, so that a commit of a hundred pages is two calls of the system and not two hundred.
 *
 * Only for connections with synchronous=FULL: there a commit is synced before any other connection
 * learns of it, and so nobody looks for bytes that are still collected here. */
#pragma once

#include <sqlite3.h>

struct sqlite_wal;

/* Registers a file system for SQLite on top of its default one; it must outlive the connections
 * that were opened by its name. NULL when SQLite has none or no memory. */
struct sqlite_wal *sqlite_wal_new(void);
const char *sqlite_wal_name(const struct sqlite_wal *wal);
/* To be called when a transaction has been rolled back and before one begins: what could not be
 * written for the last one matters no longer. Until then its file takes nothing. Accepts NULL. */
void sqlite_wal_forget(struct sqlite_wal *wal);
/* Accepts NULL. */
void sqlite_wal_free(struct sqlite_wal *wal);
