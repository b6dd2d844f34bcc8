/* nudge cohorts: how active groups of people are, when, how unequally, and how long things take. */
#include <math.h>
#include <stdio.h>

#include "cli/behaviour_ask.h"
#include "cli/command.h"

static const char text[] =
    "Compares groups of people (--by cohort, set, source, …), or shows all of them.\v"
    "WHAT is one of\n"
    "  activity     people active by day (with 7 and 30 days), week or month; who is new, "
    "returning, "
    "resurrected, dormant\n"
    "  power        how unequally people act: shares of the most active, Gini\n"
    "  hours        when in the week people act\n"
    "  times STEPS  how long it takes from one event to the next: 'FROM > TO'\n\n" BEHAVIOUR_HELP
    "Examples:\n"
    "  nudge cohorts activity --period day --from 2026-01-01\n"
    "  nudge cohorts activity --period week --by set\n"
    "  nudge cohorts power --what commitment_made\n"
    "  nudge cohorts hours --zone Europe/Berlin\n"
    "  nudge cohorts times 'commitment_made > commitment_completed' --window 7d --by cohort";

struct cohorts_options {
    struct behaviour_options common;
    const char *what, *period, *week_starts, *zone, *window;
    bool first;
};

/* One command asks one question of a log. */
struct asking {
    struct cli *cli;
    const struct cohorts_options *options;
    struct asked asked;
    struct behaviour_log *log;
};

static const char *group_name(const struct asking *asking, struct str name, bool is_all)
{
    return behaviour_group_name(asking->cli, &asking->options->common, name, is_all);
}

static bool is_shown(const struct asking *asking, bool is_all)
{
    return is_all || asking->options->common.by != NULL;
}

/* ---- activity -------------------------------------------------------------------------------- */

static void print_activity(const struct asking *asking, const struct activity_answer *answer)
{
    static const char *const headings[] = {"",        "",        "active", "new",     "returning",
                                           "resurr.", "dormant", "7 days", "30 days", "of 30, %"};
    struct cli *cli = asking->cli;
    int columns = answer->period == PERIOD_DAY ? 10 : 7;
    struct table *table = table_new(cli->arena, columns, headings);
    for (int column = 2; column < columns; column++) {
        table_right(table, column);
    }
    for (int i = 0; i <= answer->group_count; i++) {
        bool is_all = i == answer->group_count;
        for (int k = 0; k < answer->row_count && is_shown(asking, is_all); k++) {
            const struct activity_row *row = &answer->groups[i].rows[k];
            struct rate stickiness = rate_of(row->active, row->mau);
            bool open = answer->last_is_open && k == answer->row_count - 1;
            const char *cells[] = {
                k == 0 ? group_name(asking, answer->groups[i].name, is_all) : "",
                arena_printf(cli->arena, "%s%s", row->period.ptr, open ? " +" : "").ptr,
                behaviour_number(cli, row->active),
                behaviour_number(cli, row->fresh),
                behaviour_number(cli, row->returning),
                behaviour_number(cli, row->resurrected),
                behaviour_number(cli, row->dormant),
                behaviour_number(cli, row->wau),
                behaviour_number(cli, row->mau),
                behaviour_percent(cli, &stickiness)};
            table_row(table, cells);
        }
    }
    table_print(table);
    if (answer->last_is_open) {
        printf("+ this %s is not over\n", period_name(answer->period));
    }
}

static enum err ask_activity(const struct asking *asking, struct err_detail *detail)
{
    struct activity_answer answer;
    enum err error = behaviour_activity(asking->log, asking->cli->arena, &asking->asked.activity,
                                        &answer, detail);
    if (error == OK && asking->cli->json) {
        cli_print_json(behaviour_activity_json(&answer));
    } else if (error == OK) {
        print_activity(asking, &answer);
    }
    return error;
}

/* ---- power ----------------------------------------------------------------------------------- */

