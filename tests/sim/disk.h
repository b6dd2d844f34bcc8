/* A disk in memory under SQLite: it tells what was written from what was synced. A crash keeps what
 * was synced, and by chance some of the rest, as real disks do; whoever had files open then gets
 * errors until they close. A hook sees every read, write, sync and opening and can make it fail.
 *
 * It becomes SQLite's default file system for the process. One thread, one disk at a time. */
#pragma once

#include <stdbool.h>

#include "dice.h"

struct sqlite3;

enum disk_operation { DISK_READ, DISK_WRITE, DISK_SYNC, DISK_OPEN };

/* The hook's answer: it is done, and the caller does not learn of it. */
enum { DISK_DONE_UNTOLD = -1 };

/* What becomes of the operation: 0 it is done, else DISK_DONE_UNTOLD or an SQLite result code. */
typedef int disk_hook(void *context, enum disk_operation operation);

struct disk *disk_new(void);
/* All files must be closed. */
void disk_free(struct disk *disk);
/* NULL: nothing fails. */
void disk_set_hook(struct disk *disk, disk_hook *hook, void *context);
/* The connection that opened the file last; NULL when nobody did. */
struct sqlite3 *disk_connection(const struct disk *disk, const char *path);
/* Power is gone: each write that was not synced survives with that chance. */
void disk_crash(struct disk *disk, struct dice *dice, int64_t survive_permyriad);
