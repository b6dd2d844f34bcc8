/* Putting a folder's definitions into force. */
#pragma once

#include "cli/cli.h"

/* Checks the folder, prints what differs from what is in force and, unless only a check is wanted,
 * has the engine take it over. Gives the exit status. */
int journeys_apply(struct cli *cli, const char *folder, bool check);
