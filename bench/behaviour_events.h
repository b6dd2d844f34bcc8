/* A made-up history of events, the same for every program that is measured: `count` events of
 * count / 50 people in 90 days from 2026-01-01 on, 12 kinds, in the order of time, seconds.
 *
 * Activity of people is skewed as it is in products: the person of rank r has events
 * proportional to (r / people + 0.02) ^ -1.5 (mean 50, a few of 1,450, least 4), and ranks are
 * scattered over the ids. People join evenly in 84 days, stay for 25 on average
 * (exponentially), and act in sittings of 1 to 8 events, 1 to 90 s apart, denser at the
 * beginning. The first event of a person is of kind 1, later ones 1: 2 %, 2: 8 %, 3: 6 %, 4: 5
 * %, 5: 12 %, 6: 9 %, 7 to 12: the rest. No two events of a person are at one instant, so that
 * every program must give the same answers. */
#pragma once

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { HISTORY_DAYS = 90, HISTORY_BEGIN_S = 1767225600, HISTORY_DAY_S = 86400 };
enum { HISTORY_SPAN_S = HISTORY_DAYS * HISTORY_DAY_S };

struct history {
    size_t count;
    uint32_t people;
    uint32_t *person; /* 1 .. people */
    uint32_t *at_s;   /* since 1970 */
    uint8_t *kind;    /* 1 .. 12 */
};

static inline uint64_t history_draw(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static inline double history_share(uint64_t *seed)
{
    return (double)(history_draw(seed) >> 11) * (1.0 / 9007199254740992.0);
}

/* How many events each id has. */
static uint32_t *history_counts(size_t count, uint32_t people)
{
    uint32_t *counts = calloc((size_t)people + 2, sizeof(*counts));
    double all = 0;
    for (uint32_t rank = 0; rank < people; rank++) {
        all += pow((rank + 0.5) / people + 0.02, -1.5);
    }
    double sum = 0;
    size_t before = 0;
    for (uint32_t rank = 0; rank < people; rank++) {
        sum += pow((rank + 0.5) / people + 0.02, -1.5);
        size_t until = rank == people - 1 ? count : (size_t)(sum / all * (double)count);
        counts[1 + (uint64_t)rank * 2654435761U % people] = (uint32_t)(until - before);
        before = until;
    }
    return counts;
}

static uint8_t history_kind(uint64_t *seed, int is_first)
{
    uint32_t p = (uint32_t)(history_draw(seed) % 100);
    if (is_first) {
        return 1;
    }
    return (uint8_t)(p < 2    ? 1
                     : p < 10 ? 2
                     : p < 16 ? 3
                     : p < 21 ? 4
                     : p < 33 ? 5
                     : p < 42 ? 6
                              : 7 + history_draw(seed) % 6);
}

/* Writes a person's n events behind those there are; instants count from the begin. */
static void history_live(struct history *into, uint32_t id, uint32_t n, uint32_t *per_second)
{
    uint64_t seed = id * 0x2545F4914F6CDD1DU;
    double joined = history_share(&seed) * 84 * 86400;
    double life = -log(1 - history_share(&seed)) * 25 * 86400;
    double least = 7200 + 60.0 * n;
    double most = 89.5 * 86400 - joined;
    life = life < least ? least : life;
    life = life > most ? most : life;
    uint32_t sittings = (uint32_t)ceil(n / 4.5);
    uint32_t sitting = 0;
    uint32_t left = 0;
    uint32_t at = 0;
    uint32_t last = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (left == 0) {
            double x = i == 0 ? 0 : ((double)sitting + history_share(&seed)) / sittings;
            x = x > 1 ? 1 : x;
            sitting++;
            left = 1 + (uint32_t)(history_draw(&seed) % 8);
            at = (uint32_t)(joined + life * pow(x, 1.5));
        } else {
            at = last + 1 + (uint32_t)(history_draw(&seed) % 90);
        }
        at = i > 0 && at <= last ? last + 1 : at;
        last = at;
        left--;
        at = at >= HISTORY_SPAN_S ? HISTORY_SPAN_S - 1 : at;
        into->kind[into->count] = history_kind(&seed, i == 0);
        into->person[into->count] = id;
        into->at_s[into->count] = at;
        into->count++;
        per_second[at]++;
    }
}

static struct history history_of(size_t count)
{
    return (struct history){0, 0, malloc(count * sizeof(uint32_t)),
                            malloc(count * sizeof(uint32_t)), malloc(count)};
}

static void history_free(struct history *history)
{
    free(history->person);
    free(history->at_s);
    free(history->kind);
}

static struct history history_make(size_t count)
{
    uint32_t people = (uint32_t)(count / 50);
    struct history made = history_of(count);
    struct history sorted = history_of(count);
    uint32_t *counts = history_counts(count, people);
    uint32_t *per_second = calloc(HISTORY_SPAN_S + 1, sizeof(*per_second));
    for (uint32_t id = 1; id <= people; id++) {
        if (counts[id] > 0) {
            history_live(&made, id, counts[id], per_second);
        }
    }
    uint32_t at = 0;
    for (uint32_t second = 0; second < HISTORY_SPAN_S; second++) {
        uint32_t here = per_second[second];
        per_second[second] = at;
        at += here;
    }
    for (size_t i = 0; i < made.count; i++) {
        uint32_t to = per_second[made.at_s[i]]++;
        sorted.person[to] = made.person[i];
        sorted.at_s[to] = HISTORY_BEGIN_S + made.at_s[i];
        sorted.kind[to] = made.kind[i];
    }
    sorted.count = made.count;
    sorted.people = people;
    history_free(&made);
    free(counts);
    free(per_second);
    return sorted;
}
