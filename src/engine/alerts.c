/* Alerts: what a look at the figures found is put to the alert of each rule (core/alert.h), and
 * what follows is done in the same transaction: the change is kept, operators are told, the rule's
 * action is done. The alerts are one setting; the audit log is their history. Who looks, and at
 * what, stands outside (bi/alerts). */
#include "base/limits.h"
#include "core/alert.h"
#include "engine/commands.h"

static const char SETTING[] = "alerts";
enum { RULES_MAX = 64, NOTICES_MAX = 3 * RULES_MAX };

/* What one look leads to. */
struct changes {
    struct notice notices[NOTICES_MAX];
    int notice_count;
    json_t *list; /* [{"rule", "change", "says"}], for the audit log */
};

/* ---- the setting ---- */

/* {"looked_at_ms", "rules": {NAME: {…}}}; a new reference. */
static enum err read_alerts(struct doing *doing, json_t **ret_alerts, struct err_detail *detail)
{
    struct str text = STR_NONE;
    json_t *alerts = NULL;
    enum err error =
        store_setting_get(doing->engine->store, doing->batch->arena, SETTING, &text, detail);
    if (error == OK && text.length > 0) {
        error = json_read(text, text.length, &alerts, detail);
    }
    if (error != OK) {
        return error;
    }
    *ret_alerts = alerts != NULL ? alerts : json_object();
    if (json_get_object(*ret_alerts, "rules") == NULL) {
        json_object_set_new(*ret_alerts, "rules", json_object());
    }
    return OK;
}

static enum err save_alerts(struct doing *doing, const json_t *alerts, struct err_detail *detail)
{
    return store_setting_put(doing->engine->store, SETTING, json_write(doing->batch->arena, alerts),
                             doing->batch->now_ms, detail);
}

/* Takes what the look says of the rule over; its alert is kept beside. */
static void keep(json_t *rules, const char *name, const struct alert *alert, const json_t *finding)
{
    static const char *const keys[] = {"says",  "value",  "finding", "severity",
                                       "owner", "advice", "action",  "auto"};
    json_t *kept = alert_json(alert);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        json_t *value = json_object_get(finding, keys[i]);
        if (value != NULL) {
            json_object_set(kept, keys[i], value);
        }
    }
    json_object_set_new(rules, name, kept);
}

/* ---- what follows ---- */

static void note_change(struct changes *changes, const json_t *finding, const char *change,
                        const char *done)
{
    json_t *json = json_object();
    json_object_set(json, "rule", json_object_get(finding, "rule"));
    json_object_set_new(json, "change", json_string(change));
    json_object_set(json, "says", json_object_get(finding, "says"));
    if (done != NULL) {
        json_object_set_new(json, "done", json_string(done));
    }
    json_array_append_new(changes->list, json);
}

static void tell(struct changes *changes, struct str text)
{
    if (changes->notice_count < NOTICES_MAX) {
        changes->notices[changes->notice_count++] =
            (struct notice){.kind = STR("alert"), .text = text};
    }
}

/* What was done, in words; NULL: nothing was to be done. */
static enum err act(struct doing *doing, const json_t *finding, const char **ret_done,
                    struct err_detail *detail)
{
    enum alert_action action;
    struct str rule = json_get_str(finding, "rule");
    *ret_done = NULL;
    alert_action_of(json_get_str(finding, "action"), &action);
    if (!json_get_bool(finding, "auto", false)) {
        return OK;
    }
    const char *reason =
        arena_printf(doing->batch->arena, "the alert %.*s fired", STR_ARG(rule)).ptr;
    switch (action) {
    case ALERT_HOLD:
        *ret_done = "The rollout's plan is held.";
        return rollout_hold(doing, reason, detail);
    case ALERT_ROLLBACK:
        *ret_done = "Rolled back: new people get the original set.";
        return rollout_go_back(doing, reason, detail);
    case ALERT_SIMPLIFY:
    case ALERT_INVESTIGATE:
        break;
    }
    return OK;
}

static struct str capital(struct arena *arena, struct str word)
{
    return word.length == 0 ? word
                            : arena_printf(arena, "%c%.*s", word.ptr[0] - 'a' + 'A',
                                           (int)word.length - 1, word.ptr + 1);
}

