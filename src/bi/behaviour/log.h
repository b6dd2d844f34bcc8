/* The behaviour log: a copy of what people did, sorted by person, in columns, so that one pass over
 * it answers questions about everybody. It is derived: dropped and built again at will; the truth
 * is in the store.
 *
 * A person's events stand together, oldest first; events of one instant keep the order in which
 * they were added. An event costs five bytes (the second, what happened), two more where instants
 * have milliseconds, two for each property that was asked for.
 *
 * A log goes on as its next edition (behaviour_log_next): it shares what did not change. People
 * with new events get their trail written anew behind all others; the old place is lost until half
 * of the columns are, and all trails are then put together again. One thread builds editions, each
 * from the newest; what behaviour_finish ended does not change any more, and any number of threads
 * may read it. Limits: 4,294,967,294 events, instants of 1970 .. 2106,
 * BEHAVIOUR_TYPES_MAX kinds of events, 65,535 values of an attribute or a property. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "bi/behaviour/names.h"
#include "core/event.h"

enum {
    BEHAVIOUR_TYPES_MAX = 256,    /* our own and names of tracked events */
    BEHAVIOUR_COLUMNS_MAX = 16,   /* attributes, and properties */
    BEHAVIOUR_VALUES_MAX = 65535, /* of one column */
};

/* Values as numbers of a dictionary; number 0 is "", none. */
struct behaviour_column {
    struct str name;
    struct names values;
    uint16_t *codes; /* by person or by event */
};

struct behaviour_log {
    atomic_uint holders;
    struct behaviour_texts *texts; /* of the dictionaries */

    /* By person. Their events are [first[i], last[i]). */
    uint32_t person_count;
    int64_t *person_id;
    int64_t *joined_at_ms;
    uint32_t *first, *last;
    struct behaviour_column attributes[BEHAVIOUR_COLUMNS_MAX];
    int attribute_count;

    /* By event. */
    uint32_t event_count;
    uint32_t event_end; /* of the columns; what is nobody's any more included */
    uint32_t *at_s;
    uint16_t *at_ms; /* the milliseconds within the second; NULL: all are 0 */
    uint8_t *type;   /* number in `types` */
    struct behaviour_column properties[BEHAVIOUR_COLUMNS_MAX];
    int property_count;

    struct names types;           /* number = enum event_type + 1 for ours, then tracked ones */
    bool types_full;              /* some tracked events lost their name and are just "tracked" */
    int64_t oldest_ms, newest_ms; /* of the events; 0 without any */
    struct behaviour_staging *staging; /* between new or next and finish */
};

/* An empty log that will have these attributes of people and properties of events. */
struct behaviour_log *behaviour_log_new(const struct str *attributes, int attribute_count,
                                        const struct str *properties, int property_count);
/* The next edition of a finished log, to which more can be added, and of which people can be taken
 * away before anything is added. The log stays as it is. */
struct behaviour_log *behaviour_log_next(const struct behaviour_log *log);
/* One holder more; gives the log. Only a finished one. */
struct behaviour_log *behaviour_log_share(struct behaviour_log *log);
/* One holder less; the last one frees it. Any thread. Accepts NULL. */
void behaviour_log_free(struct behaviour_log *log);

/* The next person; their number counts from 0. */
uint32_t behaviour_add_person(struct behaviour_log *log, int64_t id, int64_t joined_at_ms);
void behaviour_set_joined(struct behaviour_log *log, uint32_t person, int64_t joined_at_ms);
/* Takes the person away, with all events; the last person gets the number. */
void behaviour_drop_person(struct behaviour_log *log, uint32_t person);
/* Takes the person's events away. */
void behaviour_drop_events(struct behaviour_log *log, uint32_t person);
/* ERR_LIMIT when the attribute has too many different values. */
MUST_CHECK enum err behaviour_set_attribute(struct behaviour_log *log, uint32_t person,
                                            int attribute, struct str value,
                                            struct err_detail *detail);
/* The number of a tracked event's name; of "tracked" itself when there are too many names. */
uint8_t behaviour_tracked_type(struct behaviour_log *log, struct str name);
/* Of one of our own. */
static inline uint8_t behaviour_own_type(enum event_type type)
{
    return (uint8_t)(type + 1);
}
/* Adds an event of the person; one that lies before 1970 or after 2106 counts as of that end. */
MUST_CHECK enum err behaviour_add_event(struct behaviour_log *log, uint32_t person, int64_t at_ms,
                                        uint8_t type, struct err_detail *detail);
/* Of the event that was added last. */
MUST_CHECK enum err behaviour_set_property(struct behaviour_log *log, int property,
                                           struct str value, struct err_detail *detail);
/* Sorts what was added. Only then the log can be asked. */
void behaviour_finish(struct behaviour_log *log);

/* Bytes that the log takes, without its dictionaries. */
int64_t behaviour_log_bytes(const struct behaviour_log *log);
/* What it takes at most until what was added is sorted. */
int64_t behaviour_log_peak_bytes(const struct behaviour_log *log);

static inline int64_t behaviour_at_ms(const struct behaviour_log *log, uint32_t event)
{
    return (int64_t)log->at_s[event] * 1000 + (log->at_ms != NULL ? log->at_ms[event] : 0);
}
