/* The one that stands still keeps its connection, its statements and all it had in memory. */
#include "rival.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "world.h"

enum { RIVAL_OWNER = 999 };

struct rival {
    struct engine *engine;
    struct store *store;
    int64_t skew_ms; /* of the clock when it stood still */
};

void rival_start(struct sim *world)
{
    struct store *store = NULL;
    struct engine *engine = NULL;
    struct err_detail detail = {""};
    enum err error = store_open(world->url, STORE_WRITER, &store, &detail);
    if (error == OK) {
        error = world_engine_new(world, store, RIVAL_OWNER, &engine, &detail);
    }
    world_trace(world, "a second process is started: %s", detail.text);
    if (error != ERR_CONFLICT) {
        auditor_fail(world->auditor, "a second process was started and not refused: %s: %s",
                     err_text(error), detail.text);
    }
    engine_free(engine);
    store_close(store);
}

void rival_freeze(struct sim *world)
{
    if (world->rival != NULL) {
        return;
    }
    struct rival *rival = calloc(1, sizeof(*rival));
    ASSERT(rival != NULL);
    *rival = (struct rival){world->engine, world->store, world->skew_ms};
    world->rival = rival;
    world_trace(world, "STANDS STILL");
    world_abandon(world, WORLD_LEASE_MS + dice_range(&world->faults.dice, 5, 300) * MINUTE_MS);
}

bool rival_has_lease(const struct sim *world, enum err error)
{
    return world->rival != NULL && error == ERR_CONFLICT;
}

static void go_on(struct sim *world, void *argument)
{
    struct rival *rival = argument;
    struct step_result result;
    struct err_detail detail = {""};
    if (rival != world->rival) {
        return;
    }
    /* A process measures its lease by a clock that is never set back. */
    if (world->skew_ms >= rival->skew_ms && world->engine != NULL) {
        world->rival_goes_on = true;
        enum err error = engine_step(rival->engine, &result, &detail);
        world->rival_goes_on = false;
        world_trace(world, "who stood still goes on: %s", detail.text);
        if (error != ERR_CONFLICT) {
            auditor_fail(world->auditor, "a process that was replaced goes on: %s: %s",
                         err_text(error), detail.text);
        }
    }
    rival_end(world);
}

void rival_replaced(struct sim *world)
{
    if (world->rival != NULL) {
        world_at(world, world->now_ms + dice_range(&world->faults.dice, 1, 600) * 1000, go_on,
                 world->rival);
    }
}

void rival_end(struct sim *world)
{
    struct rival *rival = world->rival;
    if (rival != NULL) {
        world->rival = NULL;
        engine_free(rival->engine);
        store_close(rival->store);
        free(rival);
    }
}
