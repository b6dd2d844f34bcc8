/* Reading plans, from YAML and from the store, and judging what stands before the next stage. */
#include "bi/rollout_plan.h"

#include <math.h>

#include "base/limits.h"

#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

/* ---- YAML ---- */

static void read_gates(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct rollout_stage *stage = target;
    if (!schema_list(compiling, node, "gates", ROLLOUT_GATES_MAX)) {
        return;
    }
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        kpi_line_read(compiling, child, &stage->gates[stage->gate_count++]);
    }
}

static void check_stage(struct compiling *compiling, const struct tree_node *node,
                        const struct rollout_stage *stage, const struct rollout_stage *before)
{
    bool opens_known =
        str_is(stage->opens, "existing_rescue") || str_is(stage->opens, "existing_amplification");
    if (isnan(stage->share) == (stage->opens.length == 0)) {
        schema_mistake(compiling, node, "a stage has either a share or opens another one");
    } else if (stage->opens.length > 0 && !opens_known) {
        schema_mistake_at(compiling, node, "opens",
                          "expected existing_rescue or existing_amplification");
    }
    if (stage->share > 100) {
        schema_mistake_at(compiling, node, "share", "expected a percentage from 0 to 100");
    }
    if (stage->day > ROLLOUT_DAYS_MAX) {
        schema_mistake_at(compiling, node, "day", "expected at most %d", ROLLOUT_DAYS_MAX);
    }
    if (before == NULL ? stage->day > 1 : stage->day < before->day) {
        schema_mistake_at(compiling, node, "day",
                          before == NULL ? "a plan begins on day 1"
                                         : "a stage does not come before the one above it");
    }
    if (before == NULL && stage->gate_count > 0) {
        schema_mistake_at(compiling, node, "gates",
                          "the first stage is entered when the plan is started");
    }
}

static void read_stages(struct compiling *compiling, const struct tree_node *node, void *target)
{
    static const struct schema_row rows[] = {
        {"name", SCHEMA_NAME, offsetof(struct rollout_stage, name), true, NULL, NULL},
        {"day", SCHEMA_COUNT, offsetof(struct rollout_stage, day), true, NULL, NULL},
        {"share", SCHEMA_NUMBER, offsetof(struct rollout_stage, share), false, NULL, NULL},
        {"opens", SCHEMA_NAME, offsetof(struct rollout_stage, opens), false, NULL, NULL},
        {"gates", SCHEMA_CUSTOM, 0, false, NULL, read_gates},
    };
    struct rollout_plan *plan = target;
    if (!schema_list(compiling, node, "stages", ROLLOUT_STAGES_MAX)) {
        return;
    }
    const struct rollout_stage *before = NULL;
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        struct rollout_stage *stage = &plan->stages[plan->stage_count++];
        stage->share = (double)NAN;
        if (schema_read(compiling, child, "a stage", ROWS(rows), stage)) {
            check_stage(compiling, child, stage, before);
        }
        before = stage;
    }
}

enum err rollout_plan_read(struct arena *arena, struct str file, struct str yaml,
                           const struct rollout_plan **ret_plan, struct mistakes *ret_mistakes)
{
    static const struct schema_row rows[] = {
        {"name", SCHEMA_NAME, offsetof(struct rollout_plan, name), true, NULL, NULL},
        {"stages", SCHEMA_CUSTOM, 0, true, NULL, read_stages},
    };
    *ret_mistakes = (struct mistakes){NULL, 0, 0};
    struct tree tree;
    tree_read(arena, file, yaml, &tree, ret_mistakes);
    struct rollout_plan *plan = ARENA_NEW(arena, struct rollout_plan);
    struct compiling compiling = {
        .arena = arena, .scratch = arena, .mistakes = ret_mistakes, .tree = &tree};
    if (tree.root != NULL) {
        schema_read(&compiling, tree.root, "a plan of a rollout", ROWS(rows), plan);
    }
    if (ret_mistakes->count > 0) {
        mistakes_sort(ret_mistakes);
        return ERR_INVALID;
    }
    *ret_plan = plan;
    return OK;
}

/* ---- JSON ---- */

static json_t *stage_json(const struct rollout_stage *stage)
{
    json_t *json = json_object();
    json_t *gates = json_array();
    json_object_set_new(json, "name", json_str(stage->name));
    json_object_set_new(json, "day", json_integer(stage->day));
    if (isnan(stage->share)) {
        json_object_set_new(json, "opens", json_str(stage->opens));
    } else {
        json_object_set_new(json, "share", json_real(stage->share));
    }
    for (int i = 0; i < stage->gate_count; i++) {
        const struct kpi_line *gate = &stage->gates[i];
        json_array_append_new(gates,
                              json_pack("{s:s, s:s, s:f}", "metric", gate->metric->name, "test",
                                        kpi_test_name(gate->test), "bound", gate->bound));
    }
    json_object_set_new(json, "gates", gates);
    return json;
}

