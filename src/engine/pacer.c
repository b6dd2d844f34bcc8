/* A token bucket for each channel, filled at its rate, and for each address the instant until which
 * its own rate is used up. Three tiers share the bucket; each but the first leaves some tokens for
 * those before it and hands out later instants at its share of the rate. */
#include "engine/pacer.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/check.h"
#include "base/limits.h"

enum {
    TIERS = 3,
    ADDRESSES_MAX = 20000, /* above it those that wait for nothing are forgotten */
    GROUP_BURST = 3,
    KEY_BYTES = 96
};

struct tier {
    double share;   /* of the rate, for reserved instants */
    double reserve; /* part of the bucket that is left to the tiers before */
};

static const struct tier TIER[TIERS] = {{1.0, 0.0}, {0.9, 0.2}, {0.8, 0.4}};

struct address {
    UT_hash_handle hh;
    double used_until_ms;     /* the rate is used up to this instant */
    double reserved_until_ms; /* the next one refused comes after this */
    int64_t paused_until_ms;
    char key[]; /* kind, then the address */
};

struct pace {
    struct channel_limits limits;
    double tokens;
    double capacity;
    int64_t filled_at_ms;
    int64_t paused_until_ms;
    double next_ms[TIERS]; /* the next instant to be reserved */
};

struct pacer {
    struct pace paces[CHANNEL_COUNT];
    struct address *addresses;
};

struct pacer *pacer_new(void)
{
    struct pacer *pacer = calloc(1, sizeof(*pacer));
    ASSERT(pacer != NULL);
    return pacer;
}

static void forget(struct pacer *pacer, struct address *address)
{
    HASH_DEL(pacer->addresses, address);
    free(address);
}

void pacer_free(struct pacer *pacer)
{
    if (pacer == NULL) {
        return;
    }
    struct address *address, *next;
    HASH_ITER (hh, pacer->addresses, address, next) {
        forget(pacer, address);
    }
    free(pacer);
}

/* Half a second's worth may go at once: together with what is filled in meanwhile no second sees
 * much more than the rate. */
void pacer_limit(struct pacer *pacer, enum channel_kind kind, const struct channel_limits *limits)
{
    struct pace *pace = &pacer->paces[kind];
    pace->limits = *limits;
    pace->capacity = limits->per_second / 2 > 1 ? limits->per_second / 2 : 1;
    pace->tokens = pace->capacity;
}

static void fill(struct pace *pace, int64_t now_ms)
{
    if (now_ms > pace->filled_at_ms) {
        double added = (double)(now_ms - pace->filled_at_ms) * pace->limits.per_second / 1000;
        pace->tokens += added;
        pace->tokens = pace->tokens < pace->capacity ? pace->tokens : pace->capacity;
    }
    pace->filled_at_ms = now_ms;
}

static void forget_idle(struct pacer *pacer, int64_t now_ms)
{
    struct address *address, *next;
    HASH_ITER (hh, pacer->addresses, address, next) {
        if (address->used_until_ms <= (double)now_ms && address->paused_until_ms <= now_ms) {
            forget(pacer, address);
        }
    }
}

static struct address *address_of(struct pacer *pacer, enum channel_kind kind, struct str text,
                                  bool make, int64_t now_ms)
{
    char key[KEY_BYTES];
    key[0] = (char)kind;
    size_t length = 1 + str_copy(key + 1, sizeof(key) - 1, text);
    struct address *address = NULL;
    HASH_FIND(hh, pacer->addresses, key, length, address);
    if (address == NULL && make) {
        if (HASH_COUNT(pacer->addresses) >= ADDRESSES_MAX) {
            forget_idle(pacer, now_ms);
        }
        address = calloc(1, sizeof(*address) + length);
        ASSERT(address != NULL);
        memcpy(address->key, key, length);
        HASH_ADD_KEYPTR(hh, pacer->addresses, address->key, length, address);
    }
    return address;
}

static int tier_of(enum message_class class)
{
    switch (class) {
    case CLASS_REPLY:
        return 0;
    case CLASS_ONBOARDING:
    case CLASS_FOLLOWUP:
        return 1;
    case CLASS_NUDGE:
        break;
    }
    return 2;
}

static struct slot_grant refuse(double at_ms, int64_t now_ms)
{
    int64_t at = (int64_t)at_ms + 1;
    return (struct slot_grant){false, at > now_ms ? at : now_ms + 1};
}

