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
    "previewed: how many would get it now. It is sent while nudge serve runs.\n\n"
    "pause: no more messages are made; those that wait for the end of quiet hours still go. "
    "cancel: those are taken back, too. What was sent stays sent.\n\n"
    "Examples:\n"
    "  nudge broadcast --text 'We are back, {{first_name|friend}}.' --filter 'activity_status == "
    "\"active\"'\n"
    "  nudge broadcast --text '…' --test telegram:123456          only to your own chat\n"
    "  nudge broadcast --text '…' --per-second 5 --at 2026-12-01T10:00:00Z --send\n"
    "  nudge broadcast list                                       what became of them\n"
    "  nudge broadcast cancel 7421960348211200000";

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

static int send(struct cli *cli, const struct broadcast_options *options)
{
    json_t *payload = payload_of(cli, options);
    if (payload == NULL) {
        return CLI_USAGE;
    }
    struct err_detail detail = {""};
    json_t *result = NULL;
    enum err error = cli_engine_command(cli, "broadcast", payload, &result, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(result);
        return CLI_OK;
    }
    int64_t recipients = json_get_int(result, "recipients", 0);
    if (options->test != NULL) {
        printf("sent to the test person only\n");
    } else if (options->send) {
        struct str id = json_get_str(result, "broadcast_id");
        printf("broadcast %.*s for %" PRId64 " people; nudge broadcast list shows how far it is\n",
               STR_ARG(id), recipients);
    } else {
        printf("would go to %" PRId64 " people; add --send to send it\n", recipients);
    }
    json_decref(result);
    return CLI_OK;
}

/* ---- those there are ---- */

enum {
    COLUMN_ID,
    COLUMN_STATE,
    COLUMN_SCHEDULED,
    COLUMN_STARTED,
    COLUMN_ENDED,
    COLUMN_CREATED,
    COLUMN_ACTOR,
    COLUMN_FILTER,
    COLUMN_TEXT,
    COLUMN_PACE,
    COLUMN_CONSIDERED,
    COLUMN_AHEAD,
    COLUMN_MATCHED,
    COLUMN_COUNTS
};
static const char *const COUNTS[] = {"sent",    "waiting", "suppressed",
                                     "expired", "failed",  "uncertain"};
enum { COUNT_COUNT = sizeof(COUNTS) / sizeof(COUNTS[0]), LISTED_MAX = 50 };

static int percent_of(const struct cell *cells)
{
    int64_t looked = cells[COLUMN_CONSIDERED].integer;
    int64_t all = looked + cells[COLUMN_AHEAD].integer;
    return all > 0 ? (int)(looked * 100 / all) : 100;
}

static void put_instant(struct cli *cli, json_t *json, const char *key, int64_t at_ms)
{
    json_object_set_new(json, key,
                        at_ms != 0 ? json_str(calendar_iso(cli->arena, at_ms)) : json_null());
}

static json_t *broadcast_json(struct cli *cli, const struct cell *cells)
{
    json_t *json = json_object();
    json_t *texts = NULL;
    struct str id = arena_printf(cli->arena, "%" PRId64, cells[COLUMN_ID].integer);
    struct str source = cells[COLUMN_TEXT].text;
    if (json_read(source, source.length, &texts, NULL) != OK) {
        texts = json_null();
    }
    json_object_set_new(json, "broadcast_id", json_str(id));
    json_object_set_new(json, "state", json_str(cells[COLUMN_STATE].text));
    json_object_set_new(json, "progress_percent", json_integer(percent_of(cells)));
    json_object_set_new(json, "recipients", json_integer(cells[COLUMN_MATCHED].integer));
    for (int i = 0; i < COUNT_COUNT; i++) {
        json_object_set_new(json, COUNTS[i], json_integer(cells[COLUMN_COUNTS + i].integer));
    }
    put_instant(cli, json, "scheduled_at", cells[COLUMN_SCHEDULED].integer);
    put_instant(cli, json, "started_at", cells[COLUMN_STARTED].integer);
    put_instant(cli, json, "ended_at", cells[COLUMN_ENDED].integer);
    put_instant(cli, json, "created_at", cells[COLUMN_CREATED].integer);
    json_object_set_new(json, "created_by", json_str(cells[COLUMN_ACTOR].text));
    json_object_set_new(json, "per_second", json_real(cells[COLUMN_PACE].real));
    json_object_set_new(json, "filter", json_str(cells[COLUMN_FILTER].text));
    json_object_set_new(json, "text", texts);
    return json;
}

