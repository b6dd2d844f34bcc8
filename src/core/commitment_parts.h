/* What commitment*.c share among themselves. Private to them; others use core/commitment.h. */
#pragma once

#include "base/json.h"
#include "core/commitment.h"

/* Whether an onboarding step reported it as done already: an answer, not a commitment that was
 * kept. It starts no journey and moves no ladder. */
bool commitment_is_report(const struct commitment *commitment);
/* Adds the row, counts it and records it; starts no journey. */
struct commitment *commitment_insert(struct deciding *deciding, const struct commitment_plan *plan,
                                     enum event_type type, const char *rule);
/* Records an event about it with its data (JSON, may be empty). */
struct event *commitment_event(struct deciding *deciding, const struct commitment *commitment,
                               enum event_type type, const char *rule, struct str data);
/* Sets the due instant from the plan, and the missed timer from that. */
void commitment_arm(struct commitment *commitment);
/* Makes the successor of a repeating one that was completed or missed. */
void commitment_repeat(struct deciding *deciding, const struct commitment *commitment);
/* The instant of the next occurrence of a repeating one; 0 when it does not repeat. */
int64_t commitment_next_occurrence(const struct zone *zone, const struct commitment *commitment,
                                   int64_t now_ms);
