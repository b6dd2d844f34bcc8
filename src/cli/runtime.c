/* Wiring, and the life of a serving process. */
#include "cli/runtime.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/notify.h"
#include "bi/population.h"
#include "channel/resend.h"
#include "channel/telegram.h"
#include "channel/webchat.h"
#include "channel/webhook.h"
#include "channel/webhook_signature.h"
#include "cli/evaluator.h"
#include "cli/follower.h"
#include "cli/journeys_load.h"
#include "cli/mail_site.h"
#include "cli/notifier.h"
#include "cli/preflight/service.h"
#include "cli/rehearse.h"
#include "core/commands.h"
#include "core/facts.h"
#include "net/http_client.h"

enum { STOP_WAIT_MS = 5000, TICK_MS = 100 };

struct runtime {
    struct cli *cli;
    struct store *store;
    const struct catalog *catalog; /* the engine owns it */
    struct engine *engine;
    struct http_client *http_client; /* NULL without Telegram and e-mail */
    struct mail_site *mail;
    struct population_cache *population;
    struct channel *channels[CHANNEL_COUNT];
};

/* Channels are made before the engine that they report to. */
static void forward_report(void *context, const struct report *report)
{
    struct runtime *runtime = context;
    struct channel_sink sink = engine_sink(runtime->engine);
    sink.report(sink.context, report);
}

static enum err forward_input(void *context, const struct input *input,
                              void (*done)(void *done_context, enum err error), void *done_context)
{
    struct runtime *runtime = context;
    struct channel_sink sink = engine_sink(runtime->engine);
    return sink.input(sink.context, input, done, done_context);
}

/* The commands in every language of the catalog, for registering with Telegram. */
static int list_commands(struct runtime *runtime, struct telegram_command **ret_commands)
{
    int row_count = 0;
    int language_count = 0;
    struct arena *arena = runtime->cli->arena;
    const struct command_row *rows = commands_rows(&row_count);
    const char *const *languages = catalog_languages(runtime->catalog, &language_count);
    struct telegram_command *commands =
        ARENA_ARRAY(arena, struct telegram_command, (size_t)(row_count * language_count));
    int count = 0;
    for (int language = 0; language < language_count; language++) {
        const struct facts facts = {.arena = arena, .language = languages[language]};
        for (int row = 0; row < row_count; row++) {
            if (rows[row].listed) {
                const struct message *text =
                    catalog_text(runtime->catalog, rows[row].description_key);
                struct telegram_command *command = &commands[count++];
                command->name = rows[row].name;
                command->description =
                    message_render(arena, text, runtime->catalog, &facts, true).ptr;
                command->language = language == 0 ? "" : languages[language];
            }
        }
    }
    *ret_commands = commands;
    return count;
}

/* Updates come by the webhook once one was set; else we ask for them. */
static enum err uses_webhook(struct runtime *runtime, bool *ret_webhook, struct err_detail *detail)
{
    struct str stored = STR_NONE;
    enum err error =
        store_setting_get(runtime->store, runtime->cli->arena, "telegram/webhook", &stored, detail);
    *ret_webhook = stored.length > 0 && !str_is(stored, "null");
    return error;
}

static enum err make_telegram(struct runtime *runtime, struct clock *clock,
                              const struct channel_sink *sink, struct err_detail *detail)
{
    const struct config *config = &runtime->cli->config;
    bool webhook = false;
    enum err error = uses_webhook(runtime, &webhook, detail);
    if (error != OK) {
        return error;
    }
    struct telegram_command *commands = NULL;
    int command_count = list_commands(runtime, &commands);
    const struct telegram_options telegram = {.client = runtime->http_client,
                                              .clock = clock,
                                              .token = config->telegram_bot_token,
                                              .api_url = config->telegram_api_url,
                                              .sink = *sink,
                                              .polling = config->telegram_receive && !webhook,
                                              .commands = commands,
                                              .command_count =
                                                  config->telegram_receive ? command_count : 0};
    return telegram_new(&telegram, &runtime->channels[CHANNEL_TELEGRAM], detail);
}

