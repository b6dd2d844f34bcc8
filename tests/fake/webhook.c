/* The webhook methods (webhook.h). By default this is a server in its local mode, which takes plain
 * HTTP and any port; `https_only` bots get the public server's rules. */
#include "webhook.h"

#include "deliver.h"
#include "methods.h"
#include "updates.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECTIONS_DEFAULT 40
#define CONNECTIONS_MAX     100
#define SECRET_LENGTH_MAX   256

struct webhook *webhook_new(void)
{
    struct webhook *webhook = fake_alloc(sizeof *webhook);
    webhook->max_connections = CONNECTIONS_DEFAULT;
    return webhook;
}

void webhook_remove(struct webhook *webhook)
{
    set_text(&webhook->url, NULL);
    set_text(&webhook->secret_token, NULL);
    set_text(&webhook->ip_address, NULL);
    set_text(&webhook->last_error, NULL);
    webhook->last_error_s = 0;
    webhook->gone_since_ms = 0;
    webhook->custom_certificate = false;
    webhook->max_connections = CONNECTIONS_DEFAULT;
}

void webhook_free(struct webhook *webhook, struct bot *bot)
{
    deliverer_forget(bot);
    webhook_remove(webhook);
    free(webhook);
}

bool webhook_is_set(const struct webhook *webhook)
{
    return webhook->url != NULL;
}

void webhook_error(struct bot *bot, const char *text)
{
    set_text(&bot->webhook->last_error, text);
    bot->webhook->last_error_s = bot_now_ms(bot) / 1000;
}

static void check_secret(struct call *call, const char *secret)
{
    if (strlen(secret) > SECRET_LENGTH_MAX) {
        call_fail(call, 400, "Bad Request: secret token is too long");
    } else if (secret[strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789_-")]) {
        call_fail(call, 400, "Bad Request: secret token contains unallowed characters");
    }
}

static void check_url(struct call *call, const char *url)
{
    bool https = !strncasecmp(url, "https://", 8);
    bool http = !strncasecmp(url, "http://", 7);
    const char *host = url + (https ? 8 : 7);
    if ((!https && !http && strstr(url, "://")) || strpbrk(url, " \t\r\n") || strlen(url) > 2000) {
        call_fail(call, 400, "Bad Request: invalid webhook URL specified");
        return;
    }
    if (!https && (call->bot->https_only || !http)) {
        call_fail(call, 400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook");
        return;
    }
    size_t host_len = strcspn(host, ":/?#");
    if (!host_len) {
        call_fail(call, 400, "Bad Request: invalid webhook URL specified");
        return;
    }
    if (call->bot->https_only && host[host_len] == ':') {
        long port = strtol(host + host_len + 1, NULL, 10);
        if (port != 80 && port != 88 && port != 443 && port != 8443) {
            call_fail(call, 400,
                      "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 "
                      "or 8443");
        }
    }
}

static bool same_text(const char *a, const char *b)
{
    return !strcmp(a ? a : "", b ? b : "");
}

static void remove_webhook(struct call *call)
{
    struct bot *bot = call->bot;
    bool was_set = webhook_is_set(bot->webhook);
    if (call_bool(call, "drop_pending_updates")) {
        updates_drop_all(bot);
    }
    webhook_remove(bot->webhook);
    snprintf(call->description, sizeof call->description,
             was_set ? "Webhook was deleted" : "Webhook is already deleted");
}

static void install_webhook(struct call *call, const char *url, const char *secret)
{
    struct bot *bot = call->bot;
    struct webhook *webhook = bot->webhook;
    int64_t connections = call_int(call, "max_connections", CONNECTIONS_DEFAULT);
    connections = connections < 1                 ? 1
                  : connections > CONNECTIONS_MAX ? CONNECTIONS_MAX
                                                  : connections;
    bool drop = call_bool(call, "drop_pending_updates");
    bool certificate = json_is_object(json_object_get(call->params, "certificate"));
    bool same = webhook->url && same_text(webhook->url, url) && !drop && !certificate &&
                !webhook->custom_certificate && same_text(webhook->secret_token, secret) &&
                webhook->max_connections == connections;
    updates_set_allowed(call);
    if (same) {
        snprintf(call->description, sizeof call->description, "Webhook is already set");
        return;
    }
    updates_end_poll(bot, "Conflict: terminated by setWebhook request");
    if (drop) {
        updates_drop_all(bot);
    }
    webhook_remove(webhook);
    set_text(&webhook->url, url);
    set_text(&webhook->secret_token, secret && *secret ? secret : NULL);
    set_text(&webhook->ip_address, call_text(call, "ip_address"));
    webhook->max_connections = (int)connections;
    webhook->custom_certificate = certificate;
    snprintf(call->description, sizeof call->description, "Webhook was set");
    deliverer_wake(bot->world);
}

void method_set_webhook(struct call *call)
{
    struct bot *bot = call->bot;
    const char *url = call_text(call, "url");
    if (!url || !*url) {
        remove_webhook(call);
        return;
    }
    int64_t now_ms = bot_now_ms(bot);
    if (now_ms < bot->next_set_webhook_ms) {
        call->retry_after_s = 1;
        call_fail(call, 429, "Too Many Requests: retry after 1");
        return;
    }
    bot->next_set_webhook_ms = now_ms + 1000;
    const char *secret = call_text(call, "secret_token");
    if (secret) {
        check_secret(call, secret);
    }
    check_url(call, url);
    if (call->code == 200) {
        install_webhook(call, url, secret);
    }
}

void method_delete_webhook(struct call *call)
{
    remove_webhook(call);
}

void method_get_webhook_info(struct call *call)
{
    struct bot *bot = call->bot;
    const struct webhook *webhook = bot->webhook;
    struct buf *out = &call->result;
    updates_purge(bot);
    buf_char(out, '{');
    buf_member(out, "url", webhook->url ? webhook->url : "");
    buf_member_bool(out, "has_custom_certificate", webhook->custom_certificate);
    buf_member_i64(out, "pending_update_count", (int64_t)bot->updates->count);
    if (webhook->url) {
        buf_member(out, "ip_address", webhook->ip_address ? webhook->ip_address : "127.0.0.1");
        if (webhook->last_error) {
            buf_member_i64(out, "last_error_date", webhook->last_error_s);
            buf_member(out, "last_error_message", webhook->last_error);
        }
        buf_member_i64(out, "max_connections", webhook->max_connections);
    }
    struct buf allowed = {0};
    if (updates_render_allowed(bot->updates, &allowed)) {
        buf_member_raw(out, "allowed_updates", allowed.data);
    }
    buf_release(&allowed);
    buf_char(out, '}');
}
