/* Evaluating the plan. Figures are read once for each of the groups that are compared: the treated
 * people, the control group, and those who joined in as long a time before the rollout. */
#include "bi/kpi.h"

#include <math.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"

const char *kpi_state_name(enum kpi_state state)
{
    switch (state) {
    case KPI_NOT_ENOUGH_DATA:
        return "not enough data";
    case KPI_NOT_MET:
        return "not met";
    case KPI_MET:
        break;
    }
    return "met";
}

/* ---- figures of the groups ---- */

enum group { TREATED, CONTROL, BEFORE, GROUP_COUNT };
static const char *const group_words[GROUP_COUNT] = {"", "the control group",
                                                     "those before the rollout"};
struct kpi_groups {
    const struct kpi_plan *plan;
    int64_t started_at_ms, now_ms;
    struct metrics of[GROUP_COUNT];
};

/* Where the figures are read. */
struct reading {
    struct store *store;
    struct arena *arena;
    const struct catalog *catalog;
    const struct kpi_plan *plan;
    int64_t now_ms;
    struct err_detail *detail;
};

/* All figures of a group, with the conversion as the plan counts it. */
static enum err read_group(const struct reading *reading, struct metrics_filter filter,
                           struct metrics *ret_metrics)
{
    enum err error = metrics_read(reading->store, reading->arena, reading->catalog, &filter,
                                  reading->now_ms, ret_metrics, reading->detail);
    if (error != OK) {
        return error;
    }
    int64_t age_ms = reading->plan->conversion_age_ms;
    filter.within_ms = age_ms;
    int64_t to_ms = reading->now_ms - age_ms + 1;
    filter.to_ms = filter.to_ms == 0 || to_ms < filter.to_ms ? to_ms : filter.to_ms;
    if (filter.to_ms <= filter.from_ms) {
        ret_metrics->conversion_rate = rate_of(0, 0);
        ret_metrics->conversion_rate_outside_onboarding = rate_of(0, 0);
        return OK;
    }
    return metrics_conversion(reading->store, reading->arena, &filter, reading->now_ms,
                              &ret_metrics->conversion_rate,
                              &ret_metrics->conversion_rate_outside_onboarding, reading->detail);
}

static struct metrics_filter treated_since(int64_t from_ms)
{
    return (struct metrics_filter){.from_ms = from_ms, .set = STR("optimized")};
}

enum err kpi_treated_read(struct store *store, struct arena *arena, const struct catalog *catalog,
                          const struct kpi_plan *plan, int64_t from_ms, int64_t now_ms,
                          struct metrics *ret_metrics, struct err_detail *detail)
{
    const struct reading reading = {store, arena, catalog, plan, now_ms, detail};
    return read_group(&reading, treated_since(from_ms), ret_metrics);
}

/* Whether the plan asks for retention, which costs more than all else together. */
static bool asks_for_retention(const struct kpi_plan *plan)
{
    bool asks = false;
    for (int i = 0; i < plan->target_count; i++) {
        asks = asks || metrics_row_is_retention(plan->targets[i].metric);
    }
    for (int i = 0; i < plan->verdict_count; i++) {
        const struct kpi_verdict *verdict = &plan->verdicts[i];
        for (int line = 0; line < verdict->line_count; line++) {
            asks = asks || metrics_row_is_retention(verdict->lines[line].metric);
        }
    }
    return asks;
}

enum err kpi_groups_read(struct store *store, struct arena *arena, const struct catalog *catalog,
                         const struct kpi_plan *plan, int64_t started_at_ms, int64_t now_ms,
                         struct kpi_groups **ret_groups, struct err_detail *detail)
{
    int64_t age_ms = now_ms - started_at_ms;
    const struct metrics_filter filters[GROUP_COUNT] = {
        [TREATED] = treated_since(started_at_ms),
        [CONTROL] = {.from_ms = started_at_ms, .set = STR("original")},
        [BEFORE] = {.from_ms = started_at_ms > age_ms ? started_at_ms - age_ms : 0,
                    .to_ms = started_at_ms},
    };
    struct kpi_groups *groups = ARENA_NEW(arena, struct kpi_groups);
    const struct reading reading = {store, arena, catalog, plan, now_ms, detail};
    groups->plan = plan;
    groups->started_at_ms = started_at_ms;
    groups->now_ms = now_ms;
    bool without_retention = !asks_for_retention(plan);
    enum err error = OK;
    for (int group = 0; error == OK && group < GROUP_COUNT; group++) {
        struct metrics_filter filter = filters[group];
        filter.without_retention = without_retention;
        error = read_group(&reading, filter, &groups->of[group]);
    }
    *ret_groups = groups;
    return error;
}

/* ---- one figure ---- */

struct figure {
    double value; /* NAN unknown */
    int64_t n;    /* -1: no rate */
};

