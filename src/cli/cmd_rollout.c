/* nudge rollout and nudge rollback: who gets the optimized set, and back. */
#include <stdio.h>
#include <stdlib.h>

#include "bi/plan_files.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/preflight/preflight.h"
#include "cli/rollout_view.h"

static const char rollout_text[] =
    "Decides which share of new people gets the optimized set.\v"
    "A person is assigned at first contact, for good: raising the share concerns new people only, "
    "lowering "
    "it moves nobody.\n\n"
    "Examples:\n"
    "  nudge rollout status\n"
    "  nudge rollout first                          the first ten onboardings, step by step\n"
    "  nudge rollout set superior_onboarding 25     a quarter of the new people\n"
    "  nudge rollout stage existing_rescue open     also rescue people who joined before\n"
    "  nudge rollout plan gradual                   what would happen when\n"
    "  nudge rollout start gradual --automatic      from stage to stage as its gates open\n"
    "  nudge rollout hold --reason \"too many questions\"\n"
    "  nudge rollout advance                        to the next stage now\n"
    "  nudge rollback                               back to the original set";

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

struct rollout_options {
    bool automatic;
    const char *reason;
};

static void print_move(const json_t *plan)
{
    const json_t *stages = json_object_get(plan, "stages");
    const json_t *stage = json_array_get(stages, (size_t)json_get_int(plan, "at", 0));
    struct str name = json_get_str(plan, "name");
    struct str at = json_get_str(stage, "name");
    printf("plan %.*s %s stage %lld of %zu, %.*s\n", STR_ARG(name),
           json_get_bool(plan, "held", false) ? "is held at" : "is at",
           (long long)json_get_int(plan, "at", 0) + 1, json_array_size(stages), STR_ARG(at));
}

/* start, advance, hold, resume. Takes the payload's reference. */
static int move_plan(struct cli *cli, const char *action, const struct rollout_options *options,
                     json_t *payload)
{
    json_t *result = NULL;
    json_object_set_new(payload, "action", json_string(action));
    json_object_set_new(payload, "reason",
                        json_string(options->reason != NULL ? options->reason : ""));
    int status = run(cli, "rollout_plan", payload, &result);
    if (status != CLI_OK) {
        return status;
    }
    if (cli->json) {
        cli_print_json(result);
        return CLI_OK;
    }
    print_move(result);
    json_decref(result);
    return CLI_OK;
}

static int start_plan(struct cli *cli, const struct arguments *arguments,
                      const struct rollout_options *options)
{
    struct err_detail detail = {""};
    const struct rollout_plan *plan = NULL;
    if (arguments->word_count != 2) {
        return cli_usage(cli, "expected: rollout start PLAN, such as gradual");
    }
    enum err error = rollout_plan_load(cli->arena, cli->config.journeys_dir,
                                       str_of(arguments->words[1]), &plan, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    json_t *payload = json_object();
    json_object_set_new(payload, "plan", rollout_plan_json(plan));
    json_object_set_new(payload, "automatic", json_boolean(options->automatic));
    return move_plan(cli, "start", options, payload);
}

static int do_rollout(struct cli *cli, const struct arguments *arguments,
                      const struct rollout_options *options)
{
    static const char *const moves[] = {"advance", "hold", "resume"};
    if (arguments->word_count == 0 || arguments_is(arguments, 0, "status")) {
        return rollout_show_status(cli);
    }
    if (arguments_is(arguments, 0, "first") && arguments->word_count == 1) {
        return rollout_show_first(cli);
    }
    if (arguments_is(arguments, 0, "set")) {
        return set_share(cli, arguments);
    }
    if (arguments_is(arguments, 0, "stage")) {
        return open_stage(cli, arguments);
    }
    if (arguments_is(arguments, 0, "plan")) {
        return rollout_show_plan(
            cli, str_of(arguments->word_count > 1 ? arguments->words[1] : "gradual"));
    }
    if (arguments_is(arguments, 0, "start")) {
        return start_plan(cli, arguments, options);
    }
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        if (arguments_is(arguments, 0, moves[i]) && arguments->word_count == 1) {
            return move_plan(cli, moves[i], options, json_object());
        }
    }
    return cli_usage(
        cli,
        "expected status, first, set, stage, plan, start, advance, hold or resume; see --help");
}

int cmd_rollout(int argc, char **argv)
{
    struct rollout_options options = {0};
    const struct option_row rows[] = {
        {"automatic", 0, NULL, "start: go on by itself when the gates of the next stage are open",
         &options.automatic, NULL},
        {"reason", 'r', "TEXT", "Why, for the history", NULL, &options.reason},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status =
        arguments_begin(&cli, rows,
                        "status\nfirst\nset NAME SHARE\nstage STAGE open|close\nplan [PLAN]\n"
                        "start PLAN\nadvance\nhold\nresume",
                        rollout_text, argc, argv, &arguments);
    if (status == CLI_OK) {
        status = do_rollout(&cli, &arguments, &options);
    }
    return cli_end(&cli, status);
}

static const char rollback_text[] = "Returns to the original set at once.\v"
                                    "all (default): new entries and nurture journeys; entries: new "
                                    "entries only; nurture: nurture journeys "
                                    "only. People in the middle finish what they started unless "
                                    "--move is given: then their run ends and "
                                    "they enter the original journey. Nothing is deleted. --drill "
                                    "does it with one made-up person and "
                                    "nobody else, and records how long it took.\n\n"
                                    "Examples:\n"
                                    "  nudge rollback\n"
                                    "  nudge rollback nurture\n"
                                    "  nudge rollback all --move\n"
                                    "  nudge rollback --drill";

static int drill(struct cli *cli)
{
    struct drill_result result = {0};
    struct err_detail detail = {""};
    enum err error = rollback_drill(cli, &result, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(drill_json(&result));
    } else if (result.passed) {
        printf("drill passed: a made-up person was back in the original onboarding after %lld ms\n",
               (long long)result.took_ms);
    } else {
        fprintf(stderr, "nudge rollback: the drill failed: %s\n", result.why);
    }
    return result.passed ? CLI_OK : CLI_NO;
}

int cmd_rollback(int argc, char **argv)
{
    bool move = false;
    bool is_drill = false;
    const struct option_row rows[] = {
        {"drill", 0, NULL, "Only try it, with one made-up person", &is_drill, NULL},
        {"move", 0, NULL, "Also move people in the middle to the original journeys", &move, NULL},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status =
        arguments_begin(&cli, rows, "[all|entries|nurture]", rollback_text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    if (is_drill) {
        return cli_end(&cli, arguments.word_count > 0 || move
                                 ? cli_usage(&cli, "--drill goes alone")
                                 : drill(&cli));
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
