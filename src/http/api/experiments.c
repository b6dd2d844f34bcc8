/* Experiments: what there is, what one has shown so far, and starting, ending, shipping it. */
#include "base/clock.h"
#include "bi/experiments/holdout.h"
#include "bi/experiments/report.h"
#include "http/api/api.h"

bool api_run_experiments(struct api_call *call)
{
    const struct catalog *catalog = NULL;
    struct experiments *experiments = NULL;
    struct err_detail detail = {""};
    enum err error = analyst_catalog(call->analyst, &catalog, &detail);
    if (error == OK) {
        error = analysis_experiments(call->store, call->arena, &experiments, &detail);
    }
    return error == OK ? api_reply(call, experiments_list_json(catalog, experiments))
                       : api_fail(call, error, &detail);
}

bool api_run_experiment(struct api_call *call)
{
    struct analysis analysis;
    struct err_detail detail = {""};
    int64_t now_ms = clock_now_ms(http_app(call->request)->clock);
    enum err error =
        experiments_show(call->store, call->arena, call->word, now_ms, &analysis, &detail);
    return error == OK ? api_reply(call, experiments_analysis_json(call->arena, &analysis))
                       : api_fail(call, error, &detail);
}

bool api_run_experiment_over_time(struct api_call *call)
{
    struct over_time over_time;
    struct err_detail detail = {""};
    int64_t now_ms = clock_now_ms(http_app(call->request)->clock);
    enum err error =
        experiments_over_time(call->store, call->arena, call->word, now_ms, &over_time, &detail);
    return error == OK ? api_reply(call, experiments_over_time_json(&over_time))
                       : api_fail(call, error, &detail);
}

bool api_run_holdout(struct api_call *call)
{
    struct experiments *experiments = NULL;
    struct holdout holdout;
    struct err_detail detail = {""};
    int64_t now_ms = clock_now_ms(http_app(call->request)->clock);
    enum err error = analysis_experiments(call->store, call->arena, &experiments, &detail);
    if (error == OK) {
        error = holdout_read(call->store, experiments, now_ms, &holdout, &detail);
    }
    return error == OK ? api_reply(call, holdout_json(call->arena, &holdout))
                       : api_fail(call, error, &detail);
}

/* The body is the plan; the path says what is done to which experiment. */
bool api_run_experiment_change(struct api_call *call)
{
    json_t *body = http_json_body(call->request);
    if (body == NULL) {
        return true;
    }
    json_object_set_new(body, "do", json_string(call->operation->asks));
    json_object_set_new(body, "name", json_str(call->word));
    return api_command(call, "experiment", body);
}
