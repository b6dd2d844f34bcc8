/* Weights that follow what was seen: that they move to the better variant and keep to the floor,
 * that the weighted bounds hold the truth at all looks, also while everybody gets better with time,
 * and that nothing is judged without propensities. Experiments are lived through with people dealt
 * out by core/assign.h and judged by bi/experiments/analysis.h, as in production. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bi/experiments/allocation.h"
#include "core/assign.h"

enum { RUNS = 150, PEOPLE = 4000, EVERY = 100, PHASE = 200 };

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static bool chance(uint64_t *state, double share)
{
    return (double)(next(state) >> 11) * 0x1p-53 < share;
}

/* How often people do it: at first, and by how much more at the end; the second arm's advantage. */
struct nature {
    double base, rise, effect;
};

/* What became of all runs. */
struct tally {
    int covered, split_alarms, found;
    double last_weight; /* of the second arm, on average */
    double bias, plain_bias;
};

struct life {
    struct experiment experiment;
    struct analysis analysis;
    struct paired_sums sums[2];
    uint64_t seed;
    char name[16];
};

static void begin(struct life *life, int run)
{
    memset(life, 0, sizeof(*life));
    snprintf(life->name, sizeof(life->name), "run-%d", run);
    life->seed = (uint64_t)run * 1000003;
    life->experiment = (struct experiment){.name = STR("task"),
                                           .seed = str_of(life->name),
                                           .coverage = 1,
                                           .arms = {{STR("a"), 0.5}, {STR("b"), 0.5}},
                                           .arm_count = 2,
                                           .allocation = ALLOCATION_THOMPSON,
                                           .floor = 0.1,
                                           .min_people = 1000};
    life->analysis = (struct analysis){
        .experiment = &life->experiment, .is_share = true, .arm_count = 2, .now_ms = 1};
}

static void come(struct life *life, int64_t person, const struct nature *nature)
{
    int arm = assign_arm(&life->experiment, person);
    assert_in_range(arm, 0, 1);
    double w = 1 / life->experiment.arms[arm].weight;
    double share = nature->base + nature->rise * (double)person / PEOPLE + arm * nature->effect;
    double y = chance(&life->seed, share);
    struct arm_result *result = &life->analysis.arms[arm];
    struct paired_sums *sums = &life->sums[arm];
    sums->people++;
    sums->y += y;
    sums->yy += y;
    result->exposed++;
    result->judged.w += w;
    result->judged.ww += w * w;
    result->judged.yw += y * w;
    result->judged.yww += y * w * w;
    result->judged.yyww += y * w * w;
    result->shown = result->judged;
}

static void deal_anew(struct life *life)
{
    struct sample outcomes[2];
    struct chance chances[2];
    double weights[2];
    for (int i = 0; i < 2; i++) {
        outcomes[i] = life->analysis.arms[i].outcome;
    }
    bayes_chances(outcomes, 2, chances);
    for (int i = 0; i < 2; i++) {
        life->analysis.arms[i].chance = chances[i];
    }
    if (allocation_weights(&life->analysis, weights)) {
        for (int i = 0; i < 2; i++) {
            assert_true(weights[i] >= 0.1 - 1e-9);
            assert_true(fabs(weights[i] * 10000 - round(weights[i] * 10000)) < 1e-6);
            life->experiment.arms[i].weight = weights[i];
        }
        assert_true(fabs(weights[0] + weights[1] - 1) < 1e-9);
    }
}

static void live(int run, const struct nature *nature, struct tally *tally)
{
    struct life life;
    bool covered = true;
    bool alarm = false;
    begin(&life, run);
    for (int64_t person = 1; person <= PEOPLE; person++) {
        come(&life, person, nature);
        if (person % EVERY == 0) {
            analysis_judge(&life.analysis, life.sums);
            const struct effect *effect = &life.analysis.arms[1].effect;
            covered = covered && effect->low <= nature->effect && effect->high >= nature->effect;
            alarm = alarm || life.analysis.split_p <= 0.01;
        }
        if (person % PHASE == 0) {
            deal_anew(&life);
        }
    }
    const struct analysis *analysis = &life.analysis;
    tally->covered += covered;
    tally->split_alarms += alarm;
    tally->found += analysis->arms[1].effect.low > 0;
    tally->last_weight += life.experiment.arms[1].weight / RUNS;
    tally->bias += (analysis->arms[1].effect.difference - nature->effect) / RUNS;
    tally->plain_bias += (sample_mean(&analysis->arms[1].outcome) -
                          sample_mean(&analysis->arms[0].outcome) - nature->effect) /
                         RUNS;
}

