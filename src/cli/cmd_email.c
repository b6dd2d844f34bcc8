/* nudge email: a step's message as the mail that it becomes, to look at before anybody gets it.
 * It reads definitions and settings only: no store is opened, nothing is sent, and the links are
 * signed with a word that no server takes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/journeys_load.h"
#include "cli/mail_site.h"
#include "core/commitment.h"
#include "core/decide.h"
#include "core/facts.h"

static const char text[] =
    "Writes the mail that a step's message becomes, as HTML.\v"
    "STEP is the step's id or its number. The mail is to Ann, who is new and has said that she "
    "will read 10 pages. Nothing is sent, and the links lead nowhere.\n\n"
    "Examples:\n"
    "  nudge email preview superior_onboarding first_win --to mail.html\n"
    "  nudge email preview superior_onboarding 2 --language de --text\n"
    "  nudge email preview superior_onboarding first_win --json     subject, html and text";

/* Signs the links of a preview: as good as none. */
static const char PREVIEW_SECRET[] = "preview";
static const char EXAMPLE_URL[] = "https://nudge.example.org";
enum { PREVIEW_USER_ID = 1, PREVIEW_SIZE_S = 600 };

struct options {
    const char *variant, *language, *folder, *to;
    bool text;
};

static const struct step *find_step(struct arena *arena, const struct journey *journey,
                                    struct str word)
{
    for (int i = 0; i < journey->step_count; i++) {
        const struct step *step = &journey->steps[i];
        if (str_equal(step->id, word) || str_equal(arena_printf(arena, "%d", step->number), word)) {
            return step;
        }
    }
    return NULL;
}

/* The variant's text; NULL when the step has no such variant. */
static const struct message *find_text(const struct step *step, const char *variant)
{
    if (variant == NULL) {
        return step->prompt.text;
    }
    for (int i = 0; i < step->variant_count; i++) {
        if (str_is(step->variants[i].id, variant)) {
            return step->variants[i].text;
        }
    }
    return NULL;
}

/* What a new person with one commitment would get. */
static void render(struct cli *cli, const struct catalog *catalog, const struct step *step,
                   const struct message *message, struct outgoing *outgoing)
{
    const struct zone *zone = zone_find(str_of(cli->config.default_time_zone));
    const struct installation installation = {.default_zone = zone != NULL ? zone : zone_utc(),
                                              .default_language = cli->config.default_language,
                                              .public_url = str_of(cli->config.public_url)};
    const struct world world = {
        .catalog = catalog, .installation = &installation, .now_ms = clock_now_ms(cli->clock)};
    struct person person = {0};
    person_init(&person, PREVIEW_USER_ID, world.now_ms);
    person.user.first_name = STR("Ann");
    const struct commitment commitment = {
        .text = STR("read 10 pages"), .size_s = PREVIEW_SIZE_S, .created_at_ms = world.now_ms};
    const struct facts facts = {.arena = cli->arena,
                                .world = &world,
                                .person = &person,
                                .commitment = &commitment,
                                .language = arena_str(cli->arena, outgoing->language).ptr};
    const struct prompt *prompt = &step->prompt;
    outgoing->text = message_render(cli->arena, message, catalog, &facts, false);
    if (prompt->picture != NULL) {
        outgoing->picture = message_render(cli->arena, prompt->picture, catalog, &facts, true);
    }
    if (prompt->picture_alt != NULL) {
        outgoing->picture_alt =
            message_render(cli->arena, prompt->picture_alt, catalog, &facts, true);
    }
    outgoing->buttons = ARENA_ARRAY(cli->arena, struct button, (size_t)prompt->button_count + 1);
    outgoing->button_count = prompt->button_count;
    for (int i = 0; i < prompt->button_count; i++) {
        const struct step_button *button = &prompt->buttons[i];
        outgoing->buttons[i] =
            (struct button){.text = message_render(cli->arena, button->text, catalog, &facts, true),
                            .token = button->id};
    }
}

static int put(struct cli *cli, struct str page, const char *path)
{
    if (path == NULL) {
        fwrite(page.ptr, 1, page.length, stdout);
        return CLI_OK;
    }
    struct err_detail detail;
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        return cli_fail(cli, err_set(&detail, ERR_IO, "cannot write %s: %s", path, strerror(errno)),
                        &detail);
    }
    bool whole = fwrite(page.ptr, 1, page.length, file) == page.length;
    if (fclose(file) != 0 || !whole) {
        return cli_fail(cli, err_set(&detail, ERR_IO, "cannot write all of %s", path), &detail);
    }
    return CLI_OK;
}

static int write_mail(struct cli *cli, const struct options *options, const struct catalog *catalog,
                      const struct step *step, const struct message *message, const char *language)
{
    struct mail_site *site = mail_site_of(cli->arena, &cli->config, catalog);
    site->secret = str_of(PREVIEW_SECRET);
    if (site->public_url.length == 0) {
        site->public_url = str_of(EXAMPLE_URL);
    }
    struct outgoing outgoing = {.user_id = PREVIEW_USER_ID, .language = str_of(language)};
    render(cli, catalog, step, message, &outgoing);
    struct mail mail = mail_compose(cli->arena, site, &outgoing);
    if (!cli->json) {
        return put(cli, options->text ? mail.text : mail.html, options->to);
    }
    json_t *json = json_object();
    json_object_set_new(json, "subject", json_str(mail.subject));
    json_object_set_new(json, "html", json_str(mail.html));
    json_object_set_new(json, "text", json_str(mail.text));
    cli_print_json(json);
    return CLI_OK;
}

static int preview(struct cli *cli, const struct options *options, struct str name, struct str word)
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
    const struct journey *journey = catalog_journey(catalog, name);
    const struct step *step = journey != NULL ? find_step(cli->arena, journey, word) : NULL;
    const struct message *message = step != NULL ? find_text(step, options->variant) : NULL;
    int status;
    if (options->language != NULL && catalog_language_index(catalog, language) < 0) {
        status = cli_usage(cli, "the journeys have no texts in \"%s\"", language);
    } else if (message != NULL) {
        status = write_mail(cli, options, catalog, step, message, language);
    } else {
        const char *what = journey == NULL ? "journey" : step == NULL ? "step" : "variant";
        struct str wanted = journey == NULL ? name : step == NULL ? word : str_of(options->variant);
        err_set(&detail, ERR_NOT_FOUND, "there is no %s \"%.*s\"; nudge journeys show tells all",
                what, STR_ARG(wanted));
        status = cli_fail(cli, ERR_NOT_FOUND, &detail);
    }
    catalog_free(catalog);
    return status;
}

int cmd_email(int argc, char **argv)
{
    struct options options = {0};
    const struct option_row rows[] = {
        {"variant", 0, "NAME", "The message of this variant", NULL, &options.variant},
        {"language", 'l', "LANGUAGE", "The mail in this language", NULL, &options.language},
        {"folder", 'f', "FOLDER", "Look at this folder's definitions", NULL, &options.folder},
        {"text", 0, NULL, "The plain text instead of the HTML", &options.text, NULL},
        {"to", 0, "FILE", "Write it into this file", NULL, &options.to},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "preview JOURNEY STEP", text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    if (arguments_is(&arguments, 0, "preview") && arguments.word_count == 3) {
        status = cli.json && (options.text || options.to != NULL)
                     ? cli_usage(&cli, "--json prints all parts: without --text and --to")
                     : preview(&cli, &options, arguments_word(&arguments, 1),
                               arguments_word(&arguments, 2));
    } else {
        status = cli_usage(&cli, "expected preview JOURNEY STEP");
    }
    return cli_end(&cli, status);
}
