/* Building a behaviour log from the store: everybody but test people and erased ones, with all that
 * was recorded of them, as of one instant.
 *
 * Attributes of people: source, language, set (original, optimized; "" not assigned), channel,
 * zone, existing (yes, no), cohort (the Monday of the ISO week of joining, UTC) and
 * variant:EXPERIMENT.
 * Properties of events: journey, step, rule, and every text, number or boolean at the top of their
 * data, by its key. A tracked event is known by the name that it was given (data's "event"). */
#pragma once

#include "bi/behaviour/log.h"
#include "bi/behaviour/question.h"
#include "store/store.h"

/* A log that can answer what `wants` says; the six attributes that cost nothing are always there.
 * The store is not in a transaction. Errors: the store's; ERR_LIMIT; ERR_INVALID names an attribute
 * that does not exist. Give it back with behaviour_log_free. */
MUST_CHECK enum err behaviour_load(struct store *store, const struct behaviour_wants *wants,
                                   struct behaviour_log **ret_log, struct err_detail *detail);
