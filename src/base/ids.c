/* Identifiers sorted by time. */
#include "base/ids.h"

#include "base/check.h"

enum { SEQUENCE_BITS = 13, SLOT_BITS = 8 };

int64_t id_next(struct id_source *source, int64_t now_ms, uint8_t slot)
{
    ASSERT(now_ms >= 0);
    uint64_t next = (uint64_t)now_ms << SEQUENCE_BITS;
    if (next <= source->last) {
        next = source->last + 1;
    }
    source->last = next;
    ASSERT(next >> (63 - SLOT_BITS) == 0);
    return (int64_t)((next << SLOT_BITS) | slot);
}

void id_source_after(struct id_source *source, int64_t id)
{
    uint64_t last = (uint64_t)id >> SLOT_BITS;
    if (id > 0 && last > source->last) {
        source->last = last;
    }
}

uint8_t id_slot(int64_t id)
{
    return (uint8_t)((uint64_t)id & 0xFFU);
}

int64_t id_ms(int64_t id)
{
    return (int64_t)((uint64_t)id >> (SEQUENCE_BITS + SLOT_BITS));
}
