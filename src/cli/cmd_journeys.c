/* nudge journeys: checking, listing, showing and drawing definitions, which reads files only; and
 * putting a folder's into force. */
#include <stdio.h>
#include <string.h>

#include "bi/journeys/changes.h"
#include "bi/journeys/describe.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/journeys_apply.h"
#include "cli/journeys_load.h"
#include "cli/journeys_show.h"
#include "core/facts.h"
#include "core/journey_words.h"
#include "core/mistakes.h"
#include "core/version.h"

static const char text[] =
    "Checks, lists, shows and draws journey definitions: those of this program, or those of a "
    "folder; puts a folder's into force.\v"
    "validate prints every mistake as FILE:LINE:COLUMN: what is wrong, what was expected, and ends "
    "with status 1 when there is one. A folder without bot/ or words/ gets the program's own.\n\n"
    "apply checks the folder, prints what differs from what is in force, and has the server take "
    "it over: also a running one, at once, and for good. Who is in the middle of a journey "
    "finishes it as it was (--policy pin), goes on by the new version at the step of the same name "
    "(follow), or at the step that the old one became (migrate: by \"was\" of the new step, or "
    "--map OLD=NEW,…). Who cannot go on finishes as begun; --preview tells how many people are at "
    "each step, and what would become of them.\n\n"
    "Examples:\n"
    "  nudge journeys                                 all journeys, a line each\n"
    "  nudge journeys validate                        check the definitions in the program\n"
    "  nudge journeys validate ./journeys             check a folder\n"
    "  nudge journeys apply ./journeys --check        what would change?\n"
    "  nudge journeys apply ./journeys                put them into force\n"
    "  nudge journeys apply ./journeys --policy migrate --map feel=feeling --preview\n"
    "  nudge journeys show superior_onboarding --language de\n"
    "  nudge journeys graph inactive_rescue           what leads where\n"
    "  nudge journeys graph superior_onboarding --dot | dot -Tsvg > onboarding.svg\n"
    "  nudge journeys facts                           what conditions and texts can ask about";

struct options {
    const char *language;
    const char *folder;
    bool dot;
    struct apply_options apply;
};

/* The folder's files, or the program's; *ret_mistakes on ERR_INVALID. */
static enum err build(struct cli *cli, const char *folder, struct catalog **ret_catalog,
                      struct mistakes *ret_mistakes, struct err_detail *detail)
{
    if (folder == NULL || folder[0] == '\0') {
        return catalog_build_embedded(cli->arena, ret_catalog, ret_mistakes);
    }
    struct definition_file *files = NULL;
    int count = 0;
    enum err error = journeys_read_folder(cli->arena, folder, &files, &count, detail);
    if (error != OK) {
        return error;
    }
    journeys_complete(cli->arena, &files, &count);
    return catalog_build(cli->arena, files, count, ret_catalog, ret_mistakes);
}

static void print_mistakes(struct cli *cli, const char *folder, const struct mistakes *mistakes)
{
    for (int i = 0; i < mistakes->count; i++) {
        struct str line = mistake_line(cli->arena, &mistakes->items[i]);
        size_t length = strlen(folder);
        bool slash = length > 0 && folder[length - 1] != '/';
        printf("%s%s%.*s\n", folder, slash ? "/" : "", STR_ARG(line));
    }
}

static int validate(struct cli *cli, const char *folder)
{
    struct catalog *catalog = NULL;
    struct mistakes mistakes = {0};
    struct err_detail detail = {""};
    enum err error = build(cli, folder, &catalog, &mistakes, &detail);
    if (error != OK && mistakes.count == 0) {
        return cli_fail(cli, error, &detail);
    }
    int journeys = error == OK ? catalog_journey_count(catalog) : 0;
    if (cli->json) {
        cli_print_json(json_pack("{s:b, s:i, s:o}", "ok", error == OK, "journeys", journeys,
                                 "mistakes", journeys_mistakes(&mistakes)));
    } else if (error == OK) {
        int languages = 0;
        catalog_languages(catalog, &languages);
        printf("no mistakes: journeys %d, languages %d\n", journeys, languages);
    } else {
        print_mistakes(cli, folder[0] != '\0' ? folder : "journeys", &mistakes);
        fprintf(stderr, "%d mistakes\n", mistakes.count);
    }
    catalog_free(catalog);
    return error == OK ? CLI_OK : CLI_NO;
}

