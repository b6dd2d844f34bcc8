/* bi/experiments: sequences, splits, chances, plans against reference values (made with mpmath at
 * thirty digits, and by R), and what they say at the edges. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json.h"
#include "bi/experiments/bayes.h"
#include "bi/experiments/sequential.h"

static void near(double value, double expected, double relative)
{
    if (!(fabs(value - expected) <= relative * fmax(1e-300, fabs(expected)))) {
        fail_msg("%.15g, expected %.15g", value, expected);
    }
}

static void sequences_as_published(void **state)
{
    (void)state;
    /* people, sigma, rho, alpha, half width */
    static const double rows[][5] = {
        {100, 1, .1, .05, 0.365639487136},    {1000, 1, .1, .05, 0.0960640192887},
        {10000, 1, .1, .05, 0.0327301862423}, {1000, .5, .05, .1, 0.0452799801686},
        {100, 1, 1, .05, 0.327301862423},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const double *row = rows[i];
        struct effect effect = effect_from(0, row[1] / sqrt(row[0]), row[0], row[2], row[3]);
        near(effect.high, row[4], 1e-11);
        near(-effect.low, row[4], 1e-11);
    }
    near(sequence_rho(1000, .05), 0.0890850975289, 1e-11);
    near(sequence_rho(10000, .05), 0.028171181377, 1e-11);
}

/* The values of the mSPRT: its tau^2 is rho^2 times the variance. */
static void e_values_as_published(void **state)
{
    (void)state;
    /* one sample: mean, n, variance, tau^2, lambda */
    static const double rows[][5] = {
        {.1, 100, 1, 1, 0.163243757008},
        {.3, 100, 1, 1, 8.56672306037},
        {.5, 50, 1, .25, 88.7383537431},
        {0, 1000, 1, 1, 0.0316069770621},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const double *row = rows[i];
        double rho = sqrt(row[3] / row[2]);
        struct effect effect = effect_from(row[0], sqrt(row[2] / row[1]), row[1], rho, .05);
        near(effect.e_value, row[4], 1e-11);
        /* The sequence leaves 0 out exactly when the e-value says so. */
        assert_int_equal(effect.low > 0, effect.e_value > 20);
    }
}

static void splits_as_published(void **state)
{
    (void)state;
    static const double even[] = {.5, .5};
    static const double uneven[] = {.9, .1};
    near(exp(split_log_e((double[]){50, 50}, even, 2, 2)), 0.12440111784, 1e-10);
    near(exp(split_log_e((double[]){70, 30}, even, 2, 2)), 427.306646937, 1e-10);
    near(split_log_e((double[]){5300, 4700}, even, 2, 2), 13.6295586264, 1e-10);
    near(exp(split_log_e((double[]){9100, 900}, uneven, 2, 100)), 30.0030346717, 1e-9);
    near(split_p_value((double[]){5100, 4900}, even, 2), 0.0455002639, 1e-9);
    near(split_p_value((double[]){50600, 49400}, even, 2), 1.478023103e-4, 1e-9);
    near(split_p_value((double[]){3300, 3400, 3300}, (double[]){1, 1, 1}, 3), 0.3678794412, 1e-9);
    near(split_p_value((double[]){9100, 900}, uneven, 2), 8.58120666e-4, 1e-8);
    near(split_p_value((double[]){821588, 815482}, even, 2), 1.82179287e-6, 1e-8);
    assert_true(isinf(split_log_e((double[]){9, 1}, (double[]){1, 0}, 2, 100)));
    assert_true(split_log_e((double[]){0, 0}, even, 2, 100) == 0);
    assert_true(split_p_value((double[]){0, 0}, even, 2) == 1);
}

static struct sample share(double a, double b)
{
    return (struct sample){.people = a + b - 2, .sum = a - 1, .is_share = true};
}

