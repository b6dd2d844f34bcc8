/* Funnels and retention of the behaviour log on random people equal their definitions in plain SQL
 * on the same store. */
#include "behaviour_world.h"

#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "bi/behaviour/funnel.h"
#include "bi/behaviour/retention.h"
#include "store/driver.h"

#define FIXTURE struct fixture *fixture = *state

enum { WORLDS = 4 };

/* ---- funnels --------------------------------------------------------------------------------*/

struct funnel_case {
    const char *steps;         /* as asked */
    const char *conditions[3]; /* of each step, in SQL */
    const char *where;
    const char *people;
};

static const struct funnel_case FUNNELS[] = {
    {"step_sent > step_completed > commitment_made",
     {"type = 'step_sent'", "type = 'step_completed'", "type = 'commitment_made'"},
     "",
     "1 = 1"},
    {"step_sent{step=first_win} > step_completed|message_received{step!=momentum} > any",
     {"type = 'step_sent' AND step = 'first_win'",
      "type IN ('step_completed', 'message_received') AND step <> 'momentum'", "1 = 1"},
     "language=de",
     "u.language = 'de'"},
    {"commitment_made > commitment_made > \"Order Completed\"",
     {"type = 'commitment_made'", "type = 'commitment_made'",
      "type = 'tracked' AND data LIKE '%Order Completed%'"},
     "source!=blog, set=optimized",
     "u.source <> 'blog' AND u.journey_set = 1 AND u.set_assigned = 1"},
    {"tracked > tracked:commitment_made{size=3} > active",
     {"type = 'tracked'", "type = 'tracked' AND data LIKE '%commitment_made%'",
      "type IN ('message_received', 'commitment_made', 'step_completed')"},
     "source=",
     "u.source = ''"},
};

static int64_t funnel_by_sql(struct world_of_events *world, const struct funnel_case *funnel,
                             int steps, int64_t window_ms, bool strict)
{
    struct arena *arena = world->fixture->arena;
    const char *considered = "1 = 1";
    if (strict) { /* activity, and what the steps name */
        considered = strstr(funnel->steps, "any") != NULL ? "1 = 1"
                     : strstr(funnel->steps, "step_sent") != NULL
                         ? "e.type IN ('message_received', 'commitment_made', 'step_completed', "
                           "'step_sent')"
                     : strstr(funnel->steps, "tracked >") != NULL
                         ? "e.type <> 'step_sent'"
                         : "e.type IN ('message_received', 'commitment_made', 'step_completed') OR "
                           "(e.type = 'tracked' AND e.data LIKE '%Order Completed%')";
    }
    /* People who are meant, with their events, numbered in their order among those considered. */
    struct str sql = arena_printf(
        arena,
        "WITH ev AS MATERIALIZED (SELECT e.user_id, e.at_ms, row_number() OVER (PARTITION BY "
        "e.user_id ORDER BY e.at_ms, e.id) AS place, CASE WHEN %s THEN 1 ELSE 0 END AS s0, CASE "
        "WHEN %s THEN 1 ELSE 0 END AS s1, CASE WHEN %s THEN 1 ELSE 0 END AS s2 FROM events AS e "
        "JOIN users AS u ON u.id = e.user_id WHERE u.is_test = 0 AND u.is_erased = 0 AND e.at_ms "
        "<= %lld AND (%s) AND (%s)) SELECT count(DISTINCT e0.user_id) FROM ev AS e0",
        funnel->conditions[0], funnel->conditions[1], funnel->conditions[2], (long long)NOW_MS,
        funnel->people, considered);
    for (int i = 1; i < steps; i++) {
        sql = arena_printf(arena,
                           "%.*s JOIN ev AS e%d ON e%d.user_id = e0.user_id AND e%d.s%d = 1 AND "
                           "e%d.place %s e%d.place %s AND e%d.at_ms - e0.at_ms <= %lld",
                           STR_ARG(sql), i, i, i, i, i, strict ? "=" : ">", i - 1,
                           strict ? "+ 1" : "", i, (long long)window_ms);
    }
    return world_number(world, "%.*s WHERE e0.s0 = 1", STR_ARG(sql));
}

