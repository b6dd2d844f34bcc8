/* nudge migrate: brings the store's schema to what this program knows. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

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
    "  nudge migrate --sql       what it does on PostgreSQL, for an SQL editor\n"
    "  nudge migrate --supabase supabase/migrations\n"
    "  nudge migrate --database sqlite:other.db";

struct applied {
    const struct cli *cli;
    json_t *names;
};

struct asked {
    bool check, plan; /* change nothing */
    bool sql;
    const char *supabase;
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

static enum err make_room(struct cli *cli, struct store *store, struct err_detail *detail)
{
    enum err error = store_begin(store, detail);
    if (error != OK) {
        return error;
    }
    error = store_events_make_room(store, clock_now_ms(cli->clock), detail);
    if (error != OK) {
        store_rollback(store);
        return error;
    }
    return store_commit(store, detail);
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
        if (error == OK) {
            error = make_room(cli, store, detail);
        }
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

/* ---- scripts: no database is asked ---- */

/* A schema that stands in DATABASE_URL was looked at by nobody yet. */
static enum err check_schema(const struct cli *cli, struct err_detail *detail)
{
    return store_is_schema(str_of(cli->config.database_schema))
               ? OK
               : err_set(detail, ERR_CONFIG,
                         "DATABASE_URL: schema= takes small letters, digits and _");
}

static void print_scripts(const struct cli *cli)
{
    const char *schema = cli->config.database_schema;
    struct migration_script script;
    printf(
        "-- Makes the schema %s of nudge on PostgreSQL 15 or newer, or brings it up to date. Made "
        "by\n-- `nudge migrate --sql`: paste it into an SQL editor or run it with psql. It may run "
        "again, and\n-- nothing outside of the schema is touched.\n\n",
        schema);
    for (size_t i = 0; store_script_next(cli->arena, schema, i, &script); i++) {
        fwrite(script.sql.ptr, 1, script.sql.length, stdout);
    }
    struct str look = store_script_look(cli->arena, schema);
    fwrite(look.ptr, 1, look.length, stdout);
}

/* Supabase's tools want a version of 14 digits, and apply files in its order. */
static enum err write_script(const struct cli *cli, const char *folder,
                             const struct migration_script *script, struct err_detail *detail)
{
    enum { NUMBER_DIGITS = 4 };
    const char *name = script->name;
    const char *path = arena_printf(cli->arena, "%s/2026010100%.*s_nudge%s", folder, NUMBER_DIGITS,
                                    name, name + NUMBER_DIGITS)
                           .ptr;
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        return err_set(detail, ERR_IO, "cannot write %s: %s", path, strerror(errno));
    }
    fwrite(script->sql.ptr, 1, script->sql.length - 1, file); /* its empty line at the end */
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) {
        return err_set(detail, ERR_IO, "cannot write all of %s", path);
    }
    fprintf(stderr, "nudge migrate: wrote %s\n", path);
    return OK;
}

static enum err write_scripts(const struct cli *cli, const char *folder, struct err_detail *detail)
{
    struct migration_script script;
    enum err error = OK;
    for (size_t i = 0;
         error == OK && store_script_next(cli->arena, cli->config.database_schema, i, &script);
         i++) {
        error = write_script(cli, folder, &script, detail);
    }
    return error;
}

int cmd_migrate(int argc, char **argv)
{
    struct asked asked = {0};
    const struct option_row rows[] = {
        {"check", 0, NULL, "Only say whether anything is pending", &asked.check, NULL},
        {"plan", 0, NULL, "Only list what is pending", &asked.plan, NULL},
        {"sql", 0, NULL, "Only print what it does on PostgreSQL, as a script for an SQL editor",
         &asked.sql, NULL},
        {"supabase", 0, "FOLDER", "Only write these scripts, one file each, as Supabase's tools do",
         NULL, &asked.supabase},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "", text, argc, argv, &arguments);
    if (status == CLI_OK && arguments.word_count > 0) {
        status = cli_usage(&cli, "migrate takes no \"%s\"", arguments.words[0]);
    }
    if (status == CLI_OK && asked.check + asked.plan + asked.sql + (asked.supabase != NULL) > 1) {
        status = cli_usage(&cli, "--check, --plan, --sql and --supabase go one at a time");
    }
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    struct err_detail detail = {""};
    if (asked.sql || asked.supabase != NULL) {
        enum err error = check_schema(&cli, &detail);
        if (error == OK && asked.sql) {
            print_scripts(&cli);
        } else if (error == OK) {
            error = write_scripts(&cli, asked.supabase, &detail);
        }
        return cli_end(&cli, error == OK ? CLI_OK : cli_fail(&cli, error, &detail));
    }
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
