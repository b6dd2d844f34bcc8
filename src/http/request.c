/* Reading requests and making answers. */
#include "http/request.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "http/server_internal.h"

struct arena *http_arena(struct request *request)
{
    return request->arena;
}

const struct http_app *http_app(const struct request *request)
{
    return &request->server->app;
}

enum request_method request_method(const struct request *request)
{
    return request->method;
}

struct str http_path(const struct request *request)
{
    return request->path;
}

struct str http_body(const struct request *request)
{
    return (struct str){request->body, request->body_length};
}

struct str http_header(struct request *request, const char *name)
{
    return str_of(MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name));
}

struct str http_query(struct request *request, const char *name)
{
    return str_of(MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name));
}

struct str http_cookie(struct request *request, const char *name)
{
    return str_of(MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, name));
}

struct throttle *http_throttle(struct request *request)
{
    return request->server->throttle;
}

static struct str peer_address(struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char text[INET6_ADDRSTRLEN] = "";
    if (info != NULL && info->client_addr->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)info->client_addr;
        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
    } else if (info != NULL && info->client_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)info->client_addr;
        inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
    }
    return arena_str(request->arena, str_of(text));
}

static bool is_trusted_proxy(const struct request *request, struct str address)
{
    struct str rest = str_of(request->server->app.config->trusted_proxies);
    while (rest.length > 0) {
        if (str_equal(str_trim(str_split(rest, ',', &rest)), address)) {
            return true;
        }
    }
    return false;
}

/* The last address in X-Forwarded-For that is not itself a trusted proxy. */
struct str http_client_address(struct request *request)
{
    struct str address = peer_address(request);
    struct str forwarded = http_header(request, "X-Forwarded-For");
    while (forwarded.length > 0 && is_trusted_proxy(request, address)) {
        size_t comma = forwarded.length;
        while (comma > 0 && forwarded.ptr[comma - 1] != ',') {
            comma--;
        }
        struct str last = {forwarded.ptr + comma, forwarded.length - comma};
        address = str_trim(last);
        forwarded.length = comma > 0 ? comma - 1 : 0;
    }
    return address;
}

bool http_is_https(struct request *request)
{
    return str_is(http_header(request, "X-Forwarded-Proto"), "https") &&
           is_trusted_proxy(request, peer_address(request));
}

void http_reply_header(struct request *request, const char *name, const char *value)
{
    ASSERT(request->header_count < REPLY_HEADERS_MAX);
    request->headers[request->header_count].name = name;
    request->headers[request->header_count].value = value;
    request->header_count++;
}

void request_answer(struct request *request, int status, struct MHD_Response *response)
{
    ASSERT(request->reply == NULL && response != NULL);
    for (int i = 0; i < request->header_count; i++) {
        MHD_add_response_header(response, request->headers[i].name, request->headers[i].value);
    }
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    request->status = status;
    request->reply = response;
}

void http_reply(struct request *request, int status, const char *type, struct str body)
{
    char *copy = malloc(body.length + 1);
    ASSERT(copy != NULL);
    if (body.length > 0) {
        memcpy(copy, body.ptr, body.length);
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body.length, copy, MHD_RESPMEM_MUST_FREE);
    ASSERT(response != NULL);
    MHD_add_response_header(response, "Content-Type", type);
    request_answer(request, status, response);
}

void http_reply_constant(struct request *request, int status, const char *type, const void *bytes,
                         size_t length)
{
    /* libmicrohttpd takes void * but does not write to persistent memory. */
    union {
        const void *constant;
        void *plain;
    } memory = {bytes};
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, memory.plain, MHD_RESPMEM_PERSISTENT);
    ASSERT(response != NULL);
    MHD_add_response_header(response, "Content-Type", type);
    request_answer(request, status, response);
}

static void reply_json_as(struct request *request, int status, const char *type, json_t *json)
{
    struct str body = json_write(request->arena, json);
    json_decref(json);
    http_reply(request, status, type, body);
}

void http_reply_json(struct request *request, int status, json_t *json)
{
    http_reply_header(request, "Cache-Control", "no-store");
    reply_json_as(request, status, "application/json", json);
}

void http_problem(struct request *request, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str detail = arena_vprintf(request->arena, format, args);
    va_end(args);
    json_t *problem = json_object();
    json_object_set_new(problem, "type", json_string("about:blank"));
    json_object_set_new(problem, "status", json_integer(status));
    json_object_set_new(problem, "title",
                        json_string(MHD_get_reason_phrase_for((unsigned int)status)));
    json_object_set_new(problem, "detail", json_str(detail));
    reply_json_as(request, status, "application/problem+json", problem);
}

