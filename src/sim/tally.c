/* Adding tallies. */
#include "sim/tally.h"

#include "base/check.h"

_Static_assert(sizeof(struct tally) % sizeof(int64_t) == 0, "a tally is nothing but numbers");

void tally_add(struct tally *sum, const struct tally *part)
{
    int64_t most =
        sum->most_messages > part->most_messages ? sum->most_messages : part->most_messages;
    int64_t *to = (int64_t *)sum;
    const int64_t *from = (const int64_t *)part;
    for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++) {
        to[i] += from[i];
    }
    sum->most_messages = most;
}

int64_t tally_decisions(const struct tally *tally)
{
    int64_t sum = 0;
    for (int i = 0; i <= INPUT_MOVE; i++) {
        sum += tally->decided[i];
    }
    return sum;
}

int64_t tally_messages(const struct tally *tally)
{
    int64_t sum = 0;
    for (int i = 0; i <= CLASS_NUDGE; i++) {
        sum += tally->messages[i];
    }
    return sum;
}
