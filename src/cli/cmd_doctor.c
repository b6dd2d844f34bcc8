/* nudge doctor: proves that everything the store keeps twice agrees. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/command.h"

static const char text[] =
    "Recounts everything that the store keeps twice (counters, what is due, chains, next actions, "
    "references) and checks the file itself. Changes nothing, and may run beside a server.\v"
    "Exit status: 0 all agrees, 1 something does not. A finding is a mistake in the program or a "
    "damaged disk: keep a backup and report it.\n\n"
    "Examples:\n"
    "  nudge doctor\n"
    "  nudge doctor --json --limit 1000";

static void print_json(const struct finding *findings, int count, int checks)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++) {
        char id[24];
        snprintf(id, sizeof(id), "%" PRId64, findings[i].id);
        json_array_append_new(list,
                              json_pack("{s:o, s:s, s:o}", "check", json_str(findings[i].check),
                                        "id", id, "text", json_str(findings[i].text)));
    }
    cli_print_json(
        json_pack("{s:i, s:b, s:o}", "checks", checks, "ok", count == 0, "findings", list));
}

static void print_table(struct cli *cli, const struct finding *findings, int count, int checks)
{
    static const char *const headings[] = {"check", "id", "what does not agree"};
    if (count == 0) {
        printf("%d checks, everything agrees\n", checks);
        return;
    }
    struct table *table = table_new(cli->arena, 3, headings);
    for (int i = 0; i < count; i++) {
        const char *cells[] = {findings[i].check.ptr,
                               arena_printf(cli->arena, "%" PRId64, findings[i].id).ptr,
                               findings[i].text.ptr};
        table_row(table, cells);
    }
    table_print(table);
    printf("%d checks, %d findings\n", checks, count);
}

static int doctor(struct cli *cli, int max)
{
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    struct err_detail detail = {""};
    struct finding *findings = NULL;
    int count = 0;
    int checks = 0;
    enum err error = store_doctor(store, cli->arena, max, &findings, &count, &checks, &detail);
    store_close(store);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        print_json(findings, count, checks);
    } else {
        print_table(cli, findings, count, checks);
    }
    return count == 0 ? CLI_OK : CLI_NO;
}

int cmd_doctor(int argc, char **argv)
{
    const char *limit_text = NULL;
    const struct option_row rows[] = {
        {"limit", 'n', "COUNT", "Stop after so many findings (default 100)", NULL, &limit_text},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int64_t limit = 100;
    int status = arguments_begin(&cli, rows, "", text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    if (arguments.word_count > 0) {
        status = cli_usage(&cli, "doctor takes no \"%s\"", arguments.words[0]);
    } else if (limit_text != NULL &&
               (!str_to_int64(str_of(limit_text), &limit) || limit < 1 || limit > 100000)) {
        status = cli_usage(&cli, "--limit takes a number from 1 to 100000");
    } else {
        status = doctor(&cli, (int)limit);
    }
    return cli_end(&cli, status);
}
