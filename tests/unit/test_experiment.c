/* Experiments from the command to the verdict, on an engine: who takes part, what is recorded when
 * a message was really sent, what is refused, and what stopping and shipping change. Every decision
 * is made again at the end of each test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/embed.h"
#include "base/json.h"
#include "base/limits.h"
#include "bi/experiments/analysis.h"
#include "core/assign.h"
#include "lib/engine_fixture.h"

enum { PEOPLE = 40 };

static const char START[] = "{\"do\":\"start\",\"name\":\"first_win_task\"}";
static const char EXPOSED[] = "SELECT count(*) FROM events WHERE type = 'experiment_exposed'";

static void run(struct engine_fixture *fixture, const char *kind, const char *payload)
{
    int before = fixture->answers;
    fixture_command(fixture, kind, payload);
    fixture_settle(fixture);
    assert_int_equal(fixture->answers, before + 1);
}

static void done(struct engine_fixture *fixture, const char *kind, const char *payload)
{
    run(fixture, kind, payload);
    if (fixture->error != OK) {
        fail_msg("%s: %s", payload, fixture->detail);
    }
}

static int set_up(void **state)
{
    int status = engine_fixture_set_up(state);
    if (status == 0) {
        done(*state, "rollout_set", "{\"name\":\"superior_onboarding\",\"share\":100}");
    }
    return status;
}

static void arrive(struct engine_fixture *fixture, int64_t from, int count)
{
    for (int64_t chat = from; chat < from + count; chat++) {
        fixture_know(fixture, chat);
    }
}

static int64_t saying(struct engine_fixture *fixture, const char *words)
{
    char sql[200];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM deliveries WHERE step = 'first_win' AND kind = 0 AND "
                   "text LIKE '%%%s%%'",
                   words);
    return fixture_int(fixture, sql);
}

static const struct experiments *stored(struct engine_fixture *fixture)
{
    struct experiments *experiments = NULL;
    struct err_detail detail = {""};
    assert_int_equal(analysis_experiments(fixture->store, fixture->arena, &experiments, &detail),
                     OK);
    return experiments;
}

/* Without one the journey's weights decide about everybody, and each is exposed. */
static void without_a_start_all_is_as_the_journey_says(void **state)
{
    struct engine_fixture *fixture = *state;
    arrive(fixture, 100, PEOPLE);
    assert_int_equal(fixture_int(fixture, EXPOSED), PEOPLE);
    assert_int_equal(saying(fixture, "smile for three") + saying(fixture, "slow, deep"), PEOPLE);
    assert_null(stored(fixture));
}

static void coverage_and_stopping_leave_the_first_variant(void **state)
{
    struct engine_fixture *fixture = *state;
    done(fixture, "experiment",
         "{\"do\":\"start\",\"name\":\"first_win_task\",\"coverage\":0.5,\"seed\":\"s\"}");
    const struct experiment *experiment = experiment_find(stored(fixture), STR("first_win_task"));
    assert_non_null(experiment);
    arrive(fixture, 100, PEOPLE);
    int exposed = (int)fixture_int(fixture, EXPOSED);
    assert_in_range(exposed, PEOPLE / 5, PEOPLE * 4 / 5);
    /* Each as the hash says. */
    for (int i = 0; i < PEOPLE; i++) {
        char sql[160];
        char variant[32];
        (void)snprintf(sql, sizeof(sql), "SELECT id FROM users ORDER BY id LIMIT 1 OFFSET %d", i);
        int64_t id = fixture_int(fixture, sql);
        (void)snprintf(sql, sizeof(sql),
                       "SELECT variant FROM deliveries WHERE step = 'first_win' AND kind = 0 AND "
                       "user_id = %lld",
                       (long long)id);
        fixture_string(fixture, sql, variant, sizeof(variant));
        int arm = assign_arm(experiment, id);
        assert_string_equal(variant, arm < 0 ? "" : experiment->arms[arm].variant.ptr);
    }
    done(fixture, "experiment", "{\"do\":\"stop\",\"name\":\"first_win_task\"}");
    int64_t smiling = saying(fixture, "smile for three");
    arrive(fixture, 200, PEOPLE);
    assert_int_equal(fixture_int(fixture, EXPOSED), exposed);
    assert_int_equal(saying(fixture, "smile for three"), smiling);
    fixture_restart(fixture);
    done(fixture, "experiment",
         "{\"do\":\"ship\",\"name\":\"first_win_task\",\"variant\":\"smile\"}");
    arrive(fixture, 300, PEOPLE);
    assert_int_equal(saying(fixture, "smile for three"), smiling + PEOPLE);
    assert_int_equal(fixture_int(fixture, EXPOSED), exposed);
}

/* The holdout keeps the first variant even of what was shipped. */
static void the_holdout_sees_the_first_variant(void **state)
{
    struct engine_fixture *fixture = *state;
    done(fixture, "experiment", "{\"do\":\"holdout\",\"percent\":50}");
    done(fixture, "experiment", START);
    done(fixture, "experiment",
         "{\"do\":\"ship\",\"name\":\"first_win_task\",\"variant\":\"smile\"}");
    arrive(fixture, 100, PEOPLE);
    assert_in_range(saying(fixture, "smile for three"), PEOPLE / 5, PEOPLE * 4 / 5);
    assert_int_equal(saying(fixture, "smile for three") + saying(fixture, "slow, deep"), PEOPLE);
    assert_int_equal(fixture_int(fixture, EXPOSED), 0);
}

