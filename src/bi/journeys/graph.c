/* See graph.h. */
#include "bi/journeys/graph.h"

#include "core/journey_words.h"

struct drawing {
    const struct journeys_view *view;
    const struct journey *journey;
    struct journey_graph graph;
    int capacity;
};

static struct graph_place part(enum graph_part of)
{
    return (struct graph_place){of, -1};
}

static struct graph_place part_of(int step, enum graph_part of)
{
    return (struct graph_place){of, step};
}

bool graph_place_equal(struct graph_place a, struct graph_place b)
{
    return a.part == b.part && a.step == b.step;
}

struct str graph_place_name(const struct journeys_view *view, const struct journey *journey,
                            struct graph_place place)
{
    struct str step = place.step >= 0 ? journey->steps[place.step].id : STR_NONE;
    switch (place.part) {
    case GRAPH_START:
        return STR("start");
    case GRAPH_STEP:
        return step;
    case GRAPH_ULTRA:
        return arena_printf(view->arena, "%.*s (ultra-micro)", STR_ARG(step));
    case GRAPH_RECOVERY:
        return arena_printf(view->arena, "%.*s (recovery)", STR_ARG(step));
    case GRAPH_ABANDONMENT:
        return STR("abandonment");
    case GRAPH_GRADUATION:
        return STR("graduation");
    case GRAPH_END:
        return STR("end");
    case GRAPH_ANY_STEP:
        return STR("any step");
    case GRAPH_STEP_BEFORE:
        return STR("the step it was at");
    }
    return STR_NONE;
}

static void add_edge(struct drawing *drawing, struct graph_place from, struct graph_place to,
                     enum graph_way way, struct str label)
{
    struct journey_graph *graph = &drawing->graph;
    if (graph->edge_count == drawing->capacity) {
        int capacity = drawing->capacity == 0 ? 32 : drawing->capacity * 2;
        graph->edges = arena_grow(drawing->view->arena, graph->edges,
                                  (size_t)graph->edge_count * sizeof(*graph->edges),
                                  (size_t)capacity * sizeof(*graph->edges));
        drawing->capacity = capacity;
    }
    graph->edges[graph->edge_count++] = (struct graph_edge){from, to, way, label};
}

/* What follows the step: the next one, graduation, or the end. */
static struct graph_place after(const struct drawing *drawing, int index)
{
    const struct journey *journey = drawing->journey;
    if (index + 1 < journey->step_count) {
        return part_of(index + 1, GRAPH_STEP);
    }
    return part(journey->graduation != NULL ? GRAPH_GRADUATION : GRAPH_END);
}

/* "answered, 2h later" on the way to the next step. */
static struct str onward(const struct drawing *drawing, int index, const char *what)
{
    const struct journeys_view *view = drawing->view;
    const struct journey *journey = drawing->journey;
    if (index + 1 == journey->step_count) {
        return str_of(what);
    }
    const struct step *next = &journey->steps[index + 1];
    struct str when = next->when != NULL ? condition_source(next->when) : STR_NONE;
    /* What most delays count from is where the arrow begins. */
    bool from_here = next->anchor == ANCHOR_PREVIOUS && next->after_ms != 0;
    struct str delay =
        from_here ? arena_printf(view->arena, "%s later", view_duration(view, next->after_ms))
                  : view_delay(view, journey, index + 1);
    return arena_printf(view->arena, "%s, %.*s%s%.*s", what, STR_ARG(delay),
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
static void add_message(struct drawing *drawing, int index)
{
    const struct step *step = &drawing->journey->steps[index];
    struct graph_place self = part_of(index, GRAPH_STEP);
    bool waits = step->expects != EXPECTS_NOTHING;
    add_edge(drawing, self, after(drawing, index), waits ? WAY_ANSWER : WAY_SENT,
             onward(drawing, index, waits ? "answered" : "sent"));
    if (step->ultra != NULL) {
        add_edge(drawing, self, part_of(index, GRAPH_ULTRA), WAY_REACH, STR("too much"));
    }
    for (int i = 0; i < step->prompt.button_count; i++) {
        if (leaves_by(&step->prompt.buttons[i])) {
            add_edge(drawing, self, part(GRAPH_END), WAY_OTHER,
                     view_text(drawing->view, step->prompt.buttons[i].text));
        }
    }
}

/* What silence leads to, from the message or from its recovery. */
static void add_silence(struct drawing *drawing, struct graph_place from, struct graph_place to,
                        int64_t silence_ms)
{
    add_edge(
        drawing, from, to, WAY_REACH,
        arena_printf(drawing->view->arena, "%s silent", view_duration(drawing->view, silence_ms)));
}

static void add_step(struct drawing *drawing, int index)
{
    const struct journey *journey = drawing->journey;
    const struct step *step = &journey->steps[index];
    bool is_abandoned = step->expects != EXPECTS_NOTHING && journey->abandonment != NULL;
    struct graph_place self = part_of(index, GRAPH_STEP);
    struct graph_place recovery = part_of(index, GRAPH_RECOVERY);
    add_message(drawing, index);
    if (step->recovery != NULL) {
        add_silence(drawing, self, recovery, step->no_answer_ms);
    } else if (is_abandoned) {
        add_silence(drawing, self, part(GRAPH_ABANDONMENT), journey->abandon_after_ms);
    }
    if (step->ultra != NULL) {
        add_edge(drawing, part_of(index, GRAPH_ULTRA), after(drawing, index), WAY_ANSWER,
                 onward(drawing, index, "answered"));
    }
    if (step->recovery != NULL) {
        add_edge(drawing, recovery, after(drawing, index), WAY_ANSWER,
                 onward(drawing, index, "answered"));
        if (is_abandoned) {
            add_silence(drawing, recovery, part(GRAPH_ABANDONMENT), journey->abandon_after_ms);
        }
    }
}

/* What ends a run wherever it is. */
static void add_ends(struct drawing *drawing)
{
    const struct journeys_view *view = drawing->view;
    const struct journey *journey = drawing->journey;
    for (int i = 0; i < journey->leave_count; i++) {
        add_edge(drawing, part(GRAPH_ANY_STEP),
                 part(journey->leaves[i].graduates ? GRAPH_GRADUATION : GRAPH_END), WAY_OTHER,
                 str_of(journey_word(LEAVE_WORDS, (int)journey->leaves[i].on)));
    }
    if (journey->ends_after_ms != 0) {
        add_edge(drawing, part(GRAPH_ANY_STEP), part(GRAPH_END), WAY_OTHER,
                 arena_printf(view->arena, "%s over", view_duration(view, journey->ends_after_ms)));
    }
    if (journey->abandonment != NULL) {
        add_edge(drawing, part(GRAPH_ABANDONMENT), part(GRAPH_STEP_BEFORE), WAY_ANSWER,
                 STR("any answer"));
        add_edge(
            drawing, part(GRAPH_ABANDONMENT), part(GRAPH_END), WAY_OTHER,
            arena_printf(view->arena, "%s silent", view_duration(view, journey->give_up_after_ms)));
    }
}

struct journey_graph journey_graph(const struct journeys_view *view, const struct journey *journey)
{
    struct drawing drawing = {.view = view, .journey = journey};
    add_edge(&drawing, part(GRAPH_START), part_of(0, GRAPH_STEP), WAY_ENTRY,
             view_enter(view, journey));
    for (int i = 0; i < journey->step_count; i++) {
        add_step(&drawing, i);
    }
    add_ends(&drawing);
    return drawing.graph;
}
