/* Views of compiled journeys for people and programs: the listing, one journey with its texts, its
 * drawing. They write to standard output. */
#pragma once

#include <stdio.h>

#include "base/json.h"
#include "core/catalog.h"

struct journeys_view {
    struct arena *arena;
    const struct catalog *catalog;
    int language; /* index of the language that texts are shown in */
};

/* "2h", "90m", "3d", "at once". */
const char *view_duration(const struct journeys_view *view, int64_t duration_ms);
/* The template's source in the view's language; "" for NULL. */
struct str view_text(const struct journeys_view *view, const struct message *message);
/* "commitment_complete, leave". */
const char *view_verbs(const struct journeys_view *view, const struct step_button *button);
/* "on commitment_made, when …". */
struct str view_enter(const struct journeys_view *view, const struct journey *journey);
/* When a step is sent: "at once", "2h after the previous step was completed". */
struct str view_delay(const struct journeys_view *view, const struct journey *journey, int index);

/* journeys_show.c */
void journeys_show(const struct journeys_view *view, const struct journey *journey);
json_t *journeys_show_json(const struct journeys_view *view, const struct journey *journey);
/* journeys_graph.c */
void journeys_draw(const struct journeys_view *view, const struct journey *journey);
void journeys_dot(const struct journeys_view *view, const struct journey *journey, FILE *out);
json_t *journeys_graph_json(const struct journeys_view *view, const struct journey *journey);
