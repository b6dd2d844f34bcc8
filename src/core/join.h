/* Two rows turn out to be one person: what goes on, what ends, and what is known of them from now
 * on. Pure; the store moves the rows afterwards (store_people_join). */
#pragma once

#include "core/decide.h"

/* Whether `user` survives beside `other`: the older by joining, then by id. */
bool join_survives(const struct user *user, const struct user *other);
/* Ends runs that cannot go on beside the other's (outcome left): of one journey about the same
 * subject, and of onboardings, the survivor's goes on; nobody who completed onboarding is in one.
 * Puts into the survivor's user what the alias knew: the survivor's own word counts, its set and
 * assignments stay; of stop, pause and holds the stricter counts. Both come with their active runs
 * and the unfinished messages of those. completed_at_ms: instants of all completions of both,
 * oldest first. The alias waits for nothing afterwards. Counters are the store's business. */
void join_people(struct arena *arena, const struct world *world, const struct input *input,
                 struct person *survivor, struct person *alias, const int64_t *completed_at_ms,
                 int completed_count, struct decision *ret_survivor, struct decision *ret_alias);
