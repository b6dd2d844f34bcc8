/* The command "experiment": starting one on the variants of a step, stopping and shipping it, and
 * the global holdout. All are one setting of the store, written whole; what is wrong with a request
 * is answered with the field's name, and nothing changes. */
#include "base/limits.h"
#include "engine/internal.h"

static const int64_t WINDOW_MS = 24 * HOUR_MS;
static const int64_t LEAST_MS = 7 * DAY_MS;
static const double FLOOR = 0.1;
enum { PEOPLE_LEAST = 1000 };

/* What a change works with: the list as it will be. */
struct change {
    struct engine *engine;
    struct batch *batch;
    struct command_work *command;
    const json_t *payload;
    struct experiments next;
    struct experiment *one; /* the one that is meant, in next; NULL: none yet */
    struct str name;
};

static const struct step *step_of(const struct catalog *catalog, struct str experiment)
{
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        const struct journey *journey = catalog_journey_at(catalog, i);
        for (int k = 0; k < journey->step_count; k++) {
            const struct step *step = &journey->steps[k];
            if (step->variant_count > 0 && str_equal(step->experiment, experiment)) {
                return step;
            }
        }
    }
    return NULL;
}

static bool is_same_text(const struct message *a, const struct message *b, int language_count)
{
    for (int i = 0; i < language_count; i++) {
        const struct template *ours = a->by_language[i];
        const struct template *theirs = b->by_language[i];
        if ((ours == NULL) != (theirs == NULL) ||
            (ours != NULL && !str_equal(template_source(ours), template_source(theirs)))) {
            return false;
        }
    }
    return true;
}

static bool is_same(const struct catalog *before, const struct catalog *after, struct str name)
{
    const struct step *old = step_of(before, name);
    const struct step *new = step_of(after, name);
    int old_count, new_count;
    catalog_languages(before, &old_count);
    catalog_languages(after, &new_count);
    if (old == NULL) {
        return true;
    }
    if (new == NULL || old->variant_count != new->variant_count || old_count != new_count) {
        return false;
    }
    for (int i = 0; i < old->variant_count; i++) {
        if (!str_equal(old->variants[i].id, new->variants[i].id) ||
            !is_same_text(old->variants[i].text, new->variants[i].text, old_count)) {
            return false;
        }
    }
    return true;
}

enum err experiment_check_catalog(const struct engine *engine, const struct catalog *after,
                                  struct err_detail *detail)
{
    const struct experiments *experiments = engine->installation.experiments;
    for (int i = 0; experiments != NULL && i < experiments->count; i++) {
        const struct experiment *experiment = &experiments->items[i];
        if (experiment->state == EXPERIMENT_RUNNING &&
            !is_same(engine->catalog, after, experiment->name)) {
            return err_set(detail, ERR_CONFLICT,
                           "the variants of the running experiment %.*s would change; stop it "
                           "first (nudge experiment stop %.*s)",
                           STR_ARG(experiment->name), STR_ARG(experiment->name));
        }
    }
    return OK;
}

/* Names that the payload has and we do not know would be silently ignored wishes. */
static enum err check_fields(const json_t *payload, struct err_detail *detail)
{
    static const char *const known[] = {"do",        "name",     "seed",       "coverage",
                                        "namespace", "metric",   "window_ms",  "min_people",
                                        "min_ms",    "variants", "allocation", "floor"};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)payload, key, value)
    {
        bool is_known = false;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
            is_known = is_known || str_is(str_of(key), known[i]);
        }
        if (!is_known) {
            return err_set(detail, ERR_INVALID, "\"%s\" is no field of an experiment", key);
        }
    }
    return OK;
}

static void set_default(json_t *json, const char *key, json_t *value)
{
    if (json_object_get(json, key) == NULL) {
        json_object_set(json, key, value);
    }
    json_decref(value);
}

/* The payload with what it leaves open. */
static json_t *plan_of(const struct change *change, const struct step *step)
{
    json_t *json = json_copy((json_t *)(uintptr_t)change->payload);
    set_default(json, "seed", json_str(change->name));
    set_default(json, "coverage", json_real(1));
    set_default(json, "metric", json_string("step_completion"));
    set_default(json, "window_ms",
                json_integer(step->no_answer_ms > 0 ? step->no_answer_ms : WINDOW_MS));
    set_default(json, "min_people", json_integer(PEOPLE_LEAST));
    set_default(json, "min_ms", json_integer(LEAST_MS));
    set_default(json, "variants", step_variants_json(step));
    set_default(
        json, "allocation",
        json_string(experiment_allocation_name((enum experiment_allocation)step->allocation)));
    if (str_is(json_get_str(json, "allocation"), "thompson")) {
        set_default(json, "floor", json_real(step->floor > 0 ? step->floor : FLOOR));
    }
    json_object_set_new(json, "state", json_string("running"));
    json_object_set_new(json, "shipped", json_string(""));
    json_object_set_new(json, "started_at_ms", json_integer(change->batch->now_ms));
    json_object_set_new(json, "ended_at_ms", json_integer(0));
    return json;
}

