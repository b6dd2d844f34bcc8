/* Identifiers: positive 63-bit integers, sorted by time.
 *
 *   bit 62..21  milliseconds since 1970 UTC (42 bits, until the year 2109)
 *   bit 20..8   sequence within the millisecond (13 bits)
 *   bit  7..0   slot
 *
 * The slot is the low 8 bits of the user's id, and every row that a user owns carries the user's
 * slot in its own id, so that any id tells which engine loop owns it. */
#pragma once

#include <stdint.h>

enum { ID_SLOT_COUNT = 256 };

/* Gives ids that increase strictly, also when the clock stands still or jumps back. One thread. */
struct id_source {
    uint64_t last; /* milliseconds and sequence of the last id */
};

/* All that follow are greater than `id`, which was given by an earlier process. */
void id_source_after(struct id_source *source, int64_t id);
/* The next id at now_ms (>= 0) in the slot (0..255). */
int64_t id_next(struct id_source *source, int64_t now_ms, uint8_t slot);
/* The slot of an id. */
uint8_t id_slot(int64_t id);
/* The instant in an id, milliseconds since 1970 UTC. */
int64_t id_ms(int64_t id);