static void funnel_equals_sql(struct world_of_events *world, const struct funnel_case *funnel,
                              int64_t window_ms, bool strict)
{
    struct fixture *fixture = world->fixture;
    const struct funnel_question question = {.common = {.where = str_of(funnel->where),
                                                        .now_ms = NOW_MS,
                                                        .threads = 1 + (int)world_draw(world, 3)},
                                             .steps = str_of(funnel->steps),
                                             .window_ms = window_ms,
                                             .strict = strict};
    struct funnel_answer answer;
    assert_ok(behaviour_funnel(world->log, fixture->arena, &question, &answer, &fixture->detail));
    assert_int_equal(answer.step_count, 3);
    for (int steps = 1; steps <= 3; steps++) {
        int64_t expected =
            funnel_by_sql(world, funnel, steps, window_ms > 0 ? window_ms : 1000 * DAY_MS, strict);
        if (answer.groups[answer.group_count].people[steps - 1] != expected) {
            fail_msg("%s, %d steps, window %lld, strict %d: log %lld, SQL %lld", funnel->steps,
                     steps, (long long)window_ms, strict,
                     (long long)answer.groups[answer.group_count].people[steps - 1],
                     (long long)expected);
        }
    }
}

static void funnels_equal_sql(void **state)
{
    FIXTURE;
    struct world_of_events world;
    static const int64_t windows_ms[] = {HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS, 0};
    world_fill(&world, fixture, 11);
    for (int i = 0; i < WORLDS; i++) {
        world_load(&world);
        for (size_t k = 0; k < sizeof(FUNNELS) / sizeof(FUNNELS[0]); k++) {
            int64_t window_ms = windows_ms[world_draw(&world, 5)];
            funnel_equals_sql(&world, &FUNNELS[k], window_ms, false);
            funnel_equals_sql(&world, &FUNNELS[k], window_ms, true);
        }
        struct behaviour_log *log = world.log;
        world_fill(&world, fixture, 100 + (uint64_t)i); /* more people */
        world.log = log;
    }
    world_release(&world);
}

static void groups_equal_sql(void **state)
{
    FIXTURE;
    struct world_of_events world;
    world_fill(&world, fixture, 5);
    world_load(&world);
    static const char *const by[][2] = {
        {"source", "u.source"},
        {"language", "u.language"},
        {"set", "CASE WHEN u.set_assigned = 0 THEN '' WHEN u.journey_set = 1 THEN 'optimized' "
                "ELSE 'original' END"},
        {"variant:greeting",
         "coalesce((SELECT CASE WHEN r.variants LIKE '%warm%' THEN 'warm' ELSE 'short' END FROM "
         "runs AS r WHERE r.user_id = u.id AND r.variants <> ''), '')"}};
    for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
        struct funnel_answer answer;
        const struct funnel_question question = {
            .common = {.by = str_of(by[i][0]), .now_ms = NOW_MS}, .steps = STR("commitment_made")};
        assert_ok(
            behaviour_funnel(world.log, fixture->arena, &question, &answer, &fixture->detail));
        struct rows rows = world_ask(
            &world,
            "SELECT %s AS name, count(DISTINCT e.user_id) FROM users AS u LEFT JOIN events AS e ON "
            "e.user_id = u.id AND e.type = 'commitment_made' WHERE u.is_test = 0 AND u.is_erased = "
            "0 GROUP BY 1 ORDER BY 1",
            by[i][1]);
        assert_int_equal(answer.group_count, rows.count);
        assert_true(rows.count >= 3);
        for (int k = 0; k < rows.count; k++) {
            int64_t found = -1;
            for (int g = 0; g < answer.group_count; g++) {
                if (str_equal(answer.groups[g].name, rows.cells[2 * k].text)) {
                    found = answer.groups[g].people[0];
                }
            }
            assert_int_equal(found, rows.cells[2 * k + 1].integer);
        }
    }
    world_release(&world);
}

/* ---- retention ------------------------------------------------------------------------------*/

static const char ACTIVITY[] =
    "e.type IN ('message_received', 'commitment_made', 'step_completed')";

static int find_row(const struct retention_answer *answer, struct arena *arena, int64_t day)
{
    int year;
    int month;
    int of_month;
    calendar_civil(day, &year, &month, &of_month);
    struct str name = arena_printf(arena, "%04d-%02d-%02d", year, month, of_month);
    for (int i = 0; i < answer->row_count; i++) {
        if (str_equal(answer->groups[answer->group_count].rows[i].cohort, name)) {
            return i;
        }
    }
    fail_msg("no cohort %s", name.ptr);
    return 0;
}