static enum err check_arms(const struct experiment *experiment, const struct step *step,
                           struct err_detail *detail)
{
    bool same = experiment->arm_count == step->variant_count;
    for (int i = 0; same && i < step->variant_count; i++) {
        same = str_equal(experiment->arms[i].variant, step->variants[i].id);
    }
    return same ? OK
                : err_set(detail, ERR_INVALID,
                          "\"variants\": expected the %d variants of step %.*s, in its order",
                          step->variant_count, STR_ARG(step->id));
}

/* From now on messages are dealt out by the arms' weights. */
static void add_phase(const struct change *change, struct experiment *experiment)
{
    int kept = experiment->phase_count < EXPERIMENT_PHASES_MAX ? experiment->phase_count
                                                               : EXPERIMENT_PHASES_MAX - 1;
    int left = experiment->phase_count - kept;
    struct experiment_phase *phases =
        ARENA_ARRAY(change->batch->arena, struct experiment_phase, (size_t)kept + 1);
    for (int i = 0; i < kept; i++) {
        phases[i] = experiment->phases[left + i];
    }
    phases[kept] = (struct experiment_phase){.since_ms = change->batch->now_ms};
    for (int i = 0; i < experiment->arm_count; i++) {
        phases[kept].weights[i] = experiment->arms[i].weight;
    }
    experiment->phases = phases;
    experiment->phase_count = kept + 1;
    experiment->phases_left += left;
}

static enum err start(struct change *change, struct err_detail *detail)
{
    const struct step *step = step_of(change->engine->catalog, change->name);
    struct experiment experiment;
    if (step == NULL) {
        return err_set(detail, ERR_NOT_FOUND, "no step has variants of the experiment \"%.*s\"",
                       STR_ARG(change->name));
    }
    if (change->one != NULL && change->one->state == EXPERIMENT_RUNNING) {
        return err_set(detail, ERR_CONFLICT,
                       "experiment %.*s is running; what it is cannot change before it is stopped",
                       STR_ARG(change->name));
    }
    enum err error = check_fields(change->payload, detail);
    if (error == OK) {
        json_t *plan = plan_of(change, step);
        error = experiment_read(change->batch->arena, plan, &experiment, detail);
        json_decref(plan);
    }
    if (error == OK) {
        error = check_arms(&experiment, step, detail);
    }
    if (error == OK && change->one == NULL && change->next.count == EXPERIMENTS_MAX) {
        error = err_set(detail, ERR_LIMIT, "there are %d experiments already", EXPERIMENTS_MAX);
    }
    if (error == OK && experiment.allocation == ALLOCATION_THOMPSON) {
        add_phase(change, &experiment);
    }
    if (error == OK) {
        change->one = change->one != NULL ? change->one : &change->next.items[change->next.count++];
        *change->one = experiment;
    }
    return error;
}

static enum err read_weights(const struct change *change, double *ret_weights,
                             struct err_detail *detail)
{
    const struct experiment *one = change->one;
    const json_t *list = json_get_array(change->payload, "weights");
    double sum = 0;
    for (int i = 0; i < one->arm_count; i++) {
        ret_weights[i] = json_number_value(json_array_get(list, (size_t)i));
        sum += ret_weights[i];
        if (!(ret_weights[i] >= one->floor - 1e-4)) {
            return err_set(detail, ERR_INVALID, "\"weights\": expected none below the floor of %g",
                           one->floor);
        }
    }
    bool fits = json_array_size(list) == (size_t)one->arm_count && sum > 1 - 1e-6 && sum < 1 + 1e-6;
    return fits ? OK
                : err_set(detail, ERR_INVALID,
                          "\"weights\": expected one for each of %d variants, 1 together",
                          one->arm_count);
}

/* The next phase of an experiment whose weights follow what was seen in the one that is named. */
static enum err allocate(struct change *change, struct err_detail *detail)
{
    double weights[EXPERIMENT_ARMS_MAX];
    struct experiment *one = change->one;
    if (one == NULL || one->state != EXPERIMENT_RUNNING || one->allocation != ALLOCATION_THOMPSON) {
        return err_set(detail, ERR_CONFLICT,
                       "no running experiment \"%.*s\" has weights that follow what was seen",
                       STR_ARG(change->name));
    }
    if (json_get_int(change->payload, "phase", 0) != one->phases_left + one->phase_count) {
        return err_set(detail, ERR_CONFLICT, "\"phase\": experiment %.*s is in phase %lld",
                       STR_ARG(change->name), (long long)(one->phases_left + one->phase_count));
    }
    enum err error = read_weights(change, weights, detail);
    if (error == OK) {
        for (int i = 0; i < one->arm_count; i++) {
            one->arms[i].weight = weights[i];
        }
        add_phase(change, one);
    }
    return error;
}

