/* What all questions to the behaviour log have in common: about whom, when, and by what they are
 * divided into groups; and the events that a question names, made ready for a pass over the log. */
#pragma once

#include "bi/behaviour/log.h"
#include "bi/behaviour/words.h"

enum { BEHAVIOUR_GROUPS_MAX = 100 };

/* As it is asked; {0} asks about everybody, always, in one group. */
struct behaviour_question {
    struct str where;       /* conditions on attributes of people (words.h) */
    struct str by;          /* attribute to divide people by, "" none */
    int64_t from_ms, to_ms; /* events in [from, to); to 0: no bound */
    int64_t now_ms;         /* the instant of evaluation; 0: that of the newest event */
    int threads;            /* 0: as many as there are cores */
};

/* Attributes and properties that have to be in a log to answer. */
struct behaviour_wants {
    struct str attributes[BEHAVIOUR_COLUMNS_MAX];
    int attribute_count;
    struct str properties[BEHAVIOUR_COLUMNS_MAX];
    int property_count;
};
/* A text of events, and the field that it came in. */
struct behaviour_text {
    const char *field;
    struct str text;
};
/* Adds what the question and its texts (each may be "") name. ERR_LIMIT: too many. */
MUST_CHECK enum err behaviour_wants_add(struct behaviour_wants *wants, struct arena *arena,
                                        const struct behaviour_question *question,
                                        const struct behaviour_text *texts, int text_count,
                                        struct err_detail *detail);

struct behaviour_test {
    const uint16_t *codes;
    int code; /* NAMES_NONE: nothing has that value */
    bool negate;
};

/* People and time, for the pass. */
struct behaviour_who {
    const struct behaviour_log *log;
    struct behaviour_test tests[BEHAVIOUR_CONDITIONS_MAX];
    int test_count;
    int64_t from_ms, to_ms; /* to is INT64_MAX without bound */
    int64_t now_ms;
    bool whole;                  /* the log holds nothing outside of [from, to) */
    const uint16_t *group_codes; /* NULL: one group */
    int16_t *group_of;           /* by code, -1: nobody */
    int group_count;
    struct str *groups; /* their names; "" for the one */
    int threads;
};
/* Errors name the field: where, by, from, to. */
MUST_CHECK enum err behaviour_who_of(const struct behaviour_log *log, struct arena *arena,
                                     const struct behaviour_question *question,
                                     struct behaviour_who *ret_who, struct err_detail *detail);

static inline bool behaviour_is_meant(const struct behaviour_who *who, uint32_t person)
{
    for (int i = 0; i < who->test_count; i++) {
        const struct behaviour_test *test = &who->tests[i];
        if ((test->codes[person] == test->code) == test->negate) {
            return false;
        }
    }
    return true;
}
static inline int behaviour_group(const struct behaviour_who *who, uint32_t person)
{
    return who->group_codes == NULL ? 0 : who->group_of[who->group_codes[person]];
}
/* The person's events of the time asked for: [*ret_first, result). */
uint32_t behaviour_trail(const struct behaviour_who *who, uint32_t person, uint32_t *ret_first);

/* Events that count, for the pass. */
struct behaviour_events {
    bool type[BEHAVIOUR_TYPES_MAX];
    bool all; /* every event counts */
    struct behaviour_test tests[BEHAVIOUR_CONDITIONS_MAX];
    int test_count;
};
/* Names are those of event types and of tracked events; "any" is all, "active" whatever is activity
 * (core/event.h), "tracked" all tracked ones. A name that is neither is ERR_INVALID. */
MUST_CHECK enum err behaviour_events_of(const struct behaviour_log *log, const char *field,
                                        const struct behaviour_term *term,
                                        struct behaviour_events *ret_events,
                                        struct err_detail *detail);
/* The same of a text with one term. */
MUST_CHECK enum err behaviour_events_read(const struct behaviour_log *log, struct arena *arena,
                                          const char *field, struct str text,
                                          struct behaviour_events *ret_events,
                                          struct err_detail *detail);

static inline bool behaviour_has_properties(const struct behaviour_events *events, uint32_t event)
{
    for (int i = 0; i < events->test_count; i++) {
        const struct behaviour_test *test = &events->tests[i];
        if ((test->codes[event] == test->code) == test->negate) {
            return false;
        }
    }
    return true;
}
static inline bool behaviour_counts(const struct behaviour_log *log,
                                    const struct behaviour_events *events, uint32_t event)
{
    return events->all ||
           (events->type[log->type[event]] && behaviour_has_properties(events, event));
}

enum { BEHAVIOUR_PICKED_MAX = 4096 };
/* Numbers of the events of [first, last), at most BEHAVIOUR_PICKED_MAX of them, whose type is
 * wanted (1; 0 else). Without branches: a processor cannot foresee which are. */
static inline uint32_t behaviour_pick(const struct behaviour_log *log,
                                      const uint8_t wanted[BEHAVIOUR_TYPES_MAX], uint32_t first,
                                      uint32_t last, uint32_t picked[BEHAVIOUR_PICKED_MAX])
{
    uint32_t count = 0;
    for (uint32_t event = first; event < last; event++) {
        picked[count] = event;
        count += wanted[log->type[event]];
    }
    return count;
}
