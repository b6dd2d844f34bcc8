/* Single calls of the Bot API that wait for their answer: for the command line and checks. */
#include <stdlib.h>

#include "base/limits.h"
#include "channel/out.h"
#include "channel/telegram.h"

enum { CALL_TIMEOUT_MS = 20 * 1000 };

static enum err read_answer(int status, struct str text, const char *method, json_t **ret_result,
                            struct err_detail *detail)
{
    json_t *body = NULL;
    enum err error = json_read(text, LIMIT_HTTP_BODY_BYTES, &body, NULL);
    if (error != OK || !json_is_boolean(json_object_get(body, "ok"))) {
        json_decref(body);
        if (status == 404 || status == 401) {
            return err_set(detail, ERR_UNAUTHORIZED, "%s: Telegram does not accept the token",
                           method);
        }
        return err_set(detail, ERR_PROVIDER,
                       "%s: the answer (status %d) is none of the Bot API; check TELEGRAM_API_URL",
                       method, status);
    }
    if (json_get_bool(body, "ok", false)) {
        *ret_result = json_incref(json_object_get(body, "result"));
    } else if (status == 401 || status == 404 || status == 421) {
        error = err_set(detail, ERR_UNAUTHORIZED,
                        "%s: Telegram does not accept the token (TELEGRAM_BOT_TOKEN)", method);
    } else {
        error = err_set(detail, ERR_PROVIDER, "%s: %.*s", method,
                        STR_ARG(json_get_str(body, "description")));
    }
    json_decref(body);
    return error;
}

enum err telegram_call(const struct telegram_access *access, const char *method, struct str body,
                       json_t **ret_result, struct err_detail *detail)
{
    struct arena *arena = arena_new(1024);
    struct str base = str_of(access->api_url);
    while (base.length > 0 && base.ptr[base.length - 1] == '/') {
        base.length--;
    }
    struct http_request request = {
        .method = HTTP_POST,
        .url = arena_printf(arena, "%.*s/bot%s/%s", STR_ARG(base), access->token, method),
        .body = body,
        .timeout_ms = CALL_TIMEOUT_MS,
    };
    int status = 0;
    struct str answer = STR_NONE;
    enum err error = http_client_call(access->client, &request, &status, &answer, detail);
    if (error == OK) {
        error = read_answer(status, answer, method, ret_result, detail);
        free((void *)(uintptr_t)answer.ptr);
    } else {
        err_wrap(detail, error, "%s", method);
    }
    arena_free(arena);
    return error;
}

/* For methods whose result is only true. */
static enum err call_plain(const struct telegram_access *access, const char *method,
                           struct str body, struct err_detail *detail)
{
    json_t *result = NULL;
    enum err error = telegram_call(access, method, body, &result, detail);
    if (error == OK) {
        json_decref(result);
    }
    return error;
}

enum err telegram_webhook_set(const struct telegram_access *access, struct str url,
                              struct str secret, bool drop_pending, struct err_detail *detail)
{
    struct arena *arena = arena_new(1024);
    struct out out;
    out_init(&out, arena, 512);
    out_text(&out, "{\"url\":");
    out_json(&out, url);
    out_text(&out, ",\"secret_token\":");
    out_json(&out, secret);
    out_text(&out, drop_pending ? ",\"drop_pending_updates\":true" : "");
    out_text(&out, ",\"allowed_updates\":" TELEGRAM_UPDATES "}");
    enum err error = call_plain(access, "setWebhook", out_str(&out), detail);
    arena_free(arena);
    return error;
}

enum err telegram_webhook_delete(const struct telegram_access *access, bool drop_pending,
                                 struct err_detail *detail)
{
    return call_plain(access, "deleteWebhook",
                      drop_pending ? STR("{\"drop_pending_updates\":true}") : STR("{}"), detail);
}

enum err telegram_webhook_info(const struct telegram_access *access, struct arena *arena,
                               struct telegram_webhook *ret_webhook, struct err_detail *detail)
{
    json_t *result = NULL;
    enum err error = telegram_call(access, "getWebhookInfo", STR("{}"), &result, detail);
    if (error == OK) {
        *ret_webhook = (struct telegram_webhook){
            .url = arena_str(arena, json_get_str(result, "url")),
            .pending_count = json_get_int(result, "pending_update_count", 0),
            .last_error_at_ms = json_get_int(result, "last_error_date", 0) * 1000,
            .last_error = arena_str(arena, json_get_str(result, "last_error_message")),
            .connections_max = json_get_int(result, "max_connections", 0),
        };
        json_decref(result);
    }
    return error;
}
