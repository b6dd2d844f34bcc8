/* The program's entry: finds the subcommand. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/build_info.h"
#include "cli/cli.h"
#include "cli/command.h"

enum { HEAP_STEP_BYTES = 1024 * 1024 };

struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {"demo", "try everything in a browser, without any account", cmd_demo},
    {"serve", "run the bot", cmd_serve},
    {"nodes", "which processes serve, or are ready to", cmd_nodes},
    {"migrate", "bring the store's schema up to date", cmd_migrate},
    {"journeys", "check, list, show and draw definitions", cmd_journeys},
    {"email", "look at a message as the mail that it becomes", cmd_email},
    {"metrics", "how well does it work?", cmd_metrics},
    {"funnel", "how far do people come along ordered steps?", cmd_funnel},
    {"retention", "who comes back, by when they began?", cmd_retention},
    {"paths", "what do people do next, or before?", cmd_paths},
    {"cohorts", "how active are groups of people, when, how unequally?", cmd_cohorts},
    {"simulate", "rehearse journeys with made-up people, sending nothing", cmd_simulate},
    {"onboarding", "start the onboarding of one person by hand", cmd_onboarding},
    {"deliveries", "list messages, send what is due, retry dead ones", cmd_deliveries},
    {"broadcast", "send one message to everyone a condition holds for", cmd_broadcast},
    {"sending", "the global switch: on, off, dry-run", cmd_sending},
    {"preflight", "may real people be written to? go or no-go", cmd_preflight},
    {"rollout", "decide who gets the optimized set", cmd_rollout},
    {"rollback", "return to the original set at once", cmd_rollback},
    {"experiment", "try variants of a message, and say which is better", cmd_experiment},
    {"users", "find, show, export and erase people", cmd_users},
    {"keys", "add, list and remove named keys of the API", cmd_keys},
    {"alerts", "what is wrong now, and who looks after it", cmd_alerts},
    {"audit", "who changed what", cmd_audit},
    {"bridge", "take over the people of a previous bot's database", cmd_bridge},
    {"telegram", "set, show and delete the webhook", cmd_telegram},
    {"backup", "copy the store while it is in use", cmd_backup},
    {"report", "the day in one message, as operators get it", cmd_report},
    {"restore", "put a backup in the place of the store", cmd_restore},
    {"copy", "copy the store into another, SQLite or PostgreSQL", cmd_copy},
    {"doctor", "prove that the store agrees with itself", cmd_doctor},
    {NULL, NULL, NULL},
};

static void print_help(FILE *out)
{
    fputs("nudge follows people up in a chat, at the moment they act.\n\n"
          "Usage: nudge COMMAND [OPTION...]\n\nCommands:\n",
          out);
    for (const struct command *command = commands; command->name != NULL; command++) {
        fprintf(out, "  %-12s %s\n", command->name, command->summary);
    }
    fputs("\nExamples:\n"
          "  nudge demo                     try everything in a browser, without any account\n"
          "  nudge serve                    run the bot (settings from the environment or .env)\n"
          "  nudge metrics                  how well does it work?\n"
          "  nudge COMMAND --help           options and examples of one command\n",
          out);
}

int main(int argc, char **argv)
{
    /* One heap for all threads, which grows in large steps: heaps of their own would grow by a call
     * for each page of the store's cache. */
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TOP_PAD, HEAP_STEP_BYTES);
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("nudge %s (%s)\n", build_info_version(), build_info_commit());
        return CLI_OK;
    }
    for (const struct command *command = commands; command->name != NULL; command++) {
        if (strcmp(argv[1], command->name) == 0) {
            return command->run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "nudge: there is no command \"%s\"; see nudge --help\n", argv[1]);
    return CLI_USAGE;
}
