/* Plans of rolling out: what a file may say, and when the next stage may be entered. */
#include "bi/rollout_plan.h"

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

#include "base/embed.h"
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
    snprintf(test->folder, sizeof(test->folder), "/tmp/nudge-plan-XXXXXX");
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

static const struct rollout_plan *plan_of(struct test *test, const char *yaml)
{
    const struct rollout_plan *plan = NULL;
    struct mistakes mistakes;
    if (rollout_plan_read(test->arena, STR("plan.yaml"), str_of(yaml), &plan, &mistakes) != OK) {
        fail_msg("%s", mistake_line(test->arena, &mistakes.items[0]).ptr);
    }
    return plan;
}

/* ---- the file ---- */

static void a_plan_says_what_is_wrong_with_it(void **state)
{
    static const struct {
        const char *stages;
        const char *mistake;
    } cases[] = {
        {"  - {name: a, day: 2, share: 5}\n", "plan.yaml:3:15: a plan begins on day 1"},
        {"  - {name: a, day: 0, share: 5}\n", "from 1"},
        {"  - {name: a, day: 1}\n", "either a share or opens another one"},
        {"  - {name: a, day: 1, share: 5, opens: existing_rescue}\n", "either a share or opens"},
        {"  - {name: a, day: 1, share: 101}\n", "a percentage from 0 to 100"},
        {"  - {name: a, day: 1, share: -1}\n", "not a number"},
        {"  - {name: a, day: 1, opens: everything}\n", "existing_rescue or existing_amplification"},
        {"  - {name: a, day: 1, share: 5}\n  - {name: b, day: 400, share: 9}\n", "at most 365"},
        {"  - {name: a, day: 1, share: 5}\n  - {name: b, day: 4, share: 9}\n"
         "  - {name: c, day: 3, share: 50}\n",
         "plan.yaml:5:15: a stage does not come before the one above it"},
        {"  - {name: a, day: 1, share: 5, gates: [{metric: dau, at_least: 1}]}\n",
         "the first stage is entered when the plan is started"},
        {"  - {name: a, day: 1, share: 5}\n"
         "  - {name: b, day: 2, share: 9, gates: [{metric: step_9_completion, at_least: 1}]}\n",
         "there is no figure"},
        {"  - {name: a, day: 1, share: 5, when: now}\n", "when"},
    };
    struct test *test = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct rollout_plan *plan = NULL;
        struct mistakes mistakes;
        struct str yaml = arena_printf(test->arena, "name: p\nstages:\n%s", cases[i].stages);
        assert_int_equal(rollout_plan_read(test->arena, STR("plan.yaml"), yaml, &plan, &mistakes),
                         ERR_INVALID);
        bool named = false;
        for (int k = 0; k < mistakes.count; k++) {
            const char *line = mistake_line(test->arena, &mistakes.items[k]).ptr;
            named |= strstr(line, cases[i].mistake) != NULL;
        }
        if (!named) {
            fail_msg("case %zu: \"%s\" expected: %s", i, cases[i].mistake,
                     mistake_line(test->arena, &mistakes.items[0]).ptr);
        }
    }
}

/* The table of the plan: 5, 25, 50, 100 percent, then the two stages of day 8. */
static void the_shipped_plans_are_those_of_the_rollout(void **state)
{
    static const struct {
        const char *file;
        int days[6];
    } shipped[] = {{"rollout/gradual.yaml", {1, 4, 6, 7, 8, 8}},
                   {"rollout/checklist.yaml", {1, 2, 6, 7, 8, 8}}};
    static const double shares[] = {5, 25, 50, 100};
    struct test *test = *state;
    for (size_t i = 0; i < 2; i++) {
        const struct rollout_plan *plan = NULL;
        for (size_t k = 0; k < nudge_journeys_count; k++) {
            if (strcmp(nudge_journeys[k].name, shipped[i].file) == 0) {
                plan =
                    plan_of(test, arena_printf(test->arena, "%.*s", (int)nudge_journeys[k].length,
                                               nudge_journeys[k].data)
                                      .ptr);
            }
        }
        assert_non_null(plan);
        assert_int_equal(plan->stage_count, 6);
        for (int stage = 0; stage < 6; stage++) {
            assert_int_equal(plan->stages[stage].day, shipped[i].days[stage]);
            assert_true(stage < 4 ? plan->stages[stage].share == shares[stage]
                                  : isnan(plan->stages[stage].share));
        }
        assert_true(str_is(plan->stages[4].opens, "existing_rescue"));
        assert_true(str_is(plan->stages[5].opens, "existing_amplification"));
    }
}

/* ---- the gates ---- */

static const char plan_yaml[] = "name: p\n"
                                "stages:\n"
                                "  - {name: a, day: 1, share: 5}\n"
                                "  - name: b\n"
                                "    day: 3\n"
                                "    share: 50\n"
                                "    gates:\n"
                                "      - {metric: total_users, at_least: 30}\n"
                                "      - {metric: activation_rate, above: 20}\n"
                                "  - {name: c, day: 3, opens: existing_rescue}\n";