static json_t *list_json(const struct journeys_view *view)
{
    json_t *list = json_array();
    for (int i = 0; i < catalog_journey_count(view->catalog); i++) {
        const struct journey *journey = catalog_journey_at(view->catalog, i);
        json_t *item = json_object();
        json_object_set_new(item, "journey", json_str(journey->name));
        json_object_set_new(item, "version", json_str(journey->version));
        json_object_set_new(item, "set", json_string(journey_word(SET_WORDS, (int)journey->set)));
        json_object_set_new(item, "class",
                            json_string(journey_word(CLASS_WORDS, (int)journey->class)));
        json_object_set_new(item, "steps", json_integer(journey->step_count));
        json_object_set_new(item, "enters", json_str(view_enter(view, journey)));
        json_object_set_new(item, "hash", json_str(journey->hash));
        json_array_append_new(list, item);
    }
    return list;
}

static int list(struct cli *cli, const struct journeys_view *view)
{
    if (cli->json) {
        cli_print_json(list_json(view));
        return CLI_OK;
    }
    static const char *const headings[] = {"journey", "set", "class", "steps", "enters"};
    struct table *table = table_new(cli->arena, 5, headings);
    table_right(table, 3);
    for (int i = 0; i < catalog_journey_count(view->catalog); i++) {
        const struct journey *journey = catalog_journey_at(view->catalog, i);
        const char *cells[] = {journey->name.ptr, journey_word(SET_WORDS, (int)journey->set),
                               journey_word(CLASS_WORDS, (int)journey->class),
                               arena_printf(cli->arena, "%d", journey->step_count).ptr,
                               view_enter(view, journey).ptr};
        table_row(table, cells);
    }
    table_print(table);
    return CLI_OK;
}

static int show(struct cli *cli, const struct journeys_view *view, const struct journey *journey)
{
    if (cli->json) {
        cli_print_json(journey_describe(view, journey));
    } else {
        journeys_show(view, journey);
    }
    return CLI_OK;
}

static int graph(struct cli *cli, const struct journeys_view *view, const struct journey *journey,
                 bool dot)
{
    if (cli->json) {
        cli_print_json(journeys_graph_json(view, journey));
    } else if (dot) {
        journeys_dot(view, journey, stdout);
    } else {
        journeys_draw(view, journey);
    }
    return CLI_OK;
}

