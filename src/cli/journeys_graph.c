/* The drawing of a journey: a tree of states and what leads from one to the next, as text, for
 * Graphviz, and as JSON. All three come from one list of edges, so they cannot differ. */
#include "cli/journeys_view.h"
#include "core/journey_words.h"

struct edge {
    struct str from, to;
    struct str label;
};

struct graph {
    const struct journeys_view *view;
    const struct journey *journey;
    struct edge *edges;
    int count, capacity;
};

static void add_edge(struct graph *graph, struct str from, struct str to, struct str label)
{
    if (graph->count == graph->capacity) {
        int capacity = graph->capacity == 0 ? 32 : graph->capacity * 2;
        graph->edges =
            arena_grow(graph->view->arena, graph->edges, (size_t)graph->count * sizeof(struct edge),
                       (size_t)capacity * sizeof(struct edge));
        graph->capacity = capacity;
    }
    graph->edges[graph->count++] = (struct edge){from, to, label};
}

static struct str node(struct graph *graph, const struct step *step, const char *what)
{
    return arena_printf(graph->view->arena, "%.*s%s%s", STR_ARG(step->id),
                        what[0] != '\0' ? " " : "", what);
}

/* What follows the step: the next one, graduation, or the end. */
static struct str after(struct graph *graph, int index)
{
    const struct journey *journey = graph->journey;
    if (index + 1 < journey->step_count) {
        return node(graph, &journey->steps[index + 1], "");
    }
    return journey->graduation != NULL ? STR("graduation") : STR("end");
}

/* "answered, 2h later" on the way to the next step. */
static struct str onward(struct graph *graph, int index, const char *what)
{
    const struct journey *journey = graph->journey;
    if (index + 1 == journey->step_count) {
        return str_of(what);
    }
    const struct step *next = &journey->steps[index + 1];
    struct str when = next->when != NULL ? condition_source(next->when) : STR_NONE;
    /* What most delays count from is where the arrow begins. */
    bool from_here = next->anchor == ANCHOR_PREVIOUS && next->after_ms != 0;
    struct str delay = from_here ? arena_printf(graph->view->arena, "%s later",
                                                view_duration(graph->view, next->after_ms))
                                 : view_delay(graph->view, journey, index + 1);
    return arena_printf(graph->view->arena, "%s, %.*s%s%.*s", what, STR_ARG(delay),
                        when.length > 0 ? " if " : "", STR_ARG(when));
}

static bool leaves_by(const struct step_button *button)
{
    for (int i = 0; i < button->verb_count; i++) {
        if (button->verbs[i] == VERB_LEAVE) {
            return true;
        }
    }
    return false;
}

/* What the step's own message leads to. */
static void add_message(struct graph *graph, int index)
{
    const struct journey *journey = graph->journey;
    const struct step *step = &journey->steps[index];
    struct str self = node(graph, step, "");
    bool waits = step->expects != EXPECTS_NOTHING;
    add_edge(graph, self, after(graph, index), onward(graph, index, waits ? "answered" : "sent"));
    if (step->ultra != NULL) {
        add_edge(graph, self, node(graph, step, "(ultra-micro)"), STR("too much"));
    }
    for (int i = 0; i < step->prompt.button_count; i++) {
        if (leaves_by(&step->prompt.buttons[i])) {
            add_edge(graph, self, STR("end"), view_text(graph->view, step->prompt.buttons[i].text));
        }
    }
}

/* What silence leads to, from the message or from its recovery. */
static void add_silence(struct graph *graph, struct str from, struct str to, int64_t silence_ms)
{
    add_edge(graph, from, to,
             arena_printf(graph->view->arena, "%s silent", view_duration(graph->view, silence_ms)));
}

static void add_step(struct graph *graph, int index)
{
    const struct journey *journey = graph->journey;
    const struct step *step = &journey->steps[index];
    bool is_abandoned = step->expects != EXPECTS_NOTHING && journey->abandonment != NULL;
    struct str recovery = node(graph, step, "(recovery)");
    add_message(graph, index);
    if (step->recovery != NULL) {
        add_silence(graph, node(graph, step, ""), recovery, step->no_answer_ms);
    } else if (is_abandoned) {
        add_silence(graph, node(graph, step, ""), STR("abandonment"), journey->abandon_after_ms);
    }
    if (step->ultra != NULL) {
        add_edge(graph, node(graph, step, "(ultra-micro)"), after(graph, index),
                 onward(graph, index, "answered"));
    }
    if (step->recovery != NULL) {
        add_edge(graph, recovery, after(graph, index), onward(graph, index, "answered"));
        if (is_abandoned) {
            add_silence(graph, recovery, STR("abandonment"), journey->abandon_after_ms);
        }
    }
}

