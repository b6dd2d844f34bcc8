/* Looking at a store with the files in force beside it: alerts, the day's report, the plan's
 * targets and verdicts, the rollout. For whoever does it by the hour (cli/evaluator.c), by hand, or
 * over HTTP. Mistakes in the files are ERR_INVALID, with the first of them. One thread, the
 * store's. */
#pragma once

#include "base/json.h"
#include "bi/alerts/evaluate.h"
#include "bi/rollout_status.h"

struct look_basis {
    struct store *store;
    struct arena *arena; /* of what is given, too */
    const struct catalog *catalog;
    const char *folder; /* JOURNEYS_DIR; "" the program's own files */
    int64_t now_ms;
};

/* What the rules of alerting find, as the engine's command "alerts" takes it. New reference. */
MUST_CHECK enum err look_for_alerts(const struct look_basis *look, enum alert_scope scope,
                                    json_t **ret_payload, struct err_detail *detail);
/* The report of the day that ends now. New reference. */
MUST_CHECK enum err look_for_report(const struct look_basis *look, json_t **ret_report,
                                    struct err_detail *detail);
/* The plan's targets and verdicts; before the rollout has begun all but the plan is zero. */
MUST_CHECK enum err look_at_targets(const struct look_basis *look, struct kpi_report *ret_report,
                                    struct err_detail *detail);
/* What stands before the next stage of the plan that runs. */
MUST_CHECK enum err look_ahead(const struct look_basis *look, const struct rollout_run *run,
                               struct rollout_outlook *ret_outlook, struct err_detail *detail);
/* The rollout: its state, its plan with what stands before the next stage, what became of it. */
MUST_CHECK enum err look_at_rollout(const struct look_basis *look,
                                    struct rollout_status *ret_status, struct err_detail *detail);
