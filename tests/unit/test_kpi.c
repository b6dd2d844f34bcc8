/* The plan of targets: what it may say, and what it makes of people whose figures are known. */
#include "bi/kpi.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"

static const int64_t START_MS = 1764000000000;

struct test {
    char folder[64];
    char path[96];
    struct store *store;
    struct arena *arena;
    struct catalog *catalog;
    struct err_detail detail;
    struct id_source ids;
};

static int setup(void **state)
{
    struct test *test = calloc(1, sizeof(*test));
    struct mistakes mistakes = {0};
    *state = test;
    snprintf(test->folder, sizeof(test->folder), "/tmp/nudge-kpi-XXXXXX");
    if (mkdtemp(test->folder) == NULL) {
        return -1;
    }
    snprintf(test->path, sizeof(test->path), "%s/nudge.db", test->folder);
    char url[128];
    snprintf(url, sizeof(url), "sqlite:%s", test->path);
    test->arena = arena_new(1024 * 1024);
    return store_open(url, STORE_WRITER, &test->store, &test->detail) == OK &&
                   store_migrate(test->store, NULL, NULL, &test->detail) == OK &&
                   catalog_build_embedded(test->arena, &test->catalog, &mistakes) == OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    struct test *test = *state;
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    catalog_free(test->catalog);
    store_close(test->store);
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s%s", test->path, suffixes[i]);
        unlink(path);
    }
    int failed = rmdir(test->folder);
    arena_free(test->arena);
    free(test);
    return failed;
}

/* ---- the file ---- */

#define HEAD "conversion_age: 48h\nminimum_people: 30\n"
#define TARGETS                                                                                    \
    "targets:\n  - {metric: conversion_rate, baseline: 27.8, week_1: 40, week_2: 55, success: "    \
    "65}\n"

static const char verdicts[] = HEAD TARGETS "verdicts:\n"
                                            "  - name: first\n"
                                            "    due: 7d\n"
                                            "    lines:\n"
                                            "      - {metric: conversion_rate, above: 40}\n"
                                            "      - {metric: critical_errors, at_most: 0}\n"
                                            "  - name: second\n"
                                            "    due: 14d\n"
                                            "    lines:\n"
                                            "      - {metric: conversion_rate, at_least: 40}\n"
                                            "      - {metric: activation_rate, trend: rises}\n"
                                            "  - name: third\n"
                                            "    due: 14d\n"
                                            "    lines:\n"
                                            "      - {metric: conversion_rate, at_least: 40}\n"
                                            "      - {metric: feedback_positive_share, above: 50}\n"
                                            "      - {metric: support_requests, trend: falls}\n";

static const struct kpi_plan *plan_of(struct test *test, const char *yaml)
{
    const struct kpi_plan *plan = NULL;
    struct mistakes mistakes;
    enum err error = kpi_plan_read(test->arena, STR("plan.yaml"), str_of(yaml), &plan, &mistakes);
    if (error != OK) {
        fail_msg("%s", mistake_line(test->arena, &mistakes.items[0]).ptr);
    }
    return plan;
}

static void a_plan_says_what_is_wrong_with_it(void **state)
{
    static const struct {
        const char *yaml;
        const char *mistake;
    } cases[] = {
        {HEAD "verdicts: []\n", "targets"},
        {HEAD TARGETS, "verdicts"},
        {HEAD
         "targets:\n  - {metric: conversion, week_1: 1, week_2: 2, success: 3}\nverdicts: []\n",
         "plan.yaml:4:14: there is no figure \"conversion\""},
        {HEAD "targets:\n  - {metric: completion_rat, week_1: 1, week_2: 2, success: 3}\n"
              "verdicts: []\n",
         "did you mean \"completion_rate\"?"},
        {HEAD
         "targets:\n  - {metric: total_users, week_1: 1, week_2: 2, success: 3}\nverdicts: []\n",
         "only rates have targets"},
        {HEAD "targets:\n  - {metric: conversion_rate, week_1: nan, week_2: 2, success: 3}\n"
              "verdicts: []\n",
         "not a number"},
        {HEAD TARGETS "verdicts:\n  - name: week_1\n    due: 7\n    lines: []\n", "duration"},
        {HEAD TARGETS
         "verdicts:\n  - name: w\n    due: 7d\n    lines:\n      - {metric: revenue}\n",
         "a line says one thing"},
        {HEAD TARGETS "verdicts:\n  - name: w\n    due: 7d\n    lines:\n      - {metric: revenue, "
                      "above: 1, trend: rises}\n",
         "a line says one thing"},
        {HEAD TARGETS "verdicts:\n  - name: w\n    due: 7d\n    lines:\n      - {metric: revenue, "
                      "trend: up}\n",
         "rises"},
        {"conversion_age: 48h\nminimum_people: 0\n" TARGETS "verdicts: []\n", "from 1"},
    };
    struct test *test = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct kpi_plan *plan = NULL;
        struct mistakes mistakes;
        assert_int_equal(
            kpi_plan_read(test->arena, STR("plan.yaml"), str_of(cases[i].yaml), &plan, &mistakes),
            ERR_INVALID);
        bool named = false;
        for (int k = 0; k < mistakes.count; k++) {
            named |=
                strstr(mistake_line(test->arena, &mistakes.items[k]).ptr, cases[i].mistake) != NULL;
        }
        if (!named) {
            fail_msg("case %zu: \"%s\" expected, first: %s", i, cases[i].mistake,
                     mistake_line(test->arena, &mistakes.items[0]).ptr);
        }
    }
}