static struct graph build(const struct journeys_view *view, const struct journey *journey)
{
    struct graph graph = {.view = view, .journey = journey};
    add_edge(&graph, STR("start"), node(&graph, &journey->steps[0], ""), view_enter(view, journey));
    for (int i = 0; i < journey->step_count; i++) {
        add_step(&graph, i);
    }
    for (int i = 0; i < journey->leave_count; i++) {
        add_edge(&graph, STR("any step"),
                 journey->leaves[i].graduates ? STR("graduation") : STR("end"),
                 str_of(journey_word(LEAVE_WORDS, (int)journey->leaves[i].on)));
    }
    if (journey->ends_after_ms != 0) {
        add_edge(&graph, STR("any step"), STR("end"),
                 arena_printf(view->arena, "%s over", view_duration(view, journey->ends_after_ms)));
    }
    if (journey->abandonment != NULL) {
        add_edge(&graph, STR("abandonment"), STR("the step it was at"), STR("any answer"));
        add_edge(
            &graph, STR("abandonment"), STR("end"),
            arena_printf(view->arena, "%s silent", view_duration(view, journey->give_up_after_ms)));
    }
    return graph;
}

/* ---- as text --------------------------------------------------------------------------------- */

void journeys_draw(const struct journeys_view *view, const struct journey *journey)
{
    struct graph graph = build(view, journey);
    printf("%.*s %.*s\n", STR_ARG(journey->name), STR_ARG(journey->version));
    for (int i = 0; i < graph.count; i++) {
        const struct edge *edge = &graph.edges[i];
        bool is_new = i == 0 || !str_equal(edge->from, graph.edges[i - 1].from);
        if (is_new) {
            printf("\n%s %.*s\n", i == 0 ? "●" : "○", STR_ARG(edge->from));
        }
        bool is_last = i + 1 == graph.count || !str_equal(edge->from, graph.edges[i + 1].from);
        printf("  %s─ %.*s\n", is_last ? "└" : "├", STR_ARG(edge->label));
        printf("  %s    → %.*s\n", is_last ? " " : "│", STR_ARG(edge->to));
    }
}

/* ---- for Graphviz ---------------------------------------------------------------------------- */

/* A quoted string of the DOT language. */
static void put_quoted(struct str text, FILE *out)
{
    fputc('"', out);
    for (size_t i = 0; i < text.length; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\') {
            fputc('\\', out);
        }
        fputc(text.ptr[i] == '\n' ? ' ' : text.ptr[i], out);
    }
    fputc('"', out);
}

void journeys_dot(const struct journeys_view *view, const struct journey *journey, FILE *out)
{
    struct graph graph = build(view, journey);
    fprintf(out, "digraph %.*s {\n  rankdir=TB;\n  node [shape=box, style=rounded];\n",
            STR_ARG(journey->name));
    for (int i = 0; i < graph.count; i++) {
        fputs("  ", out);
        put_quoted(graph.edges[i].from, out);
        fputs(" -> ", out);
        put_quoted(graph.edges[i].to, out);
        fputs(" [label=", out);
        put_quoted(graph.edges[i].label, out);
        fputs("];\n", out);
    }
    fputs("}\n", out);
}

json_t *journeys_graph_json(const struct journeys_view *view, const struct journey *journey)
{
    struct graph graph = build(view, journey);
    json_t *edges = json_array();
    for (int i = 0; i < graph.count; i++) {
        json_t *edge = json_object();
        json_object_set_new(edge, "from", json_str(graph.edges[i].from));
        json_object_set_new(edge, "to", json_str(graph.edges[i].to));
        json_object_set_new(edge, "label", json_str(graph.edges[i].label));
        json_array_append_new(edges, edge);
    }
    json_t *json = json_object();
    json_object_set_new(json, "journey", json_str(journey->name));
    json_object_set_new(json, "edges", edges);
    return json;
}
