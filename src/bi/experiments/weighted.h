/* Comparing arms that people were dealt out to with changing chances: everybody weighs as much as
 * the chance was small that they would get what they got. A mean is the weighted one (Hájek 1971),
 * its error that of the scores with which Waudby-Smith et al. (sequential.h) follow effects under
 * adaptive assignment. Pure. */
#pragma once

#include "bi/experiments/sequential.h"

/* Sums over the people of an arm: w is the inverse of the chance, y the outcome. */
struct weighted_sums {
    double w, ww, yw, yww, yyww;
};

/* NAN when nobody is there. */
double weighted_mean(const struct weighted_sums *sums);
/* b - a, each with its people unweighted too. */
struct effect weighted_effect(const struct weighted_sums *a, const struct sample *plain_a,
                              const struct weighted_sums *b, const struct sample *plain_b,
                              double rho, double alpha);

/* Whether people are dealt out by the chances: then the inverse chances of an arm's people add up
 * to about as many as there are people in all arms. The e-value, as of split_log_e; 1 while an arm
 * has too few people to say. shown: w and ww of everybody who was shown the arm. */
double weighted_split_e(const struct weighted_sums *shown, const double *counts, int count,
                        double rho);
