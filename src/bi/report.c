/* Collecting the report from the parts that everybody else reads, too. */
#include "bi/report.h"

#include <math.h>
#include <string.h>

#include "base/calendar.h"
#include "bi/alerts/state.h"
#include "bi/experiments/analysis.h"
#include "bi/next_action.h"
#include "bi/rollout_plan.h"
#include "bi/rollout_state.h"

/* Where it is read. */
struct reading {
    struct store *store;
    struct arena *arena;
    const struct report_basis *basis;
    struct err_detail *detail;
    json_t *report;
};

/* ---- its parts ---- */

static enum err read_figures(const struct reading *reading)
{
    const struct report_basis *basis = reading->basis;
    const struct metrics_filter everybody = {0};
    struct metrics metrics;
    enum err error = metrics_read(reading->store, reading->arena, basis->catalog, &everybody,
                                  basis->now_ms, &metrics, reading->detail);
    if (error != OK) {
        return error;
    }
    json_t *actions = next_actions_json(reading->arena, &metrics);
    json_t *first = json_array_get(actions, 0);
    json_object_set_new(
        reading->report, "figures",
        json_pack("{s:o, s:o, s:I, s:I}", "conversion_rate",
                  metrics.total_users > 0 ? json_real(metrics.conversion_rate.percent)
                                          : json_null(),
                  "completion_rate",
                  metrics.total_commitments > 0 ? json_real(metrics.completion_rate.percent)
                                                : json_null(),
                  "total_users", (json_int_t)metrics.total_users, "joins_last_7_days",
                  (json_int_t)metrics.joins_last_7_days));
    json_object_set_new(reading->report, "next", first != NULL ? json_incref(first) : json_null());
    json_decref(actions);
    return OK;
}

static enum err read_kpis(const struct reading *reading, const struct rollout_state *rollout)
{
    const struct report_basis *basis = reading->basis;
    struct kpi_report *kpis = ARENA_NEW(reading->arena, struct kpi_report);
    struct kpi_groups *groups = NULL;
    if (rollout->started_at_ms > 0) {
        enum err error =
            kpi_groups_read(reading->store, reading->arena, basis->catalog, basis->plan,
                            rollout->started_at_ms, basis->now_ms, &groups, reading->detail);
        if (error != OK) {
            return error;
        }
        kpi_evaluate(groups, kpis);
    }
    json_object_set_new(reading->report, "kpis", kpi_json(reading->arena, kpis));
    return OK;
}

static enum err read_rollout(const struct reading *reading)
{
    struct rollout_state state;
    struct rollout_run run;
    enum err error = rollout_state_read(reading->store, reading->arena, &state, reading->detail);
    if (error == OK) {
        error = rollout_run_read(reading->store, reading->arena, &run, reading->detail);
    }
    if (error != OK) {
        return error;
    }
    json_t *json = json_pack("{s:f, s:b}", "share", state.share, "rolled_back",
                             state.rolled_back_entries || state.rolled_back_nurture);
    json_object_set_new(json, "plan", run.is_started ? json_str(run.plan.name) : json_null());
    json_object_set_new(json, "stage",
                        run.is_started ? json_str(run.plan.stages[run.at].name) : json_null());
    json_object_set_new(json, "held", json_boolean(run.is_started && run.held));
    json_object_set_new(reading->report, "rollout", json);
    return read_kpis(reading, &state);
}

static enum err read_alerts(const struct reading *reading)
{
    json_t *state = NULL;
    enum err error = alerts_state(reading->store, reading->arena, &state, reading->detail);
    if (error != OK) {
        return error;
    }
    json_t *firing = json_array();
    const json_t *all = json_get_array(state, "alerts");
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *alert = json_array_get(all, i);
        struct str phase = json_get_str(alert, "phase");
        if ((str_is(phase, "firing") || str_is(phase, "acknowledged")) &&
            !str_is(json_get_str(alert, "severity"), "milestone")) {
            json_array_append(firing, alert);
        }
    }
    json_object_set_new(reading->report, "alerts", firing);
    json_decref(state);
    return OK;
}

