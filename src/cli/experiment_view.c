/* Printing an experiment: the verdict first, then what it rests on. */
#include "cli/experiment_view.h"

#include <math.h>
#include <stdio.h>

#include "base/limits.h"

static const char *const VERDICTS[] = {[VERDICT_SPLIT_BROKEN] = "split_broken",
                                       [VERDICT_TOO_EARLY] = "too_early",
                                       [VERDICT_BETTER] = "better",
                                       [VERDICT_FIRST_IS_BEST] = "first_is_best",
                                       [VERDICT_NOT_SHOWN] = "not_shown"};

static const char *number(struct cli *cli, double value)
{
    return isfinite(value) ? arena_printf(cli->arena, "%.2f", value).ptr : "–";
}

static const char *percent(struct cli *cli, double share)
{
    return isfinite(share) ? arena_printf(cli->arena, "%.1f %%", share * 100).ptr : "–";
}

/* "+5.2 [3.1, 7.4]" */
static const char *span(struct cli *cli, const struct effect *effect, bool is_share)
{
    double scale = is_share ? 100 : 1;
    if (!isfinite(effect->low)) {
        return "–";
    }
    return arena_printf(cli->arena, "%+.1f [%.1f, %.1f]", effect->difference * scale,
                        floor(effect->low * scale * 10) / 10, ceil(effect->high * scale * 10) / 10)
        .ptr;
}

static const char *mean(struct cli *cli, const struct sample *sample)
{
    return sample->is_share ? percent(cli, sample_mean(sample)) : number(cli, sample_mean(sample));
}

static void print_arms(struct cli *cli, const struct analysis *analysis)
{
    static const char *const headings[] = {"variant", "weight",        "shown",     "judged",
                                           "outcome", "against first", "best",      "loss",
                                           "blocks",  "opt-outs",      "complaints"};
    struct table *table = table_new(cli->arena, 11, headings);
    for (int i = 0; i < analysis->arm_count; i++) {
        const struct arm_result *arm = &analysis->arms[i];
        const char *cells[11] = {
            arena_printf(cli->arena, "%.*s", STR_ARG(arm->variant)).ptr,
            percent(cli, arm->weight),
            arena_printf(cli->arena, "%lld", (long long)arm->exposed).ptr,
            arena_printf(cli->arena, "%.0f", arm->outcome.people).ptr,
            mean(cli, &arm->outcome),
            i == 0 ? "" : span(cli, &arm->effect, analysis->is_share),
            percent(cli, arm->chance.best),
            analysis->is_share ? percent(cli, arm->chance.loss) : number(cli, arm->chance.loss),
        };
        for (int guard = 0; guard < GUARD_COUNT; guard++) {
            cells[8 + guard] = percent(cli, sample_mean(&arm->guards[guard]));
        }
        table_row(table, cells);
    }
    table_print(table);
}

void experiment_print(struct cli *cli, const struct analysis *analysis)
{
    const struct experiment *experiment = analysis->experiment;
    printf("%.*s: %s since %s, by %.*s within %.1f h of being shown\n", STR_ARG(experiment->name),
           experiment_state_name(experiment->state),
           cli_when(cli, experiment->ended_at_ms > 0 ? experiment->ended_at_ms
                                                     : experiment->started_at_ms),
           STR_ARG(experiment->metric), (double)experiment->window_ms / (double)HOUR_MS);
    if (experiment->shipped.length > 0) {
        printf("Shipped: %.*s\n", STR_ARG(experiment->shipped));
    }
    printf("\n%.*s\n\n", STR_ARG(verdict_text(cli->arena, analysis)));
    print_arms(cli, analysis);
    printf("\nDifferences in %s, with bounds that hold however often one looks (95 %%).\n"
           "Split as planned: p = %.3g%s%s\n",
           analysis->is_share ? "points" : "revenue a person", analysis->split_p,
           analysis->split_p <= 0.01 ? ", it is broken" : "",
           analysis->theta != 0 ? "\nWhat people did in the 28 days before is taken out (CUPED)."
                                : "");
}

static json_t *real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *effect_json(const struct effect *effect, bool found)
{
    json_t *json = json_object();
    json_object_set_new(json, "difference", real(effect->difference));
    json_object_set_new(json, "low", real(effect->low));
    json_object_set_new(json, "high", real(effect->high));
    json_object_set_new(json, "e_value", real(effect->e_value));
    json_object_set_new(json, "found", json_boolean(found));
    return json;
}

static json_t *arm_json(const struct arm_result *arm, bool is_first)
{
    json_t *json = json_object();
    json_object_set_new(json, "id", json_str(arm->variant));
    json_object_set_new(json, "weight", real(arm->weight));
    json_object_set_new(json, "exposed", json_integer(arm->exposed));
    json_object_set_new(json, "people", json_integer((json_int_t)arm->outcome.people));
    json_object_set_new(json, "mean", real(sample_mean(&arm->outcome)));
    json_object_set_new(json, "probability_best", real(arm->chance.best));
    json_object_set_new(json, "expected_loss", real(arm->chance.loss));
    if (!is_first) {
        json_object_set_new(json, "effect", effect_json(&arm->effect, arm->found));
    }
    json_t *guards = json_object();
    for (int guard = 0; guard < GUARD_COUNT; guard++) {
        json_t *one = json_object();
        json_object_set_new(one, "mean", real(sample_mean(&arm->guards[guard])));
        if (!is_first) {
            json_object_set_new(one, "effect",
                                effect_json(&arm->guard_effects[guard], arm->guards_found[guard]));
        }
        json_object_set_new(guards, guardrail_name((enum guardrail)guard), one);
    }
    json_object_set_new(json, "guardrails", guards);
    return json;
}

json_t *experiment_analysis_json(struct cli *cli, const struct analysis *analysis)
{
    json_t *json = experiment_json(analysis->experiment);
    json_t *arms = json_array();
    for (int i = 0; i < analysis->arm_count; i++) {
        json_array_append_new(arms, arm_json(&analysis->arms[i], i == 0));
    }
    json_object_set_new(json, "variants", arms);
    json_object_set_new(json, "people", json_integer(analysis->people));
    json_object_set_new(json, "split_p", real(analysis->split_p));
    json_object_set_new(json, "cuped_theta", real(analysis->theta));
    json_object_set_new(json, "verdict", json_string(VERDICTS[analysis->verdict]));
    json_object_set_new(json, "text", json_str(verdict_text(cli->arena, analysis)));
    return json;
}
