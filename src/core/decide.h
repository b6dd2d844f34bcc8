/* The decision function: (what we know about the person, input, now) -> changes + decision.
 *
 * Pure: no I/O, no clock, no randomness but hashes of (user, journey, step, salt). Everything it
 * needs comes in by its arguments; all memory comes from the arena. The same function serves the
 * engine, the simulator, replay and tests. Thread: any, one person at a time. */
#pragma once

#include "base/calendar.h"
#include "base/ids.h"
#include "core/catalog.h"
#include "core/decision.h"
#include "core/experiment.h"
#include "core/input.h"
#include "core/person.h"
#include "core/trace.h"

/* What is in force for the whole installation, read-only during a batch. */
struct rollout {
    struct str name; /* "superior_onboarding" */
    struct str seed;
    int share_permyriad;      /* of 10000; decided per user by hash at first contact */
    int64_t started_at_ms;    /* 0: not yet */
    bool rolled_back_entries; /* optimized journeys take nobody new: first contacts get the original
                               */
    bool rolled_back_nurture; /* nurture journeys (all but onboarding) of the optimized set are off
                               */
    bool stage_existing_rescue;
    bool stage_existing_amplification;
    bool held; /* no automatic moves */
};

struct installation {
    const struct zone *default_zone;
    const char *default_language;
    int quiet_from_minute, quiet_to_minute; /* equal: none */
    int64_t nudge_min_gap_ms;
    int nudge_per_day;
    bool groups_in_use;
    bool channels[CHANNEL_COUNT]; /* those that exist here */
    struct str bot_name;          /* for links; "" unknown */
    struct str public_url;        /* "" unknown */
    struct rollout rollout;
    const struct experiments *experiments; /* NULL: none was started */
};

/* Facts about the whole population that only some chat commands read; NULL when unknown. */
struct population {
    int active_users;
    double percentile;      /* 0..100 of this user among active users */
    struct str leaderboard; /* Markdown lines, already made safe */
    double typical_hours;   /* median time to completion of all; NAN unknown */
    double quick_percent;   /* completed within 24 h, of completed; NAN unknown */
};

struct world {
    const struct catalog *catalog;
    const struct installation *installation;
    const struct population *population; /* may be NULL */
    int64_t now_ms;
    struct id_source *ids; /* new rows' ids come from here (slot of the user) */
    struct trace *trace;   /* what is looked at is noted here; may be NULL */
};

/* Decides on one input about the person. A new user comes with is_new set, id, joined_at_ms and the
 * contact that the input gave, all else zero but quiet_from_minute, quiet_to_minute and ladder_rung
 * (-1: person_init): assignment happens here. For INPUT_GROUP person may be NULL. */
void decide(struct arena *arena, const struct world *world, struct person *person,
            const struct input *input, struct decision *ret_decision);
