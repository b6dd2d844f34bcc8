/* Compiled journeys for people: one with all its texts, and its drawing. They write to standard
 * output. */
#pragma once

#include <stdio.h>

#include "base/json.h"
#include "bi/journeys/view.h"

void journeys_show(const struct journeys_view *view, const struct journey *journey);

/* journeys_draw.c: a tree of places, for Graphviz, as JSON. */
void journeys_draw(const struct journeys_view *view, const struct journey *journey);
void journeys_dot(const struct journeys_view *view, const struct journey *journey, FILE *out);
json_t *journeys_graph_json(const struct journeys_view *view, const struct journey *journey);
