/* One person as operators see them: `nudge users show`. */
#pragma once

#include "cli/cli.h"

/* Puts words in the place of the numbers that the store keeps (set, channel, outcomes, phases,
 * states): the same for people and for programs. */
void users_card_words(json_t *person);
/* Prints the card, the runs, the commitments and the last events, times in the operators' zone. */
void users_card_print(struct cli *cli, const json_t *person);
