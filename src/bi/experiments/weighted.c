/* Inverse propensities (weighted.h). */
#include "bi/experiments/weighted.h"

#include <math.h>

/* Below them the normal approximation is off where chances are small. */
static const double SHOWN_LEAST = 50;

double weighted_mean(const struct weighted_sums *sums)
{
    return sums->w > 0 ? sums->yw / sums->w : (double)NAN;
}

/* Of the weighted mean; variance: of one outcome, at least. */
static double error_squared(const struct weighted_sums *sums, double variance)
{
    double mean = weighted_mean(sums);
    double seen = sums->yyww - 2 * mean * sums->yww + mean * mean * sums->ww;
    return fmax(seen, variance * sums->ww) / (sums->w * sums->w);
}

/* An arm that is given to few looks surer than it is when these few were unlucky: their variance is
 * low where their mean is. It is therefore taken to be at least that of the other arm. */
struct effect weighted_effect(const struct weighted_sums *a, const struct sample *plain_a,
                              const struct weighted_sums *b, const struct sample *plain_b,
                              double rho, double alpha)
{
    double variance = fmax(sample_variance(plain_a), sample_variance(plain_b));
    double error = sqrt(error_squared(a, variance) + error_squared(b, variance));
    return effect_from(weighted_mean(b) - weighted_mean(a), error,
                       plain_a->people + plain_b->people, rho, alpha);
}

double weighted_split_e(const struct weighted_sums *shown, const double *counts, int count,
                        double rho)
{
    double people = 0;
    double sum = 0;
    for (int i = 0; i < count; i++) {
        people += counts[i];
        if (counts[i] < SHOWN_LEAST) {
            return 1;
        }
    }
    for (int i = 0; i < count; i++) {
        /* Of an inverse chance, which is 0 for others: as if as many were here as should be, lest
         * an arm with too few looked surer. */
        double variance = shown[i].ww / shown[i].w - 1;
        double error = sqrt(variance / people);
        sum += effect_from(shown[i].w / people - 1, error, people, rho, 0.05).e_value;
    }
    return sum / count;
}
