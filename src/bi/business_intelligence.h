/* The objects that callers of the previous system read: their names and their rounding (one
 * decimal, half up) over the figures of metrics.h, which are reckoned there and nowhere else.
 * docs/reference/api.md tells each key. Pure, any thread. */
#pragma once

#include "bi/metrics.h"

/* What the system's health is judged by, beside the figures. */
struct bi_probe {
    int64_t database_response_ms; /* of reading all figures */
    int64_t backlog_age_ms;       /* how late the oldest due row is */
};

/* Each a new reference. */
json_t *bi_funnel_json(const struct metrics *metrics);
json_t *bi_insights_json(struct arena *arena, const struct metrics *metrics);
json_t *bi_retention_json(const struct metrics *metrics);
/* All of them, with commitments, growth and the system's health. */
json_t *bi_all_json(struct arena *arena, const struct metrics *metrics,
                    const struct bi_probe *probe);
