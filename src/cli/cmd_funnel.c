/* nudge funnel: how many people came how far along ordered steps. */
#include "cli/behaviour_ask.h"
#include "cli/command.h"

static const char text[] =
    "Counts people who went through the STEPS in their order, within a time of the first.\v"
    "STEPS are events with > between them, in quotes. " BEHAVIOUR_HELP "Examples:\n"
    "  nudge funnel 'user_joined > step_completed > commitment_made > commitment_completed'\n"
    "  nudge funnel 'step_sent{step=first_win} > step_completed{step=first_win}' --window 6h\n"
    "  nudge funnel 'user_joined > commitment_made' --window 48h --by set\n"
    "  nudge funnel 'commitment_made > commitment_completed' --where language=de --from 2026-01-01";

struct funnel_options {
    struct behaviour_options common;
    const char *window;
    bool strict;
};

static void print(struct cli *cli, const struct funnel_options *options,
                  const struct funnel_answer *answer)
{
    static const char *const headings[] = {"", "step", "people", "of first, %", "of previous, %"};
    struct table *table = table_new(cli->arena, 5, headings);
    for (int column = 2; column < 5; column++) {
        table_right(table, column);
    }
    for (int i = 0; i <= answer->group_count; i++) {
        bool is_all = i == answer->group_count;
        const struct funnel_group *group = &answer->groups[i];
        if (!is_all && options->common.by == NULL) {
            continue;
        }
        for (int step = 0; step < answer->step_count; step++) {
            int64_t people = group->people[step];
            struct rate first = rate_of(people, group->people[0]);
            struct rate previous = rate_of(people, group->people[step > 0 ? step - 1 : 0]);
            const char *cells[] = {
                step == 0 ? behaviour_group_name(cli, &options->common, group->name, is_all) : "",
                arena_str(cli->arena, answer->steps[step]).ptr, behaviour_number(cli, people),
                behaviour_percent(cli, &first), behaviour_percent(cli, &previous)};
            table_row(table, cells);
        }
    }
    table_print(table);
}

static int show(struct cli *cli, const struct funnel_options *options,
                const struct option_row *rows, struct str steps)
{
    struct asked asked;
    struct behaviour_log *log = NULL;
    const struct behaviour_argument argument = {"steps", steps};
    int status = behaviour_ask(cli, ASKED_FUNNEL, rows, &argument, &asked, &log);
    if (status != CLI_OK) {
        return status;
    }
    struct err_detail detail = {""};
    struct funnel_answer answer;
    enum err error = behaviour_funnel(log, cli->arena, &asked.funnel, &answer, &detail);
    if (error != OK) {
        status = cli_usage(cli, "%s", detail.text);
    } else if (cli->json) {
        cli_print_json(behaviour_funnel_json(&answer));
    } else {
        print(cli, options, &answer);
    }
    behaviour_log_free(log);
    return status;
}

int cmd_funnel(int argc, char **argv)
{
    struct funnel_options options = {.window = NULL};
    const struct option_row rows[] = {
        {"window", 0, "TIME", "At most so long from the first step to the last: 90s, 24h, 7d", NULL,
         &options.window},
        {"strict", 0, NULL, "Nothing else that the person does may lie between two steps",
         &options.strict, NULL},
        BEHAVIOUR_OPTION_ROWS(options.common),
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "STEPS", text, argc, argv, &arguments);
    if (status == CLI_OK && arguments.word_count != 1) {
        status =
            cli_usage(&cli, "expected one argument: the steps, in quotes, with > between them");
    } else if (status == CLI_OK) {
        status = show(&cli, &options, rows, arguments_word(&arguments, 0));
    }
    return cli_end(&cli, status);
}
