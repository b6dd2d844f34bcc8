/* Public, stable hashes for assignment. Not for secrets (see base/digest.h). Pure, any thread. */
#pragma once

#include <stdint.h>

#include "base/str.h"

/* FNV-1a, 32 bits, over the bytes. fnv("") = 2166136261, fnv("foobar") = 3214735720. */
uint32_t hash_fnv1a(struct str text);

/* 64 bits that tell different bytes from each other, fast; kept in records, so it never changes. */
uint64_t hash_bytes(struct str bytes);

/* GrowthBook's bucketing hash: n in [0,1), a multiple of 1/1000 (version 1) or 1/10000 (version 2).
 * Version 1: fnv(value + seed) mod 1000 / 1000. Version 2: fnv(decimal(fnv(seed + value))) mod
 * 10000 / 10000. Any other version gives -1 (not in the experiment). Bytes are UTF-8. Source:
 * GrowthBook SDK specification 0.7.1. seed and value together at most 512 bytes; longer ones are
 * hashed in pieces with the same result as their concatenation. */
double hash_bucket(struct str seed, struct str value, int version);
