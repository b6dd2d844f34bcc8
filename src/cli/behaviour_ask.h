/* What the commands that ask the behaviour log share: their common options, the log, and how groups
 * and rates are printed. */
#pragma once

#include "bi/behaviour/asked.h"
#include "bi/behaviour/load.h"
#include "bi/stats.h"
#include "cli/arguments.h"

/* Values of the common options, NULL when not given. */
struct behaviour_options {
    const char *where, *by, *from, *to;
};
/* Their rows, for the array of a command's options. */
#define BEHAVIOUR_OPTION_ROWS(options)                                                             \
    {"where",         'w', "CONDITIONS", "Only people with ATTRIBUTE=VALUE,… (or !=)", NULL,       \
     &(options).where},                                                                            \
        {"by", 'b', "ATTRIBUTE", "A table for each value of the attribute", NULL, &(options).by},  \
        {"from", 'f', "DATE", "From that day or instant on (UTC)", NULL, &(options).from},         \
    {                                                                                              \
        "to", 't', "DATE", "Before that day or instant", NULL, &(options).to                       \
    }
/* What --help says of them; in the text of a command. */
#define BEHAVIOUR_HELP                                                                             \
    "Attributes: source, language, set, channel, zone, existing, cohort (Monday of the week of "   \
    "joining), variant:EXPERIMENT. Events: the types of events (user_joined, step_completed, "     \
    "commitment_made, …), names of tracked events, any, active (whatever a person does). "       \
    "EVENT{step=NAME,journey=NAME} takes only those; A|B takes either. Test people and erased "    \
    "ones are left out. See docs/reference/behaviour.md.\n\n"

/* What the command's argument says; its name is that of the API's parameter. */
struct behaviour_argument {
    const char *name;
    struct str text;
};
/* Reads the question from the rows' options (flags are "true") and the argument (name NULL: none).
 * Opens the store, builds the log, closes it. CLI_OK, or the exit status after saying why. The log
 * is freed with behaviour_log_free. */
MUST_CHECK int behaviour_ask(struct cli *cli, enum asked_kind kind, const struct option_row *rows,
                             const struct behaviour_argument *argument, struct asked *ret_asked,
                             struct behaviour_log **ret_log);

/* "12.5", "–" when unknown. */
const char *behaviour_percent(struct cli *cli, const struct rate *rate);
/* "all", the group's name, or "(none)". */
const char *behaviour_group_name(struct cli *cli, const struct behaviour_options *options,
                                 struct str name, bool is_all);
const char *behaviour_number(struct cli *cli, int64_t number);
