/* What an experiment's analysis reads from the store equals a walk over everything that its people
 * did, at each of many looks: for every metric and guardrail, on both stores. */
#include "store_fixture.h"

#include <math.h>
#include <stdlib.h>

#include "bi/experiments/analysis.h"

#define FIXTURE    struct fixture *fixture = *state
#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

enum { PEOPLE = 600, EVENTS_MAX = 14, LOOKS = 12 };

#define LIKELY_B "{\"experiment\":\"task\",\"variant\":\"b\",\"propensity\":0.8000}"

static const int64_t BEGIN_MS = NOW_MS;
static const int64_t WINDOW_MS = 6 * HOUR_MS;

struct one {
    struct person *person;
    struct event events[EVENTS_MAX];
    int count;
};

struct all {
    struct one people[PEOPLE];
    uint64_t seed;
};

static uint64_t draw(struct all *all, uint64_t below)
{
    all->seed ^= all->seed << 13;
    all->seed ^= all->seed >> 7;
    all->seed ^= all->seed << 17;
    return all->seed % below;
}

/* In the order of their instants, as an engine writes them. */
static void add(struct fixture *fixture, struct all *all, struct one *one, int64_t at_ms)
{
    static const enum event_type types[] = {
        EVENT_EXPERIMENT_EXPOSED,
        EVENT_STEP_COMPLETED,
        EVENT_COMMITMENT_MADE,
        EVENT_BLOCKED,
        EVENT_COMMITMENT_COMPLETED,
        EVENT_STOPPED,
        EVENT_TRACKED,
        EVENT_MESSAGE_RECEIVED,
        EVENT_EXPERIMENT_EXPOSED,
    };
    static const char *const exposures[] = {"{\"experiment\":\"task\",\"variant\":\"a\"}",
                                            "{\"experiment\":\"task\",\"variant\":\"b\"}", LIKELY_B,
                                            "{\"experiment\":\"other\",\"variant\":\"a\"}"};
    enum event_type type = types[draw(all, sizeof(types) / sizeof(types[0]))];
    struct event event = fixture_event(fixture, one->person, type, at_ms);
    event.ref_id = 5 + (int64_t)draw(all, 2);
    event.step = draw(all, 3) > 0 ? STR("first_win") : STR("feeling");
    event.revenue = 0;
    event.data = STR_NONE;
    if (type == EVENT_EXPERIMENT_EXPOSED) {
        event.data = str_of(exposures[draw(all, 4)]);
    } else if (type == EVENT_TRACKED) {
        event.data = draw(all, 2) == 0 ? STR("{\"event\":\"Order Completed\"}")
                                       : STR("{\"event\":\"Looked\"}");
        event.revenue = (double)draw(all, 40) / 4;
    } else if (type == EVENT_BLOCKED && draw(all, 2) == 0) {
        event.rule = STR("report.complained");
    }
    one->events[one->count++] = event;
}

