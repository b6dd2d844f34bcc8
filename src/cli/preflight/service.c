/* See service.h. A thread is made for each question and joined by the next one, or by the end. */
#include "cli/preflight/service.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "cli/preflight/preflight.h"

enum { ARENA_BYTES = 64 * 1024 };

struct preflight_service {
    const struct config *config;
    struct clock *clock;
    pthread_mutex_t lock; /* guards all but `stopping` */
    pthread_t thread;
    bool made; /* there is a thread that was not joined yet */
    bool busy; /* it has not ended */
    atomic_bool stopping;
    preflight_done *done; /* NULL: nobody waits */
    void *context;

    struct arena *arena; /* of the question; its thread's alone while it is busy */
    struct preflight_wish wish;
};

struct preflight_service *preflight_service_new(const struct config *config, struct clock *clock)
{
    struct preflight_service *service = calloc(1, sizeof(*service));
    ASSERT(service != NULL);
    service->config = config;
    service->clock = clock;
    pthread_mutex_init(&service->lock, NULL);
    return service;
}

static enum err look(struct cli *cli, json_t **ret_json, struct err_detail *detail)
{
    struct preflight *preflight = ARENA_NEW(cli->arena, struct preflight);
    preflight->cli = cli;
    enum err error = preflight_look(preflight, detail);
    if (error == OK) {
        *ret_json = preflight_json(preflight);
    }
    return error;
}

static enum err answer(struct cli *cli, const struct preflight_wish *wish, json_t **ret_json,
                       struct err_detail *detail)
{
    struct drill_result drill = {0};
    const struct manual_item *item = NULL;
    enum err error = OK;
    switch (wish->kind) {
    case PREFLIGHT_LOOK:
        error = look(cli, ret_json, detail);
        break;
    case PREFLIGHT_DRILL:
        error = rollback_drill(cli, &drill, detail);
        *ret_json = error == OK ? drill_json(&drill) : NULL;
        break;
    case PREFLIGHT_CONFIRM:
        error = preflight_confirm(cli, str_of(wish->item), wish->by, &item, detail);
        *ret_json =
            error == OK ? json_pack("{s:s, s:s}", "item", item->name, "by", wish->by) : NULL;
        break;
    }
    return error;
}

/* Takes who waits, so that they are answered once. */
static preflight_done *take_waiting(struct preflight_service *service, void **ret_context)
{
    preflight_done *done = service->done;
    *ret_context = service->context;
    service->done = NULL;
    return done;
}

static void *work(void *argument)
{
    struct preflight_service *service = argument;
    struct cli cli = {.arena = service->arena,
                      .config = *service->config,
                      .clock = service->clock,
                      .actor = service->wish.actor,
                      .stopping = &service->stopping};
    struct err_detail detail = {""};
    json_t *json = NULL;
    enum err error = answer(&cli, &service->wish, &json, &detail);
    arena_free(service->arena);
    void *context;
    pthread_mutex_lock(&service->lock);
    preflight_done *done = take_waiting(service, &context);
    service->busy = false;
    if (done != NULL) {
        done(context, json, error, &detail); /* under the lock: once stopped, nobody is answered */
    } else {
        json_decref(json);
    }
    pthread_mutex_unlock(&service->lock);
    return NULL;
}

/* Under the lock. */
static void begin(struct preflight_service *service, const struct preflight_wish *wish)
{
    if (service->made) {
        pthread_join(service->thread, NULL); /* it has ended but for its last steps */
    }
    struct arena *arena = arena_new(ARENA_BYTES);
    service->arena = arena;
    service->wish = (struct preflight_wish){wish->kind, arena_str(arena, str_of(wish->actor)).ptr,
                                            arena_str(arena, str_of(wish->item)).ptr,
                                            arena_str(arena, str_of(wish->by)).ptr};
    service->made = true;
    service->busy = true;
    int failed = pthread_create(&service->thread, NULL, work, service);
    ASSERT(failed == 0);
}

enum err preflight_service_ask(void *context, const struct preflight_wish *wish,
                               preflight_done *done, void *done_context, struct err_detail *detail)
{
    struct preflight_service *service = context;
    enum err error = OK;
    pthread_mutex_lock(&service->lock);
    if (service->busy || atomic_load(&service->stopping)) {
        error = err_set(detail, ERR_BUSY, "another look or drill is under way; ask again");
    } else {
        service->done = done;
        service->context = done_context;
        begin(service, wish);
    }
    pthread_mutex_unlock(&service->lock);
    return error;
}

void preflight_service_stop(struct preflight_service *service)
{
    void *context;
    pthread_mutex_lock(&service->lock);
    atomic_store(&service->stopping, true);
    preflight_done *done = take_waiting(service, &context);
    pthread_mutex_unlock(&service->lock);
    if (done != NULL) {
        const struct err_detail detail = {"the server stops"};
        done(context, NULL, ERR_CANCELLED, &detail);
    }
}

void preflight_service_free(struct preflight_service *service)
{
    if (service != NULL) {
        if (service->made) {
            pthread_join(service->thread, NULL);
        }
        pthread_mutex_destroy(&service->lock);
        free(service);
    }
}
