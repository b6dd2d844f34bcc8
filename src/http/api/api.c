/* Routing by the table, and answers. */
#include "http/api/api.h"

#include <microhttpd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "http/api/kept.h"
#include "http/routes.h"

enum { ETAG_HEX = 32 };

/* Whether the path is the pattern's; *ret_word is what stands in the place of {…}. */
static bool matches(const char *pattern, struct str path, struct str *ret_word)
{
    struct str pattern_rest = str_of(pattern);
    struct str rest = path;
    *ret_word = STR_NONE;
    while (pattern_rest.length > 0 && rest.length > 0) {
        struct str expected = str_split(pattern_rest, '/', &pattern_rest);
        struct str part = str_split(rest, '/', &rest);
        bool open = expected.length > 0 && expected.ptr[0] == '{';
        if (open ? part.length == 0 : !str_equal(expected, part)) {
            return false;
        }
        *ret_word = open ? part : *ret_word;
    }
    return pattern_rest.length == 0 && rest.length == 0 && path.ptr[path.length - 1] != '/';
}

static const struct api_operation *find(struct request *request, bool *ret_known_path,
                                        struct str *ret_word)
{
    int count;
    const struct api_operation *operations = api_operations(&count);
    *ret_known_path = false;
    for (int i = 0; i < count; i++) {
        if (matches(operations[i].path, http_path(request), ret_word)) {
            *ret_known_path = true;
            if (operations[i].method == request_method(request)) {
                return &operations[i];
            }
        }
    }
    return NULL;
}

/* The path and what the operation reads of the query, for those who may see the same. */
static struct str target_of(const struct api_call *call)
{
    struct str target = http_path(call->request);
    const struct api_parameter *parameter = call->operation->parameters;
    target = arena_printf(call->arena, "%d %.*s", (int)call->caller.role, STR_ARG(target));
    for (; parameter != NULL && parameter->name != NULL; parameter++) {
        struct str value = http_query(call->request, parameter->name);
        if (value.length > 0) {
            target = arena_printf(call->arena, "%.*s %s %zu:%.*s", STR_ARG(target), parameter->name,
                                  value.length, STR_ARG(value));
        }
    }
    return target;
}

static bool has_it(struct request *request, struct str etag)
{
    struct str rest = http_header(request, "If-None-Match");
    while (rest.length > 0) {
        struct str one = str_trim(str_split(rest, ',', &rest));
        if (str_equal(one, etag) || str_is(one, "*")) {
            return true;
        }
    }
    return false;
}

static bool reply_with(struct request *request, const struct kept_answer *answer)
{
    http_reply_header(request, "ETag", arena_str(http_arena(request), answer->etag).ptr);
    http_reply_header(request, "Cache-Control", "private, no-cache");
    http_reply_header(request, "Vary", "Authorization, Cookie, X-Admin-Key, X-API-Key");
    bool same = has_it(request, answer->etag);
    http_reply(request, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, "application/json",
               same ? STR_NONE : answer->body);
    return true;
}

static int64_t now_of(const struct api_call *call)
{
    return clock_monotonic_ms(http_app(call->request)->clock);
}

static bool run_operation(struct api_call *call)
{
    struct kept *kept = analyst_kept(call->analyst);
    struct kept_answer answer;
    if (call->operation->method != METHOD_GET) {
        kept_forget(kept, now_of(call));
        return call->operation->run(call);
    }
    call->target = target_of(call);
    call->begun_ms = clock_worked_ms();
    return kept_find(kept, call->target, now_of(call), &answer) ? reply_with(call->request, &answer)
                                                                : call->operation->run(call);
}

static bool run(struct request *request, struct analyst *analyst, void *context)
{
    (void)context;
    struct api_call call = {.request = request,
                            .analyst = analyst,
                            .arena = http_arena(request),
                            .store = analyst_store(analyst)};
    bool known_path;
    call.operation = find(request, &known_path, &call.word);
    return !api_authorise(&call, call.operation->role) || run_operation(&call);
}

void route_api(struct request *request)
{
    bool known_path;
    struct str word;
    if (find(request, &known_path, &word) != NULL) {
        analyst_ask(request, run);
    } else if (known_path) {
        http_reply_header(request, "Allow", request_method(request) == METHOD_GET ? "POST" : "GET");
        http_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, "this path does not take this method");
    } else {
        http_problem(request, MHD_HTTP_NOT_FOUND,
                     "there is nothing at this path; see /api/openapi.json");
    }
}

/* What is new in every answer is no change of what it tells. */
static struct str etag_of(struct api_call *call, const json_t *json)
{
    static const char *const fleeting[] = {"now", "system_health"};
    json_t *lasting = json_copy((json_t *)(uintptr_t)json);
    for (size_t i = 0; json_is_object(lasting) && i < sizeof(fleeting) / sizeof(*fleeting); i++) {
        json_object_del(lasting, fleeting[i]);
    }
    char hex[DIGEST_HEX_BYTES + 1];
    digest_sha256_hex(json_write(call->arena, lasting), hex);
    json_decref(lasting);
    return arena_printf(call->arena, "W/\"%.*s\"", ETAG_HEX, hex);
}

bool api_reply(struct api_call *call, json_t *json)
{
    struct request *request = call->request;
    if (request_method(request) != METHOD_GET) {
        http_reply_json(request, MHD_HTTP_OK, json);
        return true;
    }
    const struct kept_answer answer = {etag_of(call, json), json_write(call->arena, json)};
    json_decref(json);
    if (call->target.length > 0) {
        kept_offer(analyst_kept(call->analyst), call->target, now_of(call),
                   clock_worked_ms() - call->begun_ms, &answer);
    }
    return reply_with(request, &answer);
}

bool api_fail(struct api_call *call, enum err error, const struct err_detail *detail)
{
    http_problem_of(call->request, error, detail);
    return true;
}
