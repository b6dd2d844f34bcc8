/* nudge migrate: brings the store's schema to what this program knows. */
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/command.h"

static const char text[] =
    "Creates the store, or brings its schema to what this program knows. Running it again changes "
    "nothing; going back is restoring a backup.\v"
    "serve and demo migrate an SQLite file by themselves; a PostgreSQL database is migrated by "
    "this "
    "command alone. Exit status with --check and --plan: 0 up to date, 1 not.\n\n"
    "Examples:\n"
    "  nudge migrate\n"
    "  nudge migrate --check     is anything pending? changes nothing\n"
    "  nudge migrate --plan      which migrations would be applied? changes nothing\n"
    "  nudge migrate --database sqlite:other.db";

struct applied {
    const struct cli *cli;
    json_t *names;
};

struct asked {
    bool check, plan; /* change nothing */
};

static void note_applied(void *context, const char *name)
{
    struct applied *applied = context;
    json_array_append_new(applied->names, json_string(name));
    if (!applied->cli->json) {
        printf("applied %s\n", name);
    }
}

static void print_state(const struct cli *cli, const struct asked *asked,
                        const struct migration_state *state, json_t *names)
{
    if (cli->json) {
        cli_print_json(json_pack("{s:i, s:i, s:s, s:O}", "applied", state->applied, "pending",
                                 state->pending, "last", state->last,
                                 asked->plan ? "planned" : "applied_now", names));
    } else if (state->pending > 0) {
        printf("%d migrations applied, %d pending; run nudge migrate\n", state->applied,
               state->pending);
    } else {
        printf("%d migrations applied, none pending (last: %s)\n", state->applied, state->last);
    }
}

static void note_planned(const struct cli *cli, const struct store *store,
                         const struct migration_state *state, json_t *names)
{
    for (int i = 0; i < state->pending; i++) {
        const char *name = store_migration_name(store, state->applied + i);
        json_array_append_new(names, json_string(name));
        if (!cli->json) {
            printf("would apply %s\n", name);
        }
    }
}

static enum err migrate(struct cli *cli, const struct asked *asked,
                        struct migration_state *ret_state, json_t *names, struct err_detail *detail)
{
    struct store *store = NULL;
    bool check_only = asked->check || asked->plan;
    enum err error = store_open(cli->config.database_url, check_only ? STORE_READER : STORE_WRITER,
                                &store, detail);
    if (error == OK && !check_only) {
        struct applied applied = {cli, names};
        error = store_migrate(store, note_applied, &applied, detail);
    }
    if (error == OK) {
        error = store_migration_state(store, ret_state, detail);
    }
    if (error == OK && asked->plan) {
        note_planned(cli, store, ret_state, names);
    }
    store_close(store);
    return error;
}

int cmd_migrate(int argc, char **argv)
{
    struct asked asked = {false, false};
    const struct option_row rows[] = {
        {"check", 0, NULL, "Only say whether anything is pending", &asked.check, NULL},
        {"plan", 0, NULL, "Only list what is pending", &asked.plan, NULL},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "", text, argc, argv, &arguments);
    if (status == CLI_OK && arguments.word_count > 0) {
        status = cli_usage(&cli, "migrate takes no \"%s\"", arguments.words[0]);
    }
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    struct err_detail detail = {""};
    struct migration_state state = {.last = ""};
    json_t *names = json_array();
    enum err error = migrate(&cli, &asked, &state, names, &detail);
    if (error == OK) {
        print_state(&cli, &asked, &state, names);
        status = state.pending > 0 ? CLI_NO : CLI_OK;
    } else {
        status = cli_fail(&cli, error, &detail);
    }
    json_decref(names);
    return cli_end(&cli, status);
}
