/* Chance from a seed: the same seed gives the same throws everywhere. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

/* Different streams of one seed do not follow each other. */
static inline struct dice dice_of(uint64_t seed, uint64_t stream)
{
    return (struct dice){seed * 0x9E3779B97F4A7C15u + stream * 0xD1B54A32D192ED03u + 1};
}

/* splitmix64 */
static inline uint64_t dice_next(struct dice *dice)
{
    uint64_t z = (dice->state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* 0 … below - 1; below > 0. */
static inline int64_t dice_below(struct dice *dice, int64_t below)
{
    return (int64_t)((dice_next(dice) >> 1) % (uint64_t)below);
}

/* from … to, both included. */
static inline int64_t dice_range(struct dice *dice, int64_t from, int64_t to)
{
    return from + dice_below(dice, to - from + 1);
}

/* True so many times in 10,000. */
static inline bool dice_chance(struct dice *dice, int64_t permyriad)
{
    return dice_below(dice, 10000) < permyriad;
}

/* Short most of the time, now and then long: base times 1/8 … 8, the middle most likely. */
static inline int64_t dice_delay(struct dice *dice, int64_t base)
{
    int64_t delay = base;
    for (int i = 0; i < 3; i++) {
        int64_t draw = dice_below(dice, 3);
        delay = draw == 0 ? delay / 2 : draw == 1 ? delay : delay * 2;
    }
    return delay + dice_below(dice, base / 4 + 1);
}

#define DICE_PICK(dice, list)                                                                      \
    ((list)[dice_below((dice), (int64_t)(sizeof(list) / sizeof((list)[0])))])
