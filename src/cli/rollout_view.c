/* nudge rollout plan, nudge rollout status. */
#include "cli/rollout_view.h"

#include <math.h>
#include <stdio.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "bi/first_people.h"
#include "bi/plan_files.h"
#include "cli/cli_look.h"
#include "cli/kpi_view.h"

/* "25 % of new people", "opens existing_rescue" */
static const char *does(struct cli *cli, const struct rollout_stage *stage)
{
    return isnan(stage->share) ? arena_printf(cli->arena, "opens %.*s", STR_ARG(stage->opens)).ptr
                               : arena_printf(cli->arena, "%g %% of new people", stage->share).ptr;
}

static const char *gate_words(struct cli *cli, const struct kpi_line *gate)
{
    return arena_printf(cli->arena, "%s %s", gate->metric->name, kpi_expected(cli->arena, gate))
        .ptr;
}

/* ---- a plan ---- */

static void print_plan(struct cli *cli, const struct rollout_plan *plan, int at)
{
    static const char *const headings[] = {"stage", "day", "does", "gates before it"};
    struct table *table = table_new(cli->arena, 4, headings);
    table_right(table, 1);
    for (int i = 0; i < plan->stage_count; i++) {
        const struct rollout_stage *stage = &plan->stages[i];
        for (int gate = 0; gate < stage->gate_count || gate == 0; gate++) {
            const char *name =
                arena_printf(cli->arena, "%.*s%s", STR_ARG(stage->name), i == at ? " (now)" : "")
                    .ptr;
            const char *cells[] = {gate == 0 ? name : "",
                                   gate == 0 ? arena_printf(cli->arena, "%d", stage->day).ptr : "",
                                   gate == 0 ? does(cli, stage) : "",
                                   gate < stage->gate_count ? gate_words(cli, &stage->gates[gate])
                                                            : ""};
            table_row(table, cells);
        }
    }
    table_print(table);
}

int rollout_show_plan(struct cli *cli, struct str name)
{
    struct err_detail detail = {""};
    const struct rollout_plan *plan = NULL;
    enum err error = rollout_plan_load(cli->arena, cli->config.journeys_dir, name, &plan, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(rollout_plan_json(plan));
    } else {
        print_plan(cli, plan, -1);
        printf("\nA stage is entered by nudge rollout advance, or by itself (--automatic) when its "
               "day has come and all gates hold.\n");
    }
    return CLI_OK;
}

/* ---- where it stands ---- */

static void print_outlook(struct cli *cli, const struct rollout_outlook *outlook)
{
    static const char *const headings[] = {"before it", "is", "state"};
    struct table *table = table_new(cli->arena, 3, headings);
    table_right(table, 1);
    struct str day = calendar_iso(cli->arena, outlook->day_at_ms);
    printf("next: %.*s, %s\n\n", STR_ARG(outlook->next->name), does(cli, outlook->next));
    const char *first[] = {
        arena_printf(cli->arena, "day %d, %.10s", outlook->next->day, day.ptr).ptr, "",
        outlook->is_day ? "met" : "not yet"};
    const char *alerts[] = {"no alert fires", arena_printf(cli->arena, "%d", outlook->firing).ptr,
                            outlook->firing == 0 ? "met" : "not met"};
    table_row(table, first);
    table_row(table, alerts);
    for (int i = 0; i < outlook->next->gate_count; i++) {
        const struct kpi_line_result *gate = &outlook->gates[i];
        const char *cells[] = {gate_words(cli, gate->line), decimal_text(cli->arena, gate->value),
                               kpi_state_name(gate->state)};
        table_row(table, cells);
    }
    table_print(table);
}

static void print_run(struct cli *cli, const struct rollout_status *status)
{
    const struct rollout_run *run = &status->run;
    if (!run->is_started) {
        printf("no plan is running; nudge rollout start gradual starts one\n");
        return;
    }
    struct str since = calendar_iso(cli->arena, run->since_ms);
    printf("plan %.*s: stage %d of %d, %.*s, since %.16s, %s\n", STR_ARG(run->plan.name),
           run->at + 1, run->plan.stage_count, STR_ARG(run->plan.stages[run->at].name), since.ptr,
           run->automatic ? "goes on by itself" : "goes on by hand");
    if (run->held) {
        printf("held: %.*s\n", STR_ARG(run->reason));
    }
    if (status->outlook.next != NULL) {
        print_outlook(cli, &status->outlook);
    }
}

