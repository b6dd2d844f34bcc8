/* Statistics that stay valid however often one looks: confidence sequences, e-values, the test of
 * the split, many figures at once; and how many people an experiment will need.
 *
 * The difference of two means has the asymptotic confidence sequence of Waudby-Smith, Arbour,
 * Sinha, Kennedy and Ramdas (Annals of Statistics 2024), whose inversion is the e-value (a normal
 * mixture, as in the mSPRT). The split is tested as Lindon and Malek do (NeurIPS 2022). Pure. */
#pragma once

#include <stdbool.h>

/* What was seen of one arm: sums over its people. */
struct sample {
    double people;
    double sum, sum_squares;
    bool is_share; /* each outcome is 0 or 1 */
};

double sample_mean(const struct sample *sample);
/* Of one outcome. Shares are smoothed (one more of each kind), so that nothing seen yet does not
 * look like certainty. NAN below two people. */
double sample_variance(const struct sample *sample);

/* The tuning of the sequence: it is tightest when so many people were seen. */
double sequence_rho(double people, double alpha);

/* b - a. low and high: between them at all looks together with probability 1 - alpha; infinite
 * while there is no variance to judge by. e_value: >= 1/alpha says they differ; 1 knows nothing. */
struct effect {
    double difference, low, high, e_value;
};
struct effect effect_of(const struct sample *a, const struct sample *b, double rho, double alpha);
/* The same for a difference with its standard error, of so many people. */
struct effect effect_from(double difference, double standard_error, double people, double rho,
                          double alpha);

/* Counts of arms against their weights. log_e: the logarithm of the e-value; the smallest
 * probability that it stands for is exp(-log_e). concentration: pseudo-people of the prior; the
 * test is strongest against splits that are off by about 1/sqrt(concentration). */
double split_log_e(const double *counts, const double *weights, int count, double concentration);
/* Pearson's test of one look: the probability of a split at least as uneven. */
double split_p_value(const double *counts, const double *weights, int count);

/* e-BH: which of the figures differ, at most alpha of them falsely on average, however they depend
 * on each other. Sets ret_found; returns how many. */
int ebh_find(const double *e_values, int count, double alpha, bool *ret_found);

/* People for each of two equal arms, to see a share go from `base` to `base + effect` with that
 * power: at one look planned beforehand, and when looking all the time (an upper bound: the
 * difference must lie outside at the end). NAN when the shares are none. */
double people_at_one_look(double base, double effect, double alpha, double power);
double people_looking(double base, double effect, double alpha, double power);

/* CUPED (Deng, Xu, Kohavi, Walker, WSDM 2013): sums over an arm's people of the outcome y and of
 * x, what was known of them before. */
struct paired_sums {
    double people, y, yy, x, xx, xy;
};
/* cov(y, x) / var(x) pooled over the arms; 0 when x does not vary. */
double cuped_theta(const struct paired_sums *arms, int count);
/* The arm as if its people had been like all: mean and variance of y - theta (x - mean of all). */
void cuped_adjust(const struct paired_sums *arm, double theta, double mean_x, double *ret_mean,
                  double *ret_variance);
