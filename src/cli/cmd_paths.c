/* nudge paths: what people do after an event, or did before it. */
#include <stdio.h>

#include "cli/behaviour_ask.h"
#include "cli/command.h"

static const char text[] =
    "Shows what people most often do next after an EVENT, or did before it.\v"
    "Every time that the event happens counts. " BEHAVIOUR_HELP "Examples:\n"
    "  nudge paths commitment_missed\n"
    "  nudge paths blocked --before --through any --steps 2\n"
    "  nudge paths graduated --window 48h --by set --count 5";

struct paths_options {
    struct behaviour_options common;
    const char *through, *steps, *window, *count;
    bool before;
};

static void print(struct cli *cli, const struct paths_options *options,
                  const struct paths_answer *answer)
{
    const char *const headings[] = {
        "", options->before ? "what came before, the nearest first" : "what came next", "times",
        "%"};
    struct table *table = table_new(cli->arena, 4, headings);
    table_right(table, 2);
    table_right(table, 3);
    for (int i = 0; i <= answer->group_count; i++) {
        const struct paths_group *group = &answer->groups[i];
        bool is_all = i == answer->group_count;
        for (int k = 0; k < group->path_count && (is_all || options->common.by != NULL); k++) {
            const struct path *path = &group->paths[k];
            struct str steps = path->step_count == 0 ? STR("nothing") : path->steps[0];
            for (int step = 1; step < path->step_count; step++) {
                steps = arena_printf(cli->arena, "%.*s, %.*s", STR_ARG(steps),
                                     STR_ARG(path->steps[step]));
            }
            struct rate share = rate_of(path->times, group->times);
            const char *cells[] = {
                k == 0 ? behaviour_group_name(cli, &options->common, group->name, is_all) : "",
                arena_str(cli->arena, steps).ptr, behaviour_number(cli, path->times),
                behaviour_percent(cli, &share)};
            table_row(table, cells);
        }
    }
    table_print(table);
    printf("the event happened %lld times\n", (long long)answer->groups[answer->group_count].times);
}

static int show(struct cli *cli, const struct paths_options *options, const struct option_row *rows,
                struct str around)
{
    struct asked asked;
    struct behaviour_log *log = NULL;
    const struct behaviour_argument argument = {"event", around};
    int status = behaviour_ask(cli, ASKED_PATHS, rows, &argument, &asked, &log);
    if (status != CLI_OK) {
        return status;
    }
    struct err_detail detail = {""};
    struct paths_answer answer;
    enum err error = behaviour_paths(log, cli->arena, &asked.paths, &answer, &detail);
    if (error != OK) {
        status = cli_usage(cli, "%s", detail.text);
    } else if (cli->json) {
        cli_print_json(behaviour_paths_json(&answer));
    } else {
        print(cli, options, &answer);
    }
    behaviour_log_free(log);
    return status;
}

int cmd_paths(int argc, char **argv)
{
    struct paths_options options = {.before = false};
    const struct option_row rows[] = {
        {"before", 0, NULL, "What came before the event, not after it", &options.before, NULL},
        {"through", 0, "EVENT", "Only these events are steps; without it, any activity", NULL,
         &options.through},
        {"steps", 's', "COUNT", "How many steps a path has at most: 3", NULL, &options.steps},
        {"window", 0, "TIME", "Steps are at most so far from the event: 90s, 24h, 7d", NULL,
         &options.window},
        {"count", 'n', "COUNT", "The most frequent so many: 10", NULL, &options.count},
        BEHAVIOUR_OPTION_ROWS(options.common),
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "EVENT", text, argc, argv, &arguments);
    if (status == CLI_OK && arguments.word_count != 1) {
        status = cli_usage(&cli, "expected one argument: the event that paths begin with");
    } else if (status == CLI_OK) {
        status = show(&cli, &options, rows, arguments_word(&arguments, 0));
    }
    return cli_end(&cli, status);
}