static void print_list(struct cli *cli, const struct rows *rows)
{
    static const char *const headings[] = {"broadcast", "state",  "begins",   "looked at",
                                           "people",    "sent",   "waiting",  "suppressed",
                                           "expired",   "failed", "uncertain"};
    enum { COLUMNS = sizeof(headings) / sizeof(headings[0]), NUMBERS_FROM = 3 };
    struct table *table = table_new(cli->arena, COLUMNS, headings);
    for (int i = NUMBERS_FROM; i < COLUMNS; i++) {
        table_right(table, i);
    }
    for (int i = 0; i < rows->count; i++) {
        const struct cell *row = rows->cells + (ptrdiff_t)i * rows->columns;
        const char *cells[COLUMNS] = {
            arena_printf(cli->arena, "%" PRId64, row[COLUMN_ID].integer).ptr,
            row[COLUMN_STATE].text.ptr,
            calendar_iso(cli->arena, row[COLUMN_SCHEDULED].integer).ptr,
            arena_printf(cli->arena, "%d %%", percent_of(row)).ptr,
            arena_printf(cli->arena, "%" PRId64, row[COLUMN_MATCHED].integer).ptr,
        };
        for (int k = 0; k < COUNT_COUNT; k++) {
            cells[NUMBERS_FROM + 2 + k] =
                arena_printf(cli->arena, "%" PRId64, row[COLUMN_COUNTS + k].integer).ptr;
        }
        table_row(table, cells);
    }
    table_print(table);
    printf("%d broadcasts\n", rows->count);
}

static int list(struct cli *cli)
{
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    struct err_detail detail = {""};
    struct rows rows = {0};
    const struct arg args[] = {ARG_INT(LISTED_MAX)};
    enum err error =
        store_query(store, cli->arena, "broadcasts_overview", args, 1, LISTED_MAX, &rows, &detail);
    store_close(store);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (!cli->json) {
        print_list(cli, &rows);
        return CLI_OK;
    }
    json_t *array = json_array();
    for (int i = 0; i < rows.count; i++) {
        json_array_append_new(array, broadcast_json(cli, rows.cells + (ptrdiff_t)i * rows.columns));
    }
    cli_print_json(json_pack("{s:o}", "broadcasts", array));
    return CLI_OK;
}

static int change(struct cli *cli, struct str id, const char *state)
{
    int64_t number = 0;
    if (!str_to_int64(id, &number) || number <= 0) {
        return cli_usage(cli, "\"%.*s\" is no id of a broadcast; nudge broadcast list shows them",
                         STR_ARG(id));
    }
    struct err_detail detail = {""};
    json_t *result = NULL;
    enum err error = cli_engine_command(
        cli, "broadcast_state", json_pack("{s:s%, s:s}", "id", id.ptr, id.length, "state", state),
        &result, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(result);
        return CLI_OK;
    }
    struct str before = json_get_str(result, "state_before");
    struct str after = json_get_str(result, "state");
    int64_t unsent = json_get_int(result, "unsent", 0);
    printf("broadcast %.*s is %.*s (was %.*s)", STR_ARG(id), STR_ARG(after), STR_ARG(before));
    if (unsent > 0) {
        printf(str_is(after, "cancelled") ? "; %" PRId64 " messages that wait are taken back"
                                          : "; %" PRId64 " messages wait",
               unsent);
    }
    printf("\n");
    json_decref(result);
    return CLI_OK;
}

static int run(struct cli *cli, const struct arguments *arguments,
               const struct broadcast_options *options)
{
    static const struct {
        const char *verb, *state;
    } verbs[] = {{"pause", "paused"}, {"resume", "running"}, {"cancel", "cancelled"}};
    if (arguments->word_count == 0) {
        return send(cli, options);
    }
    if (arguments_is(arguments, 0, "list") && arguments->word_count == 1) {
        return list(cli);
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
        if (arguments_is(arguments, 0, verbs[i].verb) && arguments->word_count == 2) {
            return change(cli, arguments_word(arguments, 1), verbs[i].state);
        }
    }
    return cli_usage(cli, "expected --text, or list, pause ID, resume ID or cancel ID");
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
    int status = arguments_begin(&cli, rows, "\nlist\npause ID\nresume ID\ncancel ID", text, argc,
                                 argv, &arguments);
    return cli_end(&cli, status == CLI_OK ? run(&cli, &arguments, &options) : status);
}
