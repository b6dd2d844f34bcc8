/* Bot commands (/start, /commit, /list, …), their buttons, and dialogs that they open. Pure. */
#pragma once

#include "core/commitment.h"

/* A text that starts with '/': dispatches. Unknown commands get help. */
void commands_text(struct deciding *deciding, struct str text);
/* The next text while a dialog is open; false when the dialog does not take it (too old, …). */
bool commands_dialog(struct deciding *deciding, struct str text);
/* Buttons of lists, settings and confirmations (tokens that do not start with "r:"); false: unknown
 * or no longer valid. */
bool commands_button(struct deciding *deciding, struct str token);
/* All commands for registering with the channel: name and bot text key of the description. */
struct command_row {
    const char *name;
    const char *description_key;
    bool listed; /* aliases are not */
};
const struct command_row *commands_rows(int *ret_count);
/* Free text outside any step: a short helpful answer. */
void commands_unknown_text(struct deciding *deciding);
/* /metrics and /insights (progress.c). */
void progress_metrics(struct deciding *deciding);
void progress_insights(struct deciding *deciding);
