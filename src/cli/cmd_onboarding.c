/* nudge onboarding: start it for one person, or walk a test person through it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/arguments.h"
#include "cli/command.h"

static const char text[] =
    "Starts the onboarding of one person by hand, or of a test person who counts in no metric.\v"
    "A person is a user id, telegram:ID, webchat:SESSION or email:ADDRESS.\n\n"
    "Examples:\n"
    "  nudge onboarding trigger telegram:123456\n"
    "  nudge onboarding trigger 7421960348211200013 --journey micro_onboarding\n"
    "  nudge onboarding test telegram:123456        your own chat, marked as a test person";

/* Why nothing was started, in words. */
static const char *why_not(struct str reason)
{
    static const struct {
        const char *reason, *words;
    } known[] = {
        {"unreachable", "no message reaches them (they never opened the chat, or blocked the bot)"},
        {"crisis", "their messages are held after words of crisis (nudge users resume)"},
        {"stopped", "they want no messages"},
        {"onboarded_before", "they were onboarded before"},
        {"in_progress", "an onboarding of theirs is under way, or too many journeys are"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (str_is(reason, known[i].reason)) {
            return known[i].words;
        }
    }
    return "no reason was given";
}

static int print_result(struct cli *cli, json_t *result)
{
    bool entered = json_get_bool(result, "entered", false);
    if (cli->json) {
        cli_print_json(result);
        return entered ? CLI_OK : CLI_NO;
    }
    struct str user = json_get_str(result, "user_id");
    if (entered) {
        printf("onboarding started for user %.*s\n", STR_ARG(user));
    } else {
        fprintf(stderr, "nudge: nothing was started for user %.*s: %s\n", STR_ARG(user),
                why_not(json_get_str(result, "reason")));
    }
    json_decref(result);
    return entered ? CLI_OK : CLI_NO;
}

int cmd_onboarding(int argc, char **argv)
{
    const char *journey = "";
    const struct option_row rows[] = {{"journey", 'j', "NAME",
                                       "The journey to enter (default: what the person's set says)",
                                       NULL, &journey},
                                      {0}};
    struct cli cli;
    struct arguments arguments;
    int status =
        arguments_begin(&cli, rows, "trigger PERSON\ntest PERSON", text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    bool test = arguments_is(&arguments, 0, "test");
    if (arguments.word_count != 2 || (!test && !arguments_is(&arguments, 0, "trigger"))) {
        return cli_end(
            &cli, cli_usage(&cli, "expected: onboarding trigger PERSON or onboarding test PERSON"));
    }
    json_t *payload = json_object();
    if (!person_into(payload, arguments_word(&arguments, 1))) {
        json_decref(payload);
        return cli_end(&cli, cli_usage(&cli, "\"%s\" names no person", arguments.words[1]));
    }
    json_object_set_new(payload, "kind", json_string("trigger"));
    json_object_set_new(payload, "name", json_string(journey));
    json_object_set_new(payload, "test", json_boolean(test));
    json_t *result = NULL;
    struct err_detail detail = {""};
    enum err error = cli_engine_command(&cli, "input", payload, &result, &detail);
    if (error != OK) {
        return cli_end(&cli, cli_fail(&cli, error, &detail));
    }
    return cli_end(&cli, print_result(&cli, result));
}
