/* nudge bridge: people of the previous bot's tables, as they stand in a live database. */
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "cli/arguments.h"
#include "cli/bridge_taking.h"
#include "cli/bridge_tally.h"
#include "cli/command.h"

static const char text[] =
    "Takes over the people of a previous bot: its tables (users, commitments, preferences in "
    "schema "
    "public) are read in one snapshot, and nothing is written there.\v"
    "plan shows who is there, who refused messages and how, and what an import would do. import "
    "does "
    "it, beside a running server or without one; done again, it takes what is new or changed "
    "since. "
    "Everybody it brings is held: see docs/operate/bridge.md. status says what was imported, and "
    "what is new since.\n\n"
    "Examples:\n"
    "  nudge bridge plan\n"
    "  nudge bridge import --from postgres://reader@db.example.org/live\n"
    "  nudge bridge status --json";

static struct bridge_source source_of(struct cli *cli, struct live *live, const char *doing)
{
    return (struct bridge_source){
        live, cli->config.default_time_zone, cli->clock, cli->json ? NULL : doing, NULL, NULL};
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

/* ---- plan and status ------------------------------------------------------------------------- */

struct plan {
    struct bridge_tally tally;
    struct store *store; /* NULL: there is none yet, so everybody is new */
    int64_t standings[STANDING_COUNT];
};

static enum err plan_person(void *context, struct arena *arena, const struct live_person *person,
                            json_t *document, size_t bytes, struct err_detail *detail)
{
    (void)document;
    (void)bytes;
    struct plan *plan = context;
    enum standing standing;
    bridge_tally_add(&plan->tally, arena, person);
    enum err error = bridge_compare(plan->store, arena, person, &standing, detail);
    plan->standings[standing] += error == OK;
    return error;
}

static json_t *standings_json(const int64_t counts[STANDING_COUNT])
{
    json_t *json = json_object();
    for (int i = 0; i < STANDING_COUNT; i++) {
        json_object_set_new(json, standing_name((enum standing)i), json_integer(counts[i]));
    }
    return json;
}

static void show_plan(struct cli *cli, const struct live *live, const struct plan *plan)
{
    static const char *const headings[] = {"live tables", ""};
    if (cli->json) {
        json_t *json = bridge_tally_json(&plan->tally);
        json_object_set_new(json, "shape", json_string(live_shape_name(live_shape(live))));
        json_object_set_new(json, "import", standings_json(plan->standings));
        cli_print_json(json);
        return;
    }
    struct table *table = table_new(cli->arena, 2, headings);
    table_right(table, 1);
    bridge_tally_rows(&plan->tally, cli->arena, table);
    printf("shape %s\n\n", live_shape_name(live_shape(live)));
    table_print(table);
    printf("\nAn import would add %lld people, held, and look at %lld who are here already and "
           "%lld who changed; %lld are unchanged, %lld left out.\n",
           (long long)plan->standings[STANDING_NEW], (long long)plan->standings[STANDING_HERE],
           (long long)plan->standings[STANDING_CHANGED],
           (long long)plan->standings[STANDING_UNCHANGED],
           (long long)plan->standings[STANDING_LEFT_OUT]);
}

/* All was taken over that stood there then; 0: nobody has followed the live tables. */
static enum err read_followed(struct cli *cli, struct store *store, int64_t *ret_at_ms,
                              struct err_detail *detail)
{
    struct str stored = STR_NONE;
    json_t *json = NULL;
    *ret_at_ms = 0;
    enum err error = store == NULL
                         ? OK
                         : store_setting_get(store, cli->arena, "bridge/followed", &stored, detail);
    if (error == OK && stored.length > 0) {
        error = json_read(stored, stored.length, &json, detail);
        *ret_at_ms = json_get_int(json, "seen_at_ms", 0);
        json_decref(json);
    }
    return error;
}

static enum err show_status(struct cli *cli, const struct plan *plan, struct err_detail *detail)
{
    int64_t totals[5] = {0};
    struct rows rows;
    enum err error = OK;
    if (plan->store != NULL) {
        error = store_query(plan->store, cli->arena, "bridge_totals", NULL, 0, 1, &rows, detail);
        for (int i = 0; error == OK && i < 5; i++) {
            totals[i] = rows.cells[i].integer;
        }
    }
    int64_t followed_ms = 0;
    if (error == OK) {
        error = read_followed(cli, plan->store, &followed_ms, detail);
    }
    if (error != OK) {
        return error;
    }
    int64_t lag_ms = clock_now_ms(cli->clock) - followed_ms;
    if (cli->json) {
        json_t *imported = json_pack("{s:I, s:I, s:I, s:I}", "people", (json_int_t)totals[0],
                                     "held", (json_int_t)totals[2], "erased", (json_int_t)totals[3],
                                     "commitments", (json_int_t)totals[4]);
        if (totals[1] != 0) {
            json_object_set_new(imported, "last_at", json_str(calendar_iso(cli->arena, totals[1])));
        }
        json_t *json =
            json_pack("{s:o, s:o}", "imported", imported, "live", standings_json(plan->standings));
        if (followed_ms != 0) {
            json_object_set_new(json, "followed",
                                json_pack("{s:o, s:I}", "until",
                                          json_str(calendar_iso(cli->arena, followed_ms)), "lag_ms",
                                          (json_int_t)lag_ms));
        }
        cli_print_json(json);
        return OK;
    }
    if (totals[0] == 0) {
        printf("nothing was imported yet\n");
    } else {
        printf("%lld people with %lld commitments were imported, the last of them at %s (%s); "
               "%lld are held, %lld were erased here\n",
               (long long)totals[0], (long long)totals[4], cli_when(cli, totals[1]), cli_zone(cli),
               (long long)totals[2], (long long)totals[3]);
    }
    printf("since then: %lld new, %lld changed, %lld unchanged in the live tables\n",
           (long long)(plan->standings[STANDING_NEW] + plan->standings[STANDING_HERE]),
           (long long)plan->standings[STANDING_CHANGED],
           (long long)plan->standings[STANDING_UNCHANGED]);
    if (followed_ms != 0) {
        printf("followed by the server until %s (%s), %lld s ago\n", cli_when(cli, followed_ms),
               cli_zone(cli), (long long)lag_ms / 1000);
    }
    return OK;
}

static int plan_or_status(struct cli *cli, const char *from, bool is_status)
{
    struct err_detail detail = {""};
    struct live *live = NULL;
    struct plan plan = {.store = NULL};
    enum err error = live_open(from, "", &live, &detail);
    if (error == OK) {
        plan.store = own_store(cli);
        const struct bridge_source source = source_of(cli, live, "reading");
        error = bridge_each_person(&source, plan_person, &plan, &detail);
    }
    if (error == OK && is_status) {
        error = show_status(cli, &plan, &detail);
    } else if (error == OK) {
        bridge_tally_finish(&plan.tally);
        show_plan(cli, live, &plan);
    }
    bridge_tally_free(&plan.tally);
    store_close(plan.store);
    live_close(live);
    return error == OK ? CLI_OK : cli_fail(cli, error, &detail);
}

/* ---- import ---------------------------------------------------------------------------------- */

/* What is read and written for one command lives no longer than it. */
static enum err ask_engine(void *context, json_t *payload, json_t **ret_result,
                           struct err_detail *detail)
{
    struct cli *cli = context;
    struct arena *kept = cli->arena;
    cli->arena = arena_new((size_t)4 * 1024 * 1024);
    enum err error = cli_engine_command(cli, "bridge_import", payload, ret_result, detail);
    arena_free(cli->arena);
    cli->arena = kept;
    return error;
}

static void show_import(struct cli *cli, const struct bridge_taking *taking)
{
    if (cli->json) {
        json_t *json = standings_json(taking->standings);
        json_object_del(json, standing_name(STANDING_HERE));
        json_object_set_new(json, "commitments", json_integer(taking->commitments));
        cli_print_json(json);
        return;
    }
    printf("%lld people are new here and held, %lld changed, %lld were unchanged, %lld left out; "
           "%lld commitments came with them\n",
           (long long)taking->standings[STANDING_NEW],
           (long long)taking->standings[STANDING_CHANGED],
           (long long)taking->standings[STANDING_UNCHANGED],
           (long long)taking->standings[STANDING_LEFT_OUT], (long long)taking->commitments);
}

static int import(struct cli *cli, const char *from)
{
    struct err_detail detail = {""};
    struct live *live = NULL;
    enum err error = live_open(from, "", &live, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    int status = CLI_OK;
    struct store *ready = cli_store(cli, STORE_WRITER, &status); /* migrates a file of ours */
    store_close(ready);
    if (ready != NULL) {
        struct bridge_taking taking = {.store = own_store(cli),
                                       .send = ask_engine,
                                       .context = cli,
                                       .at_once = BRIDGE_PEOPLE_MAX};
        const struct bridge_source source = source_of(cli, live, "importing");
        error = bridge_take(&taking, &source, &detail);
        if (error == OK) {
            show_import(cli, &taking);
        } else {
            status = cli_fail(cli, error, &detail);
        }
        store_close(taking.store);
    }
    live_close(live);
    return status;
}

int cmd_bridge(int argc, char **argv)
{
    const char *from = NULL;
    const struct option_row rows[] = {
        {"from", 'f', "URL", "The live database (default LIVE_DATABASE_URL, else DATABASE_URL)",
         NULL, &from},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "plan|import|status", text, argc, argv, &arguments);
    if (status == CLI_OK) {
        const char *live = from != NULL                              ? from
                           : cli.config.live_database_url[0] != '\0' ? cli.config.live_database_url
                                                                     : cli.config.database_url;
        if (arguments.word_count == 1 && arguments_is(&arguments, 0, "import")) {
            status = import(&cli, live);
        } else if (arguments.word_count == 1 && arguments_is(&arguments, 0, "plan")) {
            status = plan_or_status(&cli, live, false);
        } else if (arguments.word_count == 1 && arguments_is(&arguments, 0, "status")) {
            status = plan_or_status(&cli, live, true);
        } else {
            status = cli_usage(&cli, "expected plan, import or status");
        }
    }
    return cli_end(&cli, status);
}
