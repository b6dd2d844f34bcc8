/* A token bucket for each channel, filled at its rate, and for each address the instant until which
 * its own rate is used up. The priorities share the bucket; each but the first leaves some tokens
 * for those before it. */
#include "engine/pacer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/check.h"
#include "base/limits.h"

enum {
    GROUP_BURST = 3,
    KEY_BYTES = 96,
    WAKES_PER_SECOND = 4 /* a line that waits for room is looked at so often: few commits */
};

/* The part of the bucket that a priority leaves to those before it. */
static const double RESERVE[PRIORITY_COUNT] = {
    [PRIORITY_REPLY] = 0,   [PRIORITY_ONBOARDING] = 0.2, [PRIORITY_FOLLOWUP] = 0.2,
    [PRIORITY_NUDGE] = 0.4, [PRIORITY_BROADCAST] = 0.5,
};

struct address {
    UT_hash_handle hh;
    double used_until_ms;    /* the rate is used up to this instant */
    double replies_until_ms; /* the next reply refused comes after this */
    double others_until_ms;  /* the next other one */
    int64_t paused_until_ms;
    char key[]; /* kind, then the address */
};

struct pace {
    struct channel_limits limits;
    double tokens;
    double capacity;
    int64_t filled_at_ms;
    int64_t paused_until_ms;
};

/* What an address was before the batch. */
struct undo {
    struct address *address;
    double used_until_ms, replies_until_ms, others_until_ms;
};

struct pacer {
    struct pace paces[CHANNEL_COUNT];
    double tokens_before[CHANNEL_COUNT]; /* the batch */
    int64_t filled_before_at_ms[CHANNEL_COUNT];
    struct address *addresses;
    struct undo *undos;
    int undo_count, undo_capacity;
};

struct pacer *pacer_new(void)
{
    struct pacer *pacer = calloc(1, sizeof(*pacer));
    ASSERT(pacer != NULL);
    return pacer;
}

static double later(double a, double b)
{
    return a > b ? a : b;
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
    free(pacer->undos);
    free(pacer);
}

/* Only between batches: what a batch touched must be found again. */
static void forget_idle(struct pacer *pacer, int64_t now_ms)
{
    struct address *address, *next;
    HASH_ITER (hh, pacer->addresses, address, next) {
        double busy_until_ms = later(address->used_until_ms,
                                     later(address->replies_until_ms, address->others_until_ms));
        if (busy_until_ms <= (double)now_ms && address->paused_until_ms <= now_ms) {
            forget(pacer, address);
        }
    }
}

void pacer_begin(struct pacer *pacer, int64_t now_ms)
{
    pacer->undo_count = 0;
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        pacer->tokens_before[i] = pacer->paces[i].tokens;
        pacer->filled_before_at_ms[i] = pacer->paces[i].filled_at_ms;
    }
    if (HASH_COUNT(pacer->addresses) >= LIMIT_PACED_ADDRESSES) {
        forget_idle(pacer, now_ms);
    }
}

void pacer_roll_back(struct pacer *pacer)
{
    while (pacer->undo_count > 0) {
        const struct undo *undo = &pacer->undos[--pacer->undo_count];
        undo->address->used_until_ms = undo->used_until_ms;
        undo->address->replies_until_ms = undo->replies_until_ms;
        undo->address->others_until_ms = undo->others_until_ms;
    }
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        pacer->paces[i].tokens = pacer->tokens_before[i];
        pacer->paces[i].filled_at_ms = pacer->filled_before_at_ms[i];
    }
}

static void remember(struct pacer *pacer, struct address *address)
{
    if (pacer->undo_count == pacer->undo_capacity) {
        pacer->undo_capacity =
            pacer->undo_capacity == 0 ? PORTION(64, 1) : 2 * pacer->undo_capacity;
        pacer->undos = realloc(pacer->undos, (size_t)pacer->undo_capacity * sizeof(*pacer->undos));
        ASSERT(pacer->undos != NULL);
    }
    pacer->undos[pacer->undo_count++] = (struct undo){
        address, address->used_until_ms, address->replies_until_ms, address->others_until_ms};
}

