/* nudge users explain: why a person did or did not get a message. */
#pragma once

#include "cli/cli.h"

struct users_explain_options {
    const char *since;   /* an instant, a date, or a duration back from now; NULL all */
    const char *message; /* id; NULL all */
    bool verify;
};

/* The exit status; CLI_NO when a decision comes out differently and that was asked. */
int users_explain(struct cli *cli, struct store *store, int64_t user_id,
                  const struct users_explain_options *options);
