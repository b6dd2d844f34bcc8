/* nudge metrics: the figures of the product, as a table or as JSON. */
#include <math.h>
#include <stdio.h>

#include "base/calendar.h"
#include "bi/metrics.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/journeys_load.h"
#include "cli/kpi_view.h"

static const char text[] =
    "Prints every figure of the product with its 95 % interval and the plan's targets. Test people "
    "and erased ones are left out.\v"
    "A rate of fewer than ten is marked \"few people\". --cohort takes days or instants in UTC, "
    "either "
    "may be missing.\n\n"
    "Examples:\n"
    "  nudge metrics\n"
    "  nudge metrics --cohort 2026-01-01..2026-02-01\n"
    "  nudge metrics --cohort 2026-01-01.. --within 48h --json\n"
    "  nudge metrics --variant first_win_task=smile       the funnel of one variant\n"
    "  nudge metrics --verdicts                           is the rollout where the plan wants it?";

struct metrics_options {
    const char *cohort;
    const char *within;
    const char *source;
    const char *language;
    const char *set;
    const char *variant;
    bool verdicts;
};

static int read_options(struct cli *cli, const struct metrics_options *options,
                        struct metrics_filter *filter)
{
    const struct metrics_filter_words words = {.cohort = str_of(options->cohort),
                                               .within = str_of(options->within),
                                               .source = str_of(options->source),
                                               .language = str_of(options->language),
                                               .set = str_of(options->set),
                                               .variant = str_of(options->variant)};
    struct err_detail detail = {""};
    enum err error = metrics_filter_read(cli->arena, &words, filter, &detail);
    return error == OK ? CLI_OK : cli_usage(cli, "--%s", detail.text);
}

/* ---- the table --------------------------------------------------------------------------------
 */

/* The same of a rate, without the detour of real numbers. */
static const char *percentage(struct cli *cli, const struct rate *rate)
{
    int64_t tenths = rate_tenths(rate);
    return tenths < 0 ? "–"
                      : arena_printf(cli->arena, "%lld.%lld", (long long)(tenths / 10),
                                     (long long)(tenths % 10))
                            .ptr;
}

/* "target 65 (27.8 before: +3.1 points, 1.1 x)" */
static const char *target_words(struct cli *cli, const struct metrics *metrics, const char *name,
                                double percent)
{
    struct metric_target target = metrics_target(metrics, name);
    if (isnan(target.target)) {
        return "";
    }
    struct str words = arena_printf(cli->arena, "target %g", target.target);
    if (!isnan(target.baseline) && !isnan(percent)) {
        double gained = percent - target.baseline;
        words = arena_printf(cli->arena, "%.*s (before %g: %s%s points, %s x)", STR_ARG(words),
                             target.baseline, gained > -0.05 ? "+" : "",
                             decimal_text(cli->arena, gained),
                             decimal_text(cli->arena, percent / target.baseline));
    }
    return words.ptr;
}

static void rate_row(struct cli *cli, struct table *table, const struct metrics *metrics,
                     const struct metric_row *row, const struct rate *rate)
{
    const char *value = percentage(cli, rate);
    const char *interval = "";
    if (rate->n > 0) {
        value = arena_printf(cli->arena, "%s %%", value).ptr;
        interval = arena_printf(cli->arena, "%s – %s", decimal_text(cli->arena, rate->low),
                                decimal_text(cli->arena, rate->high))
                       .ptr;
    }
    const char *of = arena_printf(cli->arena, "%lld of %lld%s", (long long)rate->hits,
                                  (long long)rate->n, rate_is_thin(rate) ? ", few people" : "")
                         .ptr;
    const char *plan = target_words(cli, metrics, row->name, rate->percent);
    const char *cells[] = {row->name, value, interval, of, plan, row->label};
    table_row(table, cells);
}

