/* A rehearsal as tables for people. */
#pragma once

#include "cli/cli.h"
#include "sim/report.h"

void simulate_print(struct cli *cli, const struct sim_about *about, const struct sim_side *sides,
                    int count, const struct sim_run_facts *facts);
