/* nudge journeys apply: a folder's definitions become those in force. They are checked first, and
 * compared with those in force now; the engine stores them and takes them over without a restart.
 * Runs that have begun go on by the definition they began with, or as the policy says. */
#include <stdio.h>
#include <string.h>

#include "base/embed.h"
#include "bi/waiting.h"
#include "cli/journeys_apply.h"
#include "cli/journeys_load.h"

struct file_list {
    struct definition_file *items;
    int count;
};

static bool options_migrate(const struct apply_options *options)
{
    return str_is(str_of(options->policy), "migrate");
}

/* What was applied last; *ret_found false when nothing was. */
static enum err read_applied(struct cli *cli, struct store *store, struct file_list *ret_files,
                             bool *ret_found, struct err_detail *detail)
{
    struct str text = STR_NONE;
    json_t *payload = NULL;
    enum err error = store_setting_get(store, cli->arena, "journeys/current", &text, detail);
    *ret_found = error == OK && text.length > 0;
    if (error != OK || !*ret_found) {
        return error;
    }
    error = json_read(text, text.length, &payload, detail);
    const json_t *list = json_get_array(payload, "files");
    size_t count = json_array_size(list);
    ret_files->items = ARENA_ARRAY(cli->arena, struct definition_file, count + 1);
    ret_files->count = (int)count;
    for (size_t i = 0; i < count; i++) {
        const json_t *file = json_array_get(list, i);
        ret_files->items[i].name = arena_str(cli->arena, json_get_str(file, "name"));
        ret_files->items[i].yaml = arena_str(cli->arena, json_get_str(file, "yaml"));
    }
    json_decref(payload);
    return error;
}

static void embedded(struct cli *cli, struct file_list *ret_files)
{
    ret_files->items = ARENA_ARRAY(cli->arena, struct definition_file, nudge_journeys_count);
    ret_files->count = (int)nudge_journeys_count;
    for (size_t i = 0; i < nudge_journeys_count; i++) {
        ret_files->items[i].name = str_of(nudge_journeys[i].name);
        ret_files->items[i].yaml =
            (struct str){(const char *)nudge_journeys[i].data, nudge_journeys[i].length};
    }
}

/* The files in force: those applied last, else those the server starts with. */
static enum err in_force(struct cli *cli, struct store *store, struct file_list *ret_files,
                         struct err_detail *detail)
{
    bool found = false;
    enum err error = read_applied(cli, store, ret_files, &found, detail);
    if (error != OK || found) {
        return error;
    }
    if (cli->config.journeys_dir[0] == '\0') {
        embedded(cli, ret_files);
        return OK;
    }
    error = journeys_read_folder(cli->arena, cli->config.journeys_dir, &ret_files->items,
                                 &ret_files->count, detail);
    if (error == OK) {
        journeys_complete(cli->arena, &ret_files->items, &ret_files->count);
    }
    return error;
}

/* ---- what changes ---- */

static void add_change(json_t *changes, const char *what, const char *kind, struct str name,
                       struct str before, struct str after)
{
    json_t *change = json_object();
    json_object_set_new(change, "change", json_string(what));
    json_object_set_new(change, "kind", json_string(kind));
    json_object_set_new(change, "name", json_str(name));
    json_object_set_new(change, "version_before", json_str(before));
    json_object_set_new(change, "version", json_str(after));
    json_array_append_new(changes, change);
}

static void compare_journeys(json_t *changes, const struct catalog *before,
                             const struct catalog *after)
{
    for (int i = 0; i < catalog_journey_count(after); i++) {
        const struct journey *journey = catalog_journey_at(after, i);
        const struct journey *old = catalog_journey(before, journey->name);
        if (old == NULL) {
            add_change(changes, "new", "journey", journey->name, STR(""), journey->version);
        } else if (!str_equal(old->hash, journey->hash)) {
            add_change(changes, "changed", "journey", journey->name, old->version,
                       journey->version);
        }
    }
    for (int i = 0; i < catalog_journey_count(before); i++) {
        const struct journey *old = catalog_journey_at(before, i);
        if (catalog_journey(after, old->name) == NULL) {
            add_change(changes, "removed", "journey", old->name, old->version, STR(""));
        }
    }
}

static const struct definition_file *find_file(const struct file_list *files, struct str name)
{
    for (int i = 0; i < files->count; i++) {
        if (str_equal(files->items[i].name, name)) {
            return &files->items[i];
        }
    }
    return NULL;
}

static bool holds_texts(struct str name)
{
    return str_starts(name, STR("bot/")) || str_starts(name, STR("words/"));
}

