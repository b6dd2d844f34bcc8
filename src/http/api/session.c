/* The dashboard's session: a cookie that names the key it was opened with, until when it lasts, and
 * a signature that ends with the key: "ACTOR.UNTIL_MS.SIGNATURE". Nothing is kept of it. */
#include <microhttpd.h>

#include "base/digest.h"
#include "base/limits.h"
#include "http/api/api.h"

enum { SESSION_HOURS = 12 };
#define COOKIE "nudge_session"

static struct str signature(struct api_call *call, struct str actor, struct str until,
                            const char *key_hash)
{
    struct str secret = engine_link_secret(http_app(call->request)->engine);
    struct str text = arena_printf(call->arena, "dashboard session\n%.*s\n%.*s\n%s", STR_ARG(actor),
                                   STR_ARG(until), key_hash);
    unsigned char mac[DIGEST_SHA256_BYTES];
    digest_hmac_sha256(secret, text, mac);
    return secret.length == 0
               ? STR_NONE
               : digest_base64url(call->arena, (struct str){(const char *)mac, sizeof(mac)});
}

bool api_session(struct api_call *call, struct api_caller *ret_caller)
{
    struct str rest;
    struct str actor = str_split(http_cookie(call->request, COOKIE), '.', &rest);
    struct str given;
    struct str until = str_split(rest, '.', &given);
    int64_t until_ms = 0;
    struct api_caller caller = {.by_cookie = true};
    char hash[DIGEST_HEX_BYTES + 1] = "";
    bool known = str_to_int64(until, &until_ms) &&
                 until_ms > clock_now_ms(http_app(call->request)->clock) &&
                 api_key_of_actor(call, actor, &caller, hash);
    if (known && digest_equal_secret(given, signature(call, actor, until, hash))) {
        *ret_caller = caller;
        return true;
    }
    return false;
}

static void set_cookie(struct api_call *call, struct str value, int64_t age_s)
{
    struct str cookie = arena_printf(call->arena,
                                     COOKIE "=%.*s; Path=/; HttpOnly; SameSite=Strict; "
                                            "Max-Age=%lld%s",
                                     STR_ARG(value), (long long)age_s,
                                     http_is_https(call->request) ? "; Secure" : "");
    http_reply_header(call->request, "Set-Cookie", cookie.ptr);
}

/* By which people can come. */
static json_t *channels(const struct http_app *app)
{
    json_t *list = json_array();
    if (app->telegram != NULL) {
        json_array_append_new(list, json_string(channel_kind_name(CHANNEL_TELEGRAM)));
    }
    if (app->webchat != NULL) {
        json_array_append_new(list, json_string(channel_kind_name(CHANNEL_WEBCHAT)));
    }
    if (app->config->resend_api_key[0] != '\0') {
        json_array_append_new(list, json_string(channel_kind_name(CHANNEL_EMAIL)));
    }
    return list;
}

static bool tell(struct api_call *call)
{
    const struct http_app *app = http_app(call->request);
    json_t *json = json_object();
    json_object_set_new(json, "actor", json_str(call->caller.actor));
    json_object_set_new(json, "may_act", json_boolean(call->caller.role == API_ACT));
    json_object_set_new(json, "demo", json_boolean(app->demo));
    json_object_set_new(json, "zone",
                        json_string(app->config->admin_time_zone[0] != '\0'
                                        ? app->config->admin_time_zone
                                        : app->config->default_time_zone));
    json_object_set_new(json, "channels", channels(app));
    return api_reply(call, json);
}

bool api_run_session(struct api_call *call)
{
    return tell(call);
}

bool api_run_session_begin(struct api_call *call)
{
    const struct http_app *app = http_app(call->request);
    json_t *body = http_json_body(call->request);
    if (body == NULL) {
        return true;
    }
    struct str key = arena_str(call->arena, json_get_str(body, "key"));
    json_decref(body);
    if (!api_by_key(call, key)) {
        return true;
    }
    /* In the demonstration time runs fast, and an evening is to be an evening. */
    double pace = app->time_scale > 1 ? app->time_scale : 1;
    int64_t lasts_ms = (int64_t)((double)(SESSION_HOURS * HOUR_MS) * pace);
    struct str until =
        arena_printf(call->arena, "%lld", (long long)(clock_now_ms(app->clock) + lasts_ms));
    struct str actor = call->caller.actor;
    struct api_caller same = {0};
    char hash[DIGEST_HEX_BYTES + 1] = "";
    struct str signed_by = STR_NONE;
    if (api_key_of_actor(call, actor, &same, hash)) {
        signed_by = signature(call, actor, until, hash);
    }
    if (signed_by.length == 0) {
        http_problem(call->request, MHD_HTTP_SERVICE_UNAVAILABLE, "there are no sessions now");
        return true;
    }
    set_cookie(call,
               arena_printf(call->arena, "%.*s.%.*s.%.*s", STR_ARG(actor), STR_ARG(until),
                            STR_ARG(signed_by)),
               SESSION_HOURS * HOUR_MS / 1000);
    return tell(call);
}

bool api_run_session_end(struct api_call *call)
{
    set_cookie(call, STR_NONE, 0);
    return api_reply(call, json_object());
}
