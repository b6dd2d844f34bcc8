/* How an experiment's analysis is shown as text. */
#pragma once

#include "bi/experiments/analysis.h"
#include "cli/cli.h"

void experiment_print(struct cli *cli, const struct analysis *analysis);
