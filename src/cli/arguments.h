/* Positional arguments and simple options of subcommands, so that each needs no argp parser of its
 * own: words are collected in order, options by their row. */
#pragma once

#include "cli/cli.h"

enum { ARGUMENT_WORDS_MAX = 8 };

/* One option: where its value goes. Exactly one of the targets is set. */
struct option_row {
    const char *name;  /* without "--" */
    char letter;       /* 0: none */
    const char *value; /* name of its value in --help; NULL: a flag */
    const char *help;
    bool *flag;
    const char **text;
};

struct arguments {
    const char *words[ARGUMENT_WORDS_MAX]; /* after the subcommand's name */
    int word_count;
};

/* cli_begin for a subcommand described by its rows (ending with a row whose name is NULL). `usage`
 * are the words of the usage line ("set NAME SHARE"), `text` what --help says before the options
 * and, after a line break "\v", behind them. */
MUST_CHECK int arguments_begin(struct cli *cli, const struct option_row *rows, const char *usage,
                               const char *text, int argc, char **argv,
                               struct arguments *ret_arguments);
/* The word at the index, "" when absent. */
struct str arguments_word(const struct arguments *arguments, int index);
bool arguments_is(const struct arguments *arguments, int index, const char *word);

/* Puts the person that a word names ("7421…", "telegram:123", "webchat:…", "email:a@b") into a
 * payload as "user_id" or "channel" + "identity". False when it names none. */
bool person_into(json_t *payload, struct str word);