/* What somebody was shown stays when the experiment ends. */
static void a_message_shown_again_is_the_one_they_saw(void **state)
{
    struct engine_fixture *fixture = *state;
    done(fixture, "experiment",
         "{\"do\":\"start\",\"name\":\"first_win_task\",\"variants\":[{\"id\":\"breathing\","
         "\"weight\":0},{\"id\":\"smile\",\"weight\":1}]}");
    arrive(fixture, 100, 1);
    assert_int_equal(saying(fixture, "smile for three"), 1);
    done(fixture, "experiment", "{\"do\":\"stop\",\"name\":\"first_win_task\"}");
    fixture_text(fixture, 100, "/resume");
    fixture_settle(fixture);
    fixture_text(fixture, 100, "what should I do?");
    fixture_settle(fixture);
    assert_int_equal(saying(fixture, "slow, deep"), 0);
}

static void mistakes_are_named_and_change_nothing(void **state)
{
    struct engine_fixture *fixture = *state;
    static const struct {
        const char *payload, *named;
    } cases[] = {
        {"{\"do\":\"dance\"}", "\"do\""},
        {"{\"do\":\"start\",\"name\":\"other\"}", "other"},
        {"{\"do\":\"start\",\"name\":\"first_win_task\",\"weigths\":1}", "\"weigths\""},
        {"{\"do\":\"start\",\"name\":\"first_win_task\",\"coverage\":1.1}", "\"coverage\""},
        {"{\"do\":\"start\",\"name\":\"first_win_task\",\"coverage\":\"1\"}", "\"coverage\""},
        {"{\"do\":\"start\",\"name\":\"first_win_task\",\"seed\":\"\"}", "\"seed\""},
        {"{\"do\":\"start\",\"name\":\"first_win_task\",\"metric\":\"joy\"}", "\"metric\""},
        {"{\"do\":\"start\",\"name\":\"first_win_task\",\"metric\":\"event:\"}", "\"metric\""},
        {"{\"do\":\"start\",\"name\":\"first_win_task\",\"window_ms\":-1}", "\"window_ms\""},
        {"{\"do\":\"start\",\"name\":\"first_win_task\",\"min_people\":1}", "\"min_people\""},
        {"{\"do\":\"start\",\"name\":\"first_win_task\",\"min_ms\":-5}", "\"min_ms\""},
        {"{\"do\":\"start\",\"name\":\"first_win_task\",\"namespace\":{\"id\":\"a\",\"from\":0.6,"
         "\"to\":0.5}}",
         "\"namespace\""},
        {"{\"do\":\"start\",\"name\":\"first_win_task\",\"variants\":[{\"id\":\"breathing\","
         "\"weight\":0.5},{\"id\":\"smile\",\"weight\":0.6}]}",
         "add up to 1.1"},
        {"{\"do\":\"start\",\"name\":\"first_win_task\",\"variants\":[{\"id\":\"breathing\","
         "\"weight\":0.5},{\"id\":\"smile\"}]}",
         "\"variants[1]\""},
        {"{\"do\":\"start\",\"name\":\"first_win_task\",\"variants\":[{\"id\":\"a\","
         "\"weight\":0.5},{\"id\":\"b\",\"weight\":0.5}]}",
         "\"variants\""},
        {"{\"do\":\"stop\",\"name\":\"first_win_task\"}", "first_win_task"},
        {"{\"do\":\"ship\",\"name\":\"first_win_task\",\"variant\":\"smile\"}", "first_win_task"},
        {"{\"do\":\"holdout\",\"percent\":51}", "\"percent\""},
        {"{\"do\":\"holdout\"}", "\"percent\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        run(fixture, "experiment", cases[i].payload);
        if (fixture->error == OK || strstr(fixture->detail, cases[i].named) == NULL) {
            fail_msg("%s: %s", cases[i].payload, fixture->detail);
        }
    }
    assert_null(stored(fixture));
    assert_int_equal(
        fixture_int(fixture, "SELECT count(*) FROM audit_log WHERE action = 'experiment'"), 0);
    run(fixture, "setting_put", "{\"name\":\"experiments\",\"value\":1}");
    assert_int_equal(fixture->error, ERR_INVALID);
}

static void nothing_changes_while_it_runs(void **state)
{
    struct engine_fixture *fixture = *state;
    done(fixture, "experiment", START);
    run(fixture, "experiment", START);
    assert_int_equal(fixture->error, ERR_CONFLICT);
    run(fixture, "experiment", "{\"do\":\"holdout\",\"percent\":5}");
    assert_int_equal(fixture->error, ERR_CONFLICT);
    done(fixture, "experiment", "{\"do\":\"stop\",\"name\":\"first_win_task\"}");
    run(fixture, "experiment", "{\"do\":\"stop\",\"name\":\"first_win_task\"}");
    assert_int_equal(fixture->error, ERR_CONFLICT);
    done(fixture, "experiment", START); /* once more, as new */
    const struct experiments *experiments = stored(fixture);
    assert_int_equal(experiments->count, 1);
    assert_int_equal(experiments->items[0].state, EXPERIMENT_RUNNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_start_all_is_as_the_journey_says, set_up,
                                        engine_fixture_tear_down),
        cmocka_unit_test_setup_teardown(coverage_and_stopping_leave_the_first_variant, set_up,
                                        engine_fixture_tear_down),
        cmocka_unit_test_setup_teardown(the_holdout_sees_the_first_variant, set_up,
                                        engine_fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_message_shown_again_is_the_one_they_saw, set_up,
                                        engine_fixture_tear_down),
        cmocka_unit_test_setup_teardown(mistakes_are_named_and_change_nothing, set_up,
                                        engine_fixture_tear_down),
        cmocka_unit_test_setup_teardown(nothing_changes_while_it_runs, set_up,
                                        engine_fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
