/* nudge journeys apply: a folder's definitions become those in force. They are checked first, and
 * compared with those in force now; the engine stores them and takes them over without a restart.
 * Runs that have begun go on by the definition they began with, or as the policy says. */
#include <stdio.h>
#include <string.h>

#include "bi/journeys/changes.h"
#include "bi/journeys/waiting.h"
#include "cli/journeys_apply.h"
#include "cli/journeys_load.h"

static bool options_migrate(const struct apply_options *options)
{
    return str_is(str_of(options->policy), "migrate");
}

/* What is in force, and who is in the middle of journeys. A new database has nobody yet. */
static enum err look(struct cli *cli, struct catalog *after, const struct apply_options *options,
                     struct catalog **ret_before, json_t **ret_people, struct err_detail *detail)
{
    struct store *store = NULL;
    struct migration_state state = {0};
    bool moves = str_is(str_of(options->policy), "follow") || options_migrate(options);
    const struct step_names names = {options_migrate(options), str_of(options->map)};
    const char *folder = cli->config.journeys_dir;
    enum err error = store_open(cli->config.database_url, STORE_WRITER, &store, detail);
    if (error == OK) {
        error = store_migration_state(store, &state, detail);
    }
    bool in_use = state.applied > 0 && state.pending == 0;
    if (error == OK) {
        error = in_use ? journeys_in_force(cli->arena, store, folder, ret_before, detail)
                       : journeys_load(cli->arena, folder, ret_before, detail);
    }
    if (error == OK && in_use && (options->preview || moves)) {
        error = waiting_people(store, cli->arena, after, moves ? &names : NULL, false, ret_people,
                               detail);
    }
    store_close(store);
    return error;
}

static enum err changes_of(struct cli *cli, struct catalog *after,
                           const struct apply_options *options, json_t **ret_changes,
                           json_t **ret_people, struct err_detail *detail)
{
    struct catalog *before = NULL;
    enum err error = look(cli, after, options, &before, ret_people, detail);
    if (error == OK) {
        *ret_changes = journeys_changes(before, after);
    }
    catalog_free(before);
    return error;
}

/* ---- doing it ---- */

static void print_changes(const json_t *changes)
{
    for (size_t i = 0; i < json_array_size(changes); i++) {
        const json_t *change = json_array_get(changes, i);
        struct str what = json_get_str(change, "change");
        struct str kind = json_get_str(change, "kind");
        struct str name = json_get_str(change, "name");
        struct str before = json_get_str(change, "version_before");
        struct str after = json_get_str(change, "version");
        printf("%.*s %.*s %.*s", STR_ARG(what), STR_ARG(kind), STR_ARG(name));
        if (before.length > 0 && after.length > 0) {
            printf(" (%.*s to %.*s)", STR_ARG(before), STR_ARG(after));
        }
        printf("\n");
    }
}

static void print_people(const json_t *people)
{
    for (size_t i = 0; i < json_array_size(people); i++) {
        const json_t *group = json_array_get(people, i);
        struct str fate = json_get_str(group, "fate");
        struct str journey = json_get_str(group, "journey");
        struct str version = json_get_str(group, "version");
        struct str step = json_get_str(group, "step");
        struct str after = json_get_str(group, "step_after");
        struct str why = json_get_str(group, "why");
        int64_t count = json_get_int(group, "people", 0);
        printf("%lld %s at %.*s of %.*s %.*s ", (long long)count, count == 1 ? "person" : "people",
               STR_ARG(step), STR_ARG(journey), STR_ARG(version));
        if (str_is(fate, "move")) {
            printf("%s on at %.*s\n", count == 1 ? "goes" : "go", STR_ARG(after));
        } else if (why.length > 0) {
            printf("%s as begun: %.*s\n", count == 1 ? "finishes" : "finish", STR_ARG(why));
        } else {
            printf("%s as begun\n", count == 1 ? "finishes" : "finish");
        }
    }
}

static bool has_movers(const json_t *people)
{
    for (size_t i = 0; i < json_array_size(people); i++) {
        if (str_is(json_get_str(json_array_get(people, i), "fate"), "move")) {
            return true;
        }
    }
    return false;
}

static void print_end(const struct apply_options *options, size_t changes, bool acts)
{
    if (changes == 0 && !acts) {
        printf("nothing differs from what is in force\n");
    } else if (options->check || options->preview) {
        printf("%zu changes; without %s they are put into force\n", changes,
               options->check ? "--check" : "--preview");
    } else if (options->policy[0] == '\0' || str_is(str_of(options->policy), "pin")) {
        printf("%zu changes are in force; who is in the middle of a journey finishes it as it "
               "was\n",
               changes);
    } else {
        printf("%zu changes are in force; people are moved in the background\n", changes);
    }
}

int journeys_apply(struct cli *cli, const char *folder, const struct apply_options *options)
{
    struct err_detail detail = {""};
    struct catalog *catalog = NULL;
    json_t *changes = NULL;
    json_t *people = NULL;
    json_t *result = NULL;
    enum err error = journeys_load(cli->arena, folder, &catalog, &detail);
    if (error == OK) {
        error = changes_of(cli, catalog, options, &changes, &people, &detail);
    }
    bool acts = json_array_size(changes) > 0 || has_movers(people);
    bool applies = acts && !options->check && !options->preview;
    if (error == OK && applies) {
        error = cli_engine_command(
            cli, "journeys_apply",
            journeys_apply_payload(catalog, str_of(options->policy), str_of(options->map)), &result,
            &detail);
    }
    int journeys = catalog != NULL ? catalog_journey_count(catalog) : 0;
    catalog_free(catalog);
    json_decref(result);
    if (error != OK) {
        json_decref(changes);
        json_decref(people);
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(json_pack("{s:b, s:i, s:o, s:o}", "applied", applies, "journeys", journeys,
                                 "changes", changes, "people",
                                 people != NULL ? people : json_array()));
    } else {
        print_changes(changes);
        print_people(people);
        print_end(options, json_array_size(changes), acts);
        json_decref(changes);
        json_decref(people);
    }
    return CLI_OK;
}
