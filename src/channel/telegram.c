/* The Telegram channel: its life, and what it does when it begins: ask who the bot is, register the
 * commands (a failure there is a warning), start polling. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "channel/out.h"
#include "channel/telegram_internal.h"

enum {
    CALL_TIMEOUT_MS = 20 * 1000,
    ME_AGAIN_MS = 30 * 1000,
    STOP_STEP_MS = 100,
    COMMANDS_MAX = 100 /* Telegram's */
};

enum err telegram_request(struct telegram *telegram, const char *method, struct str body,
                          struct str content_type, int64_t delay_ms, int64_t timeout_ms,
                          const void *owner, http_done *done, void *context)
{
    pthread_mutex_lock(&telegram->lock);
    bool given_up = telegram->given_up;
    pthread_mutex_unlock(&telegram->lock);
    if (given_up) {
        return ERR_CANCELLED;
    }
    char url[512];
    int length = snprintf(url, sizeof(url), "%s%s", telegram->base_url, method);
    ASSERT(length > 0 && (size_t)length < sizeof(url));
    struct http_request request = {.method = HTTP_POST,
                                   .url = {url, (size_t)length},
                                   .body = body,
                                   .content_type = content_type,
                                   .delay_ms = delay_ms,
                                   .timeout_ms = timeout_ms,
                                   .response_bytes_max = TELEGRAM_ANSWER_BYTES,
                                   .owner = owner};
    return http_client_request(telegram->client, &request, done, context);
}

void telegram_call_begins(struct telegram *telegram)
{
    pthread_mutex_lock(&telegram->lock);
    telegram->calls++;
    pthread_mutex_unlock(&telegram->lock);
}

void telegram_call_ends(struct telegram *telegram)
{
    pthread_mutex_lock(&telegram->lock);
    if (--telegram->calls == 0 && telegram->in_flight == 0) {
        queue_wake(telegram->idle); /* with the lock: who sees it idle may free it */
    }
    pthread_mutex_unlock(&telegram->lock);
}

void telegram_note_refused(struct telegram *telegram, bool refused)
{
    pthread_mutex_lock(&telegram->lock);
    bool changed = telegram->refused != refused;
    telegram->refused = refused;
    pthread_mutex_unlock(&telegram->lock);
    if (changed && refused) {
        log_error("telegram",
                  "Telegram does not accept the bot's token: nothing is sent or received",
                  "setting=TELEGRAM_BOT_TOKEN");
    } else if (changed) {
        log_info("telegram", "Telegram accepts the bot's token again",
                 "setting=TELEGRAM_BOT_TOKEN");
    }
}

/* ---- who the bot is, and its commands ---- */

static void commands_done(void *context, const struct http_response *response)
{
    struct telegram *telegram = context;
    struct telegram_verdict verdict = telegram_judge(response);
    if (verdict.report != REPORT_SENT && strcmp(verdict.reason, "cancelled") != 0) {
        log_warn("telegram", "the bot's commands could not be registered", "reason=%s",
                 verdict.reason);
    }
    telegram_call_ends(telegram);
}

static void register_language(struct telegram *telegram, const char *language)
{
    struct arena *arena = arena_new(4096);
    struct out out;
    out_init(&out, arena, 2048);
    out_text(&out, "{\"commands\":[");
    int count = 0;
    for (int i = 0; i < telegram->command_count && count < COMMANDS_MAX; i++) {
        const struct telegram_command *command = &telegram->commands[i];
        if (strcmp(command->language, language) == 0) {
            out_text(&out, count++ == 0 ? "{\"command\":" : ",{\"command\":");
            out_json(&out, str_of(command->name));
            out_text(&out, ",\"description\":");
            out_json(&out, str_of(command->description));
            out_text(&out, "}");
        }
    }
    out_text(&out, "],\"language_code\":");
    out_json(&out, str_of(language));
    out_text(&out, "}");
    telegram_call_begins(telegram);
    enum err error = telegram_request(telegram, "setMyCommands", out_str(&out), STR_NONE, 0,
                                      CALL_TIMEOUT_MS, telegram, commands_done, telegram);
    if (error != OK) {
        telegram_call_ends(telegram);
    }
    arena_free(arena);
}

static void register_commands(struct telegram *telegram)
{
    for (int i = 0; i < telegram->command_count; i++) {
        bool first = true;
        for (int j = 0; j < i && first; j++) {
            first = strcmp(telegram->commands[j].language, telegram->commands[i].language) != 0;
        }
        if (first) {
            register_language(telegram, telegram->commands[i].language);
        }
    }
}

