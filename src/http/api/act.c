/* What operators do: commands for the engine, written to its audit log with who asked. */
#include <microhttpd.h>

#include "bi/people.h"
#include "http/api/api.h"

enum { ONCE_BYTES_MAX = 128 };

struct str api_actor(const struct api_call *call)
{
    return arena_printf(call->arena, ENGINE_API_ACTOR "%.*s", STR_ARG(call->caller.actor));
}

bool api_once(struct api_call *call, struct str *ret_external_id)
{
    struct str key = http_header(call->request, "Idempotency-Key");
    *ret_external_id = STR_NONE;
    if (key.length > ONCE_BYTES_MAX) {
        http_problem(call->request, MHD_HTTP_BAD_REQUEST,
                     "the header Idempotency-Key has more than %d bytes", ONCE_BYTES_MAX);
        return false;
    }
    if (key.length > 0) {
        *ret_external_id = arena_printf(call->arena, "%.*s %s %.*s", STR_ARG(call->caller.actor),
                                        call->operation->id, STR_ARG(key));
    }
    return true;
}

static void answer_result(struct request *request, const struct outcome *outcome)
{
    json_t *result = NULL;
    struct err_detail detail = {""};
    struct str text = outcome->result.length > 0 ? outcome->result : STR("{}");
    enum err error = json_read(text, text.length, &result, &detail);
    if (error != OK) {
        http_problem_of(request, error, &detail);
    } else {
        http_reply_json(request, MHD_HTTP_OK, result);
    }
}

bool api_command(struct api_call *call, const char *kind, json_t *payload)
{
    struct str text = json_write(call->arena, payload);
    json_decref(payload);
    http_command(call->request, kind, text, api_actor(call), answer_result);
    return false;
}

/* The body is the payload: the engine says what is wrong with it. */
bool api_run_command(struct api_call *call)
{
    json_t *body = http_json_body(call->request);
    return body == NULL || api_command(call, call->operation->asks, body);
}

bool api_run_rollout_set(struct api_call *call)
{
    json_t *body = http_json_body(call->request);
    if (body == NULL) {
        return true;
    }
    json_object_set_new(body, "name", json_string("superior_onboarding"));
    return api_command(call, "rollout_set", body);
}

/* What a rollback would do now; nothing is done. */
bool api_run_rollback_preview(struct api_call *call)
{
    struct rows rows = {0};
    struct err_detail detail = {""};
    enum err error =
        store_query(call->store, call->arena, "rollback_preview", NULL, 0, 1, &rows, &detail);
    if (error != OK) {
        return api_fail(call, error, &detail);
    }
    return api_reply(call,
                     json_pack("{s:I, s:I}", "people_moved", (json_int_t)rows.cells[0].integer,
                               "people_in_the_middle", (json_int_t)rows.cells[1].integer));
}

/* A request about the person whom the path names. */
bool api_run_person_request(struct api_call *call)
{
    int64_t user_id = 0;
    struct str once;
    struct err_detail detail = {""};
    json_t *body = http_json_body(call->request);
    if (body == NULL) {
        return true;
    }
    enum err error = people_find(call->store, call->arena, call->word, &user_id, &detail);
    if (error == OK && user_id == 0) {
        error = err_set(&detail, ERR_NOT_FOUND, "nobody is known as %.*s", STR_ARG(call->word));
    }
    if (error != OK || !api_once(call, &once)) {
        json_decref(body);
        return error == OK || api_fail(call, error, &detail);
    }
    json_t *payload = json_object();
    json_object_set_new(payload, "kind", json_string("admin"));
    json_object_set_new(payload, "name", json_string(call->operation->asks));
    json_object_set_new(payload, "user_id", json_integer(user_id));
    json_object_set_new(payload, "text", json_str(json_get_str(body, "text")));
    json_object_set_new(payload, "external_id", json_str(once));
    if (json_object_get(body, "days") != NULL) {
        json_object_set_new(payload, "data",
                            json_pack("{s:O}", "days", json_object_get(body, "days")));
    }
    json_decref(body);
    return api_command(call, "input", payload);
}
