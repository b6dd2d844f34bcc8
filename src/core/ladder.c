/* The difficulty ladder: a fixed row of sizes that suggestions climb and descend one rung at a
 * time. Only arithmetic; who moves on it, and when, is decided in commitment.c. */
#include "core/commitment.h"

#include "base/check.h"

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
