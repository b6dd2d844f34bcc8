/* Reading and writing started experiments (experiment.h). What is read was written by the engine or
 * asked for by somebody: every mistake is named with its field, and nothing is half read. */
#include "core/experiment.h"

#include <math.h>

#include "base/limits.h"

enum { METRIC_MAX = 80 };

static const char *const STATES[] = {"running", "stopped", "shipped"};

static const char *const ALLOCATIONS[] = {"fixed", "thompson"};

const char *experiment_allocation_name(enum experiment_allocation allocation)
{
    return ALLOCATIONS[allocation];
}

const char *experiment_state_name(enum experiment_state state)
{
    return STATES[state];
}

const struct experiment *experiment_find(const struct experiments *experiments, struct str name)
{
    for (int i = 0; experiments != NULL && i < experiments->count; i++) {
        if (str_equal(experiments->items[i].name, name)) {
            return &experiments->items[i];
        }
    }
    return NULL;
}

bool experiment_metric_is_known(struct str metric)
{
    static const char *const names[] = {"step_completion", "conversion", "completion", "revenue"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_is(metric, names[i])) {
            return true;
        }
    }
    return str_starts(metric, STR("event:")) && metric.length > 6 && metric.length <= METRIC_MAX;
}

/* A number that is one: neither absent nor of another type, and within the bounds. */
static bool number_of(const json_t *json, const char *name, double least, double most,
                      double *ret_value)
{
    const json_t *value = json_object_get(json, name);
    *ret_value = json_is_number(value) ? json_number_value(value) : (double)NAN;
    return *ret_value >= least && *ret_value <= most;
}

static enum err wrong(struct err_detail *detail, const char *field, const char *expected)
{
    return err_set(detail, ERR_INVALID, "\"%s\": expected %s", field, expected);
}

static enum err read_arms(struct arena *arena, const json_t *json, struct experiment *experiment,
                          struct err_detail *detail)
{
    const json_t *list = json_get_array(json, "variants");
    size_t count = json_array_size(list);
    double sum = 0;
    if (count < 2 || count > EXPERIMENT_ARMS_MAX) {
        return wrong(detail, "variants", "a list of 2 to 8 of {id, weight}");
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        struct experiment_arm *arm = &experiment->arms[i];
        arm->variant = arena_str(arena, json_get_str(item, "id"));
        if (arm->variant.length == 0 || !number_of(item, "weight", 0, 1, &arm->weight)) {
            return err_set(detail, ERR_INVALID,
                           "\"variants[%zu]\": expected an id and a weight from 0 to 1", i);
        }
        for (size_t k = 0; k < i; k++) {
            if (str_equal(experiment->arms[k].variant, arm->variant)) {
                return err_set(detail, ERR_INVALID, "\"variants[%zu]\": its id is there twice", i);
            }
        }
        sum += arm->weight;
    }
    experiment->arm_count = (int)count;
    if (fabs(sum - 1) > 0.001) {
        return err_set(detail, ERR_INVALID, "\"variants\": the weights add up to %g; expected 1",
                       sum);
    }
    return OK;
}

static enum err read_space(struct arena *arena, const json_t *json, struct experiment *experiment,
                           struct err_detail *detail)
{
    const json_t *space = json_object_get(json, "namespace");
    if (space == NULL || json_is_null(space)) {
        return OK;
    }
    experiment->space = arena_str(arena, json_get_str(space, "id"));
    if (experiment->space.length == 0 || experiment->space.length > LIMIT_KEY_BYTES ||
        !number_of(space, "from", 0, 1, &experiment->space_from) ||
        !number_of(space, "to", experiment->space_from, 1, &experiment->space_to)) {
        return wrong(detail, "namespace", "an id and 0 <= from <= to <= 1");
    }
    return OK;
}

static enum err read_state(struct arena *arena, const json_t *json, struct experiment *experiment,
                           struct err_detail *detail)
{
    struct str state = json_get_str(json, "state");
    for (int i = 0; i < 3; i++) {
        if (str_is(state, STATES[i])) {
            experiment->state = (enum experiment_state)i;
            experiment->shipped = arena_str(arena, json_get_str(json, "shipped"));
            return OK;
        }
    }
    return wrong(detail, "state", "running, stopped or shipped");
}