static enum err resend_channel(struct runtime *runtime, struct clock *clock,
                               const struct channel_sink *sink, struct channel **ret_channel,
                               struct err_detail *detail)
{
    const struct config *config = &runtime->cli->config;
    const struct resend_options resend = {.client = runtime->http_client,
                                          .clock = clock,
                                          .api_key = config->resend_api_key,
                                          .base_url = config->resend_base_url,
                                          .from = config->email_from,
                                          .site = runtime->mail,
                                          .sink = *sink};
    return resend_new(&resend, ret_channel, detail);
}

static enum err check_webhook_secrets(struct cli *cli, struct err_detail *detail)
{
    struct str rest = str_of(cli->config.resend_webhook_secret);
    while (rest.length > 0) {
        if (!webhook_secret_is_plausible(cli->arena, str_trim(str_split(rest, ',', &rest)))) {
            return err_set(detail, ERR_CONFIG,
                           "RESEND_WEBHOOK_SECRET is no secret; expected whsec_ and base64, as "
                           "Resend shows it");
        }
    }
    return OK;
}

/* What e-mail lacks; NULL: nothing. */
static const char *missing_for_email(const struct config *config)
{
    return config->resend_api_key[0] == '\0' ? "RESEND_API_KEY"
           : config->email_from[0] == '\0'   ? "EMAIL_FROM"
           : config->public_url[0] == '\0'   ? "PUBLIC_URL"
                                             : NULL;
}

/* Beside what channels need. */
static bool wants_client(const struct config *config)
{
    return config->admin_webhook_url[0] != '\0' || config->heartbeat_url[0] != '\0';
}

static enum err make_channels(struct runtime *runtime, const struct runtime_options *options,
                              struct err_detail *detail)
{
    const struct config *config = &runtime->cli->config;
    const struct channel_sink sink = {runtime, forward_report, forward_input};
    const struct http_client_options http = {.clock = options->clock};
    bool telegram = config->telegram_bot_token[0] != '\0';
    const char *missing = missing_for_email(config);
    bool email_wanted = config->resend_api_key[0] != '\0' || config->email_from[0] != '\0';
    enum err error = check_webhook_secrets(runtime->cli, detail);
    if (error == OK && (telegram || missing == NULL || wants_client(config))) {
        error = http_client_new(&http, &runtime->http_client, detail);
    }
    if (error == OK && telegram) {
        error = make_telegram(runtime, options->clock, &sink, detail);
    } else if (!telegram) {
        log_info("serve", "telegram is off: TELEGRAM_BOT_TOKEN is not set", "");
    }
    if (error == OK && missing == NULL) {
        error = resend_channel(runtime, options->clock, &sink, &runtime->channels[CHANNEL_EMAIL],
                               detail);
    } else if (missing != NULL && email_wanted) {
        log_info("serve", "e-mail is off: a setting is missing", "setting=%s", missing);
    }
    if (config->webchat_enabled || options->webchat) {
        runtime->channels[CHANNEL_WEBCHAT] = webchat_new(&sink);
    } else {
        log_info("serve", "web chat is off: WEBCHAT_ENABLED is not set", "");
    }
    return error;
}

static void free_channels(struct runtime *runtime)
{
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        if (runtime->channels[i] != NULL) {
            runtime->channels[i]->ops->free(runtime->channels[i]);
            runtime->channels[i] = NULL;
        }
    }
    http_client_free(runtime->http_client);
    runtime->http_client = NULL;
}

static void stop_channels(struct runtime *runtime, int64_t wait_ms)
{
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        if (runtime->channels[i] != NULL) {
            runtime->channels[i]->ops->stop(runtime->channels[i], wait_ms);
        }
    }
}

