/* Every figure on random people equals one reckoned by walking over all of them: the SQL of the
 * metrics and this walk have nothing in common but the definitions. */
#include "bi/metrics.h"
#include "core/delivery.h"

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

enum { PEOPLE = 160, EVENTS_MAX = 30, FEEDBACK_MAX = 3 };
static const int64_t NOW_MS = 1764000000000;

struct one {
    struct person person;
    struct event events[EVENTS_MAX];
    int event_count;
    struct feedback feedback[FEEDBACK_MAX];
    int64_t feedback_at_ms[FEEDBACK_MAX];
    int feedback_count;
};

struct world_of_test {
    char folder[64];
    char path[96];
    struct store *store;
    struct arena *arena;
    struct err_detail detail;
    uint64_t seed;
    struct id_source ids;
    struct one *all;
    struct catalog *catalog;
    int64_t no_answer_ms[METRICS_STEPS]; /* what its superior onboarding says */
};

static uint64_t draw(struct world_of_test *test, uint64_t below)
{
    test->seed ^= test->seed << 13;
    test->seed ^= test->seed >> 7;
    test->seed ^= test->seed << 17;
    return test->seed % below;
}

/* ---- making people
 * -------------------------------------------------------------------------------- */

static void make_commitment(struct world_of_test *test, struct one *one)
{
    struct user *user = &one->person.user;
    struct commitment *commitment = person_add_commitment(test->arena, &one->person);
    int64_t age_ms = NOW_MS - user->joined_at_ms;
    commitment->id = id_next(&test->ids, NOW_MS, id_slot(user->id));
    commitment->user_id = user->id;
    commitment->text = STR("x");
    bool onboarding = draw(test, 4) == 0;
    commitment->source = onboarding ? STR("onboarding") : STR("chat");
    commitment->created_at_ms = user->joined_at_ms + (int64_t)draw(test, (uint64_t)age_ms);
    commitment->due_at_ms = commitment->created_at_ms + DAY_MS;
    commitment->state = (enum commitment_state)draw(test, 4);
    user->commitments_total++;
    user->commitments_outside += !onboarding;
    if (user->first_commitment_at_ms == 0 ||
        commitment->created_at_ms < user->first_commitment_at_ms) {
        user->first_commitment_at_ms = commitment->created_at_ms;
    }
    if (commitment->state == COMMITMENT_COMPLETED) {
        /* Often within a day, and often exactly a day. */
        static const int64_t takes_ms[] = {HOUR_MS, 3 * HOUR_MS, DAY_MS, DAY_MS + 1, 3 * DAY_MS};
        int64_t took_ms = takes_ms[draw(test, 5)];
        commitment->completed_at_ms = commitment->created_at_ms + took_ms;
        user->commitments_completed++;
        user->commitments_outside_completed += !onboarding;
        user->commitments_quick += took_ms <= DAY_MS;
        user->completion_ms_sum += took_ms;
    }
    user->commitments_missed += commitment->state == COMMITMENT_MISSED;
    user->commitments_dropped += commitment->state == COMMITMENT_DROPPED;
}

static void make_run(struct world_of_test *test, struct one *one)
{
    struct user *user = &one->person.user;
    struct run *run = person_add_run(test->arena, &one->person);
    run->id = id_next(&test->ids, NOW_MS, id_slot(user->id));
    run->user_id = user->id;
    static const char *const journeys[] = {"superior_onboarding", "micro_onboarding", "onboarding"};
    run->journey = str_of(journeys[draw(test, 3)]);
    run->sequence = run->journey;
    run->outcome = (enum run_outcome)draw(test, 5);
    run->phase = run->outcome == RUN_ACTIVE ? PHASE_WAITING : PHASE_ENDED;
    run->entered_at_ms = NOW_MS - (int64_t)draw(test, 20 * DAY_MS);
    run->variants = draw(test, 2) == 0 ? STR("{\"first_win_task\":\"smile\"}")
                                       : STR("{\"first_win_task\":\"breathing\"}");
    int steps = (int)draw(test, 5);
    for (int i = 0; i < steps; i++) {
        run->step_sent_at_ms[i] = NOW_MS - (int64_t)draw(test, 2 * DAY_MS);
        if (draw(test, 3) > 0) {
            run->step_completed_at_ms[i] = run->step_sent_at_ms[i] + MINUTE_MS;
        }
    }
}

