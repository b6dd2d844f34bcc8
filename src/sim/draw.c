/* Draws: splitmix64 over the four numbers that name one, and the log-normal distribution by tables.
 */
#include "sim/draw.h"

#include "sim/draw_tables.h"

#define GOLDEN        0x9E3779B97F4A7C15u
#define LOG2_E_Q16    94548 /* 1 / ln 2 */
#define EXPONENT_MOST 12    /* no span is over 4096 medians, or under 1 / 4096 of one */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xBF58476D1CE4E5B9u;
    x ^= x >> 27;
    x *= 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

struct draws draws_of(uint64_t seed, uint64_t person, enum draw_purpose purpose, uint64_t number)
{
    uint64_t state = mix(seed + GOLDEN);
    state = mix(state ^ (person * GOLDEN));
    state = mix(state ^ (((uint64_t)purpose << 56) + number));
    return (struct draws){state};
}

uint64_t draw_bits(struct draws *draws)
{
    draws->state += GOLDEN;
    return mix(draws->state);
}

uint32_t draw_below(struct draws *draws, uint32_t below)
{
    return (uint32_t)(((draw_bits(draws) >> 32) * below) >> 32);
}

bool draw_chance(struct draws *draws, int permyriad)
{
    return (int)draw_below(draws, 10000) < permyriad;
}

int draw_weighted(struct draws *draws, const int *weights, int count)
{
    uint32_t sum = 0;
    for (int i = 0; i < count; i++) {
        sum += (uint32_t)weights[i];
    }
    uint32_t rest = draw_below(draws, sum);
    for (int i = 0; i < count - 1; i++) {
        if (rest < (uint32_t)weights[i]) {
            return i;
        }
        rest -= (uint32_t)weights[i];
    }
    return count - 1;
}

/* A normal deviate in 1 / 65536: the quantile of 32 random bits, straight between the table's
 * places. */
static int64_t normal_q16(struct draws *draws)
{
    uint32_t bits = (uint32_t)(draw_bits(draws) >> 32);
    uint32_t index = bits >> (32 - QUANTILE_BITS);
    int64_t part = (bits << QUANTILE_BITS) >> 16; /* of 65536 */
    int64_t from = quantile_q16[index];
    int64_t step = quantile_q16[index + 1] - from;
    return from + step * part / 65536;
}

int64_t draw_span_ms(struct draws *draws, const struct span *span)
{
    int64_t exponent_q16 = normal_q16(draws) * span->sigma_permille / 1000 * LOG2_E_Q16 / 65536;
    int64_t most = (int64_t)EXPONENT_MOST << 16;
    exponent_q16 = exponent_q16 > most ? most : exponent_q16 < -most ? -most : exponent_q16;
    int64_t whole = (exponent_q16 + most) / 65536 - EXPONENT_MOST; /* rounded down */
    int64_t part = exponent_q16 - whole * 65536;                   /* 0 .. 65535 */
    int64_t index = part >> (16 - POWER_BITS);
    int64_t within = part & ((1 << (16 - POWER_BITS)) - 1);
    int64_t power = power_q30[index];
    power += (power_q30[index + 1] - power) * within >> (16 - POWER_BITS);
    int64_t ms = span->median_ms * power >> 30;
    return whole >= 0 ? ms << whole : ms >> -whole;
}