static struct figure figure_of(const struct metrics *metrics, const struct metric_row *row)
{
    const char *field = (const char *)metrics + row->offset;
    switch (row->kind) {
    case METRIC_RATE: {
        const struct rate *rate = (const struct rate *)(const void *)field;
        return (struct figure){rate->n > 0 ? rate->percent : (double)NAN, rate->n};
    }
    case METRIC_COUNT:
        return (struct figure){(double)*(const int64_t *)(const void *)field, -1};
    case METRIC_HOUR:
    case METRIC_NUMBER:
        break;
    }
    return (struct figure){*(const double *)(const void *)field, -1};
}

struct kpi_reading kpi_reading_of(const struct metrics *metrics, const struct metric_row *row)
{
    if (row->kind == METRIC_RATE) {
        struct rate rate;
        memcpy(&rate, (const char *)metrics + row->offset, sizeof(rate));
        return (struct kpi_reading){rate.percent, rate.n, rate.low, rate.high};
    }
    double value = figure_of(metrics, row).value;
    return (struct kpi_reading){value, row->kind == METRIC_COUNT ? -1 : metrics->total_users, value,
                                value};
}

/* Whether there are enough people behind it; counts speak for themselves. */
static bool is_enough(const struct kpi_groups *groups, const struct metrics *metrics,
                      const struct metric_row *row)
{
    struct figure figure = figure_of(metrics, row);
    int64_t n =
        row->kind == METRIC_NUMBER || row->kind == METRIC_HOUR ? metrics->total_users : figure.n;
    return !isnan(figure.value) && (row->kind == METRIC_COUNT || n >= groups->plan->minimum_people);
}