static void chances_as_published(void **state)
{
    (void)state;
    /* Beta of A and of B, P(B > A), loss of B, loss of A */
    static const double rows[][7] = {
        {1, 1, 1, 1, .5, 1 / 6.0, 1 / 6.0},
        {2, 1, 1, 1, 1 / 3.0, .25, 1 / 12.0},
        {11, 91, 16, 86, 0.853283789934, 0.00357808813, 0.05259769597},
        {101, 901, 121, 881, 0.923183438974, 4.84613926e-4, 0.02044469377},
        {201, 1801, 251, 1751, 0.993814348326, 1.99763671e-5, 0.02499500134},
    };
    struct chance chances[3];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const double *row = rows[i];
        const struct sample arms[] = {share(row[0], row[1]), share(row[2], row[3])};
        bayes_chances(arms, 2, chances);
        near(chances[1].best, row[4], 1e-10);
        near(chances[1].loss, row[5], 1e-7);
        near(chances[0].loss, row[6], 1e-8);
        near(chances[0].best + chances[1].best, 1, 1e-10);
    }
    const struct sample three[] = {share(11, 91), share(16, 86), share(13, 89)};
    bayes_chances(three, 3, chances);
    near(chances[0].best, 0.0971046273698, 1e-10);
    near(chances[1].best, 0.664570116982, 1e-10);
    near(chances[2].best, 0.238325255648, 1e-10);
    const struct sample skew[] = {share(2, 2), share(3, 1), share(1, 3)};
    bayes_chances(skew, 3, chances);
    near(chances[0].best, 4 / 21.0, 1e-10);
    near(chances[1].best, 0.779761904762, 1e-11);
    near(chances[2].best, 0.029761904762, 1e-11);
}

/* Of two normals the chance and the loss have a closed form. */
static void chances_of_means(void **state)
{
    (void)state;
    const struct sample arms[] = {{100, 500, 2500 + 99 * 4.0, false},
                                  {100, 520, 2704 + 99 * 4.0, false}};
    struct chance chances[2];
    double error = sqrt(4 / 100.0 + 4 / 100.0);
    double z = .2 / error;
    double density = exp(-z * z / 2) / sqrt(2 * 3.14159265358979323846);
    double above = erfc(-z / sqrt(2)) / 2;
    bayes_chances(arms, 2, chances);
    near(chances[1].best, above, 1e-10);
    near(chances[0].loss, .2 * above + error * density, 1e-9);
    near(chances[1].loss, -.2 * (1 - above) + error * density, 1e-9);
    const struct sample constant[] = {{100, 500, 2500, false}, {100, 500, 2500, false}};
    bayes_chances(constant, 2, chances);
    assert_true(isnan(chances[0].best) && isnan(chances[0].loss));
}

static void plans_as_published(void **state)
{
    (void)state;
    near(people_at_one_look(.10, .02, .05, .8), 3838.10, 1e-5);
    near(people_at_one_look(.05, .01, .05, .8), 8154.99, 1e-5);
    assert_true(people_looking(.28, .05, .05, .8) > people_at_one_look(.28, .05, .05, .8));
    assert_true(isnan(people_at_one_look(.98, .05, .05, .8)));
    assert_true(isnan(people_looking(.5, 0, .05, .8)));
    assert_true(isnan(people_looking((double)NAN, .1, .05, .8)));
}

static void history_as_published(void **state)
{
    (void)state;
    static const double y[] = {3, 5, 2, 8, 7, 6, 4, 9};
    static const double x[] = {2, 4, 1, 7, 5, 6, 3, 8};
    struct paired_sums sums = {0};
    for (size_t i = 0; i < 8; i++) {
        sums.people++;
        sums.y += y[i];
        sums.yy += y[i] * y[i];
        sums.x += x[i];
        sums.xx += x[i] * x[i];
        sums.xy += x[i] * y[i];
    }
    double mean, variance;
    double theta = cuped_theta(&sums, 1);
    near(theta, 0.97619047619, 1e-11);
    cuped_adjust(&sums, theta, sums.x / 8, &mean, &variance);
    near(mean, 5.5, 1e-12);
    near(variance, 0.28231292517, 1e-10);
    /* Without a history nothing is taken out. */
    struct paired_sums none = {.people = 8, .y = sums.y, .yy = sums.yy};
    assert_true(cuped_theta(&none, 1) == 0);
    none.x = 8;
    none.xx = 8;
    none.xy = sums.y;
    assert_true(cuped_theta(&none, 1) == 0);
}

static void many_figures(void **state)
{
    (void)state;
    bool found[4];
    assert_int_equal(ebh_find((double[]){81, 39, 2, 1}, 4, .05, found), 1);
    assert_true(found[0] && !found[1]);
    assert_int_equal(ebh_find((double[]){81, 40, 2, 1}, 4, .05, found), 2);
    /* The second saves the first, which alone would not do. */
    assert_int_equal(ebh_find((double[]){41, 40, 2, 1}, 4, .05, found), 2);
    assert_int_equal(ebh_find((double[]){19, 1, 1, 1}, 4, .05, found), 0);
    assert_int_equal(ebh_find((double[]){20, 20, 20, 20}, 4, .05, found), 4);
    assert_int_equal(ebh_find(NULL, 0, .05, found), 0);
}

