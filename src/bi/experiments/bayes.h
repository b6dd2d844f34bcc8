/* How likely each arm is to be the best, and what choosing it would cost on average if it is not.
 * Shares have Beta posteriors with a uniform prior, means normal ones with a flat prior. To be read
 * beside the confidence sequence, not instead of it: it says nothing about looking often. Pure. */
#pragma once

#include "bi/experiments/sequential.h"

enum { BAYES_ARMS_MAX = 8 };

struct chance {
    double best; /* probability that no other arm's mean is higher */
    double loss; /* expected shortfall to the best arm, in the outcome's unit */
};

/* NAN while an arm has no variance to judge by. At most BAYES_ARMS_MAX arms. */
void bayes_chances(const struct sample *arms, int count, struct chance *ret_chances);
