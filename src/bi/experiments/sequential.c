/* Confidence sequences, e-values and the split's test (sequential.h). */
#include "bi/experiments/sequential.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

double sample_mean(const struct sample *sample)
{
    return sample->people > 0 ? sample->sum / sample->people : (double)NAN;
}

double sample_variance(const struct sample *sample)
{
    if (!(sample->people >= 2)) {
        return (double)NAN;
    }
    if (sample->is_share) {
        double share = (sample->sum + 1) / (sample->people + 2);
        return share * (1 - share);
    }
    double mean = sample_mean(sample);
    double squares = sample->sum_squares - sample->people * mean * mean;
    return (squares > 0 ? squares : 0) / (sample->people - 1);
}

double sequence_rho(double people, double alpha)
{
    double doubled = -2 * log(alpha);
    return sqrt((doubled + log(doubled + 1)) / people);
}

struct effect effect_from(double difference, double standard_error, double people, double rho,
                          double alpha)
{
    struct effect effect = {difference, -(double)INFINITY, (double)INFINITY, 1};
    if (!(standard_error > 0) || !isfinite(difference) || !(people > 0)) {
        return effect;
    }
    double spread = people * rho * rho;
    double z = difference / standard_error;
    double half = standard_error * sqrt(2 * (spread + 1) / spread * log(sqrt(spread + 1) / alpha));
    effect.low = difference - half;
    effect.high = difference + half;
    effect.e_value = exp(spread / (spread + 1) * z * z / 2) / sqrt(spread + 1);
    return effect;
}

struct effect effect_of(const struct sample *a, const struct sample *b, double rho, double alpha)
{
    double error = sqrt(sample_variance(a) / a->people + sample_variance(b) / b->people);
    return effect_from(sample_mean(b) - sample_mean(a), error, a->people + b->people, rho, alpha);
}

/* lgamma itself writes the sign into a variable of the process. */
static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

double split_log_e(const double *counts, const double *weights, int count, double concentration)
{
    double people = 0;
    double prior = 0;
    double log_e = 0;
    for (int i = 0; i < count; i++) {
        double alpha = concentration * weights[i];
        if (!(weights[i] > 0)) {
            if (counts[i] > 0) {
                return (double)INFINITY; /* nobody could come here */
            }
            continue;
        }
        log_e += log_gamma(alpha + counts[i]) - log_gamma(alpha) - counts[i] * log(weights[i]);
        people += counts[i];
        prior += alpha;
    }
    return log_e + log_gamma(prior) - log_gamma(prior + people);
}

double split_p_value(const double *counts, const double *weights, int count)
{
    double people = 0;
    double weight = 0;
    double distance = 0;
    int arms = 0;
    for (int i = 0; i < count; i++) {
        people += counts[i];
        weight += weights[i];
    }
    for (int i = 0; i < count && people > 0; i++) {
        double expected = people * weights[i] / weight;
        if (expected > 0) {
            distance += (counts[i] - expected) * (counts[i] - expected) / expected;
            arms++;
        } else if (counts[i] > 0) {
            return 0;
        }
    }
    return arms > 1 ? gsl_cdf_chisq_Q(distance, arms - 1) : 1;
}

int ebh_find(const double *e_values, int count, double alpha, bool *ret_found)
{
    double least = (double)INFINITY;
    int found = 0;
    /* The k-th largest is judged by count / (k alpha); of all k that pass, the largest. */
    for (int i = 0; i < count; i++) {
        int rank = 0;
        for (int k = 0; k < count; k++) {
            rank += e_values[k] >= e_values[i];
        }
        if (e_values[i] >= count / (rank * alpha) && e_values[i] < least) {
            least = e_values[i];
        }
    }
    for (int i = 0; i < count; i++) {
        ret_found[i] = e_values[i] >= least;
        found += ret_found[i];
    }
    return found;
}

/* ---- planning ---- */

static double pair_variance(double base, double effect)
{
    double other = base + effect;
    bool are_shares = base > 0 && base < 1 && other > 0 && other < 1 && effect != 0;
    return are_shares ? base * (1 - base) + other * (1 - other) : (double)NAN;
}

double people_at_one_look(double base, double effect, double alpha, double power)
{
    double z = gsl_cdf_ugaussian_Qinv(alpha / 2) + gsl_cdf_ugaussian_Pinv(power);
    return z * z * pair_variance(base, effect) / (effect * effect);
}

double people_looking(double base, double effect, double alpha, double power)
{
    double variance = pair_variance(base, effect);
    if (isnan(variance)) {
        return variance;
    }
    /* Tuned for its own end, the bound is that many standard errors wide, whatever the end. */
    double rho = sequence_rho(1, alpha);
    double spread = rho * rho;
    double bound = sqrt(2 * (spread + 1) / spread * log(sqrt(spread + 1) / alpha));
    double z = bound + gsl_cdf_ugaussian_Pinv(power);
    return z * z * variance / (effect * effect);
}

/* ---- what was known before ---- */

static struct paired_sums pooled(const struct paired_sums *arms, int count)
{
    struct paired_sums all = {0};
    for (int i = 0; i < count; i++) {
        all.people += arms[i].people;
        all.y += arms[i].y;
        all.yy += arms[i].yy;
        all.x += arms[i].x;
        all.xx += arms[i].xx;
        all.xy += arms[i].xy;
    }
    return all;
}

double cuped_theta(const struct paired_sums *arms, int count)
{
    struct paired_sums all = pooled(arms, count);
    double varies = all.xx - all.x * all.x / all.people;
    double together = all.xy - all.x * all.y / all.people;
    return all.people >= 2 && varies > 1e-12 * all.xx ? together / varies : 0;
}

void cuped_adjust(const struct paired_sums *arm, double theta, double mean_x, double *ret_mean,
                  double *ret_variance)
{
    double n = arm->people;
    double yy = arm->yy - arm->y * arm->y / n;
    double xx = arm->xx - arm->x * arm->x / n;
    double xy = arm->xy - arm->x * arm->y / n;
    double squares = yy - 2 * theta * xy + theta * theta * xx;
    *ret_mean = arm->y / n - theta * (arm->x / n - mean_x);
    *ret_variance = n >= 2 ? (squares > 0 ? squares : 0) / (n - 1) : (double)NAN;
}
