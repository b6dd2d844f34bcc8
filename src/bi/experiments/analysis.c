/* Judging what people did after they were exposed (analysis.h). */
#include "bi/experiments/analysis.h"

#include <math.h>
#include <string.h>

#include "base/limits.h"

/* False alarms: of the effects of an experiment together, and of the split. */
static const double ALPHA = 0.05;
static const double SPLIT_ALPHA = 0.01;
/* A prior about as strong as this many people finds splits that are off by some points soon. */
static const double SPLIT_CONCENTRATION = 1000;
/* Below them the sequence is not begun: its errors are those of the normal approximation. */
enum { PEOPLE_LEAST = 100, ARM_LEAST = 20 };

static const char *const GUARDS[GUARD_COUNT] = {"blocks", "opt-outs", "complaints"};

const char *guardrail_name(enum guardrail guard)
{
    return GUARDS[guard];
}

static struct outcome_rule guard_outcome(enum guardrail guard)
{
    switch (guard) {
    case GUARD_BLOCKS:
        return (struct outcome_rule){.type = STR("blocked")};
    case GUARD_OPT_OUTS:
        return (struct outcome_rule){.type = STR("stopped")};
    case GUARD_COMPLAINTS:
    case GUARD_COUNT:
        break;
    }
    return (struct outcome_rule){.type = STR("blocked"), .rule = STR("report.complained")};
}

static struct sample sample_of(const struct paired_sums *sums, bool is_share)
{
    return (struct sample){sums->people, sums->y, sums->yy, is_share};
}

/* ---- judging ---- */

static bool weights_change(const struct analysis *analysis)
{
    return analysis->experiment->allocation == ALLOCATION_THOMPSON;
}

/* The arm's mean and variance of the mean, with what was known before taken out. The smoothed
 * variance of shares stays the measure, made smaller by as much as the history explains. */
static void adjusted(const struct analysis *analysis, const struct paired_sums *sums, int arm,
                     double mean_x, double *ret_mean, double *ret_variance)
{
    const struct sample *outcome = &analysis->arms[arm].outcome;
    double plain, plain_variance, variance;
    cuped_adjust(&sums[arm], 0, mean_x, &plain, &plain_variance);
    cuped_adjust(&sums[arm], analysis->theta, mean_x, ret_mean, &variance);
    double kept = plain_variance > 0 ? variance / plain_variance : 1;
    *ret_variance = sample_variance(outcome) * kept / outcome->people;
}

/* What people did before is not taken out where weights change. */
static void judge_weighted(struct analysis *analysis, double rho, double alpha)
{
    const struct arm_result *first = &analysis->arms[0];
    for (int i = 1; i < analysis->arm_count; i++) {
        struct arm_result *arm = &analysis->arms[i];
        arm->effect = weighted_effect(&first->judged, &first->outcome, &arm->judged, &arm->outcome,
                                      rho, alpha);
        for (int guard = 0; guard < GUARD_COUNT; guard++) {
            arm->guard_effects[guard] =
                weighted_effect(&first->guards_judged[guard], &first->guards[guard],
                                &arm->guards_judged[guard], &arm->guards[guard], rho, alpha);
        }
    }
}

static void judge_effects(struct analysis *analysis, const struct paired_sums *sums)
{
    int others = analysis->arm_count > 1 ? analysis->arm_count - 1 : 1;
    double alpha = ALPHA / others;
    double rho = sequence_rho((double)analysis->experiment->min_people, alpha);
    double x = 0;
    double first_mean, first_variance;
    if (weights_change(analysis)) {
        judge_weighted(analysis, rho, alpha);
        return;
    }
    for (int i = 0; i < analysis->arm_count; i++) {
        x += sums[i].x / (double)analysis->people;
    }
    adjusted(analysis, sums, 0, x, &first_mean, &first_variance);
    for (int i = 1; i < analysis->arm_count; i++) {
        struct arm_result *arm = &analysis->arms[i];
        const struct arm_result *first = &analysis->arms[0];
        double mean, variance;
        adjusted(analysis, sums, i, x, &mean, &variance);
        arm->effect = effect_from(mean - first_mean, sqrt(first_variance + variance),
                                  first->outcome.people + arm->outcome.people, rho, alpha);
        for (int guard = 0; guard < GUARD_COUNT; guard++) {
            arm->guard_effects[guard] =
                effect_of(&first->guards[guard], &arm->guards[guard], rho, alpha);
        }
    }
}

int64_t analysis_unknown(const struct analysis *analysis)
{
    int64_t unknown = 0;
    for (int i = 0; i < analysis->arm_count; i++) {
        unknown += analysis->arms[i].unknown;
    }
    return unknown;
}

