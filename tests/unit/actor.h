/* One person in memory against the real decision function and the real journeys: plays the engine
 * and the channel. Time is virtual; every row that waits is served at its instant, in order. After
 * each decision all invariants of run.h are checked. What happened can be written down as text. */
#pragma once

#include <stdio.h>

#include "core/decide.h"

enum actor_sending {
    ACTOR_SENDS,  /* every message is reported as sent at once */
    ACTOR_SILENT, /* reports are lost */
    ACTOR_REPORTS /* every message is reported as actor.report */
};

struct actor {
    struct arena *arena;
    struct catalog *catalog;
    struct installation installation;
    struct id_source ids;
    struct person *person;
    struct world world;
    struct decision decision; /* of the last input */
    enum actor_sending sending;
    enum report_kind report;
    int64_t address; /* numbers the person */
    int sent_count;  /* messages handed to the channel since actor_new */
    FILE *log;       /* NULL: nothing is written down */
    bool owns_catalog;
    /* Called after each decision, before anything of it is saved or sent; NULL: nobody looks. */
    void (*watch)(void *context, const struct actor *actor, const struct input *input);
    void *context;
};

/* A person who is not known yet, at now_ms, in Europe/Berlin, English; rollout share of all. */
struct actor *actor_new(int64_t user_id, int64_t now_ms);
/* The same with a journey of the name "extra" beside the real ones. */
struct actor *actor_new_with(int64_t user_id, int64_t now_ms, const char *extra_yaml);
/* The same in the journeys of a catalog that outlives the actor. */
struct actor *actor_new_of(struct catalog *catalog, int64_t user_id, int64_t now_ms);
void actor_free(struct actor *actor);

void actor_text(struct actor *actor, const char *text);
void actor_edit(struct actor *actor, const char *text);
/* Taps the button with that id on the newest message that has one; false: there is none. */
bool actor_tap(struct actor *actor, const char *button);
void actor_tap_token(struct actor *actor, struct str token);
/* Any input; at_ms, user and contact are filled in. */
void actor_input(struct actor *actor, struct input *input);
/* Serves what is due until the instant, then stands there. */
void actor_until(struct actor *actor, int64_t at_ms);
void actor_pass(struct actor *actor, int64_t by_ms);
/* Jumps without serving anything: the process was down. */
void actor_outage(struct actor *actor, int64_t by_ms);
/* The newest delivery; NULL: none. */
struct delivery *actor_last(const struct actor *actor);
struct run *actor_run(const struct actor *actor, const char *journey);
/* Events of the type in the last decision. */
int actor_events(const struct actor *actor, enum event_type type);
/* Deliveries of the journey and kind in the state so far. */
int actor_deliveries(const struct actor *actor, const char *journey, enum message_kind kind,
                     enum delivery_state state);
