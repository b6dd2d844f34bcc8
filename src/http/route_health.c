/* Is it alive, is it ready, and its figures for Prometheus. No keys needed: nothing here is about
 * people. */
#include <inttypes.h>
#include <microhttpd.h>

#include "base/build_info.h"
#include "base/calendar.h"
#include "base/limits.h"
#include "http/request.h"
#include "http/routes.h"

#define LAG "nudge_bridge_lag_milliseconds"

enum { BACKLOG_LATE_MS = 5 * 60 * 1000 };

static void describe_build(json_t *json)
{
    json_object_set_new(json, "version", json_string(build_info_version()));
    json_object_set_new(json, "commit", json_string(build_info_commit()));
    json_object_set_new(json, "tzdata", json_string(calendar_tzdata_version()));
}

static json_t *describe(const struct engine_status *status, const char *word)
{
    json_t *json = json_object();
    json_object_set_new(json, "status", json_string(word));
    describe_build(json);
    json_object_set_new(json, "backlog_age_ms", json_integer(status->oldest_due_age_ms));
    json_object_set_new(json, "queue_count", json_integer(status->queue_count));
    return json;
}

/* Alive: the process answers and its loop has not lost the store. */
void route_healthz(struct request *request)
{
    struct engine_status status;
    engine_status(http_app(request)->engine, &status);
    http_reply_json(request, status.healthy ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                    describe(&status, status.healthy ? "ok" : "failing"));
}

/* Ready: healthy, and what is due is not late. */
void route_readyz(struct request *request)
{
    struct engine_status status;
    engine_status(http_app(request)->engine, &status);
    bool late = status.oldest_due_age_ms > BACKLOG_LATE_MS;
    bool ready = status.healthy && !late;
    http_reply_json(request, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                    describe(&status, ready  ? "ready"
                                      : late ? "late"
                                             : "failing"));
}

/* Standing by it is alive, but not the one to be asked. */
static void reply_standby(struct request *request, int status)
{
    json_t *json = json_object();
    json_object_set_new(json, "status", json_string("standby"));
    describe_build(json);
    http_reply_json(request, status, json);
}

void route_healthz_standby(struct request *request)
{
    reply_standby(request, MHD_HTTP_OK);
}

void route_readyz_standby(struct request *request)
{
    reply_standby(request, MHD_HTTP_SERVICE_UNAVAILABLE);
}

void route_prometheus(struct request *request)
{
    struct engine_status status;
    engine_status(http_app(request)->engine, &status);
    const struct {
        const char *name;
        const char *type;
        const char *help;
        int64_t value;
    } rows[] = {
        {"nudge_batches_total", "counter", "Transactions committed.", status.batches},
        {"nudge_inputs_total", "counter", "Inputs decided on.", status.inputs},
        {"nudge_decisions_total", "counter", "Decisions made.", status.decisions},
        {"nudge_messages_sent_total", "counter", "Messages a provider accepted.", status.sent},
        {"nudge_messages_failed_total", "counter", "Messages refused or dead.", status.failed},
        {"nudge_messages_uncertain_total", "counter", "Messages whose answer was lost.",
         status.uncertain},
        {"nudge_store_errors_total", "counter", "Failed store accesses.", status.store_errors},
        {"nudge_queue_inputs", "gauge", "Inputs that wait for a batch.", status.queue_count},
        {"nudge_backlog_age_milliseconds", "gauge", "How late the oldest due row is.",
         status.oldest_due_age_ms},
        {"nudge_line_age_milliseconds", "gauge",
         "How long the oldest message has waited for its channel's limits.",
         status.oldest_line_age_ms},
        {"nudge_healthy", "gauge", "1 when the store works and the lease is held.", status.healthy},
    };
    struct str text = STR_NONE;
    if (status.followed_at_ms != 0) {
        int64_t now_ms = clock_now_ms(http_app(request)->clock);
        text = arena_printf(http_arena(request),
                            "# HELP %s How long ago all was taken over that stood in the live "
                            "tables.\n# TYPE %s gauge\n%s %" PRId64 "\n",
                            LAG, LAG, LAG, now_ms - status.followed_at_ms);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        text = arena_printf(http_arena(request), "%.*s# HELP %s %s\n# TYPE %s %s\n%s %" PRId64 "\n",
                            STR_ARG(text), rows[i].name, rows[i].help, rows[i].name, rows[i].type,
                            rows[i].name, rows[i].value);
    }
    http_reply(request, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text);
}
