/* Drawings of a journey's graph. */
#include "bi/journeys/graph.h"
#include "cli/journeys_show.h"

void journeys_draw(const struct journeys_view *view, const struct journey *journey)
{
    struct journey_graph graph = journey_graph(view, journey);
    printf("%.*s %.*s\n", STR_ARG(journey->name), STR_ARG(journey->version));
    for (int i = 0; i < graph.edge_count; i++) {
        const struct graph_edge *edge = &graph.edges[i];
        struct str from = graph_place_name(view, journey, edge->from);
        struct str to = graph_place_name(view, journey, edge->to);
        if (i == 0 || !graph_place_equal(edge->from, graph.edges[i - 1].from)) {
            printf("\n%s %.*s\n", i == 0 ? "●" : "○", STR_ARG(from));
        }
        bool is_last =
            i + 1 == graph.edge_count || !graph_place_equal(edge->from, graph.edges[i + 1].from);
        printf("  %s─ %.*s\n", is_last ? "└" : "├", STR_ARG(edge->label));
        printf("  %s    → %.*s\n", is_last ? " " : "│", STR_ARG(to));
    }
}

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
    struct journey_graph graph = journey_graph(view, journey);
    fprintf(out, "digraph %.*s {\n  rankdir=TB;\n  node [shape=box, style=rounded];\n",
            STR_ARG(journey->name));
    for (int i = 0; i < graph.edge_count; i++) {
        fputs("  ", out);
        put_quoted(graph_place_name(view, journey, graph.edges[i].from), out);
        fputs(" -> ", out);
        put_quoted(graph_place_name(view, journey, graph.edges[i].to), out);
        fputs(" [label=", out);
        put_quoted(graph.edges[i].label, out);
        fputs("];\n", out);
    }
    fputs("}\n", out);
}

json_t *journeys_graph_json(const struct journeys_view *view, const struct journey *journey)
{
    struct journey_graph graph = journey_graph(view, journey);
    json_t *edges = json_array();
    for (int i = 0; i < graph.edge_count; i++) {
        const struct graph_edge *edge = &graph.edges[i];
        json_t *json = json_object();
        json_object_set_new(json, "from", json_str(graph_place_name(view, journey, edge->from)));
        json_object_set_new(json, "to", json_str(graph_place_name(view, journey, edge->to)));
        json_object_set_new(json, "label", json_str(edge->label));
        json_array_append_new(edges, json);
    }
    json_t *json = json_object();
    json_object_set_new(json, "journey", json_str(journey->name));
    json_object_set_new(json, "edges", edges);
    return json;
}
