/* Experiments as the terminal and the API answer them: all of them, those that only stand in the
 * journeys too, and one with its analysis. One thread, the store's. */
#pragma once

#include "bi/experiments/analysis.h"
#include "core/catalog.h"

/* {"experiments": started ones first, "holdout": percentage}. A new reference; experiments may be
 * NULL. */
json_t *experiments_list_json(const struct catalog *catalog, const struct experiments *experiments);
/* ERR_NOT_FOUND: no experiment of that name was ever started. */
MUST_CHECK enum err experiments_show(struct store *store, struct arena *arena, struct str name,
                                     int64_t now_ms, struct analysis *ret_analysis,
                                     struct err_detail *detail);
MUST_CHECK enum err experiments_over_time(struct store *store, struct arena *arena, struct str name,
                                          int64_t now_ms, struct over_time *ret_over_time,
                                          struct err_detail *detail);
/* New references. Unknown numbers are null. */
json_t *experiments_over_time_json(const struct over_time *over_time);
json_t *experiments_analysis_json(struct arena *arena, const struct analysis *analysis);
