/* What providers say of our credentials: each is asked the cheapest question that only a working
 * one answers. Nothing is sent to anybody. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "bi/plan_files.h"
#include "channel/telegram.h"
#include "cli/preflight/preflight.h"

enum { ANSWER_MS_MAX = 20 * 1000, ADMIN_CHATS_MAX = 20 };
static const int64_t WEBHOOK_FAILED_MS = HOUR_MS;

/* ---- Telegram ---- */

static bool bot_answers(struct preflight *preflight, const struct telegram_access *access)
{
    struct err_detail detail = {""};
    json_t *bot = NULL;
    enum err error = telegram_call(access, "getMe", STR("{}"), &bot, &detail);
    if (error != OK) {
        preflight_line(preflight, CHECK_FAIL, "telegram",
                       error == ERR_UNAUTHORIZED ? "TELEGRAM_BOT_TOKEN" : "TELEGRAM_API_URL", "%s",
                       detail.text);
        return false;
    }
    struct str name = json_get_str(bot, "username");
    preflight_line(preflight, CHECK_PASS, "telegram", "", "the bot is @%.*s", STR_ARG(name));
    json_decref(bot);
    return true;
}

/* The address that was remembered when it was set; empty: updates are asked for. */
static struct str webhook_wanted(struct preflight *preflight)
{
    struct str stored = STR_NONE;
    json_t *json = NULL;
    struct err_detail detail = {""};
    struct arena *arena = preflight->cli->arena;
    enum err error =
        store_setting_get(preflight->store, arena, "telegram/webhook", &stored, &detail);
    if (error != OK || stored.length == 0 ||
        json_read(arena_printf(arena, "[%.*s]", STR_ARG(stored)), LIMIT_HTTP_BODY_BYTES, &json,
                  NULL) != OK) {
        return STR("");
    }
    const char *url = json_string_value(json_array_get(json, 0));
    struct str copy = arena_str(arena, str_of(url == NULL ? "" : url));
    json_decref(json);
    return copy;
}

static void judge_webhook(struct preflight *preflight, const struct telegram_webhook *webhook,
                          struct str wanted)
{
    static const char set[] = "nudge telegram webhook set";
    bool failed_lately = webhook->last_error_at_ms > 0 &&
                         webhook->last_error_at_ms + WEBHOOK_FAILED_MS > preflight->now_ms;
    if (!preflight->cli->config.telegram_receive) {
        preflight_line(preflight, CHECK_NOTE, "webhook", "",
                       "another bot owns the chats and forwards updates (TELEGRAM_RECEIVE=off)");
    } else if (!str_equal(webhook->url, wanted)) {
        preflight_line(preflight, CHECK_FAIL, "webhook",
                       wanted.length > 0 ? set : "nudge telegram webhook delete",
                       "Telegram delivers to \"%.*s\", we expect \"%.*s\"", STR_ARG(webhook->url),
                       STR_ARG(wanted));
    } else if (wanted.length == 0) {
        preflight_line(preflight, CHECK_PASS, "webhook", "",
                       "none: the server asks for updates, %" PRId64 " wait",
                       webhook->pending_count);
    } else if (failed_lately) {
        preflight_line(preflight, CHECK_FAIL, "webhook", "nudge telegram webhook info",
                       "does not answer Telegram: %.*s", STR_ARG(webhook->last_error));
    } else {
        preflight_line(preflight, CHECK_PASS, "webhook", "", "%.*s answers, %" PRId64 " wait",
                       STR_ARG(webhook->url), webhook->pending_count);
    }
}

void preflight_telegram(struct preflight *preflight)
{
    const struct config *config = &preflight->cli->config;
    const struct telegram_access access = {preflight->client, config->telegram_api_url,
                                           config->telegram_bot_token};
    struct telegram_webhook webhook = {0};
    struct err_detail detail = {""};
    if (config->telegram_bot_token[0] == '\0' || preflight->client == NULL) {
        preflight_line(preflight, CHECK_NOT_CHECKED, "telegram", "TELEGRAM_BOT_TOKEN",
                       "no token is set: Telegram is off");
        preflight_line(preflight, CHECK_NOT_CHECKED, "webhook", "", "Telegram is off");
        return;
    }
    if (!bot_answers(preflight, &access)) {
        preflight_line(preflight, CHECK_NOT_CHECKED, "webhook", "", "the bot does not answer");
        return;
    }
    if (preflight->store == NULL) {
        preflight_line(preflight, CHECK_NOT_CHECKED, "webhook", "", "the store is not ready");
        return;
    }
    enum err error = telegram_webhook_info(&access, preflight->cli->arena, &webhook, &detail);
    if (error != OK) {
        preflight_line(preflight, CHECK_FAIL, "webhook", "TELEGRAM_API_URL", "%s", detail.text);
    } else {
        judge_webhook(preflight, &webhook, webhook_wanted(preflight));
    }
}

/* ---- e-mail ---- */

