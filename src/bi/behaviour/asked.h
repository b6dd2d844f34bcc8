/* A question to the behaviour log as people ask it: texts by their names, read the same way for the
 * terminal and for the API. What each name means is told in docs/reference/behaviour.md. */
#pragma once

#include "bi/behaviour/activity.h"
#include "bi/behaviour/funnel.h"
#include "bi/behaviour/hours.h"
#include "bi/behaviour/paths.h"
#include "bi/behaviour/power.h"
#include "bi/behaviour/retention.h"
#include "bi/behaviour/times.h"

enum asked_kind {
    ASKED_FUNNEL,
    ASKED_RETENTION,
    ASKED_PATHS,
    ASKED_ACTIVITY,
    ASKED_POWER,
    ASKED_HOURS,
    ASKED_TIMES
};

/* Gives the text of that name, STR_NONE (without a pointer) when it was not given; flags are "true"
 * or "false". */
struct asked_words {
    struct str (*get)(void *context, const char *name);
    void *context;
};

struct asked {
    enum asked_kind kind;
    struct behaviour_wants wants; /* what a log needs to answer it */
    union {
        struct behaviour_question common; /* each of the others begins with it */
        struct funnel_question funnel;
        struct retention_question retention;
        struct paths_question paths;
        struct activity_question activity;
        struct power_question power;
        struct hours_question hours;
        struct times_question times;
    };
};

/* Without looking at a log; the instant of evaluation is left to the caller (common.now_ms). Texts
 * are borrowed from the words. ERR_INVALID and ERR_LIMIT name the one that is wrong. */
MUST_CHECK enum err asked_read(struct arena *arena, enum asked_kind kind,
                               const struct asked_words *words, struct asked *ret_asked,
                               struct err_detail *detail);
/* The answer as JSON, a new reference. Errors: as those of behaviour_funnel and its like. */
MUST_CHECK enum err asked_answer(const struct behaviour_log *log, struct arena *arena,
                                 const struct asked *asked, json_t **ret_json,
                                 struct err_detail *detail);
