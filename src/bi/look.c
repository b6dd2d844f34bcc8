/* The files, then the figures. */
#include "bi/look.h"

#include "base/limits.h"
#include "bi/alerts/state.h"
#include "bi/plan_files.h"
#include "bi/report.h"

enum err look_for_alerts(const struct look_basis *look, enum alert_scope scope,
                         json_t **ret_payload, struct err_detail *detail)
{
    const struct alert_rules *rules = NULL;
    const struct kpi_plan *plan = NULL;
    enum err error = alert_rules_load(look->arena, look->folder, &rules, detail);
    if (error == OK) {
        error = kpi_plan_load(look->arena, look->folder, &plan, detail);
    }
    return error == OK ? alerts_look(look->store, look->arena, look->catalog, plan, rules, scope,
                                     look->now_ms, ret_payload, detail)
                       : error;
}

enum err look_for_report(const struct look_basis *look, json_t **ret_report,
                         struct err_detail *detail)
{
    const struct kpi_plan *plan = NULL;
    enum err error = kpi_plan_load(look->arena, look->folder, &plan, detail);
    const struct report_basis basis = {look->catalog, plan, look->now_ms, look->now_ms - DAY_MS};
    return error == OK ? report_read(look->store, look->arena, &basis, ret_report, detail) : error;
}

static enum err read_groups(const struct look_basis *look, int64_t started_at_ms,
                            struct kpi_groups **ret_groups, struct err_detail *detail)
{
    const struct kpi_plan *plan = NULL;
    enum err error = kpi_plan_load(look->arena, look->folder, &plan, detail);
    return error == OK ? kpi_groups_read(look->store, look->arena, look->catalog, plan,
                                         started_at_ms, look->now_ms, ret_groups, detail)
                       : error;
}

enum err look_at_targets(const struct look_basis *look, struct kpi_report *ret_report,
                         struct err_detail *detail)
{
    struct rollout_state state;
    struct kpi_groups *groups = NULL;
    *ret_report = (struct kpi_report){.started_at_ms = 0};
    enum err error = rollout_state_read(look->store, look->arena, &state, detail);
    if (error == OK && state.started_at_ms != 0) {
        error = read_groups(look, state.started_at_ms, &groups, detail);
    }
    if (error == OK && groups != NULL) {
        kpi_evaluate(groups, ret_report);
    }
    return error;
}

enum err look_ahead(const struct look_basis *look, const struct rollout_run *run,
                    struct rollout_outlook *ret_outlook, struct err_detail *detail)
{
    struct rollout_state state;
    struct kpi_groups *groups = NULL;
    int firing = 0;
    enum err error = rollout_state_read(look->store, look->arena, &state, detail);
    if (error == OK) {
        error = read_groups(look, state.started_at_ms, &groups, detail);
    }
    if (error == OK) {
        error = alerts_firing(look->store, look->arena, &firing, detail);
    }
    if (error == OK) {
        rollout_look(run, groups, firing, look->now_ms, ret_outlook);
    }
    return error;
}

enum err look_at_rollout(const struct look_basis *look, struct rollout_status *ret_status,
                         struct err_detail *detail)
{
    enum err error = rollout_status_read(look->store, look->arena, ret_status, detail);
    return error == OK && ret_status->run.is_started
               ? look_ahead(look, &ret_status->run, &ret_status->outlook, detail)
               : error;
}
