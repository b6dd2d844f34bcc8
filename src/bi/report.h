/* The day's report to operators: targets beside figures, alerts, the rollout's stage, experiments,
 * what people said, what to do next. It holds no words of people: it outlives their erasing. One
 * thread, the store's. */
#pragma once

#include "bi/kpi.h"

enum { REPORT_BYTES_MAX = 3800 };

/* What it is made of beside the store. */
struct report_basis {
    const struct catalog *catalog;
    const struct kpi_plan *plan;
    int64_t now_ms;
    int64_t since_ms; /* what people said is counted from then on */
};

/* {"at", "figures": {NAME: value}, "kpis": as kpi_json, "alerts": [those that fire], "rollout":
 * {"share", "rolled_back", "plan", "stage", "held"}, "experiments": [{"name", "verdict"}],
 * "feedback": {"helpful", "not_helpful", "problems", "written"}, "next": as one of
 * next_actions_json, or null}. New reference. */
MUST_CHECK enum err report_read(struct store *store, struct arena *arena,
                                const struct report_basis *basis, json_t **ret_report,
                                struct err_detail *detail);
/* The same as Markdown for a chat or a mail, at most REPORT_BYTES_MAX bytes. */
struct str report_text(struct arena *arena, const json_t *report);
