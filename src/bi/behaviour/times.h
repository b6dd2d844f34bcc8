/* How long it takes from one event to the next of another kind. */
#pragma once

#include "base/json.h"
#include "bi/behaviour/question.h"

enum { TIMES_BUCKETS = 11 };

struct times_question {
    struct behaviour_question common;
    struct str steps;  /* "A > B" */
    int64_t window_ms; /* only a B that comes so soon after A follows it; 0: no bound */
    bool first;        /* only the first A of each person, not every one */
};

struct times_group {
    struct str name;
    int64_t started;  /* As */
    int64_t followed; /* those with a B after them, the next of which is meant */
    /* Of followed ones; NAN without any. Percentiles by linear interpolation. */
    double mean_ms, median_ms, p90_ms;
    int64_t bucket[TIMES_BUCKETS]; /* took at most times_bucket_ms and more than the one before */
};

struct times_answer {
    struct str from, to; /* as written */
    int group_count;
    struct times_group *groups; /* in the arena; all together stand behind them */
};

/* The upper end of a bucket; INT64_MAX of the last. */
int64_t times_bucket_ms(int bucket);
/* "1 m", "24 h", …, "more". */
const char *times_bucket_name(int bucket);

MUST_CHECK enum err behaviour_times(const struct behaviour_log *log, struct arena *arena,
                                    const struct times_question *question,
                                    struct times_answer *ret_answer, struct err_detail *detail);
/* New reference. */
json_t *behaviour_times_json(const struct times_answer *answer);
