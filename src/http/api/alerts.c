/* Alerts: what fires, what was, and taking one on. */
#include "bi/alerts/state.h"
#include "core/schema.h"
#include "http/api/api.h"

bool api_run_alerts(struct api_call *call)
{
    json_t *state = NULL;
    struct err_detail detail = {""};
    enum err error = alerts_state(call->store, call->arena, &state, &detail);
    return error == OK ? api_reply(call, state) : api_fail(call, error, &detail);
}

bool api_run_alert_history(struct api_call *call)
{
    int limit;
    int64_t before;
    json_t *history = NULL;
    struct err_detail detail = {""};
    if (!api_page(call, &limit, &before)) {
        return true;
    }
    enum err error = alerts_history(call->store, call->arena, limit, before, &history, &detail);
    return error == OK ? api_reply(call, history) : api_fail(call, error, &detail);
}

/* The body's "for" is a duration as people write it. */
bool api_run_alert_change(struct api_call *call)
{
    int64_t for_ms = -1;
    struct err_detail detail = {""};
    json_t *body = http_json_body(call->request);
    if (body == NULL) {
        return true;
    }
    bool silences = str_is(str_of(call->operation->asks), "silence");
    bool is_read = !silences || schema_duration(json_get_str(body, "for"), &for_ms);
    json_decref(body);
    if (!is_read) {
        return api_fail(call,
                        err_set(&detail, ERR_INVALID,
                                "\"for\" is a duration such as 90m, 6h, 2d; 0s ends the silence"),
                        &detail);
    }
    json_t *payload = json_object();
    json_object_set_new(payload, "rule", json_str(call->word));
    json_object_set_new(payload, "action", json_string(call->operation->asks));
    json_object_set_new(payload, "for_ms", json_integer(for_ms));
    return api_command(call, "alert", payload);
}