static enum err read_plan(struct arena *arena, const json_t *json, struct experiment *experiment,
                          struct err_detail *detail)
{
    experiment->metric = arena_str(arena, json_get_str(json, "metric"));
    experiment->window_ms = json_get_int(json, "window_ms", 0);
    experiment->min_people = json_get_int(json, "min_people", 0);
    experiment->min_ms = json_get_int(json, "min_ms", -1);
    experiment->started_at_ms = json_get_int(json, "started_at_ms", 0);
    experiment->ended_at_ms = json_get_int(json, "ended_at_ms", 0);
    if (!experiment_metric_is_known(experiment->metric)) {
        return wrong(detail, "metric",
                     "step_completion, conversion, completion, revenue or event:NAME");
    }
    if (experiment->window_ms < MINUTE_MS || experiment->window_ms > 366 * DAY_MS) {
        return wrong(detail, "window_ms", "one minute to 366 days");
    }
    if (experiment->min_people < 100 || experiment->min_people > 1000000000) {
        return wrong(detail, "min_people", "100 to 1000000000");
    }
    if (experiment->min_ms < 0 || experiment->min_ms > 366 * DAY_MS) {
        return wrong(detail, "min_ms", "0 to 366 days");
    }
    return OK;
}

static enum err read_phase(const json_t *json, int arm_count, struct experiment_phase *phase,
                           struct err_detail *detail)
{
    const json_t *weights = json_get_array(json, "weights");
    phase->since_ms = json_get_int(json, "since_ms", 0);
    if (json_array_size(weights) != (size_t)arm_count) {
        return wrong(detail, "phases", "a weight for each variant");
    }
    for (int i = 0; i < arm_count; i++) {
        phase->weights[i] = json_number_value(json_array_get(weights, (size_t)i));
    }
    return OK;
}

static enum err read_phases(struct arena *arena, const json_t *json, struct experiment *experiment,
                            struct err_detail *detail)
{
    const json_t *list = json_get_array(json, "phases");
    size_t count = json_array_size(list);
    enum err error = OK;
    if (count > EXPERIMENT_PHASES_MAX) {
        return err_set(detail, ERR_LIMIT, "there are more than %d phases", EXPERIMENT_PHASES_MAX);
    }
    experiment->phases = ARENA_ARRAY(arena, struct experiment_phase, count);
    experiment->phase_count = (int)count;
    experiment->phases_left = json_get_int(json, "phases_left", 0);
    for (size_t i = 0; error == OK && i < count; i++) {
        error = read_phase(json_array_get(list, i), experiment->arm_count, &experiment->phases[i],
                           detail);
    }
    return error;
}

static enum err read_allocation(struct arena *arena, const json_t *json,
                                struct experiment *experiment, struct err_detail *detail)
{
    const json_t *word = json_object_get(json, "allocation");
    if (word == NULL || str_is(json_get_str(json, "allocation"), "fixed")) {
        return json_object_get(json, "floor") == NULL
                   ? OK
                   : wrong(detail, "floor", "it only with \"allocation\": \"thompson\"");
    }
    if (!str_is(json_get_str(json, "allocation"), "thompson")) {
        return wrong(detail, "allocation", "fixed or thompson");
    }
    experiment->allocation = ALLOCATION_THOMPSON;
    if (!number_of(json, "floor", 0.01, 1.0 / experiment->arm_count, &experiment->floor)) {
        return err_set(detail, ERR_INVALID,
                       "\"floor\": expected a number from 0.01 to %.3g, the share of each variant "
                       "if all had the same",
                       1.0 / experiment->arm_count);
    }
    for (int i = 0; i < experiment->arm_count; i++) {
        if (experiment->arms[i].weight < experiment->floor - 1e-9) {
            return err_set(detail, ERR_INVALID,
                           "\"variants[%d]\": its weight is below the floor of %g", i,
                           experiment->floor);
        }
    }
    return read_phases(arena, json, experiment, detail);
}

enum err experiment_read(struct arena *arena, const json_t *json, struct experiment *ret_experiment,
                         struct err_detail *detail)
{
    *ret_experiment = (struct experiment){.name = arena_str(arena, json_get_str(json, "name")),
                                          .seed = arena_str(arena, json_get_str(json, "seed"))};
    if (ret_experiment->name.length == 0 || ret_experiment->name.length > LIMIT_KEY_BYTES) {
        return wrong(detail, "name", "the name of an experiment");
    }
    if (ret_experiment->seed.length == 0 || ret_experiment->seed.length > LIMIT_KEY_BYTES) {
        return wrong(detail, "seed", "a text of 1 to 64 bytes");
    }
    if (!number_of(json, "coverage", 0, 1, &ret_experiment->coverage)) {
        return wrong(detail, "coverage", "a number from 0 to 1");
    }
    enum err error = read_arms(arena, json, ret_experiment, detail);
    if (error == OK) {
        error = read_space(arena, json, ret_experiment, detail);
    }
    if (error == OK) {
        error = read_allocation(arena, json, ret_experiment, detail);
    }
    if (error == OK) {
        error = read_state(arena, json, ret_experiment, detail);
    }
    return error == OK ? read_plan(arena, json, ret_experiment, detail) : error;
}

