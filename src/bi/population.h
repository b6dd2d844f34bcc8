/* What chat commands tell about everybody: where a person stands, the leaderboard, a typical pace.
 * The figures are read at most once a minute and kept, since anybody may ask at any time. One
 * thread: that of the store it is given. */
#pragma once

#include "core/decide.h"
#include "store/store.h"

struct population_cache;

struct population_cache *population_new(void);
void population_free(struct population_cache *cache);
/* Fills *ret_population for this user; on a failure of the store everything stays unknown. context
 * is the cache. Only commands read the population; for other inputs nothing is read. Texts live in
 * the arena. The signature is that of engine.h's population_ops. */
void population_read(void *context, struct store *store, struct arena *arena,
                     const struct user *user, const struct input *input, int64_t now_ms,
                     struct population *ret_population);