/* Cells by each person's own joining: the retention of the metrics. */
static void own_retention_equals_sql(void **state)
{
    FIXTURE;
    struct world_of_events world;
    world_fill(&world, fixture, 21);
    world_load(&world);
    struct retention_answer answer;
    const struct retention_question question = {.common = {.now_ms = NOW_MS},
                                                .period = PERIOD_WEEK};
    assert_ok(behaviour_retention(world.log, fixture->arena, &question, &answer, &fixture->detail));
    int compared = 0;
    for (int k = 0; k < answer.cell_count; k++) {
        struct rows rows = world_ask(
            &world,
            "SELECT (u.joined_at_ms / 86400000 + 3) / 7 AS week, count(*), count(CASE WHEN EXISTS ("
            "SELECT 1 FROM events AS e WHERE e.user_id = u.id AND %s AND e.at_ms >= u.joined_at_ms "
            "+ %lld AND e.at_ms < u.joined_at_ms + %lld) THEN 1 END) FROM users AS u WHERE "
            "u.is_test = 0 AND u.is_erased = 0 AND u.joined_at_ms + %lld <= %lld GROUP BY 1",
            ACTIVITY, (long long)(k * 7 * DAY_MS), (long long)((k + 1) * 7 * DAY_MS),
            (long long)((k + 1) * 7 * DAY_MS), (long long)NOW_MS);
        for (int i = 0; i < rows.count; i++) {
            const struct cell *cell = &rows.cells[3 * i];
            int row = find_row(&answer, fixture->arena, cell[0].integer * 7 - 3);
            const struct rate *rate = &answer.groups[answer.group_count].rows[row].cell[k];
            assert_int_equal(rate->n, cell[1].integer);
            assert_int_equal(rate->hits, cell[2].integer);
            compared++;
        }
    }
    assert_true(compared > 30);
    world_release(&world);
}

static void calendar_equals_sql(struct world_of_events *world, enum period period, bool recurring)
{
    struct fixture *fixture = world->fixture;
    struct retention_answer answer;
    const struct retention_question question = {.common = {.now_ms = NOW_MS},
                                                .start = STR("step_sent"),
                                                .back = STR("commitment_made"),
                                                .period = period,
                                                .cells = 9,
                                                .calendar = true,
                                                .recurring = recurring};
    assert_ok(
        behaviour_retention(world->log, fixture->arena, &question, &answer, &fixture->detail));
    bool days = period == PERIOD_DAY;
    const char *of_start = days ? "e.at_ms / 86400000" : "(e.at_ms / 86400000 + 3) / 7";
    const char *of_back = days ? "b.at_ms / 86400000" : "(b.at_ms / 86400000 + 3) / 7";
    for (int k = 0; k < answer.cell_count; k++) {
        struct rows rows = world_ask(
            world,
            "WITH every AS (SELECT e.user_id, %s AS period, min(e.at_ms) AS at_ms FROM events AS e "
            "JOIN users AS u ON u.id = e.user_id WHERE e.type = 'step_sent' AND u.is_test = 0 AND "
            "u.is_erased = 0 AND e.at_ms <= %lld GROUP BY 1, 2), start AS (SELECT * FROM every AS "
            "s "
            "WHERE %d = 1 OR NOT EXISTS (SELECT 1 FROM every AS t WHERE t.user_id = s.user_id AND "
            "t.period < s.period)) SELECT period, count(*), count(CASE WHEN EXISTS (SELECT 1 FROM "
            "events AS b WHERE b.user_id = start.user_id AND b.type = 'commitment_made' AND (%d = "
            "1 "
            "OR b.at_ms >= start.at_ms) AND b.at_ms <= %lld AND %s = start.period + %d) THEN 1 "
            "END) "
            "FROM start GROUP BY 1",
            of_start, (long long)NOW_MS, recurring, recurring, (long long)NOW_MS, of_back, k);
        assert_true(rows.count > 3);
        for (int i = 0; i < rows.count; i++) {
            const struct cell *cell = &rows.cells[3 * i];
            int64_t day = period == PERIOD_DAY ? cell[0].integer : cell[0].integer * 7 - 3;
            int row = find_row(&answer, fixture->arena, day);
            const struct retention_row *cohort = &answer.groups[answer.group_count].rows[row];
            assert_int_equal(cohort->people, cell[1].integer);
            assert_int_equal(k < cohort->cells ? cohort->cell[k].hits : 0, cell[2].integer);
        }
    }
}

static void calendar_retention_equals_sql(void **state)
{
    FIXTURE;
    struct world_of_events world;
    world_fill(&world, fixture, 31);
    world_load(&world);
    calendar_equals_sql(&world, PERIOD_DAY, false);
    calendar_equals_sql(&world, PERIOD_DAY, true);
    calendar_equals_sql(&world, PERIOD_WEEK, false);
    calendar_equals_sql(&world, PERIOD_WEEK, true);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(funnels_equal_sql, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(groups_equal_sql, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(own_retention_equals_sql, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(calendar_retention_equals_sql, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("behaviour", tests, NULL, NULL);
}
