/* From a request to a method and back (api.h). */
#include "api.h"

#include "faults.h"
#include "methods.h"
#include "updates.h"
#include "waits.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TOKEN_BYTES_MAX 80

static void answer_plain(struct request *request, int code, const char *description)
{
    struct buf out = {0};
    buf_fmt(&out, "{\"ok\":false,\"error_code\":%d", code);
    buf_member(&out, "description", description);
    buf_char(&out, '}');
    request_answer(request, code, &out, 0);
}

/* Splits /bot<token>/[test/]<method>; the method may be missing. False: this is no such path. */
static bool split_path(const char *path, char *token, size_t token_size, const char **ret_method)
{
    if (strncmp(path, "/bot", 4)) {
        return false;
    }
    const char *begin = path + 4;
    size_t len = strcspn(begin, "/");
    if (!len) {
        return false;
    }
    snprintf(token, token_size, "%.*s", (int)len, begin);
    const char *method = begin[len] ? begin + len + 1 : begin + len;
    if (!strncmp(method, "test/", 5)) {
        method += 5;
    }
    *ret_method = method;
    return true;
}

static char *log_params(const struct call *call)
{
    if (call->raw && json_object_size(call->params)) {
        return fake_copy_n(call->raw, call->raw_len);
    }
    char *json = json_dumps(call->params, JSON_COMPACT);
    return json ? json : fake_copy("{}");
}

static void log_call(struct call *call, const char *fault, bool executed)
{
    struct log_entry entry = {
        .method = call->method,
        .via = call->request ? "http" : "webhook",
        .fault = fault,
        .executed = executed && call->code == 200,
        .ok = call->code == 200 && (!fault || !strcmp(fault, "delay")),
        .code = call->kept ? 0 : call->code,
        .chat_id = call->chat_id,
        .message_id = call->message_id,
    };
    if (log_keeps(call->bot->log)) {
        const struct method *method = method_named(call->method);
        entry.params = log_params(call);
        entry.unknown = method ? method_unknown_params(method, call->params) : NULL;
        entry.description = call->code == 200 ? NULL : fake_copy(call->description);
        if (call->message) {
            entry.text = fake_copy(call->message->text);
            entry.markup = fake_copy(call->message->markup);
        }
    }
    log_add(call->bot, &entry);
}

/* An answer kept back for a while. */
struct late_answer {
    int http;
    int retry_after_s;
    struct buf body;
};

static void late_answer_done(struct waiter *waiter)
{
    struct late_answer *late = waiter->data;
    request_answer(waiter->request, late->http, &late->body, late->retry_after_s);
}

static void never_done(struct waiter *waiter)
{
    request_close(waiter->request);
}

static void answer_late(struct call *call, int64_t delay_ms)
{
    struct waiter *waiter = wait_add(call->bot, call->request, WAIT_ANSWER, late_answer_done);
    struct late_answer *late = fake_alloc(sizeof *late);
    late->http = call->code;
    late->retry_after_s = call->retry_after_s;
    call_render(call, &late->body);
    waiter->data = late;
    waiter->steady_until_ms = steady_now_ms() + delay_ms;
}

static void answer_malformed(struct call *call, const struct fault *fault)
{
    struct buf out = {0};
    if (fault->body) {
        buf_str(&out, fault->body);
    } else {
        call_render(call, &out);
        out.len /= 2;
    }
    request_answer(call->request, fault->code, &out, 0);
}

static void answer(struct call *call)
{
    struct buf out = {0};
    call_render(call, &out);
    request_answer(call->request, call->code, &out, call->retry_after_s);
}

static void run_with_fault(const struct method *method, struct call *call, struct fault *fault)
{
    if (fault->execute) {
        call->at_once = true;
        method_run(method, call);
    } else if (fault->kind == FAULT_ERROR) {
        call->retry_after_s = fault->retry_after_s;
        call->migrate_to = fault->migrate_to;
        call_fail(call, fault->code, "%s", fault->description);
    }
    log_call(call, fault_name(fault->kind), fault->execute);
    if (call->kept) {
        return; /* it is told of a conflict */
    }
    switch (fault->kind) {
    case FAULT_ERROR:
        answer(call);
        break;
    case FAULT_CLOSE:
    case FAULT_LOST:
        request_close(call->request);
        break;
    case FAULT_MALFORMED:
        answer_malformed(call, fault);
        break;
    case FAULT_DELAY:
        answer_late(call, fault->delay_ms);
        break;
    case FAULT_TIMEOUT:
        wait_add(call->bot, call->request, WAIT_ANSWER, never_done);
        break;
    }
}

static void run_call(struct call *call, const char *name)
{
    const struct method *method = method_named(name);
    if (!method) {
        call->method = "(unknown)";
        json_object_set_new(call->params, "method", json_string(name));
        call->raw = NULL;
        call_fail(call, 404, "Not Found: method not found");
        log_call(call, NULL, false);
        answer(call);
        return;
    }
    call->method = method->name;
    const char *chat = json_object_get(call->params, "chat_id") ? call_text(call, "chat_id") : NULL;
    call->chat_id = chat ? strtoll(chat, NULL, 10) : 0;
    struct fault *fault = fault_for(call->bot, method->name, call->chat_id);
    if (fault) {
        run_with_fault(method, call, fault);
        fault_used(call->bot, fault);
        return;
    }
    method_run(method, call);
    log_call(call, NULL, true);
    if (!call->kept) {
        answer(call);
    }
}

void api_handle(struct world *world, struct request *request)
{
    char token[TOKEN_BYTES_MAX + 2];
    const char *name;
    if (!split_path(request->path, token, sizeof token, &name)) {
        answer_plain(request, 404, "Not Found");
        return;
    }
    if (!strchr(token, ':') || token[0] == '0' || strlen(token) > TOKEN_BYTES_MAX) {
        answer_plain(request, 401, "Unauthorized: invalid token specified");
        return;
    }
    struct bot *bot = world_bot(world, token);
    if (!bot || bot->revoked) {
        answer_plain(request, 401, "Unauthorized");
        return;
    }
    struct call call = {.bot = bot, .request = request, .code = 200, .method = "(unread)"};
    if (!call_read_params(&call)) {
        log_call(&call, NULL, false);
        answer(&call);
    } else {
        const char *given = *name ? name : call_text(&call, "method");
        run_call(&call, given ? given : "");
    }
    call_release(&call);
}

void api_handle_response(struct bot *bot, const char *body, size_t len)
{
    struct call call = {.bot = bot, .code = 200, .method = "(unread)"};
    if (len && call_read_json(&call, body, len)) {
        const char *name = call_text(&call, "method");
        bool ignored = !name || !strcasecmp(name, "deleteWebhook") ||
                       !strcasecmp(name, "setWebhook") || !strcasecmp(name, "close") ||
                       !strcasecmp(name, "logOut") || !strncasecmp(name, "get", 3);
        const struct method *method = ignored ? NULL : method_named(name);
        if (method) {
            call.method = method->name;
            call.chat_id = call_int(&call, "chat_id", 0);
            method_run(method, &call);
            log_call(&call, NULL, true);
        }
    }
    call_release(&call);
}
