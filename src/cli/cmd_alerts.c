/* nudge alerts: what is wrong now, and who looks after it. */
#include <stdio.h>

#include "bi/alerts/state.h"
#include "cli/arguments.h"
#include "cli/cli_look.h"
#include "cli/command.h"
#include "core/schema.h"

enum { HISTORY_LOOKS = 50 };

static const char text[] =
    "Shows the alerts and what becomes of them.\v"
    "The rules stand in alerts/rules.yaml of JOURNEYS_DIR, else the program's own are used. nudge "
    "serve looks every hour, tells ADMIN_CHAT_IDS, and does what a rule says with auto: true.\n\n"
    "Examples:\n"
    "  nudge alerts                         what fires, and every other rule\n"
    "  nudge alerts evaluate                look now\n"
    "  nudge alerts ack conversion_low      you are at it: no escalation\n"
    "  nudge alerts silence sends_failing 6h\n"
    "  nudge alerts silence sends_failing 0s    tell again\n"
    "  nudge alerts history --json";

/* ---- showing ---- */

static const char *text_of(struct cli *cli, const json_t *json, const char *key)
{
    return arena_str(cli->arena, json_get_str(json, key)).ptr;
}

static const char *phase_of(struct cli *cli, const json_t *alert)
{
    bool silenced = json_is_string(json_object_get(alert, "silenced_until"));
    return silenced ? arena_printf(cli->arena, "%s, silenced", text_of(cli, alert, "phase")).ptr
                    : text_of(cli, alert, "phase");
}

static void print_alerts(struct cli *cli, const json_t *state)
{
    static const char *const headings[] = {"rule", "state", "since", "severity", "owner", "says"};
    const json_t *list = json_get_array(state, "alerts");
    if (json_array_size(list) == 0) {
        printf("Nobody has looked yet: nudge serve looks every hour, nudge alerts evaluate now.\n");
        return;
    }
    struct table *table = table_new(cli->arena, 6, headings);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *alert = json_array_get(list, i);
        const char *row[] = {text_of(cli, alert, "rule"),  phase_of(cli, alert),
                             text_of(cli, alert, "since"), text_of(cli, alert, "severity"),
                             text_of(cli, alert, "owner"), text_of(cli, alert, "says")};
        table_row(table, row);
    }
    table_print(table);
    printf("looked at %s\n", text_of(cli, state, "looked_at"));
}

static int list(struct cli *cli)
{
    int status = CLI_OK;
    struct err_detail detail = {""};
    json_t *state = NULL;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    enum err error = alerts_state(store, cli->arena, &state, &detail);
    store_close(store);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(state);
        return CLI_OK;
    }
    print_alerts(cli, state);
    json_decref(state);
    return CLI_OK;
}

static void print_changes(struct cli *cli, const json_t *changes)
{
    static const char *const headings[] = {"when", "who", "rule", "change", "says", "done"};
    struct table *table = table_new(cli->arena, 6, headings);
    for (size_t i = 0; i < json_array_size(changes); i++) {
        const json_t *change = json_array_get(changes, i);
        const char *row[] = {text_of(cli, change, "at"),   text_of(cli, change, "actor"),
                             text_of(cli, change, "rule"), text_of(cli, change, "change"),
                             text_of(cli, change, "says"), text_of(cli, change, "done")};
        table_row(table, row);
    }
    table_print(table);
}

static int history(struct cli *cli)
{
    int status = CLI_OK;
    struct err_detail detail = {""};
    json_t *json = NULL;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    enum err error = alerts_history(store, cli->arena, HISTORY_LOOKS, 0, &json, &detail);
    store_close(store);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(json);
        return CLI_OK;
    }
    print_changes(cli, json_get_array(json, "history"));
    json_decref(json);
    return CLI_OK;
}

/* ---- looking ---- */

static enum err look(struct cli *cli, struct store *store, json_t **ret_payload,
                     struct err_detail *detail)
{
    struct look_basis look;
    struct catalog *catalog = NULL;
    enum err error = cli_look(cli, store, &look, &catalog, detail);
    if (error == OK) {
        error = look_for_alerts(&look, ALERTS_ALL, ret_payload, detail);
    }
    catalog_free(catalog);
    return error;
}

static int evaluate(struct cli *cli)
{
    int status = CLI_OK;
    struct err_detail detail = {""};
    json_t *payload = NULL;
    json_t *result = NULL;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    enum err error = look(cli, store, &payload, &detail);
    store_close(store);
    if (error == OK) {
        error = cli_engine_command(cli, "alerts", payload, &result, &detail);
    }
    json_decref(result);
    return error == OK ? list(cli) : cli_fail(cli, error, &detail);
}

/* ---- by hand ---- */

/* Takes the payload's reference. */
static int change(struct cli *cli, json_t *payload)
{
    struct err_detail detail = {""};
    json_t *result = NULL;
    enum err error = cli_engine_command(cli, "alert", payload, &result, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(result);
        return CLI_OK;
    }
    int64_t until_ms = json_get_int(result, "silenced_until_ms", 0);
    printf("%s: %s%s%s\n", text_of(cli, result, "rule"), text_of(cli, result, "phase"),
           until_ms > 0 ? ", silenced until " : "", until_ms > 0 ? cli_when(cli, until_ms) : "");
    json_decref(result);
    return CLI_OK;
}

static int acknowledge(struct cli *cli, const struct arguments *arguments)
{
    if (arguments->word_count != 2) {
        return cli_usage(cli, "expected: alerts ack RULE");
    }
    return change(cli,
                  json_pack("{s:s, s:s}", "action", "acknowledge", "rule", arguments->words[1]));
}

static int silence(struct cli *cli, const struct arguments *arguments)
{
    int64_t for_ms = 0;
    if (arguments->word_count != 3 || !schema_duration(str_of(arguments->words[2]), &for_ms)) {
        return cli_usage(cli, "expected: alerts silence RULE DURATION, such as 6h (0s ends it)");
    }
    return change(cli, json_pack("{s:s, s:s, s:I}", "action", "silence", "rule",
                                 arguments->words[1], "for_ms", (json_int_t)for_ms));
}

int cmd_alerts(int argc, char **argv)
{
    const struct option_row rows[] = {{0}};
    struct cli cli;
    struct arguments arguments;
    int status =
        arguments_begin(&cli, rows, "[list|evaluate|history]\nack RULE\nsilence RULE DURATION",
                        text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    if (arguments.word_count == 0 || arguments_is(&arguments, 0, "list")) {
        status = list(&cli);
    } else if (arguments_is(&arguments, 0, "evaluate")) {
        status = evaluate(&cli);
    } else if (arguments_is(&arguments, 0, "history")) {
        status = history(&cli);
    } else if (arguments_is(&arguments, 0, "ack")) {
        status = acknowledge(&cli, &arguments);
    } else if (arguments_is(&arguments, 0, "silence")) {
        status = silence(&cli, &arguments);
    } else {
        status = cli_usage(&cli, "expected: alerts list, evaluate, history, ack or silence");
    }
    return cli_end(&cli, status);
}
