/* What is counted in a rehearsal: whole numbers only, so that the tallies of many threads add up to
 * the same sums in any order. Plain data. */
#pragma once

#include "base/limits.h"
#include "core/catalog.h"
#include "core/decision.h"
#include "sim/people.h"

/* Completion times are kept by the minute up to a week, longer ones in the last place. */
enum { TALLY_MINUTES = 7 * 24 * 60 + 1 };
/* Why a message was held or not sent; others are counted together. */
enum held_why { HELD_QUIET, HELD_CAP, HELD_OTHER, HELD_COUNT };
enum unsent_why {
    UNSENT_CAP,
    UNSENT_UNREACHABLE,
    UNSENT_RUN_ENDED, /* the answer came first */
    UNSENT_LATE,      /* expired */
    UNSENT_OTHER,
    UNSENT_COUNT
};

struct step_tally {
    int64_t sent;      /* those younger than the step's no-answer time left out, completed or not */
    int64_t completed; /* of these */
    int64_t assisted;  /* of these, by the recovery or the smallest alternative */
    int64_t recoveries, smaller, skipped;
};

struct journey_tally {
    int64_t entered;
    int64_t ended[RUN_STOPPED + 1]; /* by outcome */
    int64_t graduated;
    struct step_tally steps[RUN_STEPS_MAX];
};

struct persona_tally {
    int64_t people, converted, converted_outside, commitments, completed, messages, blocked;
};

struct tally {
    int64_t decided[INPUT_MOVE + 1]; /* calls of decide, by the kind of input */
    int64_t people;
    int64_t converted, converted_outside, activated;
    int64_t commitments, completed, quick, missed, dropped;
    int64_t outside, outside_completed; /* those made outside onboarding */
    int64_t completion_ms_sum;
    int64_t completion_minutes[TALLY_MINUTES];
    int64_t power_people, power_commitments;
    int64_t messages[CLASS_NUDGE + 1];
    int64_t messages_squared; /* sum over people */
    int64_t most_messages;    /* not a sum: of one person */
    int64_t held[HELD_COUNT];
    int64_t unsent[UNSENT_COUNT];
    int64_t blocked;
    /* How it stands with people at the end. */
    int64_t waiting;      /* something is planned for them */
    int64_t unreachable;  /* they blocked the bot, or said stop */
    int64_t at_rest;      /* silent, and brought back as often as the journeys do */
    int64_t without_next; /* none of these: forgotten. Must be none */
    int64_t broken;       /* a run breaks an invariant of core/run.h. Must be none */
    /* Of a replay. */
    int64_t deeds;      /* what people did, played again */
    int64_t deeds_lost; /* taps on something that did not come about this time */
    int64_t left_out;   /* people of whom not enough is kept */
    struct persona_tally personas[PERSONAS_MAX];
    struct journey_tally journeys[LIMIT_JOURNEYS]; /* as in the catalog */
};

void tally_add(struct tally *sum, const struct tally *part);
int64_t tally_decisions(const struct tally *tally);
int64_t tally_messages(const struct tally *tally);