static enum err read_experiments(const struct reading *reading)
{
    struct experiments *experiments = NULL;
    json_t *list = json_array();
    enum err error =
        analysis_experiments(reading->store, reading->arena, &experiments, reading->detail);
    for (int i = 0; error == OK && experiments != NULL && i < experiments->count; i++) {
        const struct experiment *experiment = &experiments->items[i];
        struct analysis analysis;
        if (experiment->state != EXPERIMENT_RUNNING) {
            continue;
        }
        error = analysis_read(reading->store, reading->arena, experiment, reading->basis->now_ms,
                              &analysis, reading->detail);
        if (error == OK) {
            json_t *one = json_object();
            json_object_set_new(one, "name", json_str(experiment->name));
            json_object_set_new(one, "verdict", json_str(verdict_text(reading->arena, &analysis)));
            json_array_append_new(list, one);
        }
    }
    json_object_set_new(reading->report, "experiments", list);
    return error;
}

static enum err read_feedback(const struct reading *reading)
{
    const struct arg args[] = {ARG_INT(reading->basis->since_ms), ARG_INT(reading->basis->now_ms)};
    struct rows rows = {0};
    enum err error = store_query(reading->store, reading->arena, "report_feedback", args, 2, 1,
                                 &rows, reading->detail);
    if (error == OK) {
        const struct cell *cells = rows.cells;
        json_object_set_new(
            reading->report, "feedback",
            json_pack("{s:I, s:I, s:I, s:I}", "helpful", (json_int_t)cells[0].integer,
                      "not_helpful", (json_int_t)cells[1].integer, "problems",
                      (json_int_t)cells[2].integer, "written", (json_int_t)cells[3].integer));
    }
    return error;
}

enum err report_read(struct store *store, struct arena *arena, const struct report_basis *basis,
                     json_t **ret_report, struct err_detail *detail)
{
    static enum err (*const parts[])(const struct reading *) = {
        read_figures, read_rollout, read_alerts, read_experiments, read_feedback};
    struct reading reading = {store, arena, basis, detail, json_object()};
    enum err error = OK;
    json_object_set_new(reading.report, "at", json_str(calendar_iso(arena, basis->now_ms)));
    for (size_t i = 0; error == OK && i < sizeof(parts) / sizeof(parts[0]); i++) {
        error = parts[i](&reading);
    }
    if (error != OK) {
        json_decref(reading.report);
        return error;
    }
    *ret_report = reading.report;
    return OK;
}

/* ---- as text ---- */

/* Lines that are added one after the other. */
struct lines {
    struct arena *arena;
    struct str text;
};

static void add(struct lines *lines, struct str line)
{
    lines->text = arena_printf(lines->arena, "%.*s%.*s\n", STR_ARG(lines->text), STR_ARG(line));
}

static const char *number(struct lines *lines, const json_t *json, const char *key)
{
    return decimal_text(lines->arena, json_get_number(json, key, (double)NAN));
}

static void add_figures(struct lines *lines, const json_t *report)
{
    const json_t *figures = json_object_get(report, "figures");
    add(lines, arena_printf(lines->arena, "**nudge, %.10s**", json_get_str(report, "at").ptr));
    add(lines, arena_printf(lines->arena,
                            "%lld people, %lld new in 7 days. %s %% made a commitment, %s %% of "
                            "the commitments were kept.",
                            (long long)json_get_int(figures, "total_users", 0),
                            (long long)json_get_int(figures, "joins_last_7_days", 0),
                            number(lines, figures, "conversion_rate"),
                            number(lines, figures, "completion_rate")));
}

static void add_target(struct lines *lines, const json_t *target)
{
    struct str metric = json_get_str(target, "metric");
    struct str state = json_get_str(target, "state");
    const json_t *treated = json_object_get(target, "treated");
    const json_t *control = json_object_get(target, "control");
    struct str is = STR_NONE;
    if (json_is_object(treated)) {
        is = arena_printf(lines->arena, "%s %%, ", number(lines, treated, "value"));
    }
    if (json_is_object(control)) {
        is = arena_printf(lines->arena, "%.*scontrol group %s %%, ", STR_ARG(is),
                          number(lines, control, "value"));
    }
    add(lines, arena_printf(lines->arena, "• `%.*s`: %.*starget %s %%: %.*s", STR_ARG(metric),
                            STR_ARG(is), number(lines, target, "due"), STR_ARG(state)));
}

static void add_verdict(struct lines *lines, const json_t *verdict)
{
    struct str name = json_get_str(verdict, "name");
    struct str state = json_get_str(verdict, "state");
    if (json_get_bool(verdict, "is_due", false)) {
        add(lines,
            arena_printf(lines->arena, "• verdict `%.*s`: %.*s", STR_ARG(name), STR_ARG(state)));
    }
}

