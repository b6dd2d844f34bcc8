/* How a rehearsal's messages would fit through a channel's limit. Pure. */
#pragma once

#include "sim/sim.h"

/* in_second: messages that became due in each second since start_ms. */
void load_measure(struct arena *arena, const uint32_t *in_second, int64_t second_count,
                  int64_t start_ms, double limit_per_second, struct sim_load *ret_load);
