/* What life*.c share. Private to them; others use sim/life.h. */
#pragma once

#include "sim/life.h"

/* What the person is going to do. */
enum intent {
    INTENT_DAY,    /* another day begins: whether they commit to something */
    INTENT_TAP,    /* token */
    INTENT_WRITE,  /* text */
    INTENT_COMMIT, /* text */
    INTENT_DONE,   /* they tell that the commitment is done */
    INTENT_BLOCK
};

enum {
    INTENTS_MAX = 64,
    DEEDS_MAX = 64,
    UNANSWERED_MAX = 16,
    SENT_BUFFER = 256,
    TOKEN_BYTES = LIMIT_CALLBACK_BYTES + 1
};

struct intention {
    int64_t at_ms;
    enum intent intent;
    int64_t ref_id;  /* of a commitment; of INTENT_DAY: its number */
    struct str text; /* of the people's file */
    char token[TOKEN_BYTES];
};

/* What becomes of a commitment. */
struct deed {
    int64_t commitment_id;
    int64_t done_at_ms; /* 0: they do not do it by themselves */
};

struct life {
    const struct setting *setting;
    struct tally *tally;
    struct arena *arena; /* of the person and all that was decided since the last packing */
    struct arena *spare;
    size_t memory_most;

    uint64_t number;
    const struct persona *persona;
    int persona_index;
    const struct zone *zone;
    const struct voice *voice;
    char address[24];
    int64_t end_ms;
    uint64_t messages, commitments; /* so far: numbers of their streams of draws */
    int64_t received;               /* messages */
    bool has_blocked;
    bool has_committed; /* made one of their own */

    uint32_t sent_seconds[SENT_BUFFER]; /* of messages that the setting's count lacks */
    int sent_count;

    const struct past *past; /* what they did, instead of a persona; NULL in a rehearsal */
    int past_at;             /* the next of its inputs */

    struct person *person;
    struct world world;
    struct id_source ids;

    struct intention intentions[INTENTS_MAX];
    int intention_count;
    struct deed deeds[DEEDS_MAX]; /* of open commitments; the oldest is forgotten first */
    int deed_count;
    int64_t unanswered_at_ms[UNANSWERED_MAX]; /* messages that we began, newest last */
    int unanswered_count;
};

/* life.c: decides on the input and hands over what is to be sent; lives on to the end. */
void life_take(struct life *life, struct input *input);
void life_play(struct life *life);
/* life_relive.c: the next thing that the person did. */
void life_relive_next(struct life *life);

/* life_pack.c: counts the runs that are over and moves what is still needed to the spare arena. */
void life_pack(struct life *life);
/* Counts the run; it is not looked at again. */
void life_count_run(struct life *life, const struct run *run);

/* life_react.c: what the person makes of a message that has reached them. */
void life_react(struct life *life, const struct delivery *delivery);
/* A commitment was made: whether and when it will be done. */
void life_promise(struct life *life, int64_t commitment_id);
/* Whether and when they commit to something of their own accord on that day since joining. */
void life_begin_day(struct life *life, int64_t day);
const struct deed *life_deed(const struct life *life, int64_t commitment_id);
/* NULL when they have too much in mind already. */
struct intention *life_intend(struct life *life, enum intent intent, int64_t at_ms);
/* The first instant from then on at which they are awake. */
int64_t life_awake(const struct life *life, struct draws *draws, int64_t at_ms);
struct str life_saying(const struct life *life, struct draws *draws, enum saying saying);
