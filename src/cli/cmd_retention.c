/* nudge retention: who comes back, by when they began. */
#include <stdio.h>

#include "cli/behaviour_ask.h"
#include "cli/command.h"

static const char text[] =
    "Shows how many people came back, by the week (day, month) of their beginning. Without "
    "options: "
    "the retention of nudge metrics, by week of joining.\v"
    "Cell k counts who was active from k to k + 1 periods after their own beginning, among those "
    "who "
    "have lived all of it; with --calendar, in the k-th week (day, month) after that of the "
    "beginning, among all of the row. " BEHAVIOUR_HELP "Examples:\n"
    "  nudge retention\n"
    "  nudge retention --period day --cells 7 --by set\n"
    "  nudge retention --start commitment_made --back commitment_completed --calendar\n"
    "  nudge retention --start commitment_made --back commitment_made --calendar --recurring\n"
    "  nudge retention --where language=de --from 2026-01-01";

struct retention_options {
    struct behaviour_options common;
    const char *start, *back, *period, *cells, *week_starts;
    bool calendar, recurring;
};

static void print_group(struct cli *cli, const struct retention_answer *answer,
                        const struct retention_group *group)
{
    enum { CELLS_SHOWN = 14 };
    int shown = answer->cell_count < CELLS_SHOWN ? answer->cell_count : CELLS_SHOWN;
    const char *headings[2 + CELLS_SHOWN] = {"began", "people"};
    for (int k = 0; k < shown; k++) {
        headings[2 + k] = arena_printf(cli->arena, "%s %d, %%", period_name(answer->period), k).ptr;
    }
    struct table *table = table_new(cli->arena, 2 + shown, headings);
    for (int column = 1; column < 2 + shown; column++) {
        table_right(table, column);
    }
    for (int i = 0; i < answer->row_count; i++) {
        const struct retention_row *row = &group->rows[i];
        const char *cells[2 + CELLS_SHOWN] = {row->cohort.ptr, behaviour_number(cli, row->people)};
        for (int k = 0; k < shown && k < row->cells; k++) {
            const char *percent = behaviour_percent(cli, &row->cell[k]);
            bool open = row->last_is_open && k == row->cells - 1;
            cells[2 + k] = open ? arena_printf(cli->arena, "%s+", percent).ptr : percent;
        }
        table_row(table, cells);
    }
    table_print(table);
}

static void print(struct cli *cli, const struct retention_options *options,
                  const struct retention_answer *answer)
{
    for (int i = 0; options->common.by != NULL && i < answer->group_count; i++) {
        printf("%s\n", behaviour_group_name(cli, &options->common, answer->groups[i].name, false));
        print_group(cli, answer, &answer->groups[i]);
        printf("\n");
    }
    if (options->common.by != NULL) {
        printf("all\n");
    }
    print_group(cli, answer, &answer->groups[answer->group_count]);
    if (options->calendar) {
        printf("+ this %s is not over\n", period_name(answer->period));
    }
}

static int show(struct cli *cli, const struct retention_options *options,
                const struct option_row *rows)
{
    struct asked asked;
    struct behaviour_log *log = NULL;
    const struct behaviour_argument none = {0};
    int status = behaviour_ask(cli, ASKED_RETENTION, rows, &none, &asked, &log);
    if (status != CLI_OK) {
        return status;
    }
    struct err_detail detail = {""};
    struct retention_answer answer;
    enum err error = behaviour_retention(log, cli->arena, &asked.retention, &answer, &detail);
    if (error != OK) {
        status = cli_usage(cli, "%s", detail.text);
    } else if (cli->json) {
        cli_print_json(behaviour_retention_json(&answer));
    } else {
        print(cli, options, &answer);
    }
    behaviour_log_free(log);
    return status;
}

int cmd_retention(int argc, char **argv)
{
    struct retention_options options = {.start = NULL};
    const struct option_row rows[] = {
        {"start", 's', "EVENT", "The event that people begin with; without it, joining", NULL,
         &options.start},
        {"back", 'k', "EVENT", "What counts as coming back; without it, any activity", NULL,
         &options.back},
        {"period", 'p', "PERIOD", "day, week or month", NULL, &options.period},
        {"cells", 'n', "COUNT", "How many periods after the beginning", NULL, &options.cells},
        {"calendar", 'c', NULL, "Periods of the calendar, not of each person's own beginning",
         &options.calendar, NULL},
        {"week-starts", 0, "DAY", "Weeks begin on monday (usual) … sunday", NULL,
         &options.week_starts},
        {"recurring", 'r', NULL, "People belong to every period in which they began, not the first",
         &options.recurring, NULL},
        BEHAVIOUR_OPTION_ROWS(options.common),
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "", text, argc, argv, &arguments);
    if (status == CLI_OK && arguments.word_count > 0) {
        status = cli_usage(&cli, "no argument expected: %s", arguments.words[0]);
    } else if (status == CLI_OK) {
        status = show(&cli, &options, rows);
    }
    return cli_end(&cli, status);
}
