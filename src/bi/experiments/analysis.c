/* Reading what people did after they were exposed, and judging it (analysis.h). */
#include "bi/experiments/analysis.h"

#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "bi/metrics_parts.h"

/* False alarms: of the effects of an experiment together, and of the split. */
static const double ALPHA = 0.05;
static const double SPLIT_ALPHA = 0.01;
/* A prior about as strong as this many people finds splits that are off by some points soon. */
static const double SPLIT_CONCENTRATION = 1000;
/* Below them the sequence is not begun: its errors are those of the normal approximation. */
enum { PEOPLE_LEAST = 100, ARM_LEAST = 20, VARIANT_ROWS_MAX = 64 };

/* Which events are an outcome (sql/experiments.sql). */
struct outcome {
    struct str type, name, rule;
    bool of_step, is_money;
};

static const char *const GUARDS[GUARD_COUNT] = {"blocks", "opt-outs", "complaints"};

const char *guardrail_name(enum guardrail guard)
{
    return GUARDS[guard];
}

static struct outcome guard_outcome(enum guardrail guard)
{
    switch (guard) {
    case GUARD_BLOCKS:
        return (struct outcome){.type = STR("blocked")};
    case GUARD_OPT_OUTS:
        return (struct outcome){.type = STR("stopped")};
    case GUARD_COMPLAINTS:
    case GUARD_COUNT:
        break;
    }
    return (struct outcome){.type = STR("blocked"), .rule = STR("report.complained")};
}

static struct outcome outcome_of(struct str metric)
{
    if (str_is(metric, "step_completion")) {
        return (struct outcome){.type = STR("step_completed"), .of_step = true};
    }
    if (str_is(metric, "conversion")) {
        return (struct outcome){.type = STR("commitment_made")};
    }
    if (str_is(metric, "completion")) {
        return (struct outcome){.type = STR("commitment_completed")};
    }
    if (str_is(metric, "revenue")) {
        return (struct outcome){.is_money = true};
    }
    struct str name;
    str_split(metric, ':', &name);
    return event_type_of(name) != EVENT_TYPE_COUNT
               ? (struct outcome){.type = name}
               : (struct outcome){.type = STR("tracked"), .name = name};
}

static int arm_of(const struct analysis *analysis, struct str variant)
{
    for (int i = 0; i < analysis->arm_count; i++) {
        if (str_equal(analysis->arms[i].variant, variant)) {
            return i;
        }
    }
    return -1;
}

static enum err read_outcome(struct store *store, struct arena *arena, struct analysis *analysis,
                             const struct outcome *outcome, struct paired_sums *ret_sums,
                             struct err_detail *detail)
{
    const struct experiment *experiment = analysis->experiment;
    int64_t to_ms = experiment->ended_at_ms > 0 ? experiment->ended_at_ms : analysis->now_ms + 1;
    const struct arg args[] = {
        ARG_TEXT(experiment->name), ARG_INT(experiment->started_at_ms), ARG_INT(to_ms),
        ARG_INT(analysis->now_ms),  ARG_INT(experiment->window_ms),     ARG_TEXT(outcome->type),
        ARG_TEXT(outcome->name),    ARG_INT(outcome->of_step),          ARG_TEXT(outcome->rule),
        ARG_INT(outcome->is_money), metrics_activity_types(arena)};
    struct rows rows = {0};
    enum err error = store_query(store, arena, "experiment_arms", args,
                                 sizeof(args) / sizeof(args[0]), VARIANT_ROWS_MAX, &rows, detail);
    memset(ret_sums, 0, EXPERIMENT_ARMS_MAX * sizeof(*ret_sums));
    for (int i = 0; error == OK && i < rows.count; i++) {
        const struct cell *cell = rows.cells + (ptrdiff_t)i * rows.columns;
        int arm = arm_of(analysis, cell[0].text);
        if (arm >= 0) {
            analysis->arms[arm].exposed = cell[1].integer;
            ret_sums[arm] = (struct paired_sums){.people = (double)cell[2].integer,
                                                 .y = cell[3].real,
                                                 .yy = cell[4].real,
                                                 .x = cell[5].real,
                                                 .xx = cell[6].real,
                                                 .xy = cell[7].real};
        }
    }
    return error;
}

static struct sample sample_of(const struct paired_sums *sums, bool is_share)
{
    return (struct sample){sums->people, sums->y, sums->yy, is_share};
}

/* ---- judging ---- */

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

static void judge_effects(struct analysis *analysis, const struct paired_sums *sums)
{
    int others = analysis->arm_count > 1 ? analysis->arm_count - 1 : 1;
    double alpha = ALPHA / others;
    double rho = sequence_rho((double)analysis->experiment->min_people, alpha);
    double x = 0;
    double first_mean, first_variance;
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

static bool has_begun(const struct analysis *analysis)
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
    for (int i = 0; i < analysis->arm_count; i++) {
        counts[i] = (double)analysis->arms[i].exposed;
        weights[i] = analysis->arms[i].weight;
    }
    double log_e = split_log_e(counts, weights, analysis->arm_count, SPLIT_CONCENTRATION);
    analysis->split_p = log_e > 0 ? exp(-log_e) : 1;
}

static enum verdict judge(struct analysis *analysis)
{
    const struct experiment *experiment = analysis->experiment;
    int64_t to_ms = experiment->ended_at_ms > 0 ? experiment->ended_at_ms : analysis->now_ms;
    int worse = 0;
    analysis->winner = -1;
    if (analysis->split_p <= SPLIT_ALPHA) {
        return VERDICT_SPLIT_BROKEN;
    }
    if (!has_begun(analysis) || analysis->people < experiment->min_people ||
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
        people += sums[i].people;
    }
    analysis->people = (int64_t)people;
    analysis->theta = cuped_theta(sums, analysis->arm_count);
    judge_split(analysis);
    if (has_begun(analysis)) {
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

enum err analysis_read(struct store *store, struct arena *arena,
                       const struct experiment *experiment, int64_t now_ms,
                       struct analysis *ret_analysis, struct err_detail *detail)
{
    struct paired_sums sums[EXPERIMENT_ARMS_MAX];
    *ret_analysis = (struct analysis){.experiment = experiment,
                                      .now_ms = now_ms,
                                      .is_share = !str_is(experiment->metric, "revenue"),
                                      .arm_count = experiment->arm_count,
                                      .winner = -1};
    for (int i = 0; i < experiment->arm_count; i++) {
        ret_analysis->arms[i].variant = experiment->arms[i].variant;
        ret_analysis->arms[i].weight = experiment->arms[i].weight;
    }
    enum err error = OK;
    for (int guard = 0; error == OK && guard < GUARD_COUNT; guard++) {
        struct outcome outcome = guard_outcome((enum guardrail)guard);
        error = read_outcome(store, arena, ret_analysis, &outcome, sums, detail);
        for (int i = 0; error == OK && i < experiment->arm_count; i++) {
            ret_analysis->arms[i].guards[guard] = sample_of(&sums[i], true);
        }
    }
    if (error == OK) {
        struct outcome outcome = outcome_of(experiment->metric);
        error = read_outcome(store, arena, ret_analysis, &outcome, sums, detail);
    }
    if (error == OK) {
        analysis_judge(ret_analysis, sums);
        read_chances(ret_analysis);
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
