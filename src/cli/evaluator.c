/* The hour's work, on a thread of its own. */
#include "cli/evaluator.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/queue.h"
#include "bi/alerts/evaluate.h"
#include "bi/alerts/state.h"
#include "bi/rollout_plan.h"
#include "bi/rollout_state.h"
#include "cli/journeys_load.h"
#include "cli/kpi_load.h"

enum { GLANCE_MS = 500, ARENA_BYTES = 64 * 1024, GLANCES_AFTER_LEAP = 4 };
static const int64_t SIGNALS_EVERY_MS = 5 * MINUTE_MS;
static const int64_t LEAP_MS = 10 * MINUTE_MS;

struct evaluator {
    struct evaluator_options options;
    struct store *store;
    struct queue *bell; /* only ever woken */
    atomic_bool stopping;
    pthread_t thread;
};

/* ---- the rollout's plan ---- */

static enum err advance(struct evaluator *evaluator, struct arena *arena,
                        const struct rollout_run *run, const struct rollout_stage *next)
{
    json_t *json = json_pack("{s:s, s:i, s:s}", "action", "advance", "from", run->at, "reason",
                             "its day has come and its gates are open");
    struct str payload = json_write(arena, json);
    json_decref(json);
    log_info("rollout", "the plan goes on", "plan=%.*s stage=%.*s", STR_ARG(run->plan.name),
             STR_ARG(next->name));
    return engine_command(evaluator->options.engine, STR("rollout_plan"), payload, STR("gates"),
                          NULL, NULL);
}

static enum err judge_plan(struct evaluator *evaluator, struct arena *arena,
                           const struct rollout_run *run, int64_t now_ms,
                           struct rollout_outlook *ret_outlook, struct err_detail *detail)
{
    const char *folder = evaluator->options.config->journeys_dir;
    const struct kpi_plan *plan = NULL;
    struct rollout_state state;
    struct catalog *catalog = NULL;
    int firing = 0;
    struct kpi_groups *groups = NULL;
    enum err error = kpi_plan_load(arena, folder, &plan, detail);
    if (error == OK) {
        error = rollout_state_read(evaluator->store, arena, &state, detail);
    }
    if (error == OK) {
        error = journeys_in_force(arena, evaluator->store, folder, &catalog, detail);
    }
    if (error == OK) {
        error = kpi_groups_read(evaluator->store, arena, catalog, plan, state.started_at_ms, now_ms,
                                &groups, detail);
    }
    if (error == OK) {
        error = alerts_firing(evaluator->store, arena, &firing, detail);
    }
    if (error == OK) {
        rollout_look(run, groups, firing, now_ms, ret_outlook);
    }
    catalog_free(catalog);
    return error;
}

static enum err look_at_plan(struct evaluator *evaluator, struct arena *arena, int64_t now_ms,
                             struct err_detail *detail)
{
    struct rollout_run run;
    struct rollout_outlook outlook;
    enum err error = rollout_run_read(evaluator->store, arena, &run, detail);
    if (error != OK || !run.is_started || !run.automatic || run.held ||
        !rollout_is_day(&run, now_ms)) {
        return error;
    }
    error = judge_plan(evaluator, arena, &run, now_ms, &outlook, detail);
    return error == OK && outlook.is_open ? advance(evaluator, arena, &run, outlook.next) : error;
}

/* ---- alerts ---- */

static enum err look_at_alerts(struct evaluator *evaluator, struct arena *arena,
                               enum alert_scope scope, int64_t now_ms, struct err_detail *detail)
{
    const char *folder = evaluator->options.config->journeys_dir;
    const struct kpi_plan *plan = NULL;
    const struct alert_rules *rules = NULL;
    struct catalog *catalog = NULL;
    json_t *payload = NULL;
    enum err error = alert_rules_load(arena, folder, &rules, detail);
    if (error == OK) {
        error = kpi_plan_load(arena, folder, &plan, detail);
    }
    if (error == OK) {
        error = journeys_in_force(arena, evaluator->store, folder, &catalog, detail);
    }
    if (error == OK) {
        error = alerts_look(evaluator->store, arena, catalog, plan, rules, scope, now_ms, &payload,
                            detail);
    }
    if (error == OK) {
        error = engine_command(evaluator->options.engine, STR("alerts"), json_write(arena, payload),
                               STR("guardrail"), NULL, NULL);
    }
    json_decref(payload);
    catalog_free(catalog);
    return error;
}

