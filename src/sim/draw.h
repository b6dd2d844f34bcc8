/* Chance in the rehearsal: draws that depend on nothing but (seed, person, purpose, number). Any
 * order of people, any number of threads and any machine give the same ones; and the same person
 * meets the same luck under two definitions, as far as the same things happen. Integers only.
 * Pure, any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What a stream of draws is for: streams of different purposes are independent. */
enum draw_purpose {
    DRAW_TRAITS = 1, /* who the person is; number 0 */
    DRAW_DAY,        /* what they do by themselves; number: the day since joining */
    DRAW_MESSAGE,    /* what they make of a message; number: of the message */
    DRAW_COMMITMENT  /* what becomes of a commitment; number: of the commitment */
};

struct draws {
    uint64_t state;
};

struct draws draws_of(uint64_t seed, uint64_t person, enum draw_purpose purpose, uint64_t number);
uint64_t draw_bits(struct draws *draws);
/* 0 .. below - 1; below > 0. */
uint32_t draw_below(struct draws *draws, uint32_t below);
/* True in so many of 10000 cases. */
bool draw_chance(struct draws *draws, int permyriad);
/* An index by weights (>= 0, their sum > 0). */
int draw_weighted(struct draws *draws, const int *weights, int count);

/* A log-normal span of time: half of them are shorter than the median; sigma 1000 means that two
 * thirds lie within a factor of e. */
struct span {
    int64_t median_ms;  /* 0 .. 30 days */
    int sigma_permille; /* 0 .. 3000 */
};
int64_t draw_span_ms(struct draws *draws, const struct span *span);
