/* Putting a folder's definitions into force. */
#pragma once

#include "cli/cli.h"

struct apply_options {
    bool check;         /* only what would change */
    bool preview;       /* and what would become of people in the middle */
    const char *policy; /* "" (pin), "pin", "follow", "migrate" */
    const char *map;    /* of migrate: "old=new,…", "" none */
};

/* Checks the folder, prints what differs from what is in force and, unless only a look is wanted,
 * has the engine take it over. Gives the exit status. */
int journeys_apply(struct cli *cli, const char *folder, const struct apply_options *options);
