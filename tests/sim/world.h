/* The simulated world: one engine on one store, its channels, the people, and what happens when.
 *
 * Everything that happens is a happening at an instant of the world's time; happenings and the
 * engine's own due rows are served in order of time on one thread. The engine's clock is the
 * world's time plus a skew, which jumps. A crash throws away engine and store; after a while both
 * are opened again on what the disk kept. */
#pragma once

#include <stdio.h>

#include "auditor.h"
#include "base/config.h"
#include "base/limits.h"
#include "calls.h"
#include "dice.h"
#include "disk.h"
#include "engine/engine.h"
#include "faults.h"
#include "script.h"

struct person_actor; /* people.h */
struct update;       /* source.h */
struct mail;         /* mail.h */
struct planned;      /* provider.h: a report on its way */
struct sim;
struct world_result;

#define WORLD_LEASE_MS (6 * HOUR_MS)

struct world_options {
    uint64_t seed;
    int64_t happenings_max; /* then faults and people stop and everything drains; 0: no limit */
    bool trace;             /* tells what happens on standard error */
    int64_t dump_user_id;   /* 0: nobody; else that person's rows are shown at the end */
    const char *script; /* lives through it, with the faults whose turn it is; NULL: by chance */
    struct script_memory *memory;
    faults_turn *turn;
    void *turn_context;
    /* Told what is visible in the end of a script, and how many messages are uncertain. */
    void (*done)(void *context, const struct world_result *result, const char *outcome,
                 int64_t uncertain);
};

/* What a run of one seed came to. */
struct world_result {
    bool failed;
    char failure[800];
    int64_t happenings;
    int64_t people;
    int64_t journeys;
    int64_t crashes;
    int64_t days;
    int64_t decisions;
    int64_t messages;
    int64_t lost;    /* attempts whose answer the engine never had, or too late */
    int64_t resent;  /* sent twice since the answer was truly lost */
    uint64_t digest; /* of everything that was sent: the same for the same seed */
    int64_t hits[FAULT_COUNT];
};

typedef void happening_run(struct sim *world, void *argument);

struct happening {
    int64_t at_ms;
    int64_t order;
    happening_run *run;
    void *argument;
};

struct sim {
    struct world_options options;
    struct world_result result;
    struct dice dice;
    struct faults faults;
    int64_t now_ms; /* the world's time */
    int64_t skew_ms;
    int64_t start_ms, faults_end_ms;
    struct happening *heap;
    int heap_count, heap_capacity;
    int64_t order;
    bool people_rest; /* nobody does anything of their own any more */

    struct disk *disk;
    char folder[64];
    char url[128];
    struct clock *clock;
    struct config config;
    struct arena *arena; /* of the whole run */
    struct arena *life_arena;
    struct store *store;
    struct engine *engine;
    struct rival *rival; /* the process that stood still; NULL none */
    bool rival_goes_on;
    struct channel *channels[CHANNEL_COUNT];
    int64_t told;          /* answers of providers that the engine has heard and not saved */
    int life;              /* grows with each crash: what is of an older life is void */
    bool crashed;          /* the process is dead; nobody noticed yet */
    bool armed;            /* disk faults may happen */
    bool stirred;          /* the engine was given something since its last step */
    bool hurt;             /* a disk fault was injected since the last good step */
    int64_t down_until_ms; /* 0: it runs */
    int64_t retry_at_ms;   /* after a failed step; 0 none */
    int64_t next_due_ms;   /* in the engine's time */
    int64_t checked_at_ms; /* last thorough check */

    struct person_actor *people;
    int people_count;
    struct script *script;
    struct calls *calls;
    struct update **updates;
    int update_count, update_capacity;
    struct mail *mail;
    struct auditor *auditor;
};

void world_run(const struct world_options *options, struct world_result *ret_result);
/* Calls run(world, argument) at the instant (now, when it is past). */
void world_at(struct sim *world, int64_t at_ms, happening_run *run, void *argument);
/* The engine was given something: it looks. */
void world_stir(struct sim *world);
/* The time that the engine believes it is. */
int64_t world_clock_ms(const struct sim *world);
/* A process on the store; on an error there is none. */
enum err world_engine_new(struct sim *world, struct store *store, int64_t owner,
                          struct engine **ret_engine, struct err_detail *detail);
/* Nobody serves any more, until then; engine and store are somebody else's to free. */
void world_abandon(struct sim *world, int64_t down_ms);
/* The process is dead from now on. */
void world_crash(struct sim *world);
/* A line of the trace. */
void world_trace(struct sim *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