/* "Name <a@b.org>" or "a@b.org" -> "b.org". */
static struct str domain_of(struct str from)
{
    struct str rest = from;
    str_split(from, '@', &rest);
    struct str tail;
    return str_trim(str_split(rest, '>', &tail));
}

/* "b.org" is above "mail.b.org", which it verifies, too. */
static bool is_above(struct str domain, struct str wanted)
{
    if (domain.length == 0 || domain.length >= wanted.length) {
        return false;
    }
    size_t rest = wanted.length - domain.length;
    return wanted.ptr[rest - 1] == '.' &&
           str_equal((struct str){wanted.ptr + rest, domain.length}, domain);
}

static void judge_domain(struct preflight *preflight, struct str text)
{
    struct str wanted = domain_of(str_of(preflight->cli->config.email_from));
    json_t *body = NULL;
    if (json_read(text, LIMIT_HTTP_BODY_BYTES, &body, NULL) != OK) {
        preflight_line(preflight, CHECK_FAIL, "e-mail", "RESEND_BASE_URL",
                       "what answers is not Resend");
        return;
    }
    const json_t *list = json_get_array(body, "data");
    struct str status = STR_NONE;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *domain = json_array_get(list, i);
        struct str name = json_get_str(domain, "name");
        if (is_above(name, wanted) && status.length == 0) {
            status = json_get_str(domain, "status");
        }
        if (str_equal(name, wanted)) {
            status = json_get_str(domain, "status");
        }
    }
    if (str_is(status, "verified")) {
        preflight_line(preflight, CHECK_PASS, "e-mail", "", "%.*s is verified", STR_ARG(wanted));
    } else {
        preflight_line(preflight, CHECK_FAIL, "e-mail", "EMAIL_FROM",
                       "the sender's domain %.*s is %.*s with Resend; expected verified",
                       STR_ARG(wanted), STR_ARG(status.length > 0 ? status : STR("not known")));
    }
    json_decref(body);
}

static bool may_only_send(struct str text)
{
    json_t *body = NULL;
    bool may = json_read(text, LIMIT_HTTP_BODY_BYTES, &body, NULL) == OK &&
               str_is(json_get_str(body, "name"), "restricted_api_key");
    json_decref(body);
    return may;
}

static void judge_resend(struct preflight *preflight, int status, struct str text)
{
    if (status == 200) {
        judge_domain(preflight, text);
    } else if (status == 401 && may_only_send(text)) {
        preflight_line(preflight, CHECK_NOT_CHECKED, "e-mail", "",
                       "the key may only send: whether the domain is verified, Resend's page says");
    } else if (status == 401 || status == 403) {
        preflight_line(preflight, CHECK_FAIL, "e-mail", "RESEND_API_KEY",
                       "Resend does not accept the key (status %d)", status);
    } else {
        preflight_line(preflight, CHECK_FAIL, "e-mail", "RESEND_BASE_URL",
                       "Resend answered with status %d", status);
    }
}

/* The setting that e-mail lacks; NULL: none. */
static const char *missing_for_email(const struct config *config)
{
    return config->resend_api_key[0] == '\0' ? "RESEND_API_KEY"
           : config->email_from[0] == '\0'   ? "EMAIL_FROM"
           : config->public_url[0] == '\0'   ? "PUBLIC_URL"
                                             : NULL;
}

void preflight_email(struct preflight *preflight)
{
    const struct config *config = &preflight->cli->config;
    struct arena *arena = preflight->cli->arena;
    bool wanted = config->resend_api_key[0] != '\0' || config->email_from[0] != '\0';
    const char *missing = missing_for_email(config);
    if (missing != NULL || preflight->client == NULL) {
        preflight_line(preflight, wanted ? CHECK_FAIL : CHECK_NOT_CHECKED, "e-mail",
                       missing == NULL ? "" : missing,
                       wanted ? "not all that e-mail needs is set"
                              : "no key is set: e-mail is off");
        return;
    }
    struct http_request request = {.method = HTTP_GET, .timeout_ms = ANSWER_MS_MAX};
    request.url = arena_printf(arena, "%s/domains", config->resend_base_url);
    request.headers[request.header_count++] =
        arena_printf(arena, "Authorization: Bearer %s", config->resend_api_key);
    struct err_detail detail = {""};
    struct str text = STR_NONE;
    int status = 0;
    enum err error = http_client_call(preflight->client, &request, &status, &text, &detail);
    if (error != OK) {
        preflight_line(preflight, CHECK_FAIL, "e-mail", "RESEND_BASE_URL",
                       "Resend is not reached: %s", detail.text);
        return;
    }
    judge_resend(preflight, status, text);
    free((void *)(uintptr_t)text.ptr);
}

/* ---- keys ---- */

static int different_bytes(const char *text)
{
    bool seen[256] = {false};
    int different = 0;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        different += !seen[byte];
        seen[byte] = true;
    }
    return different;
}

