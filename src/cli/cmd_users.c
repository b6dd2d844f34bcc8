/* nudge users: one person's card and history, their decisions explained, export, erasure; what
 * holds their messages. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bi/people.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/users_card.h"
#include "cli/users_explain.h"
#include "core/delivery.h"

static const char text[] =
    "Finds people, shows what we know and did, explains why a person did or did not get a message, "
    "exports or erases one person, holds their messages.\v"
    "A person is a user id, telegram:ID, webchat:SESSION or email:ADDRESS.\n"
    "resume lifts what an operator stopped or paused, and the hold after words of crisis; what "
    "the\n"
    "person stopped or paused stays theirs to lift.\n"
    "explain lists every decision about the person that is kept (DECISIONS_KEPT_DAYS): what came\n"
    "in, what came of it and why. With --verify each is made again from what it was given, and\n"
    "those that come out differently by the rules of this program are listed; then the exit\n"
    "status is 1.\n\n"
    "Examples:\n"
    "  nudge users list\n"
    "  nudge users show telegram:123456\n"
    "  nudge users explain telegram:123456 --since 7d\n"
    "  nudge users explain telegram:123456 --verify\n"
    "  nudge users export telegram:123456 --json > person.json\n"
    "  nudge users pause telegram:123456 3\n"
    "  nudge users resume telegram:123456\n"
    "  nudge users erase 7421960348211200013 --yes";

enum { ROWS_SHOWN = 50 };

/* 0 after printing what is wrong, with *ret_status. */
static int64_t find_person(struct cli *cli, struct store *store, struct str word, int *ret_status)
{
    json_t *person = json_object();
    if (!person_into(person, word)) {
        json_decref(person);
        *ret_status = cli_usage(cli, "\"%.*s\" names no person", STR_ARG(word));
        return 0;
    }
    int64_t user_id = 0;
    struct err_detail detail = {""};
    struct rows rows = {0};
    if (str_to_int64(json_get_str(person, "user_id"), &user_id)) {
        json_decref(person);
        return user_id;
    }
    const struct arg args[] = {ARG_TEXT(json_get_str(person, "channel")),
                               ARG_TEXT(json_get_str(person, "identity"))};
    enum err error = store_query(store, cli->arena, "user_of_identity", args, 2, 1, &rows, &detail);
    json_decref(person);
    if (error == OK && rows.count == 0) {
        error = err_set(&detail, ERR_NOT_FOUND, "nobody is known as %.*s", STR_ARG(word));
    }
    if (error != OK) {
        *ret_status = cli_fail(cli, error, &detail);
        return 0;
    }
    return rows.cells[0].integer;
}

static int list_people(struct cli *cli, struct store *store, struct str beginning)
{
    struct err_detail detail = {""};
    struct rows rows = {0};
    enum err error = people_list(store, cli->arena, beginning, ROWS_SHOWN, 0, &rows, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(json_pack("{s:o}", "users", people_rows_json(&rows)));
        return CLI_OK;
    }
    static const char *const headings[] = {"id",   "name", "joined",     "set",
                                           "made", "done", "last active"};
    struct table *table = table_new(cli->arena, 7, headings);
    table_right(table, 4);
    table_right(table, 5);
    for (int i = 0; i < rows.count; i++) {
        const struct cell *cells = rows.cells + i * rows.columns;
        struct arena *arena = cli->arena;
        const char *row[] = {arena_printf(arena, "%" PRId64, cells[0].integer).ptr,
                             arena_printf(arena, "%.*s", STR_ARG(cells[1].text)).ptr,
                             cli_when(cli, cells[3].integer),
                             journey_set_name((enum journey_set)cells[5].integer),
                             arena_printf(arena, "%" PRId64, cells[6].integer).ptr,
                             arena_printf(arena, "%" PRId64, cells[7].integer).ptr,
                             cells[8].integer == 0 ? "never" : cli_when(cli, cells[8].integer)};
        table_row(table, row);
    }
    table_print(table);
    printf("\ntimes in %s\n", cli_zone(cli));
    return CLI_OK;
}

static int show(struct cli *cli, struct store *store, int64_t user_id)
{
    struct err_detail detail = {""};
    json_t *person = NULL;
    enum err error = people_card(store, cli->arena, user_id, &person, &detail);
    if (error != OK) {
        json_decref(person);
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(person);
        return CLI_OK;
    }
    users_card_print(cli, person);
    json_decref(person);
    return CLI_OK;
}

