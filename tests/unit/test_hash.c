/* Assignment's hashes against GrowthBook's own expected results. */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

static json_t *read_cases(void)
{
    json_error_t error;
    json_t *cases = json_load_file(TEST_DATA_DIR "/growthbook-cases.json", 0, &error);
    assert_non_null(cases);
    return cases;
}

static struct str text_of(const json_t *value)
{
    return (struct str){json_string_value(value), json_string_length(value)};
}

static void buckets_equal_growthbooks(void **state)
{
    (void)state;
    json_t *root = read_cases();
    json_t *cases = json_get_array(root, "hash");
    assert_true(json_array_size(cases) >= 15);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *row = json_array_get(cases, i);
        double bucket =
            hash_bucket(text_of(json_array_get(row, 0)), text_of(json_array_get(row, 1)),
                        (int)json_integer_value(json_array_get(row, 2)));
        json_t *expected = json_array_get(row, 3);
        /* Both sides are the same quotient of integers. */
        assert_true(json_is_null(expected) ? bucket < 0 : bucket == json_number_value(expected));
    }
    json_decref(root);
}

static void fnv_matches_its_vectors(void **state)
{
    (void)state;
    assert_true(hash_fnv1a(STR_NONE) == 2166136261U);
    assert_true(hash_fnv1a(STR("a")) == 0xE40C292CU);
    assert_true(hash_fnv1a(STR("foobar")) == 3214735720U);
    assert_true(hash_fnv1a((struct str){"\0", 1}) == 0x050C5D1FU);
}

static void buckets_are_spread_evenly(void **state)
{
    (void)state;
    int counts[10] = {0};
    for (int i = 0; i < 100000; i++) {
        char id[16];
        int length = snprintf(id, sizeof(id), "%d", i);
        double bucket = hash_bucket(STR("rollout"), (struct str){id, (size_t)length}, 2);
        assert_true(bucket >= 0 && bucket < 1);
        counts[(int)(bucket * 10)]++;
    }
    for (int i = 0; i < 10; i++) {
        assert_in_range(counts[i], 9600, 10400); /* 4 standard deviations */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_equal_growthbooks),
        cmocka_unit_test(fnv_matches_its_vectors),
        cmocka_unit_test(buckets_are_spread_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
