/* Go or no-go: the look, the drill, what is signed by hand. They ask providers and the engine, and
 * answer from a thread of their own. */
#include <microhttpd.h>

#include "http/api/api.h"

static void answer(void *context, json_t *json, enum err error, const struct err_detail *detail)
{
    struct request *request = context;
    if (error == OK) {
        http_reply_json(request, MHD_HTTP_OK, json);
    } else {
        http_problem_of(request, error, detail);
    }
    http_resume(request);
}

static bool ask(struct api_call *call, enum preflight_kind kind, struct str item, struct str by)
{
    const struct http_app *app = http_app(call->request);
    const struct preflight_wish wish = {kind, api_actor(call).ptr, arena_str(call->arena, item).ptr,
                                        arena_str(call->arena, by).ptr};
    struct err_detail detail = {""};
    enum err error = app->preflight(app->preflight_context, &wish, answer, call->request, &detail);
    return error != OK && api_fail(call, error, &detail);
}

bool api_run_preflight(struct api_call *call)
{
    return ask(call, PREFLIGHT_LOOK, STR(""), STR(""));
}

bool api_run_preflight_drill(struct api_call *call)
{
    return ask(call, PREFLIGHT_DRILL, STR(""), STR(""));
}

bool api_run_preflight_confirm(struct api_call *call)
{
    json_t *body = http_json_body(call->request);
    if (body == NULL) {
        return true;
    }
    bool answered =
        ask(call, PREFLIGHT_CONFIRM, json_get_str(body, "item"), json_get_str(body, "by"));
    json_decref(body);
    return answered;
}
