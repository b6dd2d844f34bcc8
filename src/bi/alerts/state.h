/* The alerts as the store has them (the engine writes them: engine/alerts.c), for whoever shows
 * them. One thread, the store's. */
#pragma once

#include "base/json.h"
#include "store/store.h"

/* {"looked_at", "firing": as alerts_firing counts, "alerts": [{"rule", "phase", "since",
 * "silenced_until", "severity", "owner", "says", "value", "advice", "action", "auto"}]}, what needs
 * somebody first. Instants are ISO 8601 or null. New reference. */
MUST_CHECK enum err alerts_state(struct store *store, struct arena *arena, json_t **ret_json,
                                 struct err_detail *detail);
/* How many warnings and critical alerts fire, acknowledged or not. */
MUST_CHECK enum err alerts_firing(struct store *store, struct arena *arena, int *ret_count,
                                  struct err_detail *detail);
/* {"history": [{"id", "at", "actor", "rule", "change", "says", "done"}], "next"}, the newest first.
 * `limit` looks, each of which may have changed several alerts, older than `before` (an id; 0 the
 * newest). New reference. */
MUST_CHECK enum err alerts_history(struct store *store, struct arena *arena, int limit,
                                   int64_t before, json_t **ret_json, struct err_detail *detail);