bool analysis_has_begun(const struct analysis *analysis)
{
    for (int i = 0; i < analysis->arm_count; i++) {
        if (analysis->arms[i].outcome.people < ARM_LEAST) {
            return false;
        }
    }
    return analysis->people >= PEOPLE_LEAST;
}

static void find_figures(struct analysis *analysis)
{
    enum { FIGURES_MAX = EXPERIMENT_ARMS_MAX * (1 + GUARD_COUNT) };
    double e_values[FIGURES_MAX];
    bool found[FIGURES_MAX];
    int count = 0;
    for (int i = 1; i < analysis->arm_count; i++) {
        e_values[count++] = analysis->arms[i].effect.e_value;
        for (int guard = 0; guard < GUARD_COUNT; guard++) {
            e_values[count++] = analysis->arms[i].guard_effects[guard].e_value;
        }
    }
    ebh_find(e_values, count, ALPHA, found);
    for (int i = 1, at = 0; i < analysis->arm_count; i++) {
        analysis->arms[i].found = found[at++];
        for (int guard = 0; guard < GUARD_COUNT; guard++) {
            analysis->arms[i].guards_found[guard] = found[at++];
        }
    }
}

static void judge_split(struct analysis *analysis)
{
    double counts[EXPERIMENT_ARMS_MAX];
    double weights[EXPERIMENT_ARMS_MAX];
    struct weighted_sums shown[EXPERIMENT_ARMS_MAX];
    for (int i = 0; i < analysis->arm_count; i++) {
        counts[i] = (double)analysis->arms[i].exposed;
        weights[i] = analysis->arms[i].weight;
        shown[i] = analysis->arms[i].shown;
    }
    if (weights_change(analysis)) {
        double rho = sequence_rho((double)analysis->experiment->min_people, SPLIT_ALPHA);
        double e_value = weighted_split_e(shown, counts, analysis->arm_count, rho);
        analysis->split_p = e_value > 1 ? 1 / e_value : 1;
        return;
    }
    double log_e = split_log_e(counts, weights, analysis->arm_count, SPLIT_CONCENTRATION);
    analysis->split_p = log_e > 0 ? exp(-log_e) : 1;
}

static enum verdict judge(struct analysis *analysis)
{
    const struct experiment *experiment = analysis->experiment;
    bool has_ended = experiment->ended_at_ms > 0 && experiment->ended_at_ms < analysis->now_ms;
    int64_t to_ms = has_ended ? experiment->ended_at_ms : analysis->now_ms;
    int worse = 0;
    analysis->winner = -1;
    if (analysis_unknown(analysis) > 0) {
        return VERDICT_NO_CHANCES;
    }
    if (analysis->split_p <= SPLIT_ALPHA) {
        return VERDICT_SPLIT_BROKEN;
    }
    if (!analysis_has_begun(analysis) || analysis->people < experiment->min_people ||
        to_ms - experiment->started_at_ms < experiment->min_ms) {
        return VERDICT_TOO_EARLY;
    }
    for (int i = 1; i < analysis->arm_count; i++) {
        const struct effect *effect = &analysis->arms[i].effect;
        worse += effect->high < 0;
        if (effect->low > 0 &&
            (analysis->winner < 0 ||
             effect->difference > analysis->arms[analysis->winner].effect.difference)) {
            analysis->winner = i;
        }
    }
    if (analysis->winner >= 0) {
        return VERDICT_BETTER;
    }
    return worse == analysis->arm_count - 1 ? VERDICT_FIRST_IS_BEST : VERDICT_NOT_SHOWN;
}

void analysis_judge(struct analysis *analysis, const struct paired_sums *sums)
{
    double people = 0;
    for (int i = 0; i < analysis->arm_count; i++) {
        struct arm_result *arm = &analysis->arms[i];
        arm->outcome = sample_of(&sums[i], analysis->is_share);
        arm->effect = (struct effect){0, -(double)INFINITY, (double)INFINITY, 1};
        for (int guard = 0; guard < GUARD_COUNT; guard++) {
            arm->guard_effects[guard] = arm->effect;
        }
        arm->mean =
            weights_change(analysis) ? weighted_mean(&arm->judged) : sample_mean(&arm->outcome);
        people += sums[i].people;
    }
    analysis->people = (int64_t)people;
    analysis->theta = weights_change(analysis) ? 0 : cuped_theta(sums, analysis->arm_count);
    judge_split(analysis);
    if (analysis_has_begun(analysis) && analysis_unknown(analysis) == 0) {
        judge_effects(analysis, sums);
    }
    analysis->arms[0].effect = (struct effect){0, 0, 0, 1};
    find_figures(analysis);
    analysis->verdict = judge(analysis);
}

