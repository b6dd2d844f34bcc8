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
/* The variant of a step's experiment for the user; -1: no experiment. */
int assign_variant(const struct step *step, int64_t user_id);
