/* Probability of being best, by integrating over the best arm's value (bayes.h). */
#include "bi/experiments/bayes.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_randist.h>
#include <math.h>

enum { PIECES = 64, POINTS = 20 };

/* What lies further than so many standard errors away is never met, in skew posteriors either. */
static const double REACH = 40;

/* One arm's posterior: Beta(a, b), or normal with a mean and a standard error. */
struct posterior {
    bool is_share;
    double a, b;
    double mean, error;
};

struct many {
    const struct posterior *arms;
    int count;
};

static struct posterior posterior_of(const struct sample *sample)
{
    if (sample->is_share) {
        double a = sample->sum + 1;
        double b = sample->people - sample->sum + 1;
        double n = a + b;
        return (struct posterior){true, a, b, a / n, sqrt(a * b / (n * n * (n + 1)))};
    }
    return (struct posterior){.mean = sample_mean(sample),
                              .error = sqrt(sample_variance(sample) / sample->people)};
}

static double below(const struct posterior *arm, double x)
{
    if (arm->is_share) {
        return x <= 0 ? 0 : x >= 1 ? 1 : gsl_cdf_beta_P(x, arm->a, arm->b);
    }
    return gsl_cdf_gaussian_P(x - arm->mean, arm->error);
}

static double density(const struct posterior *arm, double x)
{
    return arm->is_share ? gsl_ran_beta_pdf(x, arm->a, arm->b)
                         : gsl_ran_gaussian_pdf(x - arm->mean, arm->error);
}

/* That arm `best` has the value x (-1: that none is above x). */
static double all_below(const struct many *many, int best, double x)
{
    double product = best >= 0 ? density(&many->arms[best], x) : 1;
    for (int i = 0; i < many->count && product > 0; i++) {
        if (i != best) {
            product *= below(&many->arms[i], x);
        }
    }
    return product;
}

/* Gauss and Legendre on small pieces: the functions are smooth, and each piece is shorter than the
 * narrowest posterior is wide. */
static double integrate(const struct many *many, int best, double from, double to)
{
    gsl_integration_glfixed_table *table = gsl_integration_glfixed_table_alloc(POINTS);
    double narrowest = to - from;
    for (int i = 0; i < many->count; i++) {
        double error = many->arms[i].error;
        narrowest = error < narrowest ? error : narrowest;
    }
    double wanted = (to - from) / narrowest;
    int pieces = wanted < PIECES ? PIECES : wanted > 100 * PIECES ? 100 * PIECES : (int)wanted + 1;
    double sum = 0;
    for (int piece = 0; piece < pieces; piece++) {
        double low = from + (to - from) * piece / pieces;
        double high = from + (to - from) * (piece + 1) / pieces;
        for (size_t i = 0; i < POINTS; i++) {
            double x, weight;
            gsl_integration_glfixed_point(low, high, i, &x, &weight, table);
            double value = all_below(many, best, x);
            sum += weight * (best >= 0 ? value : 1 - value);
        }
    }
    gsl_integration_glfixed_table_free(table);
    return sum;
}

void bayes_chances(const struct sample *arms, int count, struct chance *ret_chances)
{
    struct posterior posteriors[BAYES_ARMS_MAX];
    struct many many = {posteriors, count};
    double from = (double)INFINITY;
    double to = -(double)INFINITY;
    bool known = count > 0;
    for (int i = 0; i < count; i++) {
        const struct posterior *arm = &posteriors[i];
        posteriors[i] = posterior_of(&arms[i]);
        known = known && isfinite(arm->mean) && arm->error > 0;
        from = fmin(from, arm->mean - REACH * arm->error);
        to = fmax(to, arm->mean + REACH * arm->error);
    }
    if (known && arms[0].is_share) {
        from = fmax(from, 0);
        to = fmin(to, 1);
    }
    double highest = known ? from + integrate(&many, -1, from, to) : (double)NAN;
    for (int i = 0; i < count; i++) {
        ret_chances[i] = (struct chance){(double)NAN, (double)NAN};
        if (known) {
            ret_chances[i].best = integrate(&many, i, from, to);
            ret_chances[i].loss = fmax(0, highest - posteriors[i].mean);
        }
    }
}