static void print_figures(struct cli *cli, const struct metrics *metrics)
{
    static const char *const headings[] = {"figure", "value", "95 %", "of", "plan", "meaning"};
    struct table *table = table_new(cli->arena, 6, headings);
    table_right(table, 1);
    int count;
    const struct metric_row *rows = metrics_rows(&count);
    for (int i = 0; i < count; i++) {
        const char *field = (const char *)metrics + rows[i].offset;
        const char *value = "";
        switch (rows[i].kind) {
        case METRIC_RATE:
            rate_row(cli, table, metrics, &rows[i], (const struct rate *)(const void *)field);
            continue;
        case METRIC_HOUR:
            value = arena_printf(cli->arena, "%s h",
                                 decimal_text(cli->arena, *(const double *)(const void *)field))
                        .ptr;
            break;
        case METRIC_COUNT:
            value =
                arena_printf(cli->arena, "%lld", (long long)*(const int64_t *)(const void *)field)
                    .ptr;
            break;
        case METRIC_NUMBER:
            value = decimal_text(cli->arena, *(const double *)(const void *)field);
            break;
        }
        const char *cells[] = {rows[i].name, value, "", "", "", rows[i].label};
        table_row(table, cells);
    }
    table_print(table);
    printf("\ngrowth: %s · health: conversion %s, completion %s, retention %s\n",
           growth_name(metrics->growth), health_name(metrics->conversion_health),
           health_name(metrics->completion_health), health_name(metrics->retention_health));
}

static void print_funnel(struct cli *cli, const struct funnel_stage stages[FUNNEL_STAGES])
{
    static const char *const headings[] = {"funnel", "people", "of joined, %"};
    struct table *table = table_new(cli->arena, 3, headings);
    table_right(table, 1);
    table_right(table, 2);
    for (int i = 0; i < FUNNEL_STAGES; i++) {
        const char *cells[] = {stages[i].name,
                               arena_printf(cli->arena, "%lld", (long long)stages[i].people).ptr,
                               percentage(cli, &stages[i].of_joined)};
        table_row(table, cells);
    }
    printf("\n");
    table_print(table);
}

/* The last weeks of joining, and the first weeks of each. */
static void print_retention(struct cli *cli, const struct retention_cohort *cohorts, int count)
{
    enum { COHORTS_SHOWN = 8, WEEKS_SHOWN = 5 };
    static const char *const headings[] = {"joined in the week of",
                                           "people",
                                           "week 0, %",
                                           "week 1, %",
                                           "week 2, %",
                                           "week 3, %",
                                           "week 4, %"};
    struct table *table = table_new(cli->arena, 2 + WEEKS_SHOWN, headings);
    for (int column = 1; column < 2 + WEEKS_SHOWN; column++) {
        table_right(table, column);
    }
    for (int i = count > COHORTS_SHOWN ? count - COHORTS_SHOWN : 0; i < count; i++) {
        struct str week = calendar_iso(cli->arena, cohorts[i].monday_ms);
        const char *cells[2 + WEEKS_SHOWN] = {
            arena_printf(cli->arena, "%.10s%s", week.ptr, cohorts[i].imported > 0 ? " *" : "").ptr,
            arena_printf(cli->arena, "%lld", (long long)cohorts[i].active[0].n).ptr};
        for (int k = 0; k < WEEKS_SHOWN && k < cohorts[i].cells; k++) {
            cells[2 + k] = percentage(cli, &cohorts[i].active[k]);
        }
        table_row(table, cells);
    }
    if (count > 0) {
        printf("\n");
        table_print(table);
    }
    for (int i = count > COHORTS_SHOWN ? count - COHORTS_SHOWN : 0; i < count; i++) {
        if (cohorts[i].imported > 0) {
            printf("* with imported people: before their import nothing but commitments is known "
                   "of them\n");
            break;
        }
    }
}

static void revenue_row(struct cli *cli, struct table *table, const char *name,
                        const struct revenue_group *group)
{
    double each = group->people > 0 ? group->revenue / (double)group->people : (double)NAN;
    const char *cells[] = {name, arena_printf(cli->arena, "%lld", (long long)group->people).ptr,
                           decimal_text(cli->arena, group->revenue),
                           decimal_text(cli->arena, each)};
    table_row(table, cells);
}

