/* nudge preflight: may real people be written to? Go or no-go, with what mends each line. */
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/preflight/preflight.h"

static const char text[] =
    "Go or no-go: looks at everything that has to be so before real people are written to, and "
    "changes nothing.\v"
    "A line that failed says what mends it. Exit status: 0 go, 1 no-go. What nothing can look at "
    "is "
    "signed by hand with confirm, and kept with the name in the audit log.\n\n"
    "Examples:\n"
    "  nudge preflight\n"
    "  nudge preflight confirm team-briefed --by Anna\n"
    "  nudge preflight confirm tests-green --by Anna\n"
    "  nudge rollback --drill\n"
    "  nudge onboarding test telegram:123456";

static void print_table(const struct preflight *preflight)
{
    static const char *const headings[] = {"", "what", "found", "mend it by"};
    struct table *table = table_new(preflight->cli->arena, 4, headings);
    for (int i = 0; i < preflight->count; i++) {
        const struct check_line *line = &preflight->lines[i];
        const char *cells[] = {check_state_name(line->state), line->name, line->says.ptr,
                               line->mend.ptr};
        table_row(table, cells);
    }
    table_print(table);
    int failed = preflight_count(preflight, CHECK_FAIL);
    int unknown = preflight_count(preflight, CHECK_NOT_CHECKED);
    printf("\n%s: %d passed, %d failed, %d not checked\n", failed == 0 ? "GO" : "NO-GO",
           preflight_count(preflight, CHECK_PASS), failed, unknown);
}

static int look(struct cli *cli)
{
    struct preflight *preflight = ARENA_NEW(cli->arena, struct preflight);
    struct err_detail detail = {""};
    preflight->cli = cli;
    enum err error = preflight_look(preflight, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(preflight_json(preflight));
    } else {
        print_table(preflight);
    }
    return preflight_count(preflight, CHECK_FAIL) == 0 ? CLI_OK : CLI_NO;
}

static int confirm(struct cli *cli, struct str name, const char *by)
{
    const struct manual_item *item = NULL;
    struct err_detail detail = {""};
    enum err error = preflight_confirm(cli, name, by, &item, &detail);
    if (error == ERR_INVALID || error == ERR_NOT_FOUND) {
        return cli_usage(cli, "confirm ITEM --by NAME: %s", detail.text);
    }
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(json_pack("{s:s, s:s}", "name", item->name, "by", by));
    } else {
        printf("%s: signed by %s (%s)\n", item->name, by, item->means);
    }
    return CLI_OK;
}

int cmd_preflight(int argc, char **argv)
{
    const char *by = NULL;
    const struct option_row rows[] = {{"by", 0, "NAME", "confirm: who signs", NULL, &by}, {0}};
    struct cli cli;
    struct arguments arguments;
    int status =
        arguments_begin(&cli, rows, "\nconfirm ITEM --by NAME", text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    if (arguments.word_count == 0 && by == NULL) {
        status = look(&cli);
    } else if (arguments.word_count == 2 && arguments_is(&arguments, 0, "confirm")) {
        status = confirm(&cli, arguments_word(&arguments, 1), by);
    } else {
        status = cli_usage(&cli, "expected nothing, or confirm ITEM --by NAME");
    }
    return cli_end(&cli, status);
}
