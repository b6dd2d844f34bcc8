/* Looking (bi/look.h) from a command: now, with the journeys in force. */
#pragma once

#include "bi/look.h"
#include "cli/cli.h"

/* The catalog is the caller's, who frees it after the last look. In a demonstration, whose time
 * runs ahead, now is the newest event. */
MUST_CHECK enum err cli_look(struct cli *cli, struct store *store, struct look_basis *ret_look,
                             struct catalog **ret_catalog, struct err_detail *detail);
