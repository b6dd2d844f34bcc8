/* Who gets the optimized set, and what to do next. */
#include "base/calendar.h"
#include "bi/first_people.h"
#include "bi/next_action.h"
#include "http/api/api.h"

static void put_flag(json_t *object, const char *key, const json_t *stored, const char *stored_key)
{
    json_object_set_new(object, key, json_boolean(json_get_bool(stored, stored_key, false)));
}

static json_t *rollout_json(struct arena *arena, const json_t *stored, const struct rows *people)
{
    json_t *object = json_object();
    int64_t started_ms = json_get_int(stored, "started_at_ms", 0);
    json_object_set_new(object, "name", json_string("superior_onboarding"));
    json_object_set_new(object, "share", json_real(json_get_number(stored, "share", 0)));
    json_object_set_new(object, "started_at",
                        started_ms > 0 ? json_str(calendar_iso(arena, started_ms)) : json_null());
    put_flag(object, "rolled_back_entries", stored, "rolled_back_entries");
    put_flag(object, "rolled_back_nurture", stored, "rolled_back_nurture");
    put_flag(object, "held", stored, "held");
    put_flag(object, "existing_rescue", stored, "stage_existing_rescue");
    put_flag(object, "existing_amplification", stored, "stage_existing_amplification");
    int64_t by_set[2] = {0, 0};
    for (int i = 0; i < people->count; i++) {
        const struct cell *cells = people->cells + i * people->columns;
        by_set[cells[0].integer == 1] = cells[1].integer;
    }
    json_object_set_new(object, "people_original", json_integer(by_set[0]));
    json_object_set_new(object, "people_optimized", json_integer(by_set[1]));
    return object;
}

bool api_run_rollout(struct api_call *call)
{
    struct err_detail detail = {""};
    struct str text = STR_NONE;
    struct rows people = {0};
    json_t *stored = NULL;
    enum err error =
        store_setting_get(call->store, call->arena, "rollout/superior_onboarding", &text, &detail);
    if (error == OK) {
        error =
            store_query(call->store, call->arena, "rollout_people", NULL, 0, 4, &people, &detail);
    }
    if (error == OK && text.length > 0) {
        error = json_read(text, text.length, &stored, &detail);
    }
    if (error != OK) {
        return api_fail(call, error, &detail);
    }
    json_t *answer = rollout_json(call->arena, stored, &people);
    json_decref(stored);
    return api_reply(call, answer);
}

bool api_run_rollout_first(struct api_call *call)
{
    json_t *first = NULL;
    struct err_detail detail = {""};
    enum err error = first_people(call->store, call->arena, &first, &detail);
    return error == OK ? api_reply(call, first) : api_fail(call, error, &detail);
}

bool api_run_next_actions(struct api_call *call)
{
    const struct metrics_filter everybody = {0};
    struct metrics metrics;
    struct err_detail detail = {""};
    enum err error = api_metrics(call, &everybody, &metrics, &detail);
    return error == OK ? api_reply(call, json_pack("{s:o}", "actions",
                                                   next_actions_json(call->arena, &metrics)))
                       : api_fail(call, error, &detail);
}
