/* Files of operators beside the journeys (plans of KPIs and of rollouts, rules of alerting): any
 * text is read or refused with its mistakes, each with a place; what was read holds figures that
 * exist, finite bounds and stages in order of their days. */
#include "bi/alerts/rules.h"
#include "bi/kpi_plan.h"
#include "bi/rollout_plan.h"

#include <math.h>
#include <stdint.h>

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lines(const struct kpi_line *lines, int count)
{
    for (int i = 0; i < count; i++) {
        bool is_bounded = lines[i].test != KPI_RISES && lines[i].test != KPI_FALLS;
        ASSERT(lines[i].metric != NULL);
        ASSERT(!is_bounded || isfinite(lines[i].bound));
        ASSERT(kpi_test_name(lines[i].test) != NULL);
    }
}

static enum err read_kpi(struct arena *arena, struct str yaml, struct mistakes *ret_mistakes)
{
    const struct kpi_plan *plan = NULL;
    enum err error = kpi_plan_read(arena, STR("plan.yaml"), yaml, &plan, ret_mistakes);
    if (error != OK) {
        return error;
    }
    ASSERT(plan->conversion_age_ms >= 0 && plan->minimum_people >= 0);
    ASSERT(plan->target_count <= KPI_TARGETS_MAX && plan->verdict_count <= KPI_VERDICTS_MAX);
    for (int i = 0; i < plan->target_count; i++) {
        ASSERT(plan->targets[i].metric != NULL);
        ASSERT(!isinf(kpi_target_at(&plan->targets[i], 0)));
    }
    for (int i = 0; i < plan->verdict_count; i++) {
        ASSERT(plan->verdicts[i].due_ms >= 0);
        check_lines(plan->verdicts[i].lines, plan->verdicts[i].line_count);
    }
    return OK;
}

static enum err read_rollout(struct arena *arena, struct str yaml, struct mistakes *ret_mistakes)
{
    const struct rollout_plan *plan = NULL;
    enum err error = rollout_plan_read(arena, STR("plan.yaml"), yaml, &plan, ret_mistakes);
    if (error != OK) {
        return error;
    }
    ASSERT(plan->stage_count >= 1 && plan->stage_count <= ROLLOUT_STAGES_MAX);
    for (int i = 0; i < plan->stage_count; i++) {
        const struct rollout_stage *stage = &plan->stages[i];
        ASSERT(stage->day >= 1 && stage->day <= ROLLOUT_DAYS_MAX);
        ASSERT(i == 0 || stage->day >= plan->stages[i - 1].day);
        ASSERT(isnan(stage->share) ? stage->opens.length > 0
                                   : stage->share >= 0 && stage->share <= 100);
        check_lines(stage->gates, stage->gate_count);
    }
    json_t *json = rollout_plan_json(plan);
    ASSERT(json != NULL);
    json_decref(json);
    return OK;
}

static enum err read_alerts(struct arena *arena, struct str yaml, struct mistakes *ret_mistakes)
{
    const struct alert_rules *rules = NULL;
    enum err error = alert_rules_read(arena, STR("rules.yaml"), yaml, &rules, ret_mistakes);
    if (error != OK) {
        return error;
    }
    ASSERT(rules->count <= ALERT_RULES_MAX);
    for (int i = 0; i < rules->count; i++) {
        const struct alert_rule *rule = &rules->rules[i];
        ASSERT(rule->figure_count >= 1 && rule->figure_count <= ALERT_FIGURES_MAX);
        ASSERT(isfinite(rule->bound) && rule->test <= KPI_AT_MOST && rule->min_people >= 30);
        ASSERT(rule->after_ms >= 0 && rule->terms.for_ms >= 0 && rule->terms.escalate_ms >= 0);
        for (int k = 0; k < rule->figure_count; k++) {
            ASSERT(alert_figure_name(&rule->figures[k]) != NULL);
        }
    }
    return OK;
}

/* The first byte chooses the kind of file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct arena *arena = arena_new(4096);
    struct mistakes mistakes = {0};
    struct str yaml = {(const char *)data + 1, size - 1};
    static enum err (*const readers[])(struct arena *, struct str,
                                       struct mistakes *) = {read_kpi, read_rollout, read_alerts};
    enum err error = readers[data[0] % 3](arena, yaml, &mistakes);
    if (error != OK) {
        ASSERT(error == ERR_INVALID && mistakes.count > 0);
        for (int i = 0; i < mistakes.count; i++) {
            ASSERT(mistakes.items[i].text.length > 0);
            ASSERT(mistakes.items[i].line >= 1 && mistakes.items[i].column >= 1);
        }
    }
    arena_free(arena);
    return 0;
}