static struct str firing_text(struct doing *doing, const json_t *finding, const char *done,
                              bool again)
{
    struct arena *arena = doing->batch->arena;
    struct str severity = json_get_str(finding, "severity");
    struct str rule = json_get_str(finding, "rule");
    struct str says = json_get_str(finding, "says");
    struct str owner = json_get_str(finding, "owner");
    struct str advice = json_get_str(finding, "advice");
    if (str_is(severity, "milestone")) {
        return arena_printf(arena, "🎉 **%.*s**: `%.*s`. %.*s.", STR_ARG(rule), STR_ARG(says),
                            STR_ARG(advice));
    }
    return arena_printf(
        arena, "%s**%.*s: `%.*s`**\n%.*s\n%s%sFor %.*s: %.*s.\n`nudge alerts ack %.*s`",
        again ? "Nobody has taken this on yet. " : "", STR_ARG(capital(arena, severity)),
        STR_ARG(rule), STR_ARG(says), done == NULL ? "" : done, done == NULL ? "" : "\n",
        STR_ARG(owner), STR_ARG(advice), STR_ARG(rule));
}

static enum err follow(struct doing *doing, const json_t *finding, struct alert_outcome outcome,
                       struct changes *changes, struct err_detail *detail)
{
    const char *done = NULL;
    enum err error = OK;
    if (outcome.fired) {
        error = act(doing, finding, &done, detail);
        note_change(changes, finding, "fired", done);
    }
    if (outcome.tell || outcome.escalate) {
        tell(changes, firing_text(doing, finding, done, outcome.escalate));
    }
    if (outcome.escalate) {
        note_change(changes, finding, "escalated", NULL);
    }
    if (outcome.resolved) {
        note_change(changes, finding, "resolved", NULL);
    }
    if (outcome.tell_over) {
        struct str rule = json_get_str(finding, "rule");
        struct str says = json_get_str(finding, "says");
        tell(changes, arena_printf(doing->batch->arena, "Over: `%.*s`\n%.*s.", STR_ARG(rule),
                                   STR_ARG(says)));
    }
    return error;
}

/* ---- a look ---- */

static bool read_finding(const json_t *finding, struct alert_terms *ret_terms,
                         enum alert_finding *ret_finding)
{
    struct str found = json_get_str(finding, "finding");
    *ret_finding = str_is(found, "holds")   ? ALERT_HOLDS
                   : str_is(found, "clear") ? ALERT_CLEAR
                                            : ALERT_UNSURE;
    ret_terms->for_ms = json_get_int(finding, "for_ms", 0);
    ret_terms->escalate_ms = json_get_int(finding, "escalate_ms", 0);
    enum alert_action action;
    struct str rule = json_get_str(finding, "rule");
    return rule.length > 0 && rule.length <= LIMIT_KEY_BYTES &&
           alert_severity_of(json_get_str(finding, "severity"), &ret_terms->severity) &&
           alert_action_of(json_get_str(finding, "action"), &action);
}

static enum err take_finding(struct doing *doing, const json_t *before, json_t *after,
                             const json_t *finding, struct changes *changes,
                             struct err_detail *detail)
{
    struct alert_terms terms;
    enum alert_finding found;
    struct alert alert;
    read_finding(finding, &terms, &found);
    const char *name =
        arena_printf(doing->batch->arena, "%.*s", STR_ARG(json_get_str(finding, "rule"))).ptr;
    alert_from_json(json_object_get(before, name), &alert);
    struct alert_outcome outcome = alert_look(&alert, &terms, found, doing->batch->now_ms);
    keep(after, name, &alert, finding);
    return follow(doing, finding, outcome, changes, detail);
}

/* All of them before anything is done. */
static bool are_findings(const json_t *findings)
{
    struct alert_terms terms;
    enum alert_finding found;
    bool are = json_is_array(findings) && json_array_size(findings) <= RULES_MAX;
    for (size_t i = 0; are && i < json_array_size(findings); i++) {
        are = read_finding(json_array_get(findings, i), &terms, &found);
    }
    return are;
}

