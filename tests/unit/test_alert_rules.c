/* Rules of alerting: what a file may say, and what a rule finds in the figures. */
#include "bi/alerts/evaluate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/embed.h"
#include "base/limits.h"

static int setup(void **state)
{
    *state = arena_new(64 * 1024);
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

#define REST ", severity: warning, owner: o, action: investigate, advice: a}\n"

static void a_rule_says_what_is_wrong_with_it(void **state)
{
    static const struct {
        const char *rules;
        const char *mistake;
    } cases[] = {
        {"  - {name: a, metric: conversion_rat, below: 3" REST,
         "rules.yaml:2:23: there is no figure or signal \"conversion_rat\"; did you mean "
         "\"conversion_rate\"?"},
        {"  - {name: a, metric: backlog_minute, above: 3" REST,
         "did you mean \"backlog_minutes\"?"},
        {"  - {name: a, metric: dau" REST, "one bound: above, at_least, below or at_most"},
        {"  - {name: a, metric: dau, above: 1, below: 3" REST, "one bound"},
        {"  - {name: a, metric: dau, above: .nan" REST, "not a number"},
        {"  - {name: a, metric: dau, above: -1" REST, "not a number"},
        {"  - {name: a, metric: conversion_rate, below: 101" REST, "percentage from 0 to 100"},
        {"  - {name: a, metric: [dau, step_1_completion], below: 101" REST, "percentage from 0 to"},
        {"  - {name: a, metric: [], below: 1" REST, "0 entries; expected 1 to 8"},
        {"  - {name: a, metric: {dau: 1}, below: 1" REST, "metric is a map; expected a list"},
        {"  - {name: a, metric: dau, below: 1, min_people: 5" REST, "at least 30"},
        {"  - {name: a, metric: dau, below: 1, auto: true" REST, "nothing to do by itself"},
        {"  - {name: a, metric: dau, below: 1, auto: true, severity: warning, owner: o, "
         "action: simplify, advice: a}\n",
         "expected action hold or rollback"},
        {"  - {name: a, metric: backlog_minutes, above: 1, joined: 3d" REST, "installation, not"},
        {"  - {name: a, metric: dau, below: 1, joined: 1d" REST
         "  - {name: b, metric: dau, below: 1, joined: 2d" REST
         "  - {name: c, metric: dau, below: 1, joined: 3d" REST
         "  - {name: d, metric: dau, below: 1, joined: 4d" REST
         "  - {name: e, metric: dau, below: 1, joined: 5d" REST,
         "no more than 4 different times"},
        {"  - {name: a, metric: dau, below: 1, for: soon" REST, "not a duration"},
        {"  - {name: a, metric: dau, below: 1, when: now" REST, "when"},
        {"  - {name: a, metric: dau, below: 1" REST "  - {name: a, metric: dau, below: 1" REST,
         "rules.yaml:3:6: there is a rule of that name above"},
        {"  - {name: a, metric: dau, below: 1}\n", "severity"},
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct alert_rules *rules = NULL;
        struct mistakes mistakes;
        struct str yaml = arena_printf(arena, "alerts:\n%s", cases[i].rules);
        assert_int_equal(alert_rules_read(arena, STR("rules.yaml"), yaml, &rules, &mistakes),
                         ERR_INVALID);
        bool named = false;
        for (int k = 0; k < mistakes.count; k++) {
            const char *line = mistake_line(arena, &mistakes.items[k]).ptr;
            named |= strstr(line, cases[i].mistake) != NULL;
        }
        if (!named) {
            fail_msg("case %zu: \"%s\" expected: %s", i, cases[i].mistake,
                     mistake_line(arena, &mistakes.items[0]).ptr);
        }
    }
}

static const struct alert_rules *shipped(struct arena *arena)
{
    for (size_t i = 0; i < nudge_journeys_count; i++) {
        if (strcmp(nudge_journeys[i].name, "alerts/rules.yaml") == 0) {
            const struct alert_rules *rules = NULL;
            struct mistakes mistakes;
            struct str yaml = {(const char *)nudge_journeys[i].data, nudge_journeys[i].length};
            if (alert_rules_read(arena, STR("rules.yaml"), yaml, &rules, &mistakes) != OK) {
                fail_msg("%s", mistake_line(arena, &mistakes.items[0]).ptr);
            }
            return rules;
        }
    }
    fail_msg("no rules are shipped");
    return NULL;
}

static const struct alert_rule *rule_of(const struct alert_rules *rules, const char *name)
{
    for (int i = 0; i < rules->count; i++) {
        if (str_is(rules->rules[i].name, name)) {
            return &rules->rules[i];
        }
    }
    fail_msg("there is no rule %s", name);
    return NULL;
}

static void the_shipped_rules_are_those_of_the_plan(void **state)
{
    const struct alert_rules *rules = shipped(*state);
    const struct alert_rule *conversion = rule_of(rules, "conversion_low");
    assert_true(conversion->bound == 35 && conversion->test == KPI_BELOW);
    assert_int_equal(conversion->after_ms, 7 * DAY_MS);
    assert_int_equal(conversion->min_people, 30);
    const struct alert_rule *first = rule_of(rules, "first_step_low");
    assert_true(first->bound == 80 && first->action == ALERT_SIMPLIFY && !first->automatic);
    const struct alert_rule *emergency = rule_of(rules, "step_emergency");
    assert_int_equal(emergency->figure_count, 4);
    assert_true(emergency->bound == 50 && emergency->action == ALERT_HOLD && emergency->automatic);
    const struct alert_rule *goal = rule_of(rules, "conversion_reached");
    assert_true(goal->bound == 65 && goal->terms.severity == ALERT_MILESTONE);
}

/* Finding of a share: hits of n. */
static enum alert_finding share(const struct alert_rule *rule, int64_t hits, int64_t n)
{
    struct alert_signals signals = {.silent = STR_NONE};
    signals.shares[SIGNAL_OPT_OUT_RATE] = rate_of(hits, n);
    const struct alert_view view = {.signals = &signals, .now_ms = 1764000000000};
    return alert_judge(rule, &view).finding;
}

/* The whole interval must have passed the bound, and thirty people stand behind it. */
static void a_share_needs_people_and_its_interval(void **state)
{
    const struct alert_rule *leaving = rule_of(shipped(*state), "people_leaving"); /* above 5 % */
    assert_int_equal(share(leaving, 0, 0), ALERT_UNSURE);
    assert_int_equal(share(leaving, 29, 29), ALERT_UNSURE);
    assert_int_equal(share(leaving, 30, 30), ALERT_HOLDS);
    assert_int_equal(share(leaving, 2, 30), ALERT_UNSURE); /* 6.7 %, from 1.8 % on */
    assert_int_equal(share(leaving, 60, 1000), ALERT_UNSURE);
    assert_int_equal(share(leaving, 70, 1000), ALERT_HOLDS);
    assert_int_equal(share(leaving, 50, 1000), ALERT_CLEAR);
}

static void figures_of_people_wait_for_the_rollout(void **state)
{
    const struct alert_rules *rules = shipped(*state);
    struct alert_signals signals = {.silent = STR_NONE};
    const struct alert_view view = {.signals = &signals, .now_ms = 1764000000000};
    assert_int_equal(alert_judge(rule_of(rules, "conversion_low"), &view).finding, ALERT_UNSURE);
    assert_int_equal(alert_judge(rule_of(rules, "step_emergency"), &view).finding, ALERT_UNSURE);
}

/* A rule about newcomers is judged by them alone. */
static void figures_are_those_of_who_joined(void **state)
{
    const struct alert_rules *rules = shipped(*state);
    const struct alert_rule *first = rule_of(rules, "first_step_low");
    struct alert_signals signals = {.silent = STR_NONE};
    struct alert_people people[] = {
        {.joined_ms = 0, .figures.step_1_completion = rate_of(9000, 10000)},
        {.joined_ms = 3 * DAY_MS, .figures.step_1_completion = rate_of(60, 100)},
    };
    const struct alert_view view = {.people = people,
                                    .people_count = 2,
                                    .signals = &signals,
                                    .started_at_ms = 1763000000000,
                                    .now_ms = 1764000000000};
    struct alert_result result = alert_judge(first, &view);
    assert_int_equal(result.finding, ALERT_HOLDS);
    assert_string_equal(alert_says(*state, &result, &view).ptr,
                        "step_1_completion is 60.0 % (50.2 to 69.1 %, of 100 who joined within 3 "
                        "days), below 80 %");
    people[1].figures.step_1_completion = rate_of(90, 100);
    assert_int_equal(alert_judge(first, &view).finding, ALERT_CLEAR);
    int64_t joined[ALERT_JOINED_MAX];
    assert_int_equal(alert_rules_joined(rules, joined), 3);
    assert_int_equal(joined[0], 7 * DAY_MS);
}

static void a_signal_that_is_not_there_is_no_alarm(void **state)
{
    const struct alert_rules *rules = shipped(*state);
    struct alert_signals signals = {.silent = STR("pod_journey")};
    signals.values[SIGNAL_SAMPLE_RATIO_P] = (double)NAN;
    signals.values[SIGNAL_SILENT_JOURNEYS] = 1;
    signals.values[SIGNAL_BACKLOG_MINUTES] = 15.5;
    const struct alert_view view = {.signals = &signals, .now_ms = 1764000000000};
    assert_int_equal(alert_judge(rule_of(rules, "sample_ratio"), &view).finding, ALERT_CLEAR);
    assert_int_equal(alert_judge(rule_of(rules, "backlog_old"), &view).finding, ALERT_HOLDS);
    struct alert_result silent = alert_judge(rule_of(rules, "journey_silent"), &view);
    assert_int_equal(silent.finding, ALERT_HOLDS);
    assert_string_equal(alert_says(*state, &silent, &view).ptr,
                        "silent_journeys is 1 (pod_journey), above 0");
}

static void a_look_at_signals_leaves_the_others_out(void **state)
{
    const struct alert_rules *rules = shipped(*state);
    struct alert_signals signals = {.silent = STR_NONE};
    const struct alert_view view = {.signals = &signals, .now_ms = 1764000000000};
    json_t *all = alerts_evaluate(*state, rules, &view, ALERTS_ALL);
    json_t *part = alerts_evaluate(*state, rules, &view, ALERTS_OF_SIGNALS);
    assert_int_equal(json_array_size(json_get_array(all, "findings")), rules->count);
    assert_int_equal(json_array_size(json_get_array(part, "findings")), rules->count - 4);
    assert_true(json_get_bool(part, "partial", false));
    json_decref(all);
    json_decref(part);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_rule_says_what_is_wrong_with_it),
        CASE(the_shipped_rules_are_those_of_the_plan),
        CASE(a_share_needs_people_and_its_interval),
        CASE(figures_of_people_wait_for_the_rollout),
        CASE(figures_are_those_of_who_joined),
        CASE(a_signal_that_is_not_there_is_no_alarm),
        CASE(a_look_at_signals_leaves_the_others_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