static void weeks_aim_higher(void **state)
{
    struct test *test = *state;
    const struct kpi_plan *plan = plan_of(test, verdicts);
    const struct kpi_target *target = &plan->targets[0];
    assert_true(kpi_target_at(target, 0) == 40);
    assert_true(kpi_target_at(target, 7 * DAY_MS - 1) == 40);
    assert_true(kpi_target_at(target, 7 * DAY_MS) == 55);
    assert_true(kpi_target_at(target, 14 * DAY_MS) == 65);
}

/* ---- the evaluation ---- */

struct crowd {
    int people;
    int64_t joined_ms;
    int64_t first_commitment_after_ms; /* of those who made one */
    int made;                          /* people who made one commitment each */
    int completed;                     /* of those, completed */
    enum journey_set set;
};

static void join(struct test *test, struct crowd crowd)
{
    assert_int_equal(store_begin(test->store, &test->detail), OK);
    for (int i = 0; i < crowd.people; i++) {
        struct person person;
        person_init(&person, id_next(&test->ids, crowd.joined_ms, (uint8_t)i), crowd.joined_ms);
        struct user *user = &person.user;
        user->set = crowd.set;
        if (i < crowd.made) {
            user->commitments_total = user->commitments_outside = 1;
            user->first_commitment_at_ms = crowd.joined_ms + crowd.first_commitment_after_ms;
        }
        if (i < crowd.completed) {
            user->commitments_completed = user->commitments_outside_completed = 1;
        }
        struct person *people = &person;
        assert_int_equal(store_people_save(test->store, &people, 1, &test->detail), OK);
    }
    assert_int_equal(store_commit(test->store, &test->detail), OK);
}

static const struct kpi_report *evaluate(struct test *test, int64_t started_at_ms, int64_t now_ms)
{
    struct kpi_report *report = ARENA_NEW(test->arena, struct kpi_report);
    const struct kpi_plan *plan = plan_of(test, verdicts);
    struct kpi_groups *groups = NULL;
    assert_int_equal(kpi_groups_read(test->store, test->arena, test->catalog, plan, started_at_ms,
                                     now_ms, &groups, &test->detail),
                     OK);
    kpi_evaluate(groups, report);
    return report;
}

static void conversion_counts_who_is_old_enough_and_was_soon_enough(void **state)
{
    struct test *test = *state;
    const int64_t now_ms = START_MS + 8 * DAY_MS;
    /* Exactly 48 h old, and a commitment exactly 48 h after joining: both still count. */
    join(test, (struct crowd){40, now_ms - 48 * HOUR_MS, 48 * HOUR_MS, 16, 8, SET_OPTIMIZED});
    join(test, (struct crowd){10, START_MS, 48 * HOUR_MS + 1, 10, 0, SET_OPTIMIZED});
    join(test, (struct crowd){30, now_ms - 48 * HOUR_MS + 1, 0, 30, 30, SET_OPTIMIZED});
    join(test, (struct crowd){20, START_MS - 1, 0, 20, 20, SET_OPTIMIZED});
    const struct kpi_report *report = evaluate(test, START_MS, now_ms);
    assert_int_equal(report->treated, 80);
    assert_int_equal(report->control, 0);
    const struct kpi_value *value = &report->values[0];
    assert_int_equal(value->treated.n, 50);
    assert_int_equal(value->treated.hits, 16);
    assert_int_equal(value->control.n, 0);
    assert_true(value->due == 55);
    assert_int_equal(value->state, KPI_NOT_MET);
}