static void knows_when_it_knows_nothing(void **state)
{
    (void)state;
    struct sample none = {.is_share = true};
    struct sample one = {1, 5, 25, false};
    struct effect effect = effect_of(&none, &none, .1, .05);
    assert_true(isinf(effect.low) && isinf(effect.high) && effect.e_value == 1);
    effect = effect_of(&one, &one, .1, .05);
    assert_true(isinf(effect.low) && effect.e_value == 1);
    assert_true(isnan(sample_mean(&none)));
    /* Nobody of fifty did it: that is no certainty. */
    struct sample quiet = {50, 0, 0, true};
    assert_true(sample_variance(&quiet) > 0);
    struct sample flat = {50, 100, 200, false};
    assert_true(sample_variance(&flat) == 0);
    effect = effect_of(&flat, &flat, .1, .05);
    assert_true(isinf(effect.high));
}

/* ---- tests/data/experiment-reference.json: thirty digits, cut at seventeen ---- */

static json_t *read_reference(void)
{
    static char text[64 * 1024];
    FILE *file = fopen(TEST_DATA_DIR "/experiment-reference.json", "rb");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof(text), file);
    fclose(file);
    json_t *json = NULL;
    assert_int_equal(json_read((struct str){text, length}, sizeof(text), &json, NULL), OK);
    return json;
}

static double at(const json_t *row, size_t index)
{
    const json_t *value = json_array_get(row, index);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void close_to(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-9 * fmax(1, fabs(expected)))) {
        fail_msg("%.15g, expected %.15g", value, expected);
    }
}

static void check_split(const json_t *row)
{
    const json_t *counts = json_array_get(row, 0);
    double people[8];
    double weights[8];
    size_t count = json_array_size(counts);
    assert_in_range(count, 2, 8);
    for (size_t i = 0; i < count; i++) {
        people[i] = at(counts, i);
        weights[i] = at(json_array_get(row, 1), i);
    }
    close_to(split_log_e(people, weights, (int)count, at(row, 2)), at(row, 3));
    close_to(split_p_value(people, weights, (int)count), at(row, 4));
}

static void check_chances(const json_t *row)
{
    struct sample arms[2];
    struct chance chances[2];
    for (size_t i = 0; i < 2; i++) {
        const json_t *beta = json_array_get(json_array_get(row, 0), i);
        arms[i] = share(at(beta, 0), at(beta, 1));
    }
    bayes_chances(arms, 2, chances);
    for (size_t i = 0; i < 2; i++) {
        close_to(chances[i].best, at(json_array_get(row, 1), i));
        close_to(chances[i].loss, at(json_array_get(row, 2), i));
    }
}

static void all_equal_the_reference(void **state)
{
    (void)state;
    json_t *json = read_reference();
    size_t i;
    json_t *row;
    int rows = 0;
    json_array_foreach(json_get_array(json, "effect"), i, row)
    {
        struct effect effect =
            effect_from(at(row, 2), at(row, 1), at(row, 0), at(row, 3), at(row, 4));
        close_to(effect.low, at(row, 5));
        close_to(effect.high, at(row, 6));
        close_to(effect.e_value, at(row, 7));
        rows++;
    }
    json_array_foreach(json_get_array(json, "split"), i, row)
    {
        check_split(row);
        rows++;
    }
    json_array_foreach(json_get_array(json, "chances"), i, row)
    {
        check_chances(row);
        rows++;
    }
    json_array_foreach(json_get_array(json, "people"), i, row)
    {
        close_to(people_at_one_look(at(row, 0), at(row, 1), at(row, 2), at(row, 3)), at(row, 4));
        close_to(people_looking(at(row, 0), at(row, 1), at(row, 2), at(row, 3)), at(row, 5));
        rows++;
    }
    assert_int_equal(rows, 17);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_as_published),
        cmocka_unit_test(e_values_as_published),
        cmocka_unit_test(splits_as_published),
        cmocka_unit_test(chances_as_published),
        cmocka_unit_test(chances_of_means),
        cmocka_unit_test(plans_as_published),
        cmocka_unit_test(history_as_published),
        cmocka_unit_test(many_figures),
        cmocka_unit_test(knows_when_it_knows_nothing),
        cmocka_unit_test(all_equal_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