static int export_person(struct cli *cli, struct store *store, int64_t user_id)
{
    struct err_detail detail = {""};
    struct str json = STR_NONE;
    enum err error = store_user_export(store, cli->arena, user_id, &json, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    printf("%.*s\n", STR_ARG(json));
    return CLI_OK;
}

/* A request about one person that the engine carries out. Takes the reference of data (may be
 * NULL). */
static int request(struct cli *cli, int64_t user_id, const char *name, json_t *data,
                   const char *done)
{
    struct err_detail detail = {""};
    json_t *result = NULL;
    char id[24];
    snprintf(id, sizeof(id), "%" PRId64, user_id);
    enum err error = cli_engine_command(cli, "input",
                                        json_pack("{s:s, s:s, s:s, s:o*}", "kind", "admin", "name",
                                                  name, "user_id", id, "data", data),
                                        &result, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(result);
    } else {
        printf("user %s %s\n", id, done);
        json_decref(result);
    }
    return CLI_OK;
}

static int erase(struct cli *cli, int64_t user_id, bool yes)
{
    return yes ? request(cli, user_id, "erase", NULL, "is erased; only counts remain")
               : cli_usage(cli, "erasing cannot be undone; add --yes to do it");
}

static int pause_person(struct cli *cli, int64_t user_id, struct str days)
{
    int64_t count = 0;
    if (days.length > 0 && !str_to_int64(days, &count)) {
        return cli_usage(cli, "\"%.*s\" is no number of days", STR_ARG(days));
    }
    json_t *data = days.length > 0 ? json_pack("{s:I}", "days", (json_int_t)count) : NULL;
    return request(cli, user_id, "pause", data, "is paused");
}

/* Whether the words are a request of ours; nothing is opened before. */
static bool is_request(const struct arguments *arguments)
{
    bool of_one = arguments_is(arguments, 0, "show") || arguments_is(arguments, 0, "export") ||
                  arguments_is(arguments, 0, "erase") || arguments_is(arguments, 0, "stop") ||
                  arguments_is(arguments, 0, "resume") || arguments_is(arguments, 0, "explain");
    if (arguments_is(arguments, 0, "pause")) {
        return arguments->word_count == 2 || arguments->word_count == 3;
    }
    return arguments_is(arguments, 0, "list") ? arguments->word_count <= 2
                                              : of_one && arguments->word_count == 2;
}

static int run(struct cli *cli, const struct arguments *arguments, bool yes,
               const struct users_explain_options *explain)
{
    int status = CLI_OK;
    if (!is_request(arguments)) {
        return cli_usage(
            cli, "expected list, or show, explain, export, erase, pause, stop or resume and a "
                 "PERSON");
    }
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    struct str word = arguments_word(arguments, 1);
    bool is_list = arguments_is(arguments, 0, "list");
    int64_t user_id = is_list ? 0 : find_person(cli, store, word, &status);
    if (is_list) {
        status = list_people(cli, store, word);
    } else if (status == CLI_OK && arguments_is(arguments, 0, "show")) {
        status = show(cli, store, user_id);
    } else if (status == CLI_OK && arguments_is(arguments, 0, "explain")) {
        status = users_explain(cli, store, user_id, explain);
    } else if (status == CLI_OK && arguments_is(arguments, 0, "export")) {
        status = export_person(cli, store, user_id);
    } else if (status == CLI_OK && arguments_is(arguments, 0, "pause")) {
        status = pause_person(cli, user_id, arguments_word(arguments, 2));
    } else if (status == CLI_OK && arguments_is(arguments, 0, "stop")) {
        status = request(cli, user_id, "stop", NULL, "gets no messages any more");
    } else if (status == CLI_OK && arguments_is(arguments, 0, "resume")) {
        status = request(cli, user_id, "resume", NULL, "gets messages again");
    } else if (status == CLI_OK) {
        status = erase(cli, user_id, yes);
    }
    store_close(store);
    return status;
}

int cmd_users(int argc, char **argv)
{
    bool yes = false;
    struct users_explain_options explain = {0};
    const struct option_row rows[] = {
        {"yes", 0, NULL, "Really erase", &yes, NULL},
        {"since", 0, "WHEN", "Explain from an instant, a date or a duration ago on", NULL,
         &explain.since},
        {"message", 0, "ID", "Explain only what is about this message", NULL, &explain.message},
        {"verify", 0, NULL, "Make each decision again; list those that come out differently",
         &explain.verify, NULL},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status =
        arguments_begin(&cli, rows,
                        "list [NAME]\nshow PERSON\nexplain PERSON\nexport PERSON\nerase PERSON\n"
                        "pause PERSON [DAYS]\nstop PERSON\nresume PERSON",
                        text, argc, argv, &arguments);
    return cli_end(&cli, status == CLI_OK ? run(&cli, &arguments, yes, &explain) : status);
}