static void print_power(const struct asking *asking, const struct power_answer *answer)
{
    struct cli *cli = asking->cli;
    const char *headings[5 + POWER_TOPS] = {"", "people", "events", "Gini", "most"};
    for (int top = 0; top < POWER_TOPS; top++) {
        headings[5 + top] =
            arena_printf(cli->arena, "top %g %%", power_top_permille(top) / 10.0).ptr;
    }
    struct table *table = table_new(cli->arena, 5 + POWER_TOPS, headings);
    for (int column = 1; column < 5 + POWER_TOPS; column++) {
        table_right(table, column);
    }
    for (int i = 0; i <= answer->group_count; i++) {
        const struct power_group *group = &answer->groups[i];
        bool is_all = i == answer->group_count;
        if (!is_shown(asking, is_all)) {
            continue;
        }
        const char *cells[5 + POWER_TOPS] = {
            group_name(asking, group->name, is_all), behaviour_number(cli, group->people),
            behaviour_number(cli, group->events),
            isnan(group->gini) ? "–" : arena_printf(cli->arena, "%.3f", group->gini).ptr,
            behaviour_number(cli, group->most)};
        for (int top = 0; top < POWER_TOPS; top++) {
            struct rate share = rate_of(group->top_events[top], group->events);
            cells[5 + top] = behaviour_percent(cli, &share);
        }
        table_row(table, cells);
    }
    table_print(table);
    printf("top x %%: share of all events, in percent, that the most active x %% of people have\n");
}

static enum err ask_power(const struct asking *asking, struct err_detail *detail)
{
    struct power_answer answer;
    enum err error =
        behaviour_power(asking->log, asking->cli->arena, &asking->asked.power, &answer, detail);
    if (error == OK && asking->cli->json) {
        cli_print_json(behaviour_power_json(&answer));
    } else if (error == OK) {
        print_power(asking, &answer);
    }
    return error;
}

/* ---- hours ----------------------------------------------------------------------------------- */

static void print_hours(const struct asking *asking, const struct hours_answer *answer)
{
    enum { BLOCK = 3, BLOCKS = 24 / BLOCK };
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    struct cli *cli = asking->cli;
    const char *headings[2 + BLOCKS] = {"", ""};
    for (int block = 0; block < BLOCKS; block++) {
        headings[2 + block] = arena_printf(cli->arena, "%d h", block * BLOCK).ptr;
    }
    struct table *table = table_new(cli->arena, 2 + BLOCKS, headings);
    for (int column = 2; column < 2 + BLOCKS; column++) {
        table_right(table, column);
    }
    for (int i = 0; i <= answer->group_count; i++) {
        bool is_all = i == answer->group_count;
        for (int day = 0; day < 7 && is_shown(asking, is_all); day++) {
            const char *cells[2 + BLOCKS] = {
                day == 0 ? group_name(asking, answer->groups[i].name, is_all) : "", days[day]};
            for (int block = 0; block < BLOCKS; block++) {
                int64_t events = 0;
                for (int hour = 0; hour < BLOCK; hour++) {
                    events += answer->groups[i].events[day * 24 + block * BLOCK + hour];
                }
                cells[2 + block] = behaviour_number(cli, events);
            }
            table_row(table, cells);
        }
    }
    table_print(table);
    printf("events in the three hours from then on; --json has every hour\n");
}

static enum err ask_hours(const struct asking *asking, struct err_detail *detail)
{
    struct hours_answer answer;
    enum err error =
        behaviour_hours(asking->log, asking->cli->arena, &asking->asked.hours, &answer, detail);
    if (error == OK && asking->cli->json) {
        cli_print_json(behaviour_hours_json(&answer));
    } else if (error == OK) {
        print_hours(asking, &answer);
    }
    return error;
}

/* ---- times ----------------------------------------------------------------------------------- */

/* "45 s", "12 m", "3.5 h", "2.1 d" */
static const char *duration(struct cli *cli, double ms)
{
    double s = ms / 1000;
    return isnan(ms)       ? "–"
           : s < 120       ? arena_printf(cli->arena, "%.0f s", s).ptr
           : s < 2 * 3600  ? arena_printf(cli->arena, "%.0f m", s / 60).ptr
           : s < 48 * 3600 ? arena_printf(cli->arena, "%.1f h", s / 3600).ptr
                           : arena_printf(cli->arena, "%.1f d", s / 86400).ptr;
}

