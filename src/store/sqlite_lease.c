/* The lock that tells that the holder of an SQLite file's lease lives: on the file DATABASE-serve,
 * which the system lets go of when a process ends in any way. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

/* Locks the file for this process. */
enum lock sqlite_serve_lock(struct store *base, bool patient)
{
    (void)patient; /* the system tells at once */
    struct sqlite_store *store = sqlite_of(base);
    char path[4096];
    const char *database = sqlite3_db_filename(store->db, "main");
    if (store->serve_file >= 0) {
        return LOCK_HELD;
    }
    if (database == NULL || database[0] == '\0' ||
        snprintf(path, sizeof(path), "%s-serve", database) >= (int)sizeof(path)) {
        return LOCK_UNKNOWN;
    }
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        return LOCK_UNKNOWN;
    }
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        enum lock lock = errno == EWOULDBLOCK ? LOCK_HELD : LOCK_UNKNOWN;
        close(file);
        return lock;
    }
    store->serve_file = file;
    return LOCK_TAKEN;
}

void sqlite_serve_release(struct store *base)
{
    struct sqlite_store *store = sqlite_of(base);
    if (store->serve_file >= 0) {
        close(store->serve_file);
        store->serve_file = -1;
    }
}
