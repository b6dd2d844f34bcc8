/* Thompson sampling (Thompson 1933): the share of people who get a variant is the probability that
 * it is the best, but no lower than a floor, so that every variant goes on being learnt about and
 * every judgement stays possible. Pure. */
#pragma once

#include "bi/experiments/analysis.h"

/* What the weights should be after what was seen: multiples of 1/10000 that add up to 1. While too
 * little was seen to judge at all, as they are. Returns whether they differ from what they are. */
bool allocation_weights(const struct analysis *analysis, double *ret_weights);

/* For all running experiments whose weights follow what was seen: what the engine's command
 * "experiment" takes to change them. A new array; empty when all stay. */
MUST_CHECK enum err allocation_changes(struct store *store, struct arena *arena, int64_t now_ms,
                                       json_t **ret_changes, struct err_detail *detail);
