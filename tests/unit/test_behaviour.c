/* The behaviour log by itself: how questions are read, what is refused and why, order and limits.
 * That its answers are right is tested against SQL on both stores (tests/contract). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "bi/behaviour/funnel.h"
#include "bi/behaviour/retention.h"

static const int64_t MONDAY_MS = 1767571200000; /* 2026-01-05 */

struct scene {
    struct arena *arena;
    struct behaviour_log *log;
    struct err_detail detail;
};

static int setup(void **state)
{
    static struct scene scene;
    const struct str attributes[] = {STR("language"), STR("zone")};
    const struct str properties[] = {STR("step")};
    scene = (struct scene){.arena = arena_new(4096),
                           .log = behaviour_log_new(attributes, 2, properties, 1)};
    *state = &scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    behaviour_log_free(scene->log);
    arena_free(scene->arena);
    return 0;
}

#define SCENE struct scene *scene = *state

static uint32_t person(struct scene *scene, const char *language)
{
    uint32_t number = behaviour_add_person(scene->log, 1 + scene->log->person_count, MONDAY_MS);
    assert_int_equal(
        behaviour_set_attribute(scene->log, number, 0, str_of(language), &scene->detail), OK);
    return number;
}

static void event(struct scene *scene, uint32_t of, int64_t at_ms, enum event_type type,
                  const char *step)
{
    assert_int_equal(
        behaviour_add_event(scene->log, of, at_ms, behaviour_own_type(type), &scene->detail), OK);
    assert_int_equal(behaviour_set_property(scene->log, 0, str_of(step), &scene->detail), OK);
}

/* The text that a funnel is refused with; "" when it is answered. */
static const char *funnel_refusal(struct scene *scene, const struct funnel_question *question)
{
    struct funnel_answer answer;
    scene->detail.text[0] = '\0';
    enum err error = behaviour_funnel(scene->log, scene->arena, question, &answer, &scene->detail);
    assert_true(error == OK || error == ERR_INVALID || error == ERR_LIMIT);
    return error == OK ? "" : scene->detail.text;
}

#define assert_begins(text, beginning)                                                             \
    do {                                                                                           \
        const char *assert_text = (text);                                                          \
        if (strncmp(assert_text, (beginning), strlen(beginning)) != 0) {                           \
            fail_msg("\"%s\" does not begin with \"%s\"", assert_text, beginning);                 \
        }                                                                                          \
    } while (0)

static void steps_are_refused_by_name(void **state)
{
    SCENE;
    behaviour_finish(scene->log);
    static const char *const cases[][2] = {
        {"", "steps: expected the name of an event at its end"},
        {"graduated >", "steps: expected the name of an event at its end"},
        {"> graduated", "steps: expected the name of an event before \"> graduated\""},
        {"graduated graduated2", "steps: no event is called \"graduated graduated2\""},
        {"graduatd", "steps: no event is called \"graduatd\"; did you mean graduated?"},
        {"graduated{step=a", "steps: expected } at its end"},
        {"graduated{step}", "steps: expected = or != before \"}\""},
        {"graduated{step!a}", "steps: expected = after ! before \"a}\""},
        {"graduated{=a}", "steps: expected a name before \"=a}\""},
        {"graduated{step=a} x", "steps: expected > or the end before \"x\""},
        {"graduated{rule=a}", "steps: there is no property \"rule\"; there is step"},
        {"\"graduated", "steps: a quote is not closed"},
        {"a|a|a|a|a|a|a|a|a", "steps: more than 8 alternatives in a step"},
        {"any{step=a,step=b,step=c,step=d,step=e,step=f,step=g,step=h,step=i}",
         "steps: more than 8 conditions"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct funnel_question question = {.steps = str_of(cases[i][0])};
        assert_begins(funnel_refusal(scene, &question), cases[i][1]);
    }
    struct str steps = STR("any");
    for (int i = 1; i < 40; i++) {
        steps = arena_printf(scene->arena, "%.*s > any", STR_ARG(steps));
    }
    assert_string_equal(funnel_refusal(scene, &(struct funnel_question){.steps = steps}),
                        "steps: 40 given, at most 16 are taken");
    char *long_text = arena_alloc(scene->arena, 5000);
    memset(long_text, 'a', 5000);
    assert_string_equal(
        funnel_refusal(scene, &(struct funnel_question){.steps = {long_text, 5000}}),
        "steps: 5000 bytes, at most 4096 are taken");
}

static void people_and_times_are_refused_by_name(void **state)
{
    SCENE;
    behaviour_finish(scene->log);
    struct funnel_question question = {.steps = STR("any"), .common.where = STR("colour=red")};
    assert_string_equal(funnel_refusal(scene, &question),
                        "where: there is no attribute \"colour\"; there is language, zone");
    question.common.where = STR("languag=de");
    assert_begins(funnel_refusal(scene, &question),
                  "where: there is no attribute \"languag\"; did");
    question.common.where = STR("language");
    assert_begins(funnel_refusal(scene, &question), "where: expected = or != at its end");
    question.common.where = STR("");
    question.common.by = STR("id");
    assert_begins(funnel_refusal(scene, &question), "by: there is no attribute \"id\"");
    question.common.by = STR("");
    question.window_ms = -1;
    assert_begins(funnel_refusal(scene, &question), "window: must be from 1s to 3650d");
    question.window_ms = 0;
    question.common.from_ms = 5;
    question.common.to_ms = 5;
    assert_begins(funnel_refusal(scene, &question), "from: must lie before to");

    int64_t ms;
    static const char *const windows[] = {"nan", "", "h", "1.5h", "-1h", "7", "inf", "5w"};
    for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
        assert_int_equal(
            behaviour_parse_duration("window", str_of(windows[i]), &ms, &scene->detail),
            ERR_INVALID);
        assert_begins(scene->detail.text, "window: takes a time such as");
    }
    assert_int_equal(behaviour_parse_duration("window", STR("0s"), &ms, &scene->detail), ERR_LIMIT);
    assert_int_equal(behaviour_parse_duration("window", STR("3651d"), &ms, &scene->detail),
                     ERR_LIMIT);
    assert_int_equal(behaviour_parse_duration("window", STR("36h"), &ms, &scene->detail), OK);
    assert_int_equal(ms, 36 * HOUR_MS);
}

