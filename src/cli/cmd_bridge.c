/* nudge bridge: people of the previous bot's tables, as they stand in a live database. */
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "cli/arguments.h"
#include "cli/bridge_tally.h"
#include "cli/command.h"
#include "store/live.h"

/* A command holds at most PEOPLE_AT_ONCE people and, but for its last person, BATCH_BYTES_MAX; the
 * engine takes 4 MB. */
enum { PEOPLE_AT_ONCE = 500, BATCH_BYTES_MAX = 1024 * 1024, DOCUMENT_BYTES_MAX = 3 * 1024 * 1024 };

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

/* What is done with each person of the live tables; `document`: the row it was read from. */
typedef enum err person_function(void *context, struct arena *arena,
                                 const struct live_person *person, json_t *document, size_t bytes,
                                 struct err_detail *detail);

struct reading {
    struct cli *cli;
    struct live *live;
    const char *doing; /* for the progress bar */
    const struct zone *zone;
    int64_t now_ms;
    person_function *function;
    void *context;
};

static enum err read_one(const struct reading *reading, struct arena *arena, struct str document,
                         struct err_detail *detail)
{
    json_t *json = NULL;
    struct live_person person;
    enum err error = json_read(document, DOCUMENT_BYTES_MAX, &json, detail);
    if (error == OK) {
        error = live_person_read(arena, json, reading->zone, reading->now_ms, &person, detail);
    }
    if (error != OK) {
        error = err_wrap(detail, error, "the live users");
    } else {
        error = reading->function(reading->context, arena, &person, json, document.length, detail);
    }
    json_decref(json);
    return error;
}

