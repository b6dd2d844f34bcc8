/* How an experiment's analysis, and the holdout's, are shown as text. */
#pragma once

#include "bi/experiments/holdout.h"
#include "cli/cli.h"

void experiment_print(struct cli *cli, const struct analysis *analysis);
/* A row for each look and variant but the first. */
void experiment_print_over_time(struct cli *cli, const struct over_time *over_time);
void holdout_print(struct cli *cli, const struct holdout *holdout);
