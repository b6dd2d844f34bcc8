/* Rates with their intervals, places of percentiles, rounding as the surfaces print (stats.h). */
#include "bi/stats.h"

#include <math.h>

/* The 97.5 % point of the normal distribution. */
static const double Z = 1.959963984540054;

struct rate rate_of(int64_t hits, int64_t n)
{
    struct rate rate = {.hits = hits, .n = n, .percent = NAN, .low = NAN, .high = NAN};
    if (n <= 0) {
        return rate;
    }
    double share = (double)hits / (double)n;
    double spread = Z * Z / (double)n;
    double centre = (share + spread / 2) / (1 + spread);
    double half =
        Z * sqrt(share * (1 - share) / (double)n + spread / (4 * (double)n)) / (1 + spread);
    rate.percent = 100.0 * (double)hits / (double)n;
    /* At the ends the interval ends there too, whatever rounding says. */
    rate.low = hits == 0 ? 0.0 : 100.0 * (centre - half);
    rate.high = hits == n ? 100.0 : 100.0 * (centre + half);
    return rate;
}

bool rate_is_thin(const struct rate *rate)
{
    return rate->n < 10;
}

int64_t rate_tenths(const struct rate *rate)
{
    return rate->n <= 0 ? -1 : (2000 * rate->hits + rate->n) / (2 * rate->n);
}

struct quantile_place quantile_place(int64_t n, double share)
{
    double place = share * (double)(n - 1);
    struct quantile_place result = {.index = (int64_t)floor(place)};
    result.weight = place - floor(place);
    return result;
}

double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : (double)NAN;
}

int64_t tenths_of(double x)
{
    return (int64_t)floor(x * 10.0 + 0.5);
}

double round_tenth(double x)
{
    return isnan(x) ? x : floor(x * 10.0 + 0.5) / 10.0;
}

const char *decimal_text(struct arena *arena, double x)
{
    if (isnan(x)) {
        return "–";
    }
    int64_t tenths = tenths_of(fabs(x));
    return arena_printf(arena, "%s%lld.%lld", x < 0 && tenths > 0 ? "-" : "",
                        (long long)(tenths / 10), (long long)(tenths % 10))
        .ptr;
}