/* Every person, once. */
static enum err each_person(struct cli *cli, struct live *live, const char *doing,
                            person_function *function, void *context, struct err_detail *detail)
{
    const struct zone *zone = zone_find(str_of(cli->config.default_time_zone));
    const struct reading reading = {
        cli,      live,   doing, zone != NULL ? zone : zone_utc(), clock_now_ms(cli->clock),
        function, context};
    struct arena *arena = arena_new((size_t)1024 * 1024);
    int64_t done = 0;
    int count = 0;
    enum err error = OK;
    do {
        struct str *documents = NULL;
        arena_reset(arena);
        error = live_next(live, arena, PEOPLE_AT_ONCE, &documents, &count, detail);
        for (int i = 0; error == OK && i < count; i++) {
            error = read_one(&reading, arena, documents[i], detail);
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

/* ---- against ours ---------------------------------------------------------------------------- */

enum standing {
    STANDING_NEW,
    STANDING_HERE,      /* came to us by themselves */
    STANDING_CHANGED,   /* imported before, and something changed there */
    STANDING_UNCHANGED, /* imported before */
    STANDING_LEFT_OUT,  /* a bot, or erased here */
    STANDING_COUNT
};

static const char *const STANDINGS[STANDING_COUNT] = {"new", "here_already", "changed", "unchanged",
                                                      "left_out"};

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

/* `store` may be NULL. */
static enum err compare(struct store *store, struct arena *arena, const struct live_person *person,
                        enum standing *ret_standing, struct err_detail *detail)
{
    *ret_standing = person->is_bot ? STANDING_LEFT_OUT : STANDING_NEW;
    if (store == NULL || person->is_bot) {
        return OK;
    }
    struct rows rows;
    int64_t user_id = 0;
    const struct arg key[] = {ARG_TEXT(str_of(person->key))};
    enum err error = store_query(store, arena, "bridge_person", key, 1, 1, &rows, detail);
    bool imported = error == OK && rows.count == 1;
    if (imported) {
        error = store_alias_find(store, rows.cells[0].integer, &user_id, detail);
        *ret_standing = user_id == 0                                      ? STANDING_LEFT_OUT
                        : str_is(rows.cells[1].text, person->fingerprint) ? STANDING_UNCHANGED
                                                                          : STANDING_CHANGED;
    } else if (error == OK && !person->invented) {
        struct str value = arena_printf(arena, "%lld", (long long)person->telegram_id);
        error = store_identity_find(store, CHANNEL_TELEGRAM, value, &user_id, detail);
        *ret_standing = user_id != 0 ? STANDING_HERE : STANDING_NEW;
    }
    return error;
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
    enum err error = compare(plan->store, arena, person, &standing, detail);
    plan->standings[standing] += error == OK;
    return error;
}

static json_t *standings_json(const int64_t counts[STANDING_COUNT])
{
    json_t *json = json_object();
    for (int i = 0; i < STANDING_COUNT; i++) {
        json_object_set_new(json, STANDINGS[i], json_integer(counts[i]));
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
    if (error != OK) {
        return error;
    }
    if (cli->json) {
        json_t *imported = json_pack("{s:I, s:I, s:I, s:I}", "people", (json_int_t)totals[0],
                                     "held", (json_int_t)totals[2], "erased", (json_int_t)totals[3],
                                     "commitments", (json_int_t)totals[4]);
        if (totals[1] != 0) {
            json_object_set_new(imported, "last_at", json_str(calendar_iso(cli->arena, totals[1])));
        }
        cli_print_json(
            json_pack("{s:o, s:o}", "imported", imported, "live", standings_json(plan->standings)));
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
    return OK;
}

static int plan_or_status(struct cli *cli, const char *from, bool is_status)
{
    struct err_detail detail = {""};
    struct live *live = NULL;
    struct plan plan = {.store = NULL};
    enum err error = live_open(from, &live, &detail);
    if (error == OK) {
        plan.store = own_store(cli);
        error = each_person(cli, live, "reading", plan_person, &plan, &detail);
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

struct import {
    struct cli *cli;
    struct store *store;
    json_t *people; /* of the next command */
    size_t bytes;
    int64_t standings[STANDING_COUNT]; /* as the engine says; not STANDING_HERE */
    int64_t commitments;
};

/* What is read and written for one command lives no longer than it. */
static enum err send_people(struct import *import, struct err_detail *detail)
{
    if (json_array_size(import->people) == 0) {
        return OK;
    }
    struct cli *cli = import->cli;
    struct arena *kept = cli->arena;
    json_t *result = NULL;
    cli->arena = arena_new((size_t)4 * 1024 * 1024);
    enum err error = cli_engine_command(
        cli, "bridge_import", json_pack("{s:o}", "people", import->people), &result, detail);
    arena_free(cli->arena);
    cli->arena = kept;
    import->people = json_array();
    import->bytes = 0;
    for (int i = 0; i < STANDING_COUNT; i++) {
        import->standings[i] += json_get_int(result, STANDINGS[i], 0);
    }
    import->commitments += json_get_int(result, "commitments", 0);
    json_decref(result);
    return error;
}

static enum err import_person(void *context, struct arena *arena, const struct live_person *person,
                              json_t *document, size_t bytes, struct err_detail *detail)
{
    struct import *import = context;
    enum standing standing;
    enum err error = compare(import->store, arena, person, &standing, detail);
    if (error != OK) {
        return error;
    }
    if (standing == STANDING_UNCHANGED || standing == STANDING_LEFT_OUT) {
        import->standings[standing]++;
        return OK;
    }
    json_array_append(import->people, document);
    import->bytes += bytes;
    bool is_full =
        json_array_size(import->people) == PEOPLE_AT_ONCE || import->bytes > BATCH_BYTES_MAX;
    return is_full ? send_people(import, detail) : OK;
}

static void show_import(const struct import *import)
{
    if (import->cli->json) {
        json_t *json = standings_json(import->standings);
        json_object_del(json, STANDINGS[STANDING_HERE]);
        json_object_set_new(json, "commitments", json_integer(import->commitments));
        cli_print_json(json);
        return;
    }
    printf("%lld people are new here and held, %lld changed, %lld were unchanged, %lld left out; "
           "%lld commitments came with them\n",
           (long long)import->standings[STANDING_NEW],
           (long long)import->standings[STANDING_CHANGED],
           (long long)import->standings[STANDING_UNCHANGED],
           (long long)import->standings[STANDING_LEFT_OUT], (long long)import->commitments);
}

static int import(struct cli *cli, const char *from)
{
    struct err_detail detail = {""};
    struct live *live = NULL;
    enum err error = live_open(from, &live, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    int status = CLI_OK;
    struct store *ready = cli_store(cli, STORE_WRITER, &status); /* migrates a file of ours */
    store_close(ready);
    if (ready != NULL) {
        struct import import = {.cli = cli, .store = own_store(cli), .people = json_array()};
        error = each_person(cli, live, "importing", import_person, &import, &detail);
        if (error == OK) {
            error = send_people(&import, &detail);
        }
        if (error == OK) {
            show_import(&import);
        } else {
            status = cli_fail(cli, error, &detail);
        }
        json_decref(import.people);
        store_close(import.store);
    }
    live_close(live);
    return status;
}

int cmd_bridge(int argc, char **argv)
{
    const char *from = NULL;
    const struct option_row rows[] = {
        {"from", 'f', "URL", "The live database, when it is not DATABASE_URL's", NULL, &from}, {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "plan|import|status", text, argc, argv, &arguments);
    if (status == CLI_OK) {
        const char *live = from != NULL ? from : cli.config.database_url;
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
