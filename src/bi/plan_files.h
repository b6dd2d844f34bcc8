/* Reading what the folders alerts/, kpi/ and rollout/ beside the journeys hold: rules of alerting,
 * the plan of targets, rollout plans. A file of one's own stands in for the program's of the same
 * name. */
#pragma once

#include "bi/alerts/rules.h"
#include "bi/kpi_plan.h"
#include "bi/rollout_plan.h"

/* The file of that name ("kpi/plan.yaml") of the folder, else the program's own one. ERR_NOT_FOUND:
 * neither has it. */
MUST_CHECK enum err plan_file(struct arena *arena, const char *folder, struct str name,
                              struct str *ret_yaml, struct err_detail *detail);
/* kpi/plan.yaml. ERR_INVALID: the detail names the first mistake and how many there are. */
MUST_CHECK enum err kpi_plan_load(struct arena *arena, const char *folder,
                                  const struct kpi_plan **ret_plan, struct err_detail *detail);
/* rollout/NAME.yaml. ERR_NOT_FOUND: the detail names those that there are. */
MUST_CHECK enum err rollout_plan_load(struct arena *arena, const char *folder, struct str name,
                                      const struct rollout_plan **ret_plan,
                                      struct err_detail *detail);
/* alerts/rules.yaml. ERR_INVALID: as kpi_plan_load. */
MUST_CHECK enum err alert_rules_load(struct arena *arena, const char *folder,
                                     const struct alert_rules **ret_rules,
                                     struct err_detail *detail);
/* OK, or ERR_INVALID with the first of the mistakes and how many there are. */
MUST_CHECK enum err plan_mistakes(struct arena *arena, const struct mistakes *mistakes,
                                  struct err_detail *detail);
