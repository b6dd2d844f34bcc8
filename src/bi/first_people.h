/* The first onboardings of a rollout, for whoever watches it begin: steps, times, what went wrong.
 * One thread, the store's. */
#pragma once

#include "base/json.h"
#include "store/store.h"

enum { FIRST_PEOPLE = 10 };

/* {"started_at_ms","wanted","people":[{"id","entered_at_ms","ended_at_ms","state","steps":[{"step",
 * "sent_at_ms","completed_at_ms","recovery_at_ms"}],"errors":[{"at_ms","step","what","why"}]}]}:
 * the first FIRST_PEOPLE who joined since the rollout began and entered its onboarding, in that
 * order; test people are left out. Instants are 0 where nothing happened yet. New reference. */
MUST_CHECK enum err first_people(struct store *store, struct arena *arena, json_t **ret_first,
                                 struct err_detail *detail);