static void ask_me(struct telegram *telegram, int64_t delay_ms);

static bool keep_name(struct telegram *telegram, const struct http_response *response)
{
    json_t *body = NULL;
    if (response->outcome != HTTP_ANSWERED ||
        json_read(response->body, LIMIT_HTTP_BODY_BYTES, &body, NULL) != OK) {
        return false;
    }
    struct str name = json_get_str(json_get_object(body, "result"), "username");
    bool known = name.length > 0 && name.length <= 64;
    if (known && atomic_load(&telegram->bot_name) == NULL) {
        char *copy = malloc(name.length + 1);
        ASSERT(copy != NULL);
        str_copy(copy, name.length + 1, name);
        atomic_store(&telegram->bot_name, copy);
    }
    json_decref(body);
    return known;
}

static void me_done(void *context, const struct http_response *response)
{
    struct telegram *telegram = context;
    struct telegram_verdict verdict = telegram_judge(response);
    if (response->outcome == HTTP_ANSWERED) {
        telegram_note_refused(telegram, verdict.refused);
    }
    bool known = keep_name(telegram, response);
    telegram_poll_start(telegram);
    pthread_mutex_lock(&telegram->lock);
    bool stopping = telegram->stopping;
    pthread_mutex_unlock(&telegram->lock);
    if (known && !stopping) {
        register_commands(telegram);
    } else if (!stopping) {
        log_warn("telegram", "cannot ask who the bot is, trying again", "reason=%s",
                 verdict.reason);
        ask_me(telegram, ME_AGAIN_MS);
    }
    telegram_call_ends(telegram);
}

static void ask_me(struct telegram *telegram, int64_t delay_ms)
{
    telegram_call_begins(telegram);
    enum err error = telegram_request(telegram, "getMe", STR("{}"), STR_NONE, delay_ms,
                                      CALL_TIMEOUT_MS, &telegram->poll, me_done, telegram);
    if (error != OK) {
        telegram_call_ends(telegram);
    }
}

/* ---- the contract ---- */

static enum err start(struct channel *channel, struct err_detail *detail)
{
    struct telegram *telegram = (struct telegram *)channel;
    (void)detail;
    pthread_mutex_lock(&telegram->lock);
    telegram->stopping = false;
    telegram->given_up = false;
    pthread_mutex_unlock(&telegram->lock);
    ask_me(telegram, 0);
    return OK;
}

static bool is_idle(struct telegram *telegram)
{
    pthread_mutex_lock(&telegram->lock);
    bool idle = telegram->in_flight == 0 && telegram->calls == 0;
    pthread_mutex_unlock(&telegram->lock);
    return idle;
}

/* Nothing of ours is under way; whoever has taken updates may yet be busy with them. */
static bool is_quiet(struct telegram *telegram)
{
    pthread_mutex_lock(&telegram->lock);
    bool quiet = telegram->in_flight == 0 && telegram->calls == telegram->batches;
    pthread_mutex_unlock(&telegram->lock);
    return quiet;
}

static void stop(struct channel *channel, int64_t wait_ms)
{
    struct telegram *telegram = (struct telegram *)channel;
    pthread_mutex_lock(&telegram->lock);
    telegram->stopping = true;
    pthread_mutex_unlock(&telegram->lock);
    telegram_poll_stop(telegram);
    int64_t until_ms = clock_monotonic_ms(telegram->clock) + wait_ms;
    int64_t left_ms;
    while (!is_idle(telegram) && (left_ms = until_ms - clock_monotonic_ms(telegram->clock)) > 0) {
        queue_take(telegram->idle, NULL, 0, left_ms < STOP_STEP_MS ? left_ms : STOP_STEP_MS);
    }
    pthread_mutex_lock(&telegram->lock);
    telegram->given_up = true;
    pthread_mutex_unlock(&telegram->lock);
    telegram_drop_waiting(telegram);
    while (!is_quiet(telegram)) {
        http_client_cancel(telegram->client, telegram);
        http_client_cancel(telegram->client, &telegram->poll);
        queue_take(telegram->idle, NULL, 0, STOP_STEP_MS);
    }
}

static void telegram_free(struct channel *channel)
{
    struct telegram *telegram = (struct telegram *)channel;
    if (telegram == NULL) {
        return;
    }
    if (!is_idle(telegram)) {
        stop(channel, 0);
    }
    for (int i = 0; i < telegram->command_count; i++) {
        free((void *)(uintptr_t)telegram->commands[i].name);
        free((void *)(uintptr_t)telegram->commands[i].description);
        free((void *)(uintptr_t)telegram->commands[i].language);
    }
    free(telegram->commands);
    free(atomic_load(&telegram->bot_name));
    free(telegram->base_url);
    queue_free(telegram->idle);
    pthread_mutex_destroy(&telegram->lock);
    free(telegram);
}

