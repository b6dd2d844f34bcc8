/* The hour's work, on a thread of its own. */
#include "cli/evaluator.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/calendar.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/queue.h"
#include "bi/alerts/missed.h"
#include "bi/experiments/allocation.h"
#include "bi/look.h"
#include "bi/report.h"
#include "cli/cli.h"
#include "cli/journeys_load.h"

enum { GLANCE_MS = 500, ARENA_BYTES = 64 * 1024, GLANCES_AFTER_LEAP = 4, REPORT_MINUTE = 9 * 60 };
static const int64_t SIGNALS_EVERY_MS = 5 * MINUTE_MS;
static const int64_t LEAP_MS = 10 * MINUTE_MS;

struct evaluator {
    struct evaluator_options options;
    struct store *store;
    struct queue *bell; /* only ever woken */
    atomic_bool stopping;
    int64_t reported_day; /* of the operators; 0: none yet */
    int64_t looked_ms;    /* when all was looked at last, or the thread began */
    bool maybe_missed;    /* operators may have been told that nobody looks */
    struct err_detail why;
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

static enum err look_at_plan(struct evaluator *evaluator, const struct look_basis *look,
                             struct err_detail *detail)
{
    struct rollout_run run;
    struct rollout_outlook outlook;
    enum err error = rollout_run_read(look->store, look->arena, &run, detail);
    if (error != OK || !run.is_started || !run.automatic || run.held ||
        !rollout_is_day(&run, look->now_ms)) {
        return error;
    }
    error = look_ahead(look, &run, &outlook, detail);
    return error == OK && outlook.is_open ? advance(evaluator, look->arena, &run, outlook.next)
                                          : error;
}

/* ---- alerts ---- */

static enum err tell_of_looks(struct evaluator *evaluator, struct arena *arena, int64_t since_ms,
                              const char *why)
{
    json_t *payload = alert_missed(arena, since_ms, why);
    enum err error = engine_command(evaluator->options.engine, STR("alerts"),
                                    json_write(arena, payload), STR("guardrail"), NULL, NULL);
    json_decref(payload);
    return error;
}

/* All was looked at; before what was found takes the alert about that along. */
static void note_look(struct evaluator *evaluator, const struct look_basis *look)
{
    if (evaluator->maybe_missed && tell_of_looks(evaluator, look->arena, 0, NULL) == OK) {
        evaluator->maybe_missed = false;
    }
    evaluator->looked_ms = look->now_ms;
}

/* Whoever does not look cannot tell what is wrong: then that is told. */
static void mind_looks(struct evaluator *evaluator, struct arena *arena, int64_t now_ms)
{
    int64_t since_ms = now_ms - evaluator->looked_ms;
    if (since_ms >= ALERT_MISSED_MS) {
        evaluator->maybe_missed = true;
        if (tell_of_looks(evaluator, arena, since_ms, evaluator->why.text) != OK) {
            log_warn("alerts", "nobody looks, and that could not be told", "");
        }
    }
}

static enum err look_at_alerts(struct evaluator *evaluator, const struct look_basis *look,
                               enum alert_scope scope, struct err_detail *detail)
{
    json_t *payload = NULL;
    enum err error = look_for_alerts(look, scope, &payload, detail);
    if (error == OK && scope == ALERTS_ALL) {
        note_look(evaluator, look);
    }
    if (error == OK) {
        error = engine_command(evaluator->options.engine, STR("alerts"),
                               json_write(look->arena, payload), STR("guardrail"), NULL, NULL);
    }
    json_decref(payload);
    return error;
}

/* ---- weights of experiments ---- */

static enum err allocate(struct evaluator *evaluator, const struct look_basis *look,
                         struct err_detail *detail)
{
    json_t *changes = NULL;
    enum err error = allocation_changes(look->store, look->arena, look->now_ms, &changes, detail);
    for (size_t i = 0; error == OK && i < json_array_size(changes); i++) {
        error = engine_command(evaluator->options.engine, STR("experiment"),
                               json_write(look->arena, json_array_get(changes, i)),
                               STR("allocation"), NULL, NULL);
    }
    json_decref(changes);
    return error;
}

/* ---- the day's report ---- */

/* From 09:00 of the operators' day on; that it is one a day is the engine's to know. */
static enum err tell_of_the_day(struct evaluator *evaluator, const struct look_basis *look,
                                struct err_detail *detail)
{
    const struct zone *zone = cli_operators_zone(evaluator->options.config);
    int64_t day = calendar_local_day(zone, look->now_ms);
    if (calendar_local_minute(zone, look->now_ms) < REPORT_MINUTE ||
        day == evaluator->reported_day) {
        return OK;
    }
    json_t *report = NULL;
    enum err error = look_for_report(look, &report, detail);
    if (error != OK) {
        return error;
    }
    json_t *json =
        json_pack("{s:s, s:o, s:o}", "kind", "report", "once", json_sprintf("%lld", (long long)day),
                  "text", json_str(report_text(look->arena, report)));
    json_decref(report);
    error = engine_command(evaluator->options.engine, STR("operators_tell"),
                           json_write(look->arena, json), STR("report"), NULL, NULL);
    json_decref(json);
    evaluator->reported_day = error == OK ? day : evaluator->reported_day;
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

static void complain(const char *area, const char *what, enum err error,
                     const struct err_detail *detail)
{
    if (error != OK) {
        log_warn(area, what, "error=\"%s\" detail=\"%s\"", err_text(error), detail->text);
    }
}

static void look_at_all(struct evaluator *evaluator, const struct look_basis *look,
                        enum alert_scope scope)
{
    struct err_detail detail = {""};
    enum err error = look_at_alerts(evaluator, look, scope, &detail);
    complain("alerts", "the figures could not be looked at", error, &detail);
    if (error != OK) {
        evaluator->why = detail;
    }
    if (scope == ALERTS_OF_SIGNALS) {
        return;
    }
    if (error == OK) {
        beat(evaluator);
    }
    error = allocate(evaluator, look, &detail);
    complain("experiments", "weights could not be computed anew", error, &detail);
    error = tell_of_the_day(evaluator, look, &detail);
    complain("report", "the day's report could not be made", error, &detail);
    error = look_at_plan(evaluator, look, &detail);
    complain("rollout", "the plan could not be looked at", error, &detail);
}

static void look_now(struct evaluator *evaluator, enum alert_scope scope, int64_t now_ms)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct err_detail detail = {""};
    struct catalog *catalog = NULL;
    const char *folder = evaluator->options.config->journeys_dir;
    enum err error = journeys_in_force(arena, evaluator->store, folder, &catalog, &detail);
    complain("alerts", "the journeys could not be read", error, &detail);
    if (error == OK) {
        const struct look_basis look = {evaluator->store, arena, catalog, folder, now_ms};
        look_at_all(evaluator, &look, scope);
    } else {
        evaluator->why = detail;
    }
    mind_looks(evaluator, arena, now_ms);
    catalog_free(catalog);
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
        look_now(evaluator, ALERTS_ALL, now_ms);
    } else if (now_ms / SIGNALS_EVERY_MS != watch->part) {
        look_now(evaluator, ALERTS_OF_SIGNALS, now_ms);
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
    evaluator->looked_ms = clock_now_ms(options->clock);
    evaluator->maybe_missed = true;
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
