/* The rollout on a terminal: its plan, where it stands, what stands before the next stage, and what
 * happened to it. */
#pragma once

#include "cli/cli.h"

/* nudge rollout plan NAME; an exit status. */
int rollout_show_plan(struct cli *cli, struct str name);
/* nudge rollout first: the first onboardings since it began. */
int rollout_show_first(struct cli *cli);
/* nudge rollout status. */
int rollout_show_status(struct cli *cli);
