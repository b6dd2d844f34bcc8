/* nudge report: the day in one message. */
#include <stdio.h>

#include "bi/report.h"
#include "cli/arguments.h"
#include "cli/cli_look.h"
#include "cli/command.h"

static const char text[] =
    "Shows the day's report: figures, targets and verdicts, alerts, the rollout, experiments, what "
    "people said, what to do next.\v"
    "nudge serve tells operators the same at 09:00 of ADMIN_TIME_ZONE, once a day.\n\n"
    "Examples:\n"
    "  nudge report\n"
    "  nudge report --json\n"
    "  nudge report --send      tells operators now, whatever they were told today";

static enum err read(struct cli *cli, struct store *store, json_t **ret_report,
                     struct err_detail *detail)
{
    struct look_basis look;
    struct catalog *catalog = NULL;
    enum err error = cli_look(cli, store, &look, &catalog, detail);
    if (error == OK) {
        error = look_for_report(&look, ret_report, detail);
    }
    catalog_free(catalog);
    return error;
}

static int send_report(struct cli *cli, struct str report)
{
    struct err_detail detail = {""};
    json_t *result = NULL;
    json_t *payload = json_pack("{s:s, s:o}", "kind", "report", "text", json_str(report));
    enum err error = cli_engine_command(cli, "operators_tell", payload, &result, &detail);
    json_decref(result);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (!cli->json) {
        printf("\nOperators are told (ADMIN_CHAT_IDS, ADMIN_EMAILS, ADMIN_WEBHOOK_URL).\n");
    }
    return CLI_OK;
}

static int run(struct cli *cli, bool sends)
{
    int status = CLI_OK;
    struct err_detail detail = {""};
    json_t *report = NULL;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    enum err error = read(cli, store, &report, &detail);
    store_close(store);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    struct str words = report_text(cli->arena, report);
    if (cli->json) {
        cli_print_json(report);
    } else {
        printf("%.*s\n", STR_ARG(words));
        json_decref(report);
    }
    return sends ? send_report(cli, words) : CLI_OK;
}

int cmd_report(int argc, char **argv)
{
    bool sends = false;
    const struct option_row rows[] = {{"send", 0, NULL, "Tell operators, too", &sends, NULL}, {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "", text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    if (arguments.word_count > 0) {
        return cli_end(&cli, cli_usage(&cli, "report takes no words"));
    }
    return cli_end(&cli, run(&cli, sends));
}