enum err experiments_read(struct arena *arena, const json_t *json,
                          struct experiments **ret_experiments, struct err_detail *detail)
{
    *ret_experiments = NULL;
    if (json == NULL) {
        return OK;
    }
    const json_t *list = json_get_array(json, "list");
    size_t count = json_array_size(list);
    double holdout = 0;
    if (!number_of(json, "holdout", 0, 50, &holdout)) {
        return wrong(detail, "holdout", "a percentage from 0 to 50");
    }
    if (count > EXPERIMENTS_MAX) {
        return err_set(detail, ERR_LIMIT, "there are more than %d experiments", EXPERIMENTS_MAX);
    }
    struct experiments *experiments = ARENA_NEW(arena, struct experiments);
    *experiments =
        (struct experiments){.holdout_permyriad = (int)(holdout * 100 + 0.5),
                             .holdout_since_ms = json_get_int(json, "holdout_since_ms", 0),
                             .items = ARENA_ARRAY(arena, struct experiment, count)};
    for (size_t i = 0; i < count; i++) {
        enum err error =
            experiment_read(arena, json_array_get(list, i), &experiments->items[i], detail);
        if (error != OK) {
            return err_wrap(detail, error, "experiment %zu", i + 1);
        }
        experiments->count++;
    }
    *ret_experiments = experiments;
    return OK;
}

json_t *experiment_json(const struct experiment *experiment)
{
    json_t *json = json_object();
    json_t *arms = json_array();
    for (int i = 0; i < experiment->arm_count; i++) {
        json_t *arm = json_object();
        json_object_set_new(arm, "id", json_str(experiment->arms[i].variant));
        json_object_set_new(arm, "weight", json_real(experiment->arms[i].weight));
        json_array_append_new(arms, arm);
    }
    json_object_set_new(json, "name", json_str(experiment->name));
    json_object_set_new(json, "state", json_string(experiment_state_name(experiment->state)));
    json_object_set_new(json, "shipped", json_str(experiment->shipped));
    json_object_set_new(json, "seed", json_str(experiment->seed));
    json_object_set_new(json, "coverage", json_real(experiment->coverage));
    if (experiment->space.length > 0) {
        json_t *space = json_object();
        json_object_set_new(space, "id", json_str(experiment->space));
        json_object_set_new(space, "from", json_real(experiment->space_from));
        json_object_set_new(space, "to", json_real(experiment->space_to));
        json_object_set_new(json, "namespace", space);
    }
    json_object_set_new(json, "variants", arms);
    json_object_set_new(json, "allocation",
                        json_string(experiment_allocation_name(experiment->allocation)));
    if (experiment->allocation == ALLOCATION_THOMPSON) {
        json_object_set_new(json, "floor", json_real(experiment->floor));
        json_object_set_new(json, "phase",
                            json_integer(experiment->phases_left + experiment->phase_count));
    }
    json_object_set_new(json, "metric", json_str(experiment->metric));
    json_object_set_new(json, "window_ms", json_integer(experiment->window_ms));
    json_object_set_new(json, "min_people", json_integer(experiment->min_people));
    json_object_set_new(json, "min_ms", json_integer(experiment->min_ms));
    json_object_set_new(json, "started_at_ms", json_integer(experiment->started_at_ms));
    json_object_set_new(json, "ended_at_ms", json_integer(experiment->ended_at_ms));
    return json;
}

static json_t *phases_json(const struct experiment *experiment)
{
    json_t *list = json_array();
    for (int i = 0; i < experiment->phase_count; i++) {
        json_t *phase = json_object();
        json_t *weights = json_array();
        for (int k = 0; k < experiment->arm_count; k++) {
            json_array_append_new(weights, json_real(experiment->phases[i].weights[k]));
        }
        json_object_set_new(phase, "since_ms", json_integer(experiment->phases[i].since_ms));
        json_object_set_new(phase, "weights", weights);
        json_array_append_new(list, phase);
    }
    return list;
}

json_t *experiments_json(const struct experiments *experiments)
{
    json_t *json = json_object();
    json_t *list = json_array();
    for (int i = 0; i < experiments->count; i++) {
        const struct experiment *experiment = &experiments->items[i];
        json_t *item = experiment_json(experiment);
        if (experiment->allocation == ALLOCATION_THOMPSON) {
            json_object_set_new(item, "phases", phases_json(experiment));
            json_object_set_new(item, "phases_left", json_integer(experiment->phases_left));
        }
        json_array_append_new(list, item);
    }
    json_object_set_new(json, "holdout", json_real(experiments->holdout_permyriad / 100.0));
    json_object_set_new(json, "holdout_since_ms", json_integer(experiments->holdout_since_ms));
    json_object_set_new(json, "list", list);
    return json;
}

json_t *step_variants_json(const struct step *step)
{
    json_t *list = json_array();
    for (int i = 0; i < step->variant_count; i++) {
        json_t *item = json_object();
        json_object_set_new(item, "id", json_str(step->variants[i].id));
        json_object_set_new(item, "weight", json_real(step->variants[i].weight));
        json_array_append_new(list, item);
    }
    return list;
}