static void key_line(struct preflight *preflight, const char *name, const char *setting,
                     const char *key)
{
    enum { LENGTH_MIN = 20, DIFFERENT_MIN = 10 };
    size_t length = strlen(key);
    if (length == 0) {
        preflight_line(preflight, CHECK_NOT_CHECKED, name, setting,
                       "none is set: only named keys (nudge keys) open the API");
    } else if (length < LENGTH_MIN || different_bytes(key) < DIFFERENT_MIN) {
        preflight_line(preflight, CHECK_FAIL, name, setting,
                       "can be guessed: %zu characters, %d different ones; take 20 random ones "
                       "(openssl rand -hex 20)",
                       length, different_bytes(key));
    } else {
        preflight_line(preflight, CHECK_PASS, name, "", "%zu characters", length);
    }
}

void preflight_keys(struct preflight *preflight)
{
    const struct config *config = &preflight->cli->config;
    key_line(preflight, "admin key", "ADMIN_API_KEY", config->admin_api_key);
    if (config->viewer_api_key[0] != '\0') {
        key_line(preflight, "viewer key", "VIEWER_API_KEY", config->viewer_api_key);
    }
    if (config->supabase_url[0] != '\0') {
        preflight_line(preflight, CHECK_NOT_CHECKED, "supabase keys", "",
                       "the program uses the database's password and none of the project's API "
                       "keys; what those may read is told by the lines about tables");
    }
}

/* ---- alerts ---- */

/* The first chat that the bot may not write to; empty: all answer. */
static struct str silent_chat(struct preflight *preflight, struct str chats, int *ret_count)
{
    const struct config *config = &preflight->cli->config;
    const struct telegram_access access = {preflight->client, config->telegram_api_url,
                                           config->telegram_bot_token};
    struct arena *arena = preflight->cli->arena;
    struct str rest = chats;
    *ret_count = 0;
    while (rest.length > 0 && *ret_count < ADMIN_CHATS_MAX) {
        struct str chat = str_trim(str_split(rest, ',', &rest));
        int64_t id = 0;
        json_t *found = NULL;
        if (chat.length == 0) {
            continue;
        }
        if (!str_to_int64(chat, &id) ||
            telegram_call(&access, "getChat", arena_printf(arena, "{\"chat_id\":%" PRId64 "}", id),
                          &found, NULL) != OK) {
            return chat;
        }
        json_decref(found);
        ++*ret_count;
    }
    return STR("");
}

/* What is wrong with the ways by which operators are told, with the setting that mends it. */
static bool is_mute(struct preflight *preflight, int *ret_chats)
{
    const struct config *config = &preflight->cli->config;
    struct str chats = str_trim(str_of(config->admin_chat_ids));
    struct str silent = STR_NONE;
    *ret_chats = 0;
    if (chats.length == 0 && config->admin_emails[0] == '\0' &&
        config->admin_webhook_url[0] == '\0') {
        preflight_line(preflight, CHECK_FAIL, "alerts", "ADMIN_CHAT_IDS",
                       "nobody is told: there are no operators' chats, e-mails or webhook");
        return true;
    }
    if (config->admin_emails[0] != '\0' && missing_for_email(config) != NULL) {
        preflight_line(preflight, CHECK_FAIL, "alerts", missing_for_email(config),
                       "operators are to be told by e-mail, which is off");
        return true;
    }
    if (chats.length > 0 && config->telegram_bot_token[0] == '\0') {
        preflight_line(preflight, CHECK_FAIL, "alerts", "TELEGRAM_BOT_TOKEN",
                       "operators are to be told by Telegram, which is off");
        return true;
    }
    silent = silent_chat(preflight, chats, ret_chats);
    if (silent.length > 0) {
        preflight_line(preflight, CHECK_FAIL, "alerts", "ADMIN_CHAT_IDS",
                       "the bot cannot write to %.*s; that person sends it /start first",
                       STR_ARG(silent));
    }
    return silent.length > 0;
}

void preflight_alerts(struct preflight *preflight)
{
    struct cli *cli = preflight->cli;
    struct err_detail detail = {""};
    const struct alert_rules *rules = NULL;
    int chats = 0;
    enum err error = alert_rules_load(cli->arena, cli->config.journeys_dir, &rules, &detail);
    if (error != OK) {
        preflight_line(preflight, CHECK_FAIL, "alerts", "nudge alerts evaluate", "%s", detail.text);
        return;
    }
    if (is_mute(preflight, &chats)) {
        return;
    }
    /* Reading the rules refuses one without an owner. */
    preflight_line(preflight, CHECK_PASS, "alerts", "",
                   "%d rules, each with an owner, told to %d chat%s%s%s", rules->count, chats,
                   chats == 1 ? "" : "s", cli->config.admin_emails[0] != '\0' ? ", by e-mail" : "",
                   cli->config.admin_webhook_url[0] != '\0' ? ", to a webhook" : "");
}
