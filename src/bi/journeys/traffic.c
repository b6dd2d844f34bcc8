/* See traffic.h: three questions to the store, put on the places of the graph. */
#include "bi/journeys/traffic.h"

#include "base/limits.h"
#include "core/delivery.h"

enum { KINDS_MAX = 4096, PLACES_MAX = 1024 };

/* -1: nothing is counted. */
struct count {
    int64_t sent, answered, waiting;
};

struct traffic {
    const struct journeys_view *view;
    const struct journey *journey;
    struct journey_graph graph;
    bool counted;
    struct rows messages; /* of journey_messages */
    struct rows places;   /* of journey_places */
    int64_t runs[RUN_STOPPED + 1];
};

static const char *const PART_WORDS[] = {
    [GRAPH_START] = "start",
    [GRAPH_STEP] = "step",
    [GRAPH_ULTRA] = "ultra",
    [GRAPH_RECOVERY] = "recovery",
    [GRAPH_ABANDONMENT] = "abandonment",
    [GRAPH_GRADUATION] = "graduation",
    [GRAPH_END] = "end",
    [GRAPH_ANY_STEP] = "any_step",
    [GRAPH_STEP_BEFORE] = "step_before",
};

/* The kind of message that is sent there; -1: none is. */
static int kind_of(enum graph_part part)
{
    switch (part) {
    case GRAPH_STEP:
        return KIND_STEP;
    case GRAPH_ULTRA:
        return KIND_ULTRA;
    case GRAPH_RECOVERY:
        return KIND_RECOVERY;
    case GRAPH_ABANDONMENT:
        return KIND_ABANDONMENT;
    case GRAPH_GRADUATION:
        return KIND_GRADUATION;
    case GRAPH_START:
    case GRAPH_END:
    case GRAPH_ANY_STEP:
    case GRAPH_STEP_BEFORE:
        break;
    }
    return -1;
}

/* Where somebody in the phase is. */
static enum graph_part part_of(const struct step *step, enum run_phase phase, bool ultra)
{
    if (phase == PHASE_ABANDONING) {
        return GRAPH_ABANDONMENT;
    }
    if (ultra && step->ultra != NULL) {
        return GRAPH_ULTRA;
    }
    return phase == PHASE_RECOVERY && step->recovery != NULL ? GRAPH_RECOVERY : GRAPH_STEP;
}

/* Messages of the kind, of all steps when there is none. */
static struct count messages_of(const struct traffic *traffic, int kind, const struct step *step)
{
    struct count count = {0, 0, 0};
    for (int i = 0; i < traffic->messages.count; i++) {
        const struct cell *cell = &traffic->messages.cells[i * traffic->messages.columns];
        if (cell[1].integer == kind && (step == NULL || str_equal(cell[0].text, step->id))) {
            count.sent += cell[2].integer;
            count.answered += cell[3].integer;
        }
    }
    return count;
}

static int64_t waiting_at(const struct traffic *traffic, struct graph_place place)
{
    int64_t people = 0;
    for (int i = 0; i < traffic->places.count; i++) {
        const struct cell *cell = &traffic->places.cells[i * traffic->places.columns];
        int64_t step = cell[0].integer;
        if (step < 0 || step >= traffic->journey->step_count) {
            continue;
        }
        enum graph_part part = part_of(&traffic->journey->steps[step],
                                       (enum run_phase)cell[1].integer, cell[2].integer != 0);
        if (part == place.part && (place.step < 0 || place.step == step)) {
            people += cell[3].integer;
        }
    }
    return people;
}

static struct count count_at(const struct traffic *traffic, struct graph_place place)
{
    int kind = kind_of(place.part);
    if (!traffic->counted || kind < 0) {
        return (struct count){-1, -1, -1};
    }
    const struct step *step = place.step >= 0 ? &traffic->journey->steps[place.step] : NULL;
    struct count count = messages_of(traffic, kind, step);
    bool is_answered = step == NULL || step->expects != EXPECTS_NOTHING ||
                       place.part != GRAPH_STEP || step->prompt.button_count > 0;
    count.answered = is_answered && place.part != GRAPH_GRADUATION ? count.answered : -1;
    count.waiting = place.part == GRAPH_GRADUATION ? -1 : waiting_at(traffic, place);
    return count;
}

static int64_t entered(const struct traffic *traffic)
{
    int64_t sum = 0;
    for (int i = 0; i <= RUN_STOPPED; i++) {
        sum += traffic->runs[i];
    }
    return sum;
}

static int64_t times_along(const struct traffic *traffic, const struct graph_edge *edge)
{
    if (!traffic->counted) {
        return -1;
    }
    switch (edge->way) {
    case WAY_ENTRY:
        return entered(traffic);
    case WAY_ANSWER:
        return count_at(traffic, edge->from).answered;
    case WAY_SENT:
        return count_at(traffic, edge->from).sent;
    case WAY_REACH:
        return messages_of(traffic, kind_of(edge->to.part),
                           &traffic->journey->steps[edge->from.step])
            .sent;
    case WAY_OTHER:
        break;
    }
    return -1;
}