/* ---- the heartbeat ---- */

static void heard(void *context, const struct http_response *response)
{
    (void)context;
    if (response->outcome != HTTP_ANSWERED || response->status >= 400) {
        log_warn("alerts", "the heartbeat was not heard", "status=%d reason=%s", response->status,
                 response->reason != NULL ? response->reason : "");
    }
}

/* Whoever waits for it notices when nobody looks any more. */
static void beat(struct evaluator *evaluator)
{
    const char *url = evaluator->options.config->heartbeat_url;
    const struct http_request request = {.method = HTTP_GET, .url = str_of(url)};
    if (url[0] != '\0' &&
        http_client_request(evaluator->options.client, &request, heard, NULL) != OK) {
        log_warn("alerts", "the heartbeat was not sent", "");
    }
}

/* ---- the hours ---- */

static void look(struct evaluator *evaluator, enum alert_scope scope, int64_t now_ms)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct err_detail detail = {""};
    enum err error = look_at_alerts(evaluator, arena, scope, now_ms, &detail);
    if (error != OK) {
        log_warn("alerts", "the figures could not be looked at", "error=\"%s\" detail=\"%s\"",
                 err_text(error), detail.text);
    } else if (scope == ALERTS_ALL) {
        beat(evaluator);
    }
    error = scope == ALERTS_ALL ? look_at_plan(evaluator, arena, now_ms, &detail) : OK;
    if (error != OK) {
        log_warn("rollout", "the plan could not be looked at", "error=\"%s\" detail=\"%s\"",
                 err_text(error), detail.text);
    }
    arena_free(arena);
}

/* Which hour, and which part of it, was looked at last. */
struct watch {
    int64_t hour, part, glanced_ms;
    int patience; /* glances left until one looks */
};

/* After the clock leapt (the machine slept, the process just began) everything is late for a
 * moment, until the engine has caught up. */
static bool must_wait(struct watch *watch, int64_t now_ms)
{
    int64_t passed_ms = now_ms - watch->glanced_ms;
    watch->glanced_ms = now_ms;
    if (watch->patience == 0 && passed_ms <= LEAP_MS && passed_ms >= -LEAP_MS) {
        return false;
    }
    watch->patience = watch->patience == 0 ? GLANCES_AFTER_LEAP : watch->patience - 1;
    return watch->patience > 0;
}

/* A clock that is set back looks again. */
static void keep_hours(struct evaluator *evaluator, struct watch *watch, int64_t now_ms)
{
    if (now_ms / HOUR_MS != watch->hour) {
        look(evaluator, ALERTS_ALL, now_ms);
    } else if (now_ms / SIGNALS_EVERY_MS != watch->part) {
        look(evaluator, ALERTS_OF_SIGNALS, now_ms);
    }
    watch->hour = now_ms / HOUR_MS;
    watch->part = now_ms / SIGNALS_EVERY_MS;
}

static void *run(void *context)
{
    struct evaluator *evaluator = context;
    struct watch watch = {.hour = -1, .part = -1};
    while (!atomic_load(&evaluator->stopping)) {
        int64_t now_ms = clock_now_ms(evaluator->options.clock);
        if (!must_wait(&watch, now_ms)) {
            keep_hours(evaluator, &watch, now_ms);
        }
        void *item;
        queue_take(evaluator->bell, &item, 1, GLANCE_MS);
    }
    return NULL;
}

enum err evaluator_new(const struct evaluator_options *options, struct evaluator **ret_evaluator,
                       struct err_detail *detail)
{
    struct store *store = NULL;
    enum err error = store_open(options->config->database_url, STORE_READER, &store, detail);
    if (error != OK) {
        return error;
    }
    struct evaluator *evaluator = calloc(1, sizeof(*evaluator));
    ASSERT(evaluator != NULL);
    evaluator->options = *options;
    evaluator->store = store;
    evaluator->bell = queue_new(1);
    int failed = pthread_create(&evaluator->thread, NULL, run, evaluator);
    ASSERT(failed == 0);
    *ret_evaluator = evaluator;
    return OK;
}

void evaluator_free(struct evaluator *evaluator)
{
    if (evaluator == NULL) {
        return;
    }
    atomic_store(&evaluator->stopping, true);
    queue_wake(evaluator->bell);
    pthread_join(evaluator->thread, NULL);
    queue_free(evaluator->bell);
    store_close(evaluator->store);
    free(evaluator);
}