static void retention_is_refused_by_name(void **state)
{
    SCENE;
    uint32_t one = person(scene, "de");
    event(scene, one, MONDAY_MS, EVENT_COMMITMENT_MADE, "");
    behaviour_finish(scene->log);
    struct retention_answer answer;
    struct retention_question question = {.common = {.now_ms = MONDAY_MS + 500 * DAY_MS},
                                          .period = PERIOD_DAY};
    assert_int_equal(
        behaviour_retention(scene->log, scene->arena, &question, &answer, &scene->detail),
        ERR_LIMIT);
    assert_begins(scene->detail.text, "period: more than 400 of a day");
    question.period = PERIOD_MONTH;
    question.recurring = true;
    assert_int_equal(
        behaviour_retention(scene->log, scene->arena, &question, &answer, &scene->detail),
        ERR_INVALID);
    assert_begins(scene->detail.text, "recurring: needs calendar");
    question.recurring = false;
    question.cells = 401;
    assert_int_equal(
        behaviour_retention(scene->log, scene->arena, &question, &answer, &scene->detail),
        ERR_LIMIT);
    assert_begins(scene->detail.text, "cells: must be from 1 to 400");
    enum period period;
    assert_int_equal(period_read("period", STR("year"), &period, &scene->detail), ERR_INVALID);
    assert_string_equal(scene->detail.text, "period: takes day, week or month");
}

static void too_many_groups_are_refused(void **state)
{
    SCENE;
    for (int i = 0; i < 101; i++) {
        uint32_t one = person(scene, i < 100 ? "de" : "en");
        struct str zone = arena_printf(scene->arena, "zone %d", i);
        assert_int_equal(behaviour_set_attribute(scene->log, one, 1, zone, &scene->detail), OK);
        event(scene, one, MONDAY_MS, EVENT_COMMITMENT_MADE, "");
    }
    behaviour_finish(scene->log);
    struct funnel_question question = {.steps = STR("any"), .common.by = STR("zone")};
    assert_begins(funnel_refusal(scene, &question),
                  "by: zone has 101 different values among these people, at most 100 groups");
    question.common.where = STR("language=de");
    assert_string_equal(funnel_refusal(scene, &question), "");
}