/* Stores the plan as the engine does when it was started. */
static void start(struct test *test, int at)
{
    json_t *json = rollout_plan_json(plan_of(test, plan_yaml));
    json_object_set_new(json, "at", json_integer(at));
    json_object_set_new(json, "started_at_ms", json_integer(START_MS));
    json_object_set_new(json, "automatic", json_true());
    assert_int_equal(store_begin(test->store, &test->detail), OK);
    assert_int_equal(store_setting_put(test->store, "rollout/superior_onboarding/plan",
                                       json_write(test->arena, json), START_MS, &test->detail),
                     OK);
    assert_int_equal(store_commit(test->store, &test->detail), OK);
    json_decref(json);
}

static void join(struct test *test, int people, int activated)
{
    assert_int_equal(store_begin(test->store, &test->detail), OK);
    for (int i = 0; i < people; i++) {
        struct person person;
        person_init(&person, id_next(&test->ids, START_MS, (uint8_t)i), START_MS);
        person.user.set = SET_OPTIMIZED;
        person.user.commitments_total = person.user.commitments_completed = i < activated;
        struct person *all = &person;
        assert_int_equal(store_people_save(test->store, &all, 1, &test->detail), OK);
    }
    assert_int_equal(store_commit(test->store, &test->detail), OK);
}

static const struct rollout_outlook *look_with(struct test *test, int firing, int64_t now_ms)
{
    static const struct kpi_plan plan = {.conversion_age_ms = 48 * HOUR_MS, .minimum_people = 30};
    struct rollout_run *run = ARENA_NEW(test->arena, struct rollout_run);
    struct rollout_outlook *outlook = ARENA_NEW(test->arena, struct rollout_outlook);
    struct kpi_groups *groups = NULL;
    assert_int_equal(rollout_run_read(test->store, test->arena, run, &test->detail), OK);
    assert_int_equal(kpi_groups_read(test->store, test->arena, test->catalog, &plan, START_MS,
                                     now_ms, &groups, &test->detail),
                     OK);
    rollout_look(run, groups, firing, now_ms, outlook);
    assert_int_equal(outlook->is_day, rollout_is_day(run, now_ms));
    return outlook;
}

static const struct rollout_outlook *look(struct test *test, int64_t now_ms)
{
    return look_with(test, 0, now_ms);
}

static void a_stage_opens_on_its_day_when_all_gates_hold(void **state)
{
    struct test *test = *state;
    const int64_t day_ms = START_MS + 2 * DAY_MS;
    start(test, 0);
    join(test, 29, 6);
    const struct rollout_outlook *outlook = look(test, day_ms);
    assert_true(str_is(outlook->next->name, "b"));
    assert_int_equal(outlook->day_at_ms, day_ms);
    assert_true(outlook->is_day);
    assert_int_equal(outlook->gates[0].state, KPI_NOT_MET);
    assert_int_equal(outlook->gates[1].state, KPI_NOT_ENOUGH_DATA);
    assert_false(outlook->is_open);
    join(test, 1, 0); /* 6 of 30 are 20 percent, which is not above 20 */
    outlook = look(test, day_ms);
    assert_int_equal(outlook->gates[0].state, KPI_MET);
    assert_int_equal(outlook->gates[1].state, KPI_NOT_MET);
    assert_false(outlook->is_open);
    join(test, 1, 1);
    assert_true(look(test, day_ms)->is_open);
    assert_false(look_with(test, 1, day_ms)->is_open);
    assert_false(look(test, day_ms - 1)->is_open);
    assert_false(look(test, day_ms - 1)->is_day);
}

static void the_last_stage_has_nothing_after_it(void **state)
{
    struct test *test = *state;
    struct rollout_run run;
    assert_int_equal(rollout_run_read(test->store, test->arena, &run, &test->detail), OK);
    assert_false(run.is_started);
    assert_false(rollout_is_day(&run, START_MS));
    start(test, 1);
    const struct rollout_outlook *outlook = look(test, START_MS + 2 * DAY_MS);
    assert_true(str_is(outlook->next->opens, "existing_rescue"));
    assert_true(outlook->is_open); /* it has no gates */
    start(test, 2);
    assert_null(look(test, START_MS + 9 * DAY_MS)->next);
    assert_int_equal(rollout_run_read(test->store, test->arena, &run, &test->detail), OK);
    assert_true(run.automatic);
    assert_int_equal(run.plan.stages[1].gate_count, 2);
    start(test, 3); /* of another program: none of its stages */
    assert_int_equal(rollout_run_read(test->store, test->arena, &run, &test->detail), OK);
    assert_false(run.is_started);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_plan_says_what_is_wrong_with_it),
        CASE(the_shipped_plans_are_those_of_the_rollout),
        CASE(a_stage_opens_on_its_day_when_all_gates_hold),
        CASE(the_last_stage_has_nothing_after_it),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
