/* core/assign.h against GrowthBook's published cases, and what rollouts promise: a share decides
 * for good, and a larger share only adds people. */
#include "core/assign.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/json.h"

static json_t *cases;

static int load_cases(void **state)
{
    (void)state;
    FILE *file = fopen(TEST_DATA_DIR "/growthbook-cases.json", "rb");
    assert_non_null(file);
    static char text[512 * 1024];
    size_t length = fread(text, 1, sizeof(text), file);
    fclose(file);
    struct err_detail detail = {0};
    return json_read((struct str){text, length}, sizeof(text), &cases, &detail) == OK ? 0 : -1;
}

static int free_cases(void **state)
{
    (void)state;
    json_decref(cases);
    return 0;
}

static double number_at(const json_t *array, size_t index)
{
    return json_number_value(json_array_get(array, index));
}

/* Both sides are cut at eight decimals, as the specification's own tests do. */
static bool same(double a, double b)
{
    return floor(a * 1e8 + 0.5) == floor(b * 1e8 + 0.5);
}

static void hashes_as_published(void **state)
{
    (void)state;
    json_t *section = json_get_array(cases, "hash");
    assert_int_equal(json_array_size(section), 15);
    for (size_t i = 0; i < json_array_size(section); i++) {
        json_t *row = json_array_get(section, i);
        double n = hash_bucket(str_of(json_string_value(json_array_get(row, 0))),
                               str_of(json_string_value(json_array_get(row, 1))),
                               (int)json_integer_value(json_array_get(row, 2)));
        json_t *expected = json_array_get(row, 3);
        assert_true(json_is_null(expected) ? n < 0 : n == json_number_value(expected));
    }
}

static void equal_weights_as_published(void **state)
{
    (void)state;
    json_t *section = json_get_array(cases, "getEqualWeights");
    assert_true(json_array_size(section) >= 6);
    for (size_t i = 0; i < json_array_size(section); i++) {
        json_t *row = json_array_get(section, i);
        json_t *expected = json_array_get(row, 1);
        double weights[32];
        assign_equal_weights((int)number_at(row, 0), weights);
        for (size_t k = 0; k < json_array_size(expected); k++) {
            assert_true(same(weights[k], number_at(expected, k)));
        }
    }
}

static void ranges_as_published(void **state)
{
    (void)state;
    json_t *section = json_get_array(cases, "getBucketRange");
    assert_true(json_array_size(section) >= 13);
    for (size_t i = 0; i < json_array_size(section); i++) {
        json_t *row = json_array_get(section, i);
        json_t *args = json_array_get(row, 1);
        json_t *given = json_array_get(args, 2);
        json_t *expected = json_array_get(row, 2);
        double weights[32];
        int weight_count = (int)json_array_size(given);
        for (int k = 0; k < weight_count; k++) {
            weights[k] = number_at(given, (size_t)k);
        }
        struct bucket_range ranges[32];
        int count = (int)number_at(args, 0);
        json_t *coverage = json_array_get(args, 1);
        assign_ranges(count, json_is_null(coverage) ? 1 : json_number_value(coverage),
                      json_is_null(given) ? NULL : weights, weight_count, ranges);
        assert_int_equal(json_array_size(expected), count);
        for (size_t k = 0; k < json_array_size(expected); k++) {
            assert_true(same(ranges[k].from, number_at(json_array_get(expected, k), 0)));
            assert_true(same(ranges[k].to, number_at(json_array_get(expected, k), 1)));
        }
    }
}

static void choices_as_published(void **state)
{
    (void)state;
    json_t *section = json_get_array(cases, "chooseVariation");
    assert_true(json_array_size(section) >= 13);
    for (size_t i = 0; i < json_array_size(section); i++) {
        json_t *row = json_array_get(section, i);
        json_t *given = json_array_get(row, 2);
        struct bucket_range ranges[32];
        int count = (int)json_array_size(given);
        for (int k = 0; k < count; k++) {
            json_t *range = json_array_get(given, (size_t)k);
            ranges[k] = (struct bucket_range){number_at(range, 0), number_at(range, 1)};
        }
        assert_int_equal(assign_choose(number_at(row, 1), ranges, count),
                         json_integer_value(json_array_get(row, 3)));
    }
}

static void a_larger_share_only_adds(void **state)
{
    (void)state;
    struct rollout rollout = {.seed = STR("superior_onboarding")};
    int treated = 0;
    for (int64_t id = 1; id <= 20000; id++) {
        rollout.share_permyriad = 500;
        bool at_5 = assign_rollout(&rollout, id);
        rollout.share_permyriad = 2500;
        bool at_25 = assign_rollout(&rollout, id);
        assert_true(!at_5 || at_25);
        treated += at_25;
        rollout.share_permyriad = 0;
        assert_false(assign_rollout(&rollout, id));
        rollout.share_permyriad = 10000;
        assert_true(assign_rollout(&rollout, id));
    }
    /* 25 % of 20000 within five standard deviations (61 each). */
    assert_in_range(treated, 4690, 5310);
}

static void variants_follow_their_weights(void **state)
{
    (void)state;
    struct variant variants[] = {{.id = STR("a"), .weight = 0.8}, {.id = STR("b"), .weight = 0.2}};
    struct step step = {.experiment = STR("task"), .variants = variants, .variant_count = 2};
    int counts[2] = {0, 0};
    for (int64_t id = 1; id <= 10000; id++) {
        int chosen = assign_variant(&step, id);
        assert_in_range(chosen, 0, 1);
        assert_int_equal(chosen, assign_variant(&step, id));
        counts[chosen]++;
    }
    assert_in_range(counts[0], 7800, 8200);
    step.variant_count = 0;
    assert_int_equal(assign_variant(&step, 1), -1);
}

