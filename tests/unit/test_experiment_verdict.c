/* The sentence that an analysis ends in: which one, and that it is never surer than its numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "bi/experiments/analysis.h"

static const int64_t BEGIN_MS = 1764000000000;

struct case_of {
    struct arena *arena;
    struct experiment experiment;
    struct analysis analysis;
};

static int set_up(void **state)
{
    struct case_of *of = calloc(1, sizeof(*of));
    of->arena = arena_new((size_t)16 * 1024);
    of->experiment = (struct experiment){.name = STR("task"),
                                         .coverage = 1,
                                         .arms = {{STR("calm"), 0.5}, {STR("smile"), 0.5}},
                                         .arm_count = 2,
                                         .min_people = 1000,
                                         .min_ms = 7 * DAY_MS,
                                         .started_at_ms = BEGIN_MS};
    *state = of;
    return 0;
}

static int tear_down(void **state)
{
    struct case_of *of = *state;
    arena_free(of->arena);
    free(of);
    return 0;
}

/* So many people in each arm, so many of whom did it; after so many days. */
static const char *said(struct case_of *of, double people, double first, double second,
                        int64_t days)
{
    struct paired_sums sums[3] = {{.people = people, .y = first, .yy = first},
                                  {.people = people, .y = second, .yy = second},
                                  {.people = people, .y = first, .yy = first}};
    struct analysis *analysis = &of->analysis;
    analysis->experiment = &of->experiment;
    analysis->is_share = true;
    analysis->now_ms = BEGIN_MS + days * DAY_MS;
    analysis->arm_count = of->experiment.arm_count;
    for (int i = 0; i < analysis->arm_count; i++) {
        struct arm_result *arm = &analysis->arms[i];
        arm->variant = of->experiment.arms[i].variant;
        arm->weight = of->experiment.arms[i].weight;
        arm->exposed = arm->exposed > 0 ? arm->exposed : (int64_t)people;
        for (int guard = 0; guard < GUARD_COUNT; guard++) {
            arm->guards[guard].people = people;
            arm->guards[guard].is_share = true;
        }
    }
    analysis_judge(analysis, sums);
    return verdict_text(of->arena, analysis).ptr;
}

static void too_early(void **state)
{
    struct case_of *of = *state;
    assert_string_equal(said(of, 400, 100, 300, 30),
                        "No verdict yet: 800 of 1000 people are judged, 30.0 of 7.0 days.");
    assert_int_equal(of->analysis.verdict, VERDICT_TOO_EARLY);
    said(of, 2000, 100, 1000, 6);
    assert_int_equal(of->analysis.verdict, VERDICT_TOO_EARLY);
    said(of, 2000, 100, 1000, 7);
    assert_int_equal(of->analysis.verdict, VERDICT_BETTER);
    of->experiment.min_people = 100;
    said(of, 10, 0, 10, 30); /* the sequence has not begun */
    assert_int_equal(of->analysis.verdict, VERDICT_TOO_EARLY);
    of->experiment.min_ms = 0;
    of->experiment.state = EXPERIMENT_STOPPED;
    of->experiment.ended_at_ms = BEGIN_MS + DAY_MS;
    assert_string_equal(said(of, 0, 0, 0, 30),
                        "No verdict: 0 of 100 people are judged, 1.0 of 0.0 days.");
}

static void better_and_worse(void **state)
{
    struct case_of *of = *state;
    const char *text = said(of, 3000, 900, 1100, 10);
    const struct effect *effect = &of->analysis.arms[1].effect;
    double low, high;
    assert_int_equal(
        sscanf(text, "smile is better than calm by %lf to %lf points; you may stop.", &low, &high),
        2);
    assert_true(low <= effect->low * 100 && low > effect->low * 100 - 0.11);
    assert_true(high >= effect->high * 100 && high < effect->high * 100 + 0.11);
    assert_non_null(strstr(text, "; you may stop."));
    text = said(of, 3000, 1100, 900, 10);
    assert_non_null(strstr(text, "smile is worse than calm by "));
    assert_non_null(strstr(text, "; you may stop."));
    of->experiment.state = EXPERIMENT_STOPPED;
    text = said(of, 3000, 900, 1100, 10);
    assert_null(strstr(text, "you may stop"));
}

static void not_shown(void **state)
{
    struct case_of *of = *state;
    const char *text = said(of, 3000, 900, 930, 10);
    assert_non_null(strstr(text, "No difference is shown: smile may be anything from -"));
    assert_non_null(strstr(text, " points of calm. Go on, or stop without a winner."));
    /* Of three, one that differs from the first does not speak for the other. */
    of->experiment.arms[2] = (struct experiment_arm){STR("walk"), 1 / 3.0};
    of->experiment.arms[0].weight = of->experiment.arms[1].weight = 1 / 3.0;
    of->experiment.arm_count = 3;
    text = said(of, 3000, 1100, 900, 10);
    assert_int_equal(of->analysis.verdict, VERDICT_NOT_SHOWN);
    text = said(of, 3000, 900, 1100, 10);
    assert_int_equal(of->analysis.winner, 1);
    assert_non_null(strstr(text, "smile is better than calm"));
}

static void a_broken_split_says_nothing(void **state)
{
    struct case_of *of = *state;
    of->analysis.arms[0].exposed = 3000;
    of->analysis.arms[1].exposed = 2500;
    const char *text = said(of, 2500, 700, 1100, 10);
    assert_int_equal(of->analysis.verdict, VERDICT_SPLIT_BROKEN);
    assert_non_null(strstr(text, "No verdict: people are not split as the weights say."));
    assert_null(strstr(text, "better"));
}

static void harm_is_named(void **state)
{
    struct case_of *of = *state;
    of->analysis.arms[1].guards[GUARD_BLOCKS].sum = 400;
    of->analysis.arms[0].guards[GUARD_BLOCKS].sum = 100;
    const char *text = said(of, 3000, 900, 1100, 10);
    assert_non_null(strstr(text, " Beware: smile has more blocks, by "));
    assert_null(strstr(text, "you may stop"));
    assert_true(of->analysis.arms[1].guards_found[GUARD_BLOCKS]);
    assert_false(of->analysis.arms[1].guards_found[GUARD_OPT_OUTS]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(too_early, set_up, tear_down),
        cmocka_unit_test_setup_teardown(better_and_worse, set_up, tear_down),
        cmocka_unit_test_setup_teardown(not_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_split_says_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(harm_is_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