static void read_chances(struct analysis *analysis)
{
    struct sample outcomes[EXPERIMENT_ARMS_MAX];
    struct chance chances[EXPERIMENT_ARMS_MAX];
    for (int i = 0; i < analysis->arm_count; i++) {
        outcomes[i] = analysis->arms[i].outcome;
    }
    bayes_chances(outcomes, analysis->arm_count, chances);
    for (int i = 0; i < analysis->arm_count; i++) {
        analysis->arms[i].chance = chances[i];
    }
}

static struct analysis analysis_of(const struct experiment *experiment, int64_t now_ms)
{
    struct analysis analysis = {.experiment = experiment,
                                .now_ms = now_ms,
                                .is_share = !str_is(experiment->metric, "revenue"),
                                .arm_count = experiment->arm_count,
                                .winner = -1};
    for (int i = 0; i < experiment->arm_count; i++) {
        analysis.arms[i].variant = experiment->arms[i].variant;
        analysis.arms[i].weight = experiment->arms[i].weight;
    }
    return analysis;
}

static void judge_counts(struct analysis *analysis, const struct look_counts *counts)
{
    struct paired_sums sums[EXPERIMENT_ARMS_MAX];
    for (int i = 0; i < analysis->arm_count; i++) {
        bool weighted = weights_change(analysis);
        analysis->arms[i].exposed = counts->arms[i].exposed;
        analysis->arms[i].unknown = weighted ? counts->arms[i].unknown : 0;
        analysis->arms[i].shown = counts->arms[i].shown;
        analysis->arms[i].judged = counts->arms[i].judged;
        sums[i] = counts->arms[i].sums;
    }
    analysis_judge(analysis, sums);
    read_chances(analysis);
}

enum err analysis_read(struct store *store, struct arena *arena,
                       const struct experiment *experiment, int64_t now_ms,
                       struct analysis *ret_analysis, struct err_detail *detail)
{
    struct look_counts counts;
    struct looks once = looks_once(now_ms);
    enum err error = OK;
    *ret_analysis = analysis_of(experiment, now_ms);
    for (int guard = 0; error == OK && guard < GUARD_COUNT; guard++) {
        struct outcome_rule outcome = guard_outcome((enum guardrail)guard);
        error = outcomes_read(store, arena, experiment, &outcome, &once, &counts, detail);
        for (int i = 0; error == OK && i < experiment->arm_count; i++) {
            ret_analysis->arms[i].guards[guard] = sample_of(&counts.arms[i].sums, true);
            ret_analysis->arms[i].guards_judged[guard] = counts.arms[i].judged;
        }
    }
    if (error == OK) {
        struct outcome_rule outcome = outcome_of_metric(experiment->metric);
        error = outcomes_read(store, arena, experiment, &outcome, &once, &counts, detail);
    }
    if (error == OK) {
        judge_counts(ret_analysis, &counts);
    }
    return error;
}

enum err analysis_over_time(struct store *store, struct arena *arena,
                            const struct experiment *experiment, int64_t now_ms,
                            struct over_time *ret_over_time, struct err_detail *detail)
{
    struct looks looks = looks_since_start(experiment, now_ms);
    struct outcome_rule outcome = outcome_of_metric(experiment->metric);
    struct look_counts *counts = ARENA_ARRAY(arena, struct look_counts, (size_t)looks.count);
    struct analysis *all = ARENA_ARRAY(arena, struct analysis, (size_t)looks.count);
    enum err error = outcomes_read(store, arena, experiment, &outcome, &looks, counts, detail);
    for (int i = 0; error == OK && i < looks.count; i++) {
        all[i] = analysis_of(experiment, look_at_ms(&looks, experiment, i));
        judge_counts(&all[i], &counts[i]);
    }
    if (error == OK) {
        *ret_over_time = (struct over_time){looks.step_ms, looks.count, all};
    }
    return error;
}

enum err analysis_experiments(struct store *store, struct arena *arena,
                              struct experiments **ret_experiments, struct err_detail *detail)
{
    struct str text = STR_NONE;
    json_t *json = NULL;
    *ret_experiments = NULL;
    enum err error = store_setting_get(store, arena, "experiments", &text, detail);
    if (error == OK && text.length > 0) {
        error = json_read(text, text.length, &json, detail);
    }
    if (error == OK) {
        error = experiments_read(arena, json, ret_experiments, detail);
    }
    json_decref(json);
    return error == OK ? OK : err_wrap(detail, error, "the stored experiments");
}
