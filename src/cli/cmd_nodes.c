/* nudge nodes: who serves this database, and who is ready to. */
#include <inttypes.h>
#include <stdio.h>

#include "bi/people.h"
#include "cli/arguments.h"
#include "cli/command.h"

enum { NODES_MAX = 10000, SILENT_MS = 10000, COLUMNS = 6 };

static const char text[] =
    "The processes of `nudge serve` on this database: who decides and sends, who stands by to take "
    "over, and who has fallen silent without saying that they end (listed for a day).\n\n"
    "Examples:\n"
    "  nudge nodes\n"
    "  nudge nodes --json";

static int print(struct cli *cli, const struct rows *rows)
{
    if (cli->json) {
        cli_print_json(json_pack("{s:o}", "nodes", people_rows_json(rows)));
        return CLI_OK;
    }
    static const char *const headings[COLUMNS] = {"host",  "process",    "state",
                                                  "since", "last heard", "version"};
    struct table *table = table_new(cli->arena, COLUMNS, headings);
    for (int i = 0; i < rows->count; i++) {
        const struct cell *cells = rows->cells + (ptrdiff_t)i * rows->columns;
        const char *row[COLUMNS] = {
            cells[1].text.ptr,
            arena_printf(cli->arena, "%" PRId64, cells[2].integer).ptr,
            cells[7].text.ptr,
            cli_when(cli, cells[4].integer),
            arena_printf(cli->arena, "%.1f s ago", cells[6].real / 1000).ptr,
            cells[3].text.ptr,
        };
        table_row(table, row);
    }
    table_print(table);
    return CLI_OK;
}

int cmd_nodes(int argc, char **argv)
{
    const struct option_row rows[] = {{0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "", text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    if (arguments.word_count > 0) {
        return cli_end(&cli, cli_usage(&cli, "nodes takes no words"));
    }
    struct store *store = cli_store(&cli, STORE_READER, &status);
    if (store == NULL) {
        return cli_end(&cli, status);
    }
    struct rows found = {0};
    struct err_detail detail = {""};
    const struct arg args[] = {ARG_INT(clock_now_ms(cli.clock)), ARG_INT(SILENT_MS)};
    enum err error =
        store_query(store, cli.arena, "nodes_list", args, 2, NODES_MAX, &found, &detail);
    store_close(store);
    return cli_end(&cli, error == OK ? print(&cli, &found) : cli_fail(&cli, error, &detail));
}