/* The row of the same figure of the period before; NULL: there is none. */
static const struct metric_row *row_before(const struct metric_row *row)
{
    int count;
    const struct metric_row *rows = metrics_rows(&count);
    size_t length = strlen(row->name);
    for (int i = 0; i < count; i++) {
        if (strncmp(rows[i].name, row->name, length) == 0 &&
            strcmp(rows[i].name + length, "_before") == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

/* ---- lines ---- */

static void compare(const struct kpi_groups *groups, struct kpi_line_result *result)
{
    const struct metric_row *row = result->line->metric;
    const struct metric_row *before = row_before(row);
    result->compared = (double)NAN;
    result->with = "";
    if (before != NULL) {
        result->compared = figure_of(&groups->of[TREATED], before).value;
        result->with = "the period before";
        /* Nothing to fall from. */
        if (!(result->compared > 0)) {
            result->compared = (double)NAN;
        }
        return;
    }
    for (int group = CONTROL; group < GROUP_COUNT; group++) {
        if (is_enough(groups, &groups->of[group], row)) {
            result->compared = figure_of(&groups->of[group], row).value;
            result->with = group_words[group];
            return;
        }
    }
}

static bool holds(const struct kpi_line_result *result)
{
    enum kpi_test test = result->line->test;
    bool is_trend = test == KPI_RISES || test == KPI_FALLS;
    return kpi_test_passes(test, result->value, is_trend ? result->compared : result->line->bound);
}

void kpi_judge(const struct kpi_groups *groups, const struct kpi_line *line,
               struct kpi_line_result *result)
{
    const struct metrics *treated = &groups->of[TREATED];
    struct figure figure = figure_of(treated, line->metric);
    *result = (struct kpi_line_result){
        .line = line, .value = figure.value, .n = figure.n, .compared = (double)NAN, .with = ""};
    bool known = is_enough(groups, treated, line->metric);
    if (line->test == KPI_RISES || line->test == KPI_FALLS) {
        compare(groups, result);
        known = known && !isnan(result->compared);
    }
    result->state = !known ? KPI_NOT_ENOUGH_DATA : holds(result) ? KPI_MET : KPI_NOT_MET;
}

static void judge_verdict(const struct kpi_groups *groups, const struct kpi_verdict *verdict,
                          struct kpi_verdict_result *result)
{
    result->verdict = verdict;
    result->due_at_ms = groups->started_at_ms + verdict->due_ms;
    result->is_due = groups->now_ms >= result->due_at_ms;
    result->state = KPI_MET;
    for (int i = 0; i < verdict->line_count; i++) {
        kpi_judge(groups, &verdict->lines[i], &result->lines[i]);
        enum kpi_state state = result->lines[i].state;
        if (state == KPI_NOT_MET || (state == KPI_NOT_ENOUGH_DATA && result->state == KPI_MET)) {
            result->state = state;
        }
    }
}

static void judge_target(const struct kpi_groups *groups, const struct kpi_target *target,
                         struct kpi_value *value)
{
    size_t offset = target->metric->offset;
    value->target = target;
    value->due = kpi_target_at(target, groups->now_ms - groups->started_at_ms);
    memcpy(&value->treated, (const char *)&groups->of[TREATED] + offset, sizeof(value->treated));
    memcpy(&value->control, (const char *)&groups->of[CONTROL] + offset, sizeof(value->control));
    value->state = value->treated.n < groups->plan->minimum_people ? KPI_NOT_ENOUGH_DATA
                   : value->treated.percent >= value->due          ? KPI_MET
                                                                   : KPI_NOT_MET;
}

void kpi_evaluate(const struct kpi_groups *groups, struct kpi_report *ret_report)
{
    const struct kpi_plan *plan = groups->plan;
    *ret_report = (struct kpi_report){.plan = plan,
                                      .started_at_ms = groups->started_at_ms,
                                      .now_ms = groups->now_ms,
                                      .treated = groups->of[TREATED].total_users,
                                      .control = groups->of[CONTROL].total_users};
    for (int i = 0; i < plan->target_count; i++) {
        judge_target(groups, &plan->targets[i], &ret_report->values[i]);
    }
    for (int i = 0; i < plan->verdict_count; i++) {
        judge_verdict(groups, &plan->verdicts[i], &ret_report->verdicts[i]);
    }
}

/* ---- JSON ---- */

static json_t *rate_json(const struct rate *rate)
{
    return rate->n == 0 ? json_null()
                        : json_pack("{s:f, s:I, s:f, s:f}", "value", rate->percent, "n",
                                    (json_int_t)rate->n, "low", rate->low, "high", rate->high);
}

static json_t *number_json(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *target_json(const struct kpi_value *value)
{
    const struct kpi_target *target = value->target;
    json_t *json = json_pack("{s:s, s:s}", "metric", target->metric->name, "state",
                             kpi_state_name(value->state));
    json_object_set_new(json, "treated", rate_json(&value->treated));
    json_object_set_new(json, "control", rate_json(&value->control));
    json_object_set_new(json, "due", number_json(value->due));
    json_object_set_new(json, "baseline", number_json(target->baseline));
    json_object_set_new(json, "week_1", number_json(target->week_1));
    json_object_set_new(json, "week_2", number_json(target->week_2));
    json_object_set_new(json, "success", number_json(target->success));
    return json;
}

json_t *kpi_line_json(const struct kpi_line_result *result)
{
    const struct kpi_line *line = result->line;
    json_t *json = json_pack("{s:s, s:s, s:s}", "metric", line->metric->name, "test",
                             kpi_test_name(line->test), "state", kpi_state_name(result->state));
    json_object_set_new(json, "value", number_json(result->value));
    json_object_set_new(json, "n", result->n < 0 ? json_null() : json_integer(result->n));
    if (line->test == KPI_RISES || line->test == KPI_FALLS) {
        json_object_set_new(json, "compared", number_json(result->compared));
        json_object_set_new(json, "with", json_string(result->with));
    } else {
        json_object_set_new(json, "bound", json_real(line->bound));
    }
    return json;
}

static json_t *verdict_json(struct arena *arena, const struct kpi_verdict_result *result)
{
    json_t *lines = json_array();
    for (int i = 0; i < result->verdict->line_count; i++) {
        json_array_append_new(lines, kpi_line_json(&result->lines[i]));
    }
    json_t *json = json_object();
    json_object_set_new(json, "name", json_str(result->verdict->name));
    json_object_set_new(json, "due_at", json_str(calendar_iso(arena, result->due_at_ms)));
    json_object_set_new(json, "is_due", json_boolean(result->is_due));
    json_object_set_new(json, "state", json_string(kpi_state_name(result->state)));
    json_object_set_new(json, "lines", lines);
    return json;
}

json_t *kpi_json(struct arena *arena, const struct kpi_report *report)
{
    json_t *json = json_object();
    if (report->started_at_ms == 0) {
        json_object_set_new(json, "started_at", json_null());
        return json;
    }
    json_t *targets = json_array();
    json_t *verdicts = json_array();
    for (int i = 0; i < report->plan->target_count; i++) {
        json_array_append_new(targets, target_json(&report->values[i]));
    }
    for (int i = 0; i < report->plan->verdict_count; i++) {
        json_array_append_new(verdicts, verdict_json(arena, &report->verdicts[i]));
    }
    json_object_set_new(json, "started_at", json_str(calendar_iso(arena, report->started_at_ms)));
    json_object_set_new(json, "week",
                        json_integer((report->now_ms - report->started_at_ms) / (7 * DAY_MS) + 1));
    json_object_set_new(json, "treated_people", json_integer(report->treated));
    json_object_set_new(json, "control_people", json_integer(report->control));
    json_object_set_new(json, "targets", targets);
    json_object_set_new(json, "verdicts", verdicts);
    return json;
}
