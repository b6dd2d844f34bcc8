/* Judging rules. */
#include "bi/alerts/evaluate.h"

#include <math.h>

#include "base/limits.h"
#include "bi/rollout_state.h"

static bool is_share(const struct alert_figure *figure)
{
    return figure->metric != NULL ? figure->metric->kind == METRIC_RATE
                                  : alert_signal_is_share(figure->signal);
}

static struct kpi_reading reading_of(const struct alert_rule *rule,
                                     const struct alert_figure *figure,
                                     const struct alert_view *view)
{
    if (figure->metric != NULL) {
        for (int i = 0; i < view->people_count; i++) {
            if (view->people[i].joined_ms == rule->joined_ms) {
                return kpi_reading_of(&view->people[i].figures, figure->metric);
            }
        }
        return (struct kpi_reading){(double)NAN, 0, (double)NAN, (double)NAN};
    }
    if (alert_signal_is_share(figure->signal)) {
        const struct rate *rate = &view->signals->shares[figure->signal];
        return (struct kpi_reading){rate->percent, rate->n, rate->low, rate->high};
    }
    double value = view->signals->values[figure->signal];
    return (struct kpi_reading){value, -1, value, value};
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
    if (kpi_test_passes(rule->test, least(rule->test, reading), rule->bound)) {
        return ALERT_HOLDS;
    }
    return kpi_test_passes(rule->test, reading->value, rule->bound) ? ALERT_UNSURE : ALERT_CLEAR;
}

struct alert_result alert_judge(const struct alert_rule *rule, const struct alert_view *view)
{
    struct alert_result result = {.rule = rule, .finding = ALERT_CLEAR};
    for (int i = 0; i < rule->figure_count; i++) {
        const struct alert_figure *figure = &rule->figures[i];
        struct kpi_reading reading = reading_of(rule, figure, view);
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

/* " (55.0 to 67.1 %, of 243 who joined within 3 days)" */
static struct str share_words(struct arena *arena, const struct alert_rule *rule,
                              const struct kpi_reading *reading)
{
    bool in_days = rule->joined_ms % DAY_MS == 0;
    int64_t count = rule->joined_ms / (in_days ? DAY_MS : HOUR_MS);
    struct str joined = rule->joined_ms == 0
                            ? STR_NONE
                            : arena_printf(arena, " who joined within %lld %s%s", (long long)count,
                                           in_days ? "day" : "hour", count == 1 ? "" : "s");
    return arena_printf(arena, " (%.1f to %.1f %%, of %lld%.*s)", reading->low, reading->high,
                        (long long)reading->n, STR_ARG(joined));
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
    bool passed = kpi_test_passes(rule->test, reading->value, rule->bound);
    struct str more = STR_NONE;
    if (isnan(reading->value)) {
        return arena_printf(arena, "%s is not known", name);
    }
    if (result->figure->metric == NULL && result->figure->signal == SIGNAL_SILENT_JOURNEYS &&
        view->signals->silent.length > 0) {
        more = arena_printf(arena, " (%.*s)", STR_ARG(view->signals->silent));
    }
    if (is_share(result->figure)) {
        more = share_words(arena, rule, reading);
    }
    return arena_printf(arena,
                        is_share(result->figure) ? "%s is %.1f%s%.*s, %s%s %g%s"
                                                 : "%s is %.4g%s%.*s, %s%s %g%s",
                        name, reading->value, unit, STR_ARG(more), passed ? "" : "not ",
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

/* Where they are read. */
struct source {
    struct store *store;
    struct arena *arena;
    const struct catalog *catalog;
    const struct kpi_plan *plan;
    const struct alert_rules *rules;
    struct err_detail *detail;
};

/* The figures of people for each time of joining that a rule names. */
static enum err read_people(const struct source *source, struct alert_view *view)
{
    int64_t joined[ALERT_JOINED_MAX];
    int count = alert_rules_joined(source->rules, joined);
    struct alert_people *people =
        ARENA_ARRAY(source->arena, struct alert_people, (size_t)ALERT_JOINED_MAX);
    enum err error = OK;
    view->people = people;
    for (int i = 0; error == OK && i < count; i++) {
        int64_t from_ms = joined[i] == 0 ? 0 : view->now_ms - joined[i];
        from_ms = from_ms > view->started_at_ms ? from_ms : view->started_at_ms;
        people[i].joined_ms = joined[i];
        error = kpi_treated_read(source->store, source->arena, source->catalog, source->plan,
                                 from_ms, view->now_ms, &people[i].figures, source->detail);
        view->people_count++;
    }
    return error;
}

enum err alerts_look(struct store *store, struct arena *arena, const struct catalog *catalog,
                     const struct kpi_plan *plan, const struct alert_rules *rules,
                     enum alert_scope scope, int64_t now_ms, json_t **ret_payload,
                     struct err_detail *detail)
{
    const struct source source = {store, arena, catalog, plan, rules, detail};
    struct rollout_state rollout;
    struct alert_signals *signals = ARENA_NEW(arena, struct alert_signals);
    struct alert_view view = {.signals = signals, .now_ms = now_ms};
    enum err error = rollout_state_read(store, arena, &rollout, detail);
    view.started_at_ms = error == OK ? rollout.started_at_ms : 0;
    if (view.started_at_ms > 0 && scope == ALERTS_ALL) {
        error = read_people(&source, &view);
    }
    if (error == OK) {
        error = alert_signals_read(store, arena, now_ms, signals, detail);
    }
    if (error == OK) {
        *ret_payload = alerts_evaluate(arena, rules, &view, scope);
    }
    return error;
}