static enum err open_store(struct runtime *runtime, struct err_detail *detail)
{
    enum err error =
        store_open(runtime->cli->config.database_url, STORE_WRITER, &runtime->store, detail);
    return error != OK ? error : store_make_ready(runtime->store, NULL, NULL, detail);
}

/* Nothing goes out when the lease may have run out: another process may have taken over. */
static void tell_sender(void *context, int64_t until_ms)
{
    struct runtime *runtime = context;
    if (runtime->http_client != NULL) {
        http_client_send_until(runtime->http_client, until_ms);
    }
}

static uint64_t random_number(void)
{
    uint64_t number;
    digest_random(&number, sizeof(number));
    return number;
}

static enum err make_engine(struct runtime *runtime, const struct runtime_options *options,
                            struct catalog *catalog, struct err_detail *detail)
{
    char entropy[32];
    digest_random(entropy, sizeof(entropy));
    struct engine_options engine = {
        .entropy = {entropy, sizeof(entropy)},
        .config = &runtime->cli->config,
        .clock = options->clock,
        .store = runtime->store,
        .catalog = catalog,
        .seed = random_number(),
        .owner = options->node != NULL ? options->node->id : (int64_t)(random_number() >> 1),
        .node = options->node,
        .leased = tell_sender,
        .leased_context = runtime,
        .lease_ms = 10000,
        .pacing = runtime->cli->config.telegram_pacing,
        .population = {runtime->population, population_read},
    };
    memcpy(engine.channels, runtime->channels, sizeof(engine.channels));
    enum err error = engine_new(&engine, &runtime->engine, detail);
    if (error == OK) {
        runtime->mail->secret = engine_link_secret(runtime->engine);
    }
    return error;
}

enum err runtime_new(struct cli *cli, const struct runtime_options *options,
                     struct runtime **ret_runtime, struct err_detail *detail)
{
    struct runtime *runtime = calloc(1, sizeof(*runtime));
    ASSERT(runtime != NULL);
    runtime->cli = cli;
    runtime->population = population_new();
    struct catalog *catalog = NULL;
    enum err error = journeys_load(cli->arena, cli->config.journeys_dir, &catalog, detail);
    if (error == OK) {
        runtime->catalog = catalog;
        runtime->mail = mail_site_of(cli->arena, &cli->config, catalog);
        error = open_store(runtime, detail);
    }
    if (error == OK && options->channels) {
        error = make_channels(runtime, options, detail);
    }
    if (error == OK) {
        error = make_engine(runtime, options, catalog, detail);
    }
    if (error != OK) {
        free_channels(runtime);
        store_close(runtime->store);
        catalog_free(catalog);
        population_free(runtime->population);
        free(runtime);
        return error;
    }
    *ret_runtime = runtime;
    return OK;
}

void runtime_free(struct runtime *runtime)
{
    if (runtime != NULL) {
        /* No more reports, then no more answers, then nobody is left to hear them. */
        stop_channels(runtime, 0);
        engine_free(runtime->engine);
        free_channels(runtime);
        store_close(runtime->store);
        population_free(runtime->population);
        free(runtime);
    }
}

struct engine *runtime_engine(struct runtime *runtime)
{
    return runtime->engine;
}

struct channel *runtime_channel(struct runtime *runtime, enum channel_kind kind)
{
    return runtime->channels[kind];
}

/* ---- serving ---- */

static void *run_engine(void *context)
{
    struct engine *engine = context;
    enum err error = engine_run(engine);
    if (error != OK) {
        log_error("serve", "the engine ended", "error=\"%s\"", err_text(error));
        kill(getpid(), SIGTERM);
    }
    return NULL;
}

/* SIGTERM and SIGINT are taken by the waiting main thread alone; SIGPIPE and SIGXFSZ are
 * errors of a call to us. */
void runtime_block_signals(sigset_t *ret_signals)
{
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGTERM);
    sigaddset(ret_signals, SIGINT);
    int failed = pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
    ASSERT(failed == 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a write that fails, like on a full disk */
}