static int status_of(enum err error)
{
    switch (error) {
    case OK:
        return MHD_HTTP_OK;
    case ERR_INVALID:
        return MHD_HTTP_BAD_REQUEST;
    case ERR_NOT_FOUND:
        return MHD_HTTP_NOT_FOUND;
    case ERR_CONFLICT:
        return MHD_HTTP_CONFLICT;
    case ERR_LIMIT:
        return MHD_HTTP_CONTENT_TOO_LARGE;
    case ERR_UNAUTHORIZED:
        return MHD_HTTP_UNAUTHORIZED;
    case ERR_FORBIDDEN:
        return MHD_HTTP_FORBIDDEN;
    case ERR_BUSY:
    case ERR_FULL:
    case ERR_CANCELLED:
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    case ERR_TIMEOUT:
        return MHD_HTTP_GATEWAY_TIMEOUT;
    case ERR_NETWORK:
    case ERR_PROVIDER:
        return MHD_HTTP_BAD_GATEWAY;
    case ERR_CONFIG:
    case ERR_SCHEMA:
    case ERR_STORE:
    case ERR_IO:
        return MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
    return MHD_HTTP_INTERNAL_SERVER_ERROR;
}

void http_problem_of(struct request *request, enum err error, const struct err_detail *detail)
{
    int status = status_of(error);
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE) {
        http_reply_header(request, "Retry-After", "1");
    }
    const char *text = detail != NULL && detail->text[0] != '\0' ? detail->text : err_text(error);
    http_problem(request, status, "%s", text);
}

json_t *http_json_body(struct request *request)
{
    struct err_detail detail = {""};
    json_t *json = NULL;
    enum err error = json_read(http_body(request), LIMIT_HTTP_BODY_BYTES, &json, &detail);
    if (error == OK && !json_is_object(json)) {
        json_decref(json);
        error = err_set(&detail, ERR_INVALID, "the body is no JSON object");
    }
    if (error != OK) {
        http_problem_of(request, error, &detail);
        return NULL;
    }
    return json;
}

void http_suspend(struct request *request)
{
    request->suspended = true;
    MHD_suspend_connection(request->connection);
}

void http_resume(struct request *request)
{
    MHD_resume_connection(request->connection);
}

static void submitted(void *context, const struct outcome *outcome)
{
    struct request *request = context;
    if (outcome->error != OK) {
        http_problem_of(request, outcome->error, outcome->detail);
    } else {
        request->answer(request, outcome);
    }
    http_resume(request);
}

void http_command(struct request *request, const char *kind, struct str payload, struct str actor,
                  http_answer *answer)
{
    request->answer = answer;
    enum err error = engine_command(request->server->app.engine, str_of(kind), payload, actor,
                                    submitted, request);
    if (error != OK) {
        http_problem_of(request, error, NULL);
        http_resume(request);
    }
}

/* Takes the reference. Answers itself when it fails. */
static bool keep(struct request *request, struct str kind, json_t *json, struct str actor)
{
    const struct http_app *app = http_app(request);
    struct err_detail detail = {""};
    int64_t row_id = 0;
    struct str payload = json_write(http_arena(request), json);
    json_decref(json);
    enum err error = store_inbox_put(app->inbox, kind, payload, actor, clock_now_ms(app->clock),
                                     &row_id, &detail);
    if (error != OK) {
        http_problem_of(request, error, &detail);
    }
    return error == OK;
}

void http_hand_on(struct request *request, enum channel_kind channel, struct str id)
{
    json_t *json = json_object();
    json_object_set_new(json, "channel", json_string(channel_kind_name(channel)));
    json_object_set_new(json, "id", json_str(id));
    json_object_set_new(json, "body", json_str(http_body(request)));
    if (keep(request, STR("webhook"), json, STR("webhook"))) {
        http_reply_constant(request, MHD_HTTP_OK, "application/json", "{}", 2);
    }
}

void http_hand_on_input(struct request *request, struct str source, json_t *input,
                        http_answer *answer)
{
    const struct outcome outcome = {.error = OK, .handled = true};
    if (keep(request, STR("input"), input, source)) {
        answer(request, &outcome);
    }
}

void http_submit(struct request *request, const struct input *input, http_answer *answer)
{
    bool waits_already = request->suspended; /* since the analyst was asked, who ends first */
    if (!waits_already && atomic_load(&request->server->quiescing)) {
        http_problem_of(request, ERR_CANCELLED, NULL);
        return;
    }
    request->answer = answer;
    if (!waits_already) {
        http_suspend(request);
    }
    enum err error = engine_submit(request->server->app.engine, input, submitted, request);
    if (error != OK) {
        http_problem_of(request, error, NULL);
        http_resume(request);
    }
}
