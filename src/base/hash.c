/* FNV-1a and GrowthBook's bucketing hash. */
#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>

static const uint32_t fnv_offset = 2166136261U;
static const uint32_t fnv_prime = 16777619U;

static uint32_t fnv_continue(uint32_t hash, struct str text)
{
    for (size_t i = 0; i < text.length; i++) {
        hash ^= (unsigned char)text.ptr[i];
        hash *= fnv_prime;
    }
    return hash;
}

uint32_t hash_fnv1a(struct str text)
{
    return fnv_continue(fnv_offset, text);
}

double hash_bucket(struct str seed, struct str value, int version)
{
    if (version == 1) {
        return fnv_continue(hash_fnv1a(value), seed) % 1000 / 1000.0;
    }
    if (version != 2) {
        return -1.0;
    }
    char digits[16];
    uint32_t inner = fnv_continue(hash_fnv1a(seed), value);
    int length = snprintf(digits, sizeof(digits), "%" PRIu32, inner);
    return hash_fnv1a((struct str){digits, (size_t)length}) % 10000 / 10000.0;
}
