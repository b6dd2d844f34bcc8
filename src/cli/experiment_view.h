/* How an experiment's analysis, and the holdout's, are shown as text. */
#pragma once

#include "bi/experiments/holdout.h"
#include "cli/cli.h"

void experiment_print(struct cli *cli, const struct analysis *analysis);
void holdout_print(struct cli *cli, const struct holdout *holdout);