static enum err stop(struct change *change, struct err_detail *detail)
{
    if (change->one == NULL) {
        return err_set(detail, ERR_NOT_FOUND, "no experiment \"%.*s\" was started",
                       STR_ARG(change->name));
    }
    if (change->one->state != EXPERIMENT_RUNNING) {
        return err_set(detail, ERR_CONFLICT, "experiment %.*s is %s, not running",
                       STR_ARG(change->name), experiment_state_name(change->one->state));
    }
    change->one->state = EXPERIMENT_STOPPED;
    change->one->ended_at_ms = change->batch->now_ms;
    return OK;
}

static enum err ship(struct change *change, struct err_detail *detail)
{
    struct str variant = json_get_str(change->payload, "variant");
    if (change->one == NULL) {
        return err_set(detail, ERR_NOT_FOUND, "no experiment \"%.*s\" was started",
                       STR_ARG(change->name));
    }
    for (int i = 0; i < change->one->arm_count; i++) {
        if (str_equal(change->one->arms[i].variant, variant)) {
            if (change->one->state == EXPERIMENT_RUNNING) {
                change->one->ended_at_ms = change->batch->now_ms;
            }
            change->one->state = EXPERIMENT_SHIPPED;
            change->one->shipped = change->one->arms[i].variant;
            return OK;
        }
    }
    return err_set(detail, ERR_INVALID, "\"variant\": experiment %.*s has no variant \"%.*s\"",
                   STR_ARG(change->name), STR_ARG(variant));
}

/* Who takes part would change under a running experiment. */
static enum err hold_out(struct change *change, struct err_detail *detail)
{
    double percent = json_get_number(change->payload, "percent", -1);
    if (!(percent >= 0 && percent <= 50)) {
        return err_set(detail, ERR_INVALID, "\"percent\": expected a percentage from 0 to 50");
    }
    for (int i = 0; i < change->next.count; i++) {
        if (change->next.items[i].state == EXPERIMENT_RUNNING) {
            return err_set(detail, ERR_CONFLICT,
                           "experiment %.*s is running; the holdout cannot change meanwhile",
                           STR_ARG(change->next.items[i].name));
        }
    }
    int permyriad = (int)(percent * 100 + 0.5);
    if (permyriad != change->next.holdout_permyriad) {
        change->next.holdout_permyriad = permyriad;
        change->next.holdout_since_ms = change->batch->now_ms;
    }
    return OK;
}

static enum err do_change(struct change *change, struct err_detail *detail)
{
    struct str what = json_get_str(change->payload, "do");
    if (str_is(what, "holdout")) {
        return hold_out(change, detail);
    }
    if (str_is(what, "start")) {
        return start(change, detail);
    }
    if (str_is(what, "stop")) {
        return stop(change, detail);
    }
    if (str_is(what, "ship")) {
        return ship(change, detail);
    }
    if (str_is(what, "allocate")) {
        return allocate(change, detail);
    }
    return err_set(detail, ERR_INVALID, "\"do\" is none of start, stop, ship, allocate, holdout");
}

static struct str text_of(const struct change *change)
{
    json_t *json = change->one != NULL ? experiment_json(change->one) : json_object();
    json_object_set_new(json, "holdout", json_real(change->next.holdout_permyriad / 100.0));
    struct str text = json_write(change->batch->arena, json);
    json_decref(json);
    return text;
}

enum err experiment_change(struct engine *engine, struct batch *batch, struct command_work *command,
                           const json_t *payload, struct err_detail *detail)
{
    const struct experiments *now = engine->installation.experiments;
    struct change change = {.engine = engine,
                            .batch = batch,
                            .command = command,
                            .payload = payload,
                            .name = json_get_str(payload, "name")};
    change.next.items = ARENA_ARRAY(batch->arena, struct experiment, EXPERIMENTS_MAX);
    for (int i = 0; now != NULL && i < now->count; i++) {
        change.next.items[i] = now->items[i];
        change.next.count++;
        if (str_equal(now->items[i].name, change.name)) {
            change.one = &change.next.items[i];
        }
    }
    change.next.holdout_permyriad = now != NULL ? now->holdout_permyriad : 0;
    change.next.holdout_since_ms = now != NULL ? now->holdout_since_ms : 0;
    command->before = text_of(&change);
    command->error = do_change(&change, &command->detail);
    if (command->error != OK) {
        return OK;
    }
    command->result = command->after = text_of(&change);
    return settings_save_experiments(engine, &change.next, batch->now_ms, detail);
}
