/* When people act: the hours of the week. */
#pragma once

#include "base/json.h"
#include "bi/behaviour/question.h"

enum { HOURS_OF_WEEK = 7 * 24 };

struct hours_question {
    struct behaviour_question common;
    struct str what; /* events that are counted; "" active */
    struct str zone; /* IANA name; "" UTC */
};

struct hours_group {
    struct str name;
    int64_t events[HOURS_OF_WEEK]; /* from Monday 0:00 on, on the zone's clock */
};

struct hours_answer {
    int group_count;
    struct hours_group *groups; /* in the arena; all together stand behind them */
};

MUST_CHECK enum err behaviour_hours(const struct behaviour_log *log, struct arena *arena,
                                    const struct hours_question *question,
                                    struct hours_answer *ret_answer, struct err_detail *detail);
/* New reference. */
json_t *behaviour_hours_json(const struct hours_answer *answer);