static void print_times(const struct asking *asking, const struct times_answer *answer)
{
    enum { COLUMNS = 6 + TIMES_BUCKETS };
    struct cli *cli = asking->cli;
    const char *headings[COLUMNS] = {"", "began", "followed", "median", "p90", "mean"};
    for (int i = 0; i < TIMES_BUCKETS; i++) {
        headings[6 + i] = times_bucket_name(i);
    }
    struct table *table = table_new(cli->arena, COLUMNS, headings);
    for (int column = 1; column < COLUMNS; column++) {
        table_right(table, column);
    }
    for (int i = 0; i <= answer->group_count; i++) {
        const struct times_group *group = &answer->groups[i];
        bool is_all = i == answer->group_count;
        if (!is_shown(asking, is_all)) {
            continue;
        }
        const char *cells[COLUMNS] = {group_name(asking, group->name, is_all),
                                      behaviour_number(cli, group->started),
                                      behaviour_number(cli, group->followed),
                                      duration(cli, group->median_ms),
                                      duration(cli, group->p90_ms),
                                      duration(cli, group->mean_ms)};
        for (int k = 0; k < TIMES_BUCKETS; k++) {
            cells[6 + k] = behaviour_number(cli, group->bucket[k]);
        }
        table_row(table, cells);
    }
    table_print(table);
    printf("the last columns: how many took at most so long, and longer than the one before\n");
}

static enum err ask_times(const struct asking *asking, struct err_detail *detail)
{
    struct times_answer answer;
    enum err error =
        behaviour_times(asking->log, asking->cli->arena, &asking->asked.times, &answer, detail);
    if (error == OK && asking->cli->json) {
        cli_print_json(behaviour_times_json(&answer));
    } else if (error == OK) {
        print_times(asking, &answer);
    }
    return error;
}

/* ---- the command ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int words;
    enum asked_kind kind;
    enum err (*ask)(const struct asking *asking, struct err_detail *detail);
} QUESTIONS[] = {{"activity", 1, ASKED_ACTIVITY, ask_activity},
                 {"power", 1, ASKED_POWER, ask_power},
                 {"hours", 1, ASKED_HOURS, ask_hours},
                 {"times", 2, ASKED_TIMES, ask_times}};

static int show(struct cli *cli, const struct cohorts_options *options,
                const struct option_row *rows, const struct arguments *arguments)
{
    size_t count = sizeof(QUESTIONS) / sizeof(QUESTIONS[0]);
    size_t at = 0;
    while (at < count && !arguments_is(arguments, 0, QUESTIONS[at].name)) {
        at++;
    }
    if (at == count) {
        return cli_usage(cli, "expected one of activity, power, hours, times");
    }
    if (arguments->word_count != QUESTIONS[at].words) {
        return cli_usage(cli, "%s",
                         QUESTIONS[at].words == 2 ? "times takes one argument: 'FROM > TO'"
                                                  : "no further argument expected");
    }
    struct asking asking = {.cli = cli, .options = options};
    const struct behaviour_argument argument = {QUESTIONS[at].kind == ASKED_TIMES ? "steps" : NULL,
                                                arguments_word(arguments, 1)};
    int status =
        behaviour_ask(cli, QUESTIONS[at].kind, rows, &argument, &asking.asked, &asking.log);
    if (status != CLI_OK) {
        return status;
    }
    struct err_detail detail = {""};
    if (QUESTIONS[at].ask(&asking, &detail) != OK) {
        status = cli_usage(cli, "%s", detail.text);
    }
    behaviour_log_free(asking.log);
    return status;
}

int cmd_cohorts(int argc, char **argv)
{
    struct cohorts_options options = {.what = NULL};
    const struct option_row rows[] = {
        {"what", 0, "EVENT", "Only these events; without it, any activity", NULL, &options.what},
        {"period", 'p', "PERIOD", "Of activity: day, week (usual) or month", NULL, &options.period},
        {"week-starts", 0, "DAY", "Weeks begin on monday (usual) … sunday", NULL,
         &options.week_starts},
        {"zone", 'z', "ZONE", "Of hours: whose clock, such as Europe/Berlin; without it, UTC", NULL,
         &options.zone},
        {"window", 0, "TIME", "Of times: only what follows so soon: 90s, 24h, 7d", NULL,
         &options.window},
        {"first", 0, NULL, "Of times: only the first time of each person", &options.first, NULL},
        BEHAVIOUR_OPTION_ROWS(options.common),
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "WHAT [STEPS]", text, argc, argv, &arguments);
    if (status == CLI_OK) {
        status = show(&cli, &options, rows, &arguments);
    }
    return cli_end(&cli, status);
}
