/* The plan's targets and verdicts on a terminal. */
#pragma once

#include "bi/kpi.h"
#include "cli/cli.h"

/* Evaluates the plan on the store and prints it, as tables or as JSON; an exit status. */
int kpi_show(struct cli *cli, struct store *store);

/* "above 40", "at most 0", "rises". */
const char *kpi_expected(struct arena *arena, const struct kpi_line *line);