/* A rule that is no more takes its alert along. */
enum err command_alerts(struct doing *doing, struct err_detail *detail)
{
    const json_t *findings = json_get_array(doing->payload, "findings");
    json_t *alerts = NULL;
    if (!are_findings(findings)) {
        return command_refuse(doing, ERR_INVALID,
                              "\"findings\" is a list of at most 64, each with a rule, a severity "
                              "and an action that there are");
    }
    enum err error = read_alerts(doing, &alerts, detail);
    if (error != OK) {
        return error;
    }
    struct changes *changes = ARENA_NEW(doing->batch->arena, struct changes);
    bool is_partial = json_get_bool(doing->payload, "partial", false);
    json_t *before = json_get_object(alerts, "rules");
    json_t *after = is_partial ? json_copy(before) : json_object();
    changes->list = json_array();
    for (size_t i = 0; error == OK && i < json_array_size(findings); i++) {
        error = take_finding(doing, before, after, json_array_get(findings, i), changes, detail);
    }
    json_object_set_new(alerts, "rules", after);
    if (!is_partial) {
        json_object_set_new(alerts, "looked_at_ms", json_integer(doing->batch->now_ms));
    }
    if (error == OK) {
        error = save_alerts(doing, alerts, detail);
    }
    if (error == OK && changes->notice_count > 0) {
        error = operators_tell(doing->engine, doing->batch, changes->notices, changes->notice_count,
                               detail);
    }
    doing->command->silent = json_array_size(changes->list) == 0;
    doing->command->result = doing->command->after =
        command_written(doing, json_pack("{s:o}", "changes", changes->list));
    json_decref(alerts);
    return error;
}

/* ---- by hand ---- */

static enum err change_alert(struct doing *doing, struct alert *alert)
{
    struct str action = json_get_str(doing->payload, "action");
    int64_t now_ms = doing->batch->now_ms;
    if (str_is(action, "acknowledge")) {
        return alert_acknowledge(alert, now_ms)
                   ? OK
                   : command_refuse(doing, ERR_CONFLICT, "that alert is not firing");
    }
    int64_t for_ms = json_get_int(doing->payload, "for_ms", -1);
    if (!str_is(action, "silence") || for_ms < 0 || for_ms > 90 * DAY_MS) {
        return command_refuse(doing, ERR_INVALID,
                              "\"action\" is acknowledge, or silence with \"for_ms\" of at most "
                              "90 days (0 ends it)");
    }
    alert->silenced_until_ms = for_ms == 0 ? 0 : now_ms + for_ms;
    return OK;
}

static struct str alert_state(struct doing *doing, struct str rule, const struct alert *alert,
                              const char *change)
{
    return command_written(doing,
                           json_pack("{s:o, s:s*, s:s, s:I}", "rule", json_str(rule), "change",
                                     change, "phase", alert_phase_name(alert->phase),
                                     "silenced_until_ms", (json_int_t)alert->silenced_until_ms));
}

static const char *change_name(const struct alert *alert, const struct doing *doing)
{
    return str_is(json_get_str(doing->payload, "action"), "acknowledge") ? "acknowledged"
           : alert->silenced_until_ms > 0                                ? "silenced"
                                                                         : "no longer silenced";
}

enum err command_alert(struct doing *doing, struct err_detail *detail)
{
    json_t *alerts = NULL;
    struct str rule = json_get_str(doing->payload, "rule");
    const char *name = arena_printf(doing->batch->arena, "%.*s", STR_ARG(rule)).ptr;
    enum err error = read_alerts(doing, &alerts, detail);
    if (error != OK) {
        return error;
    }
    json_t *kept = json_object_get(json_object_get(alerts, "rules"), name);
    struct alert alert;
    alert_from_json(kept, &alert);
    struct str before = alert_state(doing, rule, &alert, NULL);
    error = kept == NULL ? command_refuse(doing, ERR_NOT_FOUND,
                                          "there is no rule of that name; nudge alerts list shows "
                                          "them")
                         : change_alert(doing, &alert);
    if (error == OK && doing->command->error == OK) {
        json_t *changed = alert_json(&alert);
        json_object_update(kept, changed);
        json_decref(changed);
        error = save_alerts(doing, alerts, detail);
        doing->command->before = before;
        doing->command->result = doing->command->after =
            alert_state(doing, rule, &alert, change_name(&alert, doing));
    }
    json_decref(alerts);
    return error;
}