/* Everything that looks at definitions without mistakes. */
static int look(struct cli *cli, const struct options *options, const struct arguments *arguments)
{
    struct catalog *catalog = NULL;
    struct err_detail detail = {""};
    const char *folder = options->folder != NULL ? options->folder : cli->config.journeys_dir;
    enum err error = journeys_load(cli->arena, folder, &catalog, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    const char *language =
        options->language != NULL ? options->language : cli->config.default_language;
    int index = catalog_language_index(catalog, language);
    const struct journeys_view view = {
        .arena = cli->arena, .catalog = catalog, .language = index < 0 ? 0 : index};
    struct str name = arguments_word(arguments, 1);
    const struct journey *journey = catalog_journey(catalog, name);
    int status = CLI_OK;
    if (index < 0 && options->language != NULL) {
        status = cli_usage(cli, "the journeys have no texts in \"%s\"", language);
    } else if (name.length == 0) {
        status = list(cli, &view);
    } else if (journey == NULL) {
        err_set(&detail, ERR_NOT_FOUND, "there is no journey \"%.*s\"; nudge journeys lists them",
                STR_ARG(name));
        status = cli_fail(cli, ERR_NOT_FOUND, &detail);
    } else if (arguments_is(arguments, 0, "show")) {
        status = show(cli, &view, journey);
    } else {
        status = graph(cli, &view, journey, options->dot);
    }
    catalog_free(catalog);
    return status;
}

static int facts(struct cli *cli)
{
    int count;
    const struct fact_row *rows = facts_rows(&count);
    if (!cli->json) {
        struct str page = facts_page(cli->arena);
        fwrite(page.ptr, 1, page.length, stdout);
        return CLI_OK;
    }
    static const char *const types[] = {"number", "text", "yes_no"};
    json_t *items = json_array();
    for (int i = 0; i < count; i++) {
        json_array_append_new(items, json_pack("{s:s, s:s, s:s}", "name", rows[i].name, "type",
                                               types[rows[i].type], "help", rows[i].help));
    }
    cli_print_json(items);
    return CLI_OK;
}

static int apply(struct cli *cli, const char *folder, struct apply_options *options)
{
    options->policy = options->policy != NULL ? options->policy : "";
    options->map = options->map != NULL ? options->map : "";
    struct str policy = str_of(options->policy);
    if (policy.length > 0 && !str_is(policy, "pin") && !str_is(policy, "follow") &&
        !str_is(policy, "migrate")) {
        return cli_usage(cli, "--policy %s: expected pin, follow or migrate", options->policy);
    }
    if (options->map[0] != '\0' && !str_is(policy, "migrate")) {
        return cli_usage(cli, "--map goes with --policy migrate");
    }
    if (!step_pairs_are_names(str_of(options->map))) {
        return cli_usage(cli, "--map %s: expected OLD=NEW, with commas between pairs",
                         options->map);
    }
    return journeys_apply(cli, folder, options);
}

int cmd_journeys(int argc, char **argv)
{
    struct options options = {0};
    const struct option_row rows[] = {
        {"language", 'l', "LANGUAGE", "Show texts in this language", NULL, &options.language},
        {"folder", 'f', "FOLDER", "Look at this folder's definitions", NULL, &options.folder},
        {"dot", 0, NULL, "Draw for Graphviz", &options.dot, NULL},
        {"check", 0, NULL, "apply: only say what would change", &options.apply.check, NULL},
        {"policy", 0, "WORD", "apply: pin, follow or migrate who is in the middle", NULL,
         &options.apply.policy},
        {"map", 0, "OLD=NEW,…", "apply: what steps became, for migrate", NULL, &options.apply.map},
        {"preview", 0, NULL, "apply: only say what would become of whom", &options.apply.preview,
         NULL},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(
        &cli, rows, "\nvalidate [FOLDER]\napply FOLDER\nshow [NAME]\ngraph NAME\nfacts", text, argc,
        argv, &arguments);
    bool named = arguments.word_count <= 2;
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    if (arguments_is(&arguments, 0, "validate") && named) {
        struct str folder = arguments_word(&arguments, 1);
        status = validate(&cli, folder.length > 0        ? folder.ptr
                                : options.folder != NULL ? options.folder
                                                         : cli.config.journeys_dir);
    } else if (arguments_is(&arguments, 0, "apply") && arguments.word_count == 2) {
        status = apply(&cli, arguments.words[1], &options.apply);
    } else if (arguments.word_count == 0 || (arguments_is(&arguments, 0, "show") && named) ||
               (arguments_is(&arguments, 0, "graph") && arguments.word_count == 2)) {
        status = look(&cli, &options, &arguments);
    } else if (arguments_is(&arguments, 0, "facts") && arguments.word_count == 1) {
        status = facts(&cli);
    } else {
        status = cli_usage(&cli, "expected validate, apply FOLDER, show, graph NAME or facts");
    }
    return cli_end(&cli, status);
}
