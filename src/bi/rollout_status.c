/* Reading the rollout, and telling it. */
#include "bi/rollout_status.h"

#include "base/calendar.h"

enum { HISTORY_SHOWN = 20 };

enum err rollout_status_read(struct store *store, struct arena *arena,
                             struct rollout_status *ret_status, struct err_detail *detail)
{
    const struct arg most = ARG_INT(HISTORY_SHOWN);
    *ret_status = (struct rollout_status){.outlook.next = NULL};
    enum err error = rollout_state_read(store, arena, &ret_status->state, detail);
    if (error == OK) {
        error = rollout_run_read(store, arena, &ret_status->run, detail);
    }
    if (error == OK) {
        error =
            store_query(store, arena, "rollout_people", NULL, 0, 4, &ret_status->people, detail);
    }
    if (error == OK) {
        error = store_query(store, arena, "rollout_history", &most, 1, HISTORY_SHOWN,
                            &ret_status->history, detail);
    }
    return error;
}

int64_t rollout_people(const struct rollout_status *status, int set)
{
    for (int i = 0; i < status->people.count; i++) {
        const struct cell *cells = status->people.cells + i * status->people.columns;
        if (cells[0].integer == set) {
            return cells[1].integer;
        }
    }
    return 0;
}

/* ---- as JSON ---- */

static json_t *outlook_json(struct arena *arena, const struct rollout_outlook *outlook)
{
    if (outlook->next == NULL) {
        return json_null();
    }
    json_t *gates = json_array();
    for (int i = 0; i < outlook->next->gate_count; i++) {
        json_array_append_new(gates, kpi_line_json(&outlook->gates[i]));
    }
    json_t *json = json_object();
    json_object_set_new(json, "stage", json_str(outlook->next->name));
    json_object_set_new(json, "day_at", json_str(calendar_iso(arena, outlook->day_at_ms)));
    json_object_set_new(json, "is_day", json_boolean(outlook->is_day));
    json_object_set_new(json, "firing_alerts", json_integer(outlook->firing));
    json_object_set_new(json, "is_open", json_boolean(outlook->is_open));
    json_object_set_new(json, "gates", gates);
    return json;
}

static json_t *run_json(struct arena *arena, const struct rollout_status *status)
{
    const struct rollout_run *run = &status->run;
    if (!run->is_started) {
        return json_null();
    }
    json_t *json = rollout_plan_json(&run->plan);
    json_object_set_new(json, "stage", json_str(run->plan.stages[run->at].name));
    json_object_set_new(json, "since", json_str(calendar_iso(arena, run->since_ms)));
    json_object_set_new(json, "started_at", json_str(calendar_iso(arena, run->started_at_ms)));
    json_object_set_new(json, "automatic", json_boolean(run->automatic));
    json_object_set_new(json, "held", json_boolean(run->held));
    json_object_set_new(json, "reason", json_str(run->reason));
    json_object_set_new(json, "next", outlook_json(arena, &status->outlook));
    return json;
}

static json_t *history_json(struct arena *arena, const struct rows *history)
{
    json_t *json = json_array();
    for (int i = 0; i < history->count; i++) {
        const struct cell *cells = history->cells + i * history->columns;
        json_t *move = json_object();
        json_object_set_new(move, "at", json_str(calendar_iso(arena, cells[0].integer)));
        json_object_set_new(move, "actor", json_str(cells[1].text));
        json_object_set_new(move, "action", json_str(cells[2].text));
        json_object_set_new(move, "before", json_str(cells[3].text));
        json_object_set_new(move, "after", json_str(cells[4].text));
        json_array_append_new(json, move);
    }
    return json;
}

json_t *rollout_status_json(struct arena *arena, const struct rollout_status *status)
{
    const struct rollout_state *state = &status->state;
    json_t *json = json_object();
    json_object_set_new(json, "name", json_string("superior_onboarding"));
    json_object_set_new(json, "share", json_real(state->share));
    json_object_set_new(json, "started_at",
                        state->started_at_ms == 0
                            ? json_null()
                            : json_str(calendar_iso(arena, state->started_at_ms)));
    json_object_set_new(json, "started_at_ms", json_integer(state->started_at_ms));
    json_object_set_new(json, "rolled_back_entries", json_boolean(state->rolled_back_entries));
    json_object_set_new(json, "rolled_back_nurture", json_boolean(state->rolled_back_nurture));
    json_object_set_new(json, "stage_existing_rescue", json_boolean(state->stage_existing_rescue));
    json_object_set_new(json, "stage_existing_amplification",
                        json_boolean(state->stage_existing_amplification));
    json_object_set_new(json, "people_optimized", json_integer(rollout_people(status, 1)));
    json_object_set_new(json, "people_original", json_integer(rollout_people(status, 0)));
    json_object_set_new(json, "plan", run_json(arena, status));
    json_object_set_new(json, "history", history_json(arena, &status->history));
    return json;
}
