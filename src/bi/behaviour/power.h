/* How unequally people act: the power curve. */
#pragma once

#include "base/json.h"
#include "bi/behaviour/question.h"

enum { POWER_LORENZ_POINTS = 11, POWER_TOPS = 6 };

struct power_question {
    struct behaviour_question common;
    struct str what; /* events that are counted; "" active */
};

struct power_group {
    struct str name;
    int64_t people, events;
    int64_t most; /* of one person */
    double gini;  /* 0 all alike .. 1 one has all; NAN without events */
    /* Share of all events (0..1) of the least active 0, 10, … 100 % of people; NAN without any. */
    double lorenz[POWER_LORENZ_POINTS];
    /* Of the most active power_top_permille(i) of people, rounded down: how many they are, and
     * how many events they have. */
    int64_t top_people[POWER_TOPS], top_events[POWER_TOPS];
};

struct power_answer {
    int group_count;
    struct power_group *groups; /* in the arena; all together stand behind them */
};

/* 10, 50, 100, 167, 200, 500. */
int power_top_permille(int top);

MUST_CHECK enum err behaviour_power(const struct behaviour_log *log, struct arena *arena,
                                    const struct power_question *question,
                                    struct power_answer *ret_answer, struct err_detail *detail);
/* New reference. */
json_t *behaviour_power_json(const struct power_answer *answer);
