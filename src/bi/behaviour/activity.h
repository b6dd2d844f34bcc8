/* How many people are active, day by day, week by week: distinct people, and where they come from
 * (lifecycle). */
#pragma once

#include "base/json.h"
#include "bi/behaviour/periods.h"
#include "bi/behaviour/question.h"

struct activity_question {
    struct behaviour_question common; /* [from, to) bounds the rows; what was before is known */
    struct str what;                  /* event that counts as activity; "" active */
    enum period period;
    int week_starts; /* 1 Monday .. 7 Sunday; 0: Monday */
};

struct activity_row {
    struct str period; /* its first day */
    int64_t active;    /* people with an event in it: new + returning + resurrected */
    int64_t fresh;     /* "new": their first event of all */
    int64_t returning; /* active in the period before, too */
    int64_t resurrected;
    int64_t dormant; /* active in the period before, not in this one */
    /* Days only: people active in the 7 and the 30 days that end with this one. */
    int64_t wau, mau;
};
struct activity_group {
    struct str name;
    struct activity_row *rows; /* row_count of them, oldest first */
};
struct activity_answer {
    enum period period;
    bool last_is_open; /* the last period is still going on */
    int row_count, group_count;
    struct activity_group *groups; /* in the arena; all together stand behind them */
};

MUST_CHECK enum err behaviour_activity(const struct behaviour_log *log, struct arena *arena,
                                       const struct activity_question *question,
                                       struct activity_answer *ret_answer,
                                       struct err_detail *detail);
/* New reference. */
json_t *behaviour_activity_json(const struct activity_answer *answer);
