/* Activity, lifecycle, times, power, hours and paths of the behaviour log on random people equal
 * their definitions in plain SQL on the same store. */
#include "behaviour_world.h"

#include <math.h>
#include <stdlib.h>

#include "base/calendar.h"
#include "bi/behaviour/activity.h"
#include "bi/behaviour/hours.h"
#include "bi/behaviour/paths.h"
#include "bi/behaviour/power.h"
#include "bi/behaviour/times.h"
#include "bi/stats.h"

#define FIXTURE struct fixture *fixture = *state

/* Of everybody who is meant, in order; `active` is what people did. */
static const char EVENTS[] =
    "ev AS MATERIALIZED (SELECT e.user_id, e.at_ms, e.type, row_number() OVER (PARTITION BY "
    "e.user_id ORDER BY e.at_ms, e.id) AS place, CASE WHEN e.type IN ('message_received', "
    "'commitment_made', 'step_completed') THEN 1 ELSE 0 END AS active FROM events AS e JOIN users "
    "AS u ON u.id = e.user_id WHERE u.is_test = 0 AND u.is_erased = 0)";

static void begin(struct world_of_events *world, struct fixture *fixture, uint64_t seed)
{
    world_fill(world, fixture, seed);
    world_load(world);
}

/* ---- activity ------------------------------------------------------------------------------- */

static struct str first_day(struct arena *arena, enum period period, int64_t number)
{
    int year;
    int month;
    int day;
    calendar_civil(period == PERIOD_DAY ? number : number * 7 - 3, &year, &month, &day);
    return arena_printf(arena, "%04d-%02d-%02d", year, month, day);
}

/* Only periods with anybody are in SQL's answer: the rows are gone through together. */
static int64_t value_of(const struct rows *rows, int64_t period, int column)
{
    for (int i = 0; i < rows->count; i++) {
        if (rows->cells[i * rows->columns].integer == period) {
            return rows->cells[i * rows->columns + column].integer;
        }
    }
    return 0;
}

static void activity_equals(struct world_of_events *world, enum period period, int64_t from_ms)
{
    struct fixture *fixture = world->fixture;
    const struct activity_question question = {
        .common = {.now_ms = NOW_MS, .from_ms = from_ms, .threads = 2}, .period = period};
    struct activity_answer answer;
    assert_ok(behaviour_activity(world->log, fixture->arena, &question, &answer, &fixture->detail));
    const char *number =
        period == PERIOD_DAY ? "(at_ms / 86400000)" : "((at_ms / 86400000 + 3) / 7)";
    struct rows active = world_ask(
        world,
        "WITH %s, a AS (SELECT DISTINCT user_id, %s AS p FROM ev WHERE active = 1) SELECT p, "
        "count(*), count(CASE WHEN NOT EXISTS (SELECT 1 FROM a AS b WHERE b.user_id = a.user_id "
        "AND b.p < a.p) THEN 1 END), count(CASE WHEN EXISTS (SELECT 1 FROM a AS b WHERE b.user_id "
        "= a.user_id AND b.p = a.p - 1) THEN 1 END) FROM a GROUP BY p",
        EVENTS, number);
    struct rows dormant = world_ask(
        world,
        "WITH %s, a AS (SELECT DISTINCT user_id, %s AS p FROM ev WHERE active = 1) SELECT p + 1, "
        "count(*) FROM a WHERE NOT EXISTS (SELECT 1 FROM a AS b WHERE b.user_id = a.user_id AND "
        "b.p = a.p + 1) GROUP BY 1",
        EVENTS, number);
    int64_t today = NOW_MS / DAY_MS;
    int64_t last = period == PERIOD_DAY ? today : (today + 3) / 7;
    assert_true(answer.row_count > 5);
    for (int i = 0; i < answer.row_count; i++) {
        int64_t p = last - answer.row_count + 1 + i;
        const struct activity_row *row = &answer.groups[answer.group_count].rows[i];
        assert_true(str_equal(row->period, first_day(fixture->arena, period, p)));
        assert_int_equal(row->active, value_of(&active, p, 1));
        assert_int_equal(row->fresh, value_of(&active, p, 2));
        assert_int_equal(row->returning, value_of(&active, p, 3));
        assert_int_equal(row->resurrected, row->active - row->fresh - row->returning);
        assert_int_equal(row->dormant, value_of(&dormant, p, 1));
        if (period == PERIOD_DAY && i % 5 == 0) {
            struct rows stretches = world_ask(
                world,
                "WITH %s SELECT count(DISTINCT CASE WHEN at_ms >= %lld THEN user_id END), "
                "count(DISTINCT user_id) FROM ev WHERE active = 1 AND at_ms >= %lld AND at_ms < "
                "%lld",
                EVENTS, (long long)((p - 6) * DAY_MS), (long long)((p - 29) * DAY_MS),
                (long long)((p + 1) * DAY_MS));
            assert_int_equal(row->wau, stretches.cells[0].integer);
            assert_int_equal(row->mau, stretches.cells[1].integer);
        }
    }
}

