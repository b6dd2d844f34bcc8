/* Who comes back: people by the day, week or month of their beginning, and how many of them were
 * active so many periods later. */
#pragma once

#include "base/json.h"
#include "bi/behaviour/periods.h"
#include "bi/behaviour/question.h"
#include "bi/stats.h"

struct retention_question {
    struct behaviour_question
        common;       /* [from, to) bounds the beginning; returns are counted to now */
    struct str start; /* event that begins; "" joining */
    struct str back;  /* event that counts as coming back; "" active */
    enum period period;
    int week_starts; /* 1 Monday .. 7 Sunday; 0: Monday */
    /* false: cell k is [start + k periods, start + (k + 1) periods) of each person, among those who
     * have lived all of it. true: cell k is the k-th day, week or month after that of the start. */
    bool calendar;
    /* With calendar: people belong to every period in which they had the start event, not only to
     * that of their first one; events of a period count as returns wherever in it they lie. */
    bool recurring;
    int cells; /* at most; 0: 30 days, 13 weeks, 12 months */
};

struct retention_row {
    struct str cohort; /* its first day */
    int64_t people;
    int cells;         /* known so far */
    struct rate *cell; /* of those who have lived it, or of all with calendar */
    bool last_is_open; /* with calendar: the last period is still going on */
};
struct retention_group {
    struct str name;
    struct retention_row *rows; /* row_count of them, oldest first */
};
struct retention_answer {
    int row_count, cell_count, group_count;
    enum period period;
    struct retention_group *groups; /* in the arena; all together stand behind them */
};

MUST_CHECK enum err behaviour_retention(const struct behaviour_log *log, struct arena *arena,
                                        const struct retention_question *question,
                                        struct retention_answer *ret_answer,
                                        struct err_detail *detail);
/* New reference. */
json_t *behaviour_retention_json(const struct retention_answer *answer);
