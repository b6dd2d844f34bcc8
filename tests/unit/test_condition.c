/* Conditions: what holds for a person, with unknown facts, precedence and durations. Mistakes are
 * tested with their places in tests/data/journeys-broken/conditions. */
#include "core/condition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sample_person.h"

static bool holds(struct sample *sample, const char *source)
{
    struct condition *condition = NULL;
    size_t offset = 0;
    struct err_detail detail = {""};
    enum err error = condition_compile(sample->arena, str_of(source), &condition, &offset, &detail);
    if (error != OK) {
        print_error("%s: %zu: %s\n", source, offset, detail.text);
    }
    assert_int_equal(error, OK);
    assert_true(str_is(condition_source(condition), source));
    struct facts facts = sample_facts(sample, "de");
    return condition_holds(condition, &facts);
}

static void conditions_hold_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        bool expected;
    } cases[] = {
        {"commitments_total == 15", true},
        {"commitments_total != 15", false},
        {"commitments_total < 15", false},
        {"commitments_total <= 15", true},
        {"commitments_total > 14.5", true},
        {"commitments_total >= 16", false},
        {"15 == commitments_total", true},
        {"completion_rate >= 80", true},
        {"completion_rate > 80", false},
        {"language == \"de\"", true},
        {"language != \"en\"", true},
        {"language == \"d\"", false},
        {"first_name == username", false},
        {"in_group", true},
        {"not in_group", false},
        {"not not in_group", true},
        {"in_group == false", false},
        {"is_test == false", true},
        {"true", true},
        {"false or true", true},
        {"true and false", false},
        {"false and false or true", true},
        {"false and (false or true)", false},
        {"true or true and false", true},
        {"(true or true) and false", false},
        {"not true or true", true},
        {"not (true or true)", false},
        {"not is_test and in_group", true},
        {"since_activity_ms >= 2d", true},
        {"since_activity_ms >= 51h", false},
        {"since_activity_ms < 3001m", true},
        {"since_activity_ms > 0.5w", false},
        {"since_activity_ms == 180000s", true},
        {"(language == \"de\" or language == \"en\") and not is_test", true},
        {"commitments_total==15 and(in_group)", true},
        {"  in_group\n and\n  not is_test ", true},
        {"completion_pattern == \"quick_executor\"", false},
        {"performance_tier == \"power_user\"", true},
        {"commitment_open and commitment_minutes <= 10", true},
    };
    struct arena *arena = arena_new(64 * 1024);
    struct sample sample;
    sample_init(&sample, arena);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (holds(&sample, cases[i].source) != cases[i].expected) {
            print_error("%s\n", cases[i].source);
        }
        assert_int_equal(holds(&sample, cases[i].source), cases[i].expected);
    }
    arena_free(arena);
}

static void an_unknown_fact_makes_its_comparison_false(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct sample sample;
    sample_init(&sample, arena);
    sample.person.user.commitments_total = 0;
    sample.person.user.first_name = STR_NONE;
    assert_false(holds(&sample, "completion_rate >= 0"));
    assert_false(holds(&sample, "completion_rate < 50"));
    assert_false(holds(&sample, "completion_rate != 50"));
    assert_true(holds(&sample, "not completion_rate >= 50"));
    assert_false(holds(&sample, "first_name != \"Kim\""));
    assert_true(holds(&sample, "completion_rate > 1 or in_group"));
    arena_free(arena);
}

static enum err compile(struct arena *arena, struct str source)
{
    struct condition *condition = NULL;
    size_t offset = 0;
    return condition_compile(arena, source, &condition, &offset, NULL);
}

static void limits_are_kept(void **state)
{
    (void)state;
    struct arena *arena = arena_new(256 * 1024);
    struct str chain = STR("true");
    while (chain.length + 8 <= LIMIT_CONDITION_BYTES) {
        chain = arena_printf(arena, "%.*s or true", STR_ARG(chain));
    }
    assert_int_equal(compile(arena, chain), OK);
    chain = arena_printf(arena, "%.*s or true and true", STR_ARG(chain));
    assert_int_equal(compile(arena, chain), ERR_LIMIT);
    struct str nots = STR("true");
    for (int i = 0; i < LIMIT_CONDITION_DEPTH; i++) {
        nots = arena_printf(arena, "%s%.*s", i % 2 == 0 ? "not " : "(", STR_ARG(nots));
    }
    for (int i = 0; i < LIMIT_CONDITION_DEPTH / 2; i++) {
        nots = arena_printf(arena, "%.*s)", STR_ARG(nots));
    }
    assert_int_equal(compile(arena, nots), OK);
    nots = arena_printf(arena, "not %.*s", STR_ARG(nots));
    assert_int_equal(compile(arena, nots), ERR_LIMIT);
    assert_int_equal(compile(arena, (struct str){"true\0", 5}), ERR_INVALID);
    assert_int_equal(compile(arena, (struct str){"\"\xff\xfe\" == language", 16}), OK);
    assert_int_equal(compile(arena, STR("11111111111111111111111111111111111 > 1")), ERR_INVALID);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_hold_or_not),
        cmocka_unit_test(an_unknown_fact_makes_its_comparison_false),
        cmocka_unit_test(limits_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
