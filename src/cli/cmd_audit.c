/* nudge audit: who changed what. */
#include <stdio.h>

#include "bi/people.h"
#include "cli/arguments.h"
#include "cli/command.h"

enum { LINES = 50, LINES_MAX = 10000 };

static const char text[] =
    "Who changed what, the newest first. Of what was done to one person it tells the deed, never "
    "words of theirs.\v"
    "Who: cli:NAME at a terminal, api:key:NAME and api:admin by the API or the dashboard, "
    "link for a person who connected two chats.\n\n"
    "Examples:\n"
    "  nudge audit\n"
    "  nudge audit --limit 1000 --json";

static int print(struct cli *cli, const struct rows *rows)
{
    if (cli->json) {
        cli_print_json(json_pack("{s:o}", "audit", people_rows_json(rows)));
        return CLI_OK;
    }
    static const char *const headings[] = {"when", "who", "what", "before", "after"};
    struct table *table = table_new(cli->arena, 5, headings);
    for (int i = 0; i < rows->count; i++) {
        const struct cell *cells = rows->cells + (ptrdiff_t)i * rows->columns;
        const char *row[5] = {cli_when(cli, cells[1].integer)};
        for (int k = 1; k < 5; k++) {
            row[k] = arena_str(cli->arena, cells[k + 1].text).ptr;
        }
        table_row(table, row);
    }
    table_print(table);
    return CLI_OK;
}

int cmd_audit(int argc, char **argv)
{
    const char *limit = NULL;
    const struct option_row rows[] = {
        {"limit", 'n', "COUNT", "How many (default 50)", NULL, &limit}, {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "", text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    int64_t lines = LINES;
    if (arguments.word_count > 0) {
        return cli_end(&cli, cli_usage(&cli, "audit takes no words"));
    }
    if (limit != NULL && (!str_to_int64(str_of(limit), &lines) || lines < 1 || lines > LINES_MAX)) {
        return cli_end(&cli, cli_usage(&cli, "--limit takes a number from 1 to %d", LINES_MAX));
    }
    struct store *store = cli_store(&cli, STORE_READER, &status);
    if (store == NULL) {
        return cli_end(&cli, status);
    }
    struct rows found = {0};
    struct err_detail detail = {""};
    const struct arg args[] = {ARG_INT(lines), ARG_INT(0)};
    enum err error =
        store_query(store, cli.arena, "audit_page", args, 2, (int)lines, &found, &detail);
    store_close(store);
    return cli_end(&cli, error == OK ? print(&cli, &found) : cli_fail(&cli, error, &detail));
}
