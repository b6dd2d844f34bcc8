/* nudge deliveries: what is due, what failed, and trying again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bi/people.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/forecast_view.h"
#include "core/delivery.h"

static const char text[] =
    "Shows messages, sends what is due, and retries dead ones.\v"
    "States: scheduled, sending, uncertain, sent, delivered, opened, clicked, suppressed, expired, "
    "failed, "
    "dead.\n\n"
    "Examples:\n"
    "  nudge deliveries list --state dead\n"
    "  nudge deliveries retry 7421960348211200013\n"
    "  nudge deliveries retry --all\n"
    "  nudge deliveries forecast      when will what is due within 24 h be out?\n"
    "  nudge deliveries process       send everything that is due now, then end";

struct delivery_options {
    const char *state;
    const char *user;
    const char *limit;
    bool all;
};

static void print_deliveries(struct cli *cli, const struct rows *rows)
{
    if (cli->json) {
        json_t *list = json_array();
        for (int i = 0; i < rows->count; i++) {
            json_array_append_new(list, people_delivery_json(rows->cells + i * rows->columns));
        }
        cli_print_json(json_pack("{s:o}", "deliveries", list));
        return;
    }
    static const char *const headings[] = {"id",    "user",   "sequence", "step", "kind",
                                           "state", "reason", "created",  "sent", "next"};
    struct table *table = table_new(cli->arena, 10, headings);
    for (int i = 0; i < rows->count; i++) {
        json_t *row = people_delivery_json(rows->cells + i * rows->columns);
        const char *cells[] = {json_string_value(json_object_get(row, "id")),
                               json_string_value(json_object_get(row, "user_id")),
                               json_string_value(json_object_get(row, "sequence_type")),
                               json_string_value(json_object_get(row, "step")),
                               json_string_value(json_object_get(row, "kind")),
                               json_string_value(json_object_get(row, "state")),
                               json_string_value(json_object_get(row, "reason")),
                               cli_when(cli, json_get_int(row, "created_at_ms", 0)),
                               cli_when(cli, json_get_int(row, "sent_at_ms", 0)),
                               cli_when(cli, json_get_int(row, "next_at_ms", 0))};
        table_row(table, cells);
        json_decref(row);
    }
    table_print(table);
    printf("\n%d messages; times in %s\n", rows->count, cli_zone(cli));
}

static int list(struct cli *cli, const struct delivery_options *options)
{
    int64_t state = -1;
    int64_t user_id = 0;
    int64_t limit = 50;
    if (options->state != NULL) {
        state = (int64_t)delivery_state_of(str_of(options->state));
        if (state == DELIVERY_STATE_COUNT) {
            return cli_usage(cli, "\"%s\" is no state of a message", options->state);
        }
    }
    if (options->user != NULL && !str_to_int64(str_of(options->user), &user_id)) {
        return cli_usage(cli, "\"%s\" is no user id", options->user);
    }
    if (options->limit != NULL &&
        (!str_to_int64(str_of(options->limit), &limit) || limit < 1 || limit > 10000)) {
        return cli_usage(cli, "--limit takes a number from 1 to 10000");
    }
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    struct err_detail detail = {""};
    struct rows rows = {0};
    const struct arg args[] = {ARG_INT(state), ARG_INT(user_id), ARG_INT(limit), ARG_INT(0)};
    enum err error =
        store_query(store, cli->arena, "deliveries_list", args, 4, (int)limit, &rows, &detail);
    if (error == OK) {
        print_deliveries(cli, &rows);
    }
    store_close(store);
    return error == OK ? CLI_OK : cli_fail(cli, error, &detail);
}

static int command(struct cli *cli, const char *kind, json_t *payload, const char *const *keys)
{
    struct err_detail detail = {""};
    json_t *result = NULL;
    enum err error = cli_engine_command(cli, kind, payload, &result, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(result);
        return CLI_OK;
    }
    for (; *keys != NULL; keys++) {
        printf("%s: %" PRId64 "\n", *keys, json_get_int(result, *keys, 0));
    }
    json_decref(result);
    return CLI_OK;
}

static int retry(struct cli *cli, const struct arguments *arguments, bool all)
{
    static const char *const keys[] = {"retried", NULL};
    int64_t id = 0;
    if (all == (arguments->word_count == 2)) {
        return cli_usage(cli, "expected: deliveries retry ID, or deliveries retry --all");
    }
    if (!all && !str_to_int64(arguments_word(arguments, 1), &id)) {
        return cli_usage(cli, "\"%s\" is no id of a message", arguments->words[1]);
    }
    return command(cli, "delivery_retry",
                   all ? json_pack("{s:b}", "all", true)
                       : json_pack("{s:s}", "id", arguments->words[1]),
                   keys);
}

int cmd_deliveries(int argc, char **argv)
{
    static const char *const totals[] = {"telegram_sent", "telegram_failed", "email_sent",
                                         "email_failed",  "total_processed", NULL};
    struct delivery_options options = {0};
    const struct option_row rows[] = {
        {"state", 's', "STATE", "Only messages in this state", NULL, &options.state},
        {"user", 'u', "ID", "Only messages to this person", NULL, &options.user},
        {"limit", 'n', "COUNT", "At most so many (default 50)", NULL, &options.limit},
        {"all", 0, NULL, "Retry all dead messages", &options.all, NULL},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "list\nforecast\nprocess\nretry ID|--all", text, argc,
                                 argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    if (arguments_is(&arguments, 0, "list") && arguments.word_count == 1) {
        status = list(&cli, &options);
    } else if (arguments_is(&arguments, 0, "forecast") && arguments.word_count == 1) {
        status = forecast_show(&cli);
    } else if (arguments_is(&arguments, 0, "process") && arguments.word_count == 1) {
        status = command(&cli, "deliveries_process", json_object(), totals);
    } else if (arguments_is(&arguments, 0, "retry")) {
        status = retry(&cli, &arguments, options.all);
    } else {
        status = cli_usage(&cli, "expected list, forecast, process or retry");
    }
    return cli_end(&cli, status);
}