static json_t *number(int64_t count)
{
    return count < 0 ? json_null() : json_integer(count);
}

static json_t *node_json(const struct traffic *traffic, struct graph_place place)
{
    struct count count = count_at(traffic, place);
    json_t *json = json_object();
    json_object_set_new(json, "node",
                        json_str(graph_place_name(traffic->view, traffic->journey, place)));
    json_object_set_new(json, "part", json_string(PART_WORDS[place.part]));
    json_object_set_new(json, "step", place.step < 0 ? json_null() : json_integer(place.step + 1));
    json_object_set_new(json, "sent", number(count.sent));
    json_object_set_new(json, "answered", number(count.answered));
    json_object_set_new(json, "waiting", number(count.waiting));
    return json;
}

static bool is_first_mention(const struct journey_graph *graph, int edge, struct graph_place place)
{
    for (int i = 0; i < edge; i++) {
        if (graph_place_equal(graph->edges[i].from, place) ||
            graph_place_equal(graph->edges[i].to, place)) {
            return false;
        }
    }
    return true;
}

static json_t *nodes_json(const struct traffic *traffic)
{
    const struct journey_graph *graph = &traffic->graph;
    json_t *nodes = json_array();
    for (int i = 0; i < graph->edge_count; i++) {
        const struct graph_edge *edge = &graph->edges[i];
        if (is_first_mention(graph, i, edge->from)) {
            json_array_append_new(nodes, node_json(traffic, edge->from));
        }
        if (is_first_mention(graph, i, edge->to) && !graph_place_equal(edge->from, edge->to)) {
            json_array_append_new(nodes, node_json(traffic, edge->to));
        }
    }
    return nodes;
}

static json_t *edges_json(const struct traffic *traffic)
{
    json_t *edges = json_array();
    for (int i = 0; i < traffic->graph.edge_count; i++) {
        const struct graph_edge *edge = &traffic->graph.edges[i];
        json_t *json = json_object();
        json_object_set_new(
            json, "from", json_str(graph_place_name(traffic->view, traffic->journey, edge->from)));
        json_object_set_new(json, "to",
                            json_str(graph_place_name(traffic->view, traffic->journey, edge->to)));
        json_object_set_new(json, "label", json_str(edge->label));
        json_object_set_new(json, "times", number(times_along(traffic, edge)));
        json_array_append_new(edges, json);
    }
    return edges;
}

static json_t *runs_json(const struct traffic *traffic)
{
    json_t *json = json_object();
    json_object_set_new(json, "entered", json_integer(entered(traffic)));
    for (int i = 0; i <= RUN_STOPPED; i++) {
        json_object_set_new(json, run_outcome_name((enum run_outcome)i),
                            json_integer(traffic->runs[i]));
    }
    return json;
}

static enum err read_all(struct traffic *traffic, struct store *store, struct err_detail *detail)
{
    struct arena *arena = traffic->view->arena;
    const struct arg args[] = {ARG_TEXT(traffic->journey->name), ARG_TEXT(traffic->journey->hash)};
    struct rows runs = {0};
    enum err error = store_query(store, arena, "journey_messages", args, 1, KINDS_MAX,
                                 &traffic->messages, detail);
    if (error == OK) {
        error = store_query(store, arena, "journey_places", args, 2, PLACES_MAX, &traffic->places,
                            detail);
    }
    if (error == OK) {
        error = store_query(store, arena, "journey_runs", args, 1, RUN_STOPPED + 1, &runs, detail);
    }
    for (int i = 0; error == OK && i < runs.count; i++) {
        const struct cell *cell = &runs.cells[i * runs.columns];
        if (cell[0].integer >= 0 && cell[0].integer <= RUN_STOPPED) {
            traffic->runs[cell[0].integer] = cell[1].integer;
        }
    }
    traffic->counted = error == OK;
    return error;
}

enum err journey_traffic(struct store *store, const struct journeys_view *view,
                         const struct journey *journey, json_t **ret_json,
                         struct err_detail *detail)
{
    struct traffic traffic = {
        .view = view, .journey = journey, .graph = journey_graph(view, journey)};
    enum err error = read_all(&traffic, store, detail);
    if (error == OK) {
        *ret_json = json_pack("{s:o, s:o, s:o}", "runs", runs_json(&traffic), "nodes",
                              nodes_json(&traffic), "edges", edges_json(&traffic));
    }
    return error;
}

json_t *journey_graph_json(const struct journeys_view *view, const struct journey *journey)
{
    const struct traffic traffic = {
        .view = view, .journey = journey, .graph = journey_graph(view, journey)};
    return json_pack("{s:o, s:o}", "nodes", nodes_json(&traffic), "edges", edges_json(&traffic));
}
