/* The graph of a journey: places and what leads from one to the next. All drawings of it are made
 * from this one list, so they cannot differ. Pure. */
#pragma once

#include "bi/journeys/view.h"

enum graph_part {
    GRAPH_START = 0,
    GRAPH_STEP,
    GRAPH_ULTRA, /* the step's ultra-micro alternative */
    GRAPH_RECOVERY,
    GRAPH_ABANDONMENT,
    GRAPH_GRADUATION,
    GRAPH_END,
    GRAPH_ANY_STEP,
    GRAPH_STEP_BEFORE /* abandonment: the step it was at */
};

/* What takes a person along an edge, and thereby what is counted for it. */
enum graph_way {
    WAY_ENTRY = 0,
    WAY_ANSWER, /* what `from` says was answered */
    WAY_SENT,   /* `from` expects nothing: its sending */
    WAY_REACH,  /* `to` was sent at the step of `from` */
    WAY_OTHER   /* nothing is counted */
};

struct graph_place {
    enum graph_part part;
    int step; /* index; of abandonment and what belongs to no step -1 */
};

struct graph_edge {
    struct graph_place from, to;
    enum graph_way way;
    struct str label;
};

struct journey_graph {
    struct graph_edge *edges; /* those from one place stand together */
    int edge_count;
};

/* Lives in the view's arena. */
struct journey_graph journey_graph(const struct journeys_view *view, const struct journey *journey);
/* "first_win", "first_win (recovery)", "any step". */
struct str graph_place_name(const struct journeys_view *view, const struct journey *journey,
                            struct graph_place place);
bool graph_place_equal(struct graph_place a, struct graph_place b);
