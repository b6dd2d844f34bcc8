/* nudge rollout plan, nudge rollout status. */
#include "cli/rollout_view.h"

#include <math.h>
#include <stdio.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "bi/alerts/state.h"
#include "bi/rollout_plan.h"
#include "bi/rollout_state.h"
#include "cli/journeys_load.h"
#include "cli/kpi_load.h"
#include "cli/kpi_view.h"

enum { HISTORY_SHOWN = 20 };

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

struct status {
    struct rollout_state state;
    struct rollout_run run;
    struct rollout_outlook outlook;
    struct rows people;  /* set, people */
    struct rows history; /* at_ms, actor, action, before, after; newest first */
    int64_t now_ms;
};

static enum err look_ahead(struct cli *cli, struct store *store, struct status *status,
                           struct err_detail *detail)
{
    const struct kpi_plan *plan = NULL;
    struct catalog *catalog = NULL;
    struct kpi_groups *groups = NULL;
    int firing = 0;
    if (!status->run.is_started) {
        return OK;
    }
    enum err error = kpi_plan_load(cli->arena, cli->config.journeys_dir, &plan, detail);
    if (error == OK) {
        error = journeys_in_force(cli->arena, store, cli->config.journeys_dir, &catalog, detail);
    }
    if (error == OK) {
        error = kpi_groups_read(store, cli->arena, catalog, plan, status->state.started_at_ms,
                                status->now_ms, &groups, detail);
    }
    if (error == OK) {
        error = alerts_firing(store, cli->arena, &firing, detail);
    }
    if (error == OK) {
        rollout_look(&status->run, groups, firing, status->now_ms, &status->outlook);
    }
    catalog_free(catalog);
    return error;
}

static enum err read_status(struct cli *cli, struct store *store, struct status *status,
                            struct err_detail *detail)
{
    const struct arg most = ARG_INT(HISTORY_SHOWN);
    enum err error = rollout_state_read(store, cli->arena, &status->state, detail);
    if (error == OK) {
        error = rollout_run_read(store, cli->arena, &status->run, detail);
    }
    if (error == OK) {
        error =
            store_query(store, cli->arena, "rollout_people", NULL, 0, 4, &status->people, detail);
    }
    if (error == OK) {
        error = store_query(store, cli->arena, "rollout_history", &most, 1, HISTORY_SHOWN,
                            &status->history, detail);
    }
    if (error == OK) {
        error = metrics_now(store, cli->arena, clock_now_ms(cli->clock), &status->now_ms, detail);
    }
    return error == OK ? look_ahead(cli, store, status, detail) : error;
}

static int64_t people_of(const struct status *status, int set)
{
    for (int i = 0; i < status->people.count; i++) {
        const struct cell *cells = status->people.cells + i * status->people.columns;
        if (cells[0].integer == set) {
            return cells[1].integer;
        }
    }
    return 0;
}

/* ---- as JSON ---- */

static json_t *outlook_json(struct cli *cli, const struct rollout_outlook *outlook)
{
    if (outlook->next == NULL) {
        return json_null();
    }
    json_t *gates = json_array();
    for (int i = 0; i < outlook->next->gate_count; i++) {
        json_array_append_new(gates, kpi_line_json(&outlook->gates[i]));
    }
    json_t *json = json_object();
    json_object_set_new(json, "stage", json_str(outlook->next->name));
    json_object_set_new(json, "day_at", json_str(calendar_iso(cli->arena, outlook->day_at_ms)));
    json_object_set_new(json, "is_day", json_boolean(outlook->is_day));
    json_object_set_new(json, "firing_alerts", json_integer(outlook->firing));
    json_object_set_new(json, "is_open", json_boolean(outlook->is_open));
    json_object_set_new(json, "gates", gates);
    return json;
}

