/* The figures of bi over HTTP: as they are, and as callers of the previous system read them. */
#include "base/clock.h"
#include "bi/business_intelligence.h"
#include "bi/onboarding_steps.h"
#include "http/api/api.h"

static enum err read_filter(struct api_call *call, struct metrics_filter *ret_filter,
                            struct err_detail *detail)
{
    struct request *request = call->request;
    const struct metrics_filter_words words = {.cohort = http_query(request, "cohort"),
                                               .within = http_query(request, "within"),
                                               .source = http_query(request, "source"),
                                               .language = http_query(request, "language"),
                                               .set = http_query(request, "set"),
                                               .variant = http_query(request, "variant")};
    return metrics_filter_read(call->arena, &words, ret_filter, detail);
}

enum err api_metrics(struct api_call *call, const struct metrics_filter *filter,
                     struct metrics *ret_metrics, struct err_detail *detail)
{
    const struct catalog *catalog = NULL;
    int64_t now_ms = clock_now_ms(http_app(call->request)->clock);
    enum err error = analyst_catalog(call->analyst, &catalog, detail);
    if (error == OK) {
        error =
            metrics_read(call->store, call->arena, catalog, filter, now_ms, ret_metrics, detail);
    }
    return error;
}

/* ---- as callers of the previous system read them ---- */

enum part { PART_ALL, PART_FUNNEL, PART_INSIGHTS, PART_RETENTION };

static json_t *part_json(struct api_call *call, enum part part, const struct metrics *metrics,
                         const struct bi_probe *probe)
{
    switch (part) {
    case PART_ALL:
        return bi_all_json(call->arena, metrics, probe);
    case PART_FUNNEL:
        return bi_funnel_json(metrics);
    case PART_INSIGHTS:
        return bi_insights_json(call->arena, metrics);
    case PART_RETENTION:
        return bi_retention_json(metrics);
    }
    return NULL;
}

static bool reply_part(struct api_call *call, enum part part)
{
    const struct http_app *app = http_app(call->request);
    const struct metrics_filter everybody = {0};
    struct metrics metrics;
    struct err_detail detail = {""};
    int64_t begun_ms = clock_monotonic_ms(app->clock);
    enum err error = api_metrics(call, &everybody, &metrics, &detail);
    if (error != OK) {
        return api_fail(call, error, &detail);
    }
    struct engine_status status;
    engine_status(app->engine, &status);
    const struct bi_probe probe = {.database_response_ms =
                                       clock_monotonic_ms(app->clock) - begun_ms,
                                   .backlog_age_ms = status.oldest_due_age_ms};
    return api_reply(call, part_json(call, part, &metrics, &probe));
}

bool api_run_business_intelligence(struct api_call *call)
{
    return reply_part(call, PART_ALL);
}

bool api_run_onboarding_funnel(struct api_call *call)
{
    return reply_part(call, PART_FUNNEL);
}

bool api_run_behavioral_insights(struct api_call *call)
{
    return reply_part(call, PART_INSIGHTS);
}

bool api_run_retention_analysis(struct api_call *call)
{
    return reply_part(call, PART_RETENTION);
}

/* ---- as they are ---- */

bool api_run_metrics(struct api_call *call)
{
    struct metrics_filter filter = {0};
    struct metrics metrics;
    struct err_detail detail = {""};
    enum err error = read_filter(call, &filter, &detail);
    if (error == OK) {
        error = api_metrics(call, &filter, &metrics, &detail);
    }
    return error == OK ? api_reply(call, metrics_json(call->arena, &metrics))
                       : api_fail(call, error, &detail);
}

bool api_run_funnel(struct api_call *call)
{
    struct metrics_filter filter = {0};
    struct funnel_stage stages[FUNNEL_STAGES];
    struct err_detail detail = {""};
    int64_t now_ms = clock_now_ms(http_app(call->request)->clock);
    enum err error = read_filter(call, &filter, &detail);
    if (error == OK) {
        error = metrics_funnel(call->store, call->arena, &filter, now_ms, stages, &detail);
    }
    return error == OK ? api_reply(call, json_pack("{s:o}", "stages", funnel_json(stages)))
                       : api_fail(call, error, &detail);
}

bool api_run_onboarding_steps(struct api_call *call)
{
    struct metrics_filter filter = {0};
    struct onboarding_steps steps;
    const struct catalog *catalog = NULL;
    struct err_detail detail = {""};
    int64_t now_ms = clock_now_ms(http_app(call->request)->clock);
    enum err error = read_filter(call, &filter, &detail);
    if (error == OK) {
        error = analyst_catalog(call->analyst, &catalog, &detail);
    }
    if (error == OK) {
        error = onboarding_steps_read(call->store, call->arena, catalog, &filter, now_ms, &steps,
                                      &detail);
    }
    return error == OK ? api_reply(call, onboarding_steps_json(&steps))
                       : api_fail(call, error, &detail);
}

bool api_run_retention(struct api_call *call)
{
    struct metrics_filter filter = {0};
    struct retention_cohort *cohorts = NULL;
    int count = 0;
    struct err_detail detail = {""};
    int64_t now_ms = clock_now_ms(http_app(call->request)->clock);
    enum err error = read_filter(call, &filter, &detail);
    if (error == OK) {
        error =
            metrics_retention(call->store, call->arena, &filter, now_ms, &cohorts, &count, &detail);
    }
    return error == OK ? api_reply(call, json_pack("{s:o}", "cohorts",
                                                   retention_json(call->arena, cohorts, count)))
                       : api_fail(call, error, &detail);
}
