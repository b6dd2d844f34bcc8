/* What the engine calls of the store's driver, each call by its name ("run user_insert", "commit"):
 * the plan of faults is asked before each, and one that it chooses fails without having been made.
 * Likewise SQLite's own requests for memory. Only while the process is at work, not for those who
 * look into the store from beside. */
#pragma once

struct sim;
struct store;
struct calls;

struct calls *calls_new(struct sim *world);
void calls_free(struct calls *calls);
/* From now on the calls of this store are watched. */
void calls_watch(struct calls *calls, struct store *store);
/* Memory that SQLite asks for is watched, for the world that calls_new was called with last. Before
 * SQLite's first use. */
void calls_watch_memory(void);