static void print_history(struct cli *cli, const struct rows *history)
{
    static const char *const headings[] = {"when", "who", "what", "before", "after"};
    struct table *table = table_new(cli->arena, 5, headings);
    for (int i = 0; i < history->count; i++) {
        const struct cell *cell = history->cells + i * history->columns;
        struct str at = calendar_iso(cli->arena, cell[0].integer);
        const char *cells[] = {arena_printf(cli->arena, "%.16s", at.ptr).ptr,
                               arena_strdup(cli->arena, arena_str(cli->arena, cell[1].text).ptr),
                               arena_str(cli->arena, cell[2].text).ptr,
                               arena_str(cli->arena, cell[3].text).ptr,
                               arena_str(cli->arena, cell[4].text).ptr};
        table_row(table, cells);
    }
    if (history->count > 0) {
        printf("\n");
        table_print(table);
    }
}

static void print_status(struct cli *cli, const struct rollout_status *status)
{
    const struct rollout_state *state = &status->state;
    printf("superior_onboarding: %g %% of new people get the optimized set%s\n", state->share,
           state->rolled_back_entries ? " (rolled back: nobody new does)" : "");
    printf("people so far: %lld optimized, %lld original\n", (long long)rollout_people(status, 1),
           (long long)rollout_people(status, 0));
    print_run(cli, status);
    print_history(cli, &status->history);
}

/* ---- the first people ---- */

static const char *word(struct cli *cli, const json_t *object, const char *key)
{
    struct str text = json_get_str(object, key);
    return arena_printf(cli->arena, "%.*s", STR_ARG(text)).ptr;
}

static const char *moment(struct cli *cli, const json_t *object, const char *key)
{
    return cli_when(cli, json_get_int(object, key, 0));
}

static void print_steps(struct cli *cli, struct table *table, const json_t *person)
{
    const json_t *steps = json_object_get(person, "steps");
    for (size_t i = 0; i < json_array_size(steps) || i == 0; i++) {
        const json_t *step = json_array_get(steps, i); /* NULL: nothing reached them yet */
        const char *cells[] = {i == 0 ? word(cli, person, "id") : "",
                               i == 0 ? moment(cli, person, "entered_at_ms") : "",
                               i == 0 ? word(cli, person, "state") : "",
                               word(cli, step, "step"),
                               moment(cli, step, "sent_at_ms"),
                               moment(cli, step, "recovery_at_ms"),
                               moment(cli, step, "completed_at_ms")};
        table_row(table, cells);
    }
}

static void print_wrongs(struct cli *cli, const json_t *person)
{
    const json_t *wrongs = json_object_get(person, "errors");
    for (size_t i = 0; i < json_array_size(wrongs); i++) {
        const json_t *wrong = json_array_get(wrongs, i);
        printf("%s  %s  %s %s %s\n", moment(cli, wrong, "at_ms"), word(cli, person, "id"),
               word(cli, wrong, "step"), word(cli, wrong, "what"), word(cli, wrong, "why"));
    }
}

static void print_first(struct cli *cli, const json_t *first)
{
    static const char *const headings[] = {"person", "entered",  "state",    "step",
                                           "sent",   "recovery", "completed"};
    const json_t *people = json_object_get(first, "people");
    struct table *table = table_new(cli->arena, 7, headings);
    for (size_t i = 0; i < json_array_size(people); i++) {
        print_steps(cli, table, json_array_get(people, i));
    }
    if (json_array_size(people) > 0) {
        table_print(table);
    }
    for (size_t i = 0; i < json_array_size(people); i++) {
        print_wrongs(cli, json_array_get(people, i));
    }
    printf("%zu of the first %d onboardings\n", json_array_size(people), FIRST_PEOPLE);
}

int rollout_show_first(struct cli *cli)
{
    int exit_status = CLI_OK;
    json_t *first = NULL;
    struct err_detail detail = {""};
    struct store *store = cli_store(cli, STORE_READER, &exit_status);
    if (store == NULL) {
        return exit_status;
    }
    enum err error = first_people(store, cli->arena, &first, &detail);
    store_close(store);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(first);
    } else {
        print_first(cli, first);
        json_decref(first);
    }
    return CLI_OK;
}

int rollout_show_status(struct cli *cli)
{
    int exit_status = CLI_OK;
    struct err_detail detail = {""};
    struct rollout_status *status = ARENA_NEW(cli->arena, struct rollout_status);
    struct look_basis look;
    struct catalog *catalog = NULL;
    struct store *store = cli_store(cli, STORE_READER, &exit_status);
    if (store == NULL) {
        return exit_status;
    }
    enum err error = cli_look(cli, store, &look, &catalog, &detail);
    if (error == OK) {
        error = look_at_rollout(&look, status, &detail);
    }
    catalog_free(catalog);
    store_close(store);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(rollout_status_json(cli->arena, status));
    } else {
        print_status(cli, status);
    }
    return CLI_OK;
}
