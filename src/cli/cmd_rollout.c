/* nudge rollout and nudge rollback: who gets the optimized set, and back. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/arguments.h"
#include "cli/command.h"

static const char rollout_text[] =
    "Decides which share of new people gets the optimized set.\v"
    "A person is assigned at first contact, for good: raising the share concerns new people only, "
    "lowering "
    "it moves nobody.\n\n"
    "Examples:\n"
    "  nudge rollout status\n"
    "  nudge rollout set superior_onboarding 25     a quarter of the new people\n"
    "  nudge rollout stage existing_rescue open     also rescue people who joined before\n"
    "  nudge rollback                               back to the original set";

static int show_status(struct cli *cli)
{
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    struct err_detail detail = {""};
    struct str stored = STR_NONE;
    struct rows people = {0};
    enum err error =
        store_setting_get(store, cli->arena, "rollout/superior_onboarding", &stored, &detail);
    if (error == OK) {
        error = store_query(store, cli->arena, "rollout_people", NULL, 0, 4, &people, &detail);
    }
    store_close(store);
    json_t *rollout = NULL;
    if (error == OK && stored.length > 0) {
        error = json_read(stored, stored.length, &rollout, &detail);
    }
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    rollout = rollout != NULL ? rollout
                              : json_pack("{s:s, s:i}", "name", "superior_onboarding", "share", 0);
    for (int i = 0; i < people.count; i++) {
        const struct cell *cells = people.cells + i * people.columns;
        json_object_set_new(rollout, cells[0].integer == 1 ? "people_optimized" : "people_original",
                            json_integer(cells[1].integer));
    }
    if (cli->json) {
        cli_print_json(rollout);
        return CLI_OK;
    }
    printf("superior_onboarding: %g %% of new people get the optimized set%s\n",
           json_get_number(rollout, "share", 0),
           json_get_bool(rollout, "rolled_back_entries", false) ? " (rolled back: nobody new does)"
                                                                : "");
    printf("people so far: %lld optimized, %lld original\n",
           (long long)json_get_int(rollout, "people_optimized", 0),
           (long long)json_get_int(rollout, "people_original", 0));
    json_decref(rollout);
    return CLI_OK;
}

/* Runs the command; prints JSON, or `format` is left to the caller when it returns CLI_OK. */
static int run(struct cli *cli, const char *kind, json_t *payload, json_t **ret_result)
{
    struct err_detail detail = {""};
    enum err error = cli_engine_command(cli, kind, payload, ret_result, &detail);
    return error == OK ? CLI_OK : cli_fail(cli, error, &detail);
}

static int set_share(struct cli *cli, const struct arguments *arguments)
{
    char *end = NULL;
    const char *word = arguments->word_count == 3 ? arguments->words[2] : "";
    double share = strtod(word, &end);
    if (word[0] == '\0' || (*end != '\0' && !str_is(str_of(end), "%")) ||
        !(share >= 0 && share <= 100)) {
        return cli_usage(cli, "expected: rollout set NAME SHARE, with a share from 0 to 100");
    }
    json_t *result = NULL;
    int status = run(cli, "rollout_set",
                     json_pack("{s:s, s:f}", "name", arguments->words[1], "share", share), &result);
    if (status != CLI_OK) {
        return status;
    }
    if (cli->json) {
        cli_print_json(result);
        return CLI_OK;
    }
    printf("%s: %g %% of new people get the optimized set (was %g %%)\n", arguments->words[1],
           share, json_get_number(result, "share_before", 0));
    json_decref(result);
    return CLI_OK;
}

static int open_stage(struct cli *cli, const struct arguments *arguments)
{
    bool open = arguments_is(arguments, 2, "open");
    if (arguments->word_count != 3 || (!open && !arguments_is(arguments, 2, "close"))) {
        return cli_usage(
            cli, "expected: rollout stage existing_rescue|existing_amplification open|close");
    }
    json_t *result = NULL;
    int status = run(cli, "rollout_stage",
                     json_pack("{s:s, s:b}", "stage", arguments->words[1], "open", open), &result);
    if (status != CLI_OK) {
        return status;
    }
    if (cli->json) {
        cli_print_json(result);
        return CLI_OK;
    }
    printf("stage %s is %s\n", arguments->words[1], open ? "open" : "closed");
    json_decref(result);
    return CLI_OK;
}

int cmd_rollout(int argc, char **argv)
{
    static const struct option_row rows[] = {{0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "status\nset NAME SHARE\nstage STAGE open|close",
                                 rollout_text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    if (arguments.word_count == 0 || arguments_is(&arguments, 0, "status")) {
        status = show_status(&cli);
    } else if (arguments_is(&arguments, 0, "set")) {
        status = set_share(&cli, &arguments);
    } else if (arguments_is(&arguments, 0, "stage")) {
        status = open_stage(&cli, &arguments);
    } else {
        status = cli_usage(&cli, "expected status, set or stage");
    }
    return cli_end(&cli, status);
}

static const char rollback_text[] = "Returns to the original set at once.\v"
                                    "all (default): new entries and nurture journeys; entries: new "
                                    "entries only; nurture: nurture journeys "
                                    "only. People in the middle finish what they started unless "
                                    "--move is given: then their run ends and "
                                    "they enter the original journey. Nothing is deleted.\n\n"
                                    "Examples:\n"
                                    "  nudge rollback\n"
                                    "  nudge rollback nurture\n"
                                    "  nudge rollback all --move";

int cmd_rollback(int argc, char **argv)
{
    bool move = false;
    const struct option_row rows[] = {
        {"move", 0, NULL, "Also move people in the middle to the original journeys", &move, NULL},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status =
        arguments_begin(&cli, rows, "[all|entries|nurture]", rollback_text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    const char *what = arguments.word_count > 0 ? arguments.words[0] : "all";
    if (arguments.word_count > 1 ||
        !(str_is(str_of(what), "all") || str_is(str_of(what), "entries") ||
          str_is(str_of(what), "nurture"))) {
        return cli_end(&cli, cli_usage(&cli, "expected all, entries or nurture"));
    }
    json_t *result = NULL;
    status = run(&cli, "rollback", json_pack("{s:s, s:b}", "what", what, "move", move), &result);
    if (status == CLI_OK && cli.json) {
        cli_print_json(result);
    } else if (status == CLI_OK) {
        printf("rolled back (%s): new people get the original set; %lld people moved\n", what,
               (long long)json_get_int(result, "moved", 0));
        json_decref(result);
    }
    return cli_end(&cli, status);
}
