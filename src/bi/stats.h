/* The little statistics that the figures need. Pure, any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* A share of people or things, as a percentage 0..100 with its Wilson 95 % interval. With n = 0
 * nothing is known: the three are NAN. */
struct rate {
    int64_t hits;
    int64_t n;
    double percent;
    double low;
    double high;
};
struct rate rate_of(int64_t hits, int64_t n);
/* Rates of fewer than ten are printed with "few people". */
bool rate_is_thin(const struct rate *rate);
/* The percentage in tenths, rounded half up exactly (5 of 18 -> 278); -1 when unknown. */
int64_t rate_tenths(const struct rate *rate);

/* A percentile's place among n sorted values (linear interpolation): it lies `weight` of the way
 * from value[index] to value[index + 1]. n > 0. */
struct quantile_place {
    int64_t index;
    double weight;
};
struct quantile_place quantile_place(int64_t n, double share);

/* part / whole; NAN when the whole is 0. */
double ratio(double part, double whole);

/* x in tenths, rounded half up; x >= 0. */
int64_t tenths_of(double x);
/* x rounded half up to one decimal; NAN stays. */
double round_tenth(double x);
/* The same as people read it, "-1.5"; "–" when unknown. Static storage or the arena. */
const char *decimal_text(struct arena *arena, double x);
