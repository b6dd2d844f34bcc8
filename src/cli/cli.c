/* Settings, errors and common options of all subcommands. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/log.h"

enum { KEY_JSON = 1001, KEY_ENV_FILE, KEY_DATABASE };

static const struct argp_option common_options[] = {
    {"json", KEY_JSON, NULL, 0, "Print one JSON document instead of a table", 100},
    {"database", KEY_DATABASE, "URL", 0,
     "Use this store instead of DATABASE_URL (sqlite:PATH, postgres://…)", 100},
    {"env-file", KEY_ENV_FILE, "FILE", 0, "Read settings from FILE instead of .env", 100},
    {0}};

static error_t parse_common(int key, char *argument, struct argp_state *state)
{
    struct cli *cli = state->input;
    switch (key) {
    case KEY_JSON:
        cli->json = true;
        return 0;
    case KEY_ENV_FILE:
        cli->env_file = argument;
        return 0;
    case KEY_DATABASE:
        cli->database = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp common_argp = {common_options, parse_common, NULL, NULL, NULL, NULL, NULL};

struct both_inputs {
    struct cli *cli;
    void *own;
    error_t (*parse)(int key, char *argument, struct argp_state *state);
};

/* argp gives children their own input at ARGP_KEY_INIT; the subcommand's parser sees its own. */
static error_t parse_own(int key, char *argument, struct argp_state *state)
{
    struct both_inputs *both = state->input;
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = both->cli;
    }
    if (both->parse == NULL) {
        return key == ARGP_KEY_ARG ? ARGP_ERR_UNKNOWN : 0;
    }
    void *hidden = state->input;
    state->input = both->own;
    error_t result = both->parse(key, argument, state);
    state->input = hidden;
    return result;
}

/* The store takes the schema as a part of a server's URL; one that stands there counts. */
static void name_schema(struct cli *cli)
{
    static const char parameter[] = "schema=";
    struct config *config = &cli->config;
    const char *url = config->database_url;
    if (url == NULL || strncmp(url, "postgres", strlen("postgres")) != 0) {
        return;
    }
    const char *given = strstr(url, parameter);
    if (given == NULL) {
        char mark = strchr(url, '?') == NULL ? '?' : '&';
        config->database_url =
            arena_printf(cli->arena, "%s%c%s%s", url, mark, parameter, config->database_schema).ptr;
    } else {
        given += strlen(parameter);
        config->database_schema =
            arena_printf(cli->arena, "%.*s", (int)strcspn(given, "&"), given).ptr;
    }
}

static int load_settings(struct cli *cli)
{
    struct err_detail detail = {""};
    const char *env_file = cli->env_file != NULL ? cli->env_file : ".env";
    if (cli->env_file != NULL && access(env_file, R_OK) != 0) {
        fprintf(stderr, "nudge: cannot read the settings file %s\n", env_file);
        return CLI_FAILURE;
    }
    enum err error = config_load(cli->arena, environ, env_file, &cli->config, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->database != NULL) {
        cli->config.database_url = cli->database;
    }
    name_schema(cli);
    if (strcmp(cli->config.log_level, "debug") == 0) {
        log_set_level(LOG_LEVEL_DEBUG);
    }
    return CLI_OK;
}

int cli_begin(struct cli *cli, const struct argp *argp, int argc, char **argv, void *input)
{
    memset(cli, 0, sizeof(*cli));
    cli->arena = arena_new((size_t)16 * 1024);
    const char *clock_file = getenv("NUDGE_CLOCK_FILE"); /* see CONTRIBUTING.md, "Time in tests" */
    cli->clock = clock_file != NULL ? clock_new_file(clock_file) : clock_new_real();
    if (cli->clock == NULL) {
        fprintf(stderr, "nudge: cannot read the clock file %s\n", clock_file);
        return CLI_FAILURE;
    }
    struct both_inputs both = {cli, input, argp->parser};
    struct argp_child children[] = {{&common_argp, 0, "Common options:", 90}, {0}};
    struct argp whole = *argp;
    whole.parser = parse_own;
    whole.children = children;
    char name[64];
    snprintf(name, sizeof(name), "nudge %s", argv[0]);
    argv[0] = name;
    argp_err_exit_status = CLI_USAGE;
    error_t failed = argp_parse(&whole, argc, argv, 0, NULL, &both);
    argv[0] = NULL;
    if (failed != 0) {
        fprintf(stderr, "%s: %s\n", name, strerror(failed));
        return CLI_USAGE;
    }
    return load_settings(cli);
}