static enum err start_channels(struct runtime *runtime, struct err_detail *detail)
{
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        struct channel *channel = runtime->channels[i];
        if (channel != NULL) {
            enum err error = channel->ops->start(channel, detail);
            if (error != OK) {
                return error;
            }
        }
    }
    return OK;
}

static void wait_for_end(struct runtime *runtime, const struct serve_options *options,
                         struct http_server *server, const sigset_t *signals)
{
    const struct timespec tick = {0, TICK_MS * 1000000L};
    notify_ready();
    if (options->ready != NULL) {
        options->ready(options->context, http_server_port(server));
    }
    while (sigtimedwait(signals, NULL, &tick) < 0) {
        http_server_tick(server);
        notify_watchdog();
        if (options->each_tick != NULL) {
            options->each_tick(options->context, runtime->engine);
        }
    }
    notify_stopping();
    log_info("serve", "stopping", "");
}

/* Sources first, then what they gave us, then the answers to HTTP clients. */
static void stop(struct runtime *runtime, struct http_server *server,
                 struct preflight_service *preflight, pthread_t thread)
{
    http_server_quiesce(server);
    preflight_service_stop(preflight);
    stop_channels(runtime, STOP_WAIT_MS);
    engine_stop(runtime->engine);
    pthread_join(thread, NULL);
    http_server_stop(server);
}

/* ---- operators ---- */

static enum err tell_by_telegram(struct runtime *runtime, struct notifier *notifier,
                                 struct err_detail *detail)
{
    const struct config *config = &runtime->cli->config;
    struct channel *channel = NULL;
    const struct telegram_options telegram = {.client = runtime->http_client,
                                              .clock = runtime->cli->clock,
                                              .token = config->telegram_bot_token,
                                              .api_url = config->telegram_api_url,
                                              .sink = notifier_sink(notifier)};
    if (runtime->channels[CHANNEL_TELEGRAM] == NULL || config->admin_chat_ids[0] == '\0') {
        return OK;
    }
    enum err error = telegram_new(&telegram, &channel, detail);
    if (error == OK) {
        notifier_add(notifier, channel, str_of(config->admin_chat_ids));
    }
    return error;
}

static enum err tell_by_email(struct runtime *runtime, struct notifier *notifier,
                              struct err_detail *detail)
{
    const struct config *config = &runtime->cli->config;
    struct channel *channel = NULL;
    if (config->admin_emails[0] == '\0') {
        return OK;
    }
    if (runtime->channels[CHANNEL_EMAIL] == NULL) {
        return err_set(detail, ERR_CONFIG,
                       "ADMIN_EMAILS is set, but e-mail is off: set RESEND_API_KEY, EMAIL_FROM and "
                       "PUBLIC_URL, too");
    }
    const struct channel_sink sink = notifier_sink(notifier);
    enum err error = resend_channel(runtime, runtime->cli->clock, &sink, &channel, detail);
    if (error == OK) {
        notifier_add(notifier, channel, str_of(config->admin_emails));
    }
    return error;
}

static enum err tell_by_webhook(struct runtime *runtime, struct notifier *notifier,
                                struct err_detail *detail)
{
    const struct config *config = &runtime->cli->config;
    struct channel *channel = NULL;
    const struct webhook_options webhook = {.client = runtime->http_client,
                                            .clock = runtime->cli->clock,
                                            .url = config->admin_webhook_url,
                                            .secret = config->admin_webhook_secret,
                                            .sink = notifier_sink(notifier)};
    if (config->admin_webhook_url[0] == '\0') {
        return OK;
    }
    enum err error = webhook_new(&webhook, &channel, detail);
    if (error == OK) {
        notifier_add(notifier, channel, STR("webhook"));
    }
    return error;
}

