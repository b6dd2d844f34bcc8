/* See analyst.h. The line is a ring under one lock; jobs run without it. */
#include "http/analyst.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "http/api/kept.h"
#include "http/server_internal.h"

enum { LINE_MAX_REQUESTS = 128, ARENA_BYTES = 64 * 1024 };

struct waiting {
    struct request *request;
    analyst_job *job;
    void *context;
};

struct analyst {
    const struct http_app *app;
    struct behaviour_keeper *keeper;
    struct throttle *throttle;
    struct kept *kept;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all down to the empty line */
    pthread_cond_t wake;
    struct waiting line[LINE_MAX_REQUESTS];
    int first, count;
    bool stopping;

    struct catalog *catalog; /* of the thread alone */
    char *catalog_mark;      /* what the store said of the journeys in force when it was read */
};

static void run(struct analyst *analyst, const struct waiting *waiting)
{
    if (waiting->job(waiting->request, analyst, waiting->context)) {
        http_resume(waiting->request);
    }
}

static void *work(void *context)
{
    struct analyst *analyst = context;
    pthread_mutex_lock(&analyst->lock);
    while (!analyst->stopping) {
        if (analyst->count == 0) {
            pthread_cond_wait(&analyst->wake, &analyst->lock);
            continue;
        }
        struct waiting next = analyst->line[analyst->first];
        analyst->first = (analyst->first + 1) % LINE_MAX_REQUESTS;
        analyst->count--;
        pthread_mutex_unlock(&analyst->lock);
        run(analyst, &next);
        pthread_mutex_lock(&analyst->lock);
    }
    for (; analyst->count > 0; analyst->count--) {
        struct waiting last = analyst->line[analyst->first];
        analyst->first = (analyst->first + 1) % LINE_MAX_REQUESTS;
        if (last.context != NULL) {
            run(analyst, &last); /* it has nearly been answered, and holds something */
            continue;
        }
        http_problem_of(last.request, ERR_CANCELLED, NULL);
        http_resume(last.request);
    }
    pthread_mutex_unlock(&analyst->lock);
    return NULL;
}

struct analyst *analyst_new(const struct http_app *app, struct behaviour_keeper *keeper)
{
    struct analyst *analyst = calloc(1, sizeof(*analyst));
    ASSERT(analyst != NULL);
    analyst->app = app;
    analyst->keeper = keeper;
    analyst->throttle = throttle_new();
    analyst->kept = kept_new();
    pthread_mutex_init(&analyst->lock, NULL);
    pthread_cond_init(&analyst->wake, NULL);
    int failed = pthread_create(&analyst->thread, NULL, work, analyst);
    ASSERT(failed == 0);
    return analyst;
}

void analyst_stop(struct analyst *analyst)
{
    pthread_mutex_lock(&analyst->lock);
    bool first = !analyst->stopping;
    analyst->stopping = true;
    pthread_cond_signal(&analyst->wake);
    pthread_mutex_unlock(&analyst->lock);
    if (first) {
        pthread_join(analyst->thread, NULL);
    }
}

void analyst_free(struct analyst *analyst)
{
    if (analyst != NULL) {
        catalog_free(analyst->catalog);
        free(analyst->catalog_mark);
        throttle_free(analyst->throttle);
        kept_free(analyst->kept);
        pthread_cond_destroy(&analyst->wake);
        pthread_mutex_destroy(&analyst->lock);
        free(analyst);
    }
}

/* Under the lock. */
static bool line_up(struct analyst *analyst, const struct waiting *waiting)
{
    if (analyst->stopping || analyst->count == LINE_MAX_REQUESTS) {
        return false;
    }
    int last = (analyst->first + analyst->count) % LINE_MAX_REQUESTS;
    analyst->line[last] = *waiting;
    analyst->count++;
    pthread_cond_signal(&analyst->wake);
    return true;
}

void analyst_ask(struct request *request, analyst_job *job)
{
    struct analyst *analyst = request->server->analyst;
    pthread_mutex_lock(&analyst->lock);
    bool taken = line_up(analyst, &(struct waiting){request, job, NULL});
    if (taken) {
        http_suspend(request); /* before the thread can have it, which needs the lock */
    }
    pthread_mutex_unlock(&analyst->lock);
    if (!taken) {
        http_problem_of(request, ERR_BUSY, NULL);
    }
}

bool analyst_go_on(struct analyst *analyst, struct request *request, analyst_job *job,
                   void *context)
{
    pthread_mutex_lock(&analyst->lock);
    bool taken = line_up(analyst, &(struct waiting){request, job, context});
    pthread_mutex_unlock(&analyst->lock);
    return taken;
}

struct behaviour_keeper *analyst_keeper(struct analyst *analyst)
{
    return analyst->keeper;
}

struct store *analyst_store(struct analyst *analyst)
{
    return analyst->app->analyst_reader;
}

struct kept *analyst_kept(struct analyst *analyst)
{
    return analyst->kept;
}

struct throttle *analyst_throttle(struct analyst *analyst)
{
    return analyst->throttle;
}

/* Reads them anew only when others were put into force since. */
enum err analyst_catalog(struct analyst *analyst, const struct catalog **ret_catalog,
                         struct err_detail *detail)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct store *store = analyst_store(analyst);
    struct str mark = STR_NONE;
    struct catalog *read = NULL;
    enum err error = store_setting_get(store, arena, "journeys/current", &mark, detail);
    bool known = analyst->catalog != NULL && str_is(mark, analyst->catalog_mark);
    if (error == OK && !known) {
        error = analyst->app->read_catalog(analyst->app->context, store, arena, &read, detail);
        if (error == OK) {
            catalog_free(analyst->catalog);
            free(analyst->catalog_mark);
            analyst->catalog = read;
            analyst->catalog_mark = strndup(mark.ptr != NULL ? mark.ptr : "", mark.length);
            ASSERT(analyst->catalog_mark != NULL);
        }
    }
    if (error == OK) {
        *ret_catalog = analyst->catalog;
    }
    arena_free(arena);
    return error;
}