json_t *rollout_plan_json(const struct rollout_plan *plan)
{
    json_t *json = json_object();
    json_t *stages = json_array();
    for (int i = 0; i < plan->stage_count; i++) {
        json_array_append_new(stages, stage_json(&plan->stages[i]));
    }
    json_object_set_new(json, "name", json_str(plan->name));
    json_object_set_new(json, "stages", stages);
    return json;
}

static void take_stage(struct arena *arena, const json_t *json, struct rollout_stage *stage)
{
    const json_t *gates = json_object_get(json, "gates");
    stage->name = arena_str(arena, json_get_str(json, "name"));
    stage->day = (int)json_get_int(json, "day", 1);
    stage->share = json_get_number(json, "share", (double)NAN);
    stage->opens = arena_str(arena, json_get_str(json, "opens"));
    for (size_t i = 0; i < json_array_size(gates) && stage->gate_count < ROLLOUT_GATES_MAX; i++) {
        const json_t *gate = json_array_get(gates, i);
        struct kpi_line line = {.metric = kpi_figure(json_get_str(gate, "metric")),
                                .bound = json_get_number(gate, "bound", 0)};
        if (line.metric != NULL && kpi_test_of(json_get_str(gate, "test"), &line.test)) {
            stage->gates[stage->gate_count++] = line;
        }
    }
}

enum err rollout_run_read(struct store *store, struct arena *arena, struct rollout_run *ret_run,
                          struct err_detail *detail)
{
    struct str text = STR_NONE;
    *ret_run = (struct rollout_run){.is_started = false};
    enum err error =
        store_setting_get(store, arena, "rollout/superior_onboarding/plan", &text, detail);
    if (error != OK || text.length == 0) {
        return error;
    }
    json_t *json = NULL;
    error = json_read(text, text.length, &json, detail);
    if (error != OK) {
        return err_wrap(detail, error, "the stored plan of the rollout");
    }
    const json_t *stages = json_object_get(json, "stages");
    struct rollout_plan *plan = &ret_run->plan;
    plan->name = arena_str(arena, json_get_str(json, "name"));
    for (size_t i = 0; i < json_array_size(stages) && i < ROLLOUT_STAGES_MAX; i++) {
        take_stage(arena, json_array_get(stages, i), &plan->stages[plan->stage_count++]);
    }
    int64_t at = json_get_int(json, "at", 0);
    ret_run->is_started = at >= 0 && at < plan->stage_count;
    ret_run->at = ret_run->is_started ? (int)at : 0;
    ret_run->started_at_ms = json_get_int(json, "started_at_ms", 0);
    ret_run->since_ms = json_get_int(json, "since_ms", 0);
    ret_run->automatic = json_get_bool(json, "automatic", false);
    ret_run->held = json_get_bool(json, "held", false);
    ret_run->reason = arena_str(arena, json_get_str(json, "reason"));
    json_decref(json);
    return OK;
}

/* ---- gates ---- */

/* NULL: it is at its last one, or none was started. */
static const struct rollout_stage *next_stage(const struct rollout_run *run)
{
    return run->is_started && run->at + 1 < run->plan.stage_count ? &run->plan.stages[run->at + 1]
                                                                  : NULL;
}

static int64_t day_of(const struct rollout_run *run, const struct rollout_stage *stage)
{
    return run->started_at_ms + (stage->day - 1) * DAY_MS;
}

bool rollout_is_day(const struct rollout_run *run, int64_t now_ms)
{
    const struct rollout_stage *next = next_stage(run);
    return next != NULL && now_ms >= day_of(run, next);
}

void rollout_look(const struct rollout_run *run, const struct kpi_groups *groups, int firing,
                  int64_t now_ms, struct rollout_outlook *ret_outlook)
{
    const struct rollout_stage *next = next_stage(run);
    *ret_outlook = (struct rollout_outlook){.next = next};
    if (next == NULL) {
        return;
    }
    ret_outlook->day_at_ms = day_of(run, next);
    ret_outlook->firing = firing;
    ret_outlook->is_day = now_ms >= ret_outlook->day_at_ms;
    ret_outlook->is_open = ret_outlook->is_day && firing == 0;
    for (int i = 0; i < next->gate_count; i++) {
        kpi_judge(groups, &next->gates[i], &ret_outlook->gates[i]);
        ret_outlook->is_open = ret_outlook->is_open && ret_outlook->gates[i].state == KPI_MET;
    }
}