static json_t *run_json(struct cli *cli, const struct status *status)
{
    const struct rollout_run *run = &status->run;
    if (!run->is_started) {
        return json_null();
    }
    json_t *json = rollout_plan_json(&run->plan);
    json_object_set_new(json, "stage", json_str(run->plan.stages[run->at].name));
    json_object_set_new(json, "since", json_str(calendar_iso(cli->arena, run->since_ms)));
    json_object_set_new(json, "started_at", json_str(calendar_iso(cli->arena, run->started_at_ms)));
    json_object_set_new(json, "automatic", json_boolean(run->automatic));
    json_object_set_new(json, "held", json_boolean(run->held));
    json_object_set_new(json, "reason", json_str(run->reason));
    json_object_set_new(json, "next", outlook_json(cli, &status->outlook));
    return json;
}

static json_t *history_json(struct cli *cli, const struct rows *history)
{
    json_t *json = json_array();
    for (int i = 0; i < history->count; i++) {
        const struct cell *cells = history->cells + i * history->columns;
        json_t *move = json_object();
        json_object_set_new(move, "at", json_str(calendar_iso(cli->arena, cells[0].integer)));
        json_object_set_new(move, "actor", json_str(cells[1].text));
        json_object_set_new(move, "action", json_str(cells[2].text));
        json_object_set_new(move, "before", json_str(cells[3].text));
        json_object_set_new(move, "after", json_str(cells[4].text));
        json_array_append_new(json, move);
    }
    return json;
}

static json_t *status_json(struct cli *cli, const struct status *status)
{
    const struct rollout_state *state = &status->state;
    json_t *json = json_object();
    json_object_set_new(json, "name", json_string("superior_onboarding"));
    json_object_set_new(json, "share", json_real(state->share));
    json_object_set_new(json, "started_at",
                        state->started_at_ms == 0
                            ? json_null()
                            : json_str(calendar_iso(cli->arena, state->started_at_ms)));
    json_object_set_new(json, "started_at_ms", json_integer(state->started_at_ms));
    json_object_set_new(json, "rolled_back_entries", json_boolean(state->rolled_back_entries));
    json_object_set_new(json, "rolled_back_nurture", json_boolean(state->rolled_back_nurture));
    json_object_set_new(json, "stage_existing_rescue", json_boolean(state->stage_existing_rescue));
    json_object_set_new(json, "stage_existing_amplification",
                        json_boolean(state->stage_existing_amplification));
    json_object_set_new(json, "people_optimized", json_integer(people_of(status, 1)));
    json_object_set_new(json, "people_original", json_integer(people_of(status, 0)));
    json_object_set_new(json, "plan", run_json(cli, status));
    json_object_set_new(json, "history", history_json(cli, &status->history));
    return json;
}

/* ---- as tables ---- */

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
        const char *cells[] = {gate_words(cli, gate->line), kpi_number(cli->arena, gate->value),
                               kpi_state_name(gate->state)};
        table_row(table, cells);
    }
    table_print(table);
}

static void print_run(struct cli *cli, const struct status *status)
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

static void print_status(struct cli *cli, const struct status *status)
{
    const struct rollout_state *state = &status->state;
    printf("superior_onboarding: %g %% of new people get the optimized set%s\n", state->share,
           state->rolled_back_entries ? " (rolled back: nobody new does)" : "");
    printf("people so far: %lld optimized, %lld original\n", (long long)people_of(status, 1),
           (long long)people_of(status, 0));
    print_run(cli, status);
    print_history(cli, &status->history);
}

int rollout_show_status(struct cli *cli)
{
    int exit_status = CLI_OK;
    struct err_detail detail = {""};
    struct status *status = ARENA_NEW(cli->arena, struct status);
    struct store *store = cli_store(cli, STORE_READER, &exit_status);
    if (store == NULL) {
        return exit_status;
    }
    enum err error = read_status(cli, store, status, &detail);
    store_close(store);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(status_json(cli, status));
    } else {
        print_status(cli, status);
    }
    return CLI_OK;
}
