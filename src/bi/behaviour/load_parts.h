/* What reading everything (load.c) and reading what is new (feed.c) share. Private to them. */
#pragma once

#include "base/limits.h"
#include "bi/behaviour/load.h"

enum {
    LOADING_ROWS = PORTION(20000, 3),
    LOADING_FIXED = 7, /* attributes that are always there */
    LOADING_PAGE_BYTES = 1024 * 1024
};

/* The columns of behaviour_events. */
enum {
    EVENT_ID,
    EVENT_USER,
    EVENT_AT,
    EVENT_TYPE,
    EVENT_JOURNEY,
    EVENT_STEP,
    EVENT_RULE,
    EVENT_DATA
};

/* Who was erased, joined into somebody else, or is a test person. */
struct gone {
    int64_t count, sum;
    int64_t edge_id; /* and events before this one have left */
};

struct loading {
    /* Of one reading. */
    struct store *store;
    struct arena *page; /* reset after each */
    struct err_detail *detail;

    int64_t bytes_max; /* that the log may take; 0: no bound */
    struct behaviour_log *log;
    uint32_t *slots; /* person + 1 by hash of the id; 0: empty */
    uint32_t slot_mask;

    int64_t last_id; /* the largest of the events that were read */
    int64_t *recent; /* ids of events since loading_since(last_id) at least, ascending */
    size_t recent_count, recent_room;
    struct gone gone;
};

/* An event with a smaller id may be committed after one with a larger: ids are made before the
 * transaction ends, by several processes, whose clocks differ. None comes later than this: a
 * transaction that stands still for half a minute has lost its lease. */
static inline int64_t loading_since(int64_t id)
{
    const int64_t LATE_MS = 60000;
    int64_t since = id - (LATE_MS << 21);
    return since > 0 ? since : 0;
}

/* Whether an attribute is read from runs: variant:EXPERIMENT. */
bool loading_is_variant(struct str attribute);
/* The whole log. The caller has begun to read and ends it. */
MUST_CHECK enum err loading_all(struct loading *loading, const struct behaviour_wants *wants);
void loading_release(struct loading *loading);

/* Number + 1 of who has the id; 0: nobody. */
uint32_t loading_person(const struct loading *loading, int64_t id);
/* Makes them known by their ids: all, and the one that was added last. */
void loading_index(struct loading *loading);
void loading_index_last(struct loading *loading);
/* From a row of behaviour_users, behaviour_variants and behaviour_events. */
MUST_CHECK enum err loading_take_person(struct loading *loading, uint32_t person,
                                        const struct cell *cell);
MUST_CHECK enum err loading_take_variants(struct loading *loading, uint32_t person,
                                          struct str variants);
MUST_CHECK enum err loading_take_event(struct loading *loading, const struct cell *cell);
/* ERR_FULL when the log would take more memory than it may. */
MUST_CHECK enum err loading_fits(const struct loading *loading);
/* A page of events with larger ids, on the page. */
MUST_CHECK enum err loading_events(struct loading *loading, int64_t after, struct rows *ret_rows);
/* That an event was read; ids ascend. */
void loading_note(struct loading *loading, int64_t id);
MUST_CHECK enum err loading_gone(struct loading *loading, struct gone *ret_gone);
