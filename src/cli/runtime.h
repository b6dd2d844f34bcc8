/* Wires the parts together: store, catalog, engine, channels, HTTP. The one place that knows them
 * all. */
#pragma once

#include <signal.h>

#include "cli/cli.h"
#include "engine/engine.h"
#include "http/server.h"

struct runtime;

struct runtime_options {
    struct clock *clock;     /* not owned */
    bool channels;           /* make Telegram and web chat (else nothing can be sent) */
    bool webchat;            /* also when WEBCHAT_ENABLED is off (the demo) */
    const struct node *node; /* as it is listed, with the owner of the lease; NULL: not listed */
};

/* Opens the store as its only writer (migrates SQLite), loads the journeys, makes channels and
 * engine. The message of an error is ready to print. */
MUST_CHECK enum err runtime_new(struct cli *cli, const struct runtime_options *options,
                                struct runtime **ret_runtime, struct err_detail *detail);
/* Stops channels, gives the lease back, closes the store. The engine's loop must have ended. */
void runtime_free(struct runtime *runtime);

struct engine *runtime_engine(struct runtime *runtime);
/* NULL when the channel is off. */
struct channel *runtime_channel(struct runtime *runtime, enum channel_kind kind);

/* SIGTERM and SIGINT wait for sigtimedwait from now on; those that tell of a failed call are off.
 * runtime_serve does it, too. */
void runtime_block_signals(sigset_t *ret_signals);

/* Runs the engine's loop on its own thread, starts receiving, serves HTTP on `listen`, and returns
 * when SIGTERM or SIGINT came and everything was finished. `each_tick` (may be NULL) is called
 * about ten times a second on the calling thread. Gives the exit status. */
struct serve_options {
    const char *listen;
    int socket; /* > 0: listens already (http/server.h) */
    bool demo;
    double time_scale;
    void (*ready)(void *context, int port);
    void (*each_tick)(void *context, struct engine *engine);
    void *context;
};
int runtime_serve(struct cli *cli, struct runtime *runtime, const struct serve_options *options);
