/* nudge telegram: the webhook. */
#include <inttypes.h>
#include <stdio.h>

#include "base/digest.h"
#include "channel/telegram.h"
#include "cli/arguments.h"
#include "cli/command.h"

static const char text[] =
    "Has Telegram deliver updates to our webhook, or stops it (then they are asked for by long "
    "polling).\v"
    "The address is PUBLIC_URL with /telegram/webhook unless given. Telegram sends the secret "
    "TELEGRAM_WEBHOOK_SECRET along; without one it is derived from the token. A running server "
    "changes over when "
    "it is restarted.\n\n"
    "Examples:\n"
    "  nudge telegram webhook set\n"
    "  nudge telegram webhook set https://bot.example.org/telegram/webhook\n"
    "  nudge telegram webhook info\n"
    "  nudge telegram webhook delete";

const char *cli_webhook_secret(struct cli *cli)
{
    const struct config *config = &cli->config;
    if (config->telegram_webhook_secret[0] != '\0' || config->telegram_bot_token[0] == '\0') {
        return config->telegram_webhook_secret;
    }
    char hex[DIGEST_HEX_BYTES + 1];
    digest_hmac_sha256_hex(str_of(config->telegram_bot_token), STR("telegram webhook"), hex);
    return arena_strdup(cli->arena, hex);
}

/* Remembers the webhook's address, so that the server does not poll; JSON null when deleted. */
static enum err remember(struct cli *cli, json_t *value, struct err_detail *detail)
{
    json_t *result = NULL;
    enum err error = cli_engine_command(
        cli, "setting_put", json_pack("{s:s, s:o}", "name", "telegram/webhook", "value", value),
        &result, detail);
    json_decref(result);
    return error;
}

static enum err set(struct cli *cli, const struct telegram_access *access, struct str url,
                    struct err_detail *detail)
{
    if (url.length == 0 && cli->config.public_url[0] == '\0') {
        return err_set(
            detail, ERR_CONFIG,
            "give the webhook's address, or set PUBLIC_URL (such as https://bot.example.org)");
    }
    if (url.length == 0) {
        url = arena_printf(cli->arena, "%s/telegram/webhook", cli->config.public_url);
    }
    enum err error =
        telegram_webhook_set(access, url, str_of(cli_webhook_secret(cli)), false, detail);
    if (error == OK) {
        error = remember(cli, json_str(url), detail);
    }
    if (error == OK && cli->json) {
        cli_print_json(json_pack("{s:s%}", "url", url.ptr, url.length));
    } else if (error == OK) {
        printf("Telegram delivers updates to %.*s; restart nudge serve\n", STR_ARG(url));
    }
    return error;
}

static enum err forget(struct cli *cli, const struct telegram_access *access,
                       struct err_detail *detail)
{
    enum err error = telegram_webhook_delete(access, false, detail);
    if (error == OK) {
        error = remember(cli, json_null(), detail);
    }
    if (error == OK && cli->json) {
        cli_print_json(json_pack("{s:s}", "url", ""));
    } else if (error == OK) {
        printf("there is no webhook any more; nudge serve asks for updates after a restart\n");
    }
    return error;
}

static enum err info(struct cli *cli, const struct telegram_access *access,
                     struct err_detail *detail)
{
    struct telegram_webhook webhook = {0};
    enum err error = telegram_webhook_info(access, cli->arena, &webhook, detail);
    if (error != OK) {
        return error;
    }
    if (cli->json) {
        json_t *json = json_object();
        json_object_set_new(json, "url", json_str(webhook.url));
        json_object_set_new(json, "pending_count", json_integer(webhook.pending_count));
        json_object_set_new(json, "last_error_at_ms", json_integer(webhook.last_error_at_ms));
        json_object_set_new(json, "last_error", json_str(webhook.last_error));
        json_object_set_new(json, "connections_max", json_integer(webhook.connections_max));
        cli_print_json(json);
        return OK;
    }
    if (webhook.url.length == 0) {
        printf("no webhook is set\n");
    } else {
        printf("webhook: %.*s\n", STR_ARG(webhook.url));
    }
    printf("updates that wait: %" PRId64 "\n", webhook.pending_count);
    if (webhook.last_error.length > 0) {
        printf("last error: %.*s (%s)\n", STR_ARG(webhook.last_error),
               calendar_iso(cli->arena, webhook.last_error_at_ms).ptr);
    }
    return OK;
}

static enum err run(struct cli *cli, const struct arguments *arguments, struct err_detail *detail)
{
    if (cli->config.telegram_bot_token[0] == '\0') {
        return err_set(detail, ERR_CONFIG, "TELEGRAM_BOT_TOKEN is not set; put it into .env");
    }
    const struct http_client_options http = {.clock = cli->clock};
    struct http_client *client = NULL;
    enum err error = http_client_new(&http, &client, detail);
    if (error != OK) {
        return error;
    }
    const struct telegram_access access = {client, cli->config.telegram_api_url,
                                           cli->config.telegram_bot_token};
    if (arguments_is(arguments, 1, "set")) {
        error = set(cli, &access, arguments_word(arguments, 2), detail);
    } else if (arguments_is(arguments, 1, "delete")) {
        error = forget(cli, &access, detail);
    } else {
        error = info(cli, &access, detail);
    }
    http_client_free(client);
    return error;
}

int cmd_telegram(int argc, char **argv)
{
    static const struct option_row rows[] = {{0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "webhook set [URL]\nwebhook info\nwebhook delete",
                                 text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    bool known = arguments_is(&arguments, 1, "set") || arguments_is(&arguments, 1, "info") ||
                 arguments_is(&arguments, 1, "delete");
    if (!arguments_is(&arguments, 0, "webhook") || !known) {
        return cli_end(&cli, cli_usage(&cli, "expected: telegram webhook set, info or delete"));
    }
    struct err_detail detail = {""};
    enum err error = run(&cli, &arguments, &detail);
    return cli_end(&cli, error == OK ? CLI_OK : cli_fail(&cli, error, &detail));
}
