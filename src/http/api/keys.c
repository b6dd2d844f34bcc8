/* Who asks: a key in a header, or the dashboard's session. Of named keys only a hash is kept, as a
 * setting "key/NAME"; wrong keys are limited by the client's address. */
#include <microhttpd.h>
#include <string.h>

#include "http/api/api.h"

enum { KEYS_MAX = 1000, KEY_BYTES_MAX = 512, ATTEMPTS = 10, ATTEMPTS_PER_MINUTE = 6 };

static struct str given_key(struct request *request)
{
    struct str key = http_header(request, "X-Admin-Key");
    key = key.length > 0 ? key : http_header(request, "X-API-Key");
    struct str bearer = http_header(request, "Authorization");
    if (key.length == 0 && str_starts(bearer, STR("Bearer "))) {
        const size_t scheme = sizeof("Bearer ") - 1;
        key = str_trim((struct str){bearer.ptr + scheme, bearer.length - scheme});
    }
    return key;
}

static enum api_role role_of(struct str word)
{
    return str_is(word, "admin") ? API_ACT : str_is(word, "viewer") ? API_READ : API_NOBODY;
}

/* Goes through all of them, whichever it is. */
static enum err find_named(struct api_call *call, struct str key, struct api_caller *ret_caller,
                           struct err_detail *detail)
{
    char hex[DIGEST_HEX_BYTES + 1];
    digest_sha256_hex(key, hex);
    const struct arg args[] = {ARG_TEXT(STR(API_KEY_SETTING))};
    struct rows rows = {0};
    enum err error =
        store_query(call->store, call->arena, "settings_list", args, 1, KEYS_MAX, &rows, detail);
    for (int i = 0; error == OK && i < rows.count; i++) {
        const struct cell *cells = rows.cells + i * rows.columns;
        json_t *stored = NULL;
        error = json_read(cells[1].text, cells[1].text.length, &stored, detail);
        if (error == OK && digest_equal_secret(str_of(hex), json_get_str(stored, "hash"))) {
            const size_t prefix = sizeof(API_KEY_SETTING) - 1;
            struct str name = {cells[0].text.ptr + prefix, cells[0].text.length - prefix};
            ret_caller->role = role_of(json_get_str(stored, "role"));
            ret_caller->actor = arena_printf(call->arena, "key:%.*s", STR_ARG(name));
        }
        json_decref(stored);
    }
    return error;
}

static enum err find(struct api_call *call, struct str key, struct api_caller *ret_caller,
                     struct err_detail *detail)
{
    const struct config *config = http_app(call->request)->config;
    bool is_admin = digest_equal_secret(key, str_of(config->admin_api_key));
    bool is_viewer = digest_equal_secret(key, str_of(config->viewer_api_key));
    if (is_admin || is_viewer) {
        ret_caller->role = is_admin ? API_ACT : API_READ;
        ret_caller->actor = is_admin ? STR("admin") : STR("viewer");
        return OK;
    }
    return find_named(call, key, ret_caller, detail);
}

static bool refuse_key(struct api_call *call, int64_t now_ms)
{
    if (throttle_take(analyst_throttle(call->analyst), "key", http_client_address(call->request),
                      ATTEMPTS_PER_MINUTE, ATTEMPTS, now_ms)) {
        http_problem(call->request, MHD_HTTP_FORBIDDEN, "no such key");
    }
    return false;
}

bool api_key_of_actor(struct api_call *call, struct str actor, struct api_caller *ret_caller,
                      char ret_hash[DIGEST_HEX_BYTES + 1])
{
    const struct config *config = http_app(call->request)->config;
    ret_caller->actor = actor;
    bool is_admin = str_is(actor, "admin");
    if (is_admin || str_is(actor, "viewer")) {
        struct str key = str_of(is_admin ? config->admin_api_key : config->viewer_api_key);
        ret_caller->role = is_admin ? API_ACT : API_READ;
        digest_sha256_hex(key, ret_hash);
        return key.length > 0;
    }
    struct err_detail detail = {""};
    struct str stored = STR_NONE;
    json_t *key = NULL;
    if (!str_starts(actor, STR("key:"))) {
        return false;
    }
    struct str setting =
        arena_printf(call->arena, API_KEY_SETTING "%.*s", (int)actor.length - 4, actor.ptr + 4);
    enum err error = store_setting_get(call->store, call->arena, setting.ptr, &stored, &detail);
    if (error != OK || stored.length == 0 ||
        json_read(stored, stored.length, &key, &detail) != OK) {
        return false;
    }
    str_copy(ret_hash, DIGEST_HEX_BYTES + 1, json_get_str(key, "hash"));
    ret_caller->role = role_of(json_get_str(key, "role"));
    json_decref(key);
    return ret_caller->role != API_NOBODY && strlen(ret_hash) == DIGEST_HEX_BYTES;
}

bool api_by_key(struct api_call *call, struct str key)
{
    struct request *request = call->request;
    int64_t now_ms = clock_monotonic_ms(http_app(request)->clock);
    if (!throttle_has(analyst_throttle(call->analyst), "key", http_client_address(request),
                      ATTEMPTS_PER_MINUTE, ATTEMPTS, now_ms)) {
        http_reply_header(request, "Retry-After", "10");
        http_problem(request, MHD_HTTP_TOO_MANY_REQUESTS,
                     "too many wrong keys came from this address; try again later");
        return false;
    }
    struct err_detail detail = {""};
    enum err error = key.length <= KEY_BYTES_MAX ? find(call, key, &call->caller, &detail) : OK;
    if (error != OK) {
        http_problem_of(request, error, &detail);
        return false;
    }
    return call->caller.role != API_NOBODY || refuse_key(call, now_ms);
}

/* A browser sends the cookie along with whatever asks for it: only pages of our own may act. */
static bool is_own_page(struct request *request)
{
    struct str site = http_header(request, "Sec-Fetch-Site");
    struct str origin = http_header(request, "Origin");
    struct str host = http_header(request, "Host");
    struct str rest;
    (void)str_split(origin, ':', &rest);
    return (site.length == 0 || str_is(site, "same-origin")) && host.length > 0 &&
           str_starts(rest, STR("//")) &&
           str_equal((struct str){rest.ptr + 2, rest.length - 2}, host);
}

static bool identify(struct api_call *call)
{
    struct request *request = call->request;
    struct str key = given_key(request);
    if (key.length > 0) {
        return api_by_key(call, key);
    }
    if (!api_session(call, &call->caller)) {
        http_reply_header(request, "WWW-Authenticate", "Bearer realm=\"nudge\"");
        http_problem(request, MHD_HTTP_UNAUTHORIZED,
                     "a key is needed, as X-Admin-Key, X-API-Key or Authorization: Bearer");
        return false;
    }
    if (request_method(request) != METHOD_GET && !is_own_page(request)) {
        http_problem(request, MHD_HTTP_FORBIDDEN, "this came from another site's page");
        return false;
    }
    return true;
}

bool api_authorise(struct api_call *call, enum api_role role)
{
    if (role == API_NOBODY) {
        return true;
    }
    if (!identify(call)) {
        return false;
    }
    if (call->caller.role < role) {
        http_problem(call->request, MHD_HTTP_FORBIDDEN, "this key may only read");
        return false;
    }
    return true;
}
