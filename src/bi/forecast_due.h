/* What a forecast is made of, read from the store; and the forecast as JSON. One thread, the
 * store's. */
#pragma once

#include "base/json.h"
#include "bi/forecast.h"
#include "store/store.h"

/* Fills `due` and `decisions` with what is due within a day. */
MUST_CHECK enum err forecast_read(struct store *store, struct arena *arena, int64_t now_ms,
                                  struct forecast *forecast, struct err_detail *detail);
/* "reply", "onboarding", … Static storage. */
const char *forecast_priority(enum priority priority);
/* {"lines": [{"channel", "priority", "messages", "waits_most_s", "out_after_s"}], "decisions"}. New
 * reference. */
json_t *forecast_json(const struct forecast *forecast);