static struct address *address_of(struct pacer *pacer, enum channel_kind kind, struct str text)
{
    char key[KEY_BYTES];
    key[0] = (char)kind;
    size_t length = 1 + str_copy(key + 1, sizeof(key) - 1, text);
    struct address *address = NULL;
    HASH_FIND(hh, pacer->addresses, key, length, address);
    if (address == NULL) {
        address = calloc(1, sizeof(*address) + length);
        ASSERT(address != NULL);
        memcpy(address->key, key, length);
        HASH_ADD_KEYPTR(hh, pacer->addresses, address->key, length, address);
    }
    return address;
}

static int64_t after(double at_ms, int64_t now_ms)
{
    int64_t at = (int64_t)at_ms + 1;
    return at > now_ms ? at : now_ms + 1;
}

/* ---- the rate of an address ---- */

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

/* Whether the address's own rate allows one now. Replies go before others that have an instant
 * already, but not before each other. */
static struct grant ask_address(struct address *address, struct rate rate, enum priority priority,
                                bool reserved, int64_t now_ms)
{
    bool is_reply = priority == PRIORITY_REPLY;
    double free_at_ms = address->used_until_ms - rate.interval_ms * (rate.burst - 1);
    double waiting_ms = is_reply ? address->replies_until_ms
                                 : later(address->replies_until_ms, address->others_until_ms);
    if (address->paused_until_ms > now_ms) {
        return (struct grant){GRANT_PAUSED, address->paused_until_ms};
    }
    if (reserved || (free_at_ms <= (double)now_ms && waiting_ms <= (double)now_ms)) {
        return (struct grant){.verdict = GRANT_SEND};
    }
    double at_ms = later(later(free_at_ms, waiting_ms), (double)now_ms);
    *(is_reply ? &address->replies_until_ms : &address->others_until_ms) = at_ms + rate.interval_ms;
    return (struct grant){GRANT_RESERVED, after(at_ms, now_ms)};
}

/* ---- the rate of the channel ---- */

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

int pacer_room(struct pacer *pacer, enum channel_kind kind, enum priority priority, int64_t now_ms,
               int64_t *ret_at_ms)
{
    struct pace *pace = &pacer->paces[kind];
    if (pace->paused_until_ms > now_ms) {
        *ret_at_ms = pace->paused_until_ms;
        return 0;
    }
    if (pace->limits.per_second <= 0) {
        return INT_MAX;
    }
    fill(pace, now_ms);
    double left = pace->capacity * RESERVE[priority];
    left = left < pace->capacity - 1 ? left : pace->capacity - 1;
    double room = pace->tokens - left;
    if (room >= 1) {
        return (int)room;
    }
    double wanted = later(1, pace->limits.per_second / WAKES_PER_SECOND);
    wanted = wanted < pace->capacity - left ? wanted : pace->capacity - left;
    *ret_at_ms = after((double)now_ms + (wanted - room) * 1000 / pace->limits.per_second, now_ms);
    return 0;
}

struct grant pacer_ask(struct pacer *pacer, enum channel_kind kind, struct str address_text,
                       enum priority priority, bool reserved, int64_t now_ms)
{
    struct pace *pace = &pacer->paces[kind];
    int64_t room_at_ms;
    if (pacer_room(pacer, kind, priority, now_ms, &room_at_ms) == 0) {
        return (struct grant){.verdict = GRANT_LINE};
    }
    struct rate rate = rate_of(&pace->limits, address_text);
    if (rate.interval_ms > 0) {
        struct address *address = address_of(pacer, kind, address_text);
        remember(pacer, address);
        struct grant grant = ask_address(address, rate, priority, reserved, now_ms);
        if (grant.verdict != GRANT_SEND) {
            return grant;
        }
        address->used_until_ms = later(address->used_until_ms, (double)now_ms) + rate.interval_ms;
    }
    pace->tokens -= pace->limits.per_second > 0 ? 1 : 0;
    return (struct grant){.verdict = GRANT_SEND};
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
        until = &address_of(pacer, kind, address_text)->paused_until_ms;
    }
    *until = *until > until_ms ? *until : until_ms;
}
