/* What was planned: targets and verdicts, the day's report, the rollout's plan, what is to be
 * sent. */
#include "base/clock.h"
#include "bi/forecast_due.h"
#include "bi/look.h"
#include "bi/plan_files.h"
#include "channel/resend.h"
#include "channel/telegram.h"
#include "http/api/api.h"

static enum err basis_of(struct api_call *call, struct look_basis *ret_basis,
                         struct err_detail *detail)
{
    const struct http_app *app = http_app(call->request);
    *ret_basis = (struct look_basis){.store = call->store,
                                     .arena = call->arena,
                                     .folder = app->config->journeys_dir,
                                     .now_ms = clock_now_ms(app->clock)};
    return analyst_catalog(call->analyst, &ret_basis->catalog, detail);
}

bool api_run_report(struct api_call *call)
{
    struct look_basis basis;
    json_t *report = NULL;
    struct err_detail detail = {""};
    enum err error = basis_of(call, &basis, &detail);
    if (error == OK) {
        error = look_for_report(&basis, &report, &detail);
    }
    return error == OK ? api_reply(call, report) : api_fail(call, error, &detail);
}

bool api_run_kpis(struct api_call *call)
{
    struct look_basis basis;
    struct kpi_report *report = ARENA_NEW(call->arena, struct kpi_report);
    struct err_detail detail = {""};
    enum err error = basis_of(call, &basis, &detail);
    if (error == OK) {
        error = look_at_targets(&basis, report, &detail);
    }
    return error == OK ? api_reply(call, kpi_json(call->arena, report))
                       : api_fail(call, error, &detail);
}

bool api_run_rollout_plan(struct api_call *call)
{
    struct look_basis basis;
    struct rollout_status *status = ARENA_NEW(call->arena, struct rollout_status);
    struct err_detail detail = {""};
    enum err error = basis_of(call, &basis, &detail);
    if (error == OK) {
        error = look_at_rollout(&basis, status, &detail);
    }
    return error == OK ? api_reply(call, rollout_status_json(call->arena, status))
                       : api_fail(call, error, &detail);
}

/* The body names the plan; what it says stands in a file. */
static enum err put_plan(struct api_call *call, json_t *body, struct err_detail *detail)
{
    const struct rollout_plan *plan = NULL;
    enum err error = rollout_plan_load(call->arena, http_app(call->request)->config->journeys_dir,
                                       json_get_str(body, "plan"), &plan, detail);
    if (error == OK) {
        json_object_set_new(body, "plan", rollout_plan_json(plan));
    }
    return error;
}

bool api_run_rollout_move(struct api_call *call)
{
    struct err_detail detail = {""};
    json_t *body = http_json_body(call->request);
    if (body == NULL) {
        return true;
    }
    bool starts = str_is(str_of(call->operation->asks), "start");
    enum err error = starts ? put_plan(call, body, &detail) : OK;
    if (error != OK) {
        json_decref(body);
        return api_fail(call, error, &detail);
    }
    json_object_set_new(body, "action", json_string(call->operation->asks));
    return api_command(call, "rollout_plan", body);
}

bool api_run_forecast(struct api_call *call)
{
    struct forecast *forecast = ARENA_NEW(call->arena, struct forecast);
    struct err_detail detail = {""};
    forecast->per_second[CHANNEL_TELEGRAM] = telegram_limits()->per_second;
    forecast->per_second[CHANNEL_EMAIL] = resend_limits()->per_second;
    enum err error = forecast_read(call->store, call->arena,
                                   clock_now_ms(http_app(call->request)->clock), forecast, &detail);
    if (error != OK) {
        return api_fail(call, error, &detail);
    }
    forecast_make(forecast);
    return api_reply(call, forecast_json(forecast));
}
