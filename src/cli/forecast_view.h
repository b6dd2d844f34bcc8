/* nudge deliveries forecast: when what is due within a day will be out. */
#pragma once

#include "cli/cli.h"

/* The exit status. */
int forecast_show(struct cli *cli);
