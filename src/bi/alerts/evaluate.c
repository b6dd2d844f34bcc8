/* Judging rules. */
#include "bi/alerts/evaluate.h"

#include <math.h>

#include "bi/rollout_state.h"

static bool is_share(const struct alert_figure *figure)
{
    return figure->metric != NULL ? figure->metric->kind == METRIC_RATE
                                  : alert_signal_is_share(figure->signal);
}

static struct kpi_reading reading_of(const struct alert_figure *figure,
                                     const struct alert_view *view)
{
    if (figure->metric != NULL) {
        return view->groups == NULL ? (struct kpi_reading){(double)NAN, 0, (double)NAN, (double)NAN}
                                    : kpi_reading_of(view->groups, figure->metric);
    }
    if (alert_signal_is_share(figure->signal)) {
        const struct rate *rate = &view->signals->shares[figure->signal];
        return (struct kpi_reading){rate->percent, rate->n, rate->low, rate->high};
    }
    double value = view->signals->values[figure->signal];
    return (struct kpi_reading){value, -1, value, value};
}

static bool passes(enum kpi_test test, double value, double bound)
{
    switch (test) {
    case KPI_ABOVE:
        return value > bound;
    case KPI_AT_LEAST:
        return value >= bound;
    case KPI_BELOW:
        return value < bound;
    case KPI_AT_MOST:
        return value <= bound;
    case KPI_RISES:
    case KPI_FALLS:
        break;
    }
    return false;
}

/* The end of the interval that is farthest from passing. */
static double least(enum kpi_test test, const struct kpi_reading *reading)
{
    return test == KPI_ABOVE || test == KPI_AT_LEAST ? reading->low : reading->high;
}

static enum alert_finding find(const struct alert_rule *rule, const struct alert_figure *figure,
                               const struct kpi_reading *reading)
{
    if (isnan(reading->value)) {
        /* A signal that is not there (no experiment runs) is nothing to be alarmed about. */
        return figure->metric == NULL && !is_share(figure) ? ALERT_CLEAR : ALERT_UNSURE;
    }
    if (reading->n >= 0 && reading->n < rule->min_people) {
        return ALERT_UNSURE;
    }
    if (passes(rule->test, least(rule->test, reading), rule->bound)) {
        return ALERT_HOLDS;
    }
    return passes(rule->test, reading->value, rule->bound) ? ALERT_UNSURE : ALERT_CLEAR;
}

struct alert_result alert_judge(const struct alert_rule *rule, const struct alert_view *view)
{
    struct alert_result result = {.rule = rule, .finding = ALERT_CLEAR};
    for (int i = 0; i < rule->figure_count; i++) {
        const struct alert_figure *figure = &rule->figures[i];
        struct kpi_reading reading = reading_of(figure, view);
        enum alert_finding finding = find(rule, figure, &reading);
        if (i == 0 || finding > result.finding) {
            result.figure = figure;
            result.reading = reading;
            result.finding = finding;
        }
    }
    bool too_early = rule->after_ms > 0 && (view->started_at_ms == 0 ||
                                            view->now_ms - view->started_at_ms < rule->after_ms);
    if (too_early) {
        result.finding = ALERT_UNSURE;
    }
    return result;
}

