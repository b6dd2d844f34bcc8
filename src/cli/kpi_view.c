/* nudge metrics --verdicts. */
#include "cli/kpi_view.h"

#include <math.h>
#include <stdio.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "cli/cli_look.h"

const char *kpi_expected(struct arena *arena, const struct kpi_line *line)
{
    if (line->test == KPI_RISES || line->test == KPI_FALLS) {
        return kpi_test_name(line->test);
    }
    return arena_printf(arena, "%s %g",
                        line->test == KPI_AT_LEAST  ? "at least"
                        : line->test == KPI_AT_MOST ? "at most"
                                                    : kpi_test_name(line->test),
                        line->bound)
        .ptr;
}

static const char *rate_words(struct cli *cli, const struct rate *rate)
{
    if (rate->n == 0) {
        return "–";
    }
    return arena_printf(cli->arena, "%s (%s – %s), n %lld", decimal_text(cli->arena, rate->percent),
                        decimal_text(cli->arena, rate->low), decimal_text(cli->arena, rate->high),
                        (long long)rate->n)
        .ptr;
}

static void print_targets(struct cli *cli, const struct kpi_report *report)
{
    static const char *const headings[] = {"figure, %", "treated (95 %)", "control (95 %)",
                                           "this week", "success",        "state"};
    struct table *table = table_new(cli->arena, 6, headings);
    table_right(table, 3);
    table_right(table, 4);
    for (int i = 0; i < report->plan->target_count; i++) {
        const struct kpi_value *value = &report->values[i];
        const char *cells[] = {value->target->metric->name,
                               rate_words(cli, &value->treated),
                               rate_words(cli, &value->control),
                               decimal_text(cli->arena, value->due),
                               decimal_text(cli->arena, value->target->success),
                               kpi_state_name(value->state)};
        table_row(table, cells);
    }
    table_print(table);
}

/* "above 40", "rises (12.5 of the control group)" */
static const char *expected(struct cli *cli, const struct kpi_line_result *result)
{
    const char *words = kpi_expected(cli->arena, result->line);
    return isnan(result->compared) ? words
                                   : arena_printf(cli->arena, "%s (%s: %s)", words, result->with,
                                                  decimal_text(cli->arena, result->compared))
                                         .ptr;
}

static void print_verdicts(struct cli *cli, const struct kpi_report *report)
{
    static const char *const headings[] = {"verdict", "due", "figure", "expected", "is", "state"};
    struct table *table = table_new(cli->arena, 6, headings);
    table_right(table, 4);
    for (int i = 0; i < report->plan->verdict_count; i++) {
        const struct kpi_verdict_result *result = &report->verdicts[i];
        struct str due = calendar_iso(cli->arena, result->due_at_ms);
        const char *head[] = {
            arena_str(cli->arena, result->verdict->name).ptr,
            arena_printf(cli->arena, "%.10s%s", due.ptr, result->is_due ? "" : " (not yet)").ptr,
            "",
            "",
            "",
            kpi_state_name(result->state)};
        table_row(table, head);
        for (int k = 0; k < result->verdict->line_count; k++) {
            const struct kpi_line_result *line = &result->lines[k];
            const char *cells[] = {"",
                                   "",
                                   line->line->metric->name,
                                   expected(cli, line),
                                   decimal_text(cli->arena, line->value),
                                   kpi_state_name(line->state)};
            table_row(table, cells);
        }
    }
    printf("\n");
    table_print(table);
}

static void print(struct cli *cli, const struct kpi_report *report)
{
    if (report->started_at_ms == 0) {
        printf("The rollout has not begun, so there is nothing to judge yet. "
               "nudge rollout set superior_onboarding 5 begins it.\n");
        return;
    }
    struct str started = calendar_iso(cli->arena, report->started_at_ms);
    printf(
        "week %lld of the rollout, which began %.10s: %lld people treated, %s\n\n",
        (long long)((report->now_ms - report->started_at_ms) / (7 * DAY_MS) + 1), started.ptr,
        (long long)report->treated,
        report->control > 0
            ? arena_printf(cli->arena, "%lld in the control group", (long long)report->control).ptr
            : "no control");
    print_targets(cli, report);
    print_verdicts(cli, report);
}

int kpi_show(struct cli *cli, struct store *store)
{
    struct err_detail detail = {""};
    struct kpi_report *report = ARENA_NEW(cli->arena, struct kpi_report);
    struct look_basis look;
    struct catalog *catalog = NULL;
    enum err error = cli_look(cli, store, &look, &catalog, &detail);
    if (error == OK) {
        error = look_at_targets(&look, report, &detail);
    }
    catalog_free(catalog);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(kpi_json(cli->arena, report));
    } else {
        print(cli, report);
    }
    return CLI_OK;
}