/* Nothing without revenue. */
static void print_revenue(struct cli *cli, const struct revenue_groups *groups)
{
    static const char *const headings[] = {"revenue of", "people", "revenue", "each"};
    struct table *table = table_new(cli->arena, 4, headings);
    double all = 0;
    for (int column = 1; column < 4; column++) {
        table_right(table, column);
    }
    for (int i = 0; i < groups->cohort_count; i++) {
        const struct revenue_group *group = &groups->cohorts[i];
        struct str week = calendar_iso(cli->arena, group->monday_ms);
        all += fabs(group->revenue);
        revenue_row(cli, table, arena_printf(cli->arena, "week of %.10s", week.ptr).ptr, group);
    }
    for (int i = 0; i < groups->variant_count; i++) {
        const struct revenue_group *group = &groups->variants[i];
        struct str name = arena_printf(cli->arena, "%.*s=%.*s", STR_ARG(group->experiment),
                                       STR_ARG(group->variant));
        revenue_row(cli, table, name.ptr, group);
    }
    if (all > 0) {
        printf("\n");
        table_print(table);
    }
}

static int print(struct cli *cli, struct store *store, const struct metrics *metrics)
{
    struct err_detail detail = {""};
    struct funnel_stage stages[FUNNEL_STAGES];
    enum err error =
        metrics_funnel(store, cli->arena, &metrics->filter, metrics->now_ms, stages, &detail);
    struct revenue_groups revenue = {0};
    if (error == OK) {
        error = metrics_revenue_groups(store, cli->arena, &metrics->filter, metrics->now_ms,
                                       &revenue, &detail);
    }
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        json_t *json = metrics_json(cli->arena, metrics);
        json_object_set_new(json, "funnel", funnel_json(stages));
        json_object_set_new(json, "retention",
                            retention_json(cli->arena, metrics->cohorts, metrics->cohort_count));
        json_object_set_new(json, "revenue_groups", revenue_json(cli->arena, &revenue));
        cli_print_json(json);
    } else {
        print_figures(cli, metrics);
        print_funnel(cli, stages);
        print_retention(cli, metrics->cohorts, metrics->cohort_count);
        print_revenue(cli, &revenue);
    }
    return CLI_OK;
}

static int show(struct cli *cli, const struct metrics_options *options)
{
    struct metrics_filter filter = {0};
    int status = read_options(cli, options, &filter);
    if (status != CLI_OK) {
        return status;
    }
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    if (options->verdicts) {
        status = kpi_show(cli, store);
        store_close(store);
        return status;
    }
    struct err_detail detail = {""};
    struct metrics metrics;
    struct catalog *catalog = NULL;
    int64_t now_ms = 0;
    enum err error = metrics_now(store, cli->arena, clock_now_ms(cli->clock), &now_ms, &detail);
    if (error == OK) {
        error = journeys_in_force(cli->arena, store, cli->config.journeys_dir, &catalog, &detail);
    }
    if (error == OK) {
        error = metrics_read(store, cli->arena, catalog, &filter, now_ms, &metrics, &detail);
    }
    status = error == OK ? print(cli, store, &metrics) : cli_fail(cli, error, &detail);
    catalog_free(catalog);
    store_close(store);
    return status;
}

int cmd_metrics(int argc, char **argv)
{
    struct metrics_options options = {0};
    const struct option_row rows[] = {
        {"cohort", 'c', "FROM..TO", "Only people who joined then", NULL, &options.cohort},
        {"within", 'w', "TIME", "Conversion counts only commitments made so soon after joining",
         NULL, &options.within},
        {"source", 's', "NAME", "Only people who came from there", NULL, &options.source},
        {"variant", 'v', "EXPERIMENT=VARIANT", "The funnel of those who have that variant", NULL,
         &options.variant},
        {"language", 0, "TAG", "Only people of that language", NULL, &options.language},
        {"set", 0, "NAME", "Only people of that set: original, optimized", NULL, &options.set},
        {"verdicts", 0, NULL, "The plan's targets and verdicts of the rollout instead",
         &options.verdicts, NULL},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "", text, argc, argv, &arguments);
    if (status == CLI_OK && arguments.word_count > 0) {
        status = cli_usage(&cli, "no argument expected: %s", arguments.words[0]);
    } else if (status == CLI_OK) {
        status = show(&cli, &options);
    }
    return cli_end(&cli, status);
}
