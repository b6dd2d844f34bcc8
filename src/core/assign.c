/* GrowthBook's bucketing (SDK specification 0.7.1): equal weights, ranges of coverage and weights,
 * the choice of a range; and how rollouts and experiments of ours use it. The hash is
 * base/hash.h's. */
#include "core/assign.h"

#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"

enum { VARIANTS_MAX = 32 };

struct decimal {
    char text[24];
    size_t length;
};

static struct decimal decimal_of(int64_t user_id)
{
    struct decimal decimal;
    int length = snprintf(decimal.text, sizeof(decimal.text), "%lld", (long long)user_id);
    decimal.length = (size_t)length;
    return decimal;
}

/* Bucket 0..9999 of the user's decimal id (version 2 gives multiples of 1/10000). */
static int bucket_of(struct str seed, int64_t user_id)
{
    struct decimal decimal = decimal_of(user_id);
    double n = hash_bucket(seed, (struct str){decimal.text, decimal.length}, 2);
    return (int)(n * 10000 + 0.5);
}

bool assign_rollout(const struct rollout *rollout, int64_t user_id)
{
    return bucket_of(rollout->seed, user_id) < rollout->share_permyriad;
}

void assign_equal_weights(int count, double *ret_weights)
{
    for (int i = 0; i < count; i++) {
        ret_weights[i] = 1.0 / count;
    }
}

void assign_ranges(int count, double coverage, const double *weights, int weight_count,
                   struct bucket_range *ret_ranges)
{
    coverage = coverage < 0 ? 0 : coverage > 1 ? 1 : coverage;
    bool given = weights != NULL && weight_count == count;
    double sum = 0;
    for (int i = 0; given && i < count; i++) {
        sum += weights[i];
    }
    given = given && sum >= 0.99 && sum <= 1.01;
    double start = 0;
    for (int i = 0; i < count; i++) {
        double weight = given ? weights[i] : 1.0 / count;
        ret_ranges[i] = (struct bucket_range){start, start + coverage * weight};
        start += weight;
    }
}

int assign_choose(double n, const struct bucket_range *ranges, int count)
{
    for (int i = 0; i < count; i++) {
        if (n >= ranges[i].from && n < ranges[i].to) {
            return i;
        }
    }
    return -1;
}

int assign_variant(const struct step *step, int64_t user_id)
{
    if (step->variant_count == 0) {
        return -1;
    }
    ASSERT(step->variant_count <= VARIANTS_MAX);
    double weights[VARIANTS_MAX];
    struct bucket_range ranges[VARIANTS_MAX];
    for (int i = 0; i < step->variant_count; i++) {
        weights[i] = step->variants[i].weight;
    }
    assign_ranges(step->variant_count, 1, weights, step->variant_count, ranges);
    int chosen =
        assign_choose(bucket_of(step->experiment, user_id) / 10000.0, ranges, step->variant_count);
    /* Weights that sum to a little less than 1 leave a gap at the end: it belongs to the last. */
    return chosen >= 0 ? chosen : step->variant_count - 1;
}

bool assign_in_namespace(struct str id, struct str space, double from, double to)
{
    char seed[LIMIT_KEY_BYTES + 3];
    ASSERT(space.length <= LIMIT_KEY_BYTES);
    int length = snprintf(seed, sizeof(seed), "__%.*s", STR_ARG(space));
    double n = hash_bucket((struct str){seed, (size_t)length}, id, 1);
    return n >= from && n < to;
}

int assign_arm(const struct experiment *experiment, int64_t user_id)
{
    double weights[EXPERIMENT_ARMS_MAX];
    struct bucket_range ranges[EXPERIMENT_ARMS_MAX];
    struct decimal id = decimal_of(user_id);
    if (experiment->space.length > 0 &&
        !assign_in_namespace((struct str){id.text, id.length}, experiment->space,
                             experiment->space_from, experiment->space_to)) {
        return -1;
    }
    for (int i = 0; i < experiment->arm_count; i++) {
        weights[i] = experiment->arms[i].weight;
    }
    assign_ranges(experiment->arm_count, experiment->coverage, weights, experiment->arm_count,
                  ranges);
    return assign_choose(bucket_of(experiment->seed, user_id) / 10000.0, ranges,
                         experiment->arm_count);
}

/* The newest phase that had begun by then and gives the user that variant: a message that is made
 * again keeps what it says, of an earlier phase. */
double assign_propensity(const struct experiment *experiment, int64_t user_id, struct str variant,
                         int64_t made_at_ms)
{
    int begun = experiment->phase_count;
    while (begun > 0 && experiment->phases[begun - 1].since_ms > made_at_ms) {
        begun--;
    }
    if (begun == 0 && experiment->phases_left == 0) {
        return 0;
    }
    for (int i = begun - 1; i >= 0; i--) {
        struct experiment then = *experiment;
        for (int k = 0; k < then.arm_count; k++) {
            then.arms[k].weight = experiment->phases[i].weights[k];
        }
        int arm = assign_arm(&then, user_id);
        if (arm >= 0 && str_equal(then.arms[arm].variant, variant)) {
            return then.arms[arm].weight;
        }
    }
    return (double)NAN;
}

static bool has_variant(const struct step *step, struct str variant)
{
    for (int i = 0; i < step->variant_count; i++) {
        if (str_equal(step->variants[i].id, variant)) {
            return true;
        }
    }
    return false;
}

bool assign_is_held_out(const struct experiments *experiments, int64_t user_id)
{
    return experiments != NULL && experiments->holdout_permyriad > 0 &&
           bucket_of(STR("holdout"), user_id) < experiments->holdout_permyriad;
}

struct assigned assign_step(const struct installation *installation, const struct step *step,
                            int64_t user_id)
{
    const struct experiments *experiments = installation->experiments;
    struct assigned first = {0};
    if (step->variant_count == 0) {
        return first;
    }
    if (assign_is_held_out(experiments, user_id)) {
        return first;
    }
    const struct experiment *experiment = experiment_find(experiments, step->experiment);
    if (experiment == NULL) {
        int index = assign_variant(step, user_id);
        return (struct assigned){.variant = step->variants[index].id, .is_exposed = true};
    }
    switch (experiment->state) {
    case EXPERIMENT_RUNNING:
        break;
    case EXPERIMENT_STOPPED:
        return first;
    case EXPERIMENT_SHIPPED:
        return has_variant(step, experiment->shipped)
                   ? (struct assigned){.variant = experiment->shipped}
                   : first;
    }
    int arm = assign_arm(experiment, user_id);
    /* A newer program's journeys may lack a variant: who gets the first instead is not exposed. */
    bool takes_part = arm >= 0 && has_variant(step, experiment->arms[arm].variant);
    return !takes_part ? first
                       : (struct assigned){.variant = experiment->arms[arm].variant,
                                           .is_exposed = true,
                                           .weight = experiment->arms[arm].weight};
}
