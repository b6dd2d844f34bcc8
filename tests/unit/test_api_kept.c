/* Answers of the API that took long are given again for a while. */
#include "http/api/kept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static const struct kept_answer answer = {STR("W/\"1\""), STR("{\"users\":18}")};

static void what_took_long_is_kept(void **state)
{
    (void)state;
    struct kept *kept = kept_new();
    struct kept_answer found;
    kept_offer(kept, STR("GET /api/kpis"), 1000, 2000, &answer);
    assert_true(kept_find(kept, STR("GET /api/kpis"), 20999, &found));
    assert_true(str_equal(found.etag, answer.etag));
    assert_true(str_equal(found.body, answer.body));
    assert_false(kept_find(kept, STR("GET /api/kpi"), 1000, &found));
    assert_false(kept_find(kept, STR("GET /api/kpis"), 21000, &found));
    assert_false(kept_find(kept, STR("GET /api/kpis"), 1000, &found)); /* forgotten by then */
    kept_free(kept);
}

static void a_minute_at_most(void **state)
{
    (void)state;
    struct kept *kept = kept_new();
    struct kept_answer found;
    kept_offer(kept, STR("a"), 0, INT64_MAX / 2, &answer);
    assert_true(kept_find(kept, STR("a"), 59999, &found));
    assert_false(kept_find(kept, STR("a"), 60000, &found));
    kept_free(kept);
}

static void what_was_quick_is_not(void **state)
{
    (void)state;
    struct kept *kept = kept_new();
    struct kept_answer found;
    kept_offer(kept, STR("a"), 0, 249, &answer);
    assert_false(kept_find(kept, STR("a"), 0, &found));
    kept_offer(kept, STR("a"), 0, 250, &answer);
    assert_true(kept_find(kept, STR("a"), 0, &found));
    kept_free(kept);
}

static void a_change_forgets_all(void **state)
{
    (void)state;
    struct kept *kept = kept_new();
    struct kept_answer found;
    kept_offer(kept, STR("a"), 0, 1000, &answer);
    kept_forget(kept, 500);
    assert_false(kept_find(kept, STR("a"), 500, &found));
    kept_offer(kept, STR("a"), 1499, 1000, &answer); /* may be of before the change */
    assert_false(kept_find(kept, STR("a"), 1499, &found));
    kept_offer(kept, STR("a"), 1500, 1000, &answer);
    assert_true(kept_find(kept, STR("a"), 1500, &found));
    kept_free(kept);
}

static void there_are_few_and_small(void **state)
{
    (void)state;
    struct kept *kept = kept_new();
    struct kept_answer found;
    char name[16];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "answer %d", i);
        kept_offer(kept, (struct str){name, strlen(name)}, i, 1000, &answer);
    }
    int count = 0;
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "answer %d", i);
        count += kept_find(kept, (struct str){name, strlen(name)}, 100, &found);
    }
    assert_int_equal(count, 32);
    assert_true(kept_find(kept, STR("answer 99"), 100, &found));
    static char large[2 << 20];
    const struct kept_answer long_one = {STR("W/\"2\""), {large, sizeof(large)}};
    kept_offer(kept, STR("large"), 100, 1000, &long_one);
    assert_false(kept_find(kept, STR("large"), 100, &found));
    kept_free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_took_long_is_kept),  cmocka_unit_test(a_minute_at_most),
        cmocka_unit_test(what_was_quick_is_not),   cmocka_unit_test(a_change_forgets_all),
        cmocka_unit_test(there_are_few_and_small),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
