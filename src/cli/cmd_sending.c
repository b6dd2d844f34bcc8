/* nudge sending: the global switch. */
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/command.h"

static const char text[] = "Switches sending for the whole installation: on, off (replies still go "
                           "out), or dry-run (nothing "
                           "goes out, everything is decided and recorded as suppressed).\v"
                           "The setting SENDING of a process can only be stricter.\n\n"
                           "Examples:\n"
                           "  nudge sending            what is in force?\n"
                           "  nudge sending off        hold everything but replies\n"
                           "  nudge sending on";

static int show(struct cli *cli)
{
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    struct err_detail detail = {""};
    struct str stored = STR_NONE;
    enum err error = store_setting_get(store, cli->arena, "sending", &stored, &detail);
    store_close(store);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    json_t *mode = NULL;
    if (stored.length == 0 || json_read(stored, stored.length, &mode, &detail) != OK) {
        mode = json_pack("{s:s}", "mode", "on");
    }
    if (cli->json) {
        cli_print_json(mode);
        return CLI_OK;
    }
    struct str word = json_get_str(mode, "mode");
    printf("sending is %.*s\n", STR_ARG(word));
    json_decref(mode);
    return CLI_OK;
}

static int change(struct cli *cli, struct str mode)
{
    struct err_detail detail = {""};
    json_t *result = NULL;
    enum err error = cli_engine_command(
        cli, "sending", json_pack("{s:s%}", "mode", mode.ptr, mode.length), &result, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(result);
        return CLI_OK;
    }
    struct str before = json_get_str(result, "mode_before");
    printf("sending is now %.*s (was %.*s)\n", STR_ARG(mode), STR_ARG(before));
    json_decref(result);
    return CLI_OK;
}

int cmd_sending(int argc, char **argv)
{
    static const struct option_row rows[] = {{0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "[on|off|dry-run]", text, argc, argv, &arguments);
    if (status == CLI_OK && arguments.word_count == 0) {
        status = show(&cli);
    } else if (status == CLI_OK && arguments.word_count == 1 &&
               (arguments_is(&arguments, 0, "on") || arguments_is(&arguments, 0, "off") ||
                arguments_is(&arguments, 0, "dry-run"))) {
        status = change(&cli, arguments_word(&arguments, 0));
    } else if (status == CLI_OK) {
        status = cli_usage(&cli, "expected on, off or dry-run");
    }
    return cli_end(&cli, status);
}
