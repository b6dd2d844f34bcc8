/* The words that all views of compiled journeys share. Pure. */
#pragma once

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