static void add_rollout(struct lines *lines, const json_t *report)
{
    const json_t *rollout = json_object_get(report, "rollout");
    const json_t *kpis = json_object_get(report, "kpis");
    const json_t *targets = json_get_array(kpis, "targets");
    const json_t *verdicts = json_get_array(kpis, "verdicts");
    struct str plan = json_get_str(rollout, "plan");
    struct str stage = json_get_str(rollout, "stage");
    bool rolled_back = json_get_bool(rollout, "rolled_back", false);
    bool held = json_get_bool(rollout, "held", false);
    struct str where = plan.length == 0
                           ? STR_NONE
                           : arena_printf(lines->arena, ", plan %.*s at %.*s%s", STR_ARG(plan),
                                          STR_ARG(stage), held ? " (held)" : "");
    add(lines, arena_printf(lines->arena, "\n**Rollout**: %g %% of new people%.*s%s",
                            json_get_number(rollout, "share", 0), STR_ARG(where),
                            rolled_back ? ", rolled back" : ""));
    for (size_t i = 0; i < json_array_size(targets); i++) {
        add_target(lines, json_array_get(targets, i));
    }
    for (size_t i = 0; i < json_array_size(verdicts); i++) {
        add_verdict(lines, json_array_get(verdicts, i));
    }
}

static void add_alerts(struct lines *lines, const json_t *report)
{
    const json_t *alerts = json_get_array(report, "alerts");
    add(lines, json_array_size(alerts) == 0 ? STR("\n**Alerts**: none") : STR("\n**Alerts**"));
    for (size_t i = 0; i < json_array_size(alerts); i++) {
        const json_t *alert = json_array_get(alerts, i);
        struct str rule = json_get_str(alert, "rule");
        struct str says = json_get_str(alert, "says");
        add(lines, arena_printf(lines->arena, "• `%.*s`: `%.*s`", STR_ARG(rule), STR_ARG(says)));
    }
}

static void add_experiments(struct lines *lines, const json_t *report)
{
    const json_t *experiments = json_get_array(report, "experiments");
    if (json_array_size(experiments) > 0) {
        add(lines, STR("\n**Experiments**"));
    }
    for (size_t i = 0; i < json_array_size(experiments); i++) {
        const json_t *experiment = json_array_get(experiments, i);
        struct str name = json_get_str(experiment, "name");
        struct str verdict = json_get_str(experiment, "verdict");
        add(lines, arena_printf(lines->arena, "• `%.*s`: %.*s", STR_ARG(name), STR_ARG(verdict)));
    }
}

static void add_feedback(struct lines *lines, const json_t *report)
{
    const json_t *feedback = json_object_get(report, "feedback");
    long long helpful = json_get_int(feedback, "helpful", 0);
    long long not_helpful = json_get_int(feedback, "not_helpful", 0);
    long long written = json_get_int(feedback, "written", 0);
    long long problems = json_get_int(feedback, "problems", 0);
    if (helpful + not_helpful + written + problems == 0) {
        add(lines, STR("\n**Feedback since yesterday**: none"));
        return;
    }
    add(lines,
        arena_printf(lines->arena,
                     "\n**Feedback since yesterday**: %lld helpful, %lld not, %lld in words, "
                     "%lld about a problem",
                     helpful, not_helpful, written, problems));
}

static void add_next(struct lines *lines, const json_t *report)
{
    const json_t *next = json_object_get(report, "next");
    struct str what = json_get_str(next, "recommendation");
    struct str why = json_get_str(next, "why");
    struct str how = json_get_str(next, "how");
    if (what.length > 0) {
        add(lines, arena_printf(lines->arena, "\n**Next**: %.*s (%.*s). %.*s.", STR_ARG(what),
                                STR_ARG(why), STR_ARG(how)));
    }
}

struct str report_text(struct arena *arena, const json_t *report)
{
    struct lines lines = {arena, STR_NONE};
    add_figures(&lines, report);
    add_rollout(&lines, report);
    add_alerts(&lines, report);
    add_experiments(&lines, report);
    add_feedback(&lines, report);
    add_next(&lines, report);
    struct str text = str_trim(lines.text);
    while (text.length > REPORT_BYTES_MAX) { /* whole lines, from the end */
        const char *line = memrchr(text.ptr, '\n', text.length);
        text.length = line == NULL ? REPORT_BYTES_MAX : (size_t)(line - text.ptr);
    }
    return text;
}