static void activity_equals_sql(void **state)
{
    FIXTURE;
    struct world_of_events world;
    begin(&world, fixture, 41);
    activity_equals(&world, PERIOD_DAY, 0);
    activity_equals(&world, PERIOD_DAY, NOW_MS - 20 * DAY_MS);
    activity_equals(&world, PERIOD_WEEK, 0);
    activity_equals(&world, PERIOD_WEEK, NOW_MS - 40 * DAY_MS);
    world_release(&world);
}

/* ---- times ---------------------------------------------------------------------------------- */

static int compare_numbers(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double interpolated(const double *sorted, int64_t count, double share)
{
    struct quantile_place place = quantile_place(count, share);
    double low = sorted[place.index];
    return place.weight > 0 ? low + (sorted[place.index + 1] - low) * place.weight : low;
}

static void times_equal(struct world_of_events *world, const char *from, const char *to,
                        int64_t window_ms, bool first)
{
    struct fixture *fixture = world->fixture;
    const struct times_question question = {.common = {.now_ms = NOW_MS, .threads = 3},
                                            .steps =
                                                arena_printf(fixture->arena, "%s > %s", from, to),
                                            .window_ms = window_ms,
                                            .first = first};
    struct times_answer answer;
    assert_ok(behaviour_times(world->log, fixture->arena, &question, &answer, &fixture->detail));
    struct rows rows = world_ask(
        world,
        "WITH %s SELECT (SELECT b.at_ms FROM ev AS b WHERE b.user_id = a.user_id AND b.place > "
        "a.place AND b.type = '%s' ORDER BY b.place LIMIT 1) - a.at_ms AS took FROM ev AS a WHERE "
        "a.type = '%s' AND (%d = 0 OR NOT EXISTS (SELECT 1 FROM ev AS c WHERE c.user_id = "
        "a.user_id AND c.type = a.type AND c.place < a.place))",
        EVENTS, to, from, first);
    double *took = ARENA_ARRAY(fixture->arena, double, (size_t)rows.count + 1);
    int64_t count = 0;
    int64_t within[TIMES_BUCKETS] = {0};
    double sum = 0;
    for (int i = 0; i < rows.count; i++) {
        int64_t ms = rows.cells[i].integer;
        if (rows.cells[i].type == CELL_NULL || (window_ms > 0 && ms > window_ms)) {
            continue;
        }
        took[count++] = (double)ms;
        sum += (double)ms;
        int bucket = 0;
        while (ms > times_bucket_ms(bucket)) {
            bucket++;
        }
        within[bucket]++;
    }
    const struct times_group *group = &answer.groups[answer.group_count];
    assert_int_equal(group->started, rows.count);
    assert_int_equal(group->followed, count);
    assert_true(count > 10);
    qsort(took, (size_t)count, sizeof(*took), compare_numbers);
    assert_true(fabs(group->mean_ms - sum / (double)count) < 1e-3);
    assert_true(fabs(group->median_ms - interpolated(took, count, 0.5)) < 1e-6);
    assert_true(fabs(group->p90_ms - interpolated(took, count, 0.9)) < 1e-6);
    for (int i = 0; i < TIMES_BUCKETS; i++) {
        assert_int_equal(group->bucket[i], within[i]);
    }
}

static void all_times_equal(struct fixture *fixture, uint64_t seed)
{
    struct world_of_events world;
    begin(&world, fixture, seed);
    assert_int_equal(world.log->at_ms == NULL, world.whole_seconds);
    times_equal(&world, "step_sent", "step_completed", 0, false);
    times_equal(&world, "step_sent", "step_completed", 0, true);
    times_equal(&world, "commitment_made", "commitment_made", 0, false);
    times_equal(&world, "commitment_made", "message_received", 3 * DAY_MS, false);
    times_equal(&world, "commitment_made", "step_sent", 6 * DAY_MS, true);
    world_release(&world);
}

static void times_equal_sql(void **state)
{
    FIXTURE;
    all_times_equal(fixture, 51);
}

static void times_of_whole_seconds_equal_sql(void **state)
{
    FIXTURE;
    all_times_equal(fixture, 52);
}

/* ---- power, hours, paths -------------------------------------------------------------------- */

static void power_equals_sql(void **state)
{
    FIXTURE;
    struct world_of_events world;
    begin(&world, fixture, 61);
    const struct power_question question = {.common = {.now_ms = NOW_MS, .threads = 2}};
    struct power_answer answer;
    assert_ok(behaviour_power(world.log, fixture->arena, &question, &answer, &fixture->detail));
    const struct power_group *group = &answer.groups[answer.group_count];
    static const char of_people[] =
        "n AS (SELECT u.id, (SELECT count(*) FROM ev WHERE ev.user_id = u.id AND active = 1) AS n "
        "FROM users AS u WHERE u.is_test = 0 AND u.is_erased = 0)";
    struct rows rows = world_ask(&world,
                                 "WITH %s, %s SELECT count(*), sum(n) * 1.0, max(n), (SELECT "
                                 "sum(abs(a.n - b.n)) * 1.0 FROM n AS a CROSS JOIN n AS b) FROM n",
                                 EVENTS, of_people);
    double people = rows.cells[0].real;
    double events = rows.cells[1].real;
    assert_int_equal(group->people, rows.cells[0].integer);
    assert_int_equal(group->events, (int64_t)events);
    assert_int_equal(group->most, rows.cells[2].integer);
    assert_true(fabs(group->gini - rows.cells[3].real / (2 * people * events)) < 1e-9);
    assert_true(fabs(group->lorenz[POWER_LORENZ_POINTS - 1] - 1) < 1e-12);
    for (int top = 0; top < POWER_TOPS; top++) {
        int64_t most = group->people * power_top_permille(top) / 1000;
        assert_int_equal(group->top_people[top], most);
        assert_int_equal(
            group->top_events[top],
            world_number(&world,
                         "WITH %s, %s SELECT CAST(coalesce(sum(n), 0) AS bigint) FROM (SELECT n "
                         "FROM n ORDER BY n DESC LIMIT %lld) AS t",
                         EVENTS, of_people, (long long)most));
    }
    world_release(&world);
}

static void hours_equal_sql(void **state)
{
    FIXTURE;
    struct world_of_events world;
    begin(&world, fixture, 71);
    const struct hours_question question = {.common = {.now_ms = NOW_MS, .by = STR("language")}};
    struct hours_answer answer;
    assert_ok(behaviour_hours(world.log, fixture->arena, &question, &answer, &fixture->detail));
    struct rows rows =
        world_ask(&world,
                  "WITH %s SELECT (at_ms / 86400000 + 3) %% 7 * 24 + at_ms / 3600000 "
                  "%% 24, count(*) FROM ev WHERE active = 1 GROUP BY 1",
                  EVENTS);
    assert_true(rows.count > 100);
    for (int hour = 0; hour < HOURS_OF_WEEK; hour++) {
        int64_t of_groups = 0;
        for (int i = 0; i < answer.group_count; i++) {
            of_groups += answer.groups[i].events[hour];
        }
        assert_int_equal(of_groups, value_of(&rows, hour, 1));
        assert_int_equal(answer.groups[answer.group_count].events[hour], of_groups);
    }
    world_release(&world);
}

static void paths_equal(struct world_of_events *world, bool before)
{
    struct fixture *fixture = world->fixture;
    const struct paths_question question = {.common = {.now_ms = NOW_MS, .threads = 2},
                                            .around = STR("step_sent"),
                                            .before = before,
                                            .steps = 2,
                                            .count = PATHS_MAX};
    struct paths_answer answer;
    assert_ok(behaviour_paths(world->log, fixture->arena, &question, &answer, &fixture->detail));
    /* Steps are numbered; those around an event follow (are) the number of steps before it. */
    struct rows rows = world_ask(
        world,
        "WITH %s, t AS MATERIALIZED (SELECT user_id, type, place, row_number() OVER (PARTITION BY "
        "user_id ORDER BY place) AS n FROM ev WHERE active = 1), e AS (SELECT ev.user_id, (SELECT "
        "count(*) FROM t WHERE t.user_id = ev.user_id AND t.place < ev.place) AS n FROM ev WHERE "
        "ev.type = 'step_sent') SELECT coalesce(a.type, ''), coalesce(b.type, ''), count(*) FROM e "
        "LEFT JOIN t AS a ON a.user_id = e.user_id AND a.n = e.n + %d LEFT JOIN t AS b ON "
        "b.user_id "
        "= e.user_id AND b.n = e.n + %d GROUP BY 1, 2",
        EVENTS, before ? 0 : 1, before ? -1 : 2);
    const struct paths_group *group = &answer.groups[answer.group_count];
    int64_t times = 0;
    assert_true(rows.count > 5);
    assert_int_equal(group->path_count, rows.count);
    for (int i = 0; i < rows.count; i++) {
        const struct cell *cell = &rows.cells[3 * i];
        int64_t found = -1;
        for (int k = 0; k < group->path_count; k++) {
            const struct path *path = &group->paths[k];
            struct str first = path->step_count > 0 ? path->steps[0] : STR("");
            struct str second = path->step_count > 1 ? path->steps[1] : STR("");
            if (str_equal(first, cell[0].text) && str_equal(second, cell[1].text)) {
                found = path->times;
            }
        }
        assert_int_equal(found, cell[2].integer);
        times += cell[2].integer;
    }
    assert_int_equal(group->times, times);
}

static void paths_equal_sql(void **state)
{
    FIXTURE;
    struct world_of_events world;
    begin(&world, fixture, 81);
    paths_equal(&world, false);
    paths_equal(&world, true);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(activity_equals_sql, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(times_equal_sql, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(times_of_whole_seconds_equal_sql, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(power_equals_sql, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(hours_equal_sql, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(paths_equal_sql, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("behaviour_habits", tests, NULL, NULL);
}
