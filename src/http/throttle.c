/* Token buckets per (bucket, client address), forgetting the least recently used. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/check.h"
#include "http/request.h"

enum { ADDRESSES_MAX = 4096, KEY_BYTES = 80 };

struct bucket {
    char key[KEY_BYTES];
    double tokens;
    int64_t at_ms;
    UT_hash_handle hh;
};

struct throttle {
    struct bucket *buckets; /* insertion order = order of last use */
};

struct throttle *throttle_new(void)
{
    struct throttle *throttle = calloc(1, sizeof(*throttle));
    ASSERT(throttle != NULL);
    return throttle;
}

void throttle_free(struct throttle *throttle)
{
    if (throttle == NULL) {
        return;
    }
    struct bucket *bucket;
    struct bucket *next;
    HASH_ITER (hh, throttle->buckets, bucket, next) {
        HASH_DEL(throttle->buckets, bucket);
        free(bucket);
    }
    free(throttle);
}

static struct bucket *use(struct throttle *throttle, const char *key, double burst, int64_t now_ms)
{
    struct bucket *bucket;
    HASH_FIND_STR(throttle->buckets, key, bucket);
    if (bucket != NULL) {
        HASH_DEL(throttle->buckets, bucket);
    } else {
        if (HASH_COUNT(throttle->buckets) >= ADDRESSES_MAX) {
            struct bucket *oldest = throttle->buckets;
            HASH_DEL(throttle->buckets, oldest);
            free(oldest);
        }
        bucket = calloc(1, sizeof(*bucket));
        ASSERT(bucket != NULL);
        memcpy(bucket->key, key, strlen(key) + 1);
        bucket->tokens = burst;
        bucket->at_ms = now_ms;
    }
    HASH_ADD_STR(throttle->buckets, key, bucket);
    return bucket;
}

static struct bucket *refilled(struct throttle *throttle, const char *name, struct str address,
                               double per_minute, double burst, int64_t monotonic_ms)
{
    char key[KEY_BYTES];
    snprintf(key, sizeof(key), "%s %.*s", name, STR_ARG(address));
    struct bucket *bucket = use(throttle, key, burst, monotonic_ms);
    double gained = (double)(monotonic_ms - bucket->at_ms) * per_minute / 60000.0;
    bucket->tokens = bucket->tokens + gained > burst ? burst : bucket->tokens + gained;
    bucket->at_ms = monotonic_ms;
    return bucket;
}

bool throttle_take(struct throttle *throttle, const char *name, struct str address,
                   double per_minute, double burst, int64_t monotonic_ms)
{
    struct bucket *bucket = refilled(throttle, name, address, per_minute, burst, monotonic_ms);
    if (bucket->tokens < 1.0) {
        return false;
    }
    bucket->tokens -= 1.0;
    return true;
}

bool throttle_has(struct throttle *throttle, const char *name, struct str address,
                  double per_minute, double burst, int64_t monotonic_ms)
{
    return refilled(throttle, name, address, per_minute, burst, monotonic_ms)->tokens >= 1.0;
}
