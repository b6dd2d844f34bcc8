/* Assignment to rollouts and experiments by GrowthBook's public hash. Pure, stable for good. */
#pragma once

#include "core/decide.h"

/* Whether the user is below the rollout's share: hash version 2 of the decimal id with the seed. */
bool assign_rollout(const struct rollout *rollout, int64_t user_id);
/* Equal weights; ranges of coverage and weights; the index of the range that n falls into, -1:
 * none. By GrowthBook SDK specification 0.7.1; weights that do not sum to 0.99..1.01 become equal.
 */
struct bucket_range {
    double from, to;
};
void assign_equal_weights(int count, double *ret_weights);
void assign_ranges(int count, double coverage, const double *weights, int weight_count,
                   struct bucket_range *ret_ranges);
int assign_choose(double n, const struct bucket_range *ranges, int count);
/* The variant of a step's experiment for the user by the journey's weights; -1: no experiment. */
int assign_variant(const struct step *step, int64_t user_id);
/* Whether the user is in the namespace's range: hash version 1, as GrowthBook has it. */
bool assign_in_namespace(struct str id, struct str space, double from, double to);
/* The index of a started experiment's arm for the user; -1: the user takes no part. */
int assign_arm(const struct experiment *experiment, int64_t user_id);
/* How likely it was, when a message was made, that it would say this variant to somebody who takes
 * part, for an experiment whose weights have phases: above 0. 0: the message was made before the
 * first phase. NAN: its phase is not kept any more, or none gives the user this variant. */
double assign_propensity(const struct experiment *experiment, int64_t user_id, struct str variant,
                         int64_t made_at_ms);

/* Whether the user is kept out of everything. experiments may be NULL: nobody is. */
bool assign_is_held_out(const struct experiments *experiments, int64_t user_id);

/* What a step says to the user. variant: "" the step's first. is_exposed: saying it is part of an
 * experiment. weight: the chance that it had in a running one; 0 without. */
struct assigned {
    struct str variant;
    bool is_exposed;
    double weight;
};
struct assigned assign_step(const struct installation *installation, const struct step *step,
                            int64_t user_id);