static enum err make_notifier(struct runtime *runtime, struct notifier **ret_notifier,
                              struct err_detail *detail)
{
    const struct notifier_options options = {&runtime->cli->config, runtime->cli->clock,
                                             runtime->engine};
    enum err error = notifier_new(&options, ret_notifier, detail);
    if (error == OK) {
        error = tell_by_telegram(runtime, *ret_notifier, detail);
    }
    if (error == OK) {
        error = tell_by_email(runtime, *ret_notifier, detail);
    }
    if (error == OK) {
        error = tell_by_webhook(runtime, *ret_notifier, detail);
    }
    if (error == OK) {
        notifier_start(*ret_notifier);
    }
    return error;
}

static enum err read_catalog(void *context, struct store *store, struct arena *arena,
                             struct catalog **ret_catalog, struct err_detail *detail)
{
    const struct runtime *runtime = context;
    return journeys_in_force(arena, store, runtime->cli->config.journeys_dir, ret_catalog, detail);
}

static enum err rehearse_draft(void *context, const struct rehearsal_wish *wish, json_t **ret_json,
                               struct err_detail *detail)
{
    const struct runtime *runtime = context;
    return rehearse(&runtime->cli->config, wish, ret_json, detail);
}

static enum err follow(struct runtime *runtime, struct follower **ret_follower,
                       struct err_detail *detail)
{
    const struct follower_options options = {&runtime->cli->config, runtime->cli->clock,
                                             runtime->engine};
    return options.config->live_database_url[0] != '\0'
               ? follower_new(&options, ret_follower, detail)
               : OK;
}

int runtime_serve(struct cli *cli, struct runtime *runtime, const struct serve_options *options)
{
    struct err_detail detail = {""};
    sigset_t signals;
    runtime_block_signals(&signals);
    struct store *reader = NULL;
    struct store *analyst_reader = NULL;
    struct http_server *server = NULL;
    struct preflight_service *preflight = preflight_service_new(&cli->config, cli->clock);
    enum err error = store_open(cli->config.database_url, STORE_READER, &reader, &detail);
    if (error == OK) {
        error = store_open(cli->config.database_url, STORE_READER, &analyst_reader, &detail);
    }
    if (error == OK) {
        const struct http_options http = {
            .listen = options->listen,
            .socket = options->socket,
            .app = {.config = &cli->config,
                    .clock = cli->clock,
                    .engine = runtime->engine,
                    .reader = reader,
                    .analyst_reader = analyst_reader,
                    .read_catalog = read_catalog,
                    .rehearse = rehearse_draft,
                    .context = runtime,
                    .preflight = preflight_service_ask,
                    .preflight_context = preflight,
                    .webchat = runtime->channels[CHANNEL_WEBCHAT],
                    .telegram = runtime->channels[CHANNEL_TELEGRAM],
                    .telegram_secret = cli_webhook_secret(cli),
                    .mail = runtime->mail,
                    .demo = options->demo,
                    .time_scale = options->time_scale},
        };
        error = http_server_start(&http, &server, &detail);
    }
    if (error == OK) {
        pthread_t thread;
        int failed = pthread_create(&thread, NULL, run_engine, runtime->engine);
        ASSERT(failed == 0);
        struct evaluator *evaluator = NULL;
        struct notifier *notifier = NULL;
        struct follower *follower = NULL;
        const struct evaluator_options hourly = {&cli->config, cli->clock, runtime->engine,
                                                 runtime->http_client};
        error = evaluator_new(&hourly, &evaluator, &detail);
        if (error == OK) {
            error = make_notifier(runtime, &notifier, &detail);
        }
        if (error == OK) {
            error = start_channels(runtime, &detail);
        }
        if (error == OK) {
            error = follow(runtime, &follower, &detail);
        }
        if (error == OK) {
            wait_for_end(runtime, options, server, &signals);
        }
        follower_free(follower);
        evaluator_free(evaluator);
        notifier_free(notifier, STOP_WAIT_MS);
        stop(runtime, server, preflight, thread);
    }
    preflight_service_free(preflight);
    store_close(analyst_reader);
    store_close(reader);
    return error != OK ? cli_fail(cli, error, &detail) : CLI_OK;
}