/* Reserves the tier's next instant, not before at_ms. */
static struct slot_grant reserve(struct pace *pace, int tier, double at_ms, int64_t now_ms)
{
    double rate = pace->limits.per_second * TIER[tier].share;
    double at = at_ms > pace->next_ms[tier] ? at_ms : pace->next_ms[tier];
    at = at > (double)now_ms ? at : (double)now_ms;
    pace->next_ms[tier] = at + (rate > 0 ? 1000 / rate : 0);
    return refuse(at, now_ms);
}

struct rate {
    double interval_ms; /* 0: no limit */
    int burst;
};

static struct rate rate_of(const struct channel_limits *limits, struct str address)
{
    if (limits->per_minute_per_group > 0 && str_starts(address, STR("-"))) {
        return (struct rate){60000.0 / limits->per_minute_per_group, GROUP_BURST};
    }
    if (limits->per_second_per_address > 0) {
        int burst = limits->burst_per_address > 0 ? limits->burst_per_address : 1;
        return (struct rate){1000 / limits->per_second_per_address, burst};
    }
    return (struct rate){0, 1};
}

/* Whether the address's own rate allows one now; the instant when it will. */
static bool address_allows(struct address *address, struct rate rate, bool reserved, int64_t now_ms,
                           double *ret_at_ms)
{
    double now = (double)now_ms;
    double tolerance = rate.interval_ms * (rate.burst - 1);
    double free_at = address->used_until_ms - tolerance;
    bool others_wait = !reserved && address->reserved_until_ms > now;
    if (free_at <= now && !others_wait) {
        return true;
    }
    double at = free_at > address->reserved_until_ms ? free_at : address->reserved_until_ms;
    address->reserved_until_ms = at + rate.interval_ms;
    *ret_at_ms = at;
    return false;
}

struct slot_grant pacer_ask(struct pacer *pacer, enum channel_kind kind, struct str address_text,
                            enum message_class class, bool reserved, int64_t now_ms)
{
    struct pace *pace = &pacer->paces[kind];
    int tier = tier_of(class);
    if (pace->paused_until_ms > now_ms) {
        return reserve(pace, tier, (double)pace->paused_until_ms, now_ms);
    }
    struct rate rate = rate_of(&pace->limits, address_text);
    struct address *address = address_of(pacer, kind, address_text, rate.interval_ms > 0, now_ms);
    double at_ms = 0;
    if (address != NULL && address->paused_until_ms > now_ms) {
        return refuse((double)address->paused_until_ms, now_ms);
    }
    if (rate.interval_ms > 0 && !address_allows(address, rate, reserved, now_ms, &at_ms)) {
        return refuse(at_ms, now_ms);
    }
    if (pace->limits.per_second > 0) {
        fill(pace, now_ms);
        double needed = 1 + pace->capacity * TIER[tier].reserve;
        needed = needed < pace->capacity ? needed : pace->capacity;
        bool others_wait = !reserved && pace->next_ms[tier] > (double)now_ms;
        if (others_wait || pace->tokens < needed) {
            double missing = needed > pace->tokens ? needed - pace->tokens : 0;
            return reserve(pace, tier, (double)now_ms + missing * 1000 / pace->limits.per_second,
                           now_ms);
        }
        pace->tokens -= 1;
    }
    if (rate.interval_ms > 0) {
        double from =
            address->used_until_ms > (double)now_ms ? address->used_until_ms : (double)now_ms;
        address->used_until_ms = from + rate.interval_ms;
    }
    return (struct slot_grant){.granted = true};
}

void pacer_note(struct pacer *pacer, enum channel_kind kind, int64_t now_ms)
{
    struct pace *pace = &pacer->paces[kind];
    if (pace->limits.per_second > 0) {
        fill(pace, now_ms);
        pace->tokens = pace->tokens > 1 ? pace->tokens - 1 : 0;
    }
}

void pacer_pause(struct pacer *pacer, enum channel_kind kind, struct str address_text,
                 int64_t until_ms)
{
    int64_t *until = &pacer->paces[kind].paused_until_ms;
    if (address_text.length > 0) {
        until = &address_of(pacer, kind, address_text, true, 0)->paused_until_ms;
    }
    *until = *until > until_ms ? *until : until_ms;
}

int64_t pacer_backlog_ms(const struct pacer *pacer, enum channel_kind kind,
                         enum message_class class, int64_t now_ms)
{
    const struct pace *pace = &pacer->paces[kind];
    double next_ms = pace->next_ms[tier_of(class)];
    double paused_ms = (double)pace->paused_until_ms;
    double ahead = (next_ms > paused_ms ? next_ms : paused_ms) - (double)now_ms;
    return ahead > 0 ? (int64_t)ahead : 0;
}