static void make_events(struct world_of_test *test, struct one *one)
{
    struct user *user = &one->person.user;
    int64_t age_ms = NOW_MS - user->joined_at_ms;
    one->event_count = (int)draw(test, EVENTS_MAX);
    for (int i = 0; i < one->event_count; i++) {
        struct event *event = &one->events[i];
        event->at_ms = user->joined_at_ms + (int64_t)draw(test, (uint64_t)age_ms);
        event->id = id_next(&test->ids, NOW_MS, id_slot(user->id));
        event->user_id = user->id;
        event->type = (enum event_type)draw(test, EVENT_TYPE_COUNT);
        event->previous_event_id = user->event_last_id;
        if (event->type == EVENT_TRACKED) {
            static const char *const data[] = {"{\"event\":\"Support Requested\"}",
                                               "{\"event\":\"Help Repeated\"}",
                                               "{\"event\":\"Order Completed\"}"};
            event->data = str_of(data[draw(test, 3)]);
            event->revenue = (double)draw(test, 40) / 4;
        }
        user->event_last_id = event->id;
        if (event_type_is_activity(event->type) && event->at_ms > user->activity_last_at_ms) {
            user->activity_last_at_ms = event->at_ms;
        }
    }
    one->feedback_count = (int)draw(test, FEEDBACK_MAX + 1);
    for (int i = 0; i < one->feedback_count; i++) {
        one->feedback[i] = (struct feedback){.user_id = user->id,
                                             .rating = (int)draw(test, 3) - 1,
                                             .is_problem = draw(test, 2) == 0};
        one->feedback_at_ms[i] = NOW_MS - (int64_t)draw(test, 20 * DAY_MS);
    }
}

static void make_person(struct world_of_test *test, struct one *one)
{
    int64_t joined_ms = NOW_MS - HOUR_MS - (int64_t)draw(test, 100 * DAY_MS);
    person_init(&one->person, id_next(&test->ids, joined_ms, (uint8_t)draw(test, 256)), joined_ms);
    struct user *user = &one->person.user;
    static const char *const sources[] = {"", "blog", "friend"};
    user->source = str_of(sources[draw(test, 3)]);
    str_copy(user->language, sizeof(user->language), draw(test, 2) == 0 ? STR("en") : STR("de"));
    user->is_test = draw(test, 12) == 0;
    user->is_erased = draw(test, 12) == 0;
    user->onboarding_completed = draw(test, 3) == 0;
    user->existing = draw(test, 20) == 0;
    user->set = (enum journey_set)draw(test, 2);
    int commitments = draw(test, 3) == 0 ? 0 : (int)draw(test, 26);
    for (int i = 0; i < commitments; i++) {
        make_commitment(test, one);
    }
    for (uint64_t i = draw(test, 3); i > 0; i--) {
        make_run(test, one);
    }
    make_events(test, one);
}

static void save(struct world_of_test *test, struct one *one)
{
    struct person *person = &one->person;
    assert_int_equal(store_people_save(test->store, &person, 1, &test->detail), OK);
    assert_int_equal(store_events_append(test->store, one->events, one->event_count, &test->detail),
                     OK);
    for (int i = 0; i < one->feedback_count; i++) {
        assert_int_equal(store_feedback_append(test->store, &one->feedback[i], 1,
                                               one->feedback_at_ms[i], &test->ids, &test->detail),
                         OK);
    }
}

static void fill(struct world_of_test *test, uint64_t seed)
{
    test->seed = seed;
    test->all = ARENA_ARRAY(test->arena, struct one, PEOPLE);
    assert_int_equal(store_begin(test->store, &test->detail), OK);
    for (int i = 0; i < PEOPLE; i++) {
        make_person(test, &test->all[i]);
        save(test, &test->all[i]);
    }
    assert_int_equal(store_commit(test->store, &test->detail), OK);
}

/* The program's own definitions; in those of the superior and the micro onboarding the first step
 * waits `first_waits` ("6h") and aims at `first_target`. */