int cli_end(struct cli *cli, int status)
{
    clock_free(cli->clock);
    arena_free(cli->arena);
    if (fflush(stdout) != 0 && status == CLI_OK) {
        fprintf(stderr, "nudge: cannot write the result\n");
        return CLI_FAILURE;
    }
    return status;
}

int cli_fail(const struct cli *cli, enum err error, const struct err_detail *detail)
{
    const char *text = detail != NULL && detail->text[0] != '\0' ? detail->text : err_text(error);
    if (cli->json) {
        json_t *json = json_pack("{s:s, s:s}", "error", err_text(error), "detail", text);
        char *line = json_dumps(json, JSON_COMPACT);
        fprintf(stderr, "%s\n", line);
        free(line);
        json_decref(json);
    } else {
        fprintf(stderr, "nudge: %s\n", text);
    }
    return error == ERR_NOT_FOUND || error == ERR_CONFLICT ? CLI_NO
           : error == ERR_INVALID                          ? CLI_USAGE
                                                           : CLI_FAILURE;
}

int cli_usage(const struct cli *cli, const char *format, ...)
{
    (void)cli;
    va_list args;
    va_start(args, format);
    fputs("nudge: ", stderr);
    vfprintf(stderr, format, args);
    fputs(" (see --help)\n", stderr);
    va_end(args);
    return CLI_USAGE;
}

static void say_migrated(void *context, const char *name)
{
    (void)context;
    log_info("store", "migrated", "migration=%s", name);
}

struct store *cli_store(struct cli *cli, enum store_mode mode, int *ret_status)
{
    struct err_detail detail = {""};
    struct store *store = NULL;
    enum err error = store_open(cli->config.database_url, mode, &store, &detail);
    if (error == OK) {
        error = store_make_ready(store, say_migrated, NULL, &detail);
    }
    if (error != OK) {
        store_close(store);
        *ret_status = cli_fail(cli, error, &detail);
        return NULL;
    }
    *ret_status = CLI_OK;
    return store;
}

static void print_break(int depth)
{
    printf("\n%*s", 2 * depth, "");
}

/* Puts line breaks and indentation into compact JSON; json_write's numbers stay as they are
 * (jansson would print 3.4 as 3.3999999999999999). */
static void print_indented(struct str json)
{
    int depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < json.length; i++) {
        char c = json.ptr[i];
        char next = i + 1 < json.length ? json.ptr[i + 1] : '\0';
        bool opens = !in_text && (c == '{' || c == '[') && next != '}' && next != ']';
        bool closes = !in_text && (next == '}' || next == ']') && c != '{' && c != '[';
        putchar(c);
        if (in_text && c == '\\') {
            putchar(next);
            i++;
        } else if (c == '"') {
            in_text = !in_text;
            closes = !in_text && (next == '}' || next == ']');
        } else if (!in_text && c == ':') {
            putchar(' ');
        }
        if (opens) {
            print_break(++depth);
        } else if (closes) {
            print_break(--depth);
        } else if (!in_text && c == ',') {
            print_break(depth);
        }
    }
    putchar('\n');
}

void cli_print_json(json_t *json)
{
    struct arena *arena = arena_new((size_t)64 * 1024);
    print_indented(json_write(arena, json));
    arena_free(arena);
    json_decref(json);
}

const struct zone *cli_operators_zone(const struct config *config)
{
    const struct zone *zone = zone_find(str_of(config->admin_time_zone));
    return zone != NULL ? zone : zone_utc();
}

const char *cli_zone(const struct cli *cli)
{
    return zone_name(cli_operators_zone(&cli->config));
}

const char *cli_when(struct cli *cli, int64_t at_ms)
{
    if (at_ms == 0) {
        return "";
    }
    struct local_time local = calendar_local(cli_operators_zone(&cli->config), at_ms);
    return arena_printf(cli->arena, "%04d-%02d-%02d %02d:%02d", local.year, local.month, local.day,
                        local.hour, local.minute)
        .ptr;
}
