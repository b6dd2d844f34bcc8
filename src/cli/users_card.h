/* One person as operators see them: `nudge users show`. */
#pragma once

#include "cli/cli.h"

/* Prints the card, the runs, the commitments and the last events, times in the operators' zone. */
void users_card_print(struct cli *cli, const json_t *person);
