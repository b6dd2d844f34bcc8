/* The weights of the next phase (allocation.h). */
#include "bi/experiments/allocation.h"

#include <math.h>

enum { PARTS = 10000 }; /* the hash's values are multiples of 1/PARTS */

bool allocation_weights(const struct analysis *analysis, double *ret_weights)
{
    const struct experiment *experiment = analysis->experiment;
    int count = analysis->arm_count;
    bool known = analysis_has_begun(analysis);
    double sum = 0;
    int left = PARTS;
    int most = 0;
    int parts[EXPERIMENT_ARMS_MAX];
    for (int i = 0; i < count; i++) {
        ret_weights[i] = experiment->arms[i].weight;
        known = known && isfinite(analysis->arms[i].chance.best);
        sum += analysis->arms[i].chance.best;
    }
    if (!known || !(sum > 0)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        double best = analysis->arms[i].chance.best / sum;
        double weight = experiment->floor + (1 - count * experiment->floor) * best;
        parts[i] = (int)lround(weight * PARTS);
        left -= parts[i];
        most = parts[i] > parts[most] ? i : most;
    }
    parts[most] += left; /* of rounding */
    bool differs = false;
    for (int i = 0; i < count; i++) {
        ret_weights[i] = parts[i] / (double)PARTS;
        differs = differs || fabs(ret_weights[i] - experiment->arms[i].weight) > 0.5 / PARTS;
    }
    return differs;
}

static json_t *change_json(const struct experiment *experiment, const double *weights)
{
    json_t *list = json_array();
    for (int i = 0; i < experiment->arm_count; i++) {
        json_array_append_new(list, json_real(weights[i]));
    }
    return json_pack("{s:s, s:o, s:I, s:o}", "do", "allocate", "name", json_str(experiment->name),
                     "phase", (json_int_t)(experiment->phases_left + experiment->phase_count),
                     "weights", list);
}

enum err allocation_changes(struct store *store, struct arena *arena, int64_t now_ms,
                            json_t **ret_changes, struct err_detail *detail)
{
    struct experiments *experiments = NULL;
    json_t *changes = json_array();
    enum err error = analysis_experiments(store, arena, &experiments, detail);
    for (int i = 0; error == OK && experiments != NULL && i < experiments->count; i++) {
        const struct experiment *experiment = &experiments->items[i];
        struct analysis analysis;
        double weights[EXPERIMENT_ARMS_MAX];
        if (experiment->state != EXPERIMENT_RUNNING ||
            experiment->allocation != ALLOCATION_THOMPSON) {
            continue;
        }
        error = analysis_read(store, arena, experiment, now_ms, &analysis, detail);
        if (error == OK && allocation_weights(&analysis, weights)) {
            json_array_append_new(changes, change_json(experiment, weights));
        }
    }
    if (error != OK) {
        json_decref(changes);
        return error;
    }
    *ret_changes = changes;
    return OK;
}
