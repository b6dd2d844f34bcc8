/* The JSON of experiments (report.h). Unknown numbers are null. */
#include "bi/experiments/report.h"

#include <math.h>

static const char *const VERDICTS[] = {
    [VERDICT_NO_CHANCES] = "no_propensities",  [VERDICT_SPLIT_BROKEN] = "split_broken",
    [VERDICT_TOO_EARLY] = "too_early",         [VERDICT_BETTER] = "better",
    [VERDICT_FIRST_IS_BEST] = "first_is_best", [VERDICT_NOT_SHOWN] = "not_shown"};

static json_t *real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *effect_json(const struct effect *effect)
{
    json_t *json = json_object();
    json_object_set_new(json, "difference", real(effect->difference));
    json_object_set_new(json, "low", real(effect->low));
    json_object_set_new(json, "high", real(effect->high));
    json_object_set_new(json, "e_value", real(effect->e_value));
    return json;
}

static json_t *figures_json(const struct arm_result *arm)
{
    json_t *json = json_object();
    json_object_set_new(json, "id", json_str(arm->variant));
    json_object_set_new(json, "exposed", json_integer(arm->exposed));
    json_object_set_new(json, "people", json_integer((json_int_t)arm->outcome.people));
    json_object_set_new(json, "mean", real(arm->mean));
    json_object_set_new(json, "probability_best", real(arm->chance.best));
    json_object_set_new(json, "expected_loss", real(arm->chance.loss));
    return json;
}

static json_t *found_json(const struct effect *effect, bool found)
{
    json_t *json = effect_json(effect);
    json_object_set_new(json, "found", json_boolean(found));
    return json;
}

static json_t *arm_json(const struct arm_result *arm, bool is_first)
{
    json_t *json = figures_json(arm);
    json_object_set_new(json, "weight", real(arm->weight));
    if (!is_first) {
        json_object_set_new(json, "effect", found_json(&arm->effect, arm->found));
    }
    json_t *guards = json_object();
    for (int guard = 0; guard < GUARD_COUNT; guard++) {
        json_t *one = json_object();
        json_object_set_new(one, "mean", real(sample_mean(&arm->guards[guard])));
        if (!is_first) {
            json_object_set_new(one, "effect",
                                found_json(&arm->guard_effects[guard], arm->guards_found[guard]));
        }
        json_object_set_new(guards, guardrail_name((enum guardrail)guard), one);
    }
    json_object_set_new(json, "guardrails", guards);
    return json;
}

json_t *experiments_analysis_json(struct arena *arena, const struct analysis *analysis)
{
    json_t *json = experiment_json(analysis->experiment);
    json_t *arms = json_array();
    for (int i = 0; i < analysis->arm_count; i++) {
        json_array_append_new(arms, arm_json(&analysis->arms[i], i == 0));
    }
    json_object_set_new(json, "variants", arms);
    json_object_set_new(json, "is_share", json_boolean(analysis->is_share));
    json_object_set_new(json, "people", json_integer(analysis->people));
    json_object_set_new(json, "split_p", real(analysis->split_p));
    json_object_set_new(json, "cuped_theta", real(analysis->theta));
    json_object_set_new(json, "verdict", json_string(VERDICTS[analysis->verdict]));
    json_object_set_new(json, "text", json_str(verdict_text(arena, analysis)));
    return json;
}

static json_t *look_json(const struct analysis *look)
{
    json_t *json = json_object();
    json_t *arms = json_array();
    for (int i = 0; i < look->arm_count; i++) {
        json_t *arm = figures_json(&look->arms[i]);
        if (i > 0) {
            json_object_set_new(arm, "effect", effect_json(&look->arms[i].effect));
        }
        json_array_append_new(arms, arm);
    }
    json_object_set_new(json, "at_ms", json_integer(look->now_ms));
    json_object_set_new(json, "people", json_integer(look->people));
    json_object_set_new(json, "split_p", real(look->split_p));
    json_object_set_new(json, "verdict", json_string(VERDICTS[look->verdict]));
    json_object_set_new(json, "variants", arms);
    return json;
}

json_t *experiments_over_time_json(const struct over_time *over_time)
{
    const struct analysis *last = &over_time->looks[over_time->count - 1];
    json_t *json = json_object();
    json_t *looks = json_array();
    for (int i = 0; i < over_time->count; i++) {
        json_array_append_new(looks, look_json(&over_time->looks[i]));
    }
    json_object_set_new(json, "name", json_str(last->experiment->name));
    json_object_set_new(json, "metric", json_str(last->experiment->metric));
    json_object_set_new(json, "is_share", json_boolean(last->is_share));
    json_object_set_new(json, "started_at_ms", json_integer(last->experiment->started_at_ms));
    json_object_set_new(json, "step_ms", json_integer(over_time->step_ms));
    json_object_set_new(json, "looks", looks);
    return json;
}

/* One that only stands in the journeys. */
static json_t *unstarted_json(const struct journey *journey, const struct step *step)
{
    json_t *json = json_object();
    json_t *list = step_variants_json(step);
    json_object_set_new(json, "name", json_str(step->experiment));
    json_object_set_new(json, "state", json_string("not started"));
    json_object_set_new(json, "journey", json_str(journey->name));
    json_object_set_new(json, "step", json_str(step->id));
    json_object_set_new(json, "variants", list);
    return json;
}

static void add_unstarted(json_t *list, const struct catalog *catalog,
                          const struct experiments *experiments)
{
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        const struct journey *journey = catalog_journey_at(catalog, i);
        for (int k = 0; k < journey->step_count; k++) {
            const struct step *step = &journey->steps[k];
            if (step->variant_count > 0 && experiment_find(experiments, step->experiment) == NULL) {
                json_array_append_new(list, unstarted_json(journey, step));
            }
        }
    }
}

json_t *experiments_list_json(const struct catalog *catalog, const struct experiments *experiments)
{
    json_t *list = json_array();
    for (int i = 0; experiments != NULL && i < experiments->count; i++) {
        json_array_append_new(list, experiment_json(&experiments->items[i]));
    }
    add_unstarted(list, catalog, experiments);
    json_t *json = json_object();
    json_object_set_new(json, "experiments", list);
    json_object_set_new(
        json, "holdout",
        json_real(experiments != NULL ? experiments->holdout_permyriad / 100.0 : 0));
    return json;
}

static enum err find(struct store *store, struct arena *arena, struct str name,
                     const struct experiment **ret_experiment, struct err_detail *detail)
{
    struct experiments *experiments = NULL;
    enum err error = analysis_experiments(store, arena, &experiments, detail);
    *ret_experiment = experiment_find(experiments, name);
    if (error == OK && *ret_experiment == NULL) {
        error = err_set(detail, ERR_NOT_FOUND, "no experiment \"%.*s\" was started", STR_ARG(name));
    }
    return error;
}

enum err experiments_show(struct store *store, struct arena *arena, struct str name, int64_t now_ms,
                          struct analysis *ret_analysis, struct err_detail *detail)
{
    const struct experiment *experiment = NULL;
    enum err error = find(store, arena, name, &experiment, detail);
    return error == OK ? analysis_read(store, arena, experiment, now_ms, ret_analysis, detail)
                       : error;
}

enum err experiments_over_time(struct store *store, struct arena *arena, struct str name,
                               int64_t now_ms, struct over_time *ret_over_time,
                               struct err_detail *detail)
{
    const struct experiment *experiment = NULL;
    enum err error = find(store, arena, name, &experiment, detail);
    return error == OK ? analysis_over_time(store, arena, experiment, now_ms, ret_over_time, detail)
                       : error;
}
