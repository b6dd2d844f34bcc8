/* Where the rollout stands: who gets what, the plan that runs, what stands before its next stage,
 * and what became of it so far. One thread, the store's. */
#pragma once

#include "base/json.h"
#include "bi/rollout_plan.h"
#include "bi/rollout_state.h"

struct rollout_status {
    struct rollout_state state;
    struct rollout_run run;
    struct rollout_outlook outlook; /* of a plan that runs (look_ahead); next NULL: there is none */
    struct rows people;             /* set, people */
    struct rows history;            /* at_ms, actor, action, before, after; newest first */
};

/* All but the outlook, in the arena. */
MUST_CHECK enum err rollout_status_read(struct store *store, struct arena *arena,
                                        struct rollout_status *ret_status,
                                        struct err_detail *detail);
/* How many people have that set (0 original, 1 optimized). */
int64_t rollout_people(const struct rollout_status *status, int set);
/* {"name", "share", "started_at", …, "plan": null or {…, "stage", "next": {"stage", "gates": […]}},
 * "history": [{"at", "actor", "action", "before", "after"}]}. New reference. */
json_t *rollout_status_json(struct arena *arena, const struct rollout_status *status);
