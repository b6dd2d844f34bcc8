/* A rehearsal as one HTML file: nothing is loaded from elsewhere, light and dark, each picture with
 * a table of the same numbers. The same seed gives the same bytes. */
#pragma once

#include <stdio.h>

#include "sim/report.h"

void sim_html(FILE *out, const struct sim_about *about, const struct sim_side *sides, int count);
