/* What went through a journey so far, and where people are now: counts at the places and edges of
 * its graph. Test people and erased ones are left out. One thread, the store's. */
#pragma once

#include "base/json.h"
#include "bi/journeys/graph.h"
#include "store/store.h"

/* {"runs": {"entered", "active", "completed", …, one for each outcome},
 *  "nodes": [{"node", "part", "step", "sent", "answered", "waiting"}],
 *  "edges": [{"from", "to", "label", "times"}]}.
 * sent and answered are messages of all versions of the journey; waiting are people whose run is of
 * the version given. null where a place has no message, or an edge is not counted. New reference.
 */
MUST_CHECK enum err journey_traffic(struct store *store, const struct journeys_view *view,
                                    const struct journey *journey, json_t **ret_json,
                                    struct err_detail *detail);
/* The same without a store: its nodes and edges, nothing counted. */
json_t *journey_graph_json(const struct journeys_view *view, const struct journey *journey);