struct str alert_says(struct arena *arena, const struct alert_result *result,
                      const struct alert_view *view)
{
    const struct alert_rule *rule = result->rule;
    const struct kpi_reading *reading = &result->reading;
    const char *name = alert_figure_name(result->figure);
    const char *unit = is_share(result->figure) ? " %" : "";
    static const char *const words[] = {[KPI_ABOVE] = "above", [KPI_AT_LEAST] = "at least",
                                        [KPI_BELOW] = "below", [KPI_AT_MOST] = "at most",
                                        [KPI_RISES] = "",      [KPI_FALLS] = ""};
    bool passed = passes(rule->test, reading->value, rule->bound);
    struct str silent = STR_NONE;
    if (isnan(reading->value)) {
        return arena_printf(arena, "%s is not known", name);
    }
    if (result->figure->metric == NULL && result->figure->signal == SIGNAL_SILENT_JOURNEYS &&
        view->signals->silent.length > 0) {
        silent = arena_printf(arena, " (%.*s)", STR_ARG(view->signals->silent));
    }
    if (is_share(result->figure)) {
        silent = arena_printf(arena, " (%.1f to %.1f %%, of %lld)", reading->low, reading->high,
                              (long long)reading->n);
    }
    return arena_printf(arena,
                        is_share(result->figure) ? "%s is %.1f%s%.*s, %s%s %g%s"
                                                 : "%s is %.4g%s%.*s, %s%s %g%s",
                        name, reading->value, unit, STR_ARG(silent), passed ? "" : "not ",
                        words[rule->test], rule->bound, unit);
}

static json_t *finding_json(struct arena *arena, const struct alert_result *result,
                            const struct alert_view *view)
{
    static const char *const findings[] = {
        [ALERT_CLEAR] = "clear", [ALERT_UNSURE] = "unsure", [ALERT_HOLDS] = "holds"};
    const struct alert_rule *rule = result->rule;
    json_t *json = json_object();
    json_object_set_new(json, "rule", json_str(rule->name));
    json_object_set_new(json, "finding", json_string(findings[result->finding]));
    json_object_set_new(json, "says", json_str(alert_says(arena, result, view)));
    json_object_set_new(json, "value",
                        isnan(result->reading.value) ? json_null()
                                                     : json_real(result->reading.value));
    json_object_set_new(json, "severity", json_string(alert_severity_name(rule->terms.severity)));
    json_object_set_new(json, "owner", json_str(rule->owner));
    json_object_set_new(json, "advice", json_str(rule->advice));
    json_object_set_new(json, "action", json_string(alert_action_name(rule->action)));
    json_object_set_new(json, "auto", json_boolean(rule->automatic));
    json_object_set_new(json, "for_ms", json_integer(rule->terms.for_ms));
    json_object_set_new(json, "escalate_ms", json_integer(rule->terms.escalate_ms));
    return json;
}

static bool is_of_signals(const struct alert_rule *rule)
{
    bool are = true;
    for (int i = 0; i < rule->figure_count; i++) {
        are &= rule->figures[i].metric == NULL;
    }
    return are;
}

json_t *alerts_evaluate(struct arena *arena, const struct alert_rules *rules,
                        const struct alert_view *view, enum alert_scope scope)
{
    json_t *findings = json_array();
    for (int i = 0; i < rules->count; i++) {
        if (scope == ALERTS_OF_SIGNALS && !is_of_signals(&rules->rules[i])) {
            continue;
        }
        struct alert_result result = alert_judge(&rules->rules[i], view);
        json_array_append_new(findings, finding_json(arena, &result, view));
    }
    return json_pack("{s:b, s:o}", "partial", scope == ALERTS_OF_SIGNALS, "findings", findings);
}

enum err alerts_look(struct store *store, struct arena *arena, const struct catalog *catalog,
                     const struct kpi_plan *plan, const struct alert_rules *rules,
                     enum alert_scope scope, int64_t now_ms, json_t **ret_payload,
                     struct err_detail *detail)
{
    struct rollout_state rollout;
    struct kpi_groups *groups = NULL;
    struct alert_signals *signals = ARENA_NEW(arena, struct alert_signals);
    enum err error = rollout_state_read(store, arena, &rollout, detail);
    if (error == OK && rollout.started_at_ms > 0 && scope == ALERTS_ALL) {
        error = kpi_groups_read(store, arena, catalog, plan, rollout.started_at_ms, now_ms, &groups,
                                detail);
    }
    if (error == OK) {
        error = alert_signals_read(store, arena, now_ms, signals, detail);
    }
    if (error == OK) {
        const struct alert_view view = {groups, signals, rollout.started_at_ms, now_ms};
        *ret_payload = alerts_evaluate(arena, rules, &view, scope);
    }
    return error;
}