static void an_attribute_has_only_so_many_values(void **state)
{
    SCENE;
    enum err error = OK;
    char name[16];
    uint32_t one = person(scene, "de");
    int values = 0;
    for (; error == OK && values < 70000; values++) {
        snprintf(name, sizeof(name), "%d", values);
        error = behaviour_set_attribute(scene->log, one, 1, str_of(name), &scene->detail);
    }
    assert_int_equal(error, ERR_LIMIT);
    assert_int_equal(values, BEHAVIOUR_VALUES_MAX + 1);
    assert_begins(scene->detail.text, "zone: has more than 65535 different values");
}

static void names_of_tracked_events_run_out(void **state)
{
    SCENE;
    char name[16];
    uint32_t one = person(scene, "de");
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "event %d", i);
        uint8_t type = behaviour_tracked_type(scene->log, str_of(name));
        assert_int_equal(behaviour_add_event(scene->log, one, MONDAY_MS, type, &scene->detail), OK);
    }
    behaviour_finish(scene->log);
    assert_begins(funnel_refusal(scene, &(struct funnel_question){.steps = STR("event 299")}),
                  "steps: there are too many names of tracked events");
    struct funnel_answer answer;
    const struct funnel_question all = {.steps = STR("tracked{step!=x} > event 3")};
    assert_int_equal(behaviour_funnel(scene->log, scene->arena, &all, &answer, &scene->detail), OK);
    assert_int_equal(answer.groups[1].people[0], 1);
    assert_int_equal(answer.groups[1].people[1], 1);
}

/* Events that come in any order lie in the order of time, those of one instant as they came. */
static void events_are_sorted(void **state)
{
    SCENE;
    uint32_t one = person(scene, "de");
    uint32_t other = person(scene, "de");
    event(scene, one, MONDAY_MS + 5, EVENT_GRADUATED, "c");
    event(scene, other, -7, EVENT_GRADUATED, "first");
    event(scene, one, MONDAY_MS + 4, EVENT_GRADUATED, "a");
    event(scene, one, MONDAY_MS + 5, EVENT_COMMITMENT_MADE, "d");
    event(scene, one, MONDAY_MS + 4, EVENT_COMMITMENT_MADE, "b");
    event(scene, other, INT64_MAX, EVENT_GRADUATED, "last");
    behaviour_finish(scene->log);
    const struct behaviour_log *log = scene->log;
    char order[8] = "";
    for (uint32_t i = log->first[one]; i < log->last[one]; i++) {
        uint16_t code = log->properties[0].codes[i];
        strncat(order, log->properties[0].values.list[code].ptr, 1);
    }
    assert_string_equal(order, "abcd");
    assert_int_equal(behaviour_at_ms(log, log->first[one]), MONDAY_MS + 4);
    assert_int_equal(behaviour_at_ms(log, log->first[other]), 0);
    assert_int_equal(behaviour_at_ms(log, log->last[other] - 1), (int64_t)UINT32_MAX * 1000 + 999);
}

static void months_begin_where_the_calendar_says(void **state)
{
    SCENE;
    struct periods periods;
    assert_int_equal(periods_make(scene->arena, PERIOD_MONTH, 1, MONDAY_MS, MONDAY_MS + 60 * DAY_MS,
                                  &periods, &scene->detail),
                     OK);
    assert_int_equal(periods.count, 3);
    assert_string_equal(periods_name(scene->arena, &periods, 0).ptr, "2026-01-01");
    assert_string_equal(periods_name(scene->arena, &periods, 2).ptr, "2026-03-01");
    assert_int_equal(periods_find(&periods, periods.begin_ms[1]), 1);
    assert_int_equal(periods_find(&periods, periods.begin_ms[1] - 1), 0);
    assert_int_equal(periods_find(&periods, periods.begin_ms[0] - 1), -1);
    assert_int_equal(periods_find(&periods, periods.begin_ms[3]), 3);
    assert_int_equal(
        periods_make(scene->arena, PERIOD_WEEK, 4, MONDAY_MS, MONDAY_MS, &periods, &scene->detail),
        OK);
    assert_string_equal(periods_name(scene->arena, &periods, 0).ptr, "2026-01-01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(steps_are_refused_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(people_and_times_are_refused_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(retention_is_refused_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_groups_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_attribute_has_only_so_many_values, setup, teardown),
        cmocka_unit_test_setup_teardown(names_of_tracked_events_run_out, setup, teardown),
        cmocka_unit_test_setup_teardown(events_are_sorted, setup, teardown),
        cmocka_unit_test_setup_teardown(months_begin_where_the_calendar_says, setup, teardown),
    };
    return cmocka_run_group_tests_name("behaviour", tests, NULL, NULL);
}