static void use_definitions(struct world_of_test *test, const char *first_waits,
                            const char *first_target)
{
    struct definition_file *files =
        ARENA_ARRAY(test->arena, struct definition_file, nudge_journeys_count);
    for (size_t i = 0; i < nudge_journeys_count; i++) {
        const char *yaml =
            arena_printf(test->arena, "%.*s", (int)nudge_journeys[i].length, nudge_journeys[i].data)
                .ptr;
        if (strstr(nudge_journeys[i].name, "or_onboarding") != NULL ||
            strstr(nudge_journeys[i].name, "micro_onboarding") != NULL) {
            const char *target = strstr(yaml, "target: 95\n    no_answer: 6h\n");
            assert_non_null(target);
            const char *rest = target + strlen("target: 95\n    no_answer: 6h\n");
            yaml = arena_printf(test->arena, "%.*starget: %s\n    no_answer: %s\n%s",
                                (int)(target - yaml), yaml, first_target, first_waits, rest)
                       .ptr;
        }
        files[i] = (struct definition_file){str_of(nudge_journeys[i].name), str_of(yaml)};
    }
    struct mistakes mistakes = {0};
    catalog_free(test->catalog);
    test->catalog = NULL;
    assert_int_equal(
        catalog_build(test->arena, files, (int)nudge_journeys_count, &test->catalog, &mistakes),
        OK);
}

static int setup(void **state)
{
    struct world_of_test *test = calloc(1, sizeof(*test));
    *state = test;
    snprintf(test->folder, sizeof(test->folder), "/tmp/nudge-metrics-XXXXXX");
    if (mkdtemp(test->folder) == NULL) {
        return -1;
    }
    snprintf(test->path, sizeof(test->path), "%s/nudge.db", test->folder);
    char url[128];
    snprintf(url, sizeof(url), "sqlite:%s", test->path);
    test->arena = arena_new(1024 * 1024);
    if (store_open(url, STORE_WRITER, &test->store, &test->detail) != OK ||
        store_migrate(test->store, NULL, NULL, &test->detail) != OK) {
        fprintf(stderr, "setup: %s\n", test->detail.text);
        return -1;
    }
    use_definitions(test, "6h", "95");
    static const int64_t waits_ms[] = {6 * HOUR_MS, 12 * HOUR_MS, 8 * HOUR_MS, 24 * HOUR_MS};
    memcpy(test->no_answer_ms, waits_ms, sizeof(waits_ms));
    return 0;
}

