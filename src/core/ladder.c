/* The difficulty ladder: a fixed row of sizes that suggestions climb and descend one rung at a
 * time. Only arithmetic; whose suggestion moves, and what follows, is decided in commitment.c. */
#include "core/commitment.h"

#include "base/check.h"

enum {
    UP_AFTER = 3,  /* quick completions in a row */
    DOWN_AFTER = 2 /* misses in a row */
};

static const int sizes_s[LADDER_RUNGS] = {
    30, 60, 2 * 60, 5 * 60, 10 * 60, 15 * 60, 20 * 60, 30 * 60, 45 * 60, 60 * 60, 90 * 60, 120 * 60,
};

int ladder_size_s(int rung)
{
    ASSERT(rung >= 0 && rung < LADDER_RUNGS);
    return sizes_s[rung];
}

int ladder_rung_of(int size_s)
{
    int rung = 0;
    while (rung + 1 < LADDER_RUNGS && sizes_s[rung + 1] <= size_s) {
        rung++;
    }
    return rung;
}

int ladder_halve(int size_s)
{
    return ladder_rung_of(size_s / 2);
}

int ladder_clamp(int rung)
{
    return rung < 0 ? 0 : rung >= LADDER_RUNGS ? LADDER_RUNGS - 1 : rung;
}

int ladder_count_completed(struct user *user, bool quick)
{
    user->misses_in_row = 0;
    user->quick_in_row = quick ? user->quick_in_row + 1 : 0;
    if (user->quick_in_row < UP_AFTER) {
        return 0;
    }
    user->quick_in_row = 0;
    return 1;
}

int ladder_count_missed(struct user *user)
{
    user->quick_in_row = 0;
    user->misses_in_row++;
    if (user->misses_in_row < DOWN_AFTER) {
        return 0;
    }
    user->misses_in_row = 0;
    return -1;
}