static void make(struct fixture *fixture, struct all *all, int index)
{
    struct one *one = &all->people[index];
    one->person = fixture_person(fixture);
    one->person->user.is_test = draw(all, 15) == 0;
    int count = (int)draw(all, EVENTS_MAX + 1);
    int64_t at_ms = BEGIN_MS - (int64_t)draw(all, 40) * DAY_MS / 4;
    for (int i = 0; i < count; i++) {
        at_ms += (int64_t)draw(all, 90) * 10 * MINUTE_MS * (i < 3 ? 8 : 1);
        add(fixture, all, one, at_ms);
    }
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_people_save(fixture->store, &one->person, 1, &fixture->detail));
    assert_ok(store_events_append(fixture->store, one->events, one->count, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
}

/* ---- the walk ---- */

static bool is_hit(const struct event *event, const struct event *exposed, const char *metric,
                   double *ret_value)
{
    *ret_value = 1;
    switch (metric[0]) {
    case 's': /* step_completion */
        return event->type == EVENT_STEP_COMPLETED && event->ref_id == exposed->ref_id &&
               str_equal(event->step, exposed->step);
    case 'c': /* conversion */
        return event->type == EVENT_COMMITMENT_MADE;
    case 'e': /* event:Order Completed */
        return event->type == EVENT_TRACKED &&
               str_is(event->data, "{\"event\":\"Order Completed\"}");
    case 'b':
        return event->type == EVENT_BLOCKED;
    case 'o':
        return event->type == EVENT_STOPPED;
    case 'x': /* complaints */
        return event->type == EVENT_BLOCKED && str_is(event->rule, "report.complained");
    default: /* revenue */
        *ret_value = event->revenue;
        return event->revenue > 0;
    }
}

static double outcome_of(const struct one *one, const struct event *exposed, const char *metric)
{
    double sum = 0;
    for (int i = 0; i < one->count; i++) {
        const struct event *event = &one->events[i];
        double value;
        if (event->at_ms >= exposed->at_ms && event->at_ms < exposed->at_ms + WINDOW_MS &&
            is_hit(event, exposed, metric, &value)) {
            sum += value;
        }
    }
    return metric[0] == 'r' ? sum : sum > 0;
}

static double history_of(const struct one *one, const struct event *exposed)
{
    int count = 0;
    for (int i = 0; i < one->count; i++) {
        const struct event *event = &one->events[i];
        count += event_type_is_activity(event->type) && event->at_ms < exposed->at_ms &&
                 event->at_ms >= exposed->at_ms - 28 * DAY_MS;
    }
    return count;
}

static const struct event *exposure_of(const struct one *one)
{
    for (int i = 0; i < one->count; i++) {
        const struct event *event = &one->events[i];
        if (event->type == EVENT_EXPERIMENT_EXPOSED &&
            str_starts(event->data, STR("{\"experiment\":\"task\""))) {
            return event;
        }
    }
    return NULL;
}

static void walk(const struct all *all, const char *metric, int64_t now_ms, int64_t to_ms,
                 int64_t *ret_exposed, struct paired_sums *ret_sums,
                 struct weighted_sums *ret_judged)
{
    for (int arm = 0; arm < 2; arm++) {
        ret_judged[arm] = (struct weighted_sums){0};
        ret_exposed[arm] = 0;
        ret_sums[arm] = (struct paired_sums){0};
    }
    for (int i = 0; i < PEOPLE; i++) {
        const struct one *one = &all->people[i];
        const struct event *exposed = exposure_of(one);
        if (exposed == NULL || one->person->user.is_test || exposed->at_ms < BEGIN_MS ||
            exposed->at_ms >= to_ms) {
            continue;
        }
        bool is_likely = str_is(exposed->data, LIKELY_B);
        int arm = is_likely || str_is(exposed->data, "{\"experiment\":\"task\",\"variant\":\"b\"}");
        ret_exposed[arm]++;
        if (exposed->at_ms + WINDOW_MS <= now_ms) {
            double y = outcome_of(one, exposed, metric);
            double x = history_of(one, exposed);
            struct paired_sums *sums = &ret_sums[arm];
            sums->people++;
            sums->y += y;
            sums->yy += y * y;
            sums->x += x;
            sums->xx += x * x;
            sums->xy += x * y;
            if (is_likely) {
                ret_judged[arm].w += 1 / 0.8;
                ret_judged[arm].ww += 1 / 0.64;
                ret_judged[arm].yw += y / 0.8;
                ret_judged[arm].yww += y / 0.64;
                ret_judged[arm].yyww += y * y / 0.64;
            }
        }
    }
}

static void same(double value, double expected)
{
    assert_true(fabs(value - expected) <= 1e-9 * fmax(1, fabs(expected)));
}

static void same_weighted(const struct weighted_sums *sums, const struct weighted_sums *expected)
{
    same(sums->w, expected->w);
    same(sums->ww, expected->ww);
    same(sums->yw, expected->yw);
    same(sums->yww, expected->yww);
    same(sums->yyww, expected->yyww);
}

static int64_t check_look(struct fixture *fixture, const struct all *all,
                          const struct experiment *experiment, const char *metric, int64_t now_ms)
{
    static const char *const guards[] = {"blocks", "opt-outs", "x"};
    int64_t to_ms = experiment->ended_at_ms > 0 ? experiment->ended_at_ms : now_ms + 1;
    struct analysis analysis;
    int64_t exposed[2];
    struct paired_sums sums[2];
    struct weighted_sums judged[2];
    assert_ok(analysis_read(fixture->store, fixture->arena, experiment, now_ms, &analysis,
                            &fixture->detail));
    for (int guard = 0; guard < GUARD_COUNT; guard++) {
        walk(all, guards[guard], now_ms, to_ms, exposed, sums, judged);
        for (int arm = 0; arm < 2; arm++) {
            same(analysis.arms[arm].guards_judged[guard].yw, judged[arm].yw);
            same(analysis.arms[arm].guards[guard].people, sums[arm].people);
            same(analysis.arms[arm].guards[guard].sum, sums[arm].y);
        }
    }
    walk(all, metric, now_ms, to_ms, exposed, sums, judged);
    for (int arm = 0; arm < 2; arm++) {
        same_weighted(&analysis.arms[arm].judged, &judged[arm]);
        assert_true(analysis.arms[arm].shown.w >= judged[arm].w - 1e-9);
        assert_int_equal(analysis.arms[arm].exposed, exposed[arm]);
        same(analysis.arms[arm].outcome.people, sums[arm].people);
        same(analysis.arms[arm].outcome.sum, sums[arm].y);
        same(analysis.arms[arm].outcome.sum_squares, sums[arm].yy);
    }
    same(analysis.theta, cuped_theta(sums, 2));
    return analysis.people;
}

/* ---- looks since the start ---- */

static void same_unless_unknown(double value, double expected)
{
    assert_int_equal(isfinite(value), isfinite(expected));
    if (isfinite(value)) {
        same(value, expected);
    }
}

/* What would have been said at the look's instant, while the experiment may still have run. */
static void check_past(struct fixture *fixture, const struct all *all, const char *metric,
                       const struct analysis *look)
{
    struct experiment then = *look->experiment;
    then.ended_at_ms = then.ended_at_ms < look->now_ms ? then.ended_at_ms : 0;
    check_look(fixture, all, &then, metric, look->now_ms);
    struct analysis said;
    assert_ok(analysis_read(fixture->store, fixture->arena, &then, look->now_ms, &said,
                            &fixture->detail));
    assert_int_equal(look->people, said.people);
    assert_int_equal(look->verdict, said.verdict);
    same(look->split_p, said.split_p);
    same(look->theta, said.theta);
    for (int arm = 0; arm < 2; arm++) {
        const struct arm_result *a = &look->arms[arm];
        const struct arm_result *b = &said.arms[arm];
        assert_int_equal(a->exposed, b->exposed);
        same(a->outcome.sum, b->outcome.sum);
        same_unless_unknown(a->effect.difference, b->effect.difference);
        same_unless_unknown(a->effect.low, b->effect.low);
        same_unless_unknown(a->effect.high, b->effect.high);
        same_unless_unknown(a->effect.e_value, b->effect.e_value);
        same_unless_unknown(a->chance.best, b->chance.best);
        same_unless_unknown(a->chance.loss, b->chance.loss);
    }
}

/* Returns how many looks had bounds. */
static int check_looks(struct fixture *fixture, const struct all *all,
                       const struct experiment *experiment, const char *metric, int64_t now_ms)
{
    struct over_time over_time;
    int bounded = 0;
    assert_ok(analysis_over_time(fixture->store, fixture->arena, experiment, now_ms, &over_time,
                                 &fixture->detail));
    assert_in_range(over_time.count, 1, LOOKS_MAX);
    int64_t before_ms = experiment->started_at_ms;
    for (int i = 0; i < over_time.count; i++) {
        const struct analysis *look = &over_time.looks[i];
        bool is_last = i == over_time.count - 1;
        assert_true(look->now_ms > before_ms);
        assert_true(is_last || look->now_ms == before_ms + over_time.step_ms);
        assert_true(look->now_ms <= before_ms + over_time.step_ms);
        before_ms = look->now_ms;
        bounded += isfinite(look->arms[1].effect.low);
        if (is_last || i == over_time.count / 2) {
            check_past(fixture, all, metric, look);
        }
    }
    int64_t end_ms = experiment->ended_at_ms > 0 ? experiment->ended_at_ms + WINDOW_MS : INT64_MAX;
    assert_int_equal(before_ms, now_ms < end_ms ? now_ms : end_ms);
    return bounded;
}

static void each_look_says_what_was_said_then(void **state)
{
    FIXTURE;
    static const char *const metrics[] = {"step_completion", "revenue"};
    static const int64_t nows_ms[] = {17 * HOUR_MS, 71 * HOUR_MS + 5, 70 * DAY_MS};
    static const int64_t steps_ms[] = {HOUR_MS, 2 * HOUR_MS, 2 * DAY_MS};
    struct all *all = calloc(1, sizeof(*all));
    int bounded = 0;
    all->seed = 7;
    for (int i = 0; i < PEOPLE; i++) {
        make(fixture, all, i);
    }
    for (size_t i = 0; i < sizeof(nows_ms) / sizeof(nows_ms[0]); i++) {
        struct experiment experiment = {.name = STR("task"),
                                        .coverage = 1,
                                        .arms = {{STR("a"), 0.5}, {STR("b"), 0.5}},
                                        .arm_count = 2,
                                        .metric = str_of(metrics[i % 2]),
                                        .window_ms = WINDOW_MS,
                                        .min_people = 100,
                                        .started_at_ms = BEGIN_MS};
        int64_t now_ms = BEGIN_MS + nows_ms[i];
        assert_int_equal(looks_since_start(&experiment, now_ms).step_ms, steps_ms[i]);
        bounded += check_looks(fixture, all, &experiment, metrics[i % 2], now_ms);
        experiment.ended_at_ms = BEGIN_MS + 15 * HOUR_MS;
        bounded += check_looks(fixture, all, &experiment, metrics[i % 2],
                               now_ms > experiment.ended_at_ms ? now_ms : now_ms + DAY_MS);
    }
    assert_true(bounded > 20);
    free(all);
}

static void the_query_counts_as_a_walk_does(void **state)
{
    FIXTURE;
    static const char *const metrics[] = {"step_completion", "conversion", "revenue",
                                          "event:Order Completed"};
    struct all *all = calloc(1, sizeof(*all));
    all->seed = 20261123;
    for (int i = 0; i < PEOPLE; i++) {
        make(fixture, all, i);
    }
    int64_t most = 0;
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        struct experiment experiment = {.name = STR("task"),
                                        .coverage = 1,
                                        .arms = {{STR("a"), 0.5}, {STR("b"), 0.5}},
                                        .arm_count = 2,
                                        .metric = str_of(metrics[i]),
                                        .window_ms = WINDOW_MS,
                                        .min_people = 100,
                                        .started_at_ms = BEGIN_MS};
        for (int look = 1; look <= LOOKS; look++) {
            experiment.ended_at_ms = look > LOOKS / 2 ? BEGIN_MS + LOOKS * HOUR_MS * 6 : 0;
            int64_t people =
                check_look(fixture, all, &experiment, metrics[i], BEGIN_MS + look * 12 * HOUR_MS);
            most = people > most ? people : most;
        }
    }
    assert_true(most > 20);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(the_query_counts_as_a_walk_does),
                                       CASE(each_look_says_what_was_said_then)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
