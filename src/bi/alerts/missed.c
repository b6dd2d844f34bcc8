/* What is said of it; when, cli/evaluator.c decides. */
#include "bi/alerts/missed.h"

#include <inttypes.h>

#include "base/limits.h"

json_t *alert_missed(struct arena *arena, int64_t since_ms, const char *why)
{
    static const char advice[] = "targets, alerts and the rollout's plan stand still until this is "
                                 "mended; the log of nudge serve has more";
    struct str says =
        why == NULL
            ? STR("the figures are looked at again")
            : arena_printf(arena, "the figures could not be looked at for %" PRId64 " minutes: %s",
                           since_ms / MINUTE_MS, why);
    json_t *finding =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:I}", "rule", "evaluation_missed",
                  "finding", why == NULL ? "clear" : "holds", "severity", "critical", "owner",
                  "operator", "advice", advice, "action", "investigate", "auto", 0, "for_ms", 0,
                  "escalate_ms", (json_int_t)HOUR_MS);
    json_object_set_new(finding, "says", json_str(says));
    json_object_set_new(finding, "value", json_real((double)since_ms / MINUTE_MS));
    return json_pack("{s:b, s:[o]}", "partial", 1, "findings", finding);
}