static int teardown(void **state)
{
    struct world_of_test *test = *state;
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

/* ---- the same by walking
 * -------------------------------------------------------------------------- */

static bool counts(const struct one *one, const struct metrics_filter *filter)
{
    const struct user *user = &one->person.user;
    return !user->is_test && !user->is_erased && user->joined_at_ms >= filter->from_ms &&
           (filter->to_ms == 0 || user->joined_at_ms < filter->to_ms) &&
           (filter->source.length == 0 || str_equal(filter->source, user->source)) &&
           (filter->language.length == 0 || str_equal(filter->language, str_of(user->language))) &&
           (filter->set.length == 0 || str_is(filter->set, journey_set_name(user->set)));
}

static void assert_rate(const char *name, const struct rate *rate, int64_t hits, int64_t n)
{
    if (rate->hits != hits || rate->n != n) {
        fail_msg("%s: %lld of %lld, expected %lld of %lld", name, (long long)rate->hits,
                 (long long)rate->n, (long long)hits, (long long)n);
    }
}

/* How many activities of the person lie in [from, to). */
static int activities(const struct one *one, int64_t from_ms, int64_t to_ms)
{
    int count = 0;
    for (int i = 0; i < one->event_count; i++) {
        count += event_type_is_activity(one->events[i].type) && one->events[i].at_ms >= from_ms &&
                 one->events[i].at_ms < to_ms;
    }
    return count;
}

static void check_people(const struct world_of_test *test, const struct metrics *metrics)
{
    int64_t users = 0, converted = 0, outside = 0, activated = 0, silent_7 = 0, silent_30 = 0;
    int64_t made = 0, done = 0, quick = 0, made_outside = 0, done_outside = 0, power = 0,
            power_made = 0;
    int64_t within_ms =
        metrics->filter.within_ms > 0 ? metrics->filter.within_ms : 1000000 * DAY_MS;
    for (int p = 0; p < PEOPLE; p++) {
        const struct one *one = &test->all[p];
        if (!counts(one, &metrics->filter)) {
            continue;
        }
        int64_t my_made = 0, my_done = 0;
        bool soon = false, soon_outside = false;
        for (int i = 0; i < one->person.commitment_count; i++) {
            const struct commitment *c = one->person.commitments[i];
            bool in_time = c->created_at_ms <= one->person.user.joined_at_ms + within_ms;
            bool is_outside = !str_is(c->source, "onboarding");
            soon = soon || in_time;
            soon_outside = soon_outside || (in_time && is_outside);
            my_made++;
            made_outside += is_outside;
            if (c->state == COMMITMENT_COMPLETED) {
                my_done++;
                done_outside += is_outside;
                quick += c->completed_at_ms <= c->created_at_ms + DAY_MS;
            }
        }
        bool is_power = my_made >= 10 && my_done * 10 >= my_made * 8;
        users++;
        converted += soon;
        outside += soon_outside;
        activated += my_done > 0;
        made += my_made;
        done += my_done;
        power += is_power;
        power_made += is_power ? my_made : 0;
        silent_7 += activities(one, NOW_MS - 7 * DAY_MS, NOW_MS + 1) == 0;
        silent_30 += activities(one, NOW_MS - 30 * DAY_MS, NOW_MS + 1) == 0;
    }
    assert_rate("conversion_rate", &metrics->conversion_rate, converted, users);
    assert_rate("outside", &metrics->conversion_rate_outside_onboarding, outside, users);
    assert_rate("activation_rate", &metrics->activation_rate, activated, users);
    assert_rate("completion_rate", &metrics->completion_rate, done, made);
    assert_rate("completion outside", &metrics->completion_rate_outside_onboarding, done_outside,
                made_outside);
    assert_rate("quick", &metrics->quick_completion_rate, quick, done);
    assert_rate("power_user_share", &metrics->power_user_share, power, users);
    assert_rate("power_activity_share", &metrics->power_activity_share, power_made, made);
    assert_rate("silent_7d_rate", &metrics->silent_7d_rate, silent_7, users);
    assert_rate("silent_30d_rate", &metrics->silent_30d_rate, silent_30, users);
}

static int compare_int64(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static double percentile(const int64_t *sorted, int count, double share)
{
    double place = share * (count - 1);
    int low = (int)place;
    int high = low + 1 < count ? low + 1 : low;
    return ((double)sorted[low] + (place - low) * (double)(sorted[high] - sorted[low])) /
           (double)HOUR_MS;
}

static void check_times_and_totals(const struct world_of_test *test, const struct metrics *metrics)
{
    static int64_t took[PEOPLE * 26];
    static int64_t totals[PEOPLE];
    int count = 0, people = 0;
    int64_t buckets[4] = {0};
    double sum = 0, all = 0;
    for (int p = 0; p < PEOPLE; p++) {
        const struct person *person = &test->all[p].person;
        if (!counts(&test->all[p], &metrics->filter)) {
            continue;
        }
        for (int i = 0; i < person->commitment_count; i++) {
            if (person->commitments[i]->state == COMMITMENT_COMPLETED) {
                took[count++] =
                    person->commitments[i]->completed_at_ms - person->commitments[i]->created_at_ms;
                sum += (double)took[count - 1];
            }
        }
        int n = person->commitment_count;
        buckets[n == 0 ? 0 : n <= 3 ? 1 : n <= 10 ? 2 : 3]++;
        totals[people++] = n;
        all += n;
    }
    qsort(took, (size_t)count, sizeof(took[0]), compare_int64);
    if (count == 0) {
        assert_true(isnan(metrics->avg_completion_hours));
        assert_true(isnan(metrics->median_completion_hours));
    } else {
        assert_true(fabs(metrics->avg_completion_hours - sum / count / 3.6e6) < 1e-9);
        assert_true(fabs(metrics->median_completion_hours - percentile(took, count, 0.5)) < 1e-9);
        assert_true(fabs(metrics->p90_completion_hours - percentile(took, count, 0.9)) < 1e-9);
    }
    assert_int_equal(metrics->users_0_commitments, buckets[0]);
    assert_int_equal(metrics->users_1_to_3_commitments, buckets[1]);
    assert_int_equal(metrics->users_4_to_10_commitments, buckets[2]);
    assert_int_equal(metrics->users_over_10_commitments, buckets[3]);
    /* Gini as the mean difference of all pairs. */
    double differences = 0;
    for (int i = 0; i < people; i++) {
        for (int k = 0; k < people; k++) {
            differences += fabs((double)(totals[i] - totals[k]));
        }
    }
    if (all > 0) {
        assert_true(fabs(metrics->gini - differences / (2.0 * people * all)) < 1e-9);
        assert_true(metrics->lorenz[0] == 0 && fabs(metrics->lorenz[10] - 1) < 1e-12);
        for (int i = 1; i <= 10; i++) {
            assert_true(metrics->lorenz[i] >= metrics->lorenz[i - 1]);
            assert_true(metrics->lorenz[i] <= i / 10.0 + 1e-12);
        }
    }
}

static bool is_superior(const struct run *run)
{
    return str_is(run->journey, "superior_onboarding") || str_is(run->journey, "micro_onboarding");
}

static void check_onboarding(const struct world_of_test *test, const struct metrics *metrics)
{
    const struct rate *rates[] = {&metrics->step_1_completion, &metrics->step_2_completion,
                                  &metrics->step_3_completion, &metrics->step_4_completion};
    int64_t entered = 0, abandoned = 0;
    for (int step = 0; step < 4; step++) {
        int64_t sent = 0, completed = 0;
        for (int p = 0; p < PEOPLE; p++) {
            bool was_sent = false, was_completed = false;
            for (int i = 0; i < test->all[p].person.run_count; i++) {
                const struct run *run = test->all[p].person.runs[i];
                if (counts(&test->all[p], &metrics->filter) && is_superior(run) &&
                    run->step_sent_at_ms[step] > 0 &&
                    NOW_MS - run->step_sent_at_ms[step] >= test->no_answer_ms[step]) {
                    was_sent = true;
                    was_completed = was_completed || run->step_completed_at_ms[step] > 0;
                }
            }
            sent += was_sent;
            completed += was_completed;
        }
        assert_rate("step", rates[step], completed, sent);
    }
    for (int p = 0; p < PEOPLE; p++) {
        for (int i = 0; i < test->all[p].person.run_count; i++) {
            const struct run *run = test->all[p].person.runs[i];
            if (counts(&test->all[p], &metrics->filter) && is_superior(run) &&
                run->entered_at_ms <= NOW_MS - 8 * DAY_MS) {
                entered++;
                abandoned += run->outcome == RUN_ABANDONED;
            }
        }
    }
    assert_rate("abandonment_rate", &metrics->abandonment_rate, abandoned, entered);
}

static void check_activity(const struct world_of_test *test, const struct metrics *metrics)
{
    int64_t day_ms = NOW_MS / DAY_MS * DAY_MS;
    int64_t dau = 0, wau = 0, mau = 0, last = 0, before = 0;
    int64_t lived[3] = {0}, active[3] = {0};
    double revenue = 0;
    for (int p = 0; p < PEOPLE; p++) {
        const struct one *one = &test->all[p];
        int64_t joined_ms = one->person.user.joined_at_ms;
        if (!counts(one, &metrics->filter)) {
            continue;
        }
        dau += activities(one, day_ms - DAY_MS, day_ms) > 0;
        wau += activities(one, NOW_MS - 7 * DAY_MS, NOW_MS + 1) > 0;
        mau += activities(one, NOW_MS - 30 * DAY_MS, NOW_MS + 1) > 0;
        last += joined_ms > NOW_MS - 7 * DAY_MS;
        before += joined_ms > NOW_MS - 14 * DAY_MS && joined_ms <= NOW_MS - 7 * DAY_MS;
        const int64_t cells[3][2] = {{7, 14}, {14, 21}, {30, 60}};
        for (int k = 0; k < 3; k++) {
            if (joined_ms + cells[k][1] * DAY_MS <= NOW_MS) {
                lived[k]++;
                active[k] += activities(one, joined_ms + cells[k][0] * DAY_MS,
                                        joined_ms + cells[k][1] * DAY_MS) > 0;
            }
        }
        for (int i = 0; i < one->event_count; i++) {
            revenue += one->events[i].revenue;
        }
    }
    assert_int_equal(metrics->dau, dau);
    assert_int_equal(metrics->wau, wau);
    assert_int_equal(metrics->mau, mau);
    assert_int_equal(metrics->joins_last_7_days, last);
    assert_int_equal(metrics->joins_previous_7_days, before);
    assert_rate("stickiness", &metrics->stickiness, dau, mau);
    assert_rate("week_1_retention", &metrics->week_1_retention, active[0], lived[0]);
    assert_rate("week_2_retention", &metrics->week_2_retention, active[1], lived[1]);
    assert_rate("month_1_retention", &metrics->month_1_retention, active[2], lived[2]);
    assert_true(fabs(metrics->revenue - revenue) < 1e-6);
    if (before > 0) {
        double growth = 100.0 * (double)(last - before) / (double)before;
        assert_true(fabs(metrics->growth_rate - growth) < 1e-9);
        assert_int_equal(metrics->growth, growth > 5    ? GROWTH_GROWING
                                          : growth < -5 ? GROWTH_DECLINING
                                                        : GROWTH_STABLE);
    } else {
        assert_true(isnan(metrics->growth_rate));
    }
}

static void check_feedback(const struct world_of_test *test, const struct metrics *metrics)
{
    int64_t ratings = 0, helpful = 0, support[2] = {0};
    for (int p = 0; p < PEOPLE; p++) {
        const struct one *one = &test->all[p];
        if (!counts(one, &metrics->filter)) {
            continue;
        }
        for (int i = 0; i < one->feedback_count; i++) {
            int64_t age_ms = NOW_MS - one->feedback_at_ms[i];
            ratings += one->feedback[i].rating != 0;
            helpful += one->feedback[i].rating == 1;
            if (one->feedback[i].is_problem && age_ms < 14 * DAY_MS) {
                support[age_ms < 7 * DAY_MS ? 0 : 1]++;
            }
        }
        for (int i = 0; i < one->event_count; i++) {
            int64_t age_ms = NOW_MS - one->events[i].at_ms;
            bool request = str_starts(one->events[i].data, STR("{\"event\":\"Support")) ||
                           str_starts(one->events[i].data, STR("{\"event\":\"Help"));
            if (request && age_ms < 14 * DAY_MS) {
                support[age_ms < 7 * DAY_MS ? 0 : 1]++;
            }
        }
    }
    assert_rate("feedback_positive_share", &metrics->feedback_positive_share, helpful, ratings);
    assert_int_equal(metrics->support_requests, support[0]);
    assert_int_equal(metrics->support_requests_before, support[1]);
}

static void check_funnel(struct world_of_test *test, const struct metrics_filter *filter)
{
    struct funnel_stage stages[FUNNEL_STAGES];
    int64_t expected[FUNNEL_STAGES] = {0};
    assert_int_equal(
        metrics_funnel(test->store, test->arena, filter, NOW_MS, stages, &test->detail), OK);
    for (int p = 0; p < PEOPLE; p++) {
        const struct one *one = &test->all[p];
        const struct user *user = &one->person.user;
        bool reached[6] = {false};
        bool in_variant = filter->experiment.length == 0;
        for (int i = 0; i < one->person.run_count; i++) {
            const struct run *run = one->person.runs[i];
            in_variant = in_variant || (filter->variant.length > 0 &&
                                        memmem(run->variants.ptr, run->variants.length,
                                               filter->variant.ptr, filter->variant.length));
            reached[1] = reached[1] || (is_superior(run) && run->step_sent_at_ms[0] > 0);
            for (int step = 0; step < 4; step++) {
                reached[2 + step] =
                    reached[2 + step] || (is_superior(run) && run->step_completed_at_ms[step] > 0);
            }
        }
        if (!counts(one, filter) || !in_variant) {
            continue;
        }
        expected[0]++;
        for (int k = 1; k < 6; k++) {
            expected[k] += reached[k];
        }
        expected[6] += user->onboarding_completed;
        expected[7] += user->commitments_outside > 0;
        expected[8] += user->commitments_outside_completed > 0;
    }
    for (int i = 0; i < FUNNEL_STAGES; i++) {
        assert_int_equal(stages[i].people, expected[i]);
    }
    assert_string_equal(stages[0].name, "joined");
    assert_string_equal(stages[8].name, "first_completion");
}

static void check_cohorts(struct world_of_test *test, const struct metrics_filter *filter)
{
    struct retention_cohort *cohorts;
    int count;
    assert_int_equal(metrics_retention(test->store, test->arena, filter, NOW_MS, &cohorts, &count,
                                       &test->detail),
                     OK);
    for (int c = 0; c < count; c++) {
        assert_int_equal(calendar_local(zone_utc(), cohorts[c].monday_ms).weekday, 1);
        for (int k = 0; k < cohorts[c].cells; k++) {
            int64_t lived = 0, active = 0;
            for (int p = 0; p < PEOPLE; p++) {
                int64_t joined_ms = test->all[p].person.user.joined_at_ms;
                int64_t from_ms = joined_ms + k * 7 * DAY_MS;
                if (counts(&test->all[p], filter) && joined_ms >= cohorts[c].monday_ms &&
                    joined_ms < cohorts[c].monday_ms + 7 * DAY_MS &&
                    from_ms + 7 * DAY_MS <= NOW_MS) {
                    lived++;
                    active += activities(&test->all[p], from_ms, from_ms + 7 * DAY_MS) > 0;
                }
            }
            assert_rate("cell", &cohorts[c].active[k], active, lived);
        }
        int64_t imported = 0;
        for (int p = 0; p < PEOPLE; p++) {
            const struct user *user = &test->all[p].person.user;
            imported += user->existing && counts(&test->all[p], filter) &&
                        user->joined_at_ms >= cohorts[c].monday_ms &&
                        user->joined_at_ms < cohorts[c].monday_ms + 7 * DAY_MS &&
                        user->joined_at_ms + 7 * DAY_MS <= NOW_MS;
        }
        assert_int_equal(cohorts[c].imported, imported);
    }
}

static bool has_variant(const struct person *person, struct str variant)
{
    for (int i = 0; i < person->run_count; i++) {
        struct str variants = person->runs[i]->variants;
        if (memmem(variants.ptr, variants.length, variant.ptr, variant.length) != NULL) {
            return true;
        }
    }
    return false;
}

/* People of the group and what they paid; of a cohort when there is no variant. */
static void check_group(const struct world_of_test *test, const struct metrics_filter *filter,
                        const struct revenue_group *group)
{
    int64_t people = 0;
    double revenue = 0;
    for (int p = 0; p < PEOPLE; p++) {
        const struct one *one = &test->all[p];
        int64_t joined_ms = one->person.user.joined_at_ms;
        bool is_in = group->variant.length > 0 ? has_variant(&one->person, group->variant)
                                               : joined_ms >= group->monday_ms &&
                                                     joined_ms < group->monday_ms + 7 * DAY_MS;
        if (!is_in || !counts(one, filter)) {
            continue;
        }
        people++;
        for (int i = 0; i < one->event_count; i++) {
            revenue += one->events[i].revenue;
        }
    }
    assert_int_equal(group->people, people);
    assert_true(fabs(group->revenue - revenue) < 1e-6);
}

static void check_revenue(struct world_of_test *test, const struct metrics *metrics)
{
    struct revenue_groups groups;
    assert_int_equal(metrics_revenue_groups(test->store, test->arena, &metrics->filter, NOW_MS,
                                            &groups, &test->detail),
                     OK);
    double revenue = 0;
    int64_t people = 0;
    for (int i = 0; i < groups.cohort_count; i++) {
        check_group(test, &metrics->filter, &groups.cohorts[i]);
        revenue += groups.cohorts[i].revenue;
        people += groups.cohorts[i].people;
    }
    assert_true(fabs(metrics->revenue - revenue) < 1e-6);
    assert_int_equal(people, metrics->total_users);
    assert_true(groups.variant_count <= 2 && (people < 100 || groups.variant_count == 2));
    for (int i = 0; i < groups.variant_count; i++) {
        assert_true(str_is(groups.variants[i].experiment, "first_win_task"));
        check_group(test, &metrics->filter, &groups.variants[i]);
    }
}

static void check(struct world_of_test *test, const struct metrics_filter *filter)
{
    struct metrics metrics;
    if (metrics_read(test->store, test->arena, test->catalog, filter, NOW_MS, &metrics,
                     &test->detail) != OK) {
        fail_msg("%s", test->detail.text);
    }
    check_people(test, &metrics);
    check_times_and_totals(test, &metrics);
    check_onboarding(test, &metrics);
    check_activity(test, &metrics);
    check_feedback(test, &metrics);
    check_revenue(test, &metrics);
    check_funnel(test, filter);
    check_cohorts(test, filter);
}

static void figures_equal_a_walk_over_everybody(void **state)
{
    struct world_of_test *test = *state;
    fill(test, 88172645463325252ULL);
    const struct metrics_filter filters[] = {
        {0},
        {.within_ms = 48 * HOUR_MS},
        {.from_ms = NOW_MS - 60 * DAY_MS, .to_ms = NOW_MS - 20 * DAY_MS},
        {.from_ms = NOW_MS - 45 * DAY_MS, .within_ms = 7 * DAY_MS, .language = STR("de")},
        {.source = STR("blog")},
        {.source = STR("friend"), .language = STR("en")},
        {.set = STR("optimized"), .within_ms = 48 * HOUR_MS},
        {.set = STR("original"), .from_ms = NOW_MS - 60 * DAY_MS},
        {.experiment = STR("first_win_task"), .variant = STR("smile")},
        {.source = STR("nowhere")},
        {.from_ms = NOW_MS, .to_ms = NOW_MS + 1},
    };
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        check(test, &filters[i]);
    }
}

static void steps_wait_and_aim_as_the_definitions_in_force_say(void **state)
{
    struct world_of_test *test = *state;
    struct metrics_filter everybody = {0};
    struct metrics metrics;
    fill(test, 88172645463325252ULL);
    check(test, &everybody);
    use_definitions(test, "30h", "90");
    test->no_answer_ms[0] = 30 * HOUR_MS;
    check(test, &everybody);
    assert_int_equal(metrics_read(test->store, test->arena, test->catalog, &everybody, NOW_MS,
                                  &metrics, &test->detail),
                     OK);
    assert_true(metrics_target(&metrics, "step_1_completion").target == 90);
    assert_true(metrics_target(&metrics, "step_2_completion").target == 85);
    assert_true(metrics_target(&metrics, "conversion_rate").target == 65);
}

static void nothing_is_known_of_an_empty_store(void **state)
{
    struct world_of_test *test = *state;
    struct metrics metrics;
    struct metrics_filter everybody = {0};
    assert_int_equal(metrics_read(test->store, test->arena, test->catalog, &everybody, NOW_MS,
                                  &metrics, &test->detail),
                     OK);
    int count;
    const struct metric_row *rows = metrics_rows(&count);
    json_t *json = metrics_json(test->arena, &metrics);
    for (int i = 0; i < count; i++) {
        json_t *value = json_object_get(json, rows[i].name);
        assert_non_null(value);
        if (rows[i].kind == METRIC_RATE || rows[i].kind == METRIC_HOUR) {
            assert_true(json_is_null(value));
        } else if (rows[i].kind == METRIC_COUNT) {
            assert_int_equal(json_integer_value(value), 0);
        }
    }
    assert_int_equal(metrics.conversion_health, HEALTH_UNKNOWN);
    assert_int_equal(metrics.growth, GROWTH_UNKNOWN);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(figures_equal_a_walk_over_everybody, setup, teardown),
        cmocka_unit_test_setup_teardown(steps_wait_and_aim_as_the_definitions_in_force_say, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nothing_is_known_of_an_empty_store, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