static struct tally live_all(const char *name, const struct nature *nature)
{
    struct tally tally = {0};
    for (int run = 1; run <= RUNS; run++) {
        live(run, nature, &tally);
    }
    print_message(
        "%s: %d of %d covered at all looks, %d splits doubted, %d found, last weight %.2f, "
        "bias %+.4f (unweighted %+.4f)\n",
        name, tally.covered, RUNS, tally.split_alarms, tally.found, tally.last_weight, tally.bias,
        tally.plain_bias);
    assert_true(tally.covered >= RUNS * 95 / 100);
    assert_true(tally.split_alarms <= RUNS / 100);
    return tally;
}

static void weights_stay_even_where_nothing_differs(void **state)
{
    (void)state;
    struct tally tally = live_all("no difference", &(struct nature){0.3, 0, 0});
    assert_true(fabs(tally.last_weight - 0.5) < 0.08);
    assert_true(fabs(tally.bias) < 0.005);
}

static void weights_move_to_the_better(void **state)
{
    (void)state;
    struct tally better = live_all("six points", &(struct nature){0.3, 0, 0.06});
    assert_true(better.last_weight > 0.85);
    assert_true(better.found > RUNS / 4);
    struct tally worse = live_all("six points less", &(struct nature){0.36, 0, -0.06});
    assert_true(worse.last_weight < 0.15);
}

/* Whoever came late does better and got the better variant more often: that is no merit of it. */
static void weighting_takes_out_what_time_did(void **state)
{
    (void)state;
    struct tally tally = live_all("everybody gets better", &(struct nature){0.1, 0.5, 0.05});
    assert_true(fabs(tally.bias) < 0.005);
    assert_true(tally.plain_bias > 0.02);
}

static void without_propensities_nothing_is_judged(void **state)
{
    (void)state;
    struct life life;
    struct arena *arena = arena_new(4096);
    begin(&life, 1);
    for (int64_t person = 1; person <= PEOPLE; person++) {
        come(&life, person, &(struct nature){0.3, 0, 0.2});
    }
    analysis_judge(&life.analysis, life.sums);
    assert_int_equal(life.analysis.verdict, VERDICT_BETTER);
    life.analysis.arms[0].unknown = 3;
    analysis_judge(&life.analysis, life.sums);
    assert_int_equal(life.analysis.verdict, VERDICT_NO_CHANCES);
    assert_true(isinf(life.analysis.arms[1].effect.low) != 0);
    assert_true(str_starts(verdict_text(arena, &life.analysis),
                           STR("No verdict: of 3 people it is not known how likely")));
    arena_free(arena);
}

static void a_broken_split_is_noticed(void **state)
{
    (void)state;
    struct life life;
    begin(&life, 1);
    for (int64_t person = 1; person <= PEOPLE; person++) {
        if (person % 5 != 0 || assign_arm(&life.experiment, person) == 0) {
            come(&life, person, &(struct nature){0.3, 0, 0});
        }
    }
    analysis_judge(&life.analysis, life.sums);
    assert_int_equal(life.analysis.verdict, VERDICT_SPLIT_BROKEN);
}

static void a_propensity_is_that_of_the_phase(void **state)
{
    (void)state;
    struct experiment_phase phases[] = {{1000, {0.5, 0.5}}, {2000, {0.9, 0.1}}, {3000, {0.1, 0.9}}};
    struct experiment experiment = {.seed = STR("task"),
                                    .coverage = 1,
                                    .arms = {{STR("a"), 0.1}, {STR("b"), 0.9}},
                                    .arm_count = 2,
                                    .allocation = ALLOCATION_THOMPSON,
                                    .phases = phases,
                                    .phase_count = 3};
    int again = 0;
    for (int64_t person = 1; person <= 200; person++) {
        for (int phase = 0; phase < 3; phase++) {
            struct experiment then = experiment;
            then.arms[0].weight = phases[phase].weights[0];
            then.arms[1].weight = phases[phase].weights[1];
            int arm = assign_arm(&then, person);
            double p = assign_propensity(&experiment, person, then.arms[arm].variant,
                                         phases[phase].since_ms + 500);
            assert_true(fabs(p - phases[phase].weights[arm]) < 1e-12);
        }
        assert_true(assign_propensity(&experiment, person, STR("a"), 999) == 0);
        assert_true(isnan(assign_propensity(&experiment, person, STR("gone"), 3000)));
        /* Made again in the last phase, with what the one before gave. */
        double b = assign_propensity(&experiment, person, STR("a"), 3500);
        again += b > 0.85;
    }
    assert_true(again > 100);
    experiment.phases_left = 1;
    assert_true(isnan(assign_propensity(&experiment, 1, STR("a"), 999)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_propensity_is_that_of_the_phase),
        cmocka_unit_test(without_propensities_nothing_is_judged),
        cmocka_unit_test(a_broken_split_is_noticed),
        cmocka_unit_test(weights_stay_even_where_nothing_differs),
        cmocka_unit_test(weights_move_to_the_better),
        cmocka_unit_test(weighting_takes_out_what_time_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
