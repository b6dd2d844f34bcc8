/* A rehearsal: so many made-up people live through the journeys of one set, each on their own, on
 * all cores. The result depends on the options alone, never on the number of threads. */
#pragma once

#include "sim/life.h"

enum { SIM_USERS_MAX = 10 * 1000 * 1000, SIM_DAYS_MAX = 365, SIM_THREADS_MAX = 64 };

struct sim_options {
    const struct catalog *catalog;
    enum journey_set set; /* original or optimized: what newcomers get */
    const struct people *people;
    /* Quiet hours, caps, zone and language; channels are filled in, the rollout without keep. */
    struct installation installation;
    int64_t users; /* 1 .. SIM_USERS_MAX */
    int days;      /* 1 .. SIM_DAYS_MAX */
    uint64_t seed;
    int threads; /* 1 .. SIM_THREADS_MAX */
    int64_t start_ms;
    struct keep
        *keep; /* keeps the people, who live until keep_until_ms; then one thread. Or NULL */
    /* Told now and then by the calling thread; may be NULL. */
    void (*progress)(void *context, int64_t done, int64_t total);
    void *context;
};

/* Messages against a channel's limit of so many a second, if they leave as early as they may. */
struct sim_load {
    double limit_per_second;
    int64_t seconds_over; /* seconds in which more became due than the limit allows */
    int64_t busiest_second_ms, busiest_second_count;
    int64_t busiest_hour_ms, busiest_hour_count;
    /* The longest time that the messages waiting at some second need to leave. */
    int64_t longest_wait_s, longest_wait_at_ms;
    int64_t delayed;  /* messages that could not leave in their second */
    int64_t *by_hour; /* messages in each hour since start_ms */
    int hour_count;
};

struct sim_result {
    struct tally tally;
    struct sim_load load;
    size_t bytes_per_person; /* the most that one took */
};

/* The result lives in the arena. Blocks until all is done; uses options->threads threads. */
const struct sim_result *sim_run(struct arena *arena, const struct sim_options *options);