static void namespaces_as_published(void **state)
{
    (void)state;
    json_t *section = json_get_array(cases, "inNamespace");
    assert_int_equal(json_array_size(section), 8);
    for (size_t i = 0; i < json_array_size(section); i++) {
        const json_t *row = json_array_get(section, i);
        const json_t *space = json_array_get(row, 2);
        bool in = assign_in_namespace(str_of(json_string_value(json_array_get(row, 1))),
                                      str_of(json_string_value(json_array_get(space, 0))),
                                      number_at(space, 1), number_at(space, 2));
        assert_int_equal(in, json_is_true(json_array_get(row, 3)));
    }
}

/* What only other programs' experiments can say (forcing, filters, ranges given by hand, …). */
static bool is_foreign(const json_t *context, const json_t *experiment)
{
    static const char *const keys[] = {"force", "active", "filters", "ranges", "condition", "url"};
    bool foreign = json_object_size(context) != 1;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        foreign = foreign || json_object_get(experiment, keys[i]) != NULL;
    }
    return foreign || json_get_str(json_get_object(context, "attributes"), "id").length == 0;
}

/* The variant by hash, namespace, coverage and weights; -1: takes no part. */
static int chosen_of(const json_t *experiment, struct str id)
{
    struct bucket_range ranges[8];
    double weights[8];
    const json_t *space = json_get_array(experiment, "namespace");
    const json_t *given = json_get_array(experiment, "weights");
    struct str seed = json_get_str(experiment, "seed");
    int count = (int)json_array_size(json_get_array(experiment, "variations"));
    assert_in_range(count, 1, 8);
    if (count < 2 || (space != NULL &&
                      !assign_in_namespace(id, str_of(json_string_value(json_array_get(space, 0))),
                                           number_at(space, 1), number_at(space, 2)))) {
        return -1;
    }
    for (size_t i = 0; i < json_array_size(given); i++) {
        weights[i] = number_at(given, i);
    }
    assign_ranges(count, json_get_number(experiment, "coverage", 1), given != NULL ? weights : NULL,
                  (int)json_array_size(given), ranges);
    double n = hash_bucket(seed.length > 0 ? seed : json_get_str(experiment, "key"), id,
                           (int)json_get_int(experiment, "hashVersion", 1));
    return assign_choose(n, ranges, count);
}

static void experiments_as_published(void **state)
{
    (void)state;
    json_t *section = json_get_array(cases, "run");
    int checked = 0;
    for (size_t i = 0; i < json_array_size(section); i++) {
        const json_t *row = json_array_get(section, i);
        const json_t *context = json_array_get(row, 1);
        const json_t *experiment = json_array_get(row, 2);
        if (is_foreign(context, experiment)) {
            continue;
        }
        int chosen =
            chosen_of(experiment, json_get_str(json_get_object(context, "attributes"), "id"));
        assert_int_equal(chosen >= 0, json_is_true(json_array_get(row, 4)));
        assert_true(json_equal(json_array_get(row, 3),
                               json_array_get(json_get_array(experiment, "variations"),
                                              chosen >= 0 ? (size_t)chosen : 0)));
        checked++;
    }
    assert_int_equal(checked, 23);
}

/* Whatever the experiment says, nobody is exposed to a variant that the step does not have. */
static void a_variant_that_is_gone_exposes_nobody(void **state)
{
    (void)state;
    struct variant variants[] = {{.id = STR("a"), .weight = 0.5}, {.id = STR("c"), .weight = 0.5}};
    struct step step = {.experiment = STR("task"), .variants = variants, .variant_count = 2};
    struct experiment experiment = {.name = STR("task"),
                                    .seed = STR("task"),
                                    .coverage = 1,
                                    .arms = {{STR("a"), 0.5}, {STR("b"), 0.5}},
                                    .arm_count = 2};
    struct experiments experiments = {.items = &experiment, .count = 1};
    struct installation installation = {.experiments = &experiments};
    int exposed = 0;
    for (int64_t id = 1; id <= 1000; id++) {
        struct assigned assigned = assign_step(&installation, &step, id);
        assert_true(assigned.is_exposed ? str_is(assigned.variant, "a")
                                        : assigned.variant.length == 0);
        assert_int_equal(assigned.is_exposed, assign_arm(&experiment, id) == 0);
        exposed += assigned.is_exposed;
    }
    assert_in_range(exposed, 450, 550);
    experiment.state = EXPERIMENT_SHIPPED;
    experiment.shipped = STR("b");
    assert_int_equal(assign_step(&installation, &step, 1).variant.length, 0);
    experiment.shipped = STR("c");
    assert_true(str_is(assign_step(&installation, &step, 1).variant, "c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_as_published),
        cmocka_unit_test(equal_weights_as_published),
        cmocka_unit_test(ranges_as_published),
        cmocka_unit_test(choices_as_published),
        cmocka_unit_test(a_larger_share_only_adds),
        cmocka_unit_test(variants_follow_their_weights),
        cmocka_unit_test(namespaces_as_published),
        cmocka_unit_test(experiments_as_published),
        cmocka_unit_test(a_variant_that_is_gone_exposes_nobody),
    };
    return cmocka_run_group_tests(tests, load_cases, free_cases);
}