/* Texts of the bot and words have no version: by file. */
static void compare_texts(json_t *changes, const struct file_list *before,
                          const struct file_list *after)
{
    for (int i = 0; i < after->count; i++) {
        const struct definition_file *file = &after->items[i];
        const struct definition_file *old = find_file(before, file->name);
        if (holds_texts(file->name) && (old == NULL || !str_equal(old->yaml, file->yaml))) {
            add_change(changes, old == NULL ? "new" : "changed", "texts", file->name, STR(""),
                       STR(""));
        }
    }
    for (int i = 0; i < before->count; i++) {
        const struct definition_file *old = &before->items[i];
        if (holds_texts(old->name) && find_file(after, old->name) == NULL) {
            add_change(changes, "removed", "texts", old->name, STR(""), STR(""));
        }
    }
}

/* What is in force, and who is in the middle of journeys. A new database has nobody yet. */
static enum err look(struct cli *cli, struct catalog *after, const struct apply_options *options,
                     struct file_list *ret_files, json_t **ret_people, struct err_detail *detail)
{
    struct store *store = NULL;
    struct migration_state state = {0};
    bool moves = str_is(str_of(options->policy), "follow") || options_migrate(options);
    const struct step_names names = {options_migrate(options), str_of(options->map)};
    enum err error = store_open(cli->config.database_url, STORE_WRITER, &store, detail);
    if (error == OK) {
        error = store_migration_state(store, &state, detail);
    }
    *ret_people = json_array();
    if (error == OK && state.applied > 0 && state.pending == 0) {
        error = in_force(cli, store, ret_files, detail);
        json_t *people = NULL;
        if (error == OK && (options->preview || moves)) {
            error = waiting_people(store, cli->arena, after, moves ? &names : NULL, false, &people,
                                   detail);
        }
        if (people != NULL) {
            json_decref(*ret_people);
            *ret_people = people;
        }
    } else if (error == OK) {
        embedded(cli, ret_files);
    }
    store_close(store);
    return error;
}

/* Those in force may be of an older program and not compile any more: then all are new. */
static enum err changes_of(struct cli *cli, const struct file_list *after_files,
                           struct catalog *after, const struct apply_options *options,
                           json_t **ret_changes, json_t **ret_people, struct err_detail *detail)
{
    struct file_list files = {NULL, 0};
    enum err error = look(cli, after, options, &files, ret_people, detail);
    if (error != OK) {
        return error;
    }
    struct catalog *before = NULL;
    struct mistakes mistakes = {0};
    json_t *changes = json_array();
    if (catalog_build(cli->arena, files.items, files.count, &before, &mistakes) != OK) {
        fprintf(stderr, "nudge journeys: those in force do not fit this program; all are new\n");
        struct file_list none = {NULL, 0};
        for (int i = 0; i < catalog_journey_count(after); i++) {
            const struct journey *journey = catalog_journey_at(after, i);
            add_change(changes, "new", "journey", journey->name, STR(""), journey->version);
        }
        compare_texts(changes, &none, after_files);
    } else {
        compare_journeys(changes, before, after);
        compare_texts(changes, &files, after_files);
        catalog_free(before);
    }
    *ret_changes = changes;
    return OK;
}

/* ---- doing it ---- */

static json_t *payload_of(const struct file_list *files, const struct apply_options *options)
{
    json_t *list = json_array();
    for (int i = 0; i < files->count; i++) {
        json_t *file = json_object();
        json_object_set_new(file, "name", json_str(files->items[i].name));
        json_object_set_new(file, "yaml", json_str(files->items[i].yaml));
        json_array_append_new(list, file);
    }
    json_t *payload = json_object();
    json_object_set_new(payload, "files", list);
    json_object_set_new(payload, "policy", json_string(options->policy));
    json_object_set_new(payload, "steps", json_string(options->map));
    return payload;
}

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
    struct file_list files = {NULL, 0};
    struct catalog *catalog = NULL;
    json_t *changes = NULL;
    json_t *people = NULL;
    json_t *result = NULL;
    enum err error = journeys_load(cli->arena, folder, &catalog, &detail);
    if (error == OK) {
        error = journeys_read_folder(cli->arena, folder, &files.items, &files.count, &detail);
    }
    if (error == OK) {
        journeys_complete(cli->arena, &files.items, &files.count);
        error = changes_of(cli, &files, catalog, options, &changes, &people, &detail);
    }
    bool acts = json_array_size(changes) > 0 || has_movers(people);
    bool applies = acts && !options->check && !options->preview;
    if (error == OK && applies) {
        error = cli_engine_command(cli, "journeys_apply", payload_of(&files, options), &result,
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
                                 "changes", changes, "people", people));
    } else {
        print_changes(changes);
        print_people(people);
        print_end(options, json_array_size(changes), acts);
        json_decref(changes);
        json_decref(people);
    }
    return CLI_OK;
}
