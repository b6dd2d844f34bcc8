/* Their events are read by walking back from the newest one, since there are few people and they
 * are new; what happened at which step follows from them. */
#include "bi/first_people.h"

#include "bi/rollout_state.h"
#include "core/delivery.h"
#include "core/event.h"

enum { EVENTS_MAX = 1000 };

/* Columns of the block user_timeline. */
enum {
    EVENT_ID,
    EVENT_AT,
    EVENT_TYPE,
    EVENT_JOURNEY,
    EVENT_STEP,
    EVENT_REF,
    EVENT_RULE,
    EVENT_DATA
};

static const char *state_of(int64_t outcome)
{
    return outcome == RUN_ACTIVE ? "active" : run_outcome_name((enum run_outcome)outcome);
}

/* The step's member of the list, made at its first mention. */
static json_t *step_of(json_t *steps, struct str name)
{
    for (size_t i = 0; i < json_array_size(steps); i++) {
        if (str_equal(json_get_str(json_array_get(steps, i), "step"), name)) {
            return json_array_get(steps, i);
        }
    }
    json_t *step = json_object();
    json_object_set_new(step, "step", json_str(name));
    json_object_set_new(step, "sent_at_ms", json_integer(0));
    json_object_set_new(step, "completed_at_ms", json_integer(0));
    json_object_set_new(step, "recovery_at_ms", json_integer(0));
    json_array_append_new(steps, step);
    return step;
}

static const char *instant_of(enum event_type type)
{
    return type == EVENT_STEP_SENT        ? "sent_at_ms"
           : type == EVENT_STEP_COMPLETED ? "completed_at_ms"
           : type == EVENT_RECOVERY_SENT  ? "recovery_at_ms"
                                          : NULL;
}

/* As the provider, or the gate, said it. */
static json_t *reason_of(struct str data)
{
    json_t *object = NULL;
    json_t *reason = data.length > 0 && json_read(data, data.length, &object, NULL) == OK
                         ? json_str(json_get_str(object, "reason"))
                         : json_string("");
    json_decref(object);
    return reason;
}

static void add_event(json_t *person, const struct cell *cells)
{
    enum event_type type = event_type_of(cells[EVENT_TYPE].text);
    const char *instant = instant_of(type);
    json_t *steps = json_object_get(person, "steps");
    if (instant != NULL && cells[EVENT_STEP].text.length > 0) {
        json_object_set_new(step_of(steps, cells[EVENT_STEP].text), instant,
                            json_integer(cells[EVENT_AT].integer));
    } else if (type == EVENT_MESSAGE_FAILED || type == EVENT_BLOCKED) {
        json_t *wrong = json_object();
        json_object_set_new(wrong, "at_ms", json_integer(cells[EVENT_AT].integer));
        json_object_set_new(wrong, "step", json_str(cells[EVENT_STEP].text));
        json_object_set_new(wrong, "what", json_str(cells[EVENT_TYPE].text));
        json_object_set_new(wrong, "why", reason_of(cells[EVENT_DATA].text));
        json_array_append_new(json_object_get(person, "errors"), wrong);
    }
}

/* Of the onboarding's run, and of messages and the chat at large. */
static bool concerns(const struct cell *cells, struct str journey)
{
    return cells[EVENT_JOURNEY].text.length == 0 || str_equal(cells[EVENT_JOURNEY].text, journey);
}

/* One row of the block first_people. */
static enum err read_person(struct store *store, struct arena *arena, const struct cell *cells,
                            json_t *list, struct err_detail *detail)
{
    struct rows events = {0};
    const struct arg args[] = {ARG_INT(cells[0].integer), ARG_INT(EVENTS_MAX)};
    enum err error =
        store_query(store, arena, "user_timeline", args, 2, EVENTS_MAX, &events, detail);
    if (error != OK) {
        return error;
    }
    json_t *person = json_object();
    json_object_set_new(person, "id", json_sprintf("%lld", (long long)cells[0].integer));
    json_object_set_new(person, "entered_at_ms", json_integer(cells[3].integer));
    json_object_set_new(person, "ended_at_ms", json_integer(cells[4].integer));
    json_object_set_new(person, "state", json_string(state_of(cells[2].integer)));
    json_object_set_new(person, "steps", json_array());
    json_object_set_new(person, "errors", json_array());
    for (int i = events.count - 1; i >= 0; i--) { /* the oldest first */
        const struct cell *event = events.cells + (ptrdiff_t)i * events.columns;
        if (concerns(event, cells[1].text)) {
            add_event(person, event);
        }
    }
    json_array_append_new(list, person);
    return OK;
}

enum err first_people(struct store *store, struct arena *arena, json_t **ret_first,
                      struct err_detail *detail)
{
    struct rollout_state state;
    struct rows rows = {0};
    enum err error = rollout_state_read(store, arena, &state, detail);
    if (error == OK && state.started_at_ms > 0) {
        const struct arg args[] = {ARG_INT(state.started_at_ms), ARG_INT(FIRST_PEOPLE)};
        error = store_query(store, arena, "first_people", args, 2, FIRST_PEOPLE, &rows, detail);
    }
    json_t *list = json_array();
    for (int i = 0; error == OK && i < rows.count; i++) {
        error = read_person(store, arena, rows.cells + (ptrdiff_t)i * rows.columns, list, detail);
    }
    if (error != OK) {
        json_decref(list);
        return error;
    }
    json_t *first = json_object();
    json_object_set_new(first, "started_at_ms", json_integer(state.started_at_ms));
    json_object_set_new(first, "wanted", json_integer(FIRST_PEOPLE));
    json_object_set_new(first, "people", list);
    *ret_first = first;
    return OK;
}
