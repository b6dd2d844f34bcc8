/* What happened elsewhere, written into a person's rows as if it had happened here: commitments,
 * counters, streak, ladder, days of activity and the chain of events. In the order of time for each
 * person; nothing is decided and no journey is entered. Pure. */
#pragma once

#include "base/calendar.h"
#include "core/event.h"
#include "core/person.h"

struct id_source;

struct backfill {
    struct arena *arena;
    struct person *person;
    const struct zone *zone; /* of the person's days */
    struct id_source *ids;
    int64_t ids_at_ms;    /* new ids are of that instant; 0: of what happened */
    struct str rule;      /* of the events */
    struct event *events; /* to be appended after the person was saved */
    int event_count, event_capacity;
};

/* Something of the type happened; ref_id: the row it is about, 0 none. */
void backfill_event(struct backfill *backfill, enum event_type type, int64_t at_ms, int64_t ref_id);
/* One was made: a copy of `made` (text, size, source, external id, instants) as an open one. */
struct commitment *backfill_made(struct backfill *backfill, const struct commitment *made);
/* An open one ended as completed, missed or dropped. */
void backfill_ended(struct backfill *backfill, struct commitment *commitment,
                    enum commitment_state state, int64_t at_ms);
/* One that counts as missed was completed after all, later. */
void backfill_done_after_all(struct backfill *backfill, struct commitment *commitment,
                             int64_t at_ms);
