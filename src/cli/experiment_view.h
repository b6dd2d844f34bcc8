/* How an experiment's analysis is shown, as text and as JSON. */
#pragma once

#include "bi/experiments/analysis.h"
#include "cli/cli.h"

void experiment_print(struct cli *cli, const struct analysis *analysis);
/* A new reference. Unknown numbers are null. */
json_t *experiment_analysis_json(struct cli *cli, const struct analysis *analysis);