static void hold(struct channel *channel, bool held)
{
    http_client_hold(((struct telegram *)channel)->client, held);
}

static int in_flight(const struct channel *channel)
{
    struct telegram *telegram = (struct telegram *)(uintptr_t)channel;
    pthread_mutex_lock(&telegram->lock);
    int count = telegram->in_flight;
    pthread_mutex_unlock(&telegram->lock);
    return count;
}

static struct str bot_name(const struct channel *channel)
{
    const struct telegram *telegram = (const struct telegram *)channel;
    return str_of(atomic_load(&telegram->bot_name));
}

static enum err read_request(const struct channel *channel, struct arena *arena,
                             const struct taken_request *taken, struct input *ret_input,
                             bool *ret_relevant, struct err_detail *detail)
{
    struct telegram_update update;
    enum err error =
        telegram_parse_update(arena, taken->body, bot_name(channel), taken->at_ms, &update, detail);
    if (error == OK) {
        *ret_input = update.input;
        *ret_relevant = update.relevant;
    }
    return error;
}

/* Limits as Telegram's FAQ states them; a short burst to one chat is tolerated. */
static const struct channel_ops OPS = {
    .kind = CHANNEL_TELEGRAM,
    .limits = {.per_second = 30,
               .per_second_per_address = 1,
               .burst_per_address = 3,
               .per_minute_per_group = 20,
               .needs_idempotency = false},
    .send = telegram_send,
    .hold = hold,
    .start = start,
    .stop = stop,
    .free = telegram_free,
    .in_flight = in_flight,
    .bot_name = bot_name,
    .read_request = read_request,
};

const struct channel_limits *telegram_limits(void)
{
    return &OPS.limits;
}

static bool token_is_plausible(struct str token)
{
    if (token.length < 3 || token.length > 80 || token.ptr[0] == '0' ||
        memchr(token.ptr, ':', token.length) == NULL) {
        return false;
    }
    for (size_t i = 0; i < token.length; i++) {
        char c = token.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == ':' || c == '_' || c == '-';
        if (!plain) {
            return false;
        }
    }
    return true;
}

static void copy_commands(struct telegram *telegram, const struct telegram_options *options)
{
    size_t count = (size_t)options->command_count;
    telegram->commands = calloc(count + 1, sizeof(*telegram->commands));
    ASSERT(telegram->commands != NULL);
    for (size_t i = 0; i < count; i++) {
        telegram->commands[i].name = strdup(options->commands[i].name);
        telegram->commands[i].description = strdup(options->commands[i].description);
        telegram->commands[i].language = strdup(options->commands[i].language);
    }
    telegram->command_count = options->command_count;
}

enum err telegram_new(const struct telegram_options *options, struct channel **ret_channel,
                      struct err_detail *detail)
{
    struct str url = str_of(options->api_url);
    if (!token_is_plausible(str_of(options->token))) {
        return err_set(detail, ERR_CONFIG,
                       "TELEGRAM_BOT_TOKEN is no token of a bot; expected digits, ':' and letters, "
                       "as @BotFather gives it");
    }
    if ((!str_starts(url, STR("http://")) && !str_starts(url, STR("https://"))) ||
        url.length > 300) {
        return err_set(detail, ERR_CONFIG,
                       "TELEGRAM_API_URL is no http or https address (https://api.telegram.org)");
    }
    while (url.ptr[url.length - 1] == '/') {
        url.length--;
    }
    struct telegram *telegram = calloc(1, sizeof(*telegram));
    ASSERT(telegram != NULL);
    telegram->channel.ops = &OPS;
    telegram->client = options->client;
    telegram->clock = options->clock;
    telegram->sink = options->sink;
    telegram->send_ms = options->send_ms > 0 ? options->send_ms : LIMIT_SEND_MS;
    int length = asprintf(&telegram->base_url, "%.*s/bot%s/", STR_ARG(url), options->token);
    ASSERT(length > 0);
    copy_commands(telegram, options);
    pthread_mutex_init(&telegram->lock, NULL);
    telegram->idle = queue_new(1);
    telegram->poll.enabled = options->polling;
    *ret_channel = &telegram->channel;
    return OK;
}

struct str telegram_bot_name(const struct channel *channel)
{
    return bot_name(channel);
}
