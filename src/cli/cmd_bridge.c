/* nudge bridge: people of the previous bot's tables, as they stand in a live database. */
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "cli/arguments.h"
#include "cli/bridge_tally.h"
#include "cli/command.h"
#include "store/live.h"

enum { PEOPLE_AT_ONCE = 500, DOCUMENT_BYTES_MAX = 16 * 1024 * 1024 };

static const char text[] =
    "Looks at the tables of a previous bot (users, commitments, preferences in schema public), "
    "which stay as they are: they are read in one snapshot, and nothing is written there.\v"
    "plan shows who is there, who refused messages and how, and who is here already.\n\n"
    "Examples:\n"
    "  nudge bridge plan\n"
    "  nudge bridge plan --from postgres://reader@db.example.org/live --json";

/* What is done with each person of the live tables; `document`: the row it was read from. */
typedef enum err person_function(void *context, struct arena *arena,
                                 const struct live_person *person, struct str document,
                                 struct err_detail *detail);

static enum err read_one(struct arena *arena, struct str document, const struct zone *zone,
                         int64_t now_ms, struct live_person *ret_person, struct err_detail *detail)
{
    json_t *json = NULL;
    enum err error = json_read(document, DOCUMENT_BYTES_MAX, &json, detail);
    if (error == OK) {
        error = live_person_read(arena, json, zone, now_ms, ret_person, detail);
    }
    json_decref(json);
    return error == OK ? OK : err_wrap(detail, error, "the live users");
}

/* Every person, once. */
static enum err each_person(struct cli *cli, struct live *live, const char *doing,
                            person_function *function, void *context, struct err_detail *detail)
{
    const struct zone *zone = zone_find(str_of(cli->config.default_time_zone));
    struct arena *arena = arena_new((size_t)1024 * 1024);
    int64_t now_ms = clock_now_ms(cli->clock);
    int64_t done = 0;
    int count = 0;
    enum err error = OK;
    do {
        struct str *documents = NULL;
        arena_reset(arena);
        error = live_next(live, arena, PEOPLE_AT_ONCE, &documents, &count, detail);
        for (int i = 0; error == OK && i < count; i++) {
            struct live_person person;
            error = read_one(arena, documents[i], zone != NULL ? zone : zone_utc(), now_ms, &person,
                             detail);
            if (error == OK) {
                error = function(context, arena, &person, documents[i], detail);
            }
        }
        done += count;
        if (!cli->json) {
            progress_show(doing, done, live_people(live));
        }
    } while (error == OK && count > 0);
    if (!cli->json) {
        progress_end();
    }
    arena_free(arena);
    return error;
}

/* ---- plan ------------------------------------------------------------------------------------ */

struct plan {
    struct bridge_tally tally;
    struct store *store; /* ours; NULL: there is none yet, so everybody is new */
    int64_t new_people, here_already;
};

static enum err plan_person(void *context, struct arena *arena, const struct live_person *person,
                            struct str document, struct err_detail *detail)
{
    (void)document;
    struct plan *plan = context;
    bridge_tally_add(&plan->tally, arena, person);
    if (person->is_bot) {
        return OK;
    }
    int64_t user_id = 0;
    enum err error = OK;
    if (plan->store != NULL && !person->invented) {
        struct str value = arena_printf(arena, "%lld", (long long)person->telegram_id);
        error = store_identity_find(plan->store, CHANNEL_TELEGRAM, value, &user_id, detail);
    }
    plan->new_people += user_id == 0;
    plan->here_already += user_id != 0;
    return error;
}

static void show_plan(struct cli *cli, const struct live *live, const struct plan *plan)
{
    static const char *const headings[] = {"live tables", ""};
    if (cli->json) {
        json_t *json = bridge_tally_json(&plan->tally);
        json_object_set_new(json, "shape", json_string(live_shape_name(live_shape(live))));
        json_object_set_new(json, "import",
                            json_pack("{s:I, s:I, s:I}", "new", (json_int_t)plan->new_people,
                                      "here_already", (json_int_t)plan->here_already, "left_out",
                                      (json_int_t)plan->tally.bots));
        cli_print_json(json);
        return;
    }
    struct table *table = table_new(cli->arena, 2, headings);
    table_right(table, 1);
    bridge_tally_rows(&plan->tally, cli->arena, table);
    printf("shape %s\n\n", live_shape_name(live_shape(live)));
    table_print(table);
    printf("\n%lld people are new, %lld are here already, known by their Telegram id.\n",
           (long long)plan->new_people, (long long)plan->here_already);
}

/* Ours, where it is ready; what is not migrated holds nobody. */
static struct store *own_store(struct cli *cli)
{
    struct err_detail ignored;
    struct store *store = NULL;
    struct migration_state state = {0};
    enum err error = store_open(cli->config.database_url, STORE_READER, &store, &ignored);
    if (error == OK) {
        error = store_migration_state(store, &state, &ignored);
    }
    if (error != OK || state.pending > 0) {
        store_close(store);
        return NULL;
    }
    return store;
}

static int plan(struct cli *cli, const char *from)
{
    struct err_detail detail = {""};
    struct live *live = NULL;
    struct plan plan = {.store = NULL};
    enum err error = live_open(from, &live, &detail);
    if (error == OK) {
        plan.store = own_store(cli);
        error = each_person(cli, live, "reading", plan_person, &plan, &detail);
    }
    if (error == OK) {
        bridge_tally_finish(&plan.tally);
        show_plan(cli, live, &plan);
    }
    bridge_tally_free(&plan.tally);
    store_close(plan.store);
    live_close(live);
    return error == OK ? CLI_OK : cli_fail(cli, error, &detail);
}

int cmd_bridge(int argc, char **argv)
{
    const char *from = NULL;
    const struct option_row rows[] = {
        {"from", 'f', "URL", "The live database, when it is not DATABASE_URL's", NULL, &from}, {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "plan", text, argc, argv, &arguments);
    if (status == CLI_OK && (arguments.word_count != 1 || !arguments_is(&arguments, 0, "plan"))) {
        status = cli_usage(&cli, "expected plan");
    } else if (status == CLI_OK) {
        status = plan(&cli, from != NULL ? from : cli.config.database_url);
    }
    return cli_end(&cli, status);
}
