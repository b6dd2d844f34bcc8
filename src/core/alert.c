/* The states of an alert. */
#include "core/alert.h"

#include <stddef.h>

static const char *const phases[] = {
    [ALERT_QUIET] = "quiet",
    [ALERT_PENDING] = "pending",
    [ALERT_FIRING] = "firing",
    [ALERT_ACKNOWLEDGED] = "acknowledged",
};
static const char *const severities[] = {
    [ALERT_MILESTONE] = "milestone",
    [ALERT_NOTICE] = "notice",
    [ALERT_WARNING] = "warning",
    [ALERT_CRITICAL] = "critical",
};
static const char *const actions[] = {
    [ALERT_INVESTIGATE] = "investigate",
    [ALERT_HOLD] = "hold",
    [ALERT_ROLLBACK] = "rollback",
    [ALERT_SIMPLIFY] = "simplify",
};

static int index_of(struct str name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_is(name, names[i])) {
            return (int)i;
        }
    }
    return -1;
}

const char *alert_phase_name(enum alert_phase phase)
{
    return phases[phase];
}

const char *alert_severity_name(enum alert_severity severity)
{
    return severities[severity];
}

const char *alert_action_name(enum alert_action action)
{
    return actions[action];
}

bool alert_phase_of(struct str name, enum alert_phase *ret_phase)
{
    int index = index_of(name, phases, sizeof(phases) / sizeof(phases[0]));
    *ret_phase = index < 0 ? ALERT_QUIET : (enum alert_phase)index;
    return index >= 0;
}

bool alert_severity_of(struct str name, enum alert_severity *ret_severity)
{
    int index = index_of(name, severities, sizeof(severities) / sizeof(severities[0]));
    *ret_severity = index < 0 ? ALERT_NOTICE : (enum alert_severity)index;
    return index >= 0;
}

bool alert_action_of(struct str name, enum alert_action *ret_action)
{
    int index = index_of(name, actions, sizeof(actions) / sizeof(actions[0]));
    *ret_action = index < 0 ? ALERT_INVESTIGATE : (enum alert_action)index;
    return index >= 0;
}

static void enter(struct alert *alert, enum alert_phase phase, int64_t now_ms)
{
    alert->phase = phase;
    alert->since_ms = now_ms;
}

static bool is_on(const struct alert *alert)
{
    return alert->phase == ALERT_FIRING || alert->phase == ALERT_ACKNOWLEDGED;
}

static void end(struct alert *alert, int64_t now_ms, struct alert_outcome *outcome)
{
    outcome->resolved = true;
    outcome->tell_over = alert->told_ms > 0;
    enter(alert, ALERT_QUIET, now_ms);
    alert->holds_since_ms = 0;
    alert->told_ms = 0;
    alert->is_escalated = false;
}

/* Before it fires, a look that is not sure begins the time anew. */
static void wait(struct alert *alert, const struct alert_terms *terms, enum alert_finding finding,
                 int64_t now_ms, struct alert_outcome *outcome)
{
    if (finding != ALERT_HOLDS) {
        if (alert->phase == ALERT_PENDING) {
            enter(alert, ALERT_QUIET, now_ms);
        }
        alert->holds_since_ms = 0;
        return;
    }
    int64_t unseen_ms = now_ms - alert->seen_ms;
    if (alert->holds_since_ms == 0 || unseen_ms > ALERT_LOOKS_APART_MS || unseen_ms < 0) {
        alert->holds_since_ms = now_ms;
        enter(alert, ALERT_PENDING, now_ms);
    }
    if (now_ms - alert->holds_since_ms >= terms->for_ms) {
        enter(alert, ALERT_FIRING, now_ms);
        outcome->fired = true;
    }
}

struct alert_outcome alert_look(struct alert *alert, const struct alert_terms *terms,
                                enum alert_finding finding, int64_t now_ms)
{
    struct alert_outcome outcome = {0};
    bool is_silenced = now_ms < alert->silenced_until_ms;
    if (!is_on(alert)) {
        wait(alert, terms, finding, now_ms, &outcome);
        alert->seen_ms = now_ms;
    } else if (finding == ALERT_CLEAR && terms->severity != ALERT_MILESTONE) {
        end(alert, now_ms, &outcome);
        outcome.tell_over = outcome.tell_over && !is_silenced;
        return outcome;
    }
    if (!is_on(alert) || is_silenced) {
        return outcome;
    }
    if (alert->told_ms == 0) {
        alert->told_ms = now_ms;
        outcome.tell = true;
    } else if (alert->phase == ALERT_FIRING && terms->escalate_ms > 0 && !alert->is_escalated &&
               now_ms - alert->told_ms >= terms->escalate_ms) {
        alert->is_escalated = true;
        outcome.escalate = true;
    }
    return outcome;
}

bool alert_acknowledge(struct alert *alert, int64_t now_ms)
{
    if (alert->phase != ALERT_FIRING) {
        return false;
    }
    enter(alert, ALERT_ACKNOWLEDGED, now_ms);
    return true;
}

json_t *alert_json(const struct alert *alert)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:b}", "phase", alert_phase_name(alert->phase),
                     "since_ms", (json_int_t)alert->since_ms, "holds_since_ms",
                     (json_int_t)alert->holds_since_ms, "told_ms", (json_int_t)alert->told_ms,
                     "silenced_until_ms", (json_int_t)alert->silenced_until_ms, "seen_ms",
                     (json_int_t)alert->seen_ms, "is_escalated", alert->is_escalated);
}

void alert_from_json(const json_t *json, struct alert *ret_alert)
{
    *ret_alert = (struct alert){
        .since_ms = json_get_int(json, "since_ms", 0),
        .holds_since_ms = json_get_int(json, "holds_since_ms", 0),
        .told_ms = json_get_int(json, "told_ms", 0),
        .silenced_until_ms = json_get_int(json, "silenced_until_ms", 0),
        .seen_ms = json_get_int(json, "seen_ms", 0),
        .is_escalated = json_get_bool(json, "is_escalated", false),
    };
    alert_phase_of(json_get_str(json, "phase"), &ret_alert->phase);
}