static void a_bound_is_compared_exactly(void **state)
{
    struct test *test = *state;
    const int64_t now_ms = START_MS + 8 * DAY_MS;
    join(test, (struct crowd){50, START_MS, HOUR_MS, 20, 20, SET_OPTIMIZED});
    const struct kpi_report *report = evaluate(test, START_MS, now_ms);
    const struct kpi_verdict_result *first = &report->verdicts[0];
    assert_true(first->is_due);
    assert_int_equal(first->lines[0].state, KPI_NOT_MET); /* 40 is not above 40 */
    assert_int_equal(first->lines[1].state, KPI_MET);
    assert_int_equal(first->state, KPI_NOT_MET);
    const struct kpi_verdict_result *second = &report->verdicts[1];
    assert_false(second->is_due);
    assert_int_equal(second->lines[0].state, KPI_MET); /* but it is at least 40 */
    assert_int_equal(second->lines[1].state, KPI_NOT_ENOUGH_DATA);
    assert_int_equal(second->state, KPI_NOT_ENOUGH_DATA);
    const struct kpi_verdict_result *third = &report->verdicts[2];
    assert_int_equal(third->lines[1].state, KPI_NOT_ENOUGH_DATA);
    assert_int_equal(third->lines[2].state, KPI_NOT_ENOUGH_DATA); /* none before: nothing to fall */
}

static void trends_are_against_the_control_group_else_against_before(void **state)
{
    struct test *test = *state;
    const int64_t now_ms = START_MS + 8 * DAY_MS;
    join(test, (struct crowd){50, START_MS, HOUR_MS, 20, 20, SET_OPTIMIZED});
    join(test, (struct crowd){40, START_MS - 8 * DAY_MS, HOUR_MS, 20, 20, SET_ORIGINAL});
    join(test, (struct crowd){40, START_MS - 8 * DAY_MS - 1, HOUR_MS, 40, 40, SET_ORIGINAL});
    const struct kpi_line_result *line = &evaluate(test, START_MS, now_ms)->verdicts[1].lines[1];
    assert_string_equal(line->with, "those before the rollout");
    assert_true(fabs(line->compared - 50) < 1e-9);
    assert_int_equal(line->state, KPI_NOT_MET);
    join(test, (struct crowd){29, START_MS, HOUR_MS, 5, 5, SET_ORIGINAL});
    line = &evaluate(test, START_MS, now_ms)->verdicts[1].lines[1];
    assert_string_equal(line->with, "those before the rollout"); /* 29 are too few */
    join(test, (struct crowd){1, START_MS, HOUR_MS, 1, 1, SET_ORIGINAL});
    line = &evaluate(test, START_MS, now_ms)->verdicts[1].lines[1];
    assert_string_equal(line->with, "the control group");
    assert_true(fabs(line->compared - 20) < 1e-9);
    assert_int_equal(line->state, KPI_MET);
}

static void nothing_is_judged_before_the_start(void **state)
{
    struct test *test = *state;
    const struct kpi_report none = {.started_at_ms = 0};
    json_t *json = kpi_json(test->arena, &none);
    assert_true(json_is_null(json_object_get(json, "started_at")));
    json_decref(json);
    /* The first hours: nobody is old enough yet. */
    const struct kpi_report *report = evaluate(test, START_MS, START_MS + HOUR_MS);
    assert_int_equal(report->values[0].state, KPI_NOT_ENOUGH_DATA);
    json = kpi_json(test->arena, report);
    assert_int_equal(json_array_size(json_object_get(json, "verdicts")), 3);
    assert_int_equal(json_integer_value(json_object_get(json, "week")), 1);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_plan_says_what_is_wrong_with_it, setup, teardown),
        cmocka_unit_test_setup_teardown(weeks_aim_higher, setup, teardown),
        cmocka_unit_test_setup_teardown(conversion_counts_who_is_old_enough_and_was_soon_enough,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_bound_is_compared_exactly, setup, teardown),
        cmocka_unit_test_setup_teardown(trends_are_against_the_control_group_else_against_before,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_judged_before_the_start, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
