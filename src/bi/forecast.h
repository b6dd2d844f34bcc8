/* When will what is due within a day be out, under the limits of the channels? Minute by minute,
 * the earlier priorities of a channel first. Pure, any thread. It counts what the channel as a
 * whole lets through; the slower pace of one chat, retries and what is yet to be decided are left
 * out. */
#pragma once

#include "core/channel_kind.h"
#include "core/delivery.h"

enum { FORECAST_MINUTES = 24 * 60 };

struct forecast {
    int64_t due[CHANNEL_COUNT][PRIORITY_COUNT][FORECAST_MINUTES]; /* given */
    double per_second[CHANNEL_COUNT];                             /* given; 0: no limit */
    int64_t decisions; /* given: due too; each may make messages that nobody knows of yet */
    int64_t messages[CHANNEL_COUNT][PRIORITY_COUNT];
    int64_t waits_most_s[CHANNEL_COUNT][PRIORITY_COUNT]; /* the one that waits longest, from its
                                                          * minute to the one it goes out in */
    int64_t out_after_s[CHANNEL_COUNT][PRIORITY_COUNT];  /* the last one, from now; 0 none */
};

/* Fills the last three from the first two. */
void forecast_make(struct forecast *forecast);
