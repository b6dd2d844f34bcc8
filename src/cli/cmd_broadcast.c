/* nudge broadcast: one message to many, with a preview of who, a test send, a time and a pace. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/arguments.h"
#include "cli/command.h"

static const char text[] =
    "Sends one message to everyone a condition holds for. Each recipient's quiet hours, caps and "
    "consents "
    "apply; a broadcast never delays a reply.\v"
    "The text is Markdown with placeholders, as in journeys. Without --send it is only "
    "previewed.\n\n"
    "Examples:\n"
    "  nudge broadcast --text 'We are back, {{first_name|friend}}.' --filter 'activity_status == "
    "\"active\"'\n"
    "  nudge broadcast --text '…' --test telegram:123456          only to your own chat\n"
    "  nudge broadcast --text '…' --per-second 5 --at 2026-12-01T10:00:00Z --send";

struct broadcast_options {
    const char *texts[2]; /* en, de */
    const char *filter;
    const char *at;
    const char *per_second;
    const char *test;
    bool send;
};

static json_t *texts_json(const struct broadcast_options *options)
{
    json_t *texts = json_object();
    if (options->texts[0] != NULL) {
        json_object_set_new(texts, "en", json_string(options->texts[0]));
    }
    if (options->texts[1] != NULL) {
        json_object_set_new(texts, "de", json_string(options->texts[1]));
    }
    return texts;
}

/* NULL after printing what is wrong. */
static json_t *payload_of(struct cli *cli, const struct broadcast_options *options)
{
    int64_t at_ms = 0;
    double per_second = 0;
    char *end = NULL;
    if (options->texts[0] == NULL && options->texts[1] == NULL) {
        (void)cli_usage(cli, "--text is missing");
        return NULL;
    }
    if (options->at != NULL && !calendar_parse_iso(str_of(options->at), &at_ms)) {
        (void)cli_usage(cli, "--at takes an instant such as 2026-12-01T10:00:00Z");
        return NULL;
    }
    if (options->per_second != NULL) {
        per_second = strtod(options->per_second, &end);
        if (*end != '\0' || !(per_second > 0 && per_second <= 1000)) {
            (void)cli_usage(cli, "--per-second takes a number up to 1000");
            return NULL;
        }
    }
    json_t *payload = json_object();
    json_object_set_new(payload, "text", texts_json(options));
    json_object_set_new(payload, "filter",
                        json_string(options->filter != NULL ? options->filter : ""));
    json_object_set_new(payload, "at_ms", json_integer(at_ms));
    json_object_set_new(payload, "per_second", json_real(per_second));
    json_object_set_new(payload, "preview", json_boolean(!options->send && options->test == NULL));
    if (options->test != NULL) {
        json_t *test = json_object();
        if (!person_into(test, str_of(options->test))) {
            (void)cli_usage(cli, "\"%s\" names no person", options->test);
            json_decref(test);
            json_decref(payload);
            return NULL;
        }
        json_object_set_new(payload, "test", test);
    }
    return payload;
}

int cmd_broadcast(int argc, char **argv)
{
    struct broadcast_options options = {0};
    const struct option_row rows[] = {
        {"text", 't', "MARKDOWN", "The message in English", NULL, &options.texts[0]},
        {"text-de", 0, "MARKDOWN", "The message in German", NULL, &options.texts[1]},
        {"filter", 'f', "CONDITION", "Only people for whom it holds (default: everyone reachable)",
         NULL, &options.filter},
        {"at", 0, "INSTANT", "Begin then instead of now", NULL, &options.at},
        {"per-second", 0, "COUNT", "At most so many a second", NULL, &options.per_second},
        {"test", 0, "PERSON", "Send only to this person, now", NULL, &options.test},
        {"send", 0, NULL, "Really send (else a preview of who would get it)", &options.send, NULL},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "", text, argc, argv, &arguments);
    if (status == CLI_OK && arguments.word_count > 0) {
        status = cli_usage(&cli, "unexpected \"%s\"", arguments.words[0]);
    }
    json_t *payload = status == CLI_OK ? payload_of(&cli, &options) : NULL;
    if (payload == NULL) {
        return cli_end(&cli, status == CLI_OK ? CLI_USAGE : status);
    }
    struct err_detail detail = {""};
    json_t *result = NULL;
    enum err error = cli_engine_command(&cli, "broadcast", payload, &result, &detail);
    if (error != OK) {
        return cli_end(&cli, cli_fail(&cli, error, &detail));
    }
    if (cli.json) {
        cli_print_json(result);
        return cli_end(&cli, CLI_OK);
    }
    int64_t recipients = json_get_int(result, "recipients", 0);
    if (options.test != NULL) {
        printf("sent to the test person only\n");
    } else if (options.send) {
        struct str id = json_get_str(result, "broadcast_id");
        printf("broadcast %.*s is on its way to %" PRId64 " people\n", STR_ARG(id), recipients);
    } else {
        printf("would go to %" PRId64 " people; add --send to send it\n", recipients);
    }
    json_decref(result);
    return cli_end(&cli, CLI_OK);
}
