/* Printing an experiment: the verdict first, then what it rests on. */
#include "cli/experiment_view.h"

#include <math.h>
#include <stdio.h>

#include "base/limits.h"

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

static const char *amount(struct cli *cli, double value, bool is_share)
{
    return is_share ? percent(cli, value) : number(cli, value);
}

static const char *mean(struct cli *cli, const struct sample *sample)
{
    return amount(cli, sample_mean(sample), sample->is_share);
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
            amount(cli, arm->mean, analysis->is_share),
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
    if (experiment->allocation == ALLOCATION_THOMPSON) {
        printf("Weights follow what was seen, none below %g: phase %lld\n", experiment->floor,
               (long long)(experiment->phases_left + experiment->phase_count));
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

static void row_of_look(struct cli *cli, struct table *table, const struct analysis *look, int i)
{
    const struct arm_result *first = &look->arms[0];
    const struct arm_result *arm = &look->arms[i];
    const char *cells[] = {cli_when(cli, look->now_ms),
                           arena_printf(cli->arena, "%.*s", STR_ARG(arm->variant)).ptr,
                           arena_printf(cli->arena, "%lld", (long long)look->people).ptr,
                           amount(cli, first->mean, look->is_share),
                           amount(cli, arm->mean, look->is_share),
                           span(cli, &arm->effect, look->is_share),
                           percent(cli, arm->chance.best)};
    table_row(table, cells);
}

void experiment_print_over_time(struct cli *cli, const struct over_time *over_time)
{
    const struct analysis *last = &over_time->looks[over_time->count - 1];
    struct table *table = table_new(
        cli->arena, 7,
        (const char *const[]){"at", "variant", "judged",
                              arena_printf(cli->arena, "%.*s", STR_ARG(last->arms[0].variant)).ptr,
                              "outcome", "against first", "best"});
    for (int i = 0; i < over_time->count; i++) {
        for (int arm = 1; arm < last->arm_count; arm++) {
            row_of_look(cli, table, &over_time->looks[i], arm);
        }
    }
    table_print(table);
    printf("\nDifferences in %s. The bounds of all looks hold together (95 %%).\n",
           last->is_share ? "points" : "revenue a person");
}

void holdout_print(struct cli *cli, const struct holdout *holdout)
{
    static const char *const headings[] = {"within 7 days", "held out", "others", "difference"};
    if (holdout->permyriad == 0) {
        printf("Nobody is held out; nudge experiment holdout 5 holds out 5 %%.\n");
        return;
    }
    printf("%g %% of all people get the first variant of everything, since %s\n\n%.*s\n\n",
           holdout->permyriad / 100.0, cli_when(cli, holdout->since_ms),
           STR_ARG(holdout_text(cli->arena, holdout)));
    struct table *table = table_new(cli->arena, 4, headings);
    for (int i = 0; i < HOLDOUT_FIGURES; i++) {
        const struct holdout_figure *figure = &holdout->figures[i];
        const char *cells[] = {figure->name, mean(cli, &figure->held), mean(cli, &figure->others),
                               span(cli, &figure->effect, figure->held.is_share)};
        table_row(table, cells);
    }
    table_print(table);
    printf(
        "\n%.0f people held out and %.0f others joined at least seven days ago. Differences with "
        "bounds\nthat hold however often one looks (95 %%). Split as planned: p = %.3g\n",
        holdout->figures[0].held.people, holdout->figures[0].others.people, holdout->split_p);
}
