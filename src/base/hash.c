/* FNV-1a and GrowthBook's bucketing hash. */
#include "base/hash.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* Eight bytes at a time, each product folded onto itself. */
static uint64_t fold(uint64_t hash, uint64_t word)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)(hash ^ word) * 0x9E3779B97F4A7C15u;
    return (uint64_t)product ^ (uint64_t)(product >> 64) ^ word << 32 ^ word >> 32;
}

uint64_t hash_bytes(struct str bytes)
{
    uint64_t hash = fold(0xD6E8FEB86659FD93u, bytes.length);
    while (bytes.length > 0) {
        uint64_t word = 0;
        size_t length = bytes.length < sizeof(word) ? bytes.length : sizeof(word);
        memcpy(&word, bytes.ptr, length);
        hash = fold(hash, le64toh(word));
        bytes = (struct str){bytes.ptr + length, bytes.length - length};
    }
    return fold(hash, 0x2545F4914F6CDD1Du);
}
